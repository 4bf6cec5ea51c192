// SPDX-License-Identifier: GPL-2.0
/*
 * Pools of small blocks that a driver shares with its device. The kernel's pools link their free blocks
 * through the blocks, which a driver can write; these keep their books elsewhere. What the driver
 * has for a pool is a number. The blocks lie in coherent allocations of the driver's (dma.c), which
 * recovery takes care of.
 */
#include <linux/bitmap.h>
#include <linux/dma-mapping.h>
#include <linux/dmapool.h>
#include <linux/log2.h>
#include <linux/slab.h>
#include "../nooks/driver.h"
#include "args.h"
#include "dma.h"
#include "generated.h"

#define NAME_MAX_LEN	64

/**
 * struct nooks_pool_slab - an allocation that is cut into blocks
 * @list: of the pool
 * @start: the kernel's address
 * @handle: the device's
 * @used: blocks that the driver has
 */
struct nooks_pool_slab {
	struct list_head list;
	void *start;
	dma_addr_t handle;
	unsigned long used[];
};

/**
 * struct nooks_pool - a pool
 * @object: start is the driver's number for it
 * @dev: the device
 * @size: of a block
 * @boundary: no block crosses a multiple of it
 * @bytes: of a slab
 * @blocks: of a slab
 * @lock: protects the slabs; interrupts off
 * @slabs: all, newest first
 */
struct nooks_pool {
	struct nooks_object object;
	struct device *dev;
	size_t size;
	size_t boundary;
	size_t bytes;
	unsigned int blocks;
	raw_spinlock_t lock;
	struct list_head slabs;
};

static atomic_long_t next_number = ATOMIC_LONG_INIT(0);

static struct nooks_pool *to_pool(struct nooks_object *object)
{
	return container_of(object, struct nooks_pool, object);
}

static void init_pool(struct nooks_object *object)
{
	raw_spin_lock_init(&to_pool(object)->lock);
	INIT_LIST_HEAD(&to_pool(object)->slabs);
}

/* Only the books: what they are about is tracked by itself. */
static void free_pool(struct nooks_object *object)
{
	struct nooks_pool_slab *slab, *next;

	list_for_each_entry_safe(slab, next, &to_pool(object)->slabs, list)
		kfree(slab);
	kfree(to_pool(object));
}

static const struct nooks_object_class pool_class = {
	.name = "DMA pool",
	.phase = NOOKS_PHASE_MEMORY,
	.size = sizeof(struct nooks_pool),
	.init = init_pool,
	.free = free_pool,
};

/* A pool of the driver's, with a reference; NULL, and its domain has failed, if it is none. */
static struct nooks_pool *get_pool(struct nooks_crossing *x, unsigned long number, const char *fn)
{
	struct nooks_object *object = nooks_object_get(nooks_driver_of(x), &pool_class,
						       (void *)number);

	if (object)
		return to_pool(object);
	nooks_fail(x, NOOKS_BAD_ARGUMENT, number, "%s: no pool of this driver", fn);
	return NULL;
}

static unsigned int blocks_per_boundary(const struct nooks_pool *pool)
{
	return pool->boundary / pool->size;
}

static size_t offset_of_block(const struct nooks_pool *pool, unsigned int block)
{
	unsigned int n = blocks_per_boundary(pool);

	return block / n * pool->boundary + block % n * pool->size;
}

/* The number of the block that begins at an offset; that of no block if none does. */
static unsigned int block_at(const struct nooks_pool *pool, size_t offset)
{
	size_t within = offset % pool->boundary;

	if (within % pool->size)
		return pool->blocks;
	return offset / pool->boundary * blocks_per_boundary(pool) + within / pool->size;
}

/*
 * struct dma_pool *dma_pool_create(const char *name, struct device *dev, size_t size, size_t align,
 *				    size_t boundary)
 */
NOOKS_WRAPPER(dma_pool_create)
{
	static const char fn[] = "dma_pool_create";
	size_t size = max_t(size_t, a2, 4), align = a3 ?: 1, boundary = a4, bytes;
	struct nooks_object *object;
	struct nooks_pool *pool;

	if (!nooks_may_sleep(x, fn) ||
	    !nooks_arg_string(x, (const char *)a0, NAME_MAX_LEN, false, fn, "name") ||
	    !nooks_arg_object(x, (void *)a1, NOOKS_TYPE_device, false, fn, "dev"))
		return 0;
	if (!a2 || a2 > SZ_1M || align > SZ_1M || !is_power_of_2(align))
		return 0;
	size = ALIGN(size, align);
	bytes = max_t(size_t, size, PAGE_SIZE);
	if (boundary && (boundary < size || !is_power_of_2(boundary)))
		return 0;
	if (!boundary || boundary > bytes)
		boundary = bytes;

	object = nooks_object_add(nooks_driver_of(x), &pool_class,
				  (void *)atomic_long_inc_return(&next_number), 1,
				  NOOKS_TYPE_none, GFP_KERNEL);
	if (!object)
		return 0;
	pool = to_pool(object);
	pool->dev = (struct device *)a1;
	pool->size = size;
	pool->boundary = boundary;
	pool->bytes = bytes;
	pool->blocks = bytes / boundary * (boundary / size);
	return object->start;
}

/* Give the driver a block, if there is one: its address and, in @handle, the device's. */
static void *take_block(struct nooks_pool *pool, dma_addr_t *handle)
{
	struct nooks_pool_slab *slab;
	unsigned long flags;
	void *p = NULL;

	raw_spin_lock_irqsave(&pool->lock, flags);
	list_for_each_entry(slab, &pool->slabs, list) {
		unsigned int block = find_first_zero_bit(slab->used, pool->blocks);
		size_t offset = offset_of_block(pool, block);

		if (block == pool->blocks)
			continue;
		__set_bit(block, slab->used);
		*handle = slab->handle + offset;
		p = slab->start + offset;
		break;
	}
	raw_spin_unlock_irqrestore(&pool->lock, flags);
	return p;
}

static bool add_slab(struct nooks_driver *driver, struct nooks_pool *pool, gfp_t gfp)
{
	struct nooks_pool_slab *slab = kzalloc(struct_size(slab, used, BITS_TO_LONGS(pool->blocks)),
					       gfp & ~GFP_ZONEMASK);
	unsigned long flags;

	if (!slab)
		return false;
	slab->start = nooks_dma_alloc(driver, pool->dev, pool->bytes, &slab->handle, gfp, 0, true);
	if (!slab->start) {
		kfree(slab);
		return false;
	}
	raw_spin_lock_irqsave(&pool->lock, flags);
	list_add(&slab->list, &pool->slabs);
	raw_spin_unlock_irqrestore(&pool->lock, flags);
	return true;
}

/* void *dma_pool_alloc(struct dma_pool *pool, gfp_t mem_flags, dma_addr_t *handle) */
NOOKS_WRAPPER(dma_pool_alloc)
{
	static const char fn[] = "dma_pool_alloc";
	gfp_t gfp = (__force gfp_t)a1 & ~(__GFP_NOFAIL | __GFP_COMP);
	dma_addr_t handle, *out = (dma_addr_t *)a2;
	struct nooks_pool *pool;
	void *p;

	if (!nooks_arg_writable(x, out, sizeof(*out), false, fn, "handle") ||
	    !nooks_arg_gfp(x, gfp, fn))
		return 0;
	pool = get_pool(x, a0, fn);
	if (!pool)
		return 0;
	/* The driver may have left the device, and the pool behind. */
	if (!nooks_arg_object(x, pool->dev, NOOKS_TYPE_device, false, fn, "pool's device")) {
		nooks_object_free(&pool->object);
		return 0;
	}
	/* Another thread may be quicker, but the driver's, who then waits for itself. */
	while (!(p = take_block(pool, &handle)) &&
	       add_slab(nooks_driver_of(x), pool, gfp & ~__GFP_ZERO))
		;
	if (p) {
		if (want_init_on_alloc(gfp))
			memset(p, 0, pool->size);
		*out = handle;
	}
	nooks_object_free(&pool->object);
	return (unsigned long)p;
}

/* Return: what is wrong with it, or NULL. */
static const char *put_block(struct nooks_pool *pool, const void *p, dma_addr_t handle)
{
	const char *why = "not of this pool";
	struct nooks_pool_slab *slab;
	unsigned long flags;

	raw_spin_lock_irqsave(&pool->lock, flags);
	list_for_each_entry(slab, &pool->slabs, list) {
		size_t offset = p - slab->start;
		unsigned int block;

		if (p < slab->start || offset >= pool->bytes)
			continue;
		block = block_at(pool, offset);
		if (block >= pool->blocks || handle != slab->handle + offset)
			why = "not the start of a block, or with another handle";
		else
			why = __test_and_clear_bit(block, slab->used) ? NULL : "freed already";
		break;
	}
	raw_spin_unlock_irqrestore(&pool->lock, flags);
	return why;
}

/* void dma_pool_free(struct dma_pool *pool, void *vaddr, dma_addr_t dma) */
NOOKS_WRAPPER(dma_pool_free)
{
	static const char fn[] = "dma_pool_free";
	struct nooks_pool *pool = get_pool(x, a0, fn);
	const char *why;

	if (!pool)
		return 0;
	why = put_block(pool, (void *)a1, a2);
	if (why)
		nooks_fail(x, NOOKS_BAD_ARGUMENT, a1, "%s: %s", fn, why);
	nooks_object_free(&pool->object);
	return 0;
}

/* void dma_pool_destroy(struct dma_pool *pool) */
NOOKS_WRAPPER(dma_pool_destroy)
{
	static const char fn[] = "dma_pool_destroy";
	struct nooks_driver *driver = nooks_driver_of(x);
	struct nooks_pool_slab *slab, *next;
	struct nooks_object *object;
	struct nooks_pool *pool;
	unsigned long flags;
	LIST_HEAD(empty);

	if (!a0 || !nooks_may_sleep(x, fn))
		return 0;
	object = nooks_object_remove(driver, &pool_class, (void *)a0);
	if (!object) {
		nooks_fail(x, NOOKS_BAD_ARGUMENT, a0, "%s: no pool of this driver", fn);
		return 0;
	}
	/*
	 * A slab with a block in use stays the driver's to the end: the device may write there. Another
	 * thread of the driver's may be about to take a block.
	 */
	pool = to_pool(object);
	raw_spin_lock_irqsave(&pool->lock, flags);
	list_for_each_entry_safe(slab, next, &pool->slabs, list)
		if (bitmap_empty(slab->used, pool->blocks))
			list_move(&slab->list, &empty);
	raw_spin_unlock_irqrestore(&pool->lock, flags);
	list_for_each_entry_safe(slab, next, &empty, list) {
		nooks_dma_free(driver, slab->start);
		kfree(slab);
	}
	nooks_object_free(object);
	return 0;
}
