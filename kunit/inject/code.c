// SPDX-License-Identifier: GPL-2.0
/* Changes in code that runs: all at once, with all CPUs stopped, through an alias of its pages. */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt
#include <linux/kernel.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/stop_machine.h>
#include <linux/string.h>
#include <linux/vmalloc.h>
#include <asm/sync_core.h>
#include "code.h"

#define MAX_BYTES	48		/* as nooks-mutate's */
#define CALL_SIZE	5

/**
 * struct change - a change in one place
 * @list: with others
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

	ret = map(list);
	if (ret)
		return ret;
	ret = stop_machine(write, list, NULL);
	on_each_cpu(synchronize, NULL, 1);
	unmap(list);
	return ret;
}

/**
 * code_parse - what a line of a plan says
 * @line: "BASE OFFSET OLD NEW FIXES", see main.c; is taken apart
 * @list: gets the change, which is not made yet
 *
 * Return: 0; -EINVAL, -EFAULT, -EILSEQ if it is nonsense, no module's, or not what is there; -ENOMEM.
 */
int code_parse(char *line, struct list_head *list)
{
	struct change *change = kzalloc(sizeof(*change), GFP_KERNEL);

	if (!change)
		return -ENOMEM;
	list_add_tail(&change->list, list);
	return parse(line, change);
}

/**
 * code_apply - make all changes of a list
 *
 * Context: process; may sleep. Return: 0, or -ENOMEM: none was made.
 */
int code_apply(struct list_head *list)
{
	return change_all(list, write_new);
}

/** code_revert - undo what is still there of the changes of a list; as code_apply() */
int code_revert(struct list_head *list)
{
	return change_all(list, write_old);
}

/**
 * code_forget - free changes
 * @list: of which
 * @mod: only those in this module's code; NULL: all
 */
void code_forget(struct list_head *list, const struct module *mod)
{
	struct change *change, *next;

	list_for_each_entry_safe(change, next, list, list) {
		if (mod && !within_module_core(change->addr, mod))
			continue;
		list_del(&change->list);
		kfree(change);
	}
}

/** code_show - a line for each change: where, and what is there now */
void code_show(struct seq_file *m, const struct list_head *list)
{
	struct change *change;

	list_for_each_entry(change, list, list)
		seq_printf(m, "%px %s\n", (void *)change->addr,
			   !memcmp((void *)change->addr, change->new, change->size) ? "new" :
			   !memcmp((void *)change->addr, change->old, change->size) ? "old" :
										      "other");
}
