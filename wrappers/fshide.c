// SPDX-License-Identifier: GPL-2.0
/* Files that are hidden while they are brought back; fshide.h tells the idea. */
#include <linux/atomic.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/rcupdate.h>
#include <linux/sched/signal.h>
#include <linux/splice.h>
#include <linux/uio.h>
#include <linux/wait.h>
#include "../nooks/compat.h"
#include "../recovery/recover.h"
#include "fs.h"
#include "fshide.h"
#include "fspark.h"

/* How many files are hidden: mostly none, and then nobody is looked up. */
static atomic_t nr_hidden;
/* Counts how often one became so. */
static atomic_long_t hidings;
static DECLARE_WAIT_QUEUE_HEAD(waiting);

void nooks_fshide_begin(struct nooks_driver *driver, struct inode *inode)
{
	struct nooks_inode *n = nooks_inode_get(driver, inode);

	if (n && !n->hidden) {
		WRITE_ONCE(n->hidden, true);
		atomic_inc(&nr_hidden);
		/* Pairs with look(): who has this number finds it hidden. */
		WRITE_ONCE(n->hiding, atomic_long_inc_return(&hidings));
		/* Pairs with was_hidden(): who has seen anything of what comes now finds the number changed. */
		smp_mb();
	}
	nooks_inode_put(n);
}

void nooks_fshide_forget(struct nooks_inode *n)
{
	if (!READ_ONCE(n->hidden))
		return;
	/* Who finds it shown finds all that was done. */
	smp_store_release(&n->hidden, false);
	atomic_dec_return_release(&nr_hidden);
	wake_up_all(&waiting);
}

void nooks_fshide_end(struct nooks_driver *driver, struct inode *inode)
{
	struct nooks_inode *n = nooks_inode_get(driver, inode);

	if (n)
		nooks_fshide_forget(n);
	nooks_inode_put(n);
}

void nooks_fshide_wake(void)
{
	wake_up_all(&waiting);
}

/* enum view - of a file: as users know it; hidden; hidden, and nobody is going to bring it back */
enum view { SHOWN, HIDDEN, LOST };

/* What inodes may be looked up by: they can't go, for their file is open. */
static enum view view_of(const struct inode *inode)
{
	struct nooks_driver *driver;
	enum view view = SHOWN;
	struct nooks_inode *n;

	if (likely(!atomic_read_acquire(&nr_hidden)))
		return SHOWN;
	driver = nooks_fspark_driver(inode->i_sb);
	n = driver ? nooks_inode_get(driver, inode) : NULL;
	if (n && smp_load_acquire(&n->hidden))
		view = nooks_recovery_pending(driver) ? HIDDEN : LOST;
	nooks_inode_put(n);
	return view;
}

/* Before something is read of a file: what was_hidden() wants, and whether it is hidden. */
static long look(const struct inode *inode, enum view *view)
{
	long seen = atomic_long_read_acquire(&hidings);

	*view = view_of(inode);
	return seen;
}

/* Has it been hidden since then? What was read may be of any time. */
static bool was_hidden(const struct inode *inode, long seen)
{
	struct nooks_driver *driver;
	struct nooks_inode *n;
	bool was;

	/* What was read was read before this. */
	smp_rmb();
	if (likely(atomic_long_read(&hidings) == seen))
		return false;
	driver = nooks_fspark_driver(inode->i_sb);
	n = driver ? nooks_inode_get(driver, inode) : NULL;
	was = n && (READ_ONCE(n->hidden) || READ_ONCE(n->hiding) - seen > 0);
	nooks_inode_put(n);
	return was;
}

/*
 * Wait until it can be looked at. Kernel threads don't: recovery may need what they do, as where an image that is mounted
 * lies in the file. Return: 0 and what look() says, or -EAGAIN, -EINTR, -EIO.
 */
static int wait_shown(const struct inode *inode, bool nowait, long *seen)
{
	enum view view;

	*seen = look(inode, &view);
	if (likely(view == SHOWN))
		return 0;
	if (view == LOST || current->flags & PF_KTHREAD)
		return -EIO;
	if (nowait)
		return -EAGAIN;
	if (wait_event_killable(waiting, (*seen = look(inode, &view), view != HIDDEN)))
		return -EINTR;
	return view == SHOWN ? 0 : -EIO;
}

/* As generic_file_read_iter(): all that it returns is of one time, between two restarts. */
static ssize_t read_iter(struct kiocb *iocb, struct iov_iter *to)
{
	const struct inode *inode = iocb->ki_filp->f_mapping->host;
	loff_t pos = iocb->ki_pos;
	long seen;

	for (;;) {
		size_t count = iov_iter_count(to);
		ssize_t ret = wait_shown(inode, iocb->ki_flags & IOCB_NOWAIT, &seen);

		if (ret)
			return ret;
		ret = generic_file_read_iter(iocb, to);
		if (ret == -EIOCBQUEUED || likely(!was_hidden(inode, seen)))
			return ret;
		/* What it has cut off behind the largest file it does not say, nor put back. */
		if (ret > 0)
			iov_iter_revert(to, ret);
		iov_iter_reexpand(to, count);
		iocb->ki_pos = pos;
	}
}

/* As generic_file_llseek(). */
static loff_t llseek(struct file *file, loff_t offset, int whence)
{
	const struct inode *inode = file->f_mapping->host;
	loff_t size;
	long seen;
	int ret;

	if (whence == SEEK_SET || whence == SEEK_CUR)
		return generic_file_llseek(file, offset, whence);
	do {
		ret = wait_shown(inode, false, &seen);
		if (ret)
			return ret;
		size = i_size_read(inode);
	} while (was_hidden(inode, seen));
	return generic_file_llseek_size(file, offset, whence, inode->i_sb->s_maxbytes, size);
}

#ifdef HAVE_filemap_splice_read
/* As filemap_splice_read(), which gives pages away: these can't be taken back, but that there are none can be asked again. */
static ssize_t splice_read(struct file *in, loff_t *ppos, struct pipe_inode_info *pipe, size_t len,
			   unsigned int flags)
{
	const struct inode *inode = in->f_mapping->host;
	ssize_t ret;
	long seen;

	do {
		ret = wait_shown(inode, flags & SPLICE_F_NONBLOCK, &seen);
		if (ret)
			return ret;
		ret = filemap_splice_read(in, ppos, pipe, len, flags);
	} while ((!ret || ret == -EIO) && was_hidden(inode, seen));
	return ret;
}
#endif

/* Who is in a system call may hold locks that recovery wants. @inode is that of the mapped file. */
static vm_fault_t wait_in_fault(struct vm_fault *vmf, const struct inode *inode)
{
	enum view view = view_of(inode);
	struct file *file;
	long seen;

	if (view == SHOWN)
		return VM_FAULT_NOPAGE;		/* it faults once more */
	if (view == LOST || !(vmf->flags & FAULT_FLAG_USER) || !(vmf->flags & FAULT_FLAG_ALLOW_RETRY) ||
	    vmf->flags & FAULT_FLAG_RETRY_NOWAIT)
		return VM_FAULT_SIGBUS;
	file = get_file(vmf->vma->vm_file);
	nooks_release_fault_lock(vmf);
	wait_shown(inode, false, &seen);
	fput(file);
	return VM_FAULT_RETRY;
}

static vm_fault_t fault(struct vm_fault *vmf)
{
	const struct inode *inode = vmf->vma->vm_file->f_mapping->host;
	enum view view;
	long seen = look(inode, &view);
	vm_fault_t ret;

	if (unlikely(view != SHOWN))
		return wait_in_fault(vmf, inode);
	ret = filemap_fault(vmf);
	/* With the lock of the mapping gone the file may be so, too. */
	if (ret & VM_FAULT_RETRY || likely(!was_hidden(inode, seen)))
		return ret;
	if (ret & VM_FAULT_LOCKED) {
		unlock_page(vmf->page);
		put_page(vmf->page);
		vmf->page = NULL;
	} else if (!(ret & VM_FAULT_SIGBUS)) {
		return ret;
	}
	return wait_in_fault(vmf, inode);
}

static vm_fault_t map_pages(struct vm_fault *vmf, pgoff_t start, pgoff_t end)
{
	vm_fault_t ret = 0;

	/* Pairs with synchronize_rcu() of who has hidden it, and changes pages. */
	rcu_read_lock();
	if (view_of(vmf->vma->vm_file->f_mapping->host) == SHOWN)
		ret = filemap_map_pages(vmf, start, end);
	rcu_read_unlock();
	return ret;
}

static const struct vm_operations_struct vm_ops = {
	.fault = fault,
	.map_pages = map_pages,
	.page_mkwrite = filemap_page_mkwrite,
};

/* As generic_file_mmap(). */
static int map(struct file *file, struct vm_area_struct *vma)
{
	int ret = generic_file_mmap(file, vma);

	if (!ret)
		vma->vm_ops = &vm_ops;
	return ret;
}

unsigned long nooks_fshide_stand_in(const char *name)
{
	static const struct {
		const char *name;
		void *fn;
	} stand_ins[] = {
		{ "generic_file_read_iter", read_iter },
		{ "generic_file_llseek", llseek },
		{ "generic_file_mmap", map },
#ifdef HAVE_filemap_splice_read
		{ "filemap_splice_read", splice_read },
#endif
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(stand_ins); i++)
		if (!strcmp(name, stand_ins[i].name))
			return (unsigned long)stand_ins[i].fn;
	return 0;
}
