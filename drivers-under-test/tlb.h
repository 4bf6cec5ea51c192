/* SPDX-License-Identifier: GPL-2.0 */
/* What tlb.c, a driver in a domain, and tlb_kernel.c, the kernel beside it, agree on. */
#ifndef NOOKS_TLB_H
#define NOOKS_TLB_H

#include <linux/types.h>

enum tlb_verb { TLB_READ, TLB_WRITE, TLB_FREE, TLB_CR3, TLB_CALLS };

#define TLB_CALLS_N	1000

/**
 * struct tlb_driver - what the kernel and the driver tell each other; in the driver's own memory
 * @run: entry stub of the function that does @verb
 * @null: entry stub of a function that does nothing
 * @verb: what to do
 * @addr: where to
 * @value: in: what to write; out: what was read, CR3, or the ticks that TLB_CALLS_N calls took
 * @done: the driver has lived to see the end of it
 * @heap: a block of the domain's heap, until TLB_FREE
 * @vmalloc: memory of the domain in the vmalloc area, in whose page table the domain has grants
 */
struct tlb_driver {
	void (*run)(void);
	void (*null)(void);
	unsigned long verb;
	unsigned long addr;
	unsigned long value;
	unsigned long done;
	void *heap;
	void *vmalloc;
};

#endif
