// SPDX-License-Identifier: GPL-2.0
/*
 * A domain's page tables, looked at as the processor does: walked from the top, a permission being
 * there only if all levels give it.
 */

#include <kunit/test.h>
#include <linux/delay.h>
#include <linux/io.h>
#include <linux/kthread.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/set_memory.h>
#include <linux/vmalloc.h>
#include <asm/cpu_entry_area.h>
#include <asm/pgtable.h>
#include <asm/trap_pf.h>

#include "../domains/domain.h"
#include "../nooks/symbols.h"

#define SAMPLES		4096	/* addresses of each kind */
#define BLOCK_ORDER	6	/* memory that tests grant: pages of the direct map ... */
#define BLOCK_PAGES	(1 << BLOCK_ORDER)
#define BLOCK_BYTES	(PAGE_SIZE << BLOCK_ORDER)	/* ... or of vmalloc */
#define MAX_TABLES	4096

/**
 * struct seen - what an address leads to
 * @level: of the last entry looked at; 0 is a page table's
 * @present: all of it is
 * @write: allowed at all levels
 * @exec: ditto
 * @phys: physical address
 * @cache: which of eight cache modes, as the PAT bits are numbered
 */
struct seen {
	int level;
	bool present;
	bool write;
	bool exec;
	unsigned long phys;
	unsigned int cache;
};

/* What every test has: memory of both kinds and a domain, which sees it as any other. */
static struct context {
	struct nooks_domain *domain;
	void *direct;
	void *vmalloc;
} env;

static const int shifts[] = { 12, 21, 30, 39, 48 };

static unsigned long *kernel_pgd(void)
{
	return nooks_sym.init_top_pgt;
}

static int top_level(void)
{
	return pgtable_l5_enabled() ? 4 : 3;
}

static unsigned long span(int level)
{
	return 1UL << shifts[level];
}

static bool is_leaf(unsigned long entry, int level)
{
	return !level || (level < 3 && (entry & _PAGE_PSE));
}

static unsigned long *below(unsigned long entry)
{
	return __va(entry & PTE_PFN_MASK);
}

static struct seen walk(unsigned long *table, unsigned long addr)
{
	struct seen seen = { .level = top_level(), .write = true, .exec = true };
	unsigned long entry, offset;

	for (;; seen.level--) {
		entry = READ_ONCE(table[(addr >> shifts[seen.level]) % PTRS_PER_PTE]);
		seen.write &= !!(entry & _PAGE_RW);
		seen.exec &= !(entry & _PAGE_NX);
		if (!(entry & _PAGE_PRESENT))
			return (struct seen) { .level = seen.level };
		if (is_leaf(entry, seen.level))
			break;
		table = below(entry);
	}
	offset = addr % span(seen.level);
	seen.present = true;
	seen.phys = (entry & PTE_PFN_MASK & ~(span(seen.level) - 1)) | offset;
	seen.cache = (entry & _PAGE_PWT ? 1 : 0) | (entry & _PAGE_PCD ? 2 : 0) |
		     (entry & (seen.level ? _PAGE_PAT_LARGE : _PAGE_PAT) ? 4 : 0);
	return seen;
}

static struct seen domain_sees(const void *p)
{
	return walk(env.domain->pgd, (unsigned long)p);
}

/* As the domain does after a fault, if there was one. */
static struct seen domain_reads(const void *p)
{
	unsigned long flags;

	if (!domain_sees(p).present) {
		local_irq_save(flags);
		nooks_refill(env.domain, (unsigned long)p, 0);
		local_irq_restore(flags);
	}
	return domain_sees(p);
}

static bool refill(const void *p, unsigned long error)
{
	unsigned long flags;
	bool retry;

	local_irq_save(flags);
	retry = nooks_refill(env.domain, (unsigned long)p, error);
	local_irq_restore(flags);
	return retry;
}

static bool same_memory(struct seen a, struct seen b)
{
	return a.present == b.present && a.phys == b.phys && a.cache == b.cache;
}

/* Does the domain see the same memory as the kernel at @p, and may only read it? */
static bool closed(const void *p)
{
	struct seen kernel = walk(kernel_pgd(), (unsigned long)p);
	struct seen domain = domain_reads(p);

	return same_memory(kernel, domain) && !domain.write && !domain.exec;
}

static bool writable(const void *p)
{
	struct seen kernel = walk(kernel_pgd(), (unsigned long)p);
	struct seen domain = domain_sees(p);

	return same_memory(kernel, domain) && domain.write && !domain.exec;
}

static bool executable(const void *p)
{
	struct seen kernel = walk(kernel_pgd(), (unsigned long)p);
	struct seen domain = domain_sees(p);

	return same_memory(kernel, domain) && !domain.write && domain.exec;
}

/* Random, and the same in each run */
static u64 next_random(void)
{
	static u64 state = 0x2545f4914f6cdd1dull;

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

static bool is_stack(unsigned long addr)
{
	struct nooks_stack *stack;

	list_for_each_entry(stack, &env.domain->stacks, list)
		if (addr - (unsigned long)stack->base < NOOKS_STACK_SIZE)
			return true;
	return false;
}

static bool is_exception_stack(unsigned long addr)
{
	int cpu;

	for_each_possible_cpu(cpu) {
		struct cpu_entry_area *area = get_cpu_entry_area(cpu);

		if (addr - (unsigned long)&area->estacks < sizeof(area->estacks))
			return true;
	}
	return false;
}

static bool is_domain_text(unsigned long addr)
{
	return (addr >= (unsigned long)nooks_domain_text_start &&
		addr < (unsigned long)nooks_domain_text_end) ||
	       (addr >= (unsigned long)nooks_switch_text_start &&
		addr < (unsigned long)nooks_switch_text_end);
}

/**
 * struct survey - all that a domain may do, and the tables that are its own
 * @writable: pages
 * @executable: ditto
 * @unexpected: pages that are open and should not be, or more than a page wide
 * @nr_tables: private ones
 * @tables: these
 */
struct survey {
	unsigned int writable;
	unsigned int executable;
	unsigned int unexpected;
	unsigned int nr_tables;
	struct page *tables[MAX_TABLES];
};

/*
 * Walk all that lies below @table, but not what is shared with @kernel, the kernel's own table for
 * the same addresses (NULL if it has none) where nothing is open any more.
 */
static void survey_table(struct survey *s, unsigned long *table, unsigned long *kernel, int level,
			 unsigned long base, bool write, bool exec)
{
	unsigned int i;

	for (i = level == top_level() ? PTRS_PER_PGD / 2 : 0; i < PTRS_PER_PTE; i++) {
		unsigned long addr = base + i * span(level), entry = table[i];
		unsigned long other = kernel ? kernel[i] : 0;
		bool w = write && (entry & _PAGE_RW), x = exec && !(entry & _PAGE_NX);
		bool private;

		if (!(entry & _PAGE_PRESENT))
			continue;
		private = !is_leaf(entry, level) &&
			  (!(other & _PAGE_PRESENT) || is_leaf(other, level) ||
			   below(entry) != below(other));
		if (private) {
			if (s->nr_tables < MAX_TABLES)
				s->tables[s->nr_tables] = virt_to_page(below(entry));
			s->nr_tables++;
			survey_table(s, below(entry),
				     (other & _PAGE_PRESENT) && !is_leaf(other, level) ?
				     below(other) : NULL, level - 1, addr, w, x);
		} else if (w || x) {
			s->writable += w;
			s->executable += x;
			s->unexpected += level || (w && x) ||
					 (w && !is_stack(addr) && !is_exception_stack(addr)) ||
					 (x && !is_domain_text(addr));
		}
	}
}

static struct survey *survey(struct kunit *test)
{
	struct survey *s = kunit_kzalloc(test, sizeof(*s), GFP_KERNEL);
	unsigned long base = (-1UL << (shifts[top_level()] + 8)) -
			     PTRS_PER_PGD / 2 * span(top_level());

	KUNIT_ASSERT_NOT_NULL(test, s);
	survey_table(s, env.domain->pgd, kernel_pgd(), top_level(), base, true, true);
	KUNIT_ASSERT_LE(test, s->nr_tables, MAX_TABLES);
	return s;
}

static unsigned int pages_between(const char *start, const char *end)
{
	return (PAGE_ALIGN((unsigned long)end) - ((unsigned long)start & PAGE_MASK)) >> PAGE_SHIFT;
}

static void a_new_domain_may_write_stacks_and_execute_the_library(struct kunit *test)
{
	struct survey *s = survey(test);
	unsigned int exception_pages = 0, i;
	struct nooks_stack *stack;
	int cpu;

	for_each_possible_cpu(cpu) {
		struct cea_exception_stacks *stacks = &get_cpu_entry_area(cpu)->estacks;

		for (i = 0; i < sizeof(*stacks); i += PAGE_SIZE)
			exception_pages += walk(kernel_pgd(), (unsigned long)stacks + i).present;
	}
	KUNIT_EXPECT_EQ(test, 0, s->unexpected);
	KUNIT_EXPECT_EQ(test, s->writable, exception_pages +
			env.domain->nr_stacks * NOOKS_STACK_SIZE / PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, s->executable,
			pages_between(nooks_domain_text_start, nooks_domain_text_end) +
			pages_between(nooks_switch_text_start, nooks_switch_text_end));
	list_for_each_entry(stack, &env.domain->stacks, list) {
		KUNIT_EXPECT_TRUE(test, nooks_may_write(env.domain, stack->base, NOOKS_STACK_SIZE));
		KUNIT_EXPECT_FALSE(test, domain_reads(stack->base - PAGE_SIZE).write);
		KUNIT_EXPECT_FALSE(test, domain_reads(stack->base + NOOKS_STACK_SIZE).present);
	}
	for (i = 0; i < PTRS_PER_PGD / 2; i++)
		KUNIT_ASSERT_EQ(test, 0, env.domain->pgd[i]);
	kunit_info(test, "%d levels, %u tables, %u pages writable, %u executable",
		   top_level() + 1, s->nr_tables, s->writable, s->executable);
}

/* Addresses of a range that are mapped: how many; none may be open but what always is. */
static unsigned int sample(struct kunit *test, unsigned long start, unsigned long size)
{
	unsigned int i, mapped = 0;

	for (i = 0; i < SAMPLES; i++) {
		unsigned long addr = start + next_random() % size;

		if (is_stack(addr) || is_exception_stack(addr) || is_domain_text(addr))
			continue;
		if (!closed((void *)addr))
			KUNIT_FAIL(test, "%lx (%pS) is open or other memory", addr, (void *)addr);
		mapped += walk(kernel_pgd(), addr).present;
	}
	return mapped;
}

static void all_else_is_what_the_kernel_has_and_only_to_be_read(struct kunit *test)
{
	unsigned long text = nooks_lookup("_text"), end = nooks_lookup("_end");
	unsigned long here = (unsigned long)THIS_MODULE->core_layout.base;
	unsigned long nooks = (unsigned long)nooks_domain_text_start - (1 << 20);
	unsigned long memory = get_num_physpages() << PAGE_SHIFT;

	KUNIT_EXPECT_GT(test, sample(test, text, end - text), 0);
	KUNIT_EXPECT_GT(test, sample(test, PAGE_OFFSET, memory), SAMPLES / 2);
	KUNIT_EXPECT_GT(test, sample(test, VMEMMAP_START, memory / PAGE_SIZE * sizeof(struct page)),
			SAMPLES / 2);
	KUNIT_EXPECT_GT(test, sample(test, (unsigned long)env.vmalloc, BLOCK_BYTES), SAMPLES / 2);
	KUNIT_EXPECT_GT(test, sample(test, here, THIS_MODULE->core_layout.size), SAMPLES / 2);
	KUNIT_EXPECT_GT(test, sample(test, nooks, 2 << 20), 0);
	KUNIT_EXPECT_GT(test, sample(test, CPU_ENTRY_AREA_BASE, CPU_ENTRY_AREA_MAP_SIZE), 0);
	sample(test, VMALLOC_START, VMALLOC_END - VMALLOC_START);
	KUNIT_EXPECT_EQ(test, 0, survey(test)->unexpected);	/* nor by what it took to look */
}

static void expect_open_only(struct kunit *test, void *start, unsigned int from, unsigned int to)
{
	unsigned int i;

	for (i = 0; i < BLOCK_PAGES; i++) {
		void *p = start + i * PAGE_SIZE;

		if (i >= from && i < to)
			KUNIT_EXPECT_TRUE_MSG(test, writable(p), "page %u", i);
		else
			KUNIT_EXPECT_TRUE_MSG(test, closed(p), "page %u", i);
		KUNIT_EXPECT_EQ_MSG(test, i >= from && i < to,
				    nooks_may_write(env.domain, p, PAGE_SIZE), "page %u", i);
	}
}

static void a_grant_opens_its_pages_alone(struct kunit *test)
{
	void *blocks[] = { env.direct, env.vmalloc };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(blocks); i++) {
		/* 2 bytes, but on two pages */
		KUNIT_EXPECT_EQ(test, 0, nooks_grant_write(env.domain, blocks[i] + 4 * PAGE_SIZE - 1,
							   2, GFP_KERNEL));
		expect_open_only(test, blocks[i], 3, 5);
		KUNIT_EXPECT_TRUE(test, nooks_may_write(env.domain, blocks[i] + 3 * PAGE_SIZE,
							2 * PAGE_SIZE));
		KUNIT_EXPECT_FALSE(test, nooks_may_write(env.domain, blocks[i] + 3 * PAGE_SIZE,
							 2 * PAGE_SIZE + 1));
		KUNIT_EXPECT_FALSE(test, nooks_may_write(env.domain, blocks[i] + 3 * PAGE_SIZE - 1, 2));
		nooks_revoke(env.domain, blocks[i] + 4 * PAGE_SIZE - 1, 2);
		expect_open_only(test, blocks[i], 0, 0);
	}
}

static void a_page_is_open_at_the_address_that_was_granted(struct kunit *test)
{
	void *alias = page_address(vmalloc_to_page(env.vmalloc));

	KUNIT_ASSERT_EQ(test, 0, nooks_grant_write(env.domain, env.vmalloc, 1, GFP_KERNEL));
	KUNIT_EXPECT_TRUE(test, writable(env.vmalloc));
	KUNIT_EXPECT_TRUE(test, closed(alias));
	KUNIT_ASSERT_EQ(test, 0, nooks_grant_write(env.domain, alias, 1, GFP_KERNEL));
	KUNIT_EXPECT_TRUE(test, writable(alias));
	nooks_revoke(env.domain, env.vmalloc, 1);
	KUNIT_EXPECT_TRUE(test, closed(env.vmalloc));
	KUNIT_EXPECT_TRUE(test, writable(alias));
}

static void write_and_exec_exclude_each_other(struct kunit *test)
{
	KUNIT_ASSERT_EQ(test, 0, nooks_grant_write(env.domain, env.direct, 1, GFP_KERNEL));
	KUNIT_ASSERT_EQ(test, 0, nooks_grant_exec(env.domain, env.direct, 1, GFP_KERNEL));
	KUNIT_EXPECT_TRUE(test, executable(env.direct));
	KUNIT_EXPECT_FALSE(test, nooks_may_write(env.domain, env.direct, 1));
	KUNIT_ASSERT_EQ(test, 0, nooks_grant_write(env.domain, env.direct, 1, GFP_KERNEL));
	KUNIT_EXPECT_TRUE(test, writable(env.direct));
}

/* Grant the page of a large one at @p, and look at all the others. */
static void split(struct kunit *test, void *p, unsigned long size)
{
	unsigned long base = (unsigned long)p & ~(size - 1), step = size / PTRS_PER_PTE, addr;

	KUNIT_ASSERT_EQ(test, 0, nooks_grant_write(env.domain, p, 1, GFP_KERNEL));
	KUNIT_EXPECT_TRUE(test, writable(p));
	KUNIT_EXPECT_EQ(test, 0, domain_sees(p).level);
	for (addr = base; addr - base < size; addr += step) {
		/* Somewhere in the piece, but not on the page itself */
		void *q = (void *)(addr + next_random() % step);

		if (((unsigned long)p ^ (unsigned long)q) & PAGE_MASK)
			KUNIT_EXPECT_TRUE_MSG(test, closed(q), "%px beside %px", q, p);
	}
	nooks_revoke(env.domain, p, 1);
	KUNIT_EXPECT_TRUE(test, closed(p));
}

static void a_large_page_is_split_without_moving_anything(struct kunit *test)
{
	unsigned int i, large = 0;

	for (i = 0; i < 64; i++) {
		unsigned long page = next_random() % get_num_physpages();
		void *p = pfn_to_kaddr(page);
		struct seen kernel = walk(kernel_pgd(), (unsigned long)p);

		if (!kernel.present || !kernel.level)
			continue;
		large++;
		split(test, p, PMD_SIZE);
		split(test, p, PUD_SIZE);
	}
	KUNIT_EXPECT_GT(test, large, 0);
}

/* Write-through is the one mode that has the PAT bit, which lies elsewhere in large pages. */
static void a_split_keeps_the_cache_mode(struct kunit *test)
{
	static void __iomem *(* const map[])(resource_size_t, unsigned long) = {
		ioremap_wt, ioremap_wc, ioremap_uc,
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(map); i++) {
		/* Nothing is there, and nobody looks. */
		void __iomem *io = map[i](0x2000000000ull + i * PMD_SIZE, PMD_SIZE);
		struct seen kernel;

		KUNIT_ASSERT_NOT_NULL(test, (void __force *)io);
		kernel = walk(kernel_pgd(), (unsigned long)io);
		KUNIT_EXPECT_EQ(test, 1, kernel.level);
		KUNIT_EXPECT_NE(test, 0, kernel.cache);
		split(test, (void __force *)io + 7 * PAGE_SIZE, PMD_SIZE);
		iounmap(io);
	}
}

static void a_missing_entry_is_refilled(struct kunit *test)
{
	void *p = env.vmalloc + PAGE_SIZE;

	KUNIT_ASSERT_EQ(test, 0, nooks_grant_write(env.domain, p, 1, GFP_KERNEL));
	nooks_revoke(env.domain, p, 1);
	KUNIT_EXPECT_FALSE(test, domain_sees(p).present);
	/* A write finds nothing, then something that it may not do. */
	KUNIT_EXPECT_TRUE(test, refill(p, X86_PF_WRITE));
	KUNIT_EXPECT_TRUE(test, closed(p));
	KUNIT_EXPECT_FALSE(test, refill(p, X86_PF_WRITE | X86_PF_PROT));
	KUNIT_EXPECT_FALSE(test, refill(p, X86_PF_INSTR | X86_PF_PROT));
	/* The TLB may have held what was there before a grant. */
	KUNIT_ASSERT_EQ(test, 0, nooks_grant_write(env.domain, p, 1, GFP_KERNEL));
	KUNIT_EXPECT_TRUE(test, refill(p, X86_PF_WRITE | X86_PF_PROT));
	KUNIT_EXPECT_FALSE(test, refill(p, X86_PF_INSTR | X86_PF_PROT));
	/* What the kernel doesn't have can't be brought. */
	KUNIT_EXPECT_FALSE(test, refill(env.vmalloc + BLOCK_BYTES, 0));
	KUNIT_EXPECT_FALSE(test, refill(NULL, 0));
	KUNIT_EXPECT_FALSE(test, refill((void *)(TASK_SIZE_MAX - PAGE_SIZE), X86_PF_WRITE));
}

static void withdrawing_leaves_grants_alone(struct kunit *test)
{
	unsigned long start = (unsigned long)env.vmalloc;
	unsigned int i;

	KUNIT_ASSERT_EQ(test, 0, nooks_grant_write(env.domain, env.vmalloc + 2 * PAGE_SIZE,
						   2 * PAGE_SIZE, GFP_KERNEL));
	expect_open_only(test, env.vmalloc, 2, 4);
	/* Elsewhere */
	nooks_withdraw(env.domain, PAGE_OFFSET, PAGE_OFFSET + 1);
	for (i = 0; i < BLOCK_PAGES; i++)
		KUNIT_EXPECT_TRUE(test, domain_sees(env.vmalloc + i * PAGE_SIZE).present);
	/* One page: all of its table goes, since the kernel may free that. */
	nooks_withdraw(env.domain, start + PAGE_SIZE, start + PAGE_SIZE);
	KUNIT_EXPECT_FALSE(test, domain_sees(env.vmalloc).present);
	KUNIT_EXPECT_FALSE(test, domain_sees(env.vmalloc + PAGE_SIZE).present);
	KUNIT_EXPECT_TRUE(test, writable(env.vmalloc + 2 * PAGE_SIZE));
	KUNIT_EXPECT_TRUE(test, writable(env.vmalloc + 3 * PAGE_SIZE));
	KUNIT_EXPECT_FALSE(test, domain_sees(env.vmalloc + 4 * PAGE_SIZE).present);
	expect_open_only(test, env.vmalloc, 2, 4);	/* it refills */
	/* Everywhere */
	nooks_withdraw(env.domain, 0, -1UL);
	KUNIT_EXPECT_FALSE(test, domain_sees(env.vmalloc).present);
	expect_open_only(test, env.vmalloc, 2, 4);
	KUNIT_EXPECT_EQ(test, 2, survey(test)->unexpected);
}

static void what_the_kernel_changes_is_seen(struct kunit *test)
{
	unsigned long neighbour = (unsigned long)env.direct + PAGE_SIZE, gen;
	unsigned int cache;

	KUNIT_ASSERT_EQ(test, 0, nooks_grant_write(env.domain, env.direct, 1, GFP_KERNEL));
	cache = domain_reads((void *)neighbour).cache;
	gen = env.domain->tlb_gen;
	KUNIT_ASSERT_EQ(test, 0, set_memory_uc(neighbour, 1));
	KUNIT_EXPECT_NE(test, gen, env.domain->tlb_gen);
	KUNIT_EXPECT_TRUE(test, closed((void *)neighbour));
	KUNIT_EXPECT_NE(test, cache, domain_reads((void *)neighbour).cache);
	KUNIT_ASSERT_EQ(test, 0, set_memory_wb(neighbour, 1));
	KUNIT_EXPECT_TRUE(test, closed((void *)neighbour));
	KUNIT_EXPECT_EQ(test, cache, domain_reads((void *)neighbour).cache);
	KUNIT_EXPECT_TRUE(test, writable(env.direct));
}

static void what_is_not_the_kernels_is_refused(struct kunit *test)
{
	void *user = (void *)(TASK_SIZE_MAX - PAGE_SIZE), *hole = env.vmalloc + BLOCK_BYTES;
	/* The tables tell it from the real one by no bit that they index. */
	void *wild = (void *)((unsigned long)env.direct & ~(0x3full << 57));
	unsigned int i;

	KUNIT_EXPECT_EQ(test, -EFAULT, nooks_grant_write(env.domain, NULL, 1, GFP_KERNEL));
	KUNIT_EXPECT_EQ(test, -EFAULT, nooks_grant_write(env.domain, user, PAGE_SIZE, GFP_KERNEL));
	KUNIT_EXPECT_EQ(test, -EFAULT, nooks_grant_exec(env.domain, user, PAGE_SIZE, GFP_KERNEL));
	KUNIT_EXPECT_EQ(test, -EFAULT, nooks_grant_write(env.domain, wild, 1, GFP_KERNEL));
	KUNIT_EXPECT_EQ(test, -EFAULT, nooks_grant_write(env.domain, (void *)(1UL << 63), 1, GFP_KERNEL));
	KUNIT_EXPECT_EQ(test, -EFAULT, nooks_grant_write(env.domain, hole, 1, GFP_KERNEL));
	KUNIT_EXPECT_EQ(test, -EFAULT, nooks_grant_write(env.domain, env.direct, -1UL, GFP_KERNEL));
	/* What is in front of the hole has been granted. */
	KUNIT_EXPECT_EQ(test, -EFAULT, nooks_grant_write(env.domain, hole - PAGE_SIZE, 2 * PAGE_SIZE,
							 GFP_KERNEL));
	expect_open_only(test, env.vmalloc, BLOCK_PAGES - 1, BLOCK_PAGES);
	KUNIT_EXPECT_FALSE(test, nooks_may_write(env.domain, hole - 1, 2));

	KUNIT_ASSERT_EQ(test, 0, nooks_grant_write(env.domain, env.direct, PAGE_SIZE, GFP_KERNEL));
	KUNIT_EXPECT_TRUE(test, nooks_may_write(env.domain, env.direct, PAGE_SIZE));
	KUNIT_EXPECT_FALSE(test, nooks_may_write(env.domain, wild, 1));
	KUNIT_EXPECT_FALSE(test, nooks_may_write(env.domain, env.direct, 0));
	KUNIT_EXPECT_FALSE(test, nooks_may_write(env.domain, env.direct, -1UL));
	KUNIT_EXPECT_FALSE(test, nooks_may_write(env.domain, env.direct, 1UL << 63));
	KUNIT_EXPECT_FALSE(test, nooks_may_write(env.domain, user, 1));
	KUNIT_EXPECT_FALSE(test, nooks_may_write(env.domain, NULL, 1));

	KUNIT_EXPECT_TRUE(test, nooks_may_read(env.vmalloc, BLOCK_BYTES));
	KUNIT_EXPECT_TRUE(test, nooks_may_read(printk_timed_ratelimit, 1));
	KUNIT_EXPECT_FALSE(test, nooks_may_read(env.vmalloc, BLOCK_BYTES + 1));
	KUNIT_EXPECT_FALSE(test, nooks_may_read(wild, 1));
	KUNIT_EXPECT_FALSE(test, nooks_may_read(user, 1));
	KUNIT_EXPECT_FALSE(test, nooks_may_read(user, 2 * PAGE_SIZE));
	KUNIT_EXPECT_FALSE(test, nooks_may_read(NULL, 1));
	KUNIT_EXPECT_FALSE(test, nooks_may_read(env.direct, -1UL));
	for (i = 0; i < PTRS_PER_PGD / 2; i++)
		KUNIT_ASSERT_EQ(test, 0, env.domain->pgd[i]);
}

enum model { IS_CLOSED, IS_WRITABLE, IS_EXECUTABLE };

static bool as_modelled(void *p, enum model model)
{
	switch (model) {
	case IS_WRITABLE:
		return writable(p) && nooks_may_write(env.domain, p, PAGE_SIZE);
	case IS_EXECUTABLE:
		return executable(p) && !nooks_may_write(env.domain, p, 1);
	default:
		return closed(p) && !nooks_may_write(env.domain, p, 1);
	}
}

static void grants_and_revokes_do_what_a_model_does(struct kunit *test)
{
	enum model model[2 * BLOCK_PAGES] = {};
	unsigned int round, i;

	for (round = 0; round < 4000; round++) {
		unsigned int block = next_random() % 2, what = next_random() % 8;
		unsigned int at = next_random() % BLOCK_PAGES;
		unsigned int n = 1 + next_random() % min(8U, BLOCK_PAGES - at);
		void *p = (block ? env.vmalloc : env.direct) + at * PAGE_SIZE;
		enum model *m = &model[block * BLOCK_PAGES + at];
		unsigned long flags;
		int ret = 0;

		switch (what) {
		case 0:
			/* Without interrupts, as drivers allocate */
			local_irq_save(flags);
			ret = nooks_grant_write(env.domain, p, n * PAGE_SIZE, GFP_ATOMIC);
			local_irq_restore(flags);
			break;
		case 1:
		case 2:
			ret = nooks_grant_write(env.domain, p, n * PAGE_SIZE, GFP_KERNEL);
			break;
		case 3:
			ret = nooks_grant_exec(env.domain, p, n * PAGE_SIZE, GFP_KERNEL);
			break;
		case 4:
			nooks_withdraw(env.domain, (unsigned long)p, (unsigned long)p + n * PAGE_SIZE);
			break;
		default:
			nooks_revoke(env.domain, p, n * PAGE_SIZE);
		}
		KUNIT_ASSERT_EQ(test, 0, ret);
		for (i = 0; i < n && what != 4; i++)
			m[i] = what < 3 ? IS_WRITABLE : what == 3 ? IS_EXECUTABLE : IS_CLOSED;
		for (i = 0; i < n; i++)
			KUNIT_ASSERT_TRUE_MSG(test, as_modelled(p + i * PAGE_SIZE, m[i]),
					      "round %u, operation %u, page %u", round, what, at + i);
		if (round % 64)
			continue;
		for (i = 0; i < 2 * BLOCK_PAGES; i++) {
			p = i < BLOCK_PAGES ? env.direct : env.vmalloc;
			KUNIT_ASSERT_TRUE_MSG(test, as_modelled(p + i % BLOCK_PAGES * PAGE_SIZE, model[i]),
					      "round %u, page %u", round, i);
		}
	}
}

static int grant_all_memory(void *unused)
{
	unsigned long pfn;
	int ret = 0;

	for (pfn = 0; pfn < get_num_physpages() && !ret; pfn += PTRS_PER_PTE / 2)
		if (nooks_may_read(pfn_to_kaddr(pfn), 1))
			ret = nooks_grant_write(env.domain, pfn_to_kaddr(pfn), 1, GFP_KERNEL);
	while (!kthread_should_stop())
		schedule_timeout_interruptible(1);
	return ret;
}

static void grants_at_the_same_time_all_succeed(struct kunit *test)
{
	struct task_struct *threads[4];
	unsigned long pfn;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(threads); i++) {
		threads[i] = kthread_run(grant_all_memory, NULL, "nooks_grant/%u", i);
		KUNIT_ASSERT_FALSE(test, IS_ERR(threads[i]));
	}
	msleep(50);
	for (i = 0; i < ARRAY_SIZE(threads); i++)
		KUNIT_EXPECT_EQ(test, 0, kthread_stop(threads[i]));
	for (pfn = 0; pfn < get_num_physpages(); pfn += PTRS_PER_PTE / 2)
		if (nooks_may_read(pfn_to_kaddr(pfn), 1))
			KUNIT_EXPECT_TRUE(test, writable(pfn_to_kaddr(pfn)));
	KUNIT_EXPECT_EQ(test, survey(test)->nr_tables, env.domain->nr_tables);
}

static void a_grant_again_takes_no_more_tables(struct kunit *test)
{
	unsigned int nr_tables, i;

	KUNIT_ASSERT_EQ(test, 0, nooks_grant_write(env.domain, env.vmalloc, BLOCK_BYTES, GFP_KERNEL));
	nr_tables = env.domain->nr_tables;
	for (i = 0; i < 100; i++) {
		nooks_revoke(env.domain, env.vmalloc, BLOCK_BYTES);
		nooks_withdraw(env.domain, 0, -1UL);
		KUNIT_ASSERT_EQ(test, 0, nooks_grant_write(env.domain, env.vmalloc, BLOCK_BYTES,
							   GFP_KERNEL));
	}
	KUNIT_EXPECT_EQ(test, nr_tables, env.domain->nr_tables);
	KUNIT_EXPECT_EQ(test, nr_tables, survey(test)->nr_tables);
}

/* With a reference on each of its pages, their counts tell whether the domain has put its own. */
static void a_domain_gives_all_its_tables_back(struct kunit *test)
{
	struct survey *s;
	struct page *page;
	unsigned int n, i, spare = 0;

	for (i = 0; i < 200; i++)
		nooks_grant_write(env.domain, pfn_to_kaddr(next_random() % get_num_physpages()), 1,
				  GFP_KERNEL);
	s = survey(test);
	KUNIT_EXPECT_EQ(test, s->nr_tables, env.domain->nr_tables);
	n = s->nr_tables;
	list_for_each_entry(page, &env.domain->spare, lru) {
		spare++;
		KUNIT_ASSERT_LT(test, n, MAX_TABLES);
		s->tables[n++] = page;
	}
	KUNIT_EXPECT_EQ(test, spare, env.domain->nr_spare);
	for (i = 0; i < n; i++) {
		KUNIT_EXPECT_EQ(test, 1, page_ref_count(s->tables[i]));
		get_page(s->tables[i]);
	}
	nooks_domain_destroy(env.domain);
	env.domain = NULL;
	for (i = 0; i < n; i++) {
		KUNIT_EXPECT_EQ(test, 1, page_ref_count(s->tables[i]));
		put_page(s->tables[i]);
	}
	kunit_info(test, "%u tables and %u spare pages", s->nr_tables, spare);
}

static int pagetable_init(struct kunit *test)
{
	env.domain = nooks_domain_create();
	if (IS_ERR(env.domain))
		return PTR_ERR(env.domain);
	env.direct = (void *)__get_free_pages(GFP_KERNEL | __GFP_COMP, BLOCK_ORDER);
	env.vmalloc = vmalloc(BLOCK_BYTES);
	return env.direct && env.vmalloc ? 0 : -ENOMEM;
}

static void pagetable_exit(struct kunit *test)
{
	if (!IS_ERR_OR_NULL(env.domain))
		nooks_domain_destroy(env.domain);
	free_pages((unsigned long)env.direct, BLOCK_ORDER);
	vfree(env.vmalloc);
	memset(&env, 0, sizeof(env));
}

static struct kunit_case pagetable_cases[] = {
	KUNIT_CASE(a_new_domain_may_write_stacks_and_execute_the_library),
	KUNIT_CASE(all_else_is_what_the_kernel_has_and_only_to_be_read),
	KUNIT_CASE(a_grant_opens_its_pages_alone),
	KUNIT_CASE(a_page_is_open_at_the_address_that_was_granted),
	KUNIT_CASE(write_and_exec_exclude_each_other),
	KUNIT_CASE(a_large_page_is_split_without_moving_anything),
	KUNIT_CASE(a_split_keeps_the_cache_mode),
	KUNIT_CASE(a_missing_entry_is_refilled),
	KUNIT_CASE(withdrawing_leaves_grants_alone),
	KUNIT_CASE(what_the_kernel_changes_is_seen),
	KUNIT_CASE(what_is_not_the_kernels_is_refused),
	KUNIT_CASE(grants_and_revokes_do_what_a_model_does),
	KUNIT_CASE(grants_at_the_same_time_all_succeed),
	KUNIT_CASE(a_grant_again_takes_no_more_tables),
	KUNIT_CASE(a_domain_gives_all_its_tables_back),
	{}
};

static struct kunit_suite pagetable_suite = {
	.name = "nooks_pagetable",
	.init = pagetable_init,
	.exit = pagetable_exit,
	.test_cases = pagetable_cases,
};

kunit_test_suite(pagetable_suite);

MODULE_DESCRIPTION("Tests of domains' page tables");
MODULE_IMPORT_NS(NOOKS_TESTS);
MODULE_LICENSE("GPL");
