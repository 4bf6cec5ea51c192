// SPDX-License-Identifier: GPL-2.0
/*
 * A driver that accesses memory when tlb_kernel.c tells it to, right after that has prepared what
 * the TLB holds: a stale translation must not help the driver.
 */
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>
#include <asm/msr.h>
#include <asm/special_insns.h>
#include "../tests/plugin/mark.h"
#include "tlb.h"

static void run(void);
static void null(void);

/* tlb_kernel.c gets its address from the test, out of /proc/kallsyms. */
static struct tlb_driver tlb_driver __used = { .run = run, .null = null };

static unsigned long heap_size = 65536;
module_param(heap_size, ulong, 0444);

static void run(void)
{
	struct tlb_driver *d = &tlb_driver;
	volatile unsigned long *p = (unsigned long *)d->addr;
	unsigned long i;

	switch (d->verb) {
	case TLB_READ:
		d->value = *p;
		break;
	case TLB_WRITE:
		*p = d->value;
		break;
	case TLB_FREE:
		kfree(d->heap);
		break;
	case TLB_CR3:
		d->value = __native_read_cr3();
		break;
	case TLB_CALLS:
		d->value = rdtsc();
		mark_begin();
		for (i = 0; i < TLB_CALLS_N; i++)
			kfree(NULL);
		mark_end();
		d->value = rdtsc() - d->value;
		break;
	}
	d->done = 1;
}

static void null(void)
{
}

static int __init tlb_init(void)
{
	tlb_driver.heap = kmalloc(heap_size, GFP_KERNEL);
	tlb_driver.vmalloc = vzalloc(PAGE_SIZE);
	return tlb_driver.heap && tlb_driver.vmalloc ? 0 : -ENOMEM;
}

static void __exit tlb_exit(void)
{
	kfree(tlb_driver.heap);
	vfree(tlb_driver.vmalloc);
}

module_init(tlb_init);
module_exit(tlb_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Accesses memory when told to");
