// SPDX-License-Identifier: GPL-2.0
/* What users have written to files is written again; fsreplay.h tells the idea. */
#include <linux/buffer_head.h>
#include <linux/dcache.h>
#include <linux/fs.h>
#include <linux/highmem.h>
#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/slab.h>
#include "../nooks/compat.h"
#include "fsreplay.h"

#define SECTORS	(PAGE_SIZE / SECTOR_SIZE)
#define ALL	((1UL << SECTORS) - 1)

bool nooks_replay_needed(const struct inode *inode)
{
	return S_ISREG(inode->i_mode) && inode->i_nlink &&
	       (READ_ONCE(inode->i_state) & I_DIRTY_ALL ||
		mapping_tagged((struct address_space *)&inode->i_data, PAGECACHE_TAG_DIRTY) ||
		mapping_tagged((struct address_space *)&inode->i_data, PAGECACHE_TAG_WRITEBACK));
}

struct nooks_replay *nooks_replay_new(struct inode *inode)
{
	struct nooks_replay *r = kzalloc(sizeof(*r), GFP_KERNEL);

	if (!r)
		return NULL;
	INIT_LIST_HEAD(&r->list);
	xa_init(&r->pages);
	ihold(inode);
	r->inode = inode;
	r->dentry = d_find_alias(inode);
	r->size = i_size_read(inode);
	r->mtime = nooks_inode_mtime(inode);
	return r;
}

void nooks_replay_free(struct nooks_replay *r)
{
	struct page *page;
	unsigned long index;

	xa_for_each(&r->pages, index, page) {
		set_page_private(page, 0);
		__free_page(page);
	}
	xa_destroy(&r->pages);
	dput(r->dentry);
	iput(r->inode);
	kfree(r);
}

/* Sectors of a locked page that have what the file has there. */
static unsigned long valid_sectors(struct page *page)
{
	struct buffer_head *bh, *head;
	unsigned long valid = 0;

	if (PageUptodate(page))
		return ALL;
	if (!page_has_buffers(page))
		return 0;
	bh = head = page_buffers(page);
	do {
		if (buffer_uptodate(bh))
			valid |= GENMASK((bh_offset(bh) + bh->b_size - 1) / SECTOR_SIZE,
					 bh_offset(bh) / SECTOR_SIZE);
		bh = bh->b_this_page;
	} while (bh != head);
	return valid;
}

/* A copy of a page of the file, locked. */
static void keep(struct nooks_replay *r, struct page *page)
{
	struct page *copy = xa_load(&r->pages, page->index);

	if (!copy) {
		copy = alloc_page(GFP_KERNEL);
		if (copy && xa_err(xa_store(&r->pages, page->index, copy, GFP_KERNEL))) {
			__free_page(copy);
			copy = NULL;
		}
		if (!copy) {
			r->lost = true;
			return;
		}
	}
	set_page_private(copy, valid_sectors(page));
	copy_highpage(copy, page);
}

void nooks_replay_keep(struct nooks_replay *r)
{
	struct address_space *mapping = &r->inode->i_data;
	unsigned long index = 0;

	if (r->begun)
		return;
	filemap_fdatawait_keep_errors(mapping);
	while (xa_find(&mapping->i_pages, &index, ULONG_MAX, PAGECACHE_TAG_DIRTY)) {
		struct page *page = find_lock_page(mapping, index++);

		if (page) {
			/* Clean first: who writes to it by a mapping from now on makes it dirty again. */
			if (clear_page_dirty_for_io(page))
				keep(r, page);
			unlock_page(page);
			put_page(page);
		}
		cond_resched();
	}
}

/* Has a copy of a page at @start all that the file has from @from to @to? */
static bool covers(const struct page *copy, loff_t start, loff_t from, loff_t to)
{
	unsigned int first = max(from, start) - start, end = min_t(loff_t, to - start, PAGE_SIZE);
	unsigned long wanted = GENMASK((end - 1) / SECTOR_SIZE, first / SECTOR_SIZE);

	return (page_private(copy) & wanted) == wanted;
}

/*
 * What is behind the end that the disk knows of was written there, but it is not known where. Return: false: the
 * page cache does not have all of it.
 */
static bool keep_behind(struct nooks_replay *r, loff_t end)
{
	struct address_space *mapping = &r->inode->i_data;
	pgoff_t index;

	for (index = end >> PAGE_SHIFT; end < r->size && (loff_t)index << PAGE_SHIFT < r->size; index++) {
		struct page *copy = xa_load(&r->pages, index), *page;

		if (fatal_signal_pending(current))
			return false;
		page = copy ? NULL : find_lock_page(mapping, index);
		if (page) {
			keep(r, page);
			unlock_page(page);
			put_page(page);
			copy = xa_load(&r->pages, index);
		}
		if (!copy || !covers(copy, (loff_t)index << PAGE_SHIFT, end, r->size))
			return false;
		cond_resched();
	}
	return true;
}

void nooks_replay_keep_behind(struct nooks_replay *r)
{
	keep_behind(r, r->disk_size);
}

/* No page stays. What is written to one by a mapping until it goes is kept. */
static void take_out(struct nooks_replay *r)
{
	struct address_space *mapping = &r->inode->i_data;
	unsigned long index = 0;

	while (xa_find(&mapping->i_pages, &index, ULONG_MAX, XA_PRESENT)) {
		struct page *page = find_lock_page(mapping, index++);

		if (!page)
			continue;
		wait_on_page_writeback(page);
		/* Nobody maps it again while it is locked. */
		unmap_mapping_pages(mapping, page->index, 1, false);
		if (PageDirty(page))
			keep(r, page);
		nooks_remove_page(mapping, page);
		unlock_page(page);
		put_page(page);
		cond_resched();
	}
}

static int set_size(struct nooks_replay *r, loff_t size)
{
	struct iattr attr = { .ia_valid = ATTR_SIZE | ATTR_FORCE, .ia_size = size };

	return notify_change(nooks_no_idmap, r->dentry, &attr, NULL);
}

static int write_run(struct nooks_replay *r, pgoff_t index, struct page *copy, unsigned int from,
		     unsigned int to)
{
	struct address_space *mapping = &r->inode->i_data;
	loff_t pos = ((loff_t)index << PAGE_SHIFT) + from;
	unsigned int len = to - from;
	void *fsdata = NULL;
	nooks_write_target *target;
	int ret = mapping->a_ops->write_begin(NULL, mapping, pos, len, &target, &fsdata);

	if (ret)
		return ret;
	memcpy_page(nooks_write_page(target, index), from, copy, from, len);
	ret = mapping->a_ops->write_end(NULL, mapping, pos, len, len, target, fsdata);
	return ret == len ? 0 : ret < 0 ? ret : -EIO;
}

/* The sectors that are valid, up to the end of the file. */
static int write_page(struct nooks_replay *r, pgoff_t index, struct page *copy)
{
	loff_t start = (loff_t)index << PAGE_SHIFT;
	unsigned long valid = page_private(copy);
	unsigned int end = min_t(loff_t, r->size - start, PAGE_SIZE);
	unsigned long first, last = 0;
	int ret = 0;

	for (;;) {
		first = find_next_bit(&valid, SECTORS, last);
		last = find_next_zero_bit(&valid, SECTORS, first);
		if (ret || first >= SECTORS || first * SECTOR_SIZE >= end)
			return ret;
		ret = write_run(r, index, copy, first * SECTOR_SIZE,
				min_t(unsigned int, last * SECTOR_SIZE, end));
	}
}

static int write_all(struct nooks_replay *r)
{
	loff_t end = r->disk_size;
	struct page *copy;
	unsigned long index;
	int ret;

	if (!r->dentry || r->lost || (!r->begun && !keep_behind(r, end)))
		return -EIO;
	if (!r->begun)
		take_out(r);
	if (r->lost)
		return -EIO;
	r->begun = true;
	i_size_write(r->inode, end);
	truncate_inode_pages(&r->inode->i_data, 0);
	/* Also if that is no change: the driver gives back what the file may have behind its end. */
	ret = set_size(r, min(end, r->size));
	xa_for_each(&r->pages, index, copy) {
		if (ret || (loff_t)index << PAGE_SHIFT >= r->size)
			break;
		ret = write_page(r, index, copy);
		cond_resched();
	}
	if (!ret && i_size_read(r->inode) < r->size)
		ret = set_size(r, r->size);
	if (ret)
		return ret;
	nooks_inode_set_mtime(r->inode, r->mtime);
	mark_inode_dirty(r->inode);
	return 0;
}

int nooks_replay_write(struct nooks_replay *r)
{
	lockdep_assert_held_write(&r->inode->i_rwsem);
	lockdep_assert_held_write(&r->inode->i_data.invalidate_lock);
	/* What was dirtied by a mapping meanwhile. */
	nooks_replay_keep(r);
	return write_all(r);
}
