// SPDX-License-Identifier: GPL-2.0
/*
 * /sys/kernel/debug/nooks/<driver>/
 *	objects		what the driver holds, newest first: address, size, kind, type, and where it was made,
 *			with tabs in between
 *	learned		in learn mode: learn.c
 *
 * Without debugfs there is nothing of it, and all else works.
 */
#include <linux/debugfs.h>
#include <linux/kernel.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include "debugfs.h"
#include "driver.h"
#include "generated.h"

static struct dentry *root;

/* Copies, since printing them takes longer than interrupts may be off. Return: how many. */
static unsigned int copy_objects(struct nooks_objects *objects, struct nooks_object *to,
				 unsigned int max)
{
	struct nooks_object *object;
	unsigned long flags;
	unsigned int n = 0, phase;

	raw_spin_lock_irqsave(&objects->lock, flags);
	nooks_for_each_phase_object(object, phase, objects)
		if (n < max)
			to[n++] = *object;
	raw_spin_unlock_irqrestore(&objects->lock, flags);
	return n;
}

static int objects_show(struct seq_file *m, void *unused)
{
	struct nooks_driver *driver = m->private;
	unsigned int max = READ_ONCE(driver->objects.count) + READ_ONCE(driver->objects.kernel_made) + 16;
	unsigned int n, i;
	struct nooks_object *copies = kvmalloc_array(max, sizeof(*copies), GFP_KERNEL);

	if (!copies)
		return -ENOMEM;
	n = copy_objects(&driver->objects, copies, max);
	for (i = 0; i < n; i++) {
		const struct nooks_object *object = &copies[i];

		seq_printf(m, "%016lx\t%zu\t%s\t%s\t", object->start, object->size,
			   object->class->name,
			   object->type ? nooks_types[object->type].name : "-");
		if (object->site)
			seq_printf(m, "%pS\n", (void *)object->site);
		else
			seq_puts(m, "-\n");
	}
	kvfree(copies);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(objects);

/** nooks_debugfs_add - show a driver that has a domain. May sleep. */
void nooks_debugfs_add(struct nooks_driver *driver)
{
	driver->debugfs = debugfs_create_dir(driver->name, root);
	debugfs_create_file("objects", 0400, driver->debugfs, driver, &objects_fops);
}

/** nooks_debugfs_remove - hide it; waits for readers. May sleep. */
void nooks_debugfs_remove(struct nooks_driver *driver)
{
	debugfs_remove(driver->debugfs);
}

void __init nooks_debugfs_init(void)
{
	root = debugfs_create_dir("nooks", NULL);
}

void nooks_debugfs_exit(void)
{
	debugfs_remove(root);
}
