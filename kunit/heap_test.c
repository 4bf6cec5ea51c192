// SPDX-License-Identifier: GPL-2.0
/* A domain's heap, in a domain of its own: who may write what, and when pages leave it. */

#include "../domains/heap.c"	/* first: it defines pr_fmt() */

#include <kunit/test.h>
#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/string.h>

#define SLOTS		256	/* objects at a time in the tests with random sizes */
#define ROUNDS		6000

static struct nooks_domain *domain;
static struct nooks_heap heap;

static u32 next_random(u32 below)
{
	static u64 state = 0x9e3779b97f4a7c15ull;

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (state >> 16) % below;
}

static bool may_write(const void *p, size_t size)
{
	return nooks_may_write(domain, p, size);
}

static void reap(void)
{
	/* It may have been queued with a delay. */
	mod_delayed_work(system_wq, &heap.reap, 0);
	flush_delayed_work(&heap.reap);
}

static bool all_are(const u8 *p, u8 value, size_t size)
{
	return !memchr_inv(p, value, size);
}

static size_t random_size(void)
{
	switch (next_random(16)) {
	case 0:
		return 1 + next_random(256 << 10);
	case 1:
	case 2:
		return 1 + next_random(NOOKS_HEAP_SMALL + PAGE_SIZE);
	case 3:
	case 4:
	case 5:
		return 1UL << next_random(18);
	default:
		return 1 + next_random(1024);
	}
}

struct slot {
	u8 *p;
	size_t size;
	u8 pattern;
};

/* Check the object of a slot, and free it. */
static bool free_slot(struct slot *slot)
{
	bool good = all_are(slot->p, slot->pattern, slot->size) &&
		    nooks_heap_size(&heap, slot->p) >= slot->size &&
		    may_write(slot->p, slot->size);

	/* Free memory shall show if somebody gets it without wanting it zeroed. */
	memset(slot->p, 0xa5, slot->size);
	good &= nooks_heap_free(&heap, slot->p);
	slot->p = NULL;
	return good;
}

static bool fill_slot(struct slot *slot)
{
	bool zero = next_random(2), vmalloc = !next_random(32);
	gfp_t gfp = zero ? GFP_KERNEL | __GFP_ZERO : GFP_KERNEL;
	size_t size = random_size();
	unsigned long flags;

	if (vmalloc) {
		slot->p = nooks_heap_alloc_vmalloc(&heap, size, gfp);
	} else if (size > PAGE_SIZE || next_random(4)) {
		slot->p = nooks_heap_alloc(&heap, size, gfp);
	} else {
		local_irq_save(flags);
		slot->p = nooks_heap_alloc(&heap, size, zero ? GFP_ATOMIC | __GFP_ZERO : GFP_ATOMIC);
		local_irq_restore(flags);
	}
	if (!slot->p)
		return false;
	if (zero && !all_are(slot->p, 0, size))
		return false;
	if (!vmalloc && is_power_of_2(size) && !IS_ALIGNED((unsigned long)slot->p, size))
		return false;
	if (!IS_ALIGNED((unsigned long)slot->p, ARCH_KMALLOC_MINALIGN))
		return false;
	slot->size = size;
	slot->pattern = next_random(256);
	memset(slot->p, slot->pattern, size);
	return may_write(slot->p, size) && nooks_heap_size(&heap, slot->p) >= size;
}

static void objects_are_disjoint_aligned_zeroed_and_writable(struct kunit *test)
{
	struct slot *slots = kunit_kcalloc(test, SLOTS, sizeof(*slots), GFP_KERNEL);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, slots);
	WRITE_ONCE(heap.limit, (64UL << 20) >> PAGE_SHIFT);
	for (i = 0; i < ROUNDS; i++) {
		struct slot *slot = &slots[next_random(SLOTS)];

		if (slot->p)
			KUNIT_ASSERT_TRUE_MSG(test, free_slot(slot), "round %u", i);
		else
			KUNIT_ASSERT_TRUE_MSG(test, fill_slot(slot), "round %u", i);
	}
	for (i = 0; i < SLOTS; i++)
		if (slots[i].p)
			KUNIT_EXPECT_TRUE(test, free_slot(&slots[i]));
	reap();
}

static void powers_of_two_are_aligned_to_themselves(struct kunit *test)
{
	size_t size;
	void *p;

	for (size = 1; size <= 256 << 10; size *= 2) {
		/* Put the next one off the line. */
		KUNIT_EXPECT_NOT_NULL(test, nooks_heap_alloc(&heap, 1, GFP_KERNEL));
		p = nooks_heap_alloc(&heap, size, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, p);
		KUNIT_EXPECT_TRUE_MSG(test, IS_ALIGNED((unsigned long)p, max(size, NOOKS_HEAP_GRAIN)),
				      "%zu bytes at %px", size, p);
	}
}

static void impossible_sizes_are_refused(struct kunit *test)
{
	KUNIT_EXPECT_NULL(test, nooks_heap_alloc(&heap, 0, GFP_KERNEL));
	KUNIT_EXPECT_NULL(test, nooks_heap_alloc(&heap, KMALLOC_MAX_SIZE + 1, GFP_KERNEL));
	KUNIT_EXPECT_NULL(test, nooks_heap_alloc(&heap, -1UL, GFP_KERNEL));
	KUNIT_EXPECT_NULL(test, nooks_heap_alloc_vmalloc(&heap, 0, GFP_KERNEL));
	KUNIT_EXPECT_NULL(test, nooks_heap_alloc_vmalloc(&heap, -1UL, GFP_KERNEL));
	KUNIT_EXPECT_NULL(test, nooks_heap_alloc_shared(&heap, NOOKS_HEAP_ORDERS, false, GFP_KERNEL));
	KUNIT_EXPECT_NULL(test, nooks_heap_alloc_shared(&heap, 0, true, GFP_KERNEL));
	KUNIT_EXPECT_EQ(test, 0, atomic_long_read(&heap.pages));
}

static void the_domain_cannot_write_the_books(struct kunit *test)
{
	void *small = nooks_heap_alloc(&heap, 100, GFP_KERNEL);
	void *large = nooks_heap_alloc(&heap, 100000, GFP_KERNEL);
	struct nooks_block *block;
	unsigned long index;
	unsigned int n = 0;

	KUNIT_ASSERT_NOT_NULL(test, small);
	KUNIT_ASSERT_NOT_NULL(test, large);
	KUNIT_EXPECT_FALSE(test, may_write(&heap, 1));
	xa_for_each(&heap.blocks, index, block) {
		KUNIT_EXPECT_FALSE(test, may_write(block, 1));
		KUNIT_EXPECT_TRUE(test, may_write(block->start, block->pages << PAGE_SHIFT));
		n++;
	}
	KUNIT_EXPECT_EQ(test, 2, n);
}

static void only_what_was_allocated_is_freed_and_once(struct kunit *test)
{
	u8 *small = nooks_heap_alloc(&heap, 1000, GFP_KERNEL);
	u8 *large = nooks_heap_alloc(&heap, 50000, GFP_KERNEL);
	u8 *vm = nooks_heap_alloc_vmalloc(&heap, 50000, GFP_KERNEL);
	u8 *foreign = kunit_kzalloc(test, PAGE_SIZE, GFP_KERNEL);
	u8 *all[] = { small, large, vm };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(all); i++) {
		u8 *p = all[i];

		KUNIT_ASSERT_NOT_NULL(test, p);
		KUNIT_EXPECT_FALSE(test, nooks_heap_free(&heap, p + 1));
		KUNIT_EXPECT_FALSE(test, nooks_heap_free(&heap, p + NOOKS_HEAP_GRAIN));
		KUNIT_EXPECT_FALSE(test, nooks_heap_free(&heap, p - NOOKS_HEAP_GRAIN));
		KUNIT_EXPECT_FALSE(test, nooks_heap_free(&heap, p + PAGE_SIZE));
		KUNIT_EXPECT_EQ(test, 0, nooks_heap_size(&heap, p + NOOKS_HEAP_GRAIN));
		KUNIT_EXPECT_TRUE(test, nooks_heap_free(&heap, p));
		KUNIT_EXPECT_FALSE(test, nooks_heap_free(&heap, p));
		KUNIT_EXPECT_EQ(test, 0, nooks_heap_size(&heap, p));
	}
	KUNIT_EXPECT_FALSE(test, nooks_heap_free(&heap, foreign));
	KUNIT_EXPECT_FALSE(test, nooks_heap_free(&heap, NULL));
	KUNIT_EXPECT_FALSE(test, nooks_heap_free(&heap, (void *)-1UL));
	KUNIT_EXPECT_FALSE(test, nooks_heap_free(&heap, (void *)(1UL << 63)));
	reap();
	KUNIT_EXPECT_FALSE(test, nooks_heap_free(&heap, large));
	KUNIT_EXPECT_FALSE(test, nooks_heap_free(&heap, vm));
}

static void the_limit_holds_and_what_is_freed_counts_no_more(struct kunit *test)
{
	void *all[16];
	unsigned int i, n;

	WRITE_ONCE(heap.limit, 64);
	for (n = 0; n < ARRAY_SIZE(all); n++) {
		all[n] = nooks_heap_alloc(&heap, 8 * PAGE_SIZE, GFP_KERNEL | __GFP_NOWARN);
		if (!all[n])
			break;
	}
	KUNIT_EXPECT_EQ(test, 8, n);
	KUNIT_EXPECT_EQ(test, 64, atomic_long_read(&heap.pages));
	KUNIT_EXPECT_NULL(test, nooks_heap_alloc(&heap, 8, GFP_KERNEL));
	KUNIT_EXPECT_NULL(test, nooks_heap_alloc_vmalloc(&heap, 8, GFP_KERNEL));
	KUNIT_EXPECT_NULL(test, nooks_heap_alloc_shared(&heap, 0, false, GFP_KERNEL));
	KUNIT_EXPECT_EQ(test, 64, atomic_long_read(&heap.pages));
	for (i = 0; i < n; i++)
		KUNIT_EXPECT_TRUE(test, nooks_heap_free(&heap, all[i]));
	reap();
	KUNIT_EXPECT_EQ(test, 0, atomic_long_read(&heap.pages));
	KUNIT_EXPECT_NOT_NULL(test, nooks_heap_alloc(&heap, 8 * PAGE_SIZE, GFP_KERNEL));
}

/* With a reference on its first page, the count tells whether the heap has put its own. */
static void freed_pages_leave_the_domain_before_the_allocator_gets_them(struct kunit *test)
{
	void *p = nooks_heap_alloc(&heap, 8 * PAGE_SIZE, GFP_KERNEL);
	struct page *page;
	unsigned long gen, flags;

	KUNIT_ASSERT_NOT_NULL(test, p);
	page = virt_to_page(p);
	get_page(page);
	gen = domain->tlb_gen;

	local_irq_save(flags);
	KUNIT_EXPECT_TRUE(test, nooks_heap_free(&heap, p));
	KUNIT_EXPECT_FALSE(test, may_write(p, 1));
	KUNIT_EXPECT_FALSE(test, may_write(p + 7 * PAGE_SIZE, 1));
	/*
	 * A CPU in the domain may hold the translation, until it takes the interrupt for which the
	 * reaper waits; this one does not.
	 */
	mdelay(20);
	KUNIT_EXPECT_EQ(test, 2, page_ref_count(page));
	KUNIT_EXPECT_EQ(test, 8, atomic_long_read(&heap.pages));
	local_irq_restore(flags);

	reap();
	KUNIT_EXPECT_NE(test, gen, READ_ONCE(domain->tlb_gen));
	KUNIT_EXPECT_EQ(test, 1, page_ref_count(page));
	KUNIT_EXPECT_EQ(test, 0, atomic_long_read(&heap.pages));
	put_page(page);
}

static void a_reset_takes_everything(struct kunit *test)
{
	void *all[64];
	unsigned int i, round;

	for (round = 0; round < 3; round++) {
		for (i = 0; i < ARRAY_SIZE(all); i++) {
			if (i % 8 == 0)
				all[i] = nooks_heap_alloc_vmalloc(&heap, 3 * PAGE_SIZE, GFP_KERNEL);
			else if (i % 8 == 1)
				all[i] = nooks_heap_alloc_shared(&heap, i % 3, false, GFP_KERNEL);
			else
				all[i] = nooks_heap_alloc(&heap, 1 + next_random(40000), GFP_KERNEL);
			KUNIT_ASSERT_NOT_NULL(test, all[i]);
			if (i % 8 == 7)
				nooks_heap_free(&heap, all[i]);
		}
		nooks_heap_reset(&heap);
		KUNIT_EXPECT_EQ(test, 0, atomic_long_read(&heap.pages));
		KUNIT_EXPECT_TRUE(test, xa_empty(&heap.blocks));
		for (i = 0; i < ARRAY_SIZE(all); i++) {
			KUNIT_EXPECT_FALSE(test, may_write(all[i], 1));
			KUNIT_EXPECT_EQ(test, 0, nooks_heap_size(&heap, all[i]));
			KUNIT_EXPECT_FALSE(test, nooks_heap_free(&heap, all[i]));
		}
	}
}

static void a_shared_page_is_used_again_when_all_have_put_it(struct kunit *test)
{
	void *p = nooks_heap_alloc_shared(&heap, 1, false, GFP_KERNEL);
	void *q;

	KUNIT_ASSERT_NOT_NULL(test, p);
	KUNIT_EXPECT_TRUE(test, may_write(p, 2 * PAGE_SIZE));
	get_page(virt_to_page(p));			/* the kernel, behind the heap's back */
	KUNIT_EXPECT_TRUE(test, nooks_heap_put_shared(&heap, p + 100));
	q = nooks_heap_alloc_shared(&heap, 1, false, GFP_KERNEL);
	KUNIT_EXPECT_PTR_NE(test, p, q);
	put_page(virt_to_page(p));
	KUNIT_EXPECT_FALSE(test, nooks_heap_put_shared(&heap, p));
	memset(p, 0xa5, 2 * PAGE_SIZE);
	KUNIT_EXPECT_PTR_EQ(test, p, nooks_heap_alloc_shared(&heap, 1, false, GFP_KERNEL | __GFP_ZERO));
	KUNIT_EXPECT_TRUE(test, all_are(p, 0, 2 * PAGE_SIZE));
	KUNIT_EXPECT_TRUE(test, may_write(p, 2 * PAGE_SIZE));
	KUNIT_EXPECT_FALSE(test, nooks_heap_free(&heap, p));
}

static void a_kept_page_is_not_writable(struct kunit *test)
{
	void *p = nooks_heap_alloc_shared(&heap, 2, true, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, p);
	KUNIT_EXPECT_TRUE(test, may_write(p, 3 * PAGE_SIZE));
	KUNIT_EXPECT_FALSE(test, may_write(p + 3 * PAGE_SIZE, 1));
}

static void what_is_lent_is_the_kernels_to_put(struct kunit *test)
{
	void *p = nooks_heap_alloc_shared(&heap, 2, true, GFP_KERNEL);
	void *small = nooks_heap_alloc(&heap, 100, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, p);
	KUNIT_EXPECT_FALSE(test, nooks_heap_lend(&heap, p, 4 * PAGE_SIZE + 1));
	KUNIT_EXPECT_FALSE(test, nooks_heap_lend(&heap, p + PAGE_SIZE, -1UL));
	KUNIT_EXPECT_FALSE(test, nooks_heap_lend(&heap, small, 1));
	KUNIT_EXPECT_FALSE(test, nooks_heap_lend(&heap, NULL, 1));
	KUNIT_EXPECT_FALSE(test, nooks_heap_lend(&heap, &heap, 1));
	KUNIT_EXPECT_TRUE(test, nooks_heap_lend(&heap, p + PAGE_SIZE, 3 * PAGE_SIZE));
	KUNIT_EXPECT_FALSE(test, nooks_heap_lend(&heap, p, 1));		/* once */
	KUNIT_EXPECT_FALSE(test, nooks_heap_put_shared(&heap, p));
	put_page(virt_to_page(p));
	KUNIT_EXPECT_PTR_EQ(test, p, nooks_heap_alloc_shared(&heap, 2, true, GFP_KERNEL));
}

static void the_kernels_reference_outlives_a_reset(struct kunit *test)
{
	void *p = nooks_heap_alloc_shared(&heap, 0, false, GFP_KERNEL);
	struct page *page;

	KUNIT_ASSERT_NOT_NULL(test, p);
	page = virt_to_page(p);
	get_page(page);
	memset(p, 0x5a, PAGE_SIZE);
	nooks_heap_reset(&heap);
	KUNIT_EXPECT_FALSE(test, may_write(p, 1));
	KUNIT_EXPECT_GT(test, page_ref_count(page), 1);		/* a device may still write to it */
	nooks_heap_settle(&heap);
	KUNIT_EXPECT_EQ(test, 1, page_ref_count(page));
	KUNIT_EXPECT_TRUE(test, all_are(p, 0x5a, PAGE_SIZE));
	put_page(page);
}

/* As get_page() and put_page() of the driver's: the store, then its being counted. */
static bool count(void *p, int change)
{
	if (!nooks_heap_may_count(&heap, p, change))
		return false;
	page_ref_add(virt_to_page(p), change);
	nooks_heap_counted(&heap, p, change);
	return true;
}

static void the_drivers_references_end_with_a_reset(struct kunit *test)
{
	void *p = nooks_heap_alloc_shared(&heap, 3, false, GFP_KERNEL);
	struct page *page;

	KUNIT_ASSERT_NOT_NULL(test, p);
	page = virt_to_page(p);
	KUNIT_EXPECT_FALSE(test, count(p, -2));
	KUNIT_EXPECT_TRUE(test, count(p, 1));
	KUNIT_EXPECT_TRUE(test, count(p, 5));
	KUNIT_EXPECT_TRUE(test, count(p, -1));
	KUNIT_EXPECT_FALSE(test, count(p, -7));
	KUNIT_EXPECT_FALSE(test, count(p, INT_MAX));
	KUNIT_EXPECT_FALSE(test, count(p, INT_MIN));
	KUNIT_EXPECT_TRUE(test, nooks_heap_lend(&heap, p, 1));
	KUNIT_EXPECT_TRUE(test, nooks_heap_lend(&heap, p + PAGE_SIZE, 1));
	get_page(page);			/* that is the kernel's third one */
	nooks_heap_reset(&heap);
	nooks_heap_settle(&heap);
	KUNIT_EXPECT_EQ(test, 3, page_ref_count(page));
	put_page(page);
	put_page(page);
	put_page(page);
}

static void what_is_put_but_not_yet_counted_is_not_used_again(struct kunit *test)
{
	void *p = nooks_heap_alloc_shared(&heap, 0, false, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, p);
	page_ref_dec(virt_to_page(p));
	KUNIT_EXPECT_PTR_NE(test, p, nooks_heap_alloc_shared(&heap, 0, false, GFP_KERNEL));
	nooks_heap_counted(&heap, p, -1);
	KUNIT_EXPECT_FALSE(test, count(p, -1));
	KUNIT_EXPECT_PTR_EQ(test, p, nooks_heap_alloc_shared(&heap, 0, false, GFP_KERNEL));
}

static struct {
	unsigned int calls;
	unsigned long pages;
	bool writable;
	int refs;
} gone;

static void shared_pages_go(struct nooks_heap *h, void *start, unsigned long pages)
{
	gone.calls++;
	gone.pages = pages;
	gone.writable = may_write(start, 1);
	gone.refs = page_ref_count(virt_to_page(start));
}

static void shared_pages_are_announced_while_the_heap_has_them(struct kunit *test)
{
	void *p = nooks_heap_alloc_shared(&heap, 2, false, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, p);
	memset(&gone, 0, sizeof(gone));
	heap.gone = shared_pages_go;
	nooks_heap_reset(&heap);
	KUNIT_EXPECT_EQ(test, 0, gone.calls);
	nooks_heap_settle(&heap);
	KUNIT_EXPECT_EQ(test, 1, gone.calls);
	KUNIT_EXPECT_EQ(test, 4, gone.pages);
	KUNIT_EXPECT_FALSE(test, gone.writable);
	KUNIT_EXPECT_GE(test, gone.refs, SHARED_BIAS);
}

static int allocate_and_free(void *seed)
{
	u32 state = (unsigned long)seed;
	void *mine[32] = {};
	int ret = 0;

	while (!kthread_should_stop()) {
		unsigned int i;

		state = state * 1664525 + 1013904223;
		i = (state >> 8) % ARRAY_SIZE(mine);
		if (mine[i]) {
			if (*(u32 *)mine[i] != (u32)(unsigned long)seed + i)
				ret = -EIO;
			if (!nooks_heap_free(&heap, mine[i]))
				ret = -ENOENT;
			mine[i] = NULL;
		} else {
			mine[i] = nooks_heap_alloc(&heap, 4 + (state >> 16) % 20000, GFP_KERNEL);
			if (mine[i])
				*(u32 *)mine[i] = (u32)(unsigned long)seed + i;
			else
				usleep_range(1000, 2000);	/* what is freed counts until it is reaped */
		}
		cond_resched();
	}
	return ret;
}

static void threads_share_the_heap(struct kunit *test)
{
	struct task_struct *threads[4];
	unsigned long i;

	for (i = 0; i < ARRAY_SIZE(threads); i++) {
		threads[i] = kthread_run(allocate_and_free, (void *)(i * 1000 + 1), "nooks_heap/%lu", i);
		KUNIT_ASSERT_FALSE(test, IS_ERR(threads[i]));
	}
	msleep(500);
	for (i = 0; i < ARRAY_SIZE(threads); i++)
		KUNIT_EXPECT_EQ(test, 0, kthread_stop(threads[i]));
}

static int heap_init(struct kunit *test)
{
	domain = nooks_domain_create();
	if (IS_ERR(domain))
		return PTR_ERR(domain);
	return nooks_heap_create(&heap, domain);
}

static void heap_exit(struct kunit *test)
{
	if (IS_ERR_OR_NULL(domain))
		return;
	nooks_heap_destroy(&heap);
	nooks_domain_destroy(domain);
	domain = NULL;
}

static struct kunit_case heap_cases[] = {
	KUNIT_CASE(objects_are_disjoint_aligned_zeroed_and_writable),
	KUNIT_CASE(powers_of_two_are_aligned_to_themselves),
	KUNIT_CASE(impossible_sizes_are_refused),
	KUNIT_CASE(the_domain_cannot_write_the_books),
	KUNIT_CASE(only_what_was_allocated_is_freed_and_once),
	KUNIT_CASE(the_limit_holds_and_what_is_freed_counts_no_more),
	KUNIT_CASE(freed_pages_leave_the_domain_before_the_allocator_gets_them),
	KUNIT_CASE(a_reset_takes_everything),
	KUNIT_CASE(a_shared_page_is_used_again_when_all_have_put_it),
	KUNIT_CASE(a_kept_page_is_not_writable),
	KUNIT_CASE(what_is_lent_is_the_kernels_to_put),
	KUNIT_CASE(the_kernels_reference_outlives_a_reset),
	KUNIT_CASE(the_drivers_references_end_with_a_reset),
	KUNIT_CASE(what_is_put_but_not_yet_counted_is_not_used_again),
	KUNIT_CASE(shared_pages_are_announced_while_the_heap_has_them),
	KUNIT_CASE(threads_share_the_heap),
	{}
};

static struct kunit_suite heap_suite = {
	.name = "nooks_heap",
	.init = heap_init,
	.exit = heap_exit,
	.test_cases = heap_cases,
};

kunit_test_suite(heap_suite);

MODULE_DESCRIPTION("Tests of domains' heaps");
MODULE_IMPORT_NS(NOOKS_TESTS);
MODULE_LICENSE("GPL");
