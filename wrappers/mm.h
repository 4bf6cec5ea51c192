/* SPDX-License-Identifier: GPL-2.0 */
/* Memory of drivers: what other wrappers need of it. */
#ifndef NOOKS_MM_H
#define NOOKS_MM_H

#include <linux/types.h>

struct nooks_driver;
struct page;

/*
 * Pages of the domain's heap, on which the kernel may hold references; the caller has one. As @gfp says. They stay known
 * as the driver's while they are the heap's. NULL without memory, or beyond the heap's limit.
 */
struct page *nooks_pages_alloc(struct nooks_driver *driver, gfp_t gfp, unsigned int order);
/* Put a reference of the driver's on such pages. False if there is none. Any context but NMI. */
bool nooks_pages_put(struct nooks_driver *driver, const struct page *page);

/*
 * The kernel is to build a packet around a receive buffer: what to build it around, which is the
 * kernel's then: @data itself, or a copy if the driver could write its skb_shared_info; then the
 * driver's reference on @data is put. -EINVAL: @data is not the start of a buffer that the driver
 * holds; -ENOMEM: it still is the driver's. Any context but NMI.
 */
void *nooks_frag_lend(struct nooks_driver *driver, void *data, unsigned int frag_size);

#endif
