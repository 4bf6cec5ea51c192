// SPDX-License-Identifier: GPL-2.0
/* File systems that stay mounted while their driver restarts; fspark.h tells the idea. */
#define pr_fmt(fmt) "nooks: " fmt
#include <linux/blkdev.h>
#include <linux/cred.h>
#include <linux/dcache.h>
#include <linux/err.h>
#include <linux/errseq.h>
#include <linux/fs.h>
#include <linux/fs_context.h>
#include <linux/list.h>
#include <linux/pagemap.h>
#include <linux/preempt.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/statfs.h>
#include "../nooks/compat.h"
#include "../nooks/tracepoints.h"
#include "args.h"
#include "fs.h"
#include "fscontext.h"
#include "fshide.h"
#include "fspark.h"
#include "fsreplay.h"
#include "generated.h"

#define MAX_MADE	16	/* inodes that a driver makes before its root */
#define BATCH		64
#define MAX_HELD	10000	/* dentries that a driver may have forgotten */

/**
 * enum nooks_mount_state - of a super block of a driver's
 * @NOOKS_MOUNT_NEW: it is filled for the first time
 * @NOOKS_MOUNT_LIVE: in use
 * @NOOKS_MOUNT_PARKED: the driver that has filled it is gone
 * @NOOKS_MOUNT_FILLING: the restarted one fills it, and looks inodes up
 * @NOOKS_MOUNT_DEAD: the restarted one could not
 */
enum nooks_mount_state {
	NOOKS_MOUNT_NEW,
	NOOKS_MOUNT_LIVE,
	NOOKS_MOUNT_PARKED,
	NOOKS_MOUNT_FILLING,
	NOOKS_MOUNT_DEAD,
};

/**
 * struct nooks_mount - what it takes to fill a super block once more
 * @list: in mounts
 * @driver: whose file system it is
 * @sb: the super block; lives longer than this
 * @fill: the driver's function
 * @options: a page with those of mount(), or of the context, or NULL
 * @context: it is filled by a context
 * @mounter: who has mounted it: whose ids the driver takes where the options say none
 * @umask: ditto
 * @disk_errors: of writing to the disk, as it was filled for the first time
 * @disk_failed: a block of the disk could not be read
 * @was_damaged: the driver has made it read-only, which was a failure
 * @state: enum nooks_mount_state
 * @nr_made: how many inodes the driver has made in filling it, this time
 * @root: which of these was the root's, from 1; 0: not known
 * @made: those of the first time, for comparison only
 * @round: the last walk over all mounts that has seen it
 * @kept: recovery has an active reference on @sb: it does not go when users unmount it
 * @locked: and its s_umount, so that who wants to be sure that all is on the disk waits
 * @replays: what users have written to its files, while it is parked
 * @held: references on its dentries and inodes that were put for the driver as it was unmounted
 * @ops: the driver's functions, and a put_super() if it has none
 *
 * Who has an active reference on @sb may use it without mounts_lock.
 */
struct nooks_mount {
	struct list_head list;
	struct nooks_driver *driver;
	struct super_block *sb;
	struct nooks_stub *fill;
	char *options;
	bool context;
	const struct cred *mounter;
	int umask;
	errseq_t disk_errors;
	bool disk_failed;
	bool was_damaged;
	enum nooks_mount_state state;
	unsigned int nr_made;
	unsigned int root;
	const struct inode *made[MAX_MADE];
	unsigned int round;
	bool kept;
	bool locked;
	struct list_head replays;
	unsigned int held;
	struct super_operations ops;
};

static LIST_HEAD(mounts);
static DEFINE_RAW_SPINLOCK(mounts_lock);
static unsigned int last_round;

static struct nooks_mount *find(const struct super_block *sb)
{
	struct nooks_mount *m;

	lockdep_assert_held(&mounts_lock);
	list_for_each_entry(m, &mounts, list)
		if (m->sb == sb)
			return m;
	return NULL;
}

/* Of a super block that can't go now. */
static struct nooks_mount *get(const struct super_block *sb)
{
	struct nooks_mount *m;
	unsigned long flags;

	raw_spin_lock_irqsave(&mounts_lock, flags);
	m = find(sb);
	raw_spin_unlock_irqrestore(&mounts_lock, flags);
	return m;
}

struct nooks_driver *nooks_fspark_driver(const struct super_block *sb)
{
	struct nooks_mount *m = get(sb);

	return m ? m->driver : NULL;
}

static bool is_open(const struct nooks_mount *m)
{
	return READ_ONCE(m->driver->domain->open);
}

/* What went wrong in writing to the disk. */
static errseq_t *disk_errors(const struct super_block *sb)
{
	return &nooks_bdev_mapping(sb->s_bdev)->wb_err;
}

int nooks_fspark_add(struct nooks_driver *driver, struct super_block *sb, struct nooks_stub *stub,
		     const char *options, bool context)
{
	struct nooks_mount *m = kzalloc(sizeof(*m), GFP_KERNEL);
	unsigned long flags;

	if (m && options) {
		m->options = (char *)get_zeroed_page(GFP_KERNEL);
		if (m->options && context)
			memcpy(m->options, options, PAGE_SIZE);
		else if (m->options)
			strscpy(m->options, options, PAGE_SIZE);
	}
	if (!m || (options && !m->options)) {
		kfree(m);
		return -ENOMEM;
	}
	m->driver = driver;
	m->sb = sb;
	m->fill = stub;
	m->context = context;
	m->mounter = get_current_cred();
	m->umask = current_umask();
	m->disk_errors = errseq_sample(disk_errors(sb));
	INIT_LIST_HEAD(&m->replays);
	raw_spin_lock_irqsave(&mounts_lock, flags);
	/* The oldest comes back first: others may lie in its files. */
	list_add_tail(&m->list, &mounts);
	raw_spin_unlock_irqrestore(&mounts_lock, flags);
	return 0;
}

/* The driver has set its functions. What it holds is put when the VFS asks for it, whether it has a function for that or not. */
static void complete_ops(struct nooks_mount *m)
{
	struct super_block *sb = m->sb;

	if (!sb->s_op || sb->s_op->put_super)
		return;
	m->ops = *sb->s_op;
	m->ops.put_super = nooks_fs_put_super;
	sb->s_op = &m->ops;
}

void nooks_fspark_filled(struct super_block *sb)
{
	struct nooks_mount *m = get(sb);

	if (!m)
		return;
	complete_ops(m);
	WRITE_ONCE(m->state, NOOKS_MOUNT_LIVE);
}

/* Nobody calls the driver with it any more: what it would get its references for it has put down already. */
static void put_inodes(struct nooks_mount *m)
{
	WRITE_ONCE(m->state, NOOKS_MOUNT_DEAD);
	m->held += nooks_inodes_drop(m->driver, m->sb);
}

void nooks_fspark_put_inodes(struct super_block *sb)
{
	struct nooks_mount *m = get(sb);

	if (m && nooks_inodes_held(m->driver, sb))
		put_inodes(m);
}

void nooks_fspark_put_dentries(struct super_block *sb)
{
	struct nooks_mount *m = get(sb);

	if (!m)
		return;
	/* What users have written is not yet: the driver is called, and should it get more for each of them, no longer. */
	m->held += nooks_dentries_drop(m->driver, sb, MAX_HELD);
	if (m->held >= MAX_HELD) {
		put_inodes(m);
		m->held += nooks_dentries_drop(m->driver, sb, UINT_MAX);
	}
}

unsigned int nooks_fspark_remove(struct super_block *sb)
{
	struct nooks_mount *m;
	unsigned long flags;
	unsigned int held;

	raw_spin_lock_irqsave(&mounts_lock, flags);
	m = find(sb);
	if (m)
		list_del(&m->list);
	raw_spin_unlock_irqrestore(&mounts_lock, flags);
	if (!m)
		return 0;
	held = m->held;
	put_cred(m->mounter);
	free_page((unsigned long)m->options);
	kfree(m);
	return held;
}

int nooks_fspark_umask(struct nooks_driver *driver)
{
	const struct nooks_mount *m = READ_ONCE(driver->fs.restorer) == current ? driver->fs.filled : NULL;

	return m ? m->umask : current_umask();
}

void nooks_fspark_disk_failed(struct nooks_driver *driver, const struct block_device *bdev)
{
	struct nooks_mount *m;
	unsigned long flags;

	raw_spin_lock_irqsave(&mounts_lock, flags);
	list_for_each_entry(m, &mounts, list)
		if (m->driver == driver && m->sb->s_bdev == bdev)
			m->disk_failed = true;
	raw_spin_unlock_irqrestore(&mounts_lock, flags);
}

/* One failure more would not make the driver give up: damaged disks alone never do that. */
static bool may_fail(const struct nooks_driver *driver)
{
	unsigned int n = READ_ONCE(driver->nr_failures);

	return !driver->max_failures || !n ||
	       time_after(jiffies, driver->failures[(n - 1) % NOOKS_MAX_FAILURES] + driver->window * HZ);
}

bool nooks_fspark_is_damaged(struct nooks_driver *driver, struct super_block *sb)
{
	struct nooks_mount *m = get(sb);

	/* The kernel says of a remount that it is under way. */
	if (!m || m->state != NOOKS_MOUNT_LIVE || m->was_damaged || sb->s_readonly_remount ||
	    !READ_ONCE(driver->readonly_failure) || !may_fail(driver) || m->disk_failed ||
	    errseq_check(disk_errors(sb), m->disk_errors))
		return false;
	m->was_damaged = true;
	return true;
}

void nooks_fspark_made(struct super_block *sb, const struct inode *inode)
{
	struct nooks_mount *m = get(sb);

	if (m && m->state == NOOKS_MOUNT_NEW && m->nr_made < MAX_MADE)
		m->made[m->nr_made++] = inode;
}

const struct super_block *nooks_fspark_subject(unsigned int type, unsigned long value,
					       const struct inode **inode)
{
	const struct address_space *mapping = NULL;

	*inode = NULL;
	switch (type) {
	case NOOKS_TYPE_super_block:
		return (void *)value;
	case NOOKS_TYPE_dentry:
		*inode = READ_ONCE(((struct dentry *)value)->d_inode);
		return ((struct dentry *)value)->d_sb;
	case NOOKS_TYPE_inode:
		*inode = (void *)value;
		break;
	case NOOKS_TYPE_fs_context:
		return ((struct fs_context *)value)->root ? ((struct fs_context *)value)->root->d_sb : NULL;
	case NOOKS_TYPE_file:
		*inode = file_inode((struct file *)value);
		break;
	case NOOKS_TYPE_kiocb:
		*inode = file_inode(((struct kiocb *)value)->ki_filp);
		break;
	case NOOKS_TYPE_folio:
		mapping = READ_ONCE(((struct folio *)value)->mapping);
		break;
	case NOOKS_TYPE_readahead_control:
		mapping = ((struct readahead_control *)value)->mapping;
		break;
	case NOOKS_TYPE_address_space:
		mapping = (void *)value;
		break;
	}
	if (mapping)
		*inode = mapping->host;
	return *inode ? (*inode)->i_sb : NULL;
}

bool nooks_fspark_refuses(struct nooks_driver *driver, const struct nooks_role *role,
			  const unsigned long *args)
{
	bool restores = READ_ONCE(driver->fs.restorer) == current && in_task();
	bool leaves = role->hook == nooks_r_evict_inode || role->hook == nooks_r_free_inode;
	unsigned int i;

	for (i = 0; i < role->nr_args && i < 6; i++) {
		const struct super_block *sb;
		const struct inode *inode;
		struct nooks_mount *m;
		unsigned long flags;
		int state = NOOKS_MOUNT_LIVE;

		if (role->args[i].kind != NOOKS_ARG_OBJECT || !args[i])
			continue;
		sb = nooks_fspark_subject(role->args[i].type, args[i], &inode);
		if (!sb)
			continue;
		raw_spin_lock_irqsave(&mounts_lock, flags);
		m = find(sb);
		if (m)
			state = READ_ONCE(m->state);
		raw_spin_unlock_irqrestore(&mounts_lock, flags);
		if (state == NOOKS_MOUNT_PARKED || state == NOOKS_MOUNT_DEAD)
			return true;
		/* It has heard of this one, and must hear that it goes, or it comes across it later. */
		if (leaves && nooks_inode_own(driver, inode))
			return false;
		if (state == NOOKS_MOUNT_FILLING && !restores)
			return true;
		state = inode ? nooks_inode_state(driver, inode) : NOOKS_INODE_LIVE;
		if (state == NOOKS_INODE_PARKED || state == NOOKS_INODE_SPOILED ||
		    state == NOOKS_INODE_UNWRITTEN ||
		    (state == NOOKS_INODE_ADOPTED && !restores))
			return true;
	}
	return false;
}

/* The next mount of this walk, with an active reference on its super block. @busy: some are being unmounted. */
static struct nooks_mount *next_mount(struct nooks_driver *driver, unsigned int round, bool *busy)
{
	struct nooks_mount *m, *found = NULL;
	unsigned long flags;

	raw_spin_lock_irqsave(&mounts_lock, flags);
	list_for_each_entry(m, &mounts, list) {
		if (m->driver != driver || m->round == round)
			continue;
		m->round = round;
		if (atomic_inc_not_zero(&m->sb->s_active)) {
			found = m;
			break;
		}
		*busy = true;
	}
	raw_spin_unlock_irqrestore(&mounts_lock, flags);
	return found;
}

static unsigned int new_round(void)
{
	unsigned long flags;
	unsigned int round;

	raw_spin_lock_irqsave(&mounts_lock, flags);
	round = ++last_round;
	raw_spin_unlock_irqrestore(&mounts_lock, flags);
	return round;
}

/* It has been mounted, and is not being unmounted; s_umount is held. */
static bool mounted(const struct super_block *sb)
{
	return sb->s_root && sb->s_flags & SB_BORN;
}

static struct nooks_replay *find_replay(const struct nooks_mount *m, const struct inode *inode)
{
	struct nooks_replay *r;

	list_for_each_entry(r, &m->replays, list)
		if (r->inode == inode)
			return r;
	return NULL;
}

static void drop_replay(struct nooks_replay *r)
{
	list_del(&r->list);
	nooks_replay_free(r);
}

/* Who makes sure that all is on the disk is told that it is not. */
static void say_unwritten(struct nooks_mount *m)
{
	if (!list_empty(&m->replays))
		errseq_set(&m->sb->s_wb_err, -EIO);
}

/* Nobody is going to write them: who asks is told. */
static void drop_replays(struct nooks_mount *m)
{
	struct nooks_replay *r, *next;

	list_for_each_entry_safe(r, next, &m->replays, list) {
		mapping_set_error(&r->inode->i_data, -EIO);
		drop_replay(r);
	}
}

void nooks_fspark_close(struct super_block *sb)
{
	struct nooks_mount *m = get(sb);

	if (!m)
		return;
	if (!list_empty(&m->replays))
		pr_warn("%s: %s is unmounted before its driver is back: what was not synced is lost\n",
			m->driver->name, sb->s_id);
	drop_replays(m);
}

/* It is parked: what users have written to it must not get lost. Without memory for a note it does. */
static void note_written(struct nooks_mount *m, struct inode *inode)
{
	struct nooks_replay *r = find_replay(m, inode);

	if (!r) {
		r = nooks_replay_new(inode);
		if (!r)
			return;
		list_add_tail(&r->list, &m->replays);
	}
	nooks_replay_keep(r);
}

static void note_all_written(struct nooks_mount *m)
{
	struct super_block *sb = m->sb;
	struct inode *inode, *last = NULL;

	spin_lock(&sb->s_inode_list_lock);
	list_for_each_entry(inode, &sb->s_inodes, i_sb_list) {
		if (!nooks_replay_needed(inode) ||
		    nooks_inode_state(m->driver, inode) == NOOKS_INODE_SPOILED || !igrab(inode))
			continue;
		spin_unlock(&sb->s_inode_list_lock);
		iput(last);
		last = inode;		/* keeps our place in the list */
		note_written(m, inode);
		cond_resched();
		spin_lock(&sb->s_inode_list_lock);
	}
	spin_unlock(&sb->s_inode_list_lock);
	iput(last);
}

/* What is not in use goes. Nobody comes in, so nothing new comes either. */
static void park(struct nooks_mount *m)
{
	struct super_block *sb = m->sb;

	WRITE_ONCE(m->state, NOOKS_MOUNT_PARKED);
	note_all_written(m);
	shrink_dcache_sb(sb);
	nooks_inodes_drop(m->driver, sb);
	evict_inodes(sb);
	/* Metadata that a later fsync() can't find any more: the inodes that it would look for them at are gone. */
	if (sync_blockdev(sb->s_bdev))
		pr_err("%s: %s: can't write what was committed\n", m->driver->name, sb->s_id);
}

void nooks_fspark_hold(struct nooks_driver *driver)
{
	struct nooks_mount *m;
	unsigned long flags;

	raw_spin_lock_irqsave(&mounts_lock, flags);
	list_for_each_entry(m, &mounts, list)
		if (m->driver == driver && !m->kept && m->sb->s_flags & SB_BORN)
			m->kept = atomic_inc_not_zero(&m->sb->s_active);
	raw_spin_unlock_irqrestore(&mounts_lock, flags);
}

/* The caller's active reference is recovery's from now on. */
static void keep_mount(struct nooks_mount *m)
{
	if (m->kept)
		deactivate_super(m->sb);	/* not the last one */
	m->kept = true;
}

/*
 * Ditto; others go on. The reference is not put here: the last one takes locks of the block layer's, who
 * holds these may wait for the s_umount of another mount, and others are locked yet.
 */
static void unlock_mount(struct nooks_mount *m)
{
	if (m->locked)
		up_write(&m->sb->s_umount);
	m->locked = false;
	keep_mount(m);
}

/* Users have unmounted it meanwhile. What they wrote goes to the disk while the driver can still be started again for that. */
static bool write_last(struct nooks_mount *m)
{
	struct super_block *sb = m->sb;

	/* The caller's reference, and recovery's */
	if (atomic_read(&sb->s_active) > 2 || m->state != NOOKS_MOUNT_LIVE || !is_open(m))
		return true;
	down_read(&sb->s_umount);
	sync_filesystem(sb);
	up_read(&sb->s_umount);
	return is_open(m);
}

void nooks_fspark_release(struct nooks_driver *driver, bool again)
{
	unsigned int round = new_round();
	struct nooks_mount *m;
	bool busy;

	might_sleep();
	while ((m = next_mount(driver, round, &busy))) {
		say_unwritten(m);
		unlock_mount(m);
	}
	nooks_fshide_wake();
	round = new_round();
	while (!again && (m = next_mount(driver, round, &busy))) {
		struct super_block *sb = m->sb;

		if (m->kept && write_last(m)) {
			m->kept = false;
			deactivate_super(sb);	/* not the last one */
		}
		deactivate_super(sb);
	}
}

/* With s_umount, of several at a time: nobody else waits for one of them while he has another. */
static void lock_mount(struct nooks_mount *m)
{
	if (!m->locked)
		down_write_nest_lock(&m->sb->s_umount, &m->driver->lock);
	m->locked = true;
}

static bool park_all(struct nooks_driver *driver)
{
	unsigned int round = new_round();
	bool busy = false, all = true;
	struct nooks_mount *m;

	might_sleep();
	lockdep_assert_held(&driver->lock);
	WRITE_ONCE(driver->fs.refuses, true);
	while ((m = next_mount(driver, round, &busy))) {
		bool good = m->state != NOOKS_MOUNT_DEAD;

		lock_mount(m);
		if (mounted(m->sb) && m->root && good) {
			park(m);
			/* Stays so until it is filled again. */
			keep_mount(m);
			continue;
		}
		all = all && !(mounted(m->sb) && good);
		unlock_mount(m);
	}
	if (busy || !all)
		return false;
	nooks_inodes_park(driver);
	nooks_types_park(driver);
	driver->fs.parked = true;
	return true;
}

/*
 * With locks of inodes and super blocks: reclaim that waits for I/O might wait for these, as where an image that is mounted lies
 * in a file of theirs.
 */
bool nooks_fspark_park(struct nooks_driver *driver)
{
	unsigned int flags = memalloc_noio_save();
	bool ok = park_all(driver);

	memalloc_noio_restore(flags);
	return ok;
}

/* The driver makes an inode around one that there is: its part is made anew. */
static struct inode *adopt(struct nooks_crossing *x, struct inode *inode)
{
	struct nooks_driver *driver = nooks_driver_of(x);
	const struct super_operations *op = inode->i_sb->s_op;
	struct inode *got;

	if (!op->alloc_inode ||
	    !nooks_inode_move(driver, inode, NOOKS_INODE_PARKED, NOOKS_INODE_ADOPTED))
		return ERR_PTR(-EIO);
	/* As a new one: the driver hashes it. */
	remove_inode_hash(inode);
	driver->fs.adopted = inode;
	got = op->alloc_inode(inode->i_sb);
	driver->fs.adopted = NULL;
	if (got != inode) {
		if (got)
			nooks_fail(x, NOOKS_BAD_RETURN, (unsigned long)got,
				   "alloc_inode: not the object that was allocated");
		return ERR_PTR(-ENOMEM);
	}
	ihold(inode);
	return inode;
}

struct inode *nooks_fspark_new_inode(struct nooks_crossing *x, struct super_block *sb)
{
	struct nooks_driver *driver = nooks_driver_of(x);
	struct nooks_mount *m;
	struct inode *inode;

	if (READ_ONCE(driver->fs.restorer) != current)
		return NULL;
	m = get(sb);
	if (!m || m->state != NOOKS_MOUNT_FILLING)
		return NULL;
	inode = driver->fs.wanted;
	if (!inode || inode->i_sb != sb)
		return NULL;
	/* The root is the one that it was the first time; all others are asked for by name. */
	if (inode == d_inode(sb->s_root) && ++m->nr_made != m->root)
		return NULL;
	driver->fs.wanted = NULL;
	return adopt(x, inode);
}

struct dentry *nooks_fspark_root(struct super_block *sb, const struct inode *inode)
{
	struct nooks_mount *m = get(sb);
	unsigned int i;

	if (!m)
		return NULL;
	if (m->state == NOOKS_MOUNT_FILLING)
		return inode == d_inode(sb->s_root) ? dget(sb->s_root) : ERR_PTR(-EIO);
	for (i = 0; m->state == NOOKS_MOUNT_NEW && i < m->nr_made; i++)
		if (m->made[i] == inode)
			m->root = i + 1;
	return NULL;
}

/**
 * struct identity - what an inode is known by, beside its address
 * @ino: number
 * @generation: ditto, for file handles
 * @hashed: it was found by @ino
 * @size: in bytes
 */
struct identity {
	unsigned long ino;
	u32 generation;
	bool hashed;
	loff_t size;
};

static struct identity identity_of(const struct inode *inode)
{
	return (struct identity) {
		.ino = inode->i_ino,
		.generation = inode->i_generation,
		.hashed = !inode_unhashed((struct inode *)inode),
		.size = i_size_read(inode),
	};
}

/* What the driver makes up for a new inode stays as it was. */
static void identify(struct inode *inode, const struct identity *was)
{
	remove_inode_hash(inode);
	inode->i_ino = was->ino;
	inode->i_generation = was->generation;
	if (was->hashed)
		insert_inode_hash(inode);
}

/*
 * No path leads to it any more, and no call gets through: those who have it open get errors, up to the @size that they
 * know.
 */
static void spoil(struct nooks_driver *driver, struct inode *inode, loff_t size)
{
	struct address_space *mapping = &inode->i_data;
	struct dentry *dentry;

	nooks_inode_spoil(driver, inode);
	i_size_write(inode, size);
	remove_inode_hash(inode);
	do {
		dentry = NULL;
		spin_lock(&inode->i_lock);
		hlist_for_each_entry(dentry, &inode->i_dentry, d_u.d_alias)
			if (!d_unhashed(dentry))
				break;
		if (dentry)
			dget(dentry);
		spin_unlock(&inode->i_lock);
		if (dentry)
			d_drop(dentry);
		dput(dentry);
	} while (dentry);
	filemap_invalidate_lock(mapping);
	truncate_inode_pages(mapping, 0);
	filemap_invalidate_unlock(mapping);
	nooks_fshide_end(driver, inode);
}

/*
 * The driver has made a file its own, as it is on the disk. What users have seen of it, and is not there, is to be written.
 * Return: false: it can't be.
 */
static bool make_current(struct nooks_mount *m, struct inode *inode, const struct identity *was)
{
	struct nooks_replay *r = find_replay(m, inode);

	/* Where clean pages are on the disk only the failed driver has said; those that can't go now are written anew. */
	if (!r && i_size_read(inode) == was->size && !nooks_replay_needed(inode) &&
	    !invalidate_inode_pages2(&inode->i_data))
		return nooks_inode_move(m->driver, inode, NOOKS_INODE_ADOPTED, NOOKS_INODE_LIVE);
	if (!r) {
		r = nooks_replay_new(inode);
		if (!r)
			return false;
		r->size = was->size;
		list_add_tail(&r->list, &m->replays);
	}
	r->disk_size = i_size_read(inode);
	/* They are clean, and could go as long as it is others' turn. */
	if (!r->begun)
		nooks_replay_keep_behind(r);
	/* Who reads it finds all of it in the page cache, as long as it has not begun. */
	if (!r->begun)
		i_size_write(inode, r->size);
	return nooks_inode_move(m->driver, inode, NOOKS_INODE_ADOPTED, NOOKS_INODE_UNWRITTEN);
}

/* The data of a file. Return: false: they can't be written. */
static bool write_again(struct nooks_mount *m, struct nooks_replay *r)
{
	struct inode *inode = r->inode;
	bool ok;

	/* Who has mapped it waits, until the driver can be asked for its pages. */
	inode_lock(inode);
	filemap_invalidate_lock(&inode->i_data);
	nooks_fshide_begin(m->driver, inode);
	/* Nobody maps a page that is only written in part. */
	if (mapping_mapped(&inode->i_data))
		synchronize_rcu();
	ok = nooks_inode_move(m->driver, inode, NOOKS_INODE_UNWRITTEN, NOOKS_INODE_ADOPTED) &&
	     !nooks_replay_write(r) &&
	     nooks_inode_move(m->driver, inode, NOOKS_INODE_ADOPTED, NOOKS_INODE_LIVE);
	/* If not, it is as it was, or stays hidden until it is spoiled, or written once more. */
	if (ok || !r->begun)
		nooks_fshide_end(m->driver, inode);
	filemap_invalidate_unlock(&inode->i_data);
	inode_unlock(inode);
	return ok;
}

static bool spoil_one(struct nooks_mount *m, struct inode *inode)
{
	const struct nooks_replay *r = find_replay(m, inode);

	spoil(m->driver, inode, r ? r->size : i_size_read(inode));
	return true;
}

/* The driver looks a parked inode up by the name that it has. True: it is live. */
static bool look_up(struct nooks_mount *m, struct dentry *dentry)
{
	struct dentry *parent = dget_parent(dentry), *own, *found = ERR_PTR(-ENOMEM);
	struct inode *dir = d_inode(parent), *inode = d_inode(dentry);
	struct identity was = identity_of(inode);
	struct nooks_driver *driver = m->driver;
	bool ok;

	inode_lock_nested(dir, I_MUTEX_PARENT);
	own = d_alloc(parent, &dentry->d_name);
	if (own && !d_unhashed(dentry) && dentry->d_parent == parent) {
		dentry->d_fsdata = NULL;
		driver->fs.wanted = inode;
		found = dir->i_op->lookup(dir, own, 0);
		driver->fs.wanted = NULL;
	}
	ok = !IS_ERR(found) && d_inode(found ?: own) == inode &&
	     nooks_inode_state(driver, inode) == NOOKS_INODE_ADOPTED;
	if (!IS_ERR_OR_NULL(found))
		dput(found);
	if (own) {
		d_drop(own);
		dput(own);
	}
	inode_unlock(dir);
	dput(parent);
	identify(inode, &was);
	if (!ok)
		return false;
	if (S_ISREG(inode->i_mode))
		return make_current(m, inode, &was);
	return nooks_inode_move(driver, inode, NOOKS_INODE_ADOPTED, NOOKS_INODE_LIVE) ||
	       nooks_inode_state(driver, inode) == NOOKS_INODE_LIVE;
}

/*
 * Ditto, or spoil it; if the driver fails, it is as it was. While the driver does it, the inode's size is that on the disk.
 */
static void look_up_or_spoil(struct nooks_mount *m, struct dentry *dentry)
{
	struct inode *inode = d_inode(dentry);
	struct nooks_replay *r = find_replay(m, inode);
	loff_t size = r && r->begun ? r->size : i_size_read(inode);

	nooks_fshide_begin(m->driver, inode);
	if (IS_ROOT(dentry) || nooks_inode_hopeless(m->driver, inode) || !look_up(m, dentry)) {
		if (is_open(m))
			spoil(m->driver, inode, size);
		else
			i_size_write(inode, size);
	}
	/* What is written in part stays hidden until all of it is. */
	if (!r || !r->begun)
		nooks_fshide_end(m->driver, inode);
}

/* The highest dentry on the way to @dentry whose inode is parked; with a reference. */
static struct dentry *highest_parked(struct nooks_mount *m, struct dentry *dentry)
{
	struct dentry *top = dget(dentry);

	while (!IS_ROOT(top)) {
		struct dentry *parent = dget_parent(top);

		if (nooks_inode_state(m->driver, d_inode(parent)) != NOOKS_INODE_PARKED) {
			dput(parent);
			break;
		}
		dput(top);
		top = parent;
	}
	return top;
}

/* Look an inode up, after those of the directories on the way to it. False: the driver has failed. */
static bool bring_back(struct nooks_mount *m, struct inode *inode)
{
	while (is_open(m) && nooks_inode_state(m->driver, inode) == NOOKS_INODE_PARKED) {
		struct dentry *dentry = d_find_alias(inode), *top;

		if (!dentry || d_unhashed(dentry) || !inode->i_nlink) {
			dput(dentry);
			spoil_one(m, inode);
			break;
		}
		/* Nobody begins any, but some may be under way, to where the failed driver had it. */
		if (S_ISREG(inode->i_mode))
			inode_dio_wait(inode);
		top = highest_parked(m, dentry);
		dput(dentry);
		look_up_or_spoil(m, top);
		dput(top);
	}
	return is_open(m);
}

/* Inodes that are parked, with references. */
static unsigned int take_parked(struct nooks_mount *m, struct inode **inodes)
{
	struct super_block *sb = m->sb;
	struct inode *inode;
	unsigned int n = 0;

	spin_lock(&sb->s_inode_list_lock);
	list_for_each_entry(inode, &sb->s_inodes, i_sb_list) {
		if (n == BATCH)
			break;
		if (nooks_inode_state(m->driver, inode) == NOOKS_INODE_PARKED && igrab(inode))
			inodes[n++] = inode;
	}
	spin_unlock(&sb->s_inode_list_lock);
	return n;
}

static void for_all_parked(struct nooks_mount *m, bool (*fn)(struct nooks_mount *m, struct inode *inode))
{
	struct inode **inodes = kmalloc_array(BATCH, sizeof(*inodes), GFP_KERNEL | __GFP_NOFAIL);
	bool goes_on = true;
	unsigned int n;

	while (goes_on && (n = take_parked(m, inodes))) {
		while (n--) {
			goes_on = goes_on && fn(m, inodes[n]);
			iput(inodes[n]);
		}
	}
	kfree(inodes);
}

/* What the driver's fill_super gets: it takes its options apart. */
static int options_for_fill(struct nooks_mount *m, unsigned long *options)
{
	struct fs_context *fc;

	if (m->context) {
		fc = nooks_fscontext_make(m->sb, m->options);
		if (IS_ERR(fc))
			return PTR_ERR(fc);
		*options = (unsigned long)fc;
		return 0;
	}
	*options = m->options ? __get_free_page(GFP_KERNEL) : 0;
	if (!m->options)
		return 0;
	if (!*options)
		return -ENOMEM;
	memcpy((void *)*options, m->options, PAGE_SIZE);
	return 0;
}

static void done_with_options(struct nooks_mount *m, unsigned long options)
{
	if (m->context)
		put_fs_context((struct fs_context *)options);
	else
		free_page(options);
}

/* Run the driver's fill_super on a super block that is there. */
static int fill(struct nooks_mount *m)
{
	struct nooks_driver *driver = m->driver;
	struct super_block *sb = m->sb;
	struct inode *root = d_inode(sb->s_root);
	struct identity was = identity_of(root);
	unsigned long args[6] = { (unsigned long)sb, 0, 1 };
	const struct cred *own;
	int ret;

	if (nooks_inode_hopeless(driver, root))
		return -EIO;
	own = override_creds(m->mounter);
	driver->fs.filled = m;
	ret = options_for_fill(m, &args[1]);
	if (ret)
		goto out;
	m->nr_made = 0;
	WRITE_ONCE(m->state, NOOKS_MOUNT_FILLING);
	sb->s_fs_info = NULL;
	driver->fs.wanted = root;
	ret = nooks_call_role(m->fill, &nooks_roles[m->fill->role], args);
	driver->fs.wanted = NULL;
	complete_ops(m);
	done_with_options(m, args[1]);
	/* The super block has the reference that it needs. */
	if (nooks_dentry_unref(driver, sb->s_root))
		dput(sb->s_root);
	identify(root, &was);
	if (!ret && !nooks_inode_move(driver, root, NOOKS_INODE_ADOPTED, NOOKS_INODE_LIVE))
		ret = -EIO;
out:
	driver->fs.filled = NULL;
	revert_creds(own);
	return ret;
}

/*
 * What is to be written again may not be there any more for the taking, once others may write, too. That they take more than three
 * quarters of what is free meanwhile is not thought of.
 */
static bool is_tight(struct nooks_mount *m)
{
	struct super_block *sb = m->sb;
	const struct nooks_replay *r;
	struct kstatfs stat = {};
	u64 wanted = 0;

	if (list_empty(&m->replays) || !sb->s_op->statfs || sb->s_op->statfs(sb->s_root, &stat) || stat.f_bsize <= 0)
		return false;
	list_for_each_entry(r, &m->replays, list)
		if (r->size > r->disk_size)
			wanted += r->size - r->disk_size + stat.f_bsize;
	return wanted > stat.f_bfree * stat.f_bsize / 4;
}

/* As a rule all else can be used already. */
static void write_all_again(struct nooks_mount *m)
{
	while (is_open(m) && !list_empty(&m->replays)) {
		struct nooks_replay *r = list_first_entry(&m->replays, struct nooks_replay, list);
		bool ok = nooks_inode_state(m->driver, r->inode) == NOOKS_INODE_UNWRITTEN &&
			  write_again(m, r);

		/* Live, it is no longer as it was kept: others may have written to it. */
		if (!ok && !is_open(m))
			break;
		if (!ok) {
			mapping_set_error(&r->inode->i_data, -EIO);
			spoil(m->driver, r->inode, r->size);
		}
		drop_replay(r);
	}
}

static void restore(struct nooks_mount *m)
{
	struct super_block *sb = m->sb;
	int ret = fill(m);

	if (!is_open(m))
		return;
	trace_nooks_recovery(m->driver->name, "filled", ret);
	if (ret) {
		pr_err("%s: what is mounted of %s can't be used any more (%d)\n", m->driver->name,
		       sb->s_id, ret);
		WRITE_ONCE(m->state, NOOKS_MOUNT_DEAD);
		nooks_inodes_drop(m->driver, sb);
		spoil_one(m, d_inode(sb->s_root));
		for_all_parked(m, spoil_one);
		drop_replays(m);
		return;
	}
	for_all_parked(m, bring_back);
	if (is_open(m) && is_tight(m))
		write_all_again(m);
	if (!is_open(m))
		return;
	WRITE_ONCE(m->state, NOOKS_MOUNT_LIVE);
	trace_nooks_recovery(m->driver->name, "live", 0);
}

void nooks_fspark_restore(struct nooks_driver *driver)
{
	unsigned int round = new_round(), flags = memalloc_noio_save();
	bool busy = false, all = true;
	struct nooks_mount *m;

	might_sleep();
	while (READ_ONCE(driver->domain->open) && (m = next_mount(driver, round, &busy))) {
		lock_mount(m);
		if (mounted(m->sb) && m->state == NOOKS_MOUNT_PARKED)
			restore(m);
		keep_mount(m);
	}
	round = new_round();
	while (READ_ONCE(driver->domain->open) && (m = next_mount(driver, round, &busy))) {
		bool live;

		if (m->state == NOOKS_MOUNT_LIVE)
			write_all_again(m);
		live = m->state == NOOKS_MOUNT_LIVE && is_open(m);
		all = all && live;
		if (live || m->state == NOOKS_MOUNT_DEAD)
			unlock_mount(m);
		else
			keep_mount(m);		/* recovery goes on with it */
	}
	memalloc_noio_restore(flags);
	/* Nobody has to be looked at any more. */
	if (all && !busy && READ_ONCE(driver->domain->open) && nooks_inodes_live(driver))
		WRITE_ONCE(driver->fs.refuses, false);
}
