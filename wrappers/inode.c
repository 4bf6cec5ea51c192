// SPDX-License-Identifier: GPL-2.0
/*
 * Inodes of a driver's file systems. What it holds on one is counted, so that it can't put what it does not
 * have, and so that it can be put for it when it is dead.
 */
#include <linux/buffer_head.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/user_namespace.h>
#include <linux/writeback.h>
#include "../nooks/compat.h"
#include "args.h"
#include "fs.h"
#include "fsguard.h"
#include "fspark.h"
#include "generated.h"
#include "net.h"

/* A driver has got at an inode. What is not its own is a mistake of ours. */
static unsigned long got(struct nooks_crossing *x, struct inode *inode)
{
	if (!IS_ERR_OR_NULL(inode)) {
		nooks_inode_ref(nooks_driver_of(x), inode);
		nooks_fsguard_reach(nooks_driver_of(x), inode);
	}
	return (unsigned long)inode;
}

/* struct inode *new_inode(struct super_block *sb) */
NOOKS_WRAPPER(new_inode)
{
	struct inode *inode;

	if (!nooks_may_sleep(x, "new_inode") ||
	    !nooks_arg_object(x, (void *)a0, NOOKS_TYPE_super_block, false, "new_inode", "sb"))
		return 0;
	inode = nooks_fspark_new_inode(x, (struct super_block *)a0);
	if (!inode) {
		inode = new_inode((struct super_block *)a0);
		nooks_fspark_made((struct super_block *)a0, inode);
	}
	return IS_ERR(inode) ? 0 : got(x, inode);
}

/* struct inode *igrab(struct inode *inode) */
NOOKS_WRAPPER(igrab)
{
	if (!nooks_arg_object(x, (void *)a0, NOOKS_TYPE_inode, false, "igrab", "inode"))
		return 0;
	return got(x, igrab((struct inode *)a0));
}

/* struct inode *ilookup(struct super_block *sb, unsigned long ino) */
NOOKS_WRAPPER(ilookup)
{
	if (!nooks_may_sleep(x, "ilookup") ||
	    !nooks_arg_object(x, (void *)a0, NOOKS_TYPE_super_block, false, "ilookup", "sb"))
		return 0;
	return got(x, ilookup((struct super_block *)a0, a1));
}

/* void iput(struct inode *inode) */
NOOKS_WRAPPER(iput)
{
	if (!a0)
		return 0;
	if (nooks_inode_unref(nooks_driver_of(x), (struct inode *)a0))
		iput((struct inode *)a0);
	else
		nooks_fail(x, NOOKS_BAD_ARGUMENT, a0,
			   "iput: no inode that the driver holds a reference on");
	return 0;
}

/* void truncate_setsize(struct inode *inode, loff_t newsize) */
NOOKS_WRAPPER(truncate_setsize)
{
	static const char fn[] = "truncate_setsize";
	struct inode *inode = (struct inode *)a0;
	struct nooks_inode *n;

	if (!nooks_may_sleep(x, fn) ||
	    !nooks_arg_object(x, inode, NOOKS_TYPE_inode, false, fn, "inode") ||
	    !nooks_arg_range(x, a1, 0, MAX_LFS_FILESIZE, fn, "newsize"))
		return 0;
	n = nooks_inode_get(nooks_driver_of(x), inode);
	if (n && (loff_t)a1 < i_size_read(inode))
		WRITE_ONCE(n->shorter, true);
	nooks_inode_put(n);
	if (READ_ONCE(nooks_driver_of(x)->fs.restorer) == current) {
		/* Pages that processes have of a private mapping stay: the file is going to have its length again. */
		i_size_write(inode, a1);
		truncate_inode_pages(&inode->i_data, a1);
	} else {
		truncate_setsize(inode, a1);
	}
	return 0;
}

/* Flags of the state that may be set by this: the kernel believes any, and its other bits are of who frees the inode. */
static bool check_dirty(struct nooks_crossing *x, unsigned long flags, const char *fn)
{
	return nooks_arg_require(x, !(flags & ~(unsigned long)I_DIRTY_ALL), fn, "what is dirty") &&
	       nooks_arg_require(x, flags == I_DIRTY_TIME || flags & I_DIRTY_INODE || !(flags & I_DIRTY_TIME), fn,
				 "times are dirty with the inode, or alone");
}

/*
 * void __mark_inode_dirty(struct inode *inode, int flags). Of a file that got shorter, what it had is about to be freed, and
 * may be another file's at once. If the driver fails then, and its inode has not been written, the file on the
 * disk has what is not its own. So that is written first, to the buffers.
 */
NOOKS_WRAPPER(__mark_inode_dirty)
{
	static const char fn[] = "__mark_inode_dirty";
	struct inode *inode = (struct inode *)a0;
	struct nooks_crossing inner;
	struct nooks_inode *n;
	bool shorter;

	if (!nooks_arg_object(x, inode, NOOKS_TYPE_inode, false, fn, "inode") || !check_dirty(x, (u32)a1, fn))
		return 0;
	__mark_inode_dirty(inode, (int)a1);
	n = nooks_inode_get(nooks_driver_of(x), inode);
	shorter = n && READ_ONCE(n->shorter) && !nooks_is_atomic() && xchg(&n->shorter, false);
	nooks_inode_put(n);
	if (shorter)
		nooks_inode_write(&inner, nooks_driver_of(x), inode, x->undo);
	return 0;
}

/* void clear_inode(struct inode *inode): what it takes for granted would be the kernel's BUG */
NOOKS_WRAPPER(clear_inode)
{
	static const char fn[] = "clear_inode";
	struct inode *inode = (struct inode *)a0;

	if (!nooks_may_sleep(x, fn) ||
	    !nooks_arg_object(x, inode, NOOKS_TYPE_inode, false, fn, "inode") ||
	    !nooks_arg_require(x, (READ_ONCE(inode->i_state) & (I_FREEING | I_CLEAR)) == I_FREEING,
			       fn, "the inode is being evicted") ||
	    !nooks_arg_require(x, !inode->i_data.nrpages, fn, "it has no pages") ||
	    !nooks_arg_require(x, list_empty(&inode->i_data.i_private_list), fn,
			       "it has no buffers"))
		return 0;
	clear_inode(inode);
	return 0;
}

/* Whose namespace it may be: everybody's first, the thread's, a file system's, or one that is lent. */
bool nooks_check_user_ns(struct nooks_crossing *x, unsigned long value, const char *fn,
			 const char *arg)
{
	struct user_namespace *ns = (void *)value;

	return ns == &init_user_ns || ns == current_user_ns() ||
	       nooks_arg_object(x, ns, NOOKS_TYPE_user_namespace, false, fn, arg);
}

#ifdef HAVE_mnt_idmap
/* What identities of users mean on a mount: what they are. */
bool nooks_check_idmap(struct nooks_crossing *x, unsigned long value, const char *fn,
		       const char *arg)
{
	return nooks_arg_require(x, value == (unsigned long)&nop_mnt_idmap, fn,
				 "the mount does not map users");
}
#endif

/* kuid_t make_kuid(struct user_namespace *ns, uid_t uid) */
NOOKS_WRAPPER(make_kuid)
{
	return nooks_check_user_ns(x, a0, "make_kuid", "ns") ?
	       __kuid_val(make_kuid((struct user_namespace *)a0, a1)) : 0;
}

/* kgid_t make_kgid(struct user_namespace *ns, gid_t gid) */
NOOKS_WRAPPER(make_kgid)
{
	return nooks_check_user_ns(x, a0, "make_kgid", "ns") ?
	       __kgid_val(make_kgid((struct user_namespace *)a0, a1)) : 0;
}

#ifdef HAVE_mnt_idmap
static bool check_ids(struct nooks_crossing *x, unsigned long idmap, unsigned long ns, const char *fn)
{
	return nooks_check_idmap(x, idmap, fn, "idmap") && nooks_check_user_ns(x, ns, fn, "fs_userns");
}

/* vfsuid_t make_vfsuid(struct mnt_idmap *idmap, struct user_namespace *fs_userns, kuid_t kuid) */
NOOKS_WRAPPER(make_vfsuid)
{
	return check_ids(x, a0, a1, "make_vfsuid") ?
	       __vfsuid_val(make_vfsuid((void *)a0, (void *)a1, KUIDT_INIT(a2))) : 0;
}

/* vfsgid_t make_vfsgid(struct mnt_idmap *idmap, struct user_namespace *fs_userns, kgid_t kgid) */
NOOKS_WRAPPER(make_vfsgid)
{
	return check_ids(x, a0, a1, "make_vfsgid") ?
	       __vfsgid_val(make_vfsgid((void *)a0, (void *)a1, KGIDT_INIT(a2))) : 0;
}

/* kuid_t from_vfsuid(struct mnt_idmap *idmap, struct user_namespace *fs_userns, vfsuid_t vfsuid) */
NOOKS_WRAPPER(from_vfsuid)
{
	return check_ids(x, a0, a1, "from_vfsuid") ?
	       __kuid_val(from_vfsuid((void *)a0, (void *)a1, VFSUIDT_INIT(KUIDT_INIT(a2)))) : 0;
}

/* kgid_t from_vfsgid(struct mnt_idmap *idmap, struct user_namespace *fs_userns, vfsgid_t vfsgid) */
NOOKS_WRAPPER(from_vfsgid)
{
	return check_ids(x, a0, a1, "from_vfsgid") ?
	       __kgid_val(from_vfsgid((void *)a0, (void *)a1, VFSGIDT_INIT(KGIDT_INIT(a2)))) : 0;
}
#endif

/* Attributes to set: the caller's, which are lent, or the driver's own, which name no file. */
bool nooks_check_iattr(struct nooks_crossing *x, unsigned long value, const char *fn,
		       const char *arg)
{
	const struct iattr *attr = (void *)value;

	if (nooks_may_write(x->domain, attr, sizeof(*attr)))
		return nooks_arg_require(x, !(READ_ONCE(attr->ia_valid) & ATTR_FILE), fn,
					 "attributes name no file");
	return nooks_arg_object(x, attr, NOOKS_TYPE_iattr, false, fn, arg);
}

/* Of the flags that the VFS looks at, those that file systems keep on their disks. */
const char *nooks_field_inode_flags(struct nooks_crossing *x, unsigned long addr, u64 old, u64 new,
				    bool done)
{
	return (old ^ new) & ~(u64)(S_SYNC | S_NOATIME | S_APPEND | S_IMMUTABLE | S_DIRSYNC |
				    S_NOCMTIME) ? "not flags of files" : NULL;
}

/* The type of a file decides which functions the VFS calls: it is set once. */
const char *nooks_field_inode_mode(struct nooks_crossing *x, unsigned long addr, u64 old, u64 new,
				   bool done)
{
	const struct inode *inode = container_of((umode_t *)addr, struct inode, i_mode);
	bool used = !hlist_unhashed(&inode->i_hash) ||
		    nooks_inode_state(nooks_driver_of(x), inode) == NOOKS_INODE_ADOPTED;

	if (!S_ISREG(new) && !S_ISDIR(new) && !S_ISLNK(new) && new & S_IFMT)
		return "no file, directory or link";
	return (old ^ new) & S_IFMT && used && old & S_IFMT ?
	       "another type of file" : NULL;
}

/* Attributes to set: what a file is stays. */
const char *nooks_field_iattr_mode(struct nooks_crossing *x, unsigned long addr, u64 old, u64 new,
				   bool done)
{
	return (old ^ new) & S_IFMT ? "another type of file" : NULL;
}

const char *nooks_field_size(struct nooks_crossing *x, unsigned long addr, u64 old, u64 new,
			     bool done)
{
	return (s64)new < 0 ? "negative" : NULL;
}

/* Hook of alloc_inode: the object that the driver has made is the VFS's from now on. */
unsigned long nooks_r_alloc_inode(struct nooks_stub *stub, const struct nooks_role *role,
				  unsigned long *args)
{
	struct nooks_driver *driver = (struct nooks_driver *)stub->domain;
	unsigned long inode = nooks_call_role(stub, role, args);

	/* One that is adopted is live when the driver has made all of it its own. */
	if (inode && (nooks_inode_move(driver, (void *)inode, NOOKS_INODE_FRESH, NOOKS_INODE_LIVE) ||
		      (const void *)inode == driver->fs.adopted))
		return inode;
	if (inode)
		nooks_fail_return(driver, stub, inode);
	return 0;
}

/* Hook of free_inode: if the driver does not free it, it is freed for it. */
unsigned long nooks_r_free_inode(struct nooks_stub *stub, const struct nooks_role *role,
				 unsigned long *args)
{
	struct nooks_driver *driver = (struct nooks_driver *)stub->domain;
	const void *inode = (void *)args[0];
	int status = NOOKS_CALL_CLOSED;
	struct nooks_crossing x;

	/* Others that are parked or spoiled the driver has never heard of. */
	if (nooks_inode_move(driver, inode, NOOKS_INODE_LIVE, NOOKS_INODE_DYING) ||
	    (nooks_inode_own(driver, inode) &&
	     nooks_inode_move(driver, inode, NOOKS_INODE_SPOILED, NOOKS_INODE_DYING)))
		nooks_call_watched(&x, stub, role, args, NULL, 0, &status);
	/* If it was freed it may be in use again: then it is not dying. */
	if (status != NOOKS_CALL_DONE && nooks_inode_state(driver, inode) >= NOOKS_INODE_DYING)
		nooks_inode_abandon(driver, inode);
	return 0;
}

/* Hook of evict_inode: the VFS insists on what the driver has to have done. */
unsigned long nooks_r_evict_inode(struct nooks_stub *stub, const struct nooks_role *role,
				  unsigned long *args)
{
	struct nooks_driver *driver = (struct nooks_driver *)stub->domain;
	struct inode *inode = (struct inode *)args[0];
	struct nooks_crossing x;
	int status;

	nooks_inode_leaves(driver, inode);
	nooks_call_watched(&x, stub, role, args, NULL, 0, &status);
	if (READ_ONCE(inode->i_state) & I_CLEAR)
		return 0;
	if (status == NOOKS_CALL_DONE)
		nooks_fail_return(driver, stub, 0);
	truncate_inode_pages_final(&inode->i_data);
	invalidate_inode_buffers(inode);
	clear_inode(inode);
	return 0;
}

int nooks_inode_write(struct nooks_crossing *x, struct nooks_driver *driver, struct inode *inode,
		      struct nooks_undo *undo)
{
	struct writeback_control wbc = { .sync_mode = WB_SYNC_NONE };
	unsigned long args[6] = { (unsigned long)inode, (unsigned long)&wbc };
	const void *write = inode->i_sb->s_op->write_inode;
	struct nooks_stub *stub = write ? nooks_stub_find(driver, write) : NULL;
	int status = NOOKS_CALL_DONE;

	if (stub)
		nooks_call_undoable(x, stub, &nooks_roles[stub->role], args, undo, &status);
	return status;
}

/* The driver, which has not come to write it, will start again, and write it then. */
bool nooks_inode_stays_dirty(struct nooks_driver *driver, const struct inode *inode)
{
	return READ_ONCE(driver->state) != NOOKS_FAILED &&
	       nooks_inode_state(driver, inode) != NOOKS_INODE_SPOILED;
}

/*
 * Hook of write_inode: the kernel takes the inode for clean. If the driver has not come to it, and will start again, it is
 * not, and who syncs now is told. While its name is changed it is not written, or later.
 */
unsigned long nooks_r_write_inode(struct nooks_stub *stub, const struct nooks_role *role,
				  unsigned long *args)
{
	struct nooks_driver *driver = (struct nooks_driver *)stub->domain;
	struct inode *inode = (struct inode *)args[0];
	struct nooks_inode *n = nooks_inode_get(driver, inode);
	bool placer = n && READ_ONCE(n->placer) == current;
	struct nooks_crossing x;
	int status;
	long ret;

	if (n && !placer && !mutex_trylock(&n->placed)) {
		if (((struct writeback_control *)args[1])->sync_mode == WB_SYNC_NONE) {
			mark_inode_dirty_sync(inode);
			nooks_inode_put(n);
			return 0;
		}
		mutex_lock(&n->placed);
	}
	ret = nooks_call_watched(&x, stub, role, args, NULL, 0, &status);
	if (n && !placer)
		mutex_unlock(&n->placed);
	nooks_inode_put(n);
	if (status != NOOKS_CALL_DONE && nooks_inode_stays_dirty(driver, inode)) {
		errseq_set(&inode->i_sb->s_wb_err, -EIO);
		mark_inode_dirty_sync(inode);
	}
	return ret;
}

/* Hook of writepages: the pages stay dirty; who syncs now must be told, for whom their errors do not count. */
unsigned long nooks_r_writepages(struct nooks_stub *stub, const struct nooks_role *role,
				 unsigned long *args)
{
	struct nooks_driver *driver = (struct nooks_driver *)stub->domain;
	struct inode *inode = ((struct address_space *)args[0])->host;
	struct nooks_crossing x;
	int status;
	long ret = nooks_call_watched(&x, stub, role, args, NULL, 0, &status);

	if (status != NOOKS_CALL_DONE && nooks_inode_stays_dirty(driver, inode))
		errseq_set(&inode->i_sb->s_wb_err, -EIO);
	return ret;
}

/* Hook of what looks an inode up for the kernel, which gets the driver's reference. */
unsigned long nooks_r_get_inode(struct nooks_stub *stub, const struct nooks_role *role,
				unsigned long *args)
{
	struct nooks_driver *driver = (struct nooks_driver *)stub->domain;
	unsigned long value = nooks_call_role(stub, role, args);

	if (IS_ERR_OR_NULL((void *)value) || nooks_inode_unref(driver, (struct inode *)value))
		return value;
	nooks_fail_return(driver, stub, value);
	return role->fail;
}

/* Hook of getattr: what the driver says it writes into a copy, which is a trap less for each field. */
unsigned long nooks_r_getattr(struct nooks_stub *stub, const struct nooks_role *role, unsigned long *args)
{
	struct kstat *stat = (struct kstat *)args[2], copy = *stat;
	unsigned long ret;
	int status;

	BUILD_BUG_ON(sizeof(copy) % sizeof(long));
	ret = nooks_call_copying(stub, role, args, 2, &copy, sizeof(copy), &status);
	if (status == NOOKS_CALL_DONE)
		*stat = copy;
	return ret;
}
