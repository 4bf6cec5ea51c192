// SPDX-License-Identifier: GPL-2.0
/*
 * Files' pages. Some calls come with a locked page, or return one; a driver hands it on to a function
 * of the kernel's, which sees to its end. The crossing remembers that (nooks_crossing.handed): of a driver
 * that dies, or forgets it, the hook does what is left to do.
 */
#include <linux/blkdev.h>
#include <linux/buffer_head.h>
#include <linux/fs.h>
#include <linux/mpage.h>
#include <linux/pagemap.h>
#include <linux/writeback.h>
#include "../nooks/compat.h"
#include "fs.h"
#include "generated.h"
#include "net.h"

static struct nooks_driver *driver_of(const struct nooks_stub *stub)
{
	return (struct nooks_driver *)stub->domain;
}

/* The driver says that it has done its part, and has not. */
static long untrue(struct nooks_stub *stub, long value)
{
	nooks_fail_return(driver_of(stub), stub, value);
	return -EIO;
}

/* int mpage_read_folio(struct folio *folio, get_block_t get_block) */
NOOKS_WRAPPER(mpage_read_folio)
{
	static const char fn[] = "mpage_read_folio";
	struct folio *folio = (struct folio *)a0;

	if (!nooks_may_sleep(x, fn) ||
	    !nooks_arg_object(x, folio, NOOKS_TYPE_folio, false, fn, "folio") ||
	    !nooks_arg_require(x, x->handed != folio, fn, "not called before") ||
	    !nooks_arg_callback(x, (void *)a1, NOOKS_ROLE_get_block_t, false, fn, "get_block"))
		return 0;
	x->handed = folio;
	return mpage_read_folio(folio, (void *)a1);
}

/* Hook of read_folio: the caller waits until the folio is unlocked. */
unsigned long nooks_r_read_folio(struct nooks_stub *stub, const struct nooks_role *role,
				 unsigned long *args)
{
	struct folio *folio = (struct folio *)args[1];
	struct nooks_crossing x;
	int status;
	long ret;

	ret = nooks_call_watched(&x, stub, role, args, NULL, 0, &status);
	if (status != NOOKS_CALL_CLOSED && x.handed == folio)
		return ret;
	folio_unlock(folio);
	return status == NOOKS_CALL_DONE && !ret ? untrue(stub, ret) : ret;
}

#ifdef HAVE_block_write_full_page
/* int block_write_full_page(struct page *page, get_block_t *get_block, struct writeback_control *wbc) */
NOOKS_WRAPPER(block_write_full_page)
{
	static const char fn[] = "block_write_full_page";
	struct page *page = (struct page *)a0;

	if (!nooks_may_sleep(x, fn) ||
	    !nooks_arg_object(x, page, NOOKS_TYPE_folio, false, fn, "page") ||
	    !nooks_arg_require(x, x->handed != page, fn, "not called before") ||
	    !nooks_arg_callback(x, (void *)a1, NOOKS_ROLE_get_block_t, false, fn, "get_block") ||
	    !nooks_arg_object(x, (void *)a2, NOOKS_TYPE_writeback_control, false, fn, "wbc"))
		return 0;
	x->handed = page;
	return block_write_full_page(page, (void *)a1, (struct writeback_control *)a2);
}
#endif

/*
 * Hook of writepage: what is not written stays dirty, if the driver is going to start again; else it is lost, and fsync() tells
 * of it.
 */
unsigned long nooks_r_writepage(struct nooks_stub *stub, const struct nooks_role *role,
				unsigned long *args)
{
	struct page *page = (struct page *)args[0];
	struct nooks_crossing x;
	int status;
	long ret;

	ret = nooks_call_watched(&x, stub, role, args, NULL, 0, &status);
	if (status != NOOKS_CALL_CLOSED && x.handed == page)
		return ret;
	if (page->mapping && status != NOOKS_CALL_DONE &&
	    nooks_inode_stays_dirty(driver_of(stub), page->mapping->host)) {
		errseq_set(&page->mapping->host->i_sb->s_wb_err, -EIO);
		redirty_page_for_writepage((struct writeback_control *)args[1], page);
	} else if (page->mapping) {
		mapping_set_error(page->mapping, -EIO);
	}
	unlock_page(page);
	return status == NOOKS_CALL_DONE && !ret ? untrue(stub, ret) : ret;
}

static bool check_range(struct nooks_crossing *x, loff_t pos, unsigned int len, const char *fn)
{
	return nooks_arg_range(x, pos, 0, MAX_LFS_FILESIZE - PAGE_SIZE, fn, "pos") &&
	       nooks_arg_range(x, len, 0, PAGE_SIZE - offset_in_page(pos), fn, "len");
}

static bool check_mapping(struct nooks_crossing *x, unsigned long mapping, const char *fn)
{
	return nooks_arg_object(x, container_of((struct address_space *)mapping, struct inode, i_data),
				NOOKS_TYPE_inode, false, fn, "mapping");
}

/*
 * int cont_write_begin(struct file *file, struct address_space *mapping, loff_t pos, unsigned len,
 *			struct page **pagep, void **fsdata, get_block_t *get_block, loff_t *bytes)
 */
NOOKS_WRAPPER(cont_write_begin)
{
	static const char fn[] = "cont_write_begin";
	void *get_block = (void *)nooks_stack_arg(x, 0), *fsdata = NULL;
	loff_t *bytes = (loff_t *)nooks_stack_arg(x, 1);
	struct page *page = NULL;
	int ret;

	if (!nooks_may_sleep(x, fn) ||
	    !nooks_arg_object(x, (void *)a0, NOOKS_TYPE_file, true, fn, "file") ||
	    !check_mapping(x, a1, fn) || !check_range(x, a2, a3, fn) ||
	    !nooks_arg_writable(x, (void *)a4, sizeof(page), false, fn, "pagep") ||
	    !nooks_arg_writable(x, (void *)a5, sizeof(fsdata), false, fn, "fsdata") ||
	    !nooks_arg_callback(x, get_block, NOOKS_ROLE_get_block_t, false, fn, "get_block") ||
	    !nooks_arg_writable(x, bytes, sizeof(*bytes), false, fn, "bytes") ||
	    !nooks_arg_require(x, !x->handed, fn, "not called before"))
		return 0;
	ret = cont_write_begin((struct file *)a0, (struct address_space *)a1, a2, a3, (void *)&page, &fsdata,
			       get_block, bytes);
	if (ret < 0)
		return ret;
	x->handed = page;
	*(struct page **)a4 = page;
	*(void **)a5 = fsdata;
	return ret;
}

static void drop_page(struct page *page)
{
	unlock_page(page);
	put_page(page);
}

/* Hook of write_begin: the caller gets the page that the kernel's function has given, locked. */
unsigned long nooks_r_write_begin(struct nooks_stub *stub, const struct nooks_role *role,
				  unsigned long *args)
{
	struct page **pagep = (struct page **)args[4];
	struct nooks_crossing x;
	struct page *page;
	int status;
	long ret;

	*pagep = NULL;
	ret = nooks_call_watched(&x, stub, role, args, NULL, 0, &status);
	page = status != NOOKS_CALL_CLOSED ? (struct page *)x.handed : NULL;
	if (!ret && page && *pagep == page)
		return ret;
	if (page)
		drop_page(page);
	return status == NOOKS_CALL_DONE && (!ret || page) ? untrue(stub, ret) : ret;
}

/*
 * int generic_write_end(struct file *file, struct address_space *mapping, loff_t pos, unsigned len,
 *			 unsigned copied, struct page *page, void *fsdata)
 */
NOOKS_WRAPPER(generic_write_end)
{
	static const char fn[] = "generic_write_end";
	struct page *page = (struct page *)a5;

	if (!nooks_may_sleep(x, fn) ||
	    !nooks_arg_object(x, (void *)a0, NOOKS_TYPE_file, true, fn, "file") ||
	    !check_mapping(x, a1, fn) || !check_range(x, a2, a3, fn) ||
	    !nooks_arg_range(x, (unsigned int)a4, 0, (unsigned int)a3, fn, "copied") ||
	    !nooks_arg_object(x, page, NOOKS_TYPE_folio, false, fn, "page") ||
	    !nooks_arg_require(x, page->mapping == (void *)a1 && page->index == a2 >> PAGE_SHIFT, fn,
			       "the page is there in the file") ||
	    !nooks_arg_require(x, x->handed != page, fn, "not called before"))
		return 0;
	x->handed = page;
	return generic_write_end((struct file *)a0, (struct address_space *)a1, a2, a3, a4,
				 (void *)page, NULL);
}

/* Hook of write_end: the page is unlocked and put. */
unsigned long nooks_r_write_end(struct nooks_stub *stub, const struct nooks_role *role,
				unsigned long *args)
{
	struct page *page = (struct page *)args[5];
	unsigned int copied = args[4];
	struct nooks_crossing x;
	int status;
	long ret;

	ret = (int)nooks_call_watched(&x, stub, role, args, NULL, 0, &status);
	if (status == NOOKS_CALL_CLOSED || x.handed != page) {
		drop_page(page);
		return ret >= 0 ? untrue(stub, ret) : ret;
	}
	/* It takes all of it, or of less than was wanted nothing: then the caller tries again, and else for ever, or stops. */
	if (ret >= 0 && ret != copied && !(ret == 0 && copied < (unsigned int)args[3]))
		return untrue(stub, ret);
	return ret < -MAX_ERRNO ? untrue(stub, ret) : ret;
}

/* What a driver says of a block, in the state of the buffer that is to be mapped. */
#define MAP_BITS (BIT(BH_Mapped) | BIT(BH_New) | BIT(BH_Boundary))

/*
 * What a driver says of where a block is: on its device, and no more than was asked for. A bad disk has files behind the
 * end of the device: that the block layer finds out. It must be told of the same sectors, though. @create: the VFS writes there at once.
 */
static bool good_mapping(const struct inode *inode, const struct buffer_head *bh, size_t size, bool create)
{
	unsigned int bits = inode->i_blkbits;
	sector_t blocks = (sector_t)LLONG_MAX >> bits;

	if (!bh->b_size || bh->b_size > size || bh->b_size & ((1u << bits) - 1))
		return false;
	/* The VFS follows b_bdev of a new block, too. */
	if (!(bh->b_state & BIT(BH_Mapped)))
		return !create && !(bh->b_state & BIT(BH_New));
	return bh->b_bdev == inode->i_sb->s_bdev && bh->b_blocknr < blocks &&
	       bh->b_size >> bits <= blocks - bh->b_blocknr;
}

/* Has a driver left all else as it was? */
static bool is_mapping(const struct buffer_head *was, const struct buffer_head *copy)
{
	return !((copy->b_state ^ was->b_state) & ~MAP_BITS) && copy->b_page == was->b_page &&
	       copy->b_data == was->b_data && copy->b_this_page == was->b_this_page &&
	       copy->b_end_io == was->b_end_io && copy->b_private == was->b_private;
}

static void take_over(struct buffer_head *bh, const struct buffer_head *copy)
{
	unsigned long changed = (bh->b_state ^ copy->b_state) & MAP_BITS;
	unsigned int bit;

	if (copy->b_state & BIT(BH_Mapped)) {
		bh->b_bdev = copy->b_bdev;
		bh->b_blocknr = copy->b_blocknr;
	}
	bh->b_size = copy->b_size;
	for_each_set_bit(bit, &changed, BITS_PER_LONG) {
		if (test_bit(bit, &copy->b_state))
			set_bit(bit, &bh->b_state);
		else
			clear_bit(bit, &bh->b_state);
	}
}

/*
 * A page of a file could not be written, for the driver has not said where: the kernel takes it for clean, and notes an error. It is not, if
 * the driver is going to start again.
 */
static void stay_dirty(struct nooks_driver *driver, struct inode *inode, const struct buffer_head *bh)
{
	/* Else it is not being written: of a page that is written to, only what was there is dirty. */
	if (bh->b_page && buffer_dirty(bh) && nooks_inode_stays_dirty(driver, inode))
		filemap_dirty_folio(&inode->i_data, page_folio(bh->b_page));
}

/*
 * Hook of get_block: see that the file's data go to the file system's device. What the driver says it writes into a copy:
 * that is a trap less for each field.
 */
unsigned long nooks_r_get_block(struct nooks_stub *stub, const struct nooks_role *role,
				unsigned long *args)
{
	struct inode *inode = (void *)args[0];
	struct buffer_head *bh = (struct buffer_head *)args[2], was = *bh, copy = was;
	bool create = (int)args[3];
	int status, ret;

	BUILD_BUG_ON(sizeof(copy) % sizeof(long));
	ret = nooks_call_copying(stub, role, args, 2, &copy, sizeof(copy), &status);
	if (!ret && (!good_mapping(inode, &copy, was.b_size, create) || !is_mapping(&was, &copy)))
		ret = untrue(stub, ret);
	if (!ret) {
		take_over(bh, &copy);
	} else {
		clear_buffer_mapped(bh);
		clear_buffer_new(bh);
	}
	if (status != NOOKS_CALL_DONE)
		stay_dirty(driver_of(stub), inode, bh);
	return ret;
}

/*
 * Hook of direct_IO: the kernel takes the value for what was read or written, moves on by so much, and goes back by what the driver has
 * taken too much.
 */
unsigned long nooks_r_direct_io(struct nooks_stub *stub, const struct nooks_role *role,
				unsigned long *args)
{
	struct kiocb *iocb = (void *)args[0];
	const struct iov_iter *iter = (void *)args[1];
	size_t before = iov_iter_count(iter);
	struct nooks_crossing x;
	int status;
	long ret = nooks_call_watched(&x, stub, role, args, NULL, 0, &status);
	size_t after = iov_iter_count(iter);

	if (ret >= -MAX_ERRNO && after <= before && (ret < 0 || ret <= before - after) &&
	    !(ret == -EIOCBQUEUED && is_sync_kiocb(iocb)))
		return ret;
	return untrue(stub, ret);
}
