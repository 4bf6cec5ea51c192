/* SPDX-License-Identifier: GPL-2.0 */
/* Memory of drivers: what other wrappers need of it. */
#ifndef NOOKS_MM_H
#define NOOKS_MM_H

#include <linux/types.h>

struct nooks_driver;

/*
 * The kernel is to build a packet around a receive buffer: false if @data is not the start of such
 * a buffer that the driver holds, or the driver could write its skb_shared_info. The buffer then is
 * the kernel's. Any context but NMI.
 */
bool nooks_frag_lend(struct nooks_driver *driver, const void *data, unsigned int frag_size);

#endif
