// SPDX-License-Identifier: GPL-2.0
/*
 * The kernel's part in the tests of translations: prepares what the TLB holds, then calls the
 * driver of tlb.c in its domain at once, on the same CPU. Each write to the parameter "do" is a
 * step:
 *
 *	pick PLACE	the word to attack: direct, vmalloc, data, module or percpu
 *	warm		the kernel writes the word: the TLB has a writable translation of it
 *	write		the driver writes the word
 *	attack		warm and write, with nothing in between
 *	map		a page in the vmalloc area, with a pattern in it
 *	unmap		the driver reads that page, and the kernel takes it away and flushes
 *	read		the driver reads that page
 *	free		the driver frees its block of the heap, which is the word from now on
 *	cr3		does a translation live through a load of CR3 that asks for no flush?
 *			With CR4.PGE on it is a global one, with it off one of this PCID
 *	pcid		the PCID that the driver runs with
 *	native		ticks of a call inside the kernel
 *	entries		ticks of a call into the domain and back
 *	calls		ticks of a call from the domain into the kernel and back
 *
 * "result" is then what the last step has found out: after write and attack, what the word holds;
 * after read, what the driver has read, 0 if it did not get so far; after unmap, how often all
 * tags have been flushed on this CPU; after cr3, 1 or 0.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt
#include <linux/delay.h>
#include <linux/kprobes.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>
#include <asm/msr.h>
#include <asm/tlbflush.h>
#include "../tests/plugin/mark.h"
#include "tlb.h"

#define GOOD	0x600dUL	/* what the kernel writes */
#define BAD	0xbadUL		/* what the driver writes */
#define PATTERN	0x7a77e2UL

static unsigned long driver_addr;
module_param_named(driver, driver_addr, ulong, 0644);
MODULE_PARM_DESC(driver, "address of the driver's struct tlb_driver");

static unsigned long result;
module_param(result, ulong, 0444);

static unsigned long module_word;
static DEFINE_PER_CPU(unsigned long, percpu_word);
static unsigned long *direct_page, *vmalloc_page;

static unsigned long *word;	/* what pick has picked */
static unsigned long *mapped;	/* what map has mapped */

static unsigned long nr_full_flushes;

static int on_full_flush(struct kprobe *probe, struct pt_regs *regs)
{
	nr_full_flushes++;
	return 0;
}

static struct kprobe full_flush = {
	.symbol_name = "native_flush_tlb_global",
	.pre_handler = on_full_flush,
};

static struct tlb_driver *driver(void)
{
	return (struct tlb_driver *)driver_addr;
}

/* Return: has the driver lived through it? */
static bool run(enum tlb_verb verb, unsigned long *addr, unsigned long value)
{
	struct tlb_driver *d = driver();

	d->verb = verb;
	d->addr = (unsigned long)addr;
	d->value = value;
	d->done = 0;
	d->run();
	return d->done;
}

static int pick(const char *place)
{
	/* Of the kernel's own data, a word that nobody needs: the TSC times delays. */
	word = !strcmp(place, "direct") ? direct_page : !strcmp(place, "vmalloc") ? vmalloc_page :
	       !strcmp(place, "data") ? &loops_per_jiffy : !strcmp(place, "module") ? &module_word :
	       !strcmp(place, "percpu") ? raw_cpu_ptr(&percpu_word) : NULL;
	return word ? 0 : -EINVAL;
}

static int warm_word(void)
{
	WRITE_ONCE(*word, GOOD);
	return 0;
}

static int write_word(void)
{
	run(TLB_WRITE, word, BAD);
	result = READ_ONCE(*word);
	return 0;
}

static int attack(void)
{
	warm_word();
	return write_word();
}

/* In the same 2 MiB as memory of the domain: there its page table is a copy of the kernel's. */
static int map_page(void)
{
	unsigned long near = (unsigned long)driver()->vmalloc;
	struct page *page = virt_to_page(direct_page);
	void *tries[64];
	int n = 0;

	mapped = NULL;
	while (!mapped && n < ARRAY_SIZE(tries)) {
		tries[n] = vmap(&page, 1, VM_MAP, PAGE_KERNEL);
		if (!(((unsigned long)tries[n] ^ near) >> PMD_SHIFT))
			mapped = tries[n];
		else
			n++;
	}
	while (n--)
		vunmap(tries[n]);
	WRITE_ONCE(*direct_page, PATTERN);
	return mapped ? 0 : -ENOMEM;
}

static int unmap_page(void)
{
	unsigned long before, value;

	/* With what others have unmapped out of the way, there is just this page to flush. */
	vm_unmap_aliases();
	if (!run(TLB_READ, mapped, 0))
		return -EFAULT;
	before = nr_full_flushes;
	vunmap(mapped);
	vm_unmap_aliases();
	result = nr_full_flushes - before;
	return copy_from_kernel_nofault(&value, mapped, sizeof(value)) ? 0 : -EBUSY;
}

static int read_page(void)
{
	result = run(TLB_READ, mapped, 0) ? driver()->value : 0;
	return 0;
}

static int free_heap(void)
{
	word = driver()->heap;
	return run(TLB_FREE, NULL, 0) ? 0 : -EFAULT;
}

/* Another page comes to an address; nothing but a load of CR3 could make the CPU notice. */
static int load_cr3_once(void)
{
	unsigned long flags, cr3;
	unsigned int level;
	pte_t *pte, old;

	pte = lookup_address((unsigned long)vmalloc_page, &level);
	old = *pte;
	WRITE_ONCE(*direct_page, BAD);
	local_irq_save(flags);
	WRITE_ONCE(*vmalloc_page, GOOD);
	set_pte(pte, pfn_pte(__pa(direct_page) >> PAGE_SHIFT, pte_pgprot(old)));
	cr3 = __read_cr3();
	if (native_read_cr4() & X86_CR4_PCIDE)
		cr3 |= X86_CR3_PCID_NOFLUSH;
	native_write_cr3(cr3);
	result = READ_ONCE(*vmalloc_page) == GOOD;
	set_pte(pte, old);
	asm volatile("invlpg (%0)" : : "r"(vmalloc_page) : "memory");
	local_irq_restore(flags);
	return 0;
}

static int domain_pcid(void)
{
	result = run(TLB_CR3, NULL, 0) ? driver()->value & X86_CR3_PCID_MASK : 0;
	return 0;
}

static noinline void null(void)
{
	asm volatile("");
}

static int count(void (*fn)(void))
{
	unsigned long flags, start;
	int i;

	local_irq_save(flags);
	start = rdtsc();
	mark_begin();
	for (i = 0; i < TLB_CALLS_N; i++)
		fn();
	mark_end();
	result = (rdtsc() - start) / TLB_CALLS_N;
	local_irq_restore(flags);
	return 0;
}

static int count_native(void)
{
	return count(null);
}

static int count_entries(void)
{
	return count(driver()->null);
}

static int count_calls(void)
{
	unsigned long flags;

	local_irq_save(flags);
	run(TLB_CALLS, NULL, 0);
	local_irq_restore(flags);
	result = driver()->value / TLB_CALLS_N;
	return 0;
}

static const struct {
	const char *name;
	int (*fn)(void);
} steps[] = {
	{ "warm", warm_word },
	{ "write", write_word },
	{ "attack", attack },
	{ "map", map_page },
	{ "unmap", unmap_page },
	{ "read", read_page },
	{ "free", free_heap },
	{ "cr3", load_cr3_once },
	{ "pcid", domain_pcid },
	{ "native", count_native },
	{ "entries", count_entries },
	{ "calls", count_calls },
};

static int step(const char *value, const struct kernel_param *unused)
{
	int i, ret = -EINVAL;

	if (!strncmp(value, "pick ", 5)) {
		char place[16];

		strscpy(place, value + 5, sizeof(place));
		return pick(strim(place));
	}
	for (i = 0; i < ARRAY_SIZE(steps) && ret == -EINVAL; i++) {
		if (sysfs_streq(value, steps[i].name))
			ret = steps[i].fn();
	}
	pr_info("%.*s: cr3 %lx, cr4 %lx, result %lx\n", (int)strcspn(value, "\n"), value,
		__read_cr3(), native_read_cr4(), result);
	return ret;
}

static const struct kernel_param_ops step_ops = { .set = step };
module_param_cb(do, &step_ops, NULL, 0200);

static int __init tlb_kernel_init(void)
{
	int ret;

	direct_page = (unsigned long *)get_zeroed_page(GFP_KERNEL);
	vmalloc_page = vmalloc(PAGE_SIZE);
	ret = direct_page && vmalloc_page ? register_kprobe(&full_flush) : -ENOMEM;
	if (ret) {
		vfree(vmalloc_page);
		free_page((unsigned long)direct_page);
	}
	return ret;
}

static void __exit tlb_kernel_exit(void)
{
	unregister_kprobe(&full_flush);
	vfree(vmalloc_page);
	free_page((unsigned long)direct_page);
}

module_init(tlb_kernel_init);
module_exit(tlb_kernel_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Prepares what the TLB holds and calls a driver in its domain");
