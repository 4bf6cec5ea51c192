// SPDX-License-Identifier: GPL-2.0
/*
 * A domain's heap: blocks of whole pages that the domain may write; what is known about them is
 * kept elsewhere. There are five kinds:
 *
 * - chunks, which hold small objects, as two bitmaps say;
 * - pages for one larger object;
 * - vmalloc memory for one object;
 * - shared pages, on which the kernel may hold references behind the domain's back (buffers of
 *   packets that are on their way up);
 * - fixed pages, which the domain has not asked for and can't free.
 *
 * A block that was granted must not reach the page allocator while a CPU may still write it with
 * the domain's translation. So a block is freed in two steps: it is revoked and put on the list of
 * the dead at once; the reap work flushes and then frees all of these.
 *
 * On each shared block the heap holds SHARED_BIAS references of its own: the block is in use while
 * the count is above that. The kernel puts its references as it always does, some of them inline, and
 * nobody tells the heap; what the driver has is known, for its inline counting is a checked store. The heap
 * looks at the count of the longest allocated blocks when it needs one: packet buffers come back in the order in which they were handed out, so the
 * first one is nearly always free, and no page table changes per packet. The references are many rather
 * than one so that a driver that puts a page too often can't make the kernel's last put free a page
 * that the domain can still write.
 */
#define pr_fmt(fmt) "nooks: " fmt
#include <linux/bitmap.h>
#include <linux/gfp.h>
#include <linux/jiffies.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>
#include "domain.h"
#include "heap.h"

#define GRAINS		(NOOKS_HEAP_CHUNK / NOOKS_HEAP_GRAIN)
#define SHARED_BIAS	(1 << 16)
#define SHARED_TRIES	8		/* blocks looked at for one allocation */
#define TRIM_BATCH	256		/* blocks looked at in one pass of the reap work */
#define TRIM_AGE	(5 * HZ)
#define TRIM_INTERVAL	(2 * HZ)

/* What a driver does not decide: placement that a domain can't use, and whose memory it is. */
#define GFP_REFUSED	(__GFP_HIGHMEM | __GFP_MOVABLE | __GFP_NOFAIL | __GFP_MEMALLOC | \
			 __GFP_ACCOUNT | __GFP_THISNODE | __GFP_HARDWALL | __GFP_COMP)

enum nooks_block_kind { BLOCK_CHUNK, BLOCK_PAGES, BLOCK_VMALLOC, BLOCK_SHARED, BLOCK_FIXED };

/**
 * struct nooks_block - pages of a heap
 * @list: in a list of the heap's
 * @start: page aligned
 * @pages: how many; of all kinds but vmalloc a power of two, one compound page
 * @kind: see above
 * @keep: the domain can't write the last page
 * @held: shared: references that the driver has: given to it or taken inline, and neither put nor lent
 * @stamp: shared: jiffies of the last allocation
 */
struct nooks_block {
	struct list_head list;
	void *start;
	unsigned long pages;
	enum nooks_block_kind kind;
	bool keep;
	int held;
	unsigned long stamp;
};

/**
 * struct nooks_chunk - a block of small objects
 * @block: the block
 * @nr_free: grains
 * @used: grains that belong to objects
 * @first: of these, the first of each object
 */
struct nooks_chunk {
	struct nooks_block block;
	unsigned int nr_free;
	DECLARE_BITMAP(used, GRAINS);
	DECLARE_BITMAP(first, GRAINS);
};

static_assert(offsetof(struct nooks_chunk, block) == 0);	/* freed as a block */

static struct nooks_chunk *chunk_of(struct nooks_block *block)
{
	return container_of(block, struct nooks_chunk, block);
}

/* From the start of the direct map, where most lie: a tree of small numbers is low. */
static unsigned long page_number(const void *p)
{
	return ((unsigned long)p - PAGE_OFFSET) >> PAGE_SHIFT;
}

/* One object that the driver may free? */
static bool is_object(const struct nooks_block *block)
{
	return block->kind == BLOCK_PAGES || block->kind == BLOCK_VMALLOC;
}

static unsigned int order_of(const struct nooks_block *block)
{
	return get_order(block->pages << PAGE_SHIFT);
}

static bool charge(struct nooks_heap *heap, unsigned long pages)
{
	if (atomic_long_add_return(pages, &heap->pages) <= READ_ONCE(heap->limit))
		return true;
	atomic_long_sub(pages, &heap->pages);
	atomic_long_inc(&heap->refused);
	return false;
}

static void *get_pages(enum nooks_block_kind kind, unsigned long pages, gfp_t gfp)
{
	struct page *page;

	if (kind == BLOCK_VMALLOC)
		return __vmalloc(pages << PAGE_SHIFT, gfp);
	if (kind == BLOCK_SHARED)
		gfp |= __GFP_NOMEMALLOC;	/* recycled: they must not come from the reserve */
	page = alloc_pages(gfp | __GFP_COMP, get_order(pages << PAGE_SHIFT));
	if (!page)
		return NULL;
	if (kind == BLOCK_SHARED)
		page_ref_add(page, SHARED_BIAS);	/* the first one is the driver's */
	return page_address(page);
}

/* Give the heap's references back, and the driver's. The kernel's remain, and free the pages some day. */
static void put_shared_pages(struct nooks_block *block)
{
	struct page *page = virt_to_page(block->start);
	int others = page_ref_count(page) - SHARED_BIAS;

	if (others < 0) {
		pr_warn_once("a driver has put a page too often: it is not used again\n");
		return;
	}
	__page_frag_cache_drain(page, SHARED_BIAS + clamp(block->held, 0, others));
}

static void put_pages(struct nooks_block *block)
{
	switch (block->kind) {
	case BLOCK_VMALLOC:
		vfree(block->start);
		break;
	case BLOCK_SHARED:
		put_shared_pages(block);
		break;
	default:
		__free_pages(virt_to_page(block->start), order_of(block));
	}
}

/* Free a block that is in no list and not in heap->blocks. Any context but NMI. */
static void bury(struct nooks_heap *heap, struct nooks_block *block)
{
	unsigned long flags;

	nooks_revoke(heap->domain, block->start, block->pages << PAGE_SHIFT);
	xa_lock_irqsave(&heap->blocks, flags);
	list_add(&block->list, &heap->dead);
	xa_unlock_irqrestore(&heap->blocks, flags);
	mod_delayed_work(system_wq, &heap->reap, 0);
}

/* Free a block that no domain can reach any more. */
static void free_block(struct nooks_heap *heap, struct nooks_block *block)
{
	if (block->kind == BLOCK_SHARED && heap->gone)
		heap->gone(heap, block->start, block->pages);
	put_pages(block);
	kfree(block);
}

/* Free what the dead list holds; it is revoked. */
static void free_dead(struct nooks_heap *heap)
{
	struct nooks_block *block, *next;
	unsigned long flags;
	LIST_HEAD(dead);

	xa_lock_irqsave(&heap->blocks, flags);
	list_splice_init(&heap->dead, &dead);
	xa_unlock_irqrestore(&heap->blocks, flags);
	if (list_empty(&dead))
		return;
	nooks_revoke_flush(heap->domain);
	list_for_each_entry_safe(block, next, &dead, list) {
		atomic_long_sub(block->pages, &heap->pages);
		free_block(heap, block);
	}
}

/* Make the block's pages writable in the domain, and the block known. */
static bool publish(struct nooks_heap *heap, struct nooks_block *block, gfp_t gfp)
{
	unsigned long flags;
	int ret;

	if (nooks_grant_write(heap->domain, block->start,
			      (block->pages - block->keep) << PAGE_SHIFT, gfp))
		return false;
	xa_lock_irqsave(&heap->blocks, flags);
	ret = __xa_insert(&heap->blocks, page_number(block->start), block,
			  GFP_ATOMIC | __GFP_NOWARN);
	if (!ret && block->kind == BLOCK_CHUNK)
		list_add(&block->list, &heap->chunks);
	else if (!ret && block->kind == BLOCK_SHARED)
		list_add_tail(&block->list, &heap->shared[order_of(block)][block->keep]);
	xa_unlock_irqrestore(&heap->blocks, flags);
	return !ret;
}

static struct nooks_block *add_block(struct nooks_heap *heap, enum nooks_block_kind kind,
				     unsigned long pages, bool keep, gfp_t gfp)
{
	gfp_t books = gfp & ~(GFP_ZONEMASK | __GFP_ZERO);
	struct nooks_block *block;

	if (!charge(heap, pages))
		return NULL;
	block = kzalloc(kind == BLOCK_CHUNK ? sizeof(struct nooks_chunk) : sizeof(*block), books);
	if (!block)
		goto uncharge;
	INIT_LIST_HEAD(&block->list);
	block->kind = kind;
	block->pages = pages;
	block->keep = keep;
	block->held = 1;
	block->stamp = jiffies;
	if (kind == BLOCK_CHUNK)
		chunk_of(block)->nr_free = GRAINS;
	block->start = get_pages(kind, pages, gfp);
	if (!block->start)
		goto free;
	if (publish(heap, block, books))
		return block;
	bury(heap, block);	/* some of its pages may be granted */
	return NULL;
free:
	kfree(block);
uncharge:
	atomic_long_sub(pages, &heap->pages);
	return NULL;
}

/* The block that an object at @p would lie in; a shared one only at its start. */
static struct nooks_block *block_at(struct nooks_heap *heap, const void *p)
{
	struct nooks_block *block = xa_load(&heap->blocks, page_number(p));

	if (block)
		return block;
	/* Compound pages are aligned to their size. */
	block = xa_load(&heap->blocks,
			page_number((void *)((unsigned long)p & ~(NOOKS_HEAP_CHUNK - 1))));
	return block && block->kind == BLOCK_CHUNK ? block : NULL;
}

/* Number of the grain at which the object at @p begins, or GRAINS; *@n: how many it has. */
static unsigned int find_small(struct nooks_chunk *chunk, const void *p, unsigned int *n)
{
	unsigned long offset = p - chunk->block.start;
	unsigned int at = offset / NOOKS_HEAP_GRAIN;

	if (offset % NOOKS_HEAP_GRAIN || !test_bit(at, chunk->first))
		return GRAINS;
	*n = min(find_next_zero_bit(chunk->used, GRAINS, at + 1),
		 find_next_bit(chunk->first, GRAINS, at + 1)) - at;
	return at;
}

static void *take_small(struct nooks_heap *heap, size_t size)
{
	unsigned int n = DIV_ROUND_UP(size, NOOKS_HEAP_GRAIN);
	/* As kmalloc: sizes that are powers of two are aligned to themselves. */
	unsigned long align_mask = is_power_of_2(size) ? n - 1 : 0;
	struct nooks_chunk *chunk;
	unsigned long flags;
	void *p = NULL;

	xa_lock_irqsave(&heap->blocks, flags);
	list_for_each_entry(chunk, &heap->chunks, block.list) {
		unsigned long at;

		if (chunk->nr_free < n)
			continue;
		at = bitmap_find_next_zero_area(chunk->used, GRAINS, 0, n, align_mask);
		if (at >= GRAINS)
			continue;
		bitmap_set(chunk->used, at, n);
		__set_bit(at, chunk->first);
		chunk->nr_free -= n;
		p = chunk->block.start + at * NOOKS_HEAP_GRAIN;
		break;
	}
	xa_unlock_irqrestore(&heap->blocks, flags);
	return p;
}

static void *alloc_small(struct nooks_heap *heap, size_t size, gfp_t gfp)
{
	gfp_t chunk_gfp = (gfp | __GFP_NOWARN) & ~__GFP_ZERO;
	void *p;

	do {
		p = take_small(heap, size);
	} while (!p && add_block(heap, BLOCK_CHUNK, NOOKS_HEAP_CHUNK >> PAGE_SHIFT, false,
				 chunk_gfp));
	if (p && (gfp & __GFP_ZERO))
		memset(p, 0, size);
	return p;
}

/**
 * nooks_heap_alloc - allocate an object
 * @heap: the heap
 * @size: bytes, not 0
 * @gfp: as for kmalloc(), whose rules on contents and alignment hold
 *
 * Any context but NMI, as @gfp allows. Return: memory that the domain may write; NULL without
 * memory or beyond the heap's limit.
 */
void *nooks_heap_alloc(struct nooks_heap *heap, size_t size, gfp_t gfp)
{
	struct nooks_block *block;
	void *p = NULL;

	gfp &= ~GFP_REFUSED;
	if (!size || size > KMALLOC_MAX_SIZE)
		return NULL;
	if (size <= NOOKS_HEAP_SMALL && !(gfp & GFP_ZONEMASK))
		p = alloc_small(heap, size, gfp);
	if (p)
		return p;
	/* Also where there are pages, but not enough in one piece for a chunk. */
	block = add_block(heap, BLOCK_PAGES, 1UL << get_order(size), false, gfp);
	return block ? block->start : NULL;
}

/**
 * nooks_heap_alloc_fixed - allocate pages that stay until the heap is reset
 * @heap: the heap
 * @size: bytes, a power of two of at least a page; the pages are aligned to it
 * @gfp: as for alloc_pages()
 *
 * For what nooks keeps in the domain's reach: the driver can't free it. Any context but NMI, as
 * @gfp allows. Return: see nooks_heap_alloc().
 */
void *nooks_heap_alloc_fixed(struct nooks_heap *heap, size_t size, gfp_t gfp)
{
	struct nooks_block *block = add_block(heap, BLOCK_FIXED, size >> PAGE_SHIFT, false,
					      gfp & ~GFP_REFUSED);

	return block ? block->start : NULL;
}

/**
 * nooks_heap_alloc_vmalloc - allocate an object in virtually contiguous memory
 * @heap: the heap
 * @size: bytes, not 0
 * @gfp: as for __vmalloc()
 *
 * Context: may sleep. Return: see nooks_heap_alloc().
 */
void *nooks_heap_alloc_vmalloc(struct nooks_heap *heap, size_t size, gfp_t gfp)
{
	struct nooks_block *block;

	might_sleep();
	if (!size || size > (size_t)READ_ONCE(heap->limit) << PAGE_SHIFT)
		return NULL;
	block = add_block(heap, BLOCK_VMALLOC, PAGE_ALIGN(size) >> PAGE_SHIFT, false,
			  gfp & ~GFP_REFUSED);
	return block ? block->start : NULL;
}

/**
 * nooks_heap_size - size of an object
 * @heap: the heap
 * @p: address
 *
 * Any context but NMI. Return: usable bytes of the object that starts at @p; 0 if there is none.
 */
size_t nooks_heap_size(struct nooks_heap *heap, const void *p)
{
	struct nooks_block *block;
	unsigned long flags;
	unsigned int n;
	size_t size = 0;

	xa_lock_irqsave(&heap->blocks, flags);
	block = block_at(heap, p);
	if (block && block->kind == BLOCK_CHUNK) {
		if (find_small(chunk_of(block), p, &n) < GRAINS)
			size = n * NOOKS_HEAP_GRAIN;
	} else if (block && is_object(block) && p == block->start) {
		size = block->pages << PAGE_SHIFT;
	}
	xa_unlock_irqrestore(&heap->blocks, flags);
	return size;
}

/**
 * nooks_heap_free - free an object
 * @heap: the heap
 * @p: what nooks_heap_alloc() or nooks_heap_alloc_vmalloc() have returned
 *
 * Any context but NMI. Return: false if no object starts at @p.
 */
bool nooks_heap_free(struct nooks_heap *heap, const void *p)
{
	struct nooks_block *block, *dead = NULL;
	unsigned long flags;
	unsigned int at, n;
	bool found = false;

	xa_lock_irqsave(&heap->blocks, flags);
	block = block_at(heap, p);
	if (block && block->kind == BLOCK_CHUNK) {
		struct nooks_chunk *chunk = chunk_of(block);

		at = find_small(chunk, p, &n);
		found = at < GRAINS;
		if (found) {
			bitmap_clear(chunk->used, at, n);
			__clear_bit(at, chunk->first);
			chunk->nr_free += n;
		}
	} else if (block && is_object(block) && p == block->start) {
		found = true;
		dead = block;
		__xa_erase(&heap->blocks, page_number(p));
	}
	xa_unlock_irqrestore(&heap->blocks, flags);
	if (dead)
		bury(heap, dead);
	return found;
}

/* The driver's own put is seen in the pages' count before it is counted. */
static bool unused(const struct nooks_block *block)
{
	return page_ref_count(virt_to_page(block->start)) == SHARED_BIAS && block->held <= 0;
}

static void *recycle(struct nooks_heap *heap, struct list_head *list)
{
	unsigned int tries = SHARED_TRIES;
	struct nooks_block *block;
	unsigned long flags;
	void *p = NULL;

	xa_lock_irqsave(&heap->blocks, flags);
	while (!p && tries--) {
		block = list_first_entry_or_null(list, struct nooks_block, list);
		if (!block)
			break;
		list_move_tail(&block->list, list);
		if (!unused(block))
			continue;
		page_ref_inc(virt_to_page(block->start));
		block->held = 1;
		block->stamp = jiffies;
		p = block->start;
	}
	xa_unlock_irqrestore(&heap->blocks, flags);
	return p;
}

/**
 * nooks_heap_alloc_shared - allocate pages that the kernel may hold references on
 * @heap: the heap
 * @order: of the compound page
 * @keep_last: the domain is not to write the last page
 * @gfp: as for alloc_pages()
 *
 * The caller gets one reference. It is put, by whoever has it, like any other (put_page(),
 * page_frag_free()) or with nooks_heap_put_shared(). Any context but NMI, as @gfp allows. Return:
 * the pages' address; NULL without memory or beyond the heap's limit.
 */
void *nooks_heap_alloc_shared(struct nooks_heap *heap, unsigned int order, bool keep_last,
			      gfp_t gfp)
{
	struct nooks_block *block;
	void *p = NULL;

	gfp &= ~GFP_REFUSED;
	if (order >= NOOKS_HEAP_ORDERS || (keep_last && !order))
		return NULL;
	if (!(gfp & GFP_ZONEMASK))
		p = recycle(heap, &heap->shared[order][keep_last]);
	if (p) {
		if (gfp & __GFP_ZERO)
			memset(p, 0, PAGE_SIZE << order);
		return p;
	}
	block = add_block(heap, BLOCK_SHARED, 1UL << order, keep_last, gfp);
	if (!block)
		return NULL;
	queue_delayed_work(system_wq, &heap->reap, TRIM_INTERVAL);
	return block->start;
}

/* The shared block that starts at @p, or NULL. Under the lock of heap->blocks. */
static struct nooks_block *shared_at(struct nooks_heap *heap, const void *p)
{
	struct nooks_block *block = xa_load(&heap->blocks, page_number(p));

	return block && block->kind == BLOCK_SHARED ? block : NULL;
}

/* Take one of the driver's references on the shared block around [@p, @p + @size). */
static struct nooks_block *take_reference(struct nooks_heap *heap, const void *p, size_t size)
{
	struct nooks_block *block;
	struct page *page;
	size_t offset;

	if (!virt_addr_valid(p))
		return NULL;
	page = virt_to_head_page(p);
	block = shared_at(heap, page_address(page));
	if (!block)
		return NULL;
	offset = p - block->start;
	if (offset >= block->pages << PAGE_SHIFT || size > (block->pages << PAGE_SHIFT) - offset)
		return NULL;
	if (page_ref_count(page) <= SHARED_BIAS || block->held < 1)
		return NULL;
	block->held--;
	return block;
}

/**
 * nooks_heap_get_shared - give the driver one more reference
 * @heap: the heap
 * @p: start of a shared block that is in use
 *
 * Any context but NMI. Return: false if none that is in use starts at @p.
 */
bool nooks_heap_get_shared(struct nooks_heap *heap, const void *p)
{
	struct nooks_block *block;
	unsigned long flags;
	bool ret;

	xa_lock_irqsave(&heap->blocks, flags);
	block = shared_at(heap, p);
	ret = block && !unused(block);
	if (ret) {
		page_ref_inc(virt_to_page(p));
		block->held++;
	}
	xa_unlock_irqrestore(&heap->blocks, flags);
	return ret;
}

/**
 * nooks_heap_put_shared - put a reference of the driver's
 * @heap: the heap
 * @p: address in a shared block
 *
 * Any context but NMI. Return: false if the driver has none.
 */
bool nooks_heap_put_shared(struct nooks_heap *heap, const void *p)
{
	struct nooks_block *block;
	unsigned long flags;

	xa_lock_irqsave(&heap->blocks, flags);
	block = take_reference(heap, p, 1);
	if (block)
		page_ref_dec(virt_to_page(block->start));
	xa_unlock_irqrestore(&heap->blocks, flags);
	return block;
}

/**
 * nooks_heap_may_count - may the driver itself change the reference count of a page?
 * @heap: the heap
 * @p: address of the page
 * @change: by how many
 *
 * A shared block's, by what it has; of other pages, whose references are the heap's alone, it may take one, and put that.
 * Any context but NMI.
 */
bool nooks_heap_may_count(struct nooks_heap *heap, const void *p, int change)
{
	struct nooks_block *block;
	unsigned long flags;
	bool ret;

	xa_lock_irqsave(&heap->blocks, flags);
	block = shared_at(heap, p);
	if (block)
		ret = change < 0 ? block->held >= -(long)change : change < SHARED_BIAS && block->held < SHARED_BIAS;
	else
		ret = change == 1 || (change == -1 && page_ref_count(virt_to_page(p)) > 1);
	xa_unlock_irqrestore(&heap->blocks, flags);
	return ret;
}

/**
 * nooks_heap_counted - the driver has changed the reference count of a page
 * @heap: the heap
 * @p: address of the page
 * @change: by how many; nooks_heap_may_count()
 *
 * Any context but NMI.
 */
void nooks_heap_counted(struct nooks_heap *heap, const void *p, int change)
{
	struct nooks_block *block;
	unsigned long flags;

	xa_lock_irqsave(&heap->blocks, flags);
	block = shared_at(heap, p);
	if (block)
		block->held += change;
	xa_unlock_irqrestore(&heap->blocks, flags);
}

/**
 * nooks_heap_shared_references - references on a shared block
 * @heap: the heap
 * @p: its start
 *
 * Any context but NMI. Return: the driver's and the kernel's together; 0 too if no block starts at @p.
 */
int nooks_heap_shared_references(struct nooks_heap *heap, const void *p)
{
	struct nooks_block *block;
	unsigned long flags;
	int n = 0;

	xa_lock_irqsave(&heap->blocks, flags);
	block = shared_at(heap, p);
	if (block)
		n = page_ref_count(virt_to_page(p)) - SHARED_BIAS;
	xa_unlock_irqrestore(&heap->blocks, flags);
	return max(n, 0);
}

/**
 * nooks_heap_lend - make one of the driver's references on a shared block the kernel's
 * @heap: the heap
 * @p: address in the block
 * @size: bytes from @p that the kernel will use
 *
 * To be called wherever the kernel takes over memory of the driver's that it will put itself
 * (build_skb(), fragments of a packet delivered): it is the check of the driver's claim, and tells
 * a reset whose references are whose. Any context but NMI. Return: false if the range is in no
 * shared block, or the driver has no reference on it.
 */
bool nooks_heap_lend(struct nooks_heap *heap, const void *p, size_t size)
{
	unsigned long flags;
	bool ret;

	xa_lock_irqsave(&heap->blocks, flags);
	ret = take_reference(heap, p, size);
	xa_unlock_irqrestore(&heap->blocks, flags);
	return ret;
}

/* Let shared blocks go that have been unused for long. Return: true if any are left. */
static bool trim(struct nooks_heap *heap, struct list_head *list)
{
	struct nooks_block *block, *next;
	unsigned int n = TRIM_BATCH;
	unsigned long flags;
	LIST_HEAD(idle);
	bool left;

	xa_lock_irqsave(&heap->blocks, flags);
	list_for_each_entry_safe(block, next, list, list) {
		if (!n-- || time_before(jiffies, block->stamp + TRIM_AGE))
			break;
		if (!unused(block)) {
			list_move_tail(&block->list, list);
			continue;
		}
		__xa_erase(&heap->blocks, page_number(block->start));
		list_move(&block->list, &idle);
	}
	left = !list_empty(list);
	xa_unlock_irqrestore(&heap->blocks, flags);

	list_for_each_entry_safe(block, next, &idle, list) {
		list_del(&block->list);
		bury(heap, block);
	}
	return left;
}

static void reap_work(struct work_struct *work)
{
	struct nooks_heap *heap = container_of(work, struct nooks_heap, reap.work);
	bool left = false;
	unsigned int i;

	for (i = 0; i < NOOKS_HEAP_ORDERS; i++) {
		left |= trim(heap, &heap->shared[i][false]);
		left |= trim(heap, &heap->shared[i][true]);
	}
	free_dead(heap);
	if (left)
		queue_delayed_work(system_wq, &heap->reap, TRIM_INTERVAL);
}

/*
 * Drivers have queues, with buffers, for each CPU: so does the limit grow. But one driver alone must not
 * use up a machine that has little memory.
 */
static long default_limit(void)
{
	long one = NOOKS_HEAP_PER_CPU >> PAGE_SHIFT;

	return clamp_t(long, totalram_pages() / 8, one, one * num_online_cpus());
}

/**
 * nooks_heap_create - make a domain's heap, empty
 * @heap: storage
 * @domain: outlives the heap
 *
 * Return: 0.
 */
int nooks_heap_create(struct nooks_heap *heap, struct nooks_domain *domain)
{
	unsigned int i;

	heap->domain = domain;
	xa_init_flags(&heap->blocks, XA_FLAGS_LOCK_IRQ);
	INIT_LIST_HEAD(&heap->chunks);
	for (i = 0; i < NOOKS_HEAP_ORDERS; i++) {
		INIT_LIST_HEAD(&heap->shared[i][false]);
		INIT_LIST_HEAD(&heap->shared[i][true]);
	}
	INIT_LIST_HEAD(&heap->dead);
	INIT_LIST_HEAD(&heap->remnants);
	INIT_DELAYED_WORK(&heap->reap, reap_work);
	atomic_long_set(&heap->pages, 0);
	atomic_long_set(&heap->refused, 0);
	heap->limit = default_limit();
	heap->gone = NULL;
	return 0;
}

/**
 * nooks_heap_reset - take everything from the domain
 * @heap: of a domain that is closed and idle
 *
 * The pages are freed by nooks_heap_settle() only: a device may still write to them. Context: may
 * sleep; one caller at a time, of the three.
 */
void nooks_heap_reset(struct nooks_heap *heap)
{
	struct nooks_block *block;
	unsigned long index, flags;

	cancel_delayed_work_sync(&heap->reap);
	xa_lock_irqsave(&heap->blocks, flags);
	xa_for_each(&heap->blocks, index, block) {
		__xa_erase(&heap->blocks, index);
		list_move(&block->list, &heap->dead);
	}
	xa_unlock_irqrestore(&heap->blocks, flags);

	/* Nobody else is left to use the list. */
	list_for_each_entry(block, &heap->dead, list) {
		nooks_revoke(heap->domain, block->start, block->pages << PAGE_SHIFT);
		atomic_long_sub(block->pages, &heap->pages);
	}
	nooks_revoke_flush(heap->domain);
	list_splice_tail_init(&heap->dead, &heap->remnants);
	WARN_ON_ONCE(atomic_long_read(&heap->pages));
}

/**
 * nooks_heap_settle - free what nooks_heap_reset() has taken
 * @heap: of a domain whose devices have been reset since
 *
 * Shared pages that the kernel holds references on live until it puts them. Context: may sleep.
 */
void nooks_heap_settle(struct nooks_heap *heap)
{
	struct nooks_block *block, *next;

	list_for_each_entry_safe(block, next, &heap->remnants, list)
		free_block(heap, block);
	INIT_LIST_HEAD(&heap->remnants);
}

/** nooks_heap_destroy - free the heap of a closed and idle domain. Context: may sleep. */
void nooks_heap_destroy(struct nooks_heap *heap)
{
	nooks_heap_reset(heap);
	nooks_heap_settle(heap);
	xa_destroy(&heap->blocks);
}
