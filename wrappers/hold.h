/* SPDX-License-Identifier: GPL-2.0 */
/* What a thread holds in a driver's name: until it lets go, or its crossing ends. */
#ifndef NOOKS_HOLD_H
#define NOOKS_HOLD_H

#include <linux/list.h>
#include <linux/spinlock_types.h>
#include <linux/time64.h>

struct file;
struct net_device;
struct nooks_crossing;
struct nooks_lock;

/* No driver holds a spinning lock for that long, not even on a slow virtual machine. */
#define SPIN_LIMIT	(5 * NSEC_PER_SEC)

/* Those from HOLD_RTNL on can't be let go of with interrupts off. */
enum hold_kind { HOLD_SPIN, HOLD_READ, HOLD_WRITE, HOLD_MUTEX, HOLD_DOWN_READ,
		 HOLD_DOWN_WRITE, HOLD_TRANSMIT, HOLD_RTNL, HOLD_CPUS, HOLD_MOUNT };

/**
 * struct nooks_hold - a lock that a thread holds
 * @list: in nooks_crossing.held, newest first; the thread's own
 * @lock: of which there is a reference; NULL for the kernel's own
 * @dev: of HOLD_TRANSMIT: whose queues
 * @file: of HOLD_MOUNT: what lies on the mount that may be written
 * @kind: how it was taken
 */
struct nooks_hold {
	struct list_head list;
	struct nooks_lock *lock;
	union {
		struct net_device *dev;
		struct file *file;
	};
	enum hold_kind kind;
};

/* lock.c: spinlocks in the driver's own memory. Interrupts off. */
bool nooks_spin_take(struct nooks_crossing *x, raw_spinlock_t *lock);
void nooks_spin_drop(struct nooks_crossing *x, raw_spinlock_t *lock);
/* kernlock.c: lets go of a device's transmit queues. Any context but NMI and hard interrupts. */
void nooks_transmit_drop(struct nooks_hold *hold);
/* fs.c: the mount may become read-only. May sleep. */
void nooks_mount_drop(struct nooks_hold *hold);
/* Note what has been taken, or is about to be; NULL: no memory, and the domain has failed. */
struct nooks_hold *nooks_hold_new(struct nooks_crossing *x, enum hold_kind kind, gfp_t gfp,
				  const char *fn);

#endif
