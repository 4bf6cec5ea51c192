// SPDX-License-Identifier: GPL-2.0
/*
 * A domain's page tables. The kernel half starts as the kernel's own top-level entries, made
 * read-only and no-execute there, which covers everything below them (Intel SDM 3A 4.6: a
 * permission must be given at every level). A grant copies the tables on the path to a page and gives
 * the permission on that leaf alone.
 *
 * Private copies are snapshots. An entry that is missing in them is refilled from the kernel's
 * tables when it is used; entries that the kernel may have changed are withdrawn before it
 * flushes its TLBs (tlb.c).
 */
#include <linux/mm.h>
#include <asm/cpu_entry_area.h>
#include <asm/pgtable.h>
#include <asm/trap_pf.h>
#include <asm/tlbflush.h>
#include "../nooks/export.h"
#include "../nooks/symbols.h"
#include "domain.h"

/* Software bits of our own entries; cleared in whatever is copied from the kernel's tables. */
#define PRIVATE_TABLE	_PAGE_SOFTW1	/* points to a table that this domain owns */
#define GRANTED		_PAGE_SOFTW2	/* a leaf that stays until it is revoked */
#define COPY		_PAGE_SOFTW3	/* ... and leads to another page than the kernel's */
#define COPY_CLEAR	(_PAGE_RW | _PAGE_GLOBAL | _PAGE_SOFTW1 | _PAGE_SOFTW2 | _PAGE_SOFTW3)

static const int shifts[] = { PAGE_SHIFT, PMD_SHIFT, PUD_SHIFT, 39, 48 };

static int top_level(void)
{
	return pgtable_l5_enabled() ? 4 : 3;
}

/* First address of the kernel's half. Those between the halves would alias others in the tables. */
static unsigned long kernel_start(void)
{
	return -1UL << (shifts[top_level()] + 8);
}

static unsigned int table_index(unsigned long addr, int level)
{
	return (addr >> shifts[level]) & (PTRS_PER_PTE - 1);
}

static unsigned long *table_of(unsigned long entry)
{
	return __va(entry & PTE_PFN_MASK);
}

static bool is_leaf(unsigned long entry, int level)
{
	return level == 0 || (level < 3 && (entry & _PAGE_PSE));
}

/* What the domain sees of an entry of the kernel's: nothing but reading. */
static unsigned long restricted(unsigned long entry)
{
	if (!(entry & _PAGE_PRESENT))
		return 0;
	return (entry & ~COPY_CLEAR) | _PAGE_NX;
}

/* The piece of a large page at @level + 1 that covers @addr, as an entry of @level. */
static unsigned long split_entry(unsigned long entry, unsigned long addr, int level)
{
	unsigned long mask = PTE_PFN_MASK & ~((1UL << shifts[level + 1]) - 1);
	unsigned long flags = entry & ~PTE_PFN_MASK;
	unsigned long offset = addr & ((1UL << shifts[level + 1]) - 1);

	offset &= ~((1UL << shifts[level]) - 1);
	if (level == 0) {
		flags &= ~_PAGE_PSE;
		if (entry & _PAGE_PAT_LARGE)
			flags |= _PAGE_PAT;
	} else if (entry & _PAGE_PAT_LARGE) {
		flags |= _PAGE_PAT_LARGE;
	}
	return (entry & mask) | offset | flags;
}

/*
 * The kernel's translation of @addr as an entry of @level; 0 if there is none. Interrupts are off: a
 * table that the kernel takes away is not freed before this CPU has taken its flush IPI.
 */
static unsigned long kernel_entry(unsigned long addr, int level)
{
	unsigned long *table = (unsigned long *)nooks_sym.init_top_pgt;
	int at = top_level();

	for (;;) {
		unsigned long entry = READ_ONCE(table[table_index(addr, at)]);

		if (at == level || !(entry & _PAGE_PRESENT))
			return entry & _PAGE_PRESENT ? entry : 0;
		if (is_leaf(entry, at)) {
			while (at-- > level)
				entry = split_entry(entry, addr, at);
			return entry;
		}
		table = table_of(entry);
		at--;
	}
}

/* Keep enough spare tables for the paths to one page; the caller's context decides on @gfp. */
static int stock_spare(struct nooks_domain *domain, gfp_t gfp)
{
	while (READ_ONCE(domain->nr_spare) < ARRAY_SIZE(shifts)) {
		struct page *page = alloc_page((gfp & ~(__GFP_HIGHMEM | __GFP_COMP)) | __GFP_ZERO);
		unsigned long flags;

		if (!page)
			return -ENOMEM;
		raw_spin_lock_irqsave(&domain->table_lock, flags);
		list_add(&page->lru, &domain->spare);
		domain->nr_spare++;
		raw_spin_unlock_irqrestore(&domain->table_lock, flags);
	}
	return 0;
}

/* Replace what *@entry (of @level, covering @addr) points to by a private, restricted copy. */
static int make_private(struct nooks_domain *domain, unsigned long *entry, unsigned long addr,
			int level)
{
	struct page *page;
	unsigned long *copy;
	unsigned int i;

	lockdep_assert_held(&domain->table_lock);
	page = list_first_entry_or_null(&domain->spare, struct page, lru);
	if (!page)
		return -ENOMEM;
	list_del(&page->lru);
	domain->nr_spare--;
	domain->nr_tables++;

	copy = page_address(page);
	addr &= ~((1UL << shifts[level]) - 1);
	for (i = 0; i < PTRS_PER_PTE; i++)
		copy[i] = restricted(kernel_entry(addr + ((unsigned long)i << shifts[level - 1]),
						  level - 1));
	/* The hardware may walk this table as soon as the entry is there. */
	smp_store_release(entry, __pa(copy) | _KERNPG_TABLE | PRIVATE_TABLE);
	return 0;
}

/* The private leaf entry for @addr, made where missing if @make; NULL if there is none. */
static unsigned long *private_leaf(struct nooks_domain *domain, unsigned long addr, bool make)
{
	unsigned long *table = domain->pgd;
	int level;

	lockdep_assert_held(&domain->table_lock);
	for (level = top_level(); level > 0; level--) {
		unsigned long *entry = &table[table_index(addr, level)];

		if (!(*entry & PRIVATE_TABLE) &&
		    (!make || make_private(domain, entry, addr, level)))
			return NULL;
		table = table_of(*entry);
	}
	return &table[table_index(addr, 0)];
}

static int grant(struct nooks_domain *domain, const void *start, size_t size,
		 unsigned long set, unsigned long clear, gfp_t gfp)
{
	unsigned long addr = (unsigned long)start & PAGE_MASK;
	unsigned long end = PAGE_ALIGN((unsigned long)start + size);
	int ret = 0;

	if (addr < kernel_start() || end < addr || size > end - addr)
		return -EFAULT;
	while (addr < end && !ret) {
		unsigned long flags, entry, *leaf;

		ret = stock_spare(domain, gfp);
		if (ret)
			return ret;
		raw_spin_lock_irqsave(&domain->table_lock, flags);
		leaf = private_leaf(domain, addr, true);
		entry = kernel_entry(addr, 0);
		if (leaf && !entry)
			ret = -EFAULT;
		else if (leaf)
			WRITE_ONCE(*leaf, (restricted(entry) & ~clear) | GRANTED | set);
		raw_spin_unlock_irqrestore(&domain->table_lock, flags);
		/* No leaf: another CPU took the spare tables. Once more, with new ones. */
		if (leaf)
			addr += PAGE_SIZE;
	}
	return ret;
}

/**
 * nooks_grant_write - let a domain write kernel memory
 * @domain: the domain
 * @start: a mapped kernel address, rounded down to a page
 * @size: bytes, rounded up to pages
 * @gfp: for private tables; GFP_ATOMIC where the caller may not sleep
 *
 * Pages stay no-execute. CPUs may keep an older, narrower translation: it is dropped when it
 * faults. Any context but NMI, as @gfp allows. Return: 0, -ENOMEM, or -EFAULT for an address that
 * is not mapped; pages before the failing one stay granted.
 */
int nooks_grant_write(struct nooks_domain *domain, const void *start, size_t size, gfp_t gfp)
{
	return grant(domain, start, size, _PAGE_RW | _PAGE_DIRTY | _PAGE_ACCESSED, 0, gfp);
}
NOOKS_EXPORT_FOR_TESTS(nooks_grant_write);

/** nooks_grant_exec - let a domain execute kernel memory; read-only. See nooks_grant_write(). */
int nooks_grant_exec(struct nooks_domain *domain, const void *start, size_t size, gfp_t gfp)
{
	return grant(domain, start, size, _PAGE_ACCESSED, _PAGE_NX, gfp);
}
NOOKS_EXPORT_FOR_TESTS(nooks_grant_exec);

/**
 * nooks_grant_copy - let a domain see, and write, another page in the place of one of the kernel's
 * @domain: the domain
 * @start: address of the page
 * @copy: what the domain sees there from now on
 * @gfp: for private tables
 *
 * The kernel still sees its own page there, so for its functions the domain may not write it: see
 * nooks_may_write(). A CPU in the domain may see the old page until its next crossing. Undone by
 * nooks_revoke(). Any context but NMI, as @gfp allows. Return: 0, -ENOMEM, or -EFAULT for an address
 * that is not mapped.
 */
int nooks_grant_copy(struct nooks_domain *domain, const void *start, struct page *copy, gfp_t gfp)
{
	int ret = grant(domain, start, 1, PFN_PHYS(page_to_pfn(copy)) | COPY | _PAGE_RW |
			_PAGE_DIRTY | _PAGE_ACCESSED, PTE_PFN_MASK, gfp);

	if (!ret)
		nooks_tlb_raise(domain);
	return ret;
}

/* Keep the kernel's own permission to read and write: exception stacks, IDT, GDT, TSS. */
static int grant_as_kernel(struct nooks_domain *domain, unsigned long start, size_t size, bool write)
{
	unsigned long addr;
	int ret = 0;

	for (addr = start & PAGE_MASK; addr < start + size && !ret; addr += PAGE_SIZE) {
		unsigned long flags, entry;

		local_irq_save(flags);
		entry = kernel_entry(addr, 0);
		local_irq_restore(flags);
		if (!entry)		/* guard page */
			continue;
		ret = grant(domain, (void *)addr, PAGE_SIZE,
			    write ? entry & _PAGE_RW : 0, 0, GFP_KERNEL);
	}
	return ret;
}

/*
 * What the CPU needs to deliver an exception, and the gate stubs to look at it, must be there and
 * stay: a fault on it would be a double fault on the way to a triple one. Of this only the
 * exception stacks are writable.
 */
static int grant_entry_areas(struct nooks_domain *domain)
{
	int cpu, ret;

	ret = grant_as_kernel(domain, CPU_ENTRY_AREA_RO_IDT, PAGE_SIZE, false);
	if (!ret)
		ret = grant_as_kernel(domain, (unsigned long)&nooks_pgd_base,
				      sizeof(nooks_pgd_base), false);
	if (!ret)
		ret = grant_as_kernel(domain, (unsigned long)&nooks_pgd_size,
				      sizeof(nooks_pgd_size), false);
	for_each_possible_cpu(cpu) {
		struct cpu_entry_area *area = get_cpu_entry_area(cpu);

		if (!ret)
			ret = grant_as_kernel(domain, (unsigned long)per_cpu_ptr(&nooks_cpu, cpu),
					      sizeof(nooks_cpu), false);
		if (!ret)
			ret = grant_as_kernel(domain, (unsigned long)area, sizeof(*area), false);
		if (!ret)
			ret = grant_as_kernel(domain, (unsigned long)&area->estacks,
					      sizeof(area->estacks), true);
	}
	return ret;
}

/**
 * nooks_revoke - take a grant back
 * @domain: the domain
 * @start: see nooks_grant_write()
 * @size: ditto
 *
 * The domain sees the pages as the rest of the kernel again: read-only. CPUs may use the old
 * translation until nooks_revoke_flush(). Any context but NMI.
 */
void nooks_revoke(struct nooks_domain *domain, const void *start, size_t size)
{
	unsigned long addr = (unsigned long)start & PAGE_MASK;
	unsigned long end = PAGE_ALIGN((unsigned long)start + size);
	unsigned long flags;

	for (; addr < end; addr += PAGE_SIZE) {
		unsigned long *leaf;

		raw_spin_lock_irqsave(&domain->table_lock, flags);
		leaf = private_leaf(domain, addr, false);
		if (leaf)
			WRITE_ONCE(*leaf, 0);
		raw_spin_unlock_irqrestore(&domain->table_lock, flags);
	}
}
NOOKS_EXPORT_FOR_TESTS(nooks_revoke);

/**
 * nooks_revoke_flush - wait until no CPU uses a revoked translation
 * @domain: the domain
 *
 * Context: may sleep.
 */
void nooks_revoke_flush(struct nooks_domain *domain)
{
	might_sleep();
	nooks_tlb_raise(domain);
	nooks_domain_kick();
}
NOOKS_EXPORT_FOR_TESTS(nooks_revoke_flush);

/* Does this leaf, as the hardware would see it, allow the access? */
static bool allows(unsigned long entry, unsigned long error)
{
	if (!(entry & _PAGE_PRESENT))
		return false;
	if ((error & X86_PF_WRITE) && !(entry & _PAGE_RW))
		return false;
	return !((error & X86_PF_INSTR) && (entry & _PAGE_NX));
}

/**
 * nooks_refill - bring a missing entry up to date
 * @domain: the domain that faulted
 * @addr: the address that faulted
 * @error: the fault's error code
 *
 * Context: fault handler, interrupts off. Return: true if the access is worth another try:
 * an entry was copied, or the tables allow the access and the TLB held an older translation. The
 * fault itself dropped that (Intel SDM 3A 4.10.4.1, AMD APM 2 5.5.2).
 */
bool nooks_refill(struct nooks_domain *domain, unsigned long addr, unsigned long error)
{
	unsigned long *table = domain->pgd;
	bool retry = false;
	int level;

	if (addr < kernel_start())
		return false;
	raw_spin_lock(&domain->table_lock);
	for (level = top_level(); ; level--) {
		unsigned long *entry = &table[table_index(addr, level)];

		if (*entry & PRIVATE_TABLE) {
			table = table_of(*entry);
			continue;
		}
		if (!(*entry & _PAGE_PRESENT)) {
			unsigned long now = restricted(kernel_entry(addr, level));

			if (now) {
				WRITE_ONCE(*entry, now);
				domain->refills++;
				retry = true;
			}
		} else if (level == 0 && allows(*entry, error)) {
			retry = true;
		} else if (!(error & X86_PF_PROT)) {
			/* Below is the kernel's own table, which got its entry after the fault. */
			retry = kernel_entry(addr, 0) != 0;
		}
		break;
	}
	raw_spin_unlock(&domain->table_lock);
	return retry;
}
NOOKS_EXPORT_FOR_TESTS(nooks_refill);

/* Drop everything that is not granted in the private tables under @table for [@start, @end). */
static void withdraw_table(unsigned long *table, int level, unsigned long base,
			   unsigned long start, unsigned long end)
{
	unsigned int i;

	for (i = 0; i < PTRS_PER_PTE; i++) {
		unsigned long addr = base + ((unsigned long)i << shifts[level]);

		if (table[i] & PRIVATE_TABLE) {
			if (addr <= end && addr + ((1UL << shifts[level]) - 1) >= start)
				withdraw_table(table_of(table[i]), level - 1, addr, start, end);
		} else if (!(table[i] & GRANTED)) {
			WRITE_ONCE(table[i], 0);
		}
	}
}

/**
 * nooks_withdraw - forget what may have changed in the kernel's tables
 * @domain: the domain
 * @start: first address of the range that the kernel flushes
 * @end: last address
 *
 * Every private table on the paths to the range loses all of its entries that are not grants,
 * not only those in the range: the kernel frees whole lower tables after it has flushed a single
 * page of them (pmd_free_pte_page()). Top-level entries stay: the kernel never takes one of
 * its own away. The caller raises the TLB generation. Any context but NMI.
 */
void nooks_withdraw(struct nooks_domain *domain, unsigned long start, unsigned long end)
{
	unsigned long base = kernel_start();
	unsigned long flags;
	unsigned int i;

	raw_spin_lock_irqsave(&domain->table_lock, flags);
	for (i = PTRS_PER_PGD / 2; i < PTRS_PER_PGD; i++) {
		unsigned long addr = base + ((unsigned long)(i - PTRS_PER_PGD / 2) << shifts[top_level()]);

		if (!(domain->pgd[i] & PRIVATE_TABLE))
			continue;
		if (addr <= end && addr + ((1UL << shifts[top_level()]) - 1) >= start)
			withdraw_table(table_of(domain->pgd[i]), top_level() - 1, addr, start, end);
	}
	raw_spin_unlock_irqrestore(&domain->table_lock, flags);
}
NOOKS_EXPORT_FOR_TESTS(nooks_withdraw);

/**
 * nooks_may_write - is all of a range writable in the domain, and the same as in the kernel?
 * @domain: the domain
 * @start: address
 * @size: bytes
 *
 * Then the kernel may write there for it. Of a nooks_grant_copy() the domain writes another page.
 * Any context but NMI.
 */
bool nooks_may_write(struct nooks_domain *domain, const void *start, size_t size)
{
	unsigned long addr = (unsigned long)start & PAGE_MASK;
	unsigned long last = (unsigned long)start + size - 1;
	bool may = size && last >= (unsigned long)start && addr >= kernel_start();
	unsigned long flags;

	raw_spin_lock_irqsave(&domain->table_lock, flags);
	for (; may && addr <= last && addr >= kernel_start(); addr += PAGE_SIZE) {
		unsigned long *leaf = private_leaf(domain, addr, false);

		may = leaf && (*leaf & (GRANTED | _PAGE_RW | COPY)) == (GRANTED | _PAGE_RW);
	}
	raw_spin_unlock_irqrestore(&domain->table_lock, flags);
	return may;
}
NOOKS_EXPORT_FOR_TESTS(nooks_may_write);

struct walk {
	void (*fn)(void *data, unsigned long start, size_t size);
	void *data;
};

static void walk_table(const struct walk *walk, unsigned long *table, int level, unsigned long base)
{
	unsigned int i;

	for (i = 0; i < PTRS_PER_PTE; i++) {
		unsigned long addr = base + ((unsigned long)i << shifts[level]);

		if (table[i] & PRIVATE_TABLE)
			walk_table(walk, table_of(table[i]), level - 1, addr);
		else if (!level && (table[i] & GRANTED) && (table[i] & _PAGE_RW) &&
			 addr - CPU_ENTRY_AREA_BASE >= CPU_ENTRY_AREA_MAP_SIZE)
			walk->fn(walk->data, addr, PAGE_SIZE);
	}
}

/**
 * nooks_for_each_writable - find what a domain may write
 * @domain: the domain
 * @fn: is called for each page, by ascending address, with the domain's tables locked
 * @data: for @fn
 *
 * The exception stacks, which are the CPU's, are left out. Any context but NMI.
 */
void nooks_for_each_writable(struct nooks_domain *domain,
			     void (*fn)(void *data, unsigned long start, size_t size), void *data)
{
	const struct walk walk = { .fn = fn, .data = data };
	unsigned long flags;
	unsigned int i;

	raw_spin_lock_irqsave(&domain->table_lock, flags);
	for (i = 0; i < PTRS_PER_PGD / 2; i++) {
		unsigned long entry = domain->pgd[PTRS_PER_PGD / 2 + i];

		if (entry & PRIVATE_TABLE)
			walk_table(&walk, table_of(entry), top_level() - 1,
				   kernel_start() + ((unsigned long)i << shifts[top_level()]));
	}
	raw_spin_unlock_irqrestore(&domain->table_lock, flags);
}

/**
 * nooks_may_read - is all of a range mapped in the kernel?
 * @start: address
 * @size: bytes
 *
 * Any context but NMI.
 */
bool nooks_may_read(const void *start, size_t size)
{
	unsigned long addr = (unsigned long)start & PAGE_MASK;
	unsigned long last = (unsigned long)start + size - 1;
	unsigned long flags;
	bool may = last >= (unsigned long)start && addr >= kernel_start();

	local_irq_save(flags);
	for (; may && addr <= last && addr >= kernel_start(); addr += PAGE_SIZE)
		may = kernel_entry(addr, 0) != 0;
	local_irq_restore(flags);
	return may;
}
NOOKS_EXPORT_FOR_TESTS(nooks_may_read);

/**
 * nooks_pagetable_create - build a domain's tables
 * @domain: with its slot taken and the page at pgd zeroed
 *
 * Context: may sleep. Return: 0 or -ENOMEM; on failure call nooks_pagetable_destroy().
 */
int nooks_pagetable_create(struct nooks_domain *domain)
{
	const unsigned long *kernel = (unsigned long *)nooks_sym.init_top_pgt;
	unsigned int i;
	int ret;

	for (i = PTRS_PER_PGD / 2; i < PTRS_PER_PGD; i++)
		domain->pgd[i] = restricted(READ_ONCE(kernel[i]));

	ret = grant_entry_areas(domain);
	if (!ret)
		ret = nooks_grant_exec(domain, nooks_domain_text_start,
				       nooks_domain_text_end - nooks_domain_text_start, GFP_KERNEL);
	if (!ret)
		ret = nooks_grant_exec(domain, nooks_switch_text_start,
				       nooks_switch_text_end - nooks_switch_text_start, GFP_KERNEL);
	return ret;
}

static void free_tables(unsigned long *table, int level)
{
	unsigned int i;

	for (i = level == top_level() ? PTRS_PER_PGD / 2 : 0; i < PTRS_PER_PTE; i++) {
		if (!(table[i] & PRIVATE_TABLE))
			continue;
		if (level > 1)
			free_tables(table_of(table[i]), level - 1);
		free_page((unsigned long)table_of(table[i]));
		table[i] = 0;
	}
}

/** nooks_pagetable_destroy - free a domain's tables; no CPU may hold its CR3 or tag any more */
void nooks_pagetable_destroy(struct nooks_domain *domain)
{
	struct page *page, *next;

	free_tables(domain->pgd, top_level());
	list_for_each_entry_safe(page, next, &domain->spare, lru)
		__free_page(page);
}
