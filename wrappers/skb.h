/* SPDX-License-Identifier: GPL-2.0 */
/* What wrappers of packets build on: skb.c. The driver's arguments are addresses of shadows. */
#ifndef NOOKS_SKB_H
#define NOOKS_SKB_H

#include <linux/types.h>

struct nooks_crossing;
struct nooks_driver;
struct nooks_shadow;
struct page;
struct sk_buff;

#define NOOKS_SKB_LENGTH_MAX	SZ_256K

/* All of these: any context but NMI. */

/* A packet that the driver holds, for the kernel to work on; to be returned. NULL: failed. */
struct nooks_shadow *nooks_skb_borrow(struct nooks_crossing *x, unsigned long slot, const char *fn);
/* ... whose fragments the function may put, or share with another packet: they are sealed. */
struct nooks_shadow *nooks_skb_borrow_sealed(struct nooks_crossing *x, unsigned long slot, const char *fn);
/* ... and that nobody else holds: its head may move. */
struct nooks_shadow *nooks_skb_borrow_alone(struct nooks_crossing *x, unsigned long slot,
					    const char *fn);
/* The driver no longer holds the packet, which the caller frees. NULL: it has more references, or the domain has failed. */
struct sk_buff *nooks_skb_take(struct nooks_crossing *x, unsigned long slot, const char *fn);
/* The address by which the driver knows a packet that is its own from now on; 0 without memory. */
unsigned long nooks_skb_own(struct nooks_driver *driver, struct sk_buff *skb, unsigned int bytes);
/* Could the kernel drop a reference on what a driver says is a page? */
bool nooks_page_sane(const struct page *page);
/* What is wrong with a packet's fragments, which the driver may have stored to if it has @made it? */
const char *nooks_skb_fragments_fault(const struct sk_buff *skb, bool made);
/*
 * The references that a made packet's fragments hold are the kernel's from now on. Nobody stores to the packet any more. NULL, or
 * what is wrong: then those that were not the driver's are gone, and the packet can only be freed.
 */
const char *nooks_skb_seal(struct nooks_driver *driver, struct sk_buff *skb);
bool nooks_skb_secure_headers(struct sk_buff *skb, const unsigned char *start);

#endif
