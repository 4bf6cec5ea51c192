/* SPDX-License-Identifier: GPL-2.0 */
/* Buffers of block devices: what other files need of them. */
#ifndef NOOKS_BUFFER_H
#define NOOKS_BUFFER_H

#include <linux/types.h>

struct nooks_crossing;
struct nooks_driver;

/*
 * A driver has stored to @addr, which trapped: if a buffer that it holds has its data there, it gets a copy
 * of that page. From the fault handler, interrupts off. Return: true: the store is to be tried again,
 * or the domain has failed for want of memory.
 */
bool nooks_buffer_touch(struct nooks_crossing *x, unsigned long addr);
/*
 * Put the buffers that the domain has kept in a crossing (bufkept.c). Outside of the domain, where buffers may be put. Return:
 * false: the driver has failed, for it did not hold one of them.
 */
bool nooks_buffers_settle(struct nooks_crossing *x);
/* A call into a driver was unwound: unlock the buffers that its thread has locked. May sleep if the call might. */
void nooks_buffers_unlock(struct nooks_driver *driver);
/* Copies of pages that the driver holds no buffer of, but can write to. Any context; @fn, too, and it takes no lock. */
void nooks_buffers_each_copy(struct nooks_driver *driver,
			     void (*fn)(void *data, unsigned long start, size_t size), void *data);
/* Forget pages of buffers that the driver does not hold. May sleep. */
void nooks_buffers_trim(struct nooks_driver *driver);

#endif
