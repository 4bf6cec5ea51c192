// SPDX-License-Identifier: GPL-2.0
/*
 * Caches of a driver's own objects. Most are plain memory of the domain's heap. But an object may have a
 * struct inode embedded, which the VFS links, locks and calls through: it must not be the driver's to
 * write. So such objects are laid out, two pages each, that the inode begins on a page:
 *
 *	| ... what precedes it | struct inode |
 *	  writable in the domain ^ page boundary; read-only from here
 *
 * Which caches these are is found out when they are made: their constructor, run on a trial object,
 * calls inode_init_once() for an address in it.
 */
#define pr_fmt(fmt) "nooks: " fmt
#include <linux/bitmap.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include "../nooks/compat.h"
#include "../nooks/symbols.h"
#include "args.h"
#include "fs.h"
#include "fsguard.h"
#include "fshide.h"
#include "generated.h"
#include "walk.h"

#define MAX_OBJECT	SZ_64K
#define CHUNK_ORDER	4
#define CHUNK_SLOTS	(1 << (CHUNK_ORDER - 1))
#define NO_INODE	-1
#define MAX_TRIES	3	/* to adopt an inode, before it is held to be the reason */

#ifdef HAVE_kmem_cache_args
#define ROLE_CTOR	NOOKS_ROLE_kmem_cache_args_ctor
#else
#define ROLE_CTOR	NOOKS_ROLE_kmem_cache_create_ctor
#endif

/**
 * struct nooks_chunk - pages with objects that embed an inode
 * @list: in nooks_cache.chunks; those with room first
 * @pages: of two for each object
 * @order: of the pages
 * @used: slots that hold an object
 * @made: slots whose object was constructed
 */
struct nooks_chunk {
	struct list_head list;
	void *pages;
	unsigned int order;
	DECLARE_BITMAP(used, CHUNK_SLOTS);
	DECLARE_BITMAP(made, CHUNK_SLOTS);
};

/**
 * struct nooks_cache - what stands for a kmem_cache of a driver's
 * @name: a copy
 * @size: of an object
 * @ctor: the constructor's entry stub, or NULL
 * @inode: offset of the inode that an object embeds, or NO_INODE
 * @lock: protects the chunks
 * @chunks: of objects that embed one
 * @nr_used: objects in these
 * @parked: the driver that has made it has failed; the restarted one may get it
 *
 * Its address is what the driver has for a cache. It lives until it is destroyed, or recovered.
 */
struct nooks_cache {
	char name[32];
	unsigned int size;
	struct nooks_stub *ctor;
	int inode;
	spinlock_t lock;
	struct list_head chunks;
	unsigned int nr_used;
	bool parked;
};

/* A trial object, on the stack of who makes a cache; under probe_mutex. */
static struct probe {
	struct task_struct *task;
	unsigned long start;
	unsigned int size;
	int inode;
} *probe;
static DEFINE_MUTEX(probe_mutex);

static void cache_release(struct nooks_object *object);

/* Those of the VFS's inodes. */
static bool cache_stays(const struct nooks_object *object)
{
	const struct nooks_cache *cache = (void *)object->start;

	return nooks_fs_stays(object) && cache->inode != NO_INODE;
}

static const struct nooks_object_class cache_class = {
	.name = "kmem_cache",
	.phase = NOOKS_PHASE_MEMORY,
	.release = cache_release,
	.stays = cache_stays,
	.size = sizeof(struct nooks_object),
};

static void inode_setup(struct nooks_object *object)
{
	struct nooks_inode *n = container_of(object, struct nooks_inode, object);

	n->state = NOOKS_INODE_MAKING;
	n->tries = 0;
	n->own = true;
	n->shorter = false;
	n->hidden = false;
	n->hiding = 0;
	mutex_init(&n->placed);
	n->placer = NULL;
	atomic_set(&n->refs, 0);
}

static const struct nooks_object_class inode_class = {
	.name = "inode",
	.phase = NOOKS_PHASE_MEMORY,
	.size = sizeof(struct nooks_inode),
	.init = inode_setup,
	.kernel_made = true,
	.stays = nooks_fs_stays,
};

static struct nooks_inode *to_inode(struct nooks_object *object)
{
	return object ? container_of(object, struct nooks_inode, object) : NULL;
}

struct nooks_inode *nooks_inode_get(struct nooks_driver *driver, const void *inode)
{
	return to_inode(nooks_object_get(driver, &inode_class, inode));
}

void nooks_inode_ref(struct nooks_driver *driver, const struct inode *inode)
{
	struct nooks_inode *n = inode ? nooks_inode_get(driver, inode) : NULL;

	if (n)
		atomic_inc(&n->refs);
	nooks_inode_put(n);
}

bool nooks_inode_unref(struct nooks_driver *driver, const struct inode *inode)
{
	struct nooks_inode *n = nooks_inode_get(driver, inode);
	bool had = n && atomic_dec_if_positive(&n->refs) >= 0;

	nooks_inode_put(n);
	return had;
}

/* An inode of @sb that the driver holds references on. */
static struct inode *find_held(struct nooks_driver *driver, const struct super_block *sb)
{
	struct nooks_object *object;
	struct inode *found = NULL;
	unsigned long flags;

	raw_spin_lock_irqsave(&driver->objects.lock, flags);
	nooks_for_each_object(object, driver, &inode_class) {
		const struct nooks_inode *n = to_inode(object);
		struct inode *inode = (struct inode *)object->start;

		if (n->state >= NOOKS_INODE_LIVE && n->state != NOOKS_INODE_DYING && READ_ONCE(inode->i_sb) == sb &&
		    atomic_read(&n->refs)) {
			found = inode;
			break;
		}
	}
	raw_spin_unlock_irqrestore(&driver->objects.lock, flags);
	return found;
}

bool nooks_inodes_held(struct nooks_driver *driver, const struct super_block *sb)
{
	return find_held(driver, sb);
}

unsigned int nooks_inodes_drop(struct nooks_driver *driver, struct super_block *sb)
{
	struct inode *inode;
	unsigned int n = 0;

	while ((inode = find_held(driver, sb)))
		if (nooks_inode_unref(driver, inode)) {
			iput(inode);
			n++;
		}
	return n;
}

void nooks_inodes_each_part(struct nooks_driver *driver,
			    void (*fn)(void *data, unsigned long start, size_t size), void *data)
{
	struct nooks_object *object;
	unsigned long flags;

	raw_spin_lock_irqsave(&driver->objects.lock, flags);
	nooks_for_each_object(object, driver, &inode_class) {
		const struct nooks_cache *cache = to_inode(object)->cache;

		if (to_inode(object)->state == NOOKS_INODE_LIVE)
			fn(data, object->start - cache->inode, round_down(cache->inode, sizeof(u64)));
	}
	raw_spin_unlock_irqrestore(&driver->objects.lock, flags);
}

int nooks_inode_state(struct nooks_driver *driver, const struct inode *inode)
{
	struct nooks_inode *n = nooks_inode_get(driver, inode);
	int state = n ? READ_ONCE(n->state) : NOOKS_INODE_LIVE;

	nooks_inode_put(n);
	return state;
}

bool nooks_inode_move(struct nooks_driver *driver, const struct inode *inode, int from, int to)
{
	struct nooks_inode *n = nooks_inode_get(driver, inode);
	bool was = n && cmpxchg(&n->state, from, to) == from;

	nooks_inode_put(n);
	return was;
}

bool nooks_inode_own(struct nooks_driver *driver, const struct inode *inode)
{
	struct nooks_inode *n = inode ? nooks_inode_get(driver, inode) : NULL;
	bool own = n && READ_ONCE(n->own);

	nooks_inode_put(n);
	return own;
}

bool nooks_inode_hopeless(struct nooks_driver *driver, const struct inode *inode)
{
	struct nooks_inode *n = nooks_inode_get(driver, inode);
	bool hopeless = n && n->tries >= MAX_TRIES;

	nooks_inode_put(n);
	return hopeless;
}

void nooks_inode_spoil(struct nooks_driver *driver, const struct inode *inode)
{
	struct nooks_inode *n = nooks_inode_get(driver, inode);

	if (n) {
		n->size = i_size_read(inode);
		WRITE_ONCE(n->state, NOOKS_INODE_SPOILED);
	}
	nooks_inode_put(n);
}

void nooks_inode_leaves(struct nooks_driver *driver, struct inode *inode)
{
	struct nooks_inode *n = nooks_inode_get(driver, inode);

	if (n && READ_ONCE(n->state) == NOOKS_INODE_SPOILED)
		i_size_write(inode, n->size);
	nooks_inode_put(n);
}

bool nooks_inodes_live(struct nooks_driver *driver)
{
	struct nooks_object *object;
	unsigned long flags;
	bool live = true;

	raw_spin_lock_irqsave(&driver->objects.lock, flags);
	nooks_for_each_object(object, driver, &inode_class)
		live = live && to_inode(object)->state < NOOKS_INODE_PARKED;
	raw_spin_unlock_irqrestore(&driver->objects.lock, flags);
	return live;
}

static void *inode_in(const struct nooks_chunk *chunk, unsigned int slot)
{
	return chunk->pages + (2 * slot + 1) * PAGE_SIZE;
}

static void *object_of(const struct nooks_cache *cache, const struct nooks_chunk *chunk,
		       unsigned int slot)
{
	return inode_in(chunk, slot) - cache->inode;
}

/* The slots' private parts become the domain's. Return: NULL without memory. */
static struct nooks_chunk *make_chunk(struct nooks_driver *driver, const struct nooks_cache *cache,
				      gfp_t gfp)
{
	struct nooks_chunk *chunk = kzalloc(sizeof(*chunk), gfp & ~__GFP_ZERO);
	unsigned int slot;

	if (!chunk)
		return NULL;
	gfp = (gfp & ~(__GFP_ACCOUNT | __GFP_RECLAIMABLE)) | __GFP_ZERO | __GFP_COMP;
	chunk->order = CHUNK_ORDER;
	chunk->pages = (void *)__get_free_pages(gfp | __GFP_NOWARN | __GFP_NORETRY, CHUNK_ORDER);
	if (!chunk->pages) {
		chunk->order = 1;
		chunk->pages = (void *)__get_free_pages(gfp, 1);
	}
	if (!chunk->pages) {
		kfree(chunk);
		return NULL;
	}
	for (slot = 0; slot < 1u << (chunk->order - 1); slot++) {
		void *private = chunk->pages + 2 * slot * PAGE_SIZE;

		if (nooks_grant_write(driver->domain, private, PAGE_SIZE, gfp & ~__GFP_ZERO)) {
			/* What was granted so far is used; the rest stays out of use. */
			if (!slot) {
				free_pages((unsigned long)chunk->pages, chunk->order);
				kfree(chunk);
				return NULL;
			}
			break;
		}
	}
	for (; slot < CHUNK_SLOTS; slot++)
		__set_bit(slot, chunk->used);
	for (slot = 0; slot < 1u << (chunk->order - 1); slot++)
		nooks_fsguard_init(driver, inode_in(chunk, slot), cache->inode);
	return chunk;
}

static void free_chunk(struct nooks_driver *driver, struct nooks_chunk *chunk)
{
	unsigned int slot;

	for (slot = 0; slot < 1u << (chunk->order - 1); slot++) {
		void *private = chunk->pages + 2 * slot * PAGE_SIZE;

		nooks_fsguard_exit(inode_in(chunk, slot));
		nooks_revoke(driver->domain, private, PAGE_SIZE);
		nooks_objects_forget(driver, private, 2 * PAGE_SIZE);
	}
	nooks_revoke_flush(driver->domain);
	free_pages((unsigned long)chunk->pages, chunk->order);
	kfree(chunk);
}

static struct nooks_chunk *find_room(struct nooks_cache *cache, unsigned int *slot, bool *made)
{
	struct nooks_chunk *chunk;

	lockdep_assert_held(&cache->lock);
	chunk = list_first_entry_or_null(&cache->chunks, struct nooks_chunk, list);
	if (!chunk || bitmap_full(chunk->used, CHUNK_SLOTS))
		return NULL;
	*slot = find_first_zero_bit(chunk->used, CHUNK_SLOTS);
	__set_bit(*slot, chunk->used);
	*made = test_bit(*slot, chunk->made);
	if (bitmap_full(chunk->used, CHUNK_SLOTS))
		list_move_tail(&chunk->list, &cache->chunks);
	cache->nr_used++;
	return chunk;
}

static void give_slot(struct nooks_cache *cache, struct nooks_chunk *chunk, unsigned int slot)
{
	unsigned long flags;

	spin_lock_irqsave(&cache->lock, flags);
	__clear_bit(slot, chunk->used);
	list_move(&chunk->list, &cache->chunks);
	cache->nr_used--;
	spin_unlock_irqrestore(&cache->lock, flags);
}

static bool construct(struct nooks_cache *cache, void *object)
{
	const unsigned long args[6] = { (unsigned long)object };
	unsigned long ret;

	return !cache->ctor || nooks_call_stub(cache->ctor, args, &ret) == NOOKS_CALL_DONE;
}

/* The object around an inode that the restarted driver adopts: constructed anew, but for the inode. */
static void *adopted_object(struct nooks_driver *driver, struct nooks_cache *cache)
{
	struct nooks_inode *n = nooks_inode_get(driver, driver->fs.adopted);
	void *p = NULL;

	if (n && n->cache == cache && n->state == NOOKS_INODE_ADOPTED) {
		p = object_of(cache, (struct nooks_chunk *)n->object.data[0], n->slot);
		if (construct(cache, p))
			WRITE_ONCE(n->own, true);
		else
			p = NULL;
	}
	nooks_inode_put(n);
	return p;
}

static void *allocate_inode(struct nooks_driver *driver, struct nooks_cache *cache, gfp_t gfp)
{
	struct nooks_chunk *chunk, *fresh;
	struct nooks_object *object;
	struct nooks_inode *n;
	unsigned long flags;
	unsigned int slot;
	bool made;
	void *p;

	if (READ_ONCE(driver->fs.adopted) && READ_ONCE(driver->fs.restorer) == current)
		return adopted_object(driver, cache);
	for (;;) {
		spin_lock_irqsave(&cache->lock, flags);
		chunk = find_room(cache, &slot, &made);
		spin_unlock_irqrestore(&cache->lock, flags);
		if (chunk)
			break;
		fresh = make_chunk(driver, cache, gfp);
		if (!fresh)
			return NULL;
		spin_lock_irqsave(&cache->lock, flags);
		list_add(&fresh->list, &cache->chunks);
		spin_unlock_irqrestore(&cache->lock, flags);
	}
	nooks_fsguard_reset(inode_in(chunk, slot));
	p = object_of(cache, chunk, slot);
	object = nooks_object_add(driver, &inode_class, p + cache->inode, sizeof(struct inode),
				  NOOKS_TYPE_inode, gfp & ~(__GFP_ACCOUNT | __GFP_RECLAIMABLE));
	if (!object) {
		give_slot(cache, chunk, slot);
		return NULL;
	}
	n = to_inode(object);
	n->cache = cache;
	n->slot = slot;
	object->data[0] = (unsigned long)chunk;
	if (!made && !construct(cache, p)) {
		/* The domain has failed. What recovery finds in the table is not in use. */
		return NULL;
	}
	set_bit(slot, chunk->made);
	WRITE_ONCE(n->state, NOOKS_INODE_FRESH);
	return p;
}

/* An object goes; its entry has left the table. */
static void release_inode(struct nooks_inode *n)
{
	struct nooks_driver *driver = n->object.driver;
	struct nooks_chunk *chunk = (struct nooks_chunk *)n->object.data[0];
	struct nooks_cache *cache = n->cache;
	unsigned int slot = n->slot;

	nooks_fshide_forget(n);
	nooks_objects_forget(driver, object_of(cache, chunk, slot), cache->size);
	nooks_object_free(&n->object);
	give_slot(cache, chunk, slot);
}

void nooks_inode_abandon(struct nooks_driver *driver, const struct inode *inode)
{
	struct nooks_inode *n = to_inode(nooks_object_remove(driver, &inode_class, inode));

	if (n)
		release_inode(n);
}

/* An inode that the driver had not passed on, or did not get at; NULL: there is none. It leaves the table. */
static struct nooks_inode *take_unborn(struct nooks_driver *driver)
{
	struct nooks_object *object;
	struct nooks_inode *found = NULL;
	unsigned long flags;

	raw_spin_lock_irqsave(&driver->objects.lock, flags);
	nooks_for_each_object(object, driver, &inode_class) {
		if (to_inode(object)->state < NOOKS_INODE_LIVE) {
			refcount_inc(&object->refs);
			found = to_inode(object);
			break;
		}
	}
	raw_spin_unlock_irqrestore(&driver->objects.lock, flags);
	return found;
}

static void park_inodes(struct nooks_driver *driver)
{
	struct nooks_object *object;
	unsigned long flags;

	raw_spin_lock_irqsave(&driver->objects.lock, flags);
	nooks_for_each_object(object, driver, &inode_class) {
		struct nooks_inode *n = to_inode(object);

		n->own = false;
		if (n->state == NOOKS_INODE_ADOPTED)
			n->tries++;
		if (n->state == NOOKS_INODE_LIVE || n->state == NOOKS_INODE_ADOPTED ||
		    n->state == NOOKS_INODE_UNWRITTEN)
			n->state = NOOKS_INODE_PARKED;
	}
	raw_spin_unlock_irqrestore(&driver->objects.lock, flags);
}

/* Nothing of what the driver had in its part of the objects is used again. */
static void wipe(struct nooks_cache *cache)
{
	struct nooks_chunk *chunk;
	unsigned int slot;

	list_for_each_entry(chunk, &cache->chunks, list) {
		bitmap_zero(chunk->made, CHUNK_SLOTS);
		for (slot = 0; slot < 1u << (chunk->order - 1); slot++) {
			memset(chunk->pages + 2 * slot * PAGE_SIZE, 0, PAGE_SIZE);
			nooks_fsguard_reset(inode_in(chunk, slot));
		}
	}
}

/* The newest cache of inodes of which @good is true, or NULL. */
static struct nooks_cache *inode_cache(struct nooks_driver *driver,
				       bool (*good)(const struct nooks_cache *cache,
						    const struct nooks_cache *other),
				       const struct nooks_cache *other)
{
	struct nooks_cache *found = NULL;
	struct nooks_object *object;
	unsigned long flags;

	raw_spin_lock_irqsave(&driver->objects.lock, flags);
	nooks_for_each_object(object, driver, &cache_class) {
		struct nooks_cache *cache = (void *)object->start;

		if (cache->inode != NO_INODE && good(cache, other)) {
			found = cache;
			break;
		}
	}
	raw_spin_unlock_irqrestore(&driver->objects.lock, flags);
	return found;
}

static bool not_parked(const struct nooks_cache *cache, const struct nooks_cache *other)
{
	return !cache->parked;
}

/* As that which a driver makes, of the one before it. */
static bool alike(const struct nooks_cache *cache, const struct nooks_cache *new)
{
	return cache->parked && cache->size == new->size && cache->inode == new->inode &&
	       !strcmp(cache->name, new->name);
}

void nooks_inodes_park(struct nooks_driver *driver)
{
	struct nooks_cache *cache;
	struct nooks_inode *n;

	while ((n = take_unborn(driver))) {
		nooks_inode_abandon(driver, (void *)n->object.start);
		nooks_inode_put(n);
	}
	/* Those that have been evicted are freed by RCU, which gives their slots back. */
	rcu_barrier();
	park_inodes(driver);
	while ((cache = inode_cache(driver, not_parked, NULL))) {
		wipe(cache);
		cache->parked = true;
	}
}

static struct nooks_cache *cache_of(struct nooks_driver *driver, unsigned long addr)
{
	return nooks_object_find(driver, &cache_class, (void *)addr) ? (void *)addr : NULL;
}

/* Caches of the kernel's own that modules use: their objects come from the heap, too. */
static size_t kernel_cache_size(unsigned long addr)
{
	return addr == (unsigned long)names_cachep ? PATH_MAX : 0;
}

static unsigned long allocate(struct nooks_crossing *x, unsigned long addr, gfp_t gfp,
			      const char *fn)
{
	struct nooks_driver *driver = nooks_driver_of(x);
	struct nooks_cache *cache = cache_of(driver, addr);
	size_t size = cache ? cache->size : kernel_cache_size(addr);
	void *p;

	if (!size) {
		nooks_fail(x, NOOKS_BAD_ARGUMENT, addr, "%s: no cache of the driver's", fn);
		return 0;
	}
	if (!nooks_arg_gfp(x, gfp, fn) || nooks_crossing_stale(x))
		return 0;
	if (cache && cache->inode != NO_INODE)
		return (unsigned long)allocate_inode(driver, cache, gfp);
	p = nooks_heap_alloc(&driver->heap, size, gfp);
	if (p && cache && !construct(cache, p))
		return 0;	/* the domain has failed, and its heap goes */
	return (unsigned long)p;
}

/* void *kmem_cache_alloc(struct kmem_cache *s, gfp_t flags) */
NOOKS_WRAPPER(kmem_cache_alloc)
{
	return allocate(x, a0, (__force gfp_t)a1, "kmem_cache_alloc");
}

/*
 * void *kmem_cache_alloc_lru(struct kmem_cache *s, struct list_lru *lru, gfp_t flags): objects are no
 * slab's and not charged to a memory cgroup, so the kernel keeps them in the list of the root's
 */
NOOKS_WRAPPER(kmem_cache_alloc_lru)
{
	return allocate(x, a0, (__force gfp_t)a2, "kmem_cache_alloc_lru");
}

static bool free_inode(struct nooks_driver *driver, struct nooks_cache *cache, unsigned long addr)
{
	const void *inode = (void *)(addr + cache->inode);
	struct nooks_inode *n = nooks_inode_get(driver, inode);
	bool good = n && n->cache == cache &&
		    (n->state == NOOKS_INODE_FRESH || n->state == NOOKS_INODE_DYING);

	nooks_inode_put(n);
	n = good ? to_inode(nooks_object_remove(driver, &inode_class, inode)) : NULL;
	if (n)
		release_inode(n);
	return n;
}

/* void kmem_cache_free(struct kmem_cache *s, void *x) */
NOOKS_WRAPPER(kmem_cache_free)
{
	static const char fn[] = "kmem_cache_free";
	struct nooks_driver *driver = nooks_driver_of(x);
	struct nooks_cache *cache = cache_of(driver, a0);
	size_t size = cache ? cache->size : kernel_cache_size(a0);
	bool good;

	if (!a1)
		return 0;
	if (cache && cache->inode != NO_INODE) {
		good = free_inode(driver, cache, a1);
	} else {
		good = size && nooks_heap_size(&driver->heap, (void *)a1) >= size;
		if (good) {
			nooks_objects_forget(driver, (void *)a1, size);
			good = nooks_heap_free(&driver->heap, (void *)a1);
		}
	}
	if (!good)
		nooks_fail(x, NOOKS_BAD_ARGUMENT, a1,
			   "%s: no object of that cache, freed already, or in use", fn);
	return 0;
}

/* Run the constructor on plain memory and see what it asks the kernel to initialise. */
static int find_inode(struct nooks_driver *driver, struct nooks_cache *cache)
{
	void *trial = nooks_heap_alloc(&driver->heap, cache->size, GFP_KERNEL | __GFP_ZERO);
	struct probe p = {
		.task = current,
		.start = (unsigned long)trial,
		.size = cache->size,
		.inode = NO_INODE,
	};
	bool made;

	if (!trial)
		return -ENOMEM;
	mutex_lock(&probe_mutex);
	WRITE_ONCE(probe, &p);
	made = construct(cache, trial);
	WRITE_ONCE(probe, NULL);
	mutex_unlock(&probe_mutex);
	nooks_objects_forget(driver, trial, cache->size);
	nooks_heap_free(&driver->heap, trial);
	if (!made)
		return -EIO;
	cache->inode = p.inode;
	if (p.inode == NO_INODE)
		return 0;
	if (p.inode <= PAGE_SIZE && p.inode + sizeof(struct inode) == cache->size)
		return 0;
	pr_err("%s: objects of %s have more behind their inode: they can't be isolated\n",
	       driver->name, cache->name);
	return -EOPNOTSUPP;
}

/* void inode_init_once(struct inode *inode) */
NOOKS_WRAPPER(inode_init_once)
{
	struct nooks_inode *n = nooks_inode_get(nooks_driver_of(x), (void *)a0);
	struct probe *p = READ_ONCE(probe);

	/* A probe that is not this thread's own may be gone: its mutex is not held here. */
	if (n && n->state == NOOKS_INODE_MAKING)
		inode_init_once((struct inode *)a0);
	else if (n && n->state == NOOKS_INODE_ADOPTED)
		;	/* the VFS has it: it stays as it is */
	else if (p && mutex_is_locked(&probe_mutex) && p->task == current &&
		 a0 - p->start < p->size && p->size - (a0 - p->start) >= sizeof(struct inode))
		p->inode = a0 - p->start;
	else
		nooks_fail(x, NOOKS_BAD_ARGUMENT, a0,
			   "inode_init_once: not in an object that is being made");
	nooks_inode_put(n);
	return 0;
}

static void destroy_cache(struct nooks_driver *driver, struct nooks_cache *cache)
{
	struct nooks_chunk *chunk, *next;

	list_for_each_entry_safe(chunk, next, &cache->chunks, list)
		free_chunk(driver, chunk);
	kfree(cache);
}

static unsigned long create_cache(struct nooks_crossing *x, const char *name, unsigned int size,
				  unsigned int align, unsigned long flags, void *ctor, const char *fn)
{
	struct nooks_driver *driver = nooks_driver_of(x);
	struct nooks_cache *cache, *parked;
	struct nooks_object *object;
	int ret;

	if (!nooks_arg_string(x, name, 256, false, fn, "name") ||
	    !nooks_arg_range(x, size, 1, MAX_OBJECT, fn, "size") ||
	    !nooks_arg_range(x, align, 0, NOOKS_HEAP_GRAIN, fn, "align") ||
	    !nooks_arg_callback(x, ctor, ROLE_CTOR, true, fn, "ctor"))
		return 0;
	if (flags & (__force unsigned long)SLAB_TYPESAFE_BY_RCU) {
		pr_err("%s: caches whose objects are reused before RCU is done are not supported\n",
		       driver->name);
		return 0;
	}
	cache = kzalloc(sizeof(*cache), GFP_KERNEL);
	if (!cache)
		return 0;
	nooks_copy_string(cache->name, name, sizeof(cache->name));
	cache->size = size;
	cache->ctor = nooks_stub_find(driver, ctor);
	cache->inode = NO_INODE;
	spin_lock_init(&cache->lock);
	INIT_LIST_HEAD(&cache->chunks);
	ret = cache->ctor ? find_inode(driver, cache) : 0;
	if (cache->inode != NO_INODE)
		WRITE_ONCE(driver->fs.embeds, true);
	parked = ret || cache->inode == NO_INODE ? NULL : inode_cache(driver, alike, cache);
	if (parked) {
		parked->ctor = cache->ctor;
		parked->parked = false;
		kfree(cache);
		return (unsigned long)parked;
	}
	object = ret ? NULL : nooks_object_add(driver, &cache_class, cache, sizeof(*cache),
					       NOOKS_TYPE_none, GFP_KERNEL);
	if (object)
		return (unsigned long)cache;
	kfree(cache);
	return 0;
}

#ifdef HAVE_kmem_cache_args
/*
 * struct kmem_cache *__kmem_cache_create_args(const char *name, unsigned int size,
 *					       struct kmem_cache_args *args, slab_flags_t flags)
 */
NOOKS_WRAPPER(kmem_cache_create)
{
	static const char fn[] = "kmem_cache_create";
	struct kmem_cache_args args;

	if (!nooks_may_sleep(x, fn) ||
	    !nooks_arg_readable(x, (void *)a2, sizeof(args), false, fn, "args"))
		return 0;
	memcpy(&args, (void *)a2, sizeof(args));
	return create_cache(x, (const char *)a0, a1, args.align, a3, args.ctor, fn);
}
#else
/*
 * struct kmem_cache *kmem_cache_create(const char *name, unsigned int size, unsigned int align,
 *					slab_flags_t flags, void (*ctor)(void *))
 */
NOOKS_WRAPPER(kmem_cache_create)
{
	static const char fn[] = "kmem_cache_create";

	return nooks_may_sleep(x, fn) ?
	       create_cache(x, (const char *)a0, a1, a2, a3, (void *)a4, fn) : 0;
}
#endif

/* void kmem_cache_destroy(struct kmem_cache *s) */
NOOKS_WRAPPER(kmem_cache_destroy)
{
	static const char fn[] = "kmem_cache_destroy";
	struct nooks_driver *driver = nooks_driver_of(x);
	struct nooks_cache *cache = (struct nooks_cache *)a0;
	struct nooks_object *object;

	if (!a0 || !nooks_may_sleep(x, fn))
		return 0;
	object = cache_of(driver, a0) && !READ_ONCE(cache->nr_used) ?
		 nooks_object_remove(driver, &cache_class, cache) : NULL;
	if (!object) {
		nooks_fail(x, NOOKS_BAD_ARGUMENT, a0,
			   "%s: no cache of the driver's, or with objects in use", fn);
		return 0;
	}
	nooks_object_free(object);
	destroy_cache(driver, cache);
	return 0;
}

/* Recovery: no file system of the driver's is mounted, and the inodes' entries, which are newer, are gone. */
static void cache_release(struct nooks_object *object)
{
	/* The VFS frees inodes after RCU's time; it looks at them once more then. */
	rcu_barrier();
	destroy_cache(object->driver, (struct nooks_cache *)object->start);
}
