// SPDX-License-Identifier: GPL-2.0
/*
 * The fault injector's engine: changes bytes in the code of a module that runs, native or in a domain, or silences its
 * device. It does not know which: both are pages of the kernel's module space, and it writes through an alias of them.
 *
 * /sys/kernel/debug/nooks_mutate/plan, written in one go, each line a change:
 *
 *	BASE OFFSET OLD NEW FIXES
 *
 * BASE is where the section is, as /sys/module/NAME/sections tells; OFFSET is what nooks-mutate
 * says, as are the rest: OLD and NEW in hex, ".." for a byte that may be any or stays as it is; FIXES
 * "-" or "AT:SITE,...": the four bytes at AT of NEW are made to lead where the call at SITE
 * (an offset in the section) leads. Or, for all PCI devices that the module drives:
 *
 *	device MODULE BITS
 *
 * BITS are those of their command registers that they lose. All lines are done, at once and with all CPUs stopped, or
 * none. Read, it has a line for each change: the address or the device, and what is there now: new, old or other.
 * Writing "revert" undoes what is still there.
 *
 * It is for machines that are meant to break.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt
#include <linux/debugfs.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include "code.h"
#include "device.h"

#define MAX_PLAN	(256 << 10)

static LIST_HEAD(changes);	/* of code */
static LIST_HEAD(silences);	/* of devices */
/* Protects these, and who writes. */
static DEFINE_MUTEX(lock);
static struct dentry *directory;

static int apply(char *plan)
{
	LIST_HEAD(code);
	LIST_HEAD(devices);
	char *line;
	int ret = 0;

	lockdep_assert_held(&lock);
	while (!ret && (line = strsep(&plan, "\n")) != NULL) {
		if (str_has_prefix(line, "device "))
			ret = device_parse(line + strlen("device "), &devices);
		else if (*line)
			ret = code_parse(line, &code);
	}
	if (!ret && list_empty(&code) && list_empty(&devices))
		ret = -EINVAL;
	if (!ret)
		ret = code_apply(&code);
	if (!ret)
		device_apply(&devices);
	if (ret) {
		code_forget(&code, NULL);
		device_forget(&devices);
	} else {
		list_splice_tail(&code, &changes);
		list_splice_tail(&devices, &silences);
	}
	return ret;
}

static int revert(void)
{
	int ret;

	lockdep_assert_held(&lock);
	ret = code_revert(&changes);
	if (ret)
		return ret;
	code_forget(&changes, NULL);
	device_revert(&silences);
	device_forget(&silences);
	return 0;
}

static ssize_t plan_write(struct file *file, const char __user *from, size_t size, loff_t *pos)
{
	char *text;
	int ret;

	if (*pos || size > MAX_PLAN)
		return -EINVAL;
	text = memdup_user_nul(from, size);
	if (IS_ERR(text))
		return PTR_ERR(text);
	mutex_lock(&lock);
	ret = sysfs_streq(text, "revert") ? revert() : apply(text);
	mutex_unlock(&lock);
	kfree(text);
	return ret ?: size;
}

static int plan_show(struct seq_file *m, void *unused)
{
	mutex_lock(&lock);
	code_show(m, &changes);
	device_show(m, &silences);
	mutex_unlock(&lock);
	return 0;
}

static int plan_open(struct inode *inode, struct file *file)
{
	return single_open(file, plan_show, NULL);
}

static const struct file_operations plan_fops = {
	.owner = THIS_MODULE,
	.open = plan_open,
	.read = seq_read,
	.write = plan_write,
	.llseek = seq_lseek,
	.release = single_release,
};

/* --- life */

/* Changes of a module that goes are gone with it. */
static int notify(struct notifier_block *nb, unsigned long action, void *data)
{
	if (action != MODULE_STATE_GOING)
		return NOTIFY_DONE;
	mutex_lock(&lock);
	code_forget(&changes, data);
	mutex_unlock(&lock);
	return NOTIFY_DONE;
}

static struct notifier_block notifier = {
	.notifier_call = notify,
};

static int __init nooks_mutate_init(void)
{
	int ret = register_module_notifier(&notifier);

	if (ret)
		return ret;
	directory = debugfs_create_dir(KBUILD_MODNAME, NULL);
	debugfs_create_file("plan", 0600, directory, NULL, &plan_fops);
	return 0;
}

static void __exit nooks_mutate_exit(void)
{
	debugfs_remove(directory);
	mutex_lock(&lock);
	if (revert())
		pr_err("what was changed stays so\n");
	code_forget(&changes, NULL);
	device_forget(&silences);
	mutex_unlock(&lock);
	unregister_module_notifier(&notifier);
}

module_init(nooks_mutate_init);
module_exit(nooks_mutate_exit);
MODULE_DESCRIPTION("Faults in the code of a module that runs, and in its device");
MODULE_LICENSE("GPL");
