// SPDX-License-Identifier: GPL-2.0
/*
 * The fault injector's engine: changes bytes in the code of a module that runs, native or in a domain. It
 * does not know which: both are pages of the kernel's module space, and it writes through an alias of them.
 *
 * /sys/kernel/debug/nooks_mutate/plan, written in one go, each line a change:
 *
 *	BASE OFFSET OLD NEW FIXES
 *
 * BASE is where the section is, as /sys/module/NAME/sections tells; OFFSET is what nooks-mutate
 * says, as are the rest: OLD and NEW in hex, ".." for a byte that may be any or stays as it is; FIXES
 * "-" or "AT:SITE,...": the four bytes at AT of NEW are made to lead where the call at SITE
 * (an offset in the section) leads. All lines are done, at once and with all CPUs stopped, or
 * none. Read, it has a line for each change: the address, and what is there now: new, old or other.
 * Writing "revert" undoes what is still there.
 *
 * It is for machines that are meant to break.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt
#include <linux/debugfs.h>
#include <linux/kernel.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/stop_machine.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>
#include <asm/sync_core.h>

#define MAX_BYTES	48		/* as nooks-mutate's */
#define MAX_FIXES	3
#define MAX_PLAN	(256 << 10)
#define CALL_SIZE	5

/**
 * struct change - a change in one place
 * @list: in @changes; under @lock
 * @addr: of the first byte
 * @size: bytes
 * @old: what was there, by which it is undone
 * @new: what is there instead
 * @keep: bytes of the latter that stay as they were
 * @any: bytes of the former that may have been anything
 * @alias: a mapping of @addr for writing, while something is being written
 * @base: of that mapping
 */
struct change {
	struct list_head list;
	unsigned long addr;
	unsigned int size;
	u8 old[MAX_BYTES];
	u8 new[MAX_BYTES];
	bool keep[MAX_BYTES];
	bool any[MAX_BYTES];
	u8 *alias;
	void *base;
};

static LIST_HEAD(changes);
/* Protects @changes, and who writes. */
static DEFINE_MUTEX(lock);
static struct dentry *directory;

static bool in_modules(unsigned long addr, size_t size)
{
	unsigned long page;

	if (addr < MODULES_VADDR || addr > MODULES_END - size)
		return false;
	for (page = addr & PAGE_MASK; page < addr + size; page += PAGE_SIZE)
		if (!vmalloc_to_page((void *)page))
			return false;
	return true;
}

/* --- what a line says */

/* Hex, or dots. Return: the number of bytes, 0 for nonsense. */
static unsigned int parse_bytes(const char *text, u8 *bytes, bool *dots)
{
	unsigned int n;

	for (n = 0; *text; n++, text += 2) {
		if (n == MAX_BYTES)
			return 0;
		dots[n] = text[0] == '.' && text[1] == '.';
		if (!dots[n] && hex2bin(bytes + n, text, 1))
			return 0;
	}
	return n;
}

/* Make calls in the new bytes lead where calls of the section lead now. */
static int link_calls(struct change *change, unsigned long base, char *fixes)
{
	char *word;

	while ((word = strsep(&fixes, ",")) != NULL) {
		unsigned int at, site;
		unsigned long target;
		s32 distance;

		if (sscanf(word, "%u:%x", &at, &site) != 2 || at + sizeof(distance) > change->size ||
		    !in_modules(base + site, CALL_SIZE) || *(u8 *)(base + site) != 0xe8)
			return -EINVAL;
		memcpy(&distance, (void *)(base + site + 1), sizeof(distance));
		target = base + site + CALL_SIZE + distance;
		distance = target - (change->addr + at + sizeof(distance));
		memcpy(change->new + at, &distance, sizeof(distance));
	}
	return 0;
}

/* Do the old bytes lie there? Take them down as they are. */
static bool matches(struct change *change)
{
	unsigned int i;

	for (i = 0; i < change->size; i++) {
		u8 byte = *(u8 *)(change->addr + i);

		if (!change->any[i] && byte != change->old[i])
			return false;
		change->old[i] = byte;
		if (change->keep[i])
			change->new[i] = byte;
	}
	return true;
}

static int parse(char *line, struct change *change)
{
	unsigned long base, offset;
	char *words[5];
	unsigned int i;
	int ret;

	for (i = 0; i < ARRAY_SIZE(words); i++) {
		words[i] = strsep(&line, " \t");
		if (!words[i])
			return -EINVAL;
	}
	if (kstrtoul(words[0], 0, &base) || kstrtoul(words[1], 0, &offset) || offset >= SZ_16M)
		return -EINVAL;
	change->addr = base + offset;
	change->size = parse_bytes(words[2], change->old, change->any);
	if (!change->size || parse_bytes(words[3], change->new, change->keep) != change->size)
		return -EINVAL;
	if (!in_modules(change->addr, change->size))
		return -EFAULT;
	ret = strcmp(words[4], "-") ? link_calls(change, base, words[4]) : 0;
	if (!ret && !matches(change)) {
		pr_err("at %pS is %*ph and not what the plan says\n", (void *)change->addr,
		       change->size, (void *)change->addr);
		ret = -EILSEQ;
	}
	return ret;
}

/* --- writing */

static void unmap(struct list_head *list)
{
	struct change *change;

	list_for_each_entry(change, list, list) {
		vunmap(change->base);
		change->base = NULL;
	}
}

static int map(struct list_head *list)
{
	struct page *pages[2];
	struct change *change;
	unsigned int i, n;

	list_for_each_entry(change, list, list) {
		n = DIV_ROUND_UP(offset_in_page(change->addr) + change->size, PAGE_SIZE);
		for (i = 0; i < n; i++)
			pages[i] = vmalloc_to_page((void *)(change->addr & PAGE_MASK) +
						   i * PAGE_SIZE);
		change->base = vmap(pages, n, VM_MAP, PAGE_KERNEL);
		if (!change->base) {
			unmap(list);
			return -ENOMEM;
		}
		change->alias = change->base + offset_in_page(change->addr);
	}
	return 0;
}

/* All CPUs are here; nobody runs any of this code. */
static int write_new(void *data)
{
	struct list_head *list = data;
	struct change *change;

	list_for_each_entry(change, list, list)
		memcpy(change->alias, change->new, change->size);
	return 0;
}

/* What is neither new nor old is somebody else's, who knows better. */
static int write_old(void *data)
{
	struct list_head *list = data;
	struct change *change;

	list_for_each_entry(change, list, list)
		if (!memcmp(change->alias, change->new, change->size))
			memcpy(change->alias, change->old, change->size);
	return 0;
}

static void synchronize(void *unused)
{
	sync_core();
}

static int change_all(struct list_head *list, int (*write)(void *list))
{
	int ret;

	lockdep_assert_held(&lock);
	ret = map(list);
	if (ret)
		return ret;
	ret = stop_machine(write, list, NULL);
	on_each_cpu(synchronize, NULL, 1);
	unmap(list);
	return ret;
}

static void forget(struct list_head *list)
{
	struct change *change, *next;

	list_for_each_entry_safe(change, next, list, list)
		kfree(change);
	INIT_LIST_HEAD(list);
}

static int apply(char *plan)
{
	struct change *change;
	LIST_HEAD(list);
	char *line;
	int ret = 0;

	while (!ret && (line = strsep(&plan, "\n")) != NULL) {
		if (!*line)
			continue;
		change = kzalloc(sizeof(*change), GFP_KERNEL);
		if (!change) {
			ret = -ENOMEM;
			break;
		}
		list_add_tail(&change->list, &list);
		ret = parse(line, change);
	}
	if (!ret && list_empty(&list))
		ret = -EINVAL;
	if (!ret)
		ret = change_all(&list, write_new);
	if (ret)
		forget(&list);
	else
		list_splice_tail(&list, &changes);
	return ret;
}

static int revert(void)
{
	int ret = change_all(&changes, write_old);

	if (!ret)
		forget(&changes);
	return ret;
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
	struct change *change;

	mutex_lock(&lock);
	list_for_each_entry(change, &changes, list)
		seq_printf(m, "%px %s\n", (void *)change->addr,
			   !memcmp((void *)change->addr, change->new, change->size) ? "new" :
			   !memcmp((void *)change->addr, change->old, change->size) ? "old" :
										      "other");
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
	const struct module *mod = data;
	struct change *change, *next;

	if (action != MODULE_STATE_GOING)
		return NOTIFY_DONE;
	mutex_lock(&lock);
	list_for_each_entry_safe(change, next, &changes, list) {
		if (!within_module_core(change->addr, mod))
			continue;
		list_del(&change->list);
		kfree(change);
	}
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
	if (!list_empty(&changes))
		revert();
	forget(&changes);
	mutex_unlock(&lock);
	unregister_module_notifier(&notifier);
}

module_init(nooks_mutate_init);
module_exit(nooks_mutate_exit);
MODULE_DESCRIPTION("Faults in the code of a module that runs");
MODULE_LICENSE("GPL");
