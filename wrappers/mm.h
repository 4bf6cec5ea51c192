/* SPDX-License-Identifier: GPL-2.0 */
/* Memory of drivers: what other wrappers need of it. */
#ifndef NOOKS_MM_H
#define NOOKS_MM_H

#include <linux/types.h>

struct nooks_driver;

/*
 * The kernel is to build a packet around a receive buffer: what to build it around, which is the
 * kernel's then: @data itself, or a copy if the driver could write its skb_shared_info; then the
 * driver's reference on @data is put. -EINVAL: @data is not the start of a buffer that the driver
 * holds; -ENOMEM: it still is the driver's. Any context but NMI.
 */
void *nooks_frag_lend(struct nooks_driver *driver, void *data, unsigned int frag_size);

#endif
