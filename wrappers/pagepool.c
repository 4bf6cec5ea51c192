// SPDX-License-Identifier: GPL-2.0
/*
 * Page pools, from which drivers get receive buffers that are mapped for their device already. The kernel's keep pages
 * that come back, and free them, where no domain hears of it; and a domain could write them all the time. So the
 * pools of drivers in domains are made of the domain's heap, which does what a pool is for: it finds the pages that the
 * kernel has put, by their counts, and gives them out again (domains/heap.c).
 *
 * What the driver has for a pool is a struct page_pool that it can read, for inline functions do, and that nothing but
 * these wrappers uses. A page stays mapped for its pool's device until it leaves the heap or the pool is destroyed: the
 * pages of a packet may outlive both.
 *
 * The kernel counts the parts of a page that are in use in the page, by inline functions. Here each part has a reference
 * on the page, and that count stays 1, which has these functions come here for each of them. So a packet need not know
 * that its pages are of a pool (skb_mark_for_recycle()).
 */
#include <linux/dma-mapping.h>
#include <linux/err.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include "pagepool.h"		/* before compat.h, which asks for its flags */
#include "../nooks/compat.h"
#include "../nooks/driver.h"
#include "args.h"
#include "dma.h"
#include "generated.h"
#include "mm.h"
#include "walk.h"

#define FLAGS_KNOWN	(PP_FLAG_DMA_MAP | PP_FLAG_DMA_SYNC_DEV | NOOKS_PAGE_POOL_FLAGS)
#define POOL_SIZE_MAX	32768		/* the kernel's */
#define ORDER_MAX	5
/* The device gets the pages by dma_sync_*(), and the driver, too. */
#define MAP_ATTRS	(DMA_ATTR_SKIP_CPU_SYNC | DMA_ATTR_WEAK_ORDERING)

/**
 * struct nooks_page_pool - a pool
 * @object: start is @seen
 * @seen: what the driver has for it; read-only to the domain but for what annotations allow
 * @params: what it was made by
 * @dev: of @params, with a reference; NULL if nothing is mapped
 * @id: by which XDP knows it
 * @users: the driver, and descriptions of receive queues
 * @pages: what it was the last pool to give, under pages_lock
 * @dead: nothing is given any more; under pages_lock
 * @lock: protects @frag and the offset in @seen; interrupts off
 * @frag: NULL, or the page that fragments are cut from, with a reference; how far, says @seen
 *
 * Lifetime: until nobody uses it; whoever works on it has a reference to @object.
 */
struct nooks_page_pool {
	struct nooks_object object;
	struct page_pool *seen;
	struct page_pool_params params;
	struct device *dev;
	u32 id;
	atomic_t users;
	struct list_head pages;
	bool dead;
	spinlock_t lock;
	struct page *frag;
};

/**
 * struct nooks_pool_page - a page that a pool has given
 * @object: start is the page's struct
 * @list: in the pages of @pool, under pages_lock
 * @pool: that was the last one to give it, under pages_lock
 * @dev: for which it is mapped, or NULL; only to be compared
 * @dir: how
 * @dma: the device's address
 *
 * Lifetime: until its pool is destroyed, or the page leaves the heap.
 */
struct nooks_pool_page {
	struct nooks_object object;
	struct list_head list;
	struct nooks_page_pool *pool;
	struct device *dev;
	enum dma_data_direction dir;
	dma_addr_t dma;
};

/* Which pages are whose; interrupts off, outside the tracker's lock. */
static DEFINE_RAW_SPINLOCK(pages_lock);
static atomic_t last_id = ATOMIC_INIT(0);

static struct nooks_page_pool *to_pool(struct nooks_object *object)
{
	return container_of(object, struct nooks_page_pool, object);
}

static struct nooks_pool_page *to_pool_page(struct nooks_object *object)
{
	return container_of(object, struct nooks_pool_page, object);
}

static void init_pool_page(struct nooks_object *object)
{
	INIT_LIST_HEAD(&to_pool_page(object)->list);
}

static void release_page(struct nooks_object *object)
{
	struct nooks_pool_page *p = to_pool_page(object);
	unsigned long flags;

	raw_spin_lock_irqsave(&pages_lock, flags);
	list_del_init(&p->list);
	raw_spin_unlock_irqrestore(&pages_lock, flags);
	/* There is nothing to undo if the driver has done that, or has left the device. */
	if (p->dev)
		nooks_dma_unmap(object->driver, p->dev, p->dma, 0, MAP_ATTRS);
}

static const struct nooks_object_class page_class = {
	.name = "page of a pool",
	.phase = NOOKS_PHASE_MAPPINGS,
	.release = release_page,
	.size = sizeof(struct nooks_pool_page),
	.init = init_pool_page,
};

/* The page's books, out of the table and of its pool; NULL if it is of none. */
static struct nooks_object *take_page(struct nooks_driver *driver, const struct page *page)
{
	struct nooks_object *object;

	lockdep_assert_held(&pages_lock);
	object = nooks_object_remove(driver, &page_class, page);
	if (object)
		list_del_init(&to_pool_page(object)->list);
	return object;
}

/* @object: has left the table, or is NULL */
static void drop_page(struct nooks_object *object)
{
	if (!object)
		return;
	release_page(object);
	nooks_object_free(object);
}

/** nooks_page_pools_forget - a page leaves the heap; see pagepool.h */
void nooks_page_pools_forget(struct nooks_driver *driver, const struct page *page)
{
	struct nooks_object *object;
	unsigned long flags;

	raw_spin_lock_irqsave(&pages_lock, flags);
	object = take_page(driver, page);
	raw_spin_unlock_irqrestore(&pages_lock, flags);
	drop_page(object);
}

/* The driver may still have pages; they are of no pool any more. */
static void release_pool(struct nooks_object *object)
{
	struct nooks_page_pool *pool = to_pool(object);
	struct nooks_object *taken;
	struct nooks_pool_page *p;
	unsigned long flags;

	do {
		raw_spin_lock_irqsave(&pages_lock, flags);
		pool->dead = true;
		p = list_first_entry_or_null(&pool->pages, struct nooks_pool_page, list);
		taken = p ? take_page(object->driver, (struct page *)p->object.start) : NULL;
		raw_spin_unlock_irqrestore(&pages_lock, flags);
		drop_page(taken);
	} while (taken);
}

static void init_pool(struct nooks_object *object)
{
	struct nooks_page_pool *pool = to_pool(object);

	INIT_LIST_HEAD(&pool->pages);
	spin_lock_init(&pool->lock);
	pool->id = atomic_inc_return(&last_id);
	/* And without users: until create() has filled it in. */
	pool->dead = true;
}

static void free_pool(struct nooks_object *object)
{
	put_device(to_pool(object)->dev);
	kfree(to_pool(object)->seen);
	kfree(to_pool(object));
}

static const struct nooks_object_class pool_class = {
	.name = "page pool",
	.phase = NOOKS_PHASE_MAPPINGS,
	.release = release_pool,
	.size = sizeof(struct nooks_page_pool),
	.init = init_pool,
	.free = free_pool,
};

/* The pool that a driver means, with a reference; NULL, with the domain failed, if there is none. */
static struct nooks_page_pool *get_pool(struct nooks_crossing *x, unsigned long pool, const char *fn)
{
	struct nooks_object *object = nooks_object_get(nooks_driver_of(x), &pool_class, (void *)pool);

	if (object)
		return to_pool(object);
	nooks_fail(x, NOOKS_BAD_ARGUMENT, pool, "%s: no page pool of this driver's, or destroyed", fn);
	return NULL;
}

static void put_pool(struct nooks_page_pool *pool)
{
	nooks_object_free(&pool->object);
}

/* Another page to be cut up, with the caller's reference; returns the last one, ditto. */
static struct page *swap_frag(struct nooks_page_pool *pool, struct page *fresh)
{
	struct page *old;
	unsigned long flags;

	spin_lock_irqsave(&pool->lock, flags);
	old = pool->frag;
	pool->frag = fresh;
	WRITE_ONCE(pool->seen->frag_offset, 0);
	spin_unlock_irqrestore(&pool->lock, flags);
	return old;
}

/* One user less; the caller keeps its reference. False if there was none. */
static bool leave(struct nooks_page_pool *pool)
{
	int users = atomic_dec_if_positive(&pool->users);
	struct nooks_object *object;
	struct page *frag;

	if (users)
		return users > 0;
	object = nooks_object_take(&pool->object);
	if (!object)
		return false;
	release_pool(object);
	frag = swap_frag(pool, NULL);
	if (frag)
		nooks_pages_put(object->driver, frag);
	nooks_object_free(object);
	return true;
}

/* What the kernel would say to these parameters; what they would make a pool do that is not offered is refused. */
static int check_params(struct nooks_crossing *x, const struct page_pool_params *params,
			const char *fn)
{
	bool maps = params->flags & PP_FLAG_DMA_MAP, syncs = params->flags & PP_FLAG_DMA_SYNC_DEV;

	if (params->flags & ~(unsigned int)FLAGS_KNOWN)
		return -EINVAL;
	if (params->init_callback)
		return -EOPNOTSUPP;
	if (params->pool_size > POOL_SIZE_MAX)
		return -E2BIG;
	if (params->order > ORDER_MAX)
		return -EINVAL;
	if (maps && params->dma_dir != DMA_FROM_DEVICE && params->dma_dir != DMA_BIDIRECTIONAL)
		return -EINVAL;
	if (syncs && (!maps || !params->max_len || params->offset > PAGE_SIZE << params->order ||
		      params->max_len > (PAGE_SIZE << params->order) - params->offset))
		return -EINVAL;
	if (maps && !nooks_arg_object(x, params->dev, NOOKS_TYPE_device, false, fn, "dev"))
		return -EINVAL;
	return 0;
}

/* Return: what the driver gets for it, NULL without memory. */
static struct page_pool *create(struct nooks_driver *driver, const struct page_pool_params *params)
{
	struct page_pool *seen = kzalloc(sizeof(*seen), GFP_KERNEL);
	struct nooks_page_pool *pool;
	struct nooks_object *object;

	if (!seen)
		return NULL;
	nooks_page_pool_show(seen, params);
	nooks_page_pool_show_sync(seen, params->flags & PP_FLAG_DMA_MAP);
	object = nooks_object_get_or_add(driver, &pool_class, seen, sizeof(*seen), NOOKS_TYPE_page_pool,
					 GFP_KERNEL);
	if (!object) {
		kfree(seen);
		return NULL;
	}
	pool = to_pool(object);
	pool->seen = seen;
	pool->params = *params;
	if (params->flags & PP_FLAG_DMA_MAP)
		pool->dev = get_device(params->dev);
	pool->dead = false;
	atomic_set_release(&pool->users, 1);
	nooks_object_free(object);
	return seen;
}

/* struct page_pool *page_pool_create(const struct page_pool_params *params) */
NOOKS_WRAPPER(page_pool_create)
{
	static const char fn[] = "page_pool_create";
	struct page_pool_params params;
	struct page_pool *seen;
	int ret;

	if (!nooks_may_sleep(x, fn) ||
	    !nooks_arg_readable(x, (void *)a0, sizeof(params), false, fn, "params"))
		return 0;
	params = *(const struct page_pool_params *)a0;
	ret = check_params(x, &params, fn);
	if (ret)
		return ret;
	seen = create(nooks_driver_of(x), &params);
	return seen ? (unsigned long)seen : -ENOMEM;
}

/* void page_pool_destroy(struct page_pool *pool) */
NOOKS_WRAPPER(page_pool_destroy)
{
	static const char fn[] = "page_pool_destroy";
	struct nooks_page_pool *pool;

	if (!a0 || !nooks_may_sleep(x, fn))
		return 0;
	pool = get_pool(x, a0, fn);
	if (!pool)
		return 0;
	if (!leave(pool))
		nooks_fail(x, NOOKS_BAD_ARGUMENT, a0, "%s: destroyed already", fn);
	put_pool(pool);
	return 0;
}

/* Has the page been given by a pool that maps as this one does? Then it is this one's. */
static bool adopt(struct nooks_page_pool *pool, struct page *page, dma_addr_t *dma)
{
	struct nooks_driver *driver = pool->object.driver;
	struct nooks_object *object, *foreign = NULL;
	unsigned long flags;
	bool known = false;

	raw_spin_lock_irqsave(&pages_lock, flags);
	object = nooks_object_find(driver, &page_class, page);
	if (object) {
		struct nooks_pool_page *p = to_pool_page(object);

		known = !pool->dead && p->dev == pool->dev && p->dir == pool->params.dma_dir;
		if (known) {
			list_move(&p->list, &pool->pages);
			p->pool = pool;
			*dma = p->dma;
		} else {
			foreign = take_page(driver, page);
		}
	}
	raw_spin_unlock_irqrestore(&pages_lock, flags);
	drop_page(foreign);
	return known;
}

/* A page that was no pool's. False without memory, or if the pool is being destroyed. */
static bool take_in(struct nooks_page_pool *pool, struct page *page, dma_addr_t *dma)
{
	struct nooks_driver *driver = pool->object.driver;
	const struct page_pool_params *params = &pool->params;
	struct nooks_object *object;
	struct nooks_pool_page *p;
	unsigned long flags;

	*dma = 0;
	if (pool->dev) {
		*dma = nooks_dma_map(driver, pool->dev, page, 0, PAGE_SIZE << params->order,
				     params->dma_dir, MAP_ATTRS);
		if (dma_mapping_error(pool->dev, *dma))
			return false;
	}
	raw_spin_lock_irqsave(&pages_lock, flags);
	object = pool->dead ? NULL :
		 nooks_object_add(driver, &page_class, page, sizeof(*page), NOOKS_TYPE_none,
				  GFP_ATOMIC | __GFP_NOWARN);
	if (object) {
		p = to_pool_page(object);
		p->pool = pool;
		p->dev = pool->dev;
		p->dir = params->dma_dir;
		p->dma = *dma;
		list_add(&p->list, &pool->pages);
	}
	raw_spin_unlock_irqrestore(&pages_lock, flags);
	if (!object && pool->dev)
		nooks_dma_unmap(driver, pool->dev, *dma, 0, MAP_ATTRS);
	return object;
}

static struct page *give_page(struct nooks_page_pool *pool, gfp_t gfp)
{
	struct nooks_driver *driver = pool->object.driver;
	const struct page_pool_params *params = &pool->params;
	struct page *page = nooks_pages_alloc(driver, gfp, params->order);
	bool syncs = params->flags & PP_FLAG_DMA_SYNC_DEV, known;
	dma_addr_t dma;

	if (!page)
		return NULL;
	known = adopt(pool, page, &dma);
	/* The driver may have undone its mapping. */
	if (known && syncs &&
	    !nooks_dma_sync_for_device(driver, pool->dev, dma + params->offset, params->max_len)) {
		nooks_page_pools_forget(driver, page);
		known = false;
	}
	if (!known && !take_in(pool, page, &dma)) {
		nooks_pages_put(driver, page);
		return NULL;
	}
	if (!known && syncs)
		nooks_dma_sync_for_device(driver, pool->dev, dma + params->offset, params->max_len);
	page->dma_addr = dma;
	atomic_long_set(nooks_page_pool_parts(page), 1);
	return page;
}

/* struct page *page_pool_alloc_pages(struct page_pool *pool, gfp_t gfp) */
NOOKS_WRAPPER(page_pool_alloc_pages)
{
	static const char fn[] = "page_pool_alloc_pages";
	struct nooks_page_pool *pool;
	struct page *page;

	if (!nooks_arg_gfp(x, (__force gfp_t)a1, fn))
		return 0;
	pool = get_pool(x, a0, fn);
	if (!pool)
		return 0;
	page = give_page(pool, (__force gfp_t)a1);
	put_pool(pool);
	return (unsigned long)page;
}

/* A part of the page that is being cut up, with a reference; NULL if there is no room. */
static struct page *cut(struct nooks_page_pool *pool, unsigned int size, unsigned int *offset)
{
	unsigned int at = READ_ONCE(pool->seen->frag_offset), most = PAGE_SIZE << pool->params.order;

	lockdep_assert_held(&pool->lock);
	if (!pool->frag || at > most || size > most - at ||
	    !nooks_heap_get_shared(&pool->object.driver->heap, page_address(pool->frag)))
		return NULL;
	*offset = at;
	WRITE_ONCE(pool->seen->frag_offset, at + size);
	return pool->frag;
}

static struct page *give_part(struct nooks_page_pool *pool, unsigned int size, unsigned int *offset,
			      gfp_t gfp)
{
	struct page *page, *fresh, *old;
	unsigned long flags;

	spin_lock_irqsave(&pool->lock, flags);
	page = cut(pool, size, offset);
	spin_unlock_irqrestore(&pool->lock, flags);
	if (page)
		return page;

	fresh = give_page(pool, gfp);
	if (!fresh)
		return NULL;
	spin_lock_irqsave(&pool->lock, flags);
	/* Whoever destroys the pool says so before it takes the page away. */
	old = fresh;
	if (!READ_ONCE(pool->dead)) {
		old = pool->frag;
		pool->frag = fresh;
		WRITE_ONCE(pool->seen->frag_offset, 0);
		page = cut(pool, size, offset);
	}
	spin_unlock_irqrestore(&pool->lock, flags);
	if (old)
		nooks_pages_put(pool->object.driver, old);
	return page;
}

/* struct page *page_pool_alloc_frag(struct page_pool *pool, unsigned int *offset, unsigned int size, gfp_t gfp) */
NOOKS_WRAPPER(page_pool_alloc_frag)
{
	static const char fn[] = "page_pool_alloc_frag";
	unsigned int offset = 0, size = ALIGN((u64)(u32)a2, dma_get_cache_alignment());
	struct nooks_page_pool *pool;
	struct page *page = NULL;

	if (!nooks_arg_gfp(x, (__force gfp_t)a3, fn) ||
	    !nooks_arg_writable(x, (void *)a1, sizeof(offset), false, fn, "offset"))
		return 0;
	pool = get_pool(x, a0, fn);
	if (!pool)
		return 0;
	if (size && size <= PAGE_SIZE << pool->params.order)
		page = give_part(pool, size, &offset, (__force gfp_t)a3);
	put_pool(pool);
	*(unsigned int *)a1 = offset;
	return (unsigned long)page;
}

static bool is_page_of(struct nooks_page_pool *pool, const struct page *page)
{
	struct nooks_object *object;
	unsigned long flags;
	bool ret;

	raw_spin_lock_irqsave(&pages_lock, flags);
	object = nooks_object_find(pool->object.driver, &page_class, page);
	ret = object && to_pool_page(object)->pool == pool;
	raw_spin_unlock_irqrestore(&pages_lock, flags);
	return ret;
}

/* void page_pool_put_page(struct page_pool *pool, struct page *page, unsigned int dma_sync_size, bool direct) */
NOOKS_WRAPPER(page_pool_put_page)
{
	static const char fn[] = "page_pool_put_page";
	struct nooks_page_pool *pool = get_pool(x, a0, fn);

	if (!pool)
		return 0;
	if (!is_page_of(pool, (struct page *)a1))
		nooks_fail(x, NOOKS_BAD_ARGUMENT, a1, "%s: no page of this pool", fn);
	else if (!nooks_pages_put(pool->object.driver, (struct page *)a1))
		nooks_fail(x, NOOKS_BAD_ARGUMENT, a1, "%s: page put too often", fn);
	put_pool(pool);
	return 0;
}

/* void page_pool_update_nid(struct page_pool *pool, int nid): pages are of whatever node */
NOOKS_WRAPPER(page_pool_update_nid)
{
	struct nooks_page_pool *pool = get_pool(x, a0, "page_pool_update_nid");

	if (!pool)
		return 0;
	WRITE_ONCE(pool->seen->p.nid, a1);
	put_pool(pool);
	return 0;
}

/* Of kernels that cache pages for one NAPI instance: here that is the heap's affair. */
static unsigned long only_check(struct nooks_crossing *x, unsigned long a0, const char *fn)
{
	struct nooks_page_pool *pool = get_pool(x, a0, fn);

	if (pool)
		put_pool(pool);
	return 0;
}

/* void page_pool_enable_direct_recycling(struct page_pool *pool, struct napi_struct *napi) */
NOOKS_WRAPPER(page_pool_enable_direct_recycling)
{
	return only_check(x, a0, "page_pool_enable_direct_recycling");
}

/* void page_pool_disable_direct_recycling(struct page_pool *pool) */
NOOKS_WRAPPER(page_pool_disable_direct_recycling)
{
	return only_check(x, a0, "page_pool_disable_direct_recycling");
}

/** nooks_page_pool_hold - XDP's description of a queue holds a pool; see pagepool.h */
u32 nooks_page_pool_hold(struct nooks_driver *driver, const struct page_pool *pool)
{
	struct nooks_object *object = nooks_object_get(driver, &pool_class, pool);
	u32 id = 0;

	if (!object)
		return 0;
	if (atomic_inc_not_zero(&to_pool(object)->users))
		id = to_pool(object)->id;
	nooks_object_free(object);
	return id;
}

/** nooks_page_pool_let_go - XDP's description of a queue lets a pool go; see pagepool.h */
bool nooks_page_pool_let_go(struct nooks_driver *driver, u32 id)
{
	struct nooks_object *object, *found = NULL;
	unsigned long flags;
	bool ret;

	raw_spin_lock_irqsave(&driver->objects.lock, flags);
	nooks_for_each_object(object, driver, &pool_class) {
		if (to_pool(object)->id == id) {
			refcount_inc(&object->refs);
			found = object;
			break;
		}
	}
	raw_spin_unlock_irqrestore(&driver->objects.lock, flags);
	if (!found)
		return false;
	ret = leave(to_pool(found));
	nooks_object_free(found);
	return ret;
}
