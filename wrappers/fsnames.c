// SPDX-License-Identifier: GPL-2.0
/*
 * Calls that change names: create, rename and the like are all or nothing, whenever the driver fails. What they have
 * committed is undone if they do not end (undo.h), and so is what they have made of counts of links.
 *
 * A file system may write where a file has its data and its length into its directory entry, and that only when the inode is
 * written. Then a rename that has ended has made an entry of nothing, or of another file's data. So what it has moved is written
 * before it has ended, and nobody else does so meanwhile.
 */
#include <linux/fs.h>
#include <linux/mutex.h>
#include "fs.h"
#include "generated.h"
#include "undo.h"

#define MAX_INODES	4	/* two directories, two files */

/**
 * struct names - the inodes that such a call is about
 * @nr: how many
 * @inodes: these, each once
 * @nlinks: their counts of links before the call
 * @locked: of files that have their names changed, whose nooks_inode.placed is held; with references
 * @nr_locked: how many
 */
struct names {
	unsigned int nr;
	struct inode *inodes[MAX_INODES];
	unsigned int nlinks[MAX_INODES];
	unsigned int nr_locked;
	struct nooks_inode *locked[MAX_INODES];
};

static void add(struct names *names, struct nooks_driver *driver, struct inode *inode, bool moves)
{
	struct nooks_inode *n;
	unsigned int i;

	for (i = 0; i < names->nr && names->inodes[i] != inode; i++)
		;
	if (!inode || i < names->nr || i == MAX_INODES)
		return;
	names->inodes[i] = inode;
	names->nlinks[i] = inode->i_nlink;
	names->nr++;
	n = moves ? nooks_inode_get(driver, inode) : NULL;
	if (n)
		names->locked[names->nr_locked++] = n;
}

static void lock(struct names *names)
{
	unsigned int i;

	/* The VFS has locked the directories of all of them, but two files may change their names at once. */
	if (names->nr_locked == 2 && names->locked[0] > names->locked[1])
		swap(names->locked[0], names->locked[1]);
	for (i = 0; i < names->nr_locked; i++) {
		mutex_lock_nested(&names->locked[i]->placed, i);
		WRITE_ONCE(names->locked[i]->placer, current);
	}
}

static void unlock(struct names *names)
{
	while (names->nr_locked) {
		struct nooks_inode *n = names->locked[--names->nr_locked];

		WRITE_ONCE(n->placer, NULL);
		mutex_unlock(&n->placed);
		nooks_inode_put(n);
	}
}

static void collect(struct names *names, struct nooks_driver *driver, const struct nooks_role *role,
		    const unsigned long *args)
{
	unsigned int i;

	names->nr = 0;
	names->nr_locked = 0;
	for (i = 0; i < role->nr_args && i < 6; i++) {
		if (role->args[i].kind != NOOKS_ARG_OBJECT || !args[i])
			continue;
		if (role->args[i].type == NOOKS_TYPE_inode)
			add(names, driver, (struct inode *)args[i], false);
		else if (role->args[i].type == NOOKS_TYPE_dentry)
			add(names, driver, d_inode((struct dentry *)args[i]), true);
	}
}

/* Write what has moved to where it is now, as a part of the same. Return: the driver has not failed in it. */
static bool write_moved(const struct names *names, struct nooks_driver *driver, struct nooks_undo *undo,
			struct nooks_crossing *x)
{
	unsigned int i;

	for (i = 0; i < names->nr_locked; i++) {
		struct inode *inode = (struct inode *)names->locked[i]->object.start;

		/* It stays dirty: where it is written to has to be on the disk when users want that. */
		if (inode->i_nlink && READ_ONCE(inode->i_state) & (I_DIRTY_SYNC | I_DIRTY_DATASYNC) &&
		    nooks_inode_write(x, driver, inode, undo) != NOOKS_CALL_DONE)
			return false;
	}
	return true;
}

/* Hook of what makes, removes or changes names. */
unsigned long nooks_r_names(struct nooks_stub *stub, const struct nooks_role *role, unsigned long *args)
{
	struct nooks_driver *driver = (struct nooks_driver *)stub->domain;
	struct nooks_undo undo = {};
	struct nooks_crossing x;
	struct names names;
	unsigned long ret;
	unsigned int i;
	int status;

	collect(&names, driver, role, args);
	lock(&names);
	ret = nooks_call_undoable(&x, stub, role, args, &undo, &status);
	if (status == NOOKS_CALL_CLOSED)
		goto out;
	/* Others may have used what was shown to them. */
	if (undo.shown) {
		if (status != NOOKS_CALL_DONE)
			ret = 0;
		goto out;
	}
	if (status == NOOKS_CALL_DONE && write_moved(&names, driver, &undo, &x) && nooks_undo_keep(&undo))
		goto out;
	nooks_undo_leave(&undo);
	ret = role->fail;
	for (i = 0; i < names.nr; i++)
		if (names.inodes[i]->i_nlink != names.nlinks[i])
			set_nlink(names.inodes[i], names.nlinks[i]);
out:
	unlock(&names);
	return ret;
}
