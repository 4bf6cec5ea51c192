// SPDX-License-Identifier: GPL-2.0
/*
 * The native control of nooks/inject.c: a driver that runs without nooks does the same wrong, and
 * the kernel is expected to die of it. The next call of the function that the parameters name runs,
 * once, one of the functions below in its place and in its context.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt
#include <linux/atomic.h>
#include <linux/blkdev.h>
#include <linux/compiler.h>
#include <linux/jiffies.h>
#include <linux/kprobes.h>
#include <linux/module.h>
#include <linux/netdevice.h>
#include <linux/pagemap.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>
#include "../nooks/compat.h"

static char *function;
module_param(function, charp, 0444);
MODULE_PARM_DESC(function, "the driver's function, as in /proc/kallsyms");

static char *device;
module_param(device, charp, 0444);
MODULE_PARM_DESC(device, "the net device whose private area a scribble goes over");

static char *disk;
module_param(disk, charp, 0444);
MODULE_PARM_DESC(disk, "or the block device whose cache, that is a file system's metadata, it goes over");

static char *kind;
module_param(kind, charp, 0444);
MODULE_PARM_DESC(kind, "wild-write, null, bad-jump, bad-instruction, bad-argument, scribble-zero or scribble-ones");

/* As in nooks/faults.c. */
static noinline unsigned long fault_wild_write(unsigned long addr)
{
	*(volatile unsigned long *)addr = 0x6b6f6f6eUL;
	return 0;
}

static noinline unsigned long fault_null_read(unsigned long addr)
{
	return *(volatile unsigned long *)16;
}

static noinline unsigned long fault_bad_jump(unsigned long addr)
{
	return ((unsigned long (*)(void))addr)();
}

static noinline unsigned long fault_bad_instruction(unsigned long addr)
{
	asm volatile("ud2");
	unreachable();
}

static noinline unsigned long fault_bad_argument(unsigned long addr)
{
	kfree((void *)addr);
	return 0;
}

/* As in nooks/inject.c. */
static const struct fault {
	const char *name;
	unsigned long (*fn)(unsigned long addr);
	unsigned long addr;
} faults[] = {
	{ "wild-write", fault_wild_write, (unsigned long)schedule },
	{ "null", fault_null_read },
	{ "bad-jump", fault_bad_jump, (unsigned long)&jiffies },
	{ "bad-instruction", fault_bad_instruction },
	{ "bad-argument", fault_bad_argument, (unsigned long)&jiffies },
};

/* Patterns that go over the driver's own memory before the function runs. */
static const struct pattern {
	const char *name;
	int byte;
} patterns[] = {
	{ "scribble-zero", 0 },
	{ "scribble-ones", 0xff },
};

static const struct fault *wanted;
static const struct pattern *pattern;
static void *private;
static size_t private_size;
static struct page *pages[256];
static unsigned int nr_pages;
static atomic_t done;

/* In the function's place: a changed instruction pointer is where the kernel goes on. */
static int divert(struct kprobe *probe, struct pt_regs *regs)
{
	if (atomic_xchg(&done, 1))
		return 0;
	if (pattern) {
		unsigned int i;

		memset(private, pattern->byte, private_size);
		for (i = 0; i < nr_pages; i++)
			memset(page_address(pages[i]), pattern->byte, PAGE_SIZE);
		return 0;
	}
	regs->di = wanted->addr;
	regs->ip = (unsigned long)wanted->fn;
	return 1;
}

/* Only of probes that have this one may the first handler change the instruction pointer. */
static void after(struct kprobe *probe, struct pt_regs *regs, unsigned long flags)
{
}

static struct kprobe probe = {
	.pre_handler = divert,
	.post_handler = after,
};

/* The kernel allocates a net device and its private area, which is the driver's, in one piece. */
static bool __init find_private(void)
{
	struct net_device *dev = device ? dev_get_by_name(&init_net, device) : NULL;
	void *block;

	if (!dev)
		return false;
	block = (void *)dev - nooks_netdev_padding(dev);
	private = netdev_priv(dev);
	private_size = block + ksize(block) - private;
	dev_put(dev);
	return true;
}

/* What is in its cache now, but the first page: the boot sector can't be told from another. */
static bool __init find_metadata(void)
{
	struct file *file = disk ? filp_open(disk, O_RDONLY, 0) : NULL;
	pgoff_t i;

	if (IS_ERR_OR_NULL(file))
		return false;
	for (i = 1; i << PAGE_SHIFT < i_size_read(file->f_mapping->host) && nr_pages < ARRAY_SIZE(pages); i++) {
		struct page *page = find_get_page(file->f_mapping, i);

		if (page)
			pages[nr_pages++] = page;
	}
	filp_close(file, NULL);
	return nr_pages;
}

static int __init native_fault_init(void)
{
	int i;

	for (i = 0; kind && i < ARRAY_SIZE(faults); i++) {
		if (!strcmp(kind, faults[i].name))
			wanted = &faults[i];
	}
	for (i = 0; kind && i < ARRAY_SIZE(patterns); i++) {
		if (!strcmp(kind, patterns[i].name))
			pattern = &patterns[i];
	}
	if (pattern && !find_private() && !find_metadata()) {
		pr_err("a scribble needs the device= of a net device, or a disk= in use\n");
		return -ENODEV;
	}
	if ((!wanted && !pattern) || !function) {
		pr_err("say function=NAME and a kind= that exists\n");
		return -EINVAL;
	}
	probe.symbol_name = function;
	return register_kprobe(&probe);
}

static void __exit native_fault_exit(void)
{
	unregister_kprobe(&probe);
	while (nr_pages)
		put_page(pages[--nr_pages]);
}

module_init(native_fault_init);
module_exit(native_fault_exit);
MODULE_DESCRIPTION("Has a native driver do wrong, once");
MODULE_LICENSE("GPL");
