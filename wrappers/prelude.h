/* SPDX-License-Identifier: GPL-2.0 */
/* The kernel's headers, for the generated files: whatever declares a function, type or constant there. */
#ifndef NOOKS_PRELUDE_H
#define NOOKS_PRELUDE_H

#include <linux/aer.h>
#include <linux/blkdev.h>
#include <linux/buffer_head.h>
#include <linux/build_bug.h>
#include <linux/cc_platform.h>
#include <linux/cpumask.h>
#include <linux/delay.h>
#include <linux/device.h>
#include <linux/dma-mapping.h>
#include <linux/dynamic_queue_limits.h>
#include <linux/etherdevice.h>
#include <linux/ethtool.h>
#include <linux/exportfs.h>
#include <linux/fs.h>
#include <linux/fs_context.h>
#include <linux/hrtimer.h>
#include <linux/inetdevice.h>
#include <linux/interrupt.h>
#include <linux/iversion.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/mount.h>
#include <linux/mpage.h>
#include <linux/net.h>
#include <linux/netdevice.h>
#include <linux/notifier.h>
#include <linux/overflow.h>
#include <linux/pagemap.h>
#include <linux/pci.h>
#include <linux/pm_runtime.h>
#include <linux/pm_wakeup.h>
#include <linux/printk.h>
#include <linux/ptp_clock_kernel.h>
#include <linux/reboot.h>
#include <linux/rtnetlink.h>
#include <linux/random.h>
#include <linux/sched.h>
#include <linux/sched/clock.h>
#include <linux/security.h>
#include <linux/seq_file.h>
#include <linux/sizes.h>
#include <linux/skbuff.h>
#include <linux/slab.h>
#include <linux/suspend.h>
#include <linux/timekeeping.h>
#include <linux/virtio.h>
#include <linux/uio.h>
#include <linux/virtio_config.h>
#include <linux/wait.h>
#include <linux/writeback.h>
#include <net/netdev_queues.h>
#include <net/netevent.h>
#include <net/net_failover.h>
#include <asm/tsc.h>
#include "net.h"
#include "pagepool.h"
#include "pci.h"

/* Bytes of a bitmap of link modes. */
#define NOOKS_LINK_MODE_BYTES (BITS_TO_LONGS(__ETHTOOL_LINK_MODE_MASK_NBITS) * sizeof(long))

#endif
