/* SPDX-License-Identifier: GPL-2.0 */
/* Page pools of drivers: what other wrappers need of them. Any context but NMI. */
#ifndef NOOKS_PAGEPOOL_H
#define NOOKS_PAGEPOOL_H

#include <linux/types.h>
#ifndef __has_include		/* sparse does not know it */
#include <net/page_pool.h>
#elif __has_include(<net/page_pool/helpers.h>)
#include <net/page_pool/helpers.h>
#else
#include <net/page_pool.h>
#endif

struct nooks_driver;

/* XDP's description of a receive queue holds the pool from now on. Return: what XDP knows the pool by; 0 if there is none. */
u32 nooks_page_pool_hold(struct nooks_driver *driver, const struct page_pool *pool);
/* ... and lets go of it. False if it does not hold one of that number. */
bool nooks_page_pool_let_go(struct nooks_driver *driver, u32 id);

/* A page is about to leave the domain's heap: it is no pool's any more. */
void nooks_page_pools_forget(struct nooks_driver *driver, const struct page *page);

#endif
