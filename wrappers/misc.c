// SPDX-License-Identifier: GPL-2.0
/*
 * Character devices by misc_register(). A miscdevice lies in the driver's memory; the kernel links one of its
 * own, with functions of its own that call the driver's. A file is the driver's from its open to its
 * release; one that was opened before the driver died is nobody's, and gets errors.
 */
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include "../nooks/driver.h"
#include "args.h"
#include "generated.h"
#include "net.h"
#include "print.h"

/**
 * struct nooks_misc - the kernel's instance of a miscdevice
 * @object: start is the driver's; a reference of each open file, whose functions are here
 * @misc: what is registered
 * @fops: its functions: those that the driver has, too
 * @theirs: the driver's
 * @name: a copy
 * @nodename: ditto, if there is one
 * @is_registered: with the kernel; under registration
 */
struct nooks_misc {
	struct nooks_object object;
	struct miscdevice misc;
	struct file_operations fops;
	struct file_operations theirs;
	char name[32];
	char nodename[64];
	bool is_registered;
};

/* Held while a miscdevice is registered or deregistered. Outside of the kernel's lock of all miscdevices. */
static DEFINE_MUTEX(registration);
/* Who is in a driver's open(), with the kernel's lock held. */
static struct task_struct *opener;

static struct nooks_misc *misc_of(struct nooks_object *object)
{
	return container_of(object, struct nooks_misc, object);
}

static void release(struct nooks_object *object)
{
	if (misc_of(object)->is_registered)
		misc_deregister(&misc_of(object)->misc);
}

static const struct nooks_object_class misc_class = {
	.name = "miscdevice",
	.phase = NOOKS_PHASE_CALLS,
	.release = release,
	.size = sizeof(struct nooks_misc),
};

/* Known while it is registered; misc_deregister() makes it go. */
static const struct nooks_object_class device_class = {
	.name = "device of a miscdevice",
	.phase = NOOKS_PHASE_MEMORY,
	.size = sizeof(struct nooks_object),
};

/* An open one. */
static const struct nooks_object_class file_class = {
	.name = "file",
	.phase = NOOKS_PHASE_CALLS,
	.size = sizeof(struct nooks_object),
	.kernel_made = true,
};

static void untrack(struct nooks_driver *driver, const struct nooks_object_class *class, const void *start)
{
	struct nooks_object *object = nooks_object_remove(driver, class, start);

	if (object)
		nooks_object_free(object);
}

/* Files */

static struct nooks_misc *misc_of_file(const struct file *file)
{
	return container_of(file->f_op, struct nooks_misc, fops);
}

/* Call a function of the driver that has opened the file; not of the one that has taken its place. */
static long call(struct file *file, const void *fn, unsigned long *args)
{
	struct nooks_driver *driver = misc_of_file(file)->object.driver;
	struct nooks_stub *stub = nooks_stub_find(driver, fn);
	struct nooks_crossing x;
	long ret = -EIO;

	/* Until its end the driver is not restarted. */
	if (!nooks_call_begin(&x, stub))
		return -EIO;
	if (nooks_object_find(driver, &file_class, file))
		ret = nooks_call_role(stub, &nooks_roles[stub->role], args);
	nooks_call_end(&x);
	return ret;
}

/* What read() and write() return is a number of bytes that there are. */
static ssize_t transferred(struct file *file, const void *fn, ssize_t ret, size_t count)
{
	struct nooks_driver *driver = misc_of_file(file)->object.driver;

	if (ret >= -MAX_ERRNO && (ret < 0 || (size_t)ret <= count))
		return ret;
	nooks_fail_return(driver, nooks_stub_find(driver, fn), ret);
	return -EIO;
}

static ssize_t file_read(struct file *file, char __user *to, size_t count, loff_t *pos)
{
	unsigned long args[6] = { (unsigned long)file, (unsigned long)to, count, (unsigned long)pos };
	const void *fn = misc_of_file(file)->theirs.read;

	return transferred(file, fn, call(file, fn, args), count);
}

static ssize_t file_write(struct file *file, const char __user *from, size_t count, loff_t *pos)
{
	unsigned long args[6] = { (unsigned long)file, (unsigned long)from, count, (unsigned long)pos };
	const void *fn = misc_of_file(file)->theirs.write;

	return transferred(file, fn, call(file, fn, args), count);
}

static loff_t file_llseek(struct file *file, loff_t offset, int whence)
{
	unsigned long args[6] = { (unsigned long)file, offset, whence };

	return call(file, misc_of_file(file)->theirs.llseek, args);
}

static long file_ioctl(struct file *file, unsigned int command, unsigned long argument)
{
	unsigned long args[6] = { (unsigned long)file, command, argument };

	return call(file, misc_of_file(file)->theirs.unlocked_ioctl, args);
}

static long file_compat_ioctl(struct file *file, unsigned int command, unsigned long argument)
{
	unsigned long args[6] = { (unsigned long)file, command, argument };

	return call(file, misc_of_file(file)->theirs.compat_ioctl, args);
}

/* The VFS looks at a file's functions once more when it is closed. */
static const struct file_operations closed_fops = {
	.owner = THIS_MODULE,
};

static void forget_file(struct file *file)
{
	struct nooks_misc *m = misc_of_file(file);
	struct module *owner = m->fops.owner;

	untrack(m->object.driver, &file_class, file);
	__module_get(THIS_MODULE);
	file->f_op = &closed_fops;
	nooks_object_free(&m->object);
	module_put(owner);
}

static int file_open(struct inode *inode, struct file *file)
{
	unsigned long args[6] = { (unsigned long)inode, (unsigned long)file };
	struct nooks_misc *m = misc_of_file(file);
	int ret;

	/* misc_open() holds a lock by which the instance stays. */
	refcount_inc(&m->object.refs);
	if (!nooks_object_add(m->object.driver, &file_class, file, sizeof(*file), NOOKS_TYPE_file,
			      GFP_KERNEL)) {
		nooks_object_free(&m->object);
		return -ENOMEM;
	}
	file->private_data = (void *)m->object.start;	/* where the kernel has put its own */
	WRITE_ONCE(opener, current);
	ret = nooks_stub_find(m->object.driver, m->theirs.open) ? call(file, m->theirs.open, args) : 0;
	WRITE_ONCE(opener, NULL);
	if (ret)
		forget_file(file);
	return ret;
}

static int file_release(struct inode *inode, struct file *file)
{
	unsigned long args[6] = { (unsigned long)inode, (unsigned long)file };
	struct nooks_misc *m = misc_of_file(file);
	int ret = 0;

	if (nooks_stub_find(m->object.driver, m->theirs.release))
		ret = call(file, m->theirs.release, args);
	forget_file(file);
	return ret;
}

/* Devices */

static void *stub_or_kernels(struct nooks_driver *driver, const void *theirs, void *ours)
{
	return nooks_stub_find(driver, theirs) ? ours : (void *)theirs;
}

static void set_functions(struct nooks_misc *m)
{
	struct nooks_driver *driver = m->object.driver;
	const struct file_operations *theirs = &m->theirs;

	m->fops = (struct file_operations) {
		.owner = driver->module,
		.open = file_open,
		.release = file_release,
		.read = nooks_stub_find(driver, theirs->read) ? file_read : NULL,
		.write = nooks_stub_find(driver, theirs->write) ? file_write : NULL,
		.unlocked_ioctl = nooks_stub_find(driver, theirs->unlocked_ioctl) ? file_ioctl : NULL,
		.llseek = stub_or_kernels(driver, theirs->llseek, file_llseek),
		.compat_ioctl = stub_or_kernels(driver, theirs->compat_ioctl, file_compat_ioctl),
	};
}

/* The minors below are those that the kernel gives. */
static bool good_minor(int minor)
{
	return minor == MISC_DYNAMIC_MINOR || (minor >= 128 && minor < MISC_DYNAMIC_MINOR);
}

/* Copy what the driver has. False: the domain has failed. */
static bool copy_misc(struct nooks_crossing *x, struct nooks_misc *m, unsigned long addr, const char *fn)
{
	struct miscdevice theirs;

	/* Once: other threads of the driver may write it. */
	memcpy(&theirs, (void *)addr, sizeof(theirs));
	if (!nooks_arg_string(x, theirs.name, sizeof(m->name), false, fn, "misc->name") ||
	    !nooks_arg_string(x, theirs.nodename, sizeof(m->nodename), true, fn, "misc->nodename") ||
	    !nooks_arg_ops(x, theirs.fops, NOOKS_OPS_file_operations, false, fn, "misc->fops") ||
	    !nooks_arg_object(x, theirs.parent, NOOKS_TYPE_device, true, fn, "misc->parent") ||
	    !nooks_arg_require(x, !theirs.groups, fn, "misc->groups, which is not offered, is NULL"))
		return false;
	nooks_copy_string(m->name, theirs.name, sizeof(m->name));
	if (theirs.nodename)
		nooks_copy_string(m->nodename, theirs.nodename, sizeof(m->nodename));
	if (!nooks_arg_require(x, *m->name && !strchr(m->name, '/'), fn, "misc->name is one") ||
	    !nooks_arg_require(x, good_minor(theirs.minor), fn, "misc->minor is from 128 to 255"))
		return false;
	m->theirs = *theirs.fops;
	set_functions(m);
	m->misc = (struct miscdevice) {
		.minor = theirs.minor,
		.name = m->name,
		.nodename = theirs.nodename ? m->nodename : NULL,
		.fops = &m->fops,
		.parent = theirs.parent,
		.mode = theirs.mode & 0777,
	};
	return true;
}

static int register_misc(struct nooks_misc *m)
{
	struct nooks_driver *driver = m->object.driver;
	int ret = misc_register(&m->misc);

	if (ret)
		return ret;
	m->is_registered = nooks_object_add(driver, &device_class, m->misc.this_device, sizeof(struct device),
					    NOOKS_TYPE_device, GFP_KERNEL);
	if (m->is_registered)
		return 0;
	misc_deregister(&m->misc);
	return -ENOMEM;
}

static int do_register(struct nooks_crossing *x, struct miscdevice *theirs, const char *fn)
{
	struct nooks_driver *driver = nooks_driver_of(x);
	struct nooks_object *object;
	struct nooks_misc *m;
	int ret = -EINVAL;

	object = nooks_object_add(driver, &misc_class, theirs, sizeof(*theirs), NOOKS_TYPE_none, GFP_KERNEL);
	if (!object)
		return nooks_object_find(driver, &misc_class, theirs) ? -EBUSY : -ENOMEM;
	m = misc_of(object);
	if (copy_misc(x, m, (unsigned long)theirs, fn))
		ret = register_misc(m);
	if (ret) {
		untrack(driver, &misc_class, theirs);
		return ret;
	}
	theirs->minor = m->misc.minor;
	theirs->this_device = m->misc.this_device;
	return 0;
}

static bool may_register(struct nooks_crossing *x, const char *fn)
{
	return nooks_may_sleep(x, fn) &&
	       nooks_arg_require(x, READ_ONCE(opener) != current, fn, "this thread opens no miscdevice");
}

/* int misc_register(struct miscdevice *misc) */
NOOKS_WRAPPER(misc_register)
{
	static const char fn[] = "misc_register";
	struct miscdevice *theirs = (struct miscdevice *)a0;
	int ret;

	if (!may_register(x, fn) || !nooks_arg_writable(x, theirs, sizeof(*theirs), false, fn, "misc"))
		return 0;
	mutex_lock(&registration);
	ret = do_register(x, theirs, fn);
	mutex_unlock(&registration);
	return ret;
}

/* void misc_deregister(struct miscdevice *misc) */
NOOKS_WRAPPER(misc_deregister)
{
	static const char fn[] = "misc_deregister";
	struct nooks_driver *driver = nooks_driver_of(x);
	struct nooks_object *object;

	if (!may_register(x, fn))
		return 0;
	mutex_lock(&registration);
	object = nooks_object_remove(driver, &misc_class, (void *)a0);
	if (object) {
		untrack(driver, &device_class, misc_of(object)->misc.this_device);
		release(object);
		nooks_object_free(object);
	}
	mutex_unlock(&registration);
	nooks_arg_require(x, object, fn, "a miscdevice that is registered");
	return 0;
}

/* int stream_open(struct inode *inode, struct file *filp) */
NOOKS_WRAPPER(stream_open)
{
	struct file *file = (struct file *)a1;

	return nooks_arg_object(x, file, NOOKS_TYPE_file, false, "stream_open", "filp") ?
	       stream_open(file_inode(file), file) : 0;
}

/* int nonseekable_open(struct inode *inode, struct file *filp) */
NOOKS_WRAPPER(nonseekable_open)
{
	struct file *file = (struct file *)a1;

	return nooks_arg_object(x, file, NOOKS_TYPE_file, false, "nonseekable_open", "filp") ?
	       nonseekable_open(file_inode(file), file) : 0;
}
