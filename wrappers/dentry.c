// SPDX-License-Identifier: GPL-2.0
/* Dentries: the kernel lends them to calls; a driver may hold references of its own. */
#include <linux/dcache.h>
#include <linux/err.h>
#include <linux/exportfs.h>
#include <linux/fs.h>
#include <linux/fsnotify_backend.h>
#include "../objtracker/count.h"
#include "args.h"
#include "fs.h"
#include "fspark.h"
#include "generated.h"
#include "net.h"
#include "undo.h"
#include "walk.h"

/* data[0]: references, under nooks_objects.lock. */
static void release(struct nooks_object *object)
{
	while (object->data[0]--)
		dput((struct dentry *)object->start);
}

/* Before the question whether its file systems are mounted: they can't be unmounted with these. */
static const struct nooks_object_class dentry_class = {
	.name = "dentry",
	.phase = NOOKS_PHASE_REFERENCES,
	.release = release,
	.size = sizeof(struct nooks_object),
};

bool nooks_dentry_ref(struct nooks_driver *driver, const struct dentry *dentry)
{
	return nooks_reference_add(driver, &dentry_class, dentry, sizeof(*dentry),
				   NOOKS_TYPE_dentry, GFP_NOFS);
}

bool nooks_dentry_unref(struct nooks_driver *driver, const struct dentry *dentry)
{
	return nooks_reference_drop(driver, &dentry_class, dentry);
}

/* A dentry of @sb that the driver holds references on. */
static struct dentry *find_held(struct nooks_driver *driver, const struct super_block *sb)
{
	struct nooks_object *object;
	struct dentry *found = NULL;
	unsigned long flags;

	raw_spin_lock_irqsave(&driver->objects.lock, flags);
	nooks_for_each_object(object, driver, &dentry_class) {
		struct dentry *dentry = (struct dentry *)object->start;

		if (object->data[0] && dentry->d_sb == sb) {
			found = dentry;
			break;
		}
	}
	raw_spin_unlock_irqrestore(&driver->objects.lock, flags);
	return found;
}

unsigned int nooks_dentries_drop(struct nooks_driver *driver, const struct super_block *sb, unsigned int most)
{
	struct dentry *dentry;
	unsigned int n = 0;

	while (n < most && (dentry = find_held(driver, sb)))
		if (nooks_dentry_unref(driver, dentry)) {
			dput(dentry);
			n++;
		}
	return n;
}

/* What a function gives to the driver with a reference. */
static unsigned long got(struct nooks_crossing *x, struct dentry *dentry, const char *fn)
{
	if (IS_ERR_OR_NULL(dentry) || nooks_dentry_ref(nooks_driver_of(x), dentry))
		return (unsigned long)dentry;
	dput(dentry);
	nooks_fail(x, NOOKS_OUT_OF_RESOURCES, (unsigned long)dentry, "%s: no memory", fn);
	return 0;
}

/* May users get at it? The functions of a file that are the kernel's call those of its pages without a look. */
static bool is_whole(const struct inode *inode)
{
	const struct address_space_operations *a_ops = inode->i_data.a_ops;
	const struct file_operations *fop = inode->i_fop;

	if (!S_ISREG(inode->i_mode) || !(fop->read_iter || fop->write_iter || fop->mmap))
		return true;
	return a_ops->read_folio && a_ops->dirty_folio && (!fop->write_iter || (a_ops->write_begin && a_ops->write_end));
}

/* The driver passes its reference on an inode on to @fn. NULL and errors are good. */
static bool passes_inode(struct nooks_crossing *x, struct inode *inode, const char *fn)
{
	struct nooks_driver *driver = nooks_driver_of(x);

	if (IS_ERR_OR_NULL(inode))
		return true;
	if (!nooks_arg_require(x, !nooks_inode_own(driver, inode) || is_whole(inode), fn,
			       "a file has functions for its pages"))
		return false;
	if (nooks_inode_unref(driver, inode))
		return true;
	nooks_fail(x, NOOKS_BAD_ARGUMENT, (unsigned long)inode,
		   "%s: no inode that the driver holds a reference on", fn);
	return false;
}

static bool check(struct nooks_crossing *x, unsigned long dentry, const char *fn)
{
	return nooks_arg_object(x, (void *)dentry, NOOKS_TYPE_dentry, false, fn, "dentry");
}

const struct dentry *nooks_dentry_of_file(const struct nooks_crossing *x, unsigned long addr)
{
	unsigned int i;

	for (i = 0; i < x->nr_arguments; i++) {
		const struct file *file = (void *)x->arguments[i].start;

		if (x->arguments[i].type == NOOKS_TYPE_file &&
		    addr - (unsigned long)file->f_path.dentry < sizeof(struct dentry))
			return file->f_path.dentry;
	}
	return NULL;
}

/* A dentry that is lent, or of a file that is. */
bool nooks_check_dentry(struct nooks_crossing *x, unsigned long value, const char *fn,
			const char *arg)
{
	if (value && (unsigned long)nooks_dentry_of_file(x, value) == value)
		return true;
	return nooks_arg_object(x, (void *)value, NOOKS_TYPE_dentry, false, fn, arg);
}

/* struct dentry *d_make_root(struct inode *root_inode) */
NOOKS_WRAPPER(d_make_root)
{
	struct inode *inode = (struct inode *)a0;
	struct dentry *root;

	if (!nooks_may_sleep(x, "d_make_root") ||
	    !nooks_arg_require(x, !IS_ERR(inode), "d_make_root", "the inode is no error") ||
	    !passes_inode(x, inode, "d_make_root"))
		return 0;
	root = inode ? nooks_fspark_root(inode->i_sb, inode) : NULL;
	if (root) {
		iput(inode);
		return IS_ERR(root) ? 0 : got(x, root, "d_make_root");
	}
	return got(x, d_make_root(inode), "d_make_root");
}

/* void d_instantiate(struct dentry *entry, struct inode *inode) */
NOOKS_WRAPPER(d_instantiate)
{
	static const char fn[] = "d_instantiate";
	struct dentry *dentry = (struct dentry *)a0;

	if (!check(x, a0, fn) ||
	    !nooks_arg_require(x, !READ_ONCE(dentry->d_inode) &&
				  hlist_unhashed(&dentry->d_u.d_alias), fn, "no inode yet") ||
	    !nooks_arg_require(x, !IS_ERR((void *)a1), fn, "the inode is no error") ||
	    !passes_inode(x, (struct inode *)a1, fn))
		return 0;
	/* Whatever becomes of the call: from now on others can find it, write to it, and be told that this is on the disk. */
	if (x->undo && a1)
		x->undo->shown = nooks_undo_keep(x->undo);
	d_instantiate(dentry, (struct inode *)a1);
	return 0;
}

/* struct dentry *d_splice_alias(struct inode *inode, struct dentry *dentry) */
NOOKS_WRAPPER(d_splice_alias)
{
	static const char fn[] = "d_splice_alias";
	struct dentry *dentry = (struct dentry *)a1;

	if (!nooks_may_sleep(x, fn) || !check(x, a1, fn) ||
	    !nooks_arg_require(x, d_unhashed(dentry), fn, "dentry is not hashed") ||
	    !passes_inode(x, (struct inode *)a0, fn))
		return 0;
	return got(x, d_splice_alias((struct inode *)a0, dentry), fn);
}

/* struct dentry *d_obtain_alias(struct inode *inode) */
NOOKS_WRAPPER(d_obtain_alias)
{
	static const char fn[] = "d_obtain_alias";

	if (!nooks_may_sleep(x, fn) || !passes_inode(x, (struct inode *)a0, fn))
		return 0;
	return got(x, d_obtain_alias((struct inode *)a0), fn);
}

/* struct dentry *d_find_alias(struct inode *inode) */
NOOKS_WRAPPER(d_find_alias)
{
	static const char fn[] = "d_find_alias";

	if (!nooks_arg_object(x, (void *)a0, NOOKS_TYPE_inode, false, fn, "inode"))
		return 0;
	return got(x, d_find_alias((struct inode *)a0), fn);
}

/* void dput(struct dentry *dentry) */
NOOKS_WRAPPER(dput)
{
	if (!a0 || !nooks_may_sleep(x, "dput"))
		return 0;
	if (nooks_dentry_unref(nooks_driver_of(x), (struct dentry *)a0))
		dput((struct dentry *)a0);
	else
		nooks_fail(x, NOOKS_BAD_ARGUMENT, a0,
			   "dput: no dentry that the driver holds a reference on");
	return 0;
}

/* void d_move(struct dentry *dentry, struct dentry *target) */
NOOKS_WRAPPER(d_move)
{
	static const char fn[] = "d_move";
	struct dentry *dentry = (struct dentry *)a0, *target = (struct dentry *)a1;

	if (!check(x, a0, fn) || !check(x, a1, fn) ||
	    !nooks_arg_require(x, dentry != target && READ_ONCE(dentry->d_inode), fn,
			       "two dentries, the first with an inode") ||
	    !nooks_arg_require(x, dentry->d_sb == target->d_sb, fn, "of one file system") ||
	    !nooks_arg_require(x, !is_subdir(dentry, target) && !is_subdir(target, dentry), fn,
			       "neither lies below the other"))
		return 0;
	d_move(dentry, target);
	return 0;
}

unsigned long nooks_dentry_returned(struct nooks_stub *stub, unsigned long value,
				    unsigned long fail)
{
	struct nooks_driver *driver = (struct nooks_driver *)stub->domain;

	if (IS_ERR_OR_NULL((void *)value) || nooks_dentry_unref(driver, (struct dentry *)value))
		return value;
	nooks_fail_return(driver, stub, value);
	return fail;
}

/* Hook of functions that return a dentry, with its reference. */
unsigned long nooks_r_get_dentry(struct nooks_stub *stub, const struct nooks_role *role,
				 unsigned long *args)
{
	unsigned long value = nooks_call_role(stub, role, args);

	return value == role->fail ? value : nooks_dentry_returned(stub, value, role->fail);
}

/* Hook of get_parent: ditto, and there is one. */
unsigned long nooks_r_get_parent(struct nooks_stub *stub, const struct nooks_role *role,
				 unsigned long *args)
{
	unsigned long value = nooks_r_get_dentry(stub, role, args);

	if (value)
		return value;
	nooks_fail_return((struct nooks_driver *)stub->domain, stub, value);
	return role->fail;
}

/*
 * Hook of encode_fh: a handle has room for as many words as its length says, and what is its length then the kernel copies. If
 * there is not enough, the driver says so, and what it would have taken.
 */
unsigned long nooks_r_encode_fh(struct nooks_stub *stub, const struct nooks_role *role,
				unsigned long *args)
{
	int *len = (int *)args[2], room = max(*len, 0);
	int type = nooks_call_lending(stub, role, args, (void *)args[1], room * sizeof(u32));

	if (type == FILEID_INVALID || (type >= 0 && type < FILEID_INVALID && *len >= 0 && *len <= room))
		return type;
	nooks_fail_return((struct nooks_driver *)stub->domain, stub, type);
	return FILEID_INVALID;
}

/* struct dentry *generic_fh_to_dentry(sb, struct fid *fid, int fh_len, int fh_type, get_inode) */
static unsigned long from_handle(struct nooks_crossing *x, unsigned long sb, unsigned long fid,
				 int len, int type, unsigned long get_inode, bool parent,
				 unsigned int role, const char *fn)
{
	typeof(generic_fh_to_dentry) *find = parent ? generic_fh_to_parent : generic_fh_to_dentry;

	if (!nooks_may_sleep(x, fn) ||
	    !nooks_arg_object(x, (void *)sb, NOOKS_TYPE_super_block, false, fn, "sb") ||
	    !nooks_arg_range(x, len, 0, MAX_HANDLE_SZ / 4, fn, "fh_len") ||
	    !nooks_arg_readable(x, (void *)fid, len * 4, false, fn, "fid") ||
	    !nooks_arg_callback(x, (void *)get_inode, role, false, fn, "get_inode"))
		return 0;
	return got(x, find((struct super_block *)sb, (struct fid *)fid, len, type,
			   (void *)get_inode), fn);
}

NOOKS_WRAPPER(generic_fh_to_dentry)
{
	return from_handle(x, a0, a1, a2, a3, a4, false, NOOKS_ROLE_generic_fh_to_dentry_get_inode,
			   "generic_fh_to_dentry");
}

NOOKS_WRAPPER(generic_fh_to_parent)
{
	return from_handle(x, a0, a1, a2, a3, a4, true, NOOKS_ROLE_generic_fh_to_parent_get_inode,
			   "generic_fh_to_parent");
}

/* Drivers tell of changes of a dentry only, by inline functions. */
static bool check_event(struct nooks_crossing *x, unsigned long data, int type, const char *fn)
{
	return nooks_arg_require(x, type == FSNOTIFY_EVENT_DENTRY, fn, "the event is a dentry's") &&
	       nooks_check_dentry(x, data, fn, "data");
}

/* int __fsnotify_parent(struct dentry *dentry, __u32 mask, const void *data, int data_type) */
NOOKS_WRAPPER(__fsnotify_parent)
{
	static const char fn[] = "__fsnotify_parent";

	if (!nooks_may_sleep(x, fn) || !nooks_check_dentry(x, a0, fn, "dentry") ||
	    !check_event(x, a2, (int)a3, fn))
		return 0;
	return __fsnotify_parent((struct dentry *)a0, a1, (void *)a2, (int)a3);
}

/* int fsnotify(__u32 mask, data, int data_type, struct inode *dir, file_name, struct inode *inode, cookie) */
NOOKS_WRAPPER(fsnotify)
{
	static const char fn[] = "fsnotify";

	if (!nooks_may_sleep(x, fn) || !check_event(x, a1, (int)a2, fn) ||
	    !nooks_arg_object(x, (void *)a3, NOOKS_TYPE_inode, true, fn, "dir") ||
	    !nooks_arg_require(x, !a4, fn, "no name") ||
	    !nooks_arg_object(x, (void *)a5, NOOKS_TYPE_inode, true, fn, "inode"))
		return 0;
	return fsnotify((u32)a0, (void *)a1, (int)a2, (struct inode *)a3, NULL,
			(struct inode *)a5, (u32)nooks_stack_arg(x, 0));
}

/* Hook of d_hash: the hash it writes into a copy of the name, for that is asked of each component of a path. */
unsigned long nooks_r_d_hash(struct nooks_stub *stub, const struct nooks_role *role, unsigned long *args)
{
	struct qstr *name = (struct qstr *)args[1], copy = *name;
	unsigned long ret;
	int status;

	BUILD_BUG_ON(sizeof(copy) % sizeof(long));
	ret = nooks_call_copying(stub, role, args, 1, &copy, sizeof(copy), &status);
	if (status == NOOKS_CALL_DONE)
		name->hash = copy.hash;
	return ret;
}
