// SPDX-License-Identifier: GPL-2.0
/*
 * File systems: what drivers register, and what is mounted of it.
 *
 * A file_system_type lies in the driver's memory; the kernel links one of its own, whose functions call the
 * driver's. While something is mounted the driver can't go. If it fails and starts again, what is mounted stays so
 * (fspark.c); where that can't be, and if it does not start again, inodes and open files lead to the functions of the
 * one that is dead, and get errors, until all is unmounted. Then recovery goes on.
 *
 * Who knows what: inode.c, dentry.c and buffer.c count what a driver holds; slab.c lays its inodes out;
 * folio.c is about its files' pages, fscontext.c about how they are mounted by contexts; here are super blocks and
 * what is left.
 */
#define pr_fmt(fmt) "nooks: " fmt
#include <linux/blkdev.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/fs_context.h>
#include <linux/mount.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/statfs.h>
#include <linux/uuid.h>
#include "../nooks/compat.h"
#include "../nooks/imports.h"
#include "../recovery/recover.h"
#include "args.h"
#include "buffer.h"
#include "fs.h"
#include "fscontext.h"
#include "fspark.h"
#include "generated.h"
#include "hold.h"
#include "net.h"
#include "print.h"
#include "walk.h"

#define MAX_TYPES	16
/* What mount() may be given of a super block's flags. */
#define MOUNT_FLAGS	(SB_RDONLY | SB_NOSUID | SB_NODEV | SB_NOEXEC | SB_SYNCHRONOUS | SB_MANDLOCK | SB_DIRSYNC | \
			 SB_NOATIME | SB_NODIRATIME | SB_SILENT | SB_POSIXACL | SB_LAZYTIME | SB_I_VERSION)
#define MIN_STACKS	64	/* threads sleep in file systems, for their disks */

/**
 * struct nooks_fstype - the kernel's instance of a file_system_type
 * @type: what is registered; static, for lockdep's sake: its keys must be
 * @theirs: a copy of the driver's, with its entry stubs
 * @start: where the driver's is
 * @driver: whose; NULL: free. Under types_mutex; who has held the type may read it
 * @users: mounts that are being made, and contexts; under types_mutex
 * @gone: no longer registered, but used; ditto
 * @parked: the driver starts again and will register it; under nooks_driver.lock
 * @name: a copy
 */
static struct nooks_fstype {
	struct file_system_type type;
	struct file_system_type theirs;
	unsigned long start;
	struct nooks_driver *driver;
	unsigned int users;
	bool gone;
	bool parked;
	char name[32];
} types[MAX_TYPES];
static DEFINE_MUTEX(types_mutex);

static void type_release(struct nooks_object *object);

/* data[0]: the nooks_fstype. */
static const struct nooks_object_class type_class = {
	.name = "file_system_type",
	.phase = NOOKS_PHASE_CALLS,
	.release = type_release,
	.stays = nooks_fs_stays,
	.size = sizeof(struct nooks_object),
};

/* Only known: the kernel's own functions unmount it. */
static const struct nooks_object_class super_class = {
	.name = "super_block",
	.phase = NOOKS_PHASE_MEMORY,
	.stays = nooks_fs_stays,
	.size = sizeof(struct nooks_object),
};

static const struct nooks_object_class bdev_class = {
	.name = "block_device",
	.phase = NOOKS_PHASE_MEMORY,
	.stays = nooks_fs_stays,
	.size = sizeof(struct nooks_object),
};

static void untrack(struct nooks_driver *driver, const struct nooks_object_class *class,
		    const void *start)
{
	struct nooks_object *object = start ? nooks_object_remove(driver, class, start) : NULL;

	if (object)
		nooks_object_free(object);
}

unsigned int nooks_fs_mounted(struct nooks_driver *driver)
{
	struct nooks_object *object;
	unsigned int n = 0;
	unsigned long flags;

	raw_spin_lock_irqsave(&driver->objects.lock, flags);
	nooks_for_each_object(object, driver, &super_class)
		n++;
	raw_spin_unlock_irqrestore(&driver->objects.lock, flags);
	return n;
}

/* For calls through @theirs: the stub, whose role is that of the member. NULL: it is no stub. */
static struct nooks_stub *stub_of(const struct nooks_fstype *t, const void *fn)
{
	return nooks_stub_find(t->driver, fn);
}

/* Give back what mount_bdev() has given. */
static void drop_mount(struct nooks_driver *driver, struct dentry *root)
{
	struct super_block *sb = root->d_sb;

	/* Recovery may have put it. */
	if (nooks_dentry_unref(driver, root))
		dput(root);
	deactivate_locked_super(sb);
}

struct nooks_driver *nooks_fs_hold(const struct file_system_type *type)
{
	struct nooks_fstype *t = container_of(type, struct nooks_fstype, type);
	struct nooks_driver *driver;

	mutex_lock(&types_mutex);
	driver = t->gone ? NULL : t->driver;
	if (driver)
		t->users++;
	mutex_unlock(&types_mutex);
	return driver;
}

void nooks_fs_release(const struct file_system_type *type)
{
	struct nooks_fstype *t = container_of(type, struct nooks_fstype, type);

	mutex_lock(&types_mutex);
	if (!--t->users && t->gone)
		t->driver = NULL;
	mutex_unlock(&types_mutex);
}

/* Mount, with the type held. */
static struct dentry *mount_held(struct nooks_fstype *t, int flags, const char *name, void *data)
{
	struct nooks_crossing x;
	struct nooks_stub *stub;
	unsigned long root;
	int status, ret;

	/*
	 * What is registered stays so while the driver starts again, which is not ready before its init has ended. It may fail before
	 * it is called.
	 */
	do {
		unsigned long args[6] = { 0, flags, (unsigned long)name, (unsigned long)data };

		ret = nooks_recovery_wait(t->driver);
		if (ret)
			return ERR_PTR(ret);
		args[0] = t->start;
		stub = stub_of(t, t->theirs.mount);
		root = nooks_call_watched(&x, stub, &nooks_roles[stub->role], args, NULL, 0, &status);
	} while (status == NOOKS_CALL_CLOSED && nooks_recovery_due(t->driver));
	/* The driver has died with a super block in its hands, active and locked. */
	if (status == NOOKS_CALL_UNWOUND && x.handed) {
		drop_mount(t->driver, (struct dentry *)x.handed);
		return ERR_PTR(-EIO);
	}
	/* The caller has the super block, locked, or nothing. */
	if (status == NOOKS_CALL_DONE && (x.handed ? root != (unsigned long)x.handed : !IS_ERR((void *)root))) {
		nooks_fail_return(t->driver, stub, root);
		if (x.handed)
			drop_mount(t->driver, (struct dentry *)x.handed);
		return ERR_PTR(-EIO);
	}
	if (status != NOOKS_CALL_DONE || !x.handed)
		return (void *)root;
	/* The driver has failed since, and recovery has put the reference that is to be returned. */
	if (!nooks_dentry_unref(t->driver, x.handed)) {
		deactivate_locked_super(((struct dentry *)x.handed)->d_sb);
		return ERR_PTR(-EIO);
	}
	return (struct dentry *)x.handed;
}

/* What the kernel calls to mount. */
static struct dentry *mount(struct file_system_type *type, int flags, const char *name, void *data)
{
	struct nooks_fstype *t = container_of(type, struct nooks_fstype, type);
	struct dentry *root;

	if (!nooks_fs_hold(type))
		return ERR_PTR(-ENODEV);
	root = mount_held(t, flags, name, data);
	nooks_fs_release(type);
	return root;
}

struct nooks_driver *nooks_fs_driver(const struct file_system_type *type, struct nooks_stub **init)
{
	const struct nooks_fstype *t = container_of(type, struct nooks_fstype, type);

	*init = stub_of(t, t->theirs.init_fs_context);
	return t->driver;
}

/* What the kernel calls to begin a mount or a remount. */
static int init_fs_context(struct fs_context *fc)
{
	struct nooks_driver *driver = nooks_fs_hold(fc->fs_type);
	struct nooks_stub *stub;
	int ret;

	if (!driver)
		return -ENODEV;
	nooks_fs_driver(fc->fs_type, &stub);
	/* The context holds it, as long as that lives. */
	ret = nooks_fscontext_init(driver, stub, fc);
	if (ret)
		nooks_fs_release(fc->fs_type);
	return ret;
}

void nooks_fs_put_super(struct super_block *sb)
{
	const struct nooks_fstype *t = container_of(sb->s_type, struct nooks_fstype, type);

	nooks_fspark_put_inodes(sb);
	/* The device's cache is going to be emptied. */
	nooks_buffers_trim(t->driver);
}

/* What the kernel calls to unmount, and when mounting has failed. */
static void kill_sb(struct super_block *sb)
{
	struct nooks_fstype *t = container_of(sb->s_type, struct nooks_fstype, type);
	struct block_device *bdev = sb->s_bdev;
	struct nooks_driver *driver = t->driver;
	unsigned long args[6] = { (unsigned long)sb };
	struct nooks_stub *stub = stub_of(t, t->theirs.kill_sb);
	unsigned int held;

	nooks_fspark_close(sb);
	if (stub)
		nooks_call_role(stub, &nooks_roles[stub->role], args);
	nooks_fspark_put_dentries(sb);
	/* The VFS finds it in its list for ever if that was not done. */
	if (!stub)
		t->theirs.kill_sb(sb);
	else if (!nooks_super_shut_down(sb))
		kill_block_super(sb);
	nooks_buffers_trim(driver);
	held = nooks_fspark_remove(sb);
	untrack(driver, &bdev_class, bdev);
	untrack(driver, &super_class, sb);
	/* Would have been the kernel's BUG. Not before it has gone: what was to be written the driver has written. */
	if (held)
		nooks_fail_driver(driver, NULL, NOOKS_UNBALANCED, (unsigned long)sb,
				  "%s is unmounted, and %u references on what it had are held", sb->s_id, held);
	nooks_recovery_resume(driver);
}

static struct nooks_fstype *type_of(struct nooks_driver *driver, unsigned long addr)
{
	struct nooks_object *object = nooks_object_find(driver, &type_class, (void *)addr);

	return object ? (void *)object->data[0] : NULL;
}

static struct nooks_fstype *take_type(struct nooks_driver *driver)
{
	struct nooks_fstype *t;

	mutex_lock(&types_mutex);
	for (t = types; t < types + MAX_TYPES && t->driver; t++)
		;
	if (t < types + MAX_TYPES) {
		t->driver = driver;
		t->gone = false;
	}
	mutex_unlock(&types_mutex);
	return t < types + MAX_TYPES ? t : NULL;
}

static void give_type(struct nooks_fstype *t)
{
	mutex_lock(&types_mutex);
	t->gone = t->users;
	if (!t->gone)
		t->driver = NULL;
	mutex_unlock(&types_mutex);
}

void nooks_types_park(struct nooks_driver *driver)
{
	struct nooks_fstype *t;

	mutex_lock(&types_mutex);
	for (t = types; t < types + MAX_TYPES; t++)
		if (t->driver == driver && !t->gone)
			t->parked = true;
	mutex_unlock(&types_mutex);
}

/* Copy what the driver has, if it is good. False: the domain has failed; what is mounted goes on with the old copy. */
static bool copy_type(struct nooks_crossing *x, struct nooks_fstype *t, unsigned long addr,
		      const char *fn)
{
	struct file_system_type theirs;
	char name[sizeof(t->name)];
	const char *why;

	if (!nooks_arg_readable(x, (void *)addr, sizeof(theirs), false, fn, "fs"))
		return false;
	memcpy(&theirs, (void *)addr, sizeof(theirs));
	if (!nooks_arg_string(x, theirs.name, sizeof(name), false, fn, "fs->name"))
		return false;
	nooks_copy_string(name, theirs.name, sizeof(name));
	why = nooks_members_bind(t->driver, &theirs, NOOKS_OPS_file_system_type);
	if (!why && !stub_of(t, theirs.mount) == !stub_of(t, theirs.init_fs_context))
		why = "mount or init_fs_context: one of them";
	if (!why && !theirs.kill_sb)
		why = "kill_sb";
	if (!why && theirs.fs_flags & ~(FS_REQUIRES_DEV | FS_BINARY_MOUNTDATA | FS_HAS_SUBTYPE |
					   FS_ALLOW_IDMAP | FS_DISALLOW_NOTIFY_PERM |
					   FS_RENAME_DOES_D_MOVE | FS_USERNS_MOUNT))
		why = "fs_flags";
	if (!why && (!*name || strchr(name, '.')))
		why = "name";
	if (!why && !(theirs.fs_flags & FS_REQUIRES_DEV))
		why = "fs_flags: one without a device";
	if (!why && t->parked && strcmp(name, t->name))
		why = "another name than before";
	if (why) {
		nooks_fail(x, NOOKS_BAD_ARGUMENT, addr, "%s: %s", fn, why);
		return false;
	}
	t->theirs = theirs;
	memcpy(t->name, name, sizeof(name));
	return true;
}

/* int register_filesystem(struct file_system_type *fs) */
NOOKS_WRAPPER(register_filesystem)
{
	static const char fn[] = "register_filesystem";
	struct nooks_driver *driver = nooks_driver_of(x);
	struct nooks_object *object;
	struct nooks_fstype *t;
	int ret;

	if (!nooks_may_sleep(x, fn))
		return 0;
	t = type_of(driver, a0);
	if (t && t->parked) {
		/* What is mounted of it has stayed. */
		t->parked = !copy_type(x, t, a0, fn);
		return 0;
	}
	if (t)
		return -EBUSY;
	if (nooks_stacks_reserve(driver->domain, MIN_STACKS))
		return -ENOMEM;
	t = take_type(driver);
	if (!t)
		return -ENOMEM;
	t->parked = false;
	if (!copy_type(x, t, a0, fn)) {
		give_type(t);
		return 0;
	}
	t->start = a0;
	memset(&t->type, 0, sizeof(t->type));
	t->type.name = t->name;
	t->type.fs_flags = t->theirs.fs_flags;
	if (t->theirs.mount)
		t->type.mount = mount;
	else
		t->type.init_fs_context = init_fs_context;
	t->type.kill_sb = kill_sb;
	t->type.owner = driver->module;
	object = nooks_object_add(driver, &type_class, (void *)a0, sizeof(struct file_system_type),
				  NOOKS_TYPE_none, GFP_KERNEL);
	ret = object ? 0 : -ENOMEM;
	if (object) {
		object->data[0] = (unsigned long)t;
		ret = register_filesystem(&t->type);
	}
	if (!ret)
		return 0;
	untrack(driver, &type_class, (void *)a0);
	give_type(t);
	return ret;
}

/* Nothing is mounted of it. */
static void undo_type(struct nooks_fstype *t)
{
	unregister_filesystem(&t->type);
	give_type(t);
}

static void type_release(struct nooks_object *object)
{
	if (object->data[0])
		undo_type((struct nooks_fstype *)object->data[0]);
}

/* int unregister_filesystem(struct file_system_type *fs) */
NOOKS_WRAPPER(unregister_filesystem)
{
	static const char fn[] = "unregister_filesystem";
	struct nooks_driver *driver = nooks_driver_of(x);
	struct nooks_object *object;

	if (!nooks_may_sleep(x, fn) ||
	    !nooks_arg_require(x, !nooks_fs_mounted(driver), fn, "nothing is mounted"))
		return 0;
	object = nooks_object_remove(driver, &type_class, (void *)a0);
	if (!object)
		return -EINVAL;
	type_release(object);
	nooks_object_free(object);
	return 0;
}

/*
 * struct dentry *mount_bdev(struct file_system_type *fs_type, int flags, const char *dev_name, void *data,
 *			     int (*fill_super)(struct super_block *, void *, int))
 */
NOOKS_WRAPPER(mount_bdev)
{
	static const char fn[] = "mount_bdev";
	struct nooks_fstype *t = type_of(nooks_driver_of(x), a0);
	struct dentry *root;

	if (!nooks_may_sleep(x, fn) ||
	    !nooks_arg_require(x, t, fn, "a type that the driver has registered") ||
	    !nooks_arg_string(x, (char *)a2, PATH_MAX, false, fn, "dev_name") ||
	    !nooks_arg_callback(x, (void *)a4, NOOKS_ROLE_mount_bdev_fill_super, false, fn,
				"fill_super") ||
	    !nooks_arg_writable(x, (void *)a3, PAGE_SIZE, true, fn, "data") ||
	    !nooks_arg_require(x, !((int)a1 & ~MOUNT_FLAGS), fn, "flags of a mount"))
		return 0;
	root = mount_bdev(&t->type, (int)a1, (char *)a2, (void *)a3, (void *)a4);
	if (IS_ERR(root))
		return (unsigned long)root;
	if (!nooks_dentry_ref(t->driver, root)) {
		drop_mount(t->driver, root);
		return -ENOMEM;
	}
	x->handed = root;
	return (unsigned long)root;
}

/* The driver has got a super block, and the device below it. */
static int track_super(struct nooks_driver *driver, struct super_block *sb)
{
	if (!nooks_object_add(driver, &super_class, sb, sizeof(*sb), NOOKS_TYPE_super_block,
			      GFP_KERNEL))
		return -ENOMEM;
	if (!sb->s_bdev || nooks_object_add(driver, &bdev_class, sb->s_bdev, sizeof(*sb->s_bdev),
					    NOOKS_TYPE_block_device, GFP_KERNEL))
		return 0;
	untrack(driver, &super_class, sb);
	return -ENOMEM;
}

/* What is tracked here goes in kill_sb(), which comes if this fails, too. */
static unsigned long fill_super(struct nooks_stub *stub, const struct nooks_role *role, unsigned long *args,
				const char *options, bool context)
{
	struct nooks_driver *driver = (struct nooks_driver *)stub->domain;
	struct super_block *sb = (struct super_block *)args[0];
	int ret = track_super(driver, sb);

	if (!ret)
		ret = nooks_fspark_add(driver, sb, stub, options, context);
	if (ret)
		return ret;
	ret = nooks_call_role(stub, role, args);
	nooks_fspark_filled(sb);
	/* The reference on the root is the super block's now. */
	if (sb->s_root)
		nooks_dentry_unref(driver, sb->s_root);
	if (!ret && !sb->s_root) {
		nooks_fail_return(driver, stub, ret);
		ret = -EIO;
	}
	/* The VFS calls put_super() only of what has a root. */
	if (ret && !sb->s_root)
		nooks_inodes_drop(driver, sb);
	return ret;
}

/* Hook of fill_super of mount_bdev(). */
unsigned long nooks_r_fill_super(struct nooks_stub *stub, const struct nooks_role *role,
				 unsigned long *args)
{
	return fill_super(stub, role, args, (char *)args[1], false);
}

/* Ditto, of get_tree_bdev(). */
unsigned long nooks_r_fill_super_context(struct nooks_stub *stub, const struct nooks_role *role,
					 unsigned long *args)
{
	struct nooks_driver *driver = (struct nooks_driver *)stub->domain;

	return fill_super(stub, role, args, nooks_fscontext_options(driver, (void *)args[1]), true);
}

/* Hook of put_super: inodes that the driver keeps are busy inodes. */
unsigned long nooks_r_put_super(struct nooks_stub *stub, const struct nooks_role *role,
				unsigned long *args)
{
	nooks_call_role(stub, role, args);
	nooks_fs_put_super((struct super_block *)args[0]);
	return 0;
}

const char *nooks_field_sb_flags(struct nooks_crossing *x, unsigned long addr, u64 old, u64 new,
				 bool done)
{
	return (old ^ new) & ~(u64)(SB_RDONLY | SB_NODIRATIME | SB_NOATIME | SB_SYNCHRONOUS |
				    SB_DIRSYNC | SB_POSIXACL | SB_I_VERSION | SB_LAZYTIME) ?
	       "not flags of file systems" : NULL;
}

/* Of one that is there. That a driver makes it read-only says that it has found it damaged. */
const char *nooks_field_super_flags(struct nooks_crossing *x, unsigned long addr, u64 old, u64 new,
				    bool done)
{
	struct super_block *sb = container_of((unsigned long *)addr, struct super_block, s_flags);
	const char *why = nooks_field_sb_flags(x, addr, old, new, done);

	if (!why && !done && new & ~old & SB_RDONLY && nooks_fspark_is_damaged(nooks_driver_of(x), sb))
		why = "it is made read-only, unasked";
	return why;
}

/* In ns: what times of files are multiples of. */
const char *nooks_field_time_gran(struct nooks_crossing *x, unsigned long addr, u64 old, u64 new, bool done)
{
	return new >= 1 && new <= NSEC_PER_SEC ? NULL : "not between a nanosecond and a second";
}

/* int current_umask(void): of who has mounted it, while what is mounted is filled again */
NOOKS_WRAPPER(current_umask)
{
	return nooks_fspark_umask(nooks_driver_of(x));
}

/* The kernel copies so many bytes of it to users. Declared here, too: some kernels do not have the field. */
const char *nooks_field_uuid_len(struct nooks_crossing *x, unsigned long addr, u64 old, u64 new, bool done);
const char *nooks_field_uuid_len(struct nooks_crossing *x, unsigned long addr, u64 old, u64 new, bool done)
{
	return new > UUID_SIZE ? "longer than there is room for" : NULL;
}

const char *nooks_field_task_state(struct nooks_crossing *x, unsigned long addr, u64 old, u64 new,
				   bool done)
{
	return new == TASK_RUNNING || new == TASK_INTERRUPTIBLE || new == TASK_UNINTERRUPTIBLE ||
	       new == TASK_KILLABLE || new == TASK_IDLE ? NULL : "no state to wait in";
}

/* int mnt_want_write_file(struct file *file): undone when the call ends, if the driver does not */
NOOKS_WRAPPER(mnt_want_write_file)
{
	static const char fn[] = "mnt_want_write_file";
	struct file *file = (struct file *)a0;
	struct nooks_hold *hold;
	int ret;

	if (!nooks_may_sleep(x, fn) ||
	    !nooks_arg_object(x, file, NOOKS_TYPE_file, false, fn, "file"))
		return 0;
	hold = nooks_hold_new(x, HOLD_MOUNT, GFP_KERNEL, fn);
	if (!hold)
		return 0;
	hold->file = file;
	ret = mnt_want_write_file(file);
	if (ret)
		kfree(hold);
	else
		list_add(&hold->list, &x->held);
	return ret;
}

void nooks_mount_drop(struct nooks_hold *hold)
{
	struct file *file = hold->file;

	list_del(&hold->list);
	kfree(hold);
	mnt_drop_write_file(file);
}

/* void mnt_drop_write_file(struct file *file) */
NOOKS_WRAPPER(mnt_drop_write_file)
{
	static const char fn[] = "mnt_drop_write_file";
	struct nooks_hold *hold;

	if (!nooks_may_sleep(x, fn))
		return 0;
	list_for_each_entry(hold, &x->held, list) {
		if (hold->kind == HOLD_MOUNT && hold->file == (struct file *)a0) {
			nooks_mount_drop(hold);
			return 0;
		}
	}
	nooks_fail(x, NOOKS_BAD_ARGUMENT, a0, "%s: this call does not hold it", fn);
	return 0;
}

/* Hook of iterate_shared: the driver calls the kernel's function in the dir_context. */
unsigned long nooks_r_iterate(struct nooks_stub *stub, const struct nooks_role *role,
			      unsigned long *args)
{
	struct nooks_driver *driver = (struct nooks_driver *)stub->domain;
	const struct dir_context *ctx = (void *)args[1];

	if (!nooks_domain_routed(driver->domain, (unsigned long)ctx->actor))
		nooks_methods_lend(driver, NOOKS_METHODS_dir_context, ctx);
	return nooks_call_role(stub, role, args);
}

/* void seq_printf(struct seq_file *m, const char *fmt, ...) */
NOOKS_WRAPPER(seq_printf)
{
	static const char fn[] = "seq_printf";
	struct nooks_print *print;

	if (!nooks_arg_object(x, (void *)a0, NOOKS_TYPE_seq_file, false, fn, "m"))
		return 0;
	print = NOOKS_GET_PRINT(a1, 2, fn);
	if (print)
		seq_printf((struct seq_file *)a0, "%pV", &print->vaf);
	kfree(print);
	return 0;
}

/* long io_schedule_timeout(long timeout): as schedule_timeout(), in wait.c */
NOOKS_WRAPPER(io_schedule_timeout)
{
	if ((long)a0 < 0 || nooks_is_atomic()) {
		__set_current_state(TASK_RUNNING);
		nooks_fail(x, NOOKS_BAD_ARGUMENT, a0,
			   "io_schedule_timeout: negative, or in atomic context");
	}
	if (nooks_crossing_stale(x)) {
		__set_current_state(TASK_RUNNING);
		return 0;
	}
	return io_schedule_timeout(a0);
}

/*
 * int ___ratelimit(struct ratelimit_state *rs, const char *func): as the kernel's, without its lock, which
 * lies in the driver's memory: a line more or less does no harm
 */
NOOKS_WRAPPER(___ratelimit)
{
	struct ratelimit_state *rs = (struct ratelimit_state *)a0;

	if (!nooks_arg_writable(x, rs, sizeof(*rs), false, "___ratelimit", "rs"))
		return 0;
	if (!READ_ONCE(rs->interval))
		return 1;
	if (!rs->begin || time_is_before_jiffies(rs->begin + rs->interval)) {
		rs->begin = jiffies;
		rs->printed = 0;
		rs->missed = 0;
	}
	if (rs->burst && rs->burst > rs->printed) {
		rs->printed++;
		return 1;
	}
	rs->missed++;
	return 0;
}
