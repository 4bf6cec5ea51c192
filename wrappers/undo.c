// SPDX-License-Identifier: GPL-2.0
/*
 * Undoing what calls have committed that did not come to their end. Changes are kept in the order in which they were made, of all
 * calls of a driver, so that the last one is undone first. Calls that ended well may have changed the same buffers meanwhile: a
 * byte of which a bit was changed since is left as it is, and so is what was older in it of the same calls.
 */
#include <linux/buffer_head.h>
#include <linux/minmax.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include "../nooks/driver.h"
#include "undo.h"

#define MAX_BYTES	SZ_256K		/* of one struct nooks_undo */

/**
 * struct nooks_change - of a buffer
 * @list: in nooks_fs.changes of its driver, which is in the order of time
 * @undo: whose it is, or NULL if the calls are over
 * @older: the change that the same calls have made before it, or NULL
 * @bh: with a reference
 * @offset: in its data, of the first word that was changed
 * @size: bytes from there that are kept, a multiple of words
 * @total: bytes of this and all older ones
 * @bytes: @size bytes as they were, then @size bytes as they were made
 */
struct nooks_change {
	struct list_head list;
	struct nooks_undo *undo;
	struct nooks_change *older;
	struct buffer_head *bh;
	u32 offset;
	u32 size;
	u32 total;
	u8 bytes[];
};

/* Protects nooks_fs.changes, the changes in it, and nooks_undo.undone; innermost. */
static DEFINE_RAW_SPINLOCK(changes_lock);

static void change_free(struct nooks_change *change)
{
	put_bh(change->bh);
	kfree(change);
}

bool nooks_undo_keep(struct nooks_undo *undo)
{
	struct nooks_change *change, *older;
	unsigned long flags;
	bool undone;

	raw_spin_lock_irqsave(&changes_lock, flags);
	undone = undo->undone;
	for (change = undo->last; change && !undone; change = change->older)
		list_del(&change->list);
	raw_spin_unlock_irqrestore(&changes_lock, flags);
	for (change = undo->last; change && !undone; change = older) {
		older = change->older;
		change_free(change);
	}
	undo->last = NULL;
	return !undone;
}

void nooks_undo_leave(struct nooks_undo *undo)
{
	struct nooks_change *change;
	unsigned long flags;

	raw_spin_lock_irqsave(&changes_lock, flags);
	for (change = undo->last; change && !undo->undone; change = change->older)
		change->undo = NULL;
	raw_spin_unlock_irqrestore(&changes_lock, flags);
	undo->last = NULL;
}

static struct nooks_change *change_new(const struct nooks_undo *undo, size_t size)
{
	u32 total = undo->last ? undo->last->total : 0;
	struct nooks_change *change;

	if (size > MAX_BYTES - total)
		return NULL;
	change = kmalloc(struct_size(change, bytes, 2 * size), GFP_ATOMIC | __GFP_NOWARN);
	if (change)
		change->total = total + size;
	return change;
}

void nooks_undo_note(struct nooks_crossing *x, struct buffer_head *bh, const void *before, const void *after)
{
	struct nooks_driver *driver = nooks_driver_of(x);
	const u64 *old = before, *new = after;
	size_t first = 0, end = bh->b_size / sizeof(u64), size;
	struct nooks_undo *undo = x->undo;
	struct nooks_change *change;
	unsigned long flags;
	bool undone;

	if (!undo || undo->lost || undo->shown)
		return;
	while (first < end && old[first] == new[first])
		first++;
	while (end > first && old[end - 1] == new[end - 1])
		end--;
	size = (end - first) * sizeof(u64);
	if (!size)
		return;
	change = change_new(undo, size);
	if (!change) {
		undo->lost = true;
		nooks_undo_keep(undo);
		return;
	}
	get_bh(bh);
	change->bh = bh;
	change->offset = first * sizeof(u64);
	change->size = size;
	change->undo = undo;
	change->older = undo->last;
	memcpy(change->bytes, old + first, size);
	memcpy(change->bytes + size, new + first, size);
	raw_spin_lock_irqsave(&changes_lock, flags);
	undone = undo->undone;
	if (!undone)
		list_add_tail(&change->list, &driver->fs.changes);
	raw_spin_unlock_irqrestore(&changes_lock, flags);
	if (undone)
		change_free(change);
	else
		undo->last = change;
}

/* A byte of @change is another call's now: it is not changed any more. @at: its place in the buffer. */
static void pass_over(const struct nooks_change *change, u32 at)
{
	struct nooks_change *older;

	for (older = change->older; older; older = older->older) {
		u32 i = at - older->offset;

		if (older->bh == change->bh && i < older->size)
			older->bytes[i] = older->bytes[older->size + i];
	}
}

/* The bits that were changed are as they were, in the bytes in which nobody has changed them since. */
static void undo_one(const struct nooks_change *change)
{
	const u8 *before = change->bytes, *after = change->bytes + change->size;
	u8 *now = change->bh->b_data + change->offset;
	bool changed = false;
	u32 i;

	for (i = 0; i < change->size; i++) {
		u8 mask = before[i] ^ after[i];

		if (!mask)
			continue;
		if ((now[i] ^ after[i]) & mask) {
			pass_over(change, change->offset + i);
			continue;
		}
		now[i] ^= mask;
		changed = true;
	}
	/* It may have been written meanwhile. */
	if (changed)
		mark_buffer_dirty(change->bh);
}

void nooks_undo_all(struct nooks_driver *driver)
{
	struct nooks_change *change, *next;
	unsigned long flags;
	LIST_HEAD(changes);

	raw_spin_lock_irqsave(&changes_lock, flags);
	list_splice_init(&driver->fs.changes, &changes);
	list_for_each_entry(change, &changes, list)
		if (change->undo)
			change->undo->undone = true;
	raw_spin_unlock_irqrestore(&changes_lock, flags);
	list_for_each_entry_safe_reverse(change, next, &changes, list) {
		/* Of a device that is gone, its page is nobody's any more. */
		if (buffer_mapped(change->bh) && buffer_uptodate(change->bh))
			undo_one(change);
		change_free(change);
	}
}
