// SPDX-License-Identifier: GPL-2.0
/*
 * Buffers of block devices, in which file systems keep their metadata.
 *
 * A driver gets at the data of buffers that it holds: the page cache of the device, which is written to the
 * disk at any time once it is dirty. So the driver does not write there. Its first store to a page
 * traps, and from then on it sees a copy of that page, at the same address, which it may write. When it
 * says that a buffer is dirty, the bytes of that buffer, and no others, go from the copy to the page:
 * they are *committed*. What is not, such as a wild write, never gets there.
 *
 * Copies stay, with a reference on the page, until there are too many of them. Meanwhile the page may
 * change, for the kernel reads buffers in; so what a copy has of a buffer is brought up to date when the
 * driver gets at the buffer, unless it holds it already.
 *
 * Drivers do store to a buffer after they have said that it is dirty, and do not say it again (FAT: the
 * rest of a directory's new block). Natively that gets to the disk, if late. Here it is committed when
 * they let go of the buffer.
 *
 * A buffer that the driver has let go of is *idle*: its entry stays, and so does a reference on it, as long as
 * that of its page, for drivers ask for the same ones again and again.
 */
#include <linux/bio.h>
#include <linux/blkdev.h>
#include <linux/buffer_head.h>
#include <linux/fs.h>
#include <linux/hashtable.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include "../nooks/compat.h"
#include "args.h"
#include "buffer.h"
#include "fs.h"
#include "fspark.h"
#include "generated.h"
#include "undo.h"
#include "walk.h"

#define MAX_BUFFERS	(PAGE_SIZE / SECTOR_SIZE)
#define MAX_PAGES	512		/* that a driver holds no buffer of, and whose copies stay */
#define TRIM_PAGES	64		/* fewer, when these are too many */

/**
 * struct nooks_metapage - a page of a block device that a driver has buffers of
 * @object: in its table; start is the page's address
 * @lru: of those that nothing is held of, the one that was used last first
 * @page: with a reference
 * @copy: what the domain sees instead, or NULL
 * @held: how many of @buffers the driver holds
 * @buffers: these, and idle ones, by their places in the page
 *
 * All of it is protected by buffers_lock, inside of which is only nooks_objects.lock and the
 * domain's.
 */
struct nooks_metapage {
	struct nooks_object object;
	struct list_head lru;
	struct page *page;
	struct page *copy;
	unsigned int held;
	struct nooks_buffer *buffers[MAX_BUFFERS];
};

/**
 * struct nooks_buffer - a buffer that a driver holds, or has held
 * @object: in its table; start is the buffer_head
 * @node: in buffers, if @meta is set; under buffers_lock
 * @meta: the page with its data; NULL: no longer, or not yet; ditto
 * @refs: references that the driver holds; ditto, if @meta is set
 * @idle: it holds none, and one is held for this entry; ditto
 * @dirtied: it has said that it is dirty; ditto
 * @locker: the thread of the driver that has locked it, or NULL; ditto
 */
struct nooks_buffer {
	struct nooks_object object;
	struct hlist_node node;
	struct nooks_metapage *meta;
	unsigned int refs;
	bool idle;
	bool dirtied;
	struct task_struct *locker;
};

static DEFINE_RAW_SPINLOCK(buffers_lock);
static DEFINE_HASHTABLE(buffers, 10);
static LIST_HEAD(idle_pages);
static unsigned int nr_idle;

static void buffer_release(struct nooks_object *object);
static void meta_release(struct nooks_object *object);
static void meta_init(struct nooks_object *object);
static void meta_free(struct nooks_object *object);

static const struct nooks_object_class buffer_class = {
	.name = "buffer_head",
	.phase = NOOKS_PHASE_REFERENCES,
	.release = buffer_release,
	.size = sizeof(struct nooks_buffer),
};

static const struct nooks_object_class meta_class = {
	.name = "buffers' page",
	.phase = NOOKS_PHASE_CALLS,
	.release = meta_release,
	.size = sizeof(struct nooks_metapage),
	.init = meta_init,
	.free = meta_free,
};

static struct nooks_metapage *to_meta(struct nooks_object *object)
{
	return object ? container_of(object, struct nooks_metapage, object) : NULL;
}

static struct nooks_buffer *to_buffer(struct nooks_object *object)
{
	return object ? container_of(object, struct nooks_buffer, object) : NULL;
}

static void meta_init(struct nooks_object *object)
{
	struct nooks_metapage *meta = to_meta(object);

	INIT_LIST_HEAD(&meta->lru);
	meta->page = virt_to_page(object->start);
	get_page(meta->page);
}

/* The last reference on the entry is gone; no CPU sees the copy. */
static void meta_free(struct nooks_object *object)
{
	struct nooks_metapage *meta = to_meta(object);

	if (meta->copy)
		__free_page(meta->copy);
	put_page(meta->page);
	kfree(meta);
}

static void idle_add(struct nooks_metapage *meta)
{
	lockdep_assert_held(&buffers_lock);
	list_add(&meta->lru, &idle_pages);
	nr_idle++;
}

static void idle_del(struct nooks_metapage *meta)
{
	lockdep_assert_held(&buffers_lock);
	if (list_empty(&meta->lru))
		return;
	list_del_init(&meta->lru);
	nr_idle--;
}

static unsigned int place_of(const struct buffer_head *bh)
{
	return offset_in_page(bh->b_data) / SECTOR_SIZE;
}

/* The entry of a buffer that the driver holds, or that is idle. */
static struct nooks_buffer *look_up(struct nooks_driver *driver, const void *bh)
{
	struct nooks_buffer *buffer;

	lockdep_assert_held(&buffers_lock);
	hash_for_each_possible(buffers, buffer, node, (unsigned long)bh) {
		/* Recovery takes entries out of the table before it gets here. */
		if (buffer->object.start == (unsigned long)bh && buffer->object.driver == driver &&
		    nooks_object_tracked(&buffer->object))
			return buffer;
	}
	return NULL;
}

static void attach(struct nooks_buffer *buffer, struct nooks_metapage *meta)
{
	lockdep_assert_held(&buffers_lock);
	buffer->meta = meta;
	meta->buffers[place_of((void *)buffer->object.start)] = buffer;
	hash_add(buffers, &buffer->node, buffer->object.start);
}

/* Nobody finds it any more. Its references are still to be put. */
static void detach(struct nooks_buffer *buffer)
{
	struct nooks_metapage *meta = buffer->meta;

	lockdep_assert_held(&buffers_lock);
	if (!meta)
		return;
	hash_del(&buffer->node);
	meta->buffers[place_of((void *)buffer->object.start)] = NULL;
	if (buffer->refs && !--meta->held)
		idle_add(meta);
	buffer->meta = NULL;
}

/* Of a page that goes, with what is idle: these buffers are put and freed later. */
static void detach_idle(struct nooks_metapage *meta, struct hlist_head *gone)
{
	unsigned int i;

	for (i = 0; i < MAX_BUFFERS; i++) {
		struct nooks_buffer *buffer = meta->buffers[i];

		if (!buffer)
			continue;
		detach(buffer);
		/* Or recovery has it, and does what is left. */
		if (nooks_object_take(&buffer->object))
			hlist_add_head(&buffer->node, gone);
	}
}

static void free_idle(struct hlist_head *gone)
{
	struct nooks_buffer *buffer;
	struct hlist_node *next;

	hlist_for_each_entry_safe(buffer, next, gone, node) {
		__brelse((struct buffer_head *)buffer->object.start);
		nooks_object_free(&buffer->object);
	}
}

/* Forget up to @nr pages that nothing is held of, those of @driver or, if that is NULL, of whomever. */
static void trim(struct nooks_driver *driver, unsigned int nr)
{
	struct nooks_metapage *meta, *next;
	HLIST_HEAD(gone_buffers);
	bool revoked = false;
	unsigned long flags;
	LIST_HEAD(gone);

	raw_spin_lock_irqsave(&buffers_lock, flags);
	list_for_each_entry_safe_reverse(meta, next, &idle_pages, lru) {
		struct nooks_driver *owner = meta->object.driver;

		if (driver && owner != driver)
			continue;
		if (!nr--)
			break;
		if (!nooks_object_remove(owner, &meta_class, (void *)meta->object.start))
			continue;
		detach_idle(meta, &gone_buffers);
		idle_del(meta);
		/* Who gets a buffer there again, and so comes from here, does not find the copy in the TLB. */
		if (meta->copy) {
			nooks_revoke(owner->domain, (void *)meta->object.start, PAGE_SIZE);
			nooks_tlb_raise(owner->domain);
			revoked = true;
		}
		list_add(&meta->lru, &gone);
	}
	raw_spin_unlock_irqrestore(&buffers_lock, flags);
	free_idle(&gone_buffers);
	if (revoked)
		nooks_domain_kick();
	list_for_each_entry_safe(meta, next, &gone, lru) {
		list_del_init(&meta->lru);
		nooks_object_free(&meta->object);
	}
}

void nooks_buffers_each_copy(struct nooks_driver *driver,
			     void (*fn)(void *data, unsigned long start, size_t size), void *data)
{
	struct nooks_metapage *meta;
	unsigned long flags;

	raw_spin_lock_irqsave(&buffers_lock, flags);
	list_for_each_entry(meta, &idle_pages, lru)
		if (meta->object.driver == driver && meta->copy)
			fn(data, meta->object.start, PAGE_SIZE);
	raw_spin_unlock_irqrestore(&buffers_lock, flags);
}

void nooks_buffers_trim(struct nooks_driver *driver)
{
	trim(driver, UINT_MAX);
}

/* The buffer's bytes in the page, or in the copy. */
static void *bytes_of(const struct nooks_buffer *buffer, bool copy)
{
	const struct buffer_head *bh = (void *)buffer->object.start;

	return (copy ? page_address(buffer->meta->copy) : page_address(buffer->meta->page)) +
	       offset_in_page(bh->b_data);
}

/* Bring the copy up to date, before the driver looks. */
static void refresh(struct nooks_buffer *buffer)
{
	const struct buffer_head *bh = (void *)buffer->object.start;

	lockdep_assert_held(&buffers_lock);
	if (buffer->meta->copy)
		memcpy(bytes_of(buffer, true), bytes_of(buffer, false), bh->b_size);
}

/* What the driver has written to the buffer is right, it says. */
static void commit(struct nooks_crossing *x, struct nooks_buffer *buffer)
{
	struct buffer_head *bh = (void *)buffer->object.start;
	void *to, *from;

	lockdep_assert_held(&buffers_lock);
	/* Another thread of the driver's may have put it. */
	if (!buffer->meta || !buffer->meta->copy)
		return;
	to = bytes_of(buffer, false);
	from = bytes_of(buffer, true);
	nooks_undo_note(x, bh, to, from);
	memcpy(to, from, bh->b_size);
}

/* Has it written anything that was not committed? */
static bool has_changed(const struct nooks_buffer *buffer)
{
	const struct buffer_head *bh = (void *)buffer->object.start;

	lockdep_assert_held(&buffers_lock);
	return buffer->meta && buffer->meta->copy &&
	       memcmp(bytes_of(buffer, false), bytes_of(buffer, true), bh->b_size);
}

/* The page's entry, made if it is missing; NULL without memory. With buffers_lock not held. */
static struct nooks_metapage *meta_get(struct nooks_driver *driver, const struct buffer_head *bh,
				       gfp_t gfp)
{
	const void *start = (void *)((unsigned long)bh->b_data & PAGE_MASK);

	return to_meta(nooks_object_get_or_add(driver, &meta_class, start, PAGE_SIZE,
					       NOOKS_TYPE_none, gfp));
}

/* Take an entry that was made for nothing out of the table; puts the caller's reference. */
static void drop_unheld(struct nooks_buffer *buffer)
{
	struct nooks_object *object = NULL;
	unsigned long flags;

	raw_spin_lock_irqsave(&buffers_lock, flags);
	if (!buffer->meta)
		object = nooks_object_remove(buffer->object.driver, &buffer_class,
					     (void *)buffer->object.start);
	raw_spin_unlock_irqrestore(&buffers_lock, flags);
	if (object)
		nooks_object_free(object);
	nooks_object_free(&buffer->object);
}

/* The driver has got a reference on a buffer. Return: how many of the kernel's are too many now. */
static unsigned int grab(struct nooks_buffer *buffer, bool stale)
{
	unsigned int spare = buffer->idle;

	lockdep_assert_held(&buffers_lock);
	if (!buffer->refs++) {
		buffer->idle = false;
		buffer->dirtied = false;
		if (!buffer->meta->held++)
			idle_del(buffer->meta);
		stale = true;
	}
	if (stale)
		refresh(buffer);
	return spare;
}

/* As hold(), of one that is known. */
static bool hold_known(struct nooks_driver *driver, struct buffer_head *bh, bool stale)
{
	struct nooks_buffer *buffer;
	unsigned int spare = 0;
	unsigned long flags;

	raw_spin_lock_irqsave(&buffers_lock, flags);
	buffer = look_up(driver, bh);
	if (buffer)
		spare = grab(buffer, stale);
	raw_spin_unlock_irqrestore(&buffers_lock, flags);
	if (spare)
		__brelse(bh);
	return buffer;
}

/*
 * The driver has got a reference on a buffer. @stale: what it has seen of its data, if it holds it
 * already, was not valid.
 */
static bool hold(struct nooks_driver *driver, struct buffer_head *bh, bool stale, gfp_t gfp)
{
	struct nooks_metapage *meta;
	struct nooks_buffer *buffer;
	unsigned int spare = 0;
	unsigned long flags;
	bool held;

	if (hold_known(driver, bh, stale))
		return true;
	for (;;) {
		meta = meta_get(driver, bh, gfp);
		buffer = to_buffer(nooks_object_get_or_add(driver, &buffer_class, bh, sizeof(*bh),
							   NOOKS_TYPE_buffer_head, gfp));
		if (!meta || !buffer) {
			if (meta)
				nooks_object_free(&meta->object);
			if (buffer)
				drop_unheld(buffer);
			return false;
		}
		raw_spin_lock_irqsave(&buffers_lock, flags);
		held = nooks_object_tracked(&meta->object) && nooks_object_tracked(&buffer->object);
		if (held && !buffer->meta)
			attach(buffer, meta);
		if (held)
			spare = grab(buffer, stale);
		raw_spin_unlock_irqrestore(&buffers_lock, flags);
		nooks_object_free(&meta->object);
		nooks_object_free(&buffer->object);
		if (spare)
			__brelse(bh);
		if (held)
			return true;
	}
}

/* The buffer, if the driver holds it, or it is idle; with a reference on it and on the entry: put(). */
static struct nooks_buffer *find(struct nooks_driver *driver, const void *bh)
{
	struct nooks_buffer *buffer;
	unsigned long flags;

	raw_spin_lock_irqsave(&buffers_lock, flags);
	buffer = look_up(driver, bh);
	if (buffer) {
		refcount_inc(&buffer->object.refs);
		get_bh((struct buffer_head *)bh);
	}
	raw_spin_unlock_irqrestore(&buffers_lock, flags);
	return buffer;
}

static void put(struct nooks_buffer *buffer)
{
	put_bh((struct buffer_head *)buffer->object.start);
	nooks_object_free(&buffer->object);
}

static struct nooks_buffer *check(struct nooks_crossing *x, unsigned long bh, const char *fn)
{
	struct nooks_buffer *buffer = find(nooks_driver_of(x), (void *)bh);

	if (buffer && !READ_ONCE(buffer->refs)) {
		put(buffer);
		buffer = NULL;
	}
	if (!buffer)
		nooks_fail(x, NOOKS_BAD_ARGUMENT, bh, "%s: no buffer that the driver holds", fn);
	return buffer;
}

bool nooks_buffer_touch(struct nooks_crossing *x, unsigned long addr)
{
	struct nooks_driver *driver = nooks_driver_of(x);
	const void *start = (void *)(addr & PAGE_MASK);
	struct nooks_metapage *meta = to_meta(nooks_object_get(driver, &meta_class, start));
	struct page *copy = NULL;
	struct nooks_buffer *buffer = NULL;
	unsigned int i;

	if (!meta)
		return false;
	raw_spin_lock(&buffers_lock);
	for (i = 0; i < MAX_BUFFERS && !buffer; i++) {
		const struct nooks_buffer *b = meta->buffers[i];
		const struct buffer_head *bh = b ? (void *)b->object.start : NULL;

		if (bh && b->refs && addr - (unsigned long)bh->b_data < bh->b_size)
			buffer = meta->buffers[i];
	}
	if (buffer && !meta->copy) {
		copy = alloc_page(GFP_ATOMIC | __GFP_MEMALLOC | __GFP_NOWARN);
		if (copy)
			memcpy(page_address(copy), start, PAGE_SIZE);
		if (copy && !nooks_grant_copy(driver->domain, start, copy,
					      GFP_ATOMIC | __GFP_MEMALLOC | __GFP_NOWARN)) {
			meta->copy = copy;
			copy = NULL;
		}
	}
	raw_spin_unlock(&buffers_lock);
	if (copy)
		__free_page(copy);
	if (buffer && !meta->copy)
		nooks_fail(x, NOOKS_OUT_OF_RESOURCES, addr, "no memory for a copy of a buffer");
	nooks_object_free(&meta->object);
	return buffer;
}

/* Fields of a buffer_head that is lent, to be mapped; those of a buffer that is held stay. */
const char *nooks_field_buffer_map(struct nooks_crossing *x, unsigned long addr, u64 old, u64 new,
				   bool done)
{
	struct nooks_object object;

	return old != new && nooks_object_containing(nooks_driver_of(x), addr, &object) &&
	       object.class == &buffer_class ? "of a buffer in the device's cache" : NULL;
}

const char *nooks_field_buffer_bdev(struct nooks_crossing *x, unsigned long addr, u64 old, u64 new,
				    bool done)
{
	if (new && !nooks_object_find_type(nooks_driver_of(x), NOOKS_TYPE_block_device, (void *)new))
		return "no device of the driver's";
	return nooks_field_buffer_map(x, addr, old, new, done);
}

/* Bits that inline functions set: contents are valid, it is locked; and of one to map, that it is. */
const char *nooks_field_buffer_state(struct nooks_crossing *x, unsigned long addr, u64 old, u64 new,
				     bool done)
{
	struct nooks_buffer *buffer =
		find(nooks_driver_of(x), container_of((unsigned long *)addr, struct buffer_head, b_state));
	u64 set = new & ~old, cleared = old & ~new;
	const char *why = NULL;

	if (!buffer)
		return (set | cleared) & ~(u64)(BIT(BH_Mapped) | BIT(BH_New) | BIT(BH_Boundary) |
						BIT(BH_Uptodate) | BIT(BH_Unwritten) |
						BIT(BH_Delay)) ? "not to be set here" : NULL;
	if (!READ_ONCE(buffer->refs))
		why = "of a buffer that the driver does not hold";
	else if (done && set & BIT(BH_Lock))
		WRITE_ONCE(buffer->locker, current);
	else if (cleared || set & ~(u64)(BIT(BH_Uptodate) | BIT(BH_Lock)))
		why = "not to be set here";
	put(buffer);
	return why;
}

/* get_bh(), for one that is held: once more. */
const char *nooks_field_buffer_count(struct nooks_crossing *x, unsigned long addr, u64 old, u64 new,
				     bool done)
{
	struct nooks_buffer *buffer =
		find(nooks_driver_of(x), container_of((atomic_t *)addr, struct buffer_head, b_count));
	const char *why = NULL;

	if (!buffer)
		return "no buffer that the driver holds";
	if (!READ_ONCE(buffer->refs)) {
		why = "no buffer that the driver holds";
	} else if (done) {
		raw_spin_lock(&buffers_lock);
		if (buffer->refs)
			buffer->refs++;
		raw_spin_unlock(&buffers_lock);
	} else if ((u32)new != (u32)old + 1) {
		why = "not one more";
	}
	put(buffer);
	return why;
}

static bool check_block(struct nooks_crossing *x, unsigned long bdev, unsigned long block,
			unsigned int size, const char *fn)
{
	struct block_device *dev = (void *)bdev;

	return nooks_may_sleep(x, fn) &&
	       nooks_arg_object(x, dev, NOOKS_TYPE_block_device, false, fn, "bdev") &&
	       nooks_arg_require(x, size == block_size(dev), fn,
				 "the size is that of the device's blocks");
}

enum how { HOW_READ, HOW_GET, HOW_FIND };

static unsigned long get(struct nooks_crossing *x, unsigned long bdev, sector_t block,
			 unsigned int size, gfp_t gfp, enum how how, const char *fn)
{
	struct nooks_driver *driver = nooks_driver_of(x);
	struct block_device *dev = (struct block_device *)bdev;
	struct buffer_head *bh;
	bool stale;

	if (!check_block(x, bdev, block, size, fn) || !nooks_arg_gfp(x, gfp, fn))
		return 0;
	if (READ_ONCE(nr_idle) > MAX_PAGES)
		trim(NULL, TRIM_PAGES);
	/* If it is read now, its data are news to whoever holds it. */
	bh = __find_get_block(dev, block, size);
	stale = bh && !buffer_uptodate(bh);
	if (!bh || (how == HOW_READ && stale)) {
		brelse(bh);
		bh = how == HOW_READ ? __bread_gfp(dev, block, size, gfp) :
		     how == HOW_GET ? bdev_getblk(dev, block, size, gfp) : NULL;
	}
	/* What a driver asks for behind the device's end says nothing of the disk. */
	if (!bh && how == HOW_READ && block < bdev_nr_sectors(dev) / (size / SECTOR_SIZE))
		nooks_fspark_disk_failed(driver, dev);
	if (!bh)
		return 0;
	if (hold(driver, bh, stale && how == HOW_READ, GFP_NOFS | __GFP_NOWARN))
		return (unsigned long)bh;
	brelse(bh);
	return 0;
}

/* struct buffer_head *__bread_gfp(struct block_device *bdev, sector_t block, unsigned int size, gfp_t gfp) */
NOOKS_WRAPPER(__bread_gfp)
{
	return get(x, a0, a1, a2, (__force gfp_t)a3, HOW_READ, "__bread_gfp");
}

NOOKS_WRAPPER(__getblk_gfp)
{
	return get(x, a0, a1, a2, (__force gfp_t)a3, HOW_GET, "__getblk_gfp");
}

/* struct buffer_head *__find_get_block(struct block_device *bdev, sector_t block, unsigned int size) */
NOOKS_WRAPPER(__find_get_block)
{
	return get(x, a0, a1, a2, 0, HOW_FIND, "__find_get_block");
}

/* void __breadahead(struct block_device *bdev, sector_t block, unsigned int size) */
NOOKS_WRAPPER(__breadahead)
{
	if (check_block(x, a0, a1, a2, "__breadahead"))
		__breadahead((struct block_device *)a0, a1, a2);
	return 0;
}

/* Put a reference of the driver's. False: it has none, and has failed. */
static bool let_go(struct nooks_crossing *x, unsigned long addr, bool forget, const char *fn)
{
	struct nooks_driver *driver = nooks_driver_of(x);
	struct buffer_head *bh = (struct buffer_head *)addr;
	struct nooks_buffer *buffer;
	bool late, last = false;
	unsigned long flags;

	raw_spin_lock_irqsave(&buffers_lock, flags);
	buffer = look_up(driver, bh);
	if (!buffer || !buffer->refs) {
		raw_spin_unlock_irqrestore(&buffers_lock, flags);
		nooks_fail(x, NOOKS_BAD_ARGUMENT, addr, "%s: no buffer that the driver holds", fn);
		return false;
	}
	/* Who has locked it could not unlock it any more; recovery does that. */
	if (buffer->refs == 1 && buffer->locker) {
		raw_spin_unlock_irqrestore(&buffers_lock, flags);
		nooks_fail(x, NOOKS_BAD_ARGUMENT, addr, "%s: the driver has locked it", fn);
		return false;
	}
	late = buffer->dirtied && !forget && !nooks_crossing_stale(x) && has_changed(buffer);
	if (late)
		commit(x, buffer);
	if (!--buffer->refs) {
		last = true;
		buffer->idle = true;
		if (!--buffer->meta->held)
			idle_add(buffer->meta);
	}
	/* The last one is the entry's now, which may go at any time. */
	if (last && (late || forget))
		get_bh(bh);
	raw_spin_unlock_irqrestore(&buffers_lock, flags);
	/* What was stored after the buffer was said to be dirty: it may have been written meanwhile. */
	if (late && buffer_uptodate(bh))
		mark_buffer_dirty(bh);
	if (forget)
		__bforget(bh);
	else if (late || !last)
		__brelse(bh);
	return true;
}

bool nooks_buffers_settle(struct nooks_crossing *x)
{
	struct nooks_kept *kept = nooks_kept_of(x);
	unsigned long used = READ_ONCE(kept->used);
	unsigned int place;

	/* Of a driver that has failed they are put by recovery. */
	if (nooks_crossing_stale(x))
		return true;
	WRITE_ONCE(kept->used, 0);
	for_each_set_bit(place, &used, NOOKS_MAX_KEPT)
		if (!let_go(x, (unsigned long)READ_ONCE(kept->buffers[place]), false, "__brelse"))
			return false;
	return true;
}

/* void __brelse(struct buffer_head *bh) */
NOOKS_WRAPPER(__brelse)
{
	let_go(x, a0, false, "__brelse");
	return 0;
}

/* void __bforget(struct buffer_head *bh) */
NOOKS_WRAPPER(__bforget)
{
	let_go(x, a0, true, "__bforget");
	return 0;
}

/* Before buffers of another size may come. False: the driver has failed. */
static bool may_resize(struct nooks_crossing *x, unsigned long sb, unsigned long size, const char *fn)
{
	if (!nooks_may_sleep(x, fn) ||
	    !nooks_arg_object(x, (void *)sb, NOOKS_TYPE_super_block, false, fn, "sb") ||
	    !nooks_arg_range(x, (int)size, SECTOR_SIZE, PAGE_SIZE, fn, "size") ||
	    !nooks_buffers_settle(x))
		return false;
	nooks_buffers_trim(nooks_driver_of(x));
	return true;
}

/* int sb_set_blocksize(struct super_block *sb, int size) */
NOOKS_WRAPPER(sb_set_blocksize)
{
	return may_resize(x, a0, a1, "sb_set_blocksize") ? sb_set_blocksize((void *)a0, a1) : 0;
}

/* int sb_min_blocksize(struct super_block *sb, int size) */
NOOKS_WRAPPER(sb_min_blocksize)
{
	return may_resize(x, a0, a1, "sb_min_blocksize") ? sb_min_blocksize((void *)a0, a1) : 0;
}

/* Commit what the driver has in a buffer that it holds. False: it has failed. */
static bool dirty(struct nooks_crossing *x, struct nooks_buffer *buffer, const char *fn)
{
	struct buffer_head *bh = (struct buffer_head *)buffer->object.start;
	unsigned long flags;

	if (!nooks_arg_require(x, buffer_uptodate(bh), fn, "the buffer's contents are valid") ||
	    nooks_crossing_stale(x))
		return false;
	raw_spin_lock_irqsave(&buffers_lock, flags);
	commit(x, buffer);
	buffer->dirtied = true;
	raw_spin_unlock_irqrestore(&buffers_lock, flags);
	nooks_kept_of(x)->dirtied |= BIT(bh->b_blocknr % NOOKS_MAX_KEPT);
	return true;
}

/* void mark_buffer_dirty(struct buffer_head *bh) */
NOOKS_WRAPPER(mark_buffer_dirty)
{
	static const char fn[] = "mark_buffer_dirty";
	struct nooks_buffer *buffer = check(x, a0, fn);

	if (!buffer)
		return 0;
	if (dirty(x, buffer, fn))
		mark_buffer_dirty((struct buffer_head *)a0);
	put(buffer);
	return 0;
}

/* void mark_buffer_dirty_inode(struct buffer_head *bh, struct inode *inode) */
NOOKS_WRAPPER(mark_buffer_dirty_inode)
{
	static const char fn[] = "mark_buffer_dirty_inode";
	struct buffer_head *bh = (struct buffer_head *)a0;
	struct inode *inode = (struct inode *)a1;
	struct nooks_buffer *buffer;

	if (!nooks_arg_object(x, inode, NOOKS_TYPE_inode, false, fn, "inode"))
		return 0;
	buffer = check(x, a0, fn);
	if (!buffer)
		return 0;
	/* An inode has buffers of one device, or the kernel stops. */
	if (nooks_arg_require(x, inode->i_sb->s_bdev == READ_ONCE(bh->b_bdev) && buffer_mapped(bh), fn,
			      "the buffer is of the inode's device") && dirty(x, buffer, fn))
		mark_buffer_dirty_inode(bh, inode);
	put(buffer);
	return 0;
}

/* What is to be written now has been said to be dirty, so it is committed; but for later stores. */
static struct nooks_buffer *to_write(struct nooks_crossing *x, unsigned long addr, const char *fn)
{
	struct nooks_buffer *buffer = nooks_may_sleep(x, fn) ? check(x, addr, fn) : NULL;
	unsigned long flags;

	if (!buffer)
		return NULL;
	/* Of another block size, say. */
	if (!nooks_arg_require(x, buffer_mapped((struct buffer_head *)addr), fn, "the buffer has a place on the disk")) {
		put(buffer);
		return NULL;
	}
	raw_spin_lock_irqsave(&buffers_lock, flags);
	if (buffer->dirtied && !nooks_crossing_stale(x))
		commit(x, buffer);
	raw_spin_unlock_irqrestore(&buffers_lock, flags);
	return buffer;
}

/* int sync_dirty_buffer(struct buffer_head *bh) */
NOOKS_WRAPPER(sync_dirty_buffer)
{
	struct nooks_buffer *buffer = to_write(x, a0, "sync_dirty_buffer");
	int ret;

	if (!buffer)
		return 0;
	ret = sync_dirty_buffer((struct buffer_head *)a0);
	put(buffer);
	return ret;
}

/* void write_dirty_buffer(struct buffer_head *bh, blk_opf_t op_flags) */
NOOKS_WRAPPER(write_dirty_buffer)
{
	static const char fn[] = "write_dirty_buffer";
	struct nooks_buffer *buffer;

	if (!nooks_arg_require(x, !(a1 & ~(__force unsigned long)(REQ_SYNC | REQ_META | REQ_PRIO |
								  REQ_FUA | REQ_PREFLUSH)), fn,
			       "known flags"))
		return 0;
	buffer = to_write(x, a0, fn);
	if (!buffer)
		return 0;
	write_dirty_buffer((struct buffer_head *)a0, (__force blk_opf_t)a1);
	put(buffer);
	return 0;
}

/* void __wait_on_buffer(struct buffer_head *bh) */
NOOKS_WRAPPER(__wait_on_buffer)
{
	static const char fn[] = "__wait_on_buffer";
	struct nooks_buffer *buffer = nooks_may_sleep(x, fn) ? check(x, a0, fn) : NULL;

	if (!buffer)
		return 0;
	__wait_on_buffer((struct buffer_head *)a0);
	put(buffer);
	return 0;
}

/* void __lock_buffer(struct buffer_head *bh): the inline function could not have it at once */
NOOKS_WRAPPER(__lock_buffer)
{
	static const char fn[] = "__lock_buffer";
	struct nooks_buffer *buffer = nooks_may_sleep(x, fn) ? check(x, a0, fn) : NULL;

	if (!buffer)
		return 0;
	if (nooks_arg_require(x, READ_ONCE(buffer->locker) != current, fn,
			      "this thread has not locked it")) {
		__lock_buffer((struct buffer_head *)a0);
		WRITE_ONCE(buffer->locker, current);
	}
	put(buffer);
	return 0;
}

/* void unlock_buffer(struct buffer_head *bh): what the driver has made of it is what others read now */
NOOKS_WRAPPER(unlock_buffer)
{
	static const char fn[] = "unlock_buffer";
	struct buffer_head *bh = (struct buffer_head *)a0;
	struct nooks_buffer *buffer = check(x, a0, fn);
	unsigned long flags;

	if (!buffer)
		return 0;
	if (nooks_arg_require(x, READ_ONCE(buffer->locker) == current, fn,
			      "this thread has locked it")) {
		raw_spin_lock_irqsave(&buffers_lock, flags);
		buffer->locker = NULL;
		if (buffer_uptodate(bh) && !nooks_crossing_stale(x))
			commit(x, buffer);
		raw_spin_unlock_irqrestore(&buffers_lock, flags);
		unlock_buffer(bh);
	}
	put(buffer);
	return 0;
}

/* A buffer that this thread has locked in the driver, which it has not any more; NULL: there is none. */
static struct nooks_buffer *take_locked(struct nooks_driver *driver)
{
	struct nooks_buffer *found = NULL;
	struct nooks_object *object;
	unsigned long flags;

	raw_spin_lock_irqsave(&driver->objects.lock, flags);
	nooks_for_each_object(object, driver, &buffer_class) {
		struct nooks_buffer *buffer = to_buffer(object);

		if (READ_ONCE(buffer->locker) == current) {
			WRITE_ONCE(buffer->locker, NULL);
			refcount_inc(&object->refs);
			get_bh((struct buffer_head *)object->start);
			found = buffer;
			break;
		}
	}
	raw_spin_unlock_irqrestore(&driver->objects.lock, flags);
	return found;
}

/* The driver was filling it: if it has said that this is done, it has not said that it is dirty. */
static void unlock_unfilled(struct buffer_head *bh)
{
	if (!buffer_dirty(bh))
		clear_buffer_uptodate(bh);
	unlock_buffer(bh);
}

void nooks_buffers_unlock(struct nooks_driver *driver)
{
	struct nooks_buffer *buffer;

	while ((buffer = take_locked(driver))) {
		unlock_unfilled((struct buffer_head *)buffer->object.start);
		put(buffer);
	}
}

/* Recovery. What was not committed is dropped with the copy: the page has what is on the disk, or will be. */
static void buffer_release(struct nooks_object *object)
{
	struct nooks_buffer *buffer = to_buffer(object);
	struct buffer_head *bh = (struct buffer_head *)object->start;
	unsigned long flags;
	unsigned int refs;

	raw_spin_lock_irqsave(&buffers_lock, flags);
	detach(buffer);
	refs = buffer->refs + buffer->idle;
	raw_spin_unlock_irqrestore(&buffers_lock, flags);
	if (refs && buffer->locker)
		unlock_unfilled(bh);
	while (refs--)
		__brelse(bh);
}

static void meta_release(struct nooks_object *object)
{
	struct nooks_metapage *meta = to_meta(object);
	struct nooks_driver *driver = object->driver;
	unsigned long flags;

	raw_spin_lock_irqsave(&buffers_lock, flags);
	idle_del(meta);
	if (meta->copy)
		nooks_revoke(driver->domain, (void *)object->start, PAGE_SIZE);
	raw_spin_unlock_irqrestore(&buffers_lock, flags);
	if (meta->copy)
		nooks_revoke_flush(driver->domain);
}
