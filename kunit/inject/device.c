// SPDX-License-Identifier: GPL-2.0
/*
 * Devices that stop answering: the PCI devices that a driver has lose bits of their command register. Without those for memory
 * and ports nothing takes what the driver writes, and what it reads is what the bus makes of nobody's answer; without that
 * for mastering, no data and no interrupt by message comes. A driver that enables its device anew gets it back.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt
#include <linux/device.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/pci.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/string.h>
#include "device.h"

#define BITS	(PCI_COMMAND_IO | PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER)

/**
 * struct silence - a device that is to lose bits of its command register
 * @list: with others
 * @pdev: the device; a reference
 * @bits: that it has had, and loses
 */
struct silence {
	struct list_head list;
	struct pci_dev *pdev;
	u16 bits;
};

static bool is_driven_by(struct pci_dev *pdev, const char *module)
{
	bool driven;

	device_lock(&pdev->dev);
	driven = pdev->dev.driver && pdev->dev.driver->owner &&
		 !strcmp(module_name(pdev->dev.driver->owner), module);
	device_unlock(&pdev->dev);
	return driven;
}

static u16 command(const struct silence *silence)
{
	u16 now = 0;

	pci_read_config_word(silence->pdev, PCI_COMMAND, &now);
	return now;
}

/**
 * device_parse - what a line of a plan says, behind its first word
 * @words: "MODULE BITS"; are taken apart
 * @list: gets the module's devices; nothing is done yet
 *
 * Context: process; may sleep. Return: 0; -EINVAL for nonsense, -ENODEV if the module has no device that has any of these
 * bits, -ENOMEM.
 */
int device_parse(char *words, struct list_head *list)
{
	char *module = strsep(&words, " ");
	struct pci_dev *pdev = NULL;
	struct silence *silence;
	int ret = -ENODEV;
	u16 bits;

	if (!words || kstrtou16(words, 0, &bits) || !bits || (bits & ~BITS))
		return -EINVAL;
	for_each_pci_dev(pdev) {
		if (!is_driven_by(pdev, module))
			continue;
		silence = kzalloc(sizeof(*silence), GFP_KERNEL);
		if (!silence) {
			pci_dev_put(pdev);
			return -ENOMEM;
		}
		silence->pdev = pci_dev_get(pdev);
		silence->bits = command(silence) & bits;
		list_add_tail(&silence->list, list);
		if (silence->bits)
			ret = 0;
	}
	return ret;
}

/** device_apply - have all devices of a list fall silent. May sleep. */
void device_apply(struct list_head *list)
{
	struct silence *silence;

	list_for_each_entry(silence, list, list)
		pci_write_config_word(silence->pdev, PCI_COMMAND, command(silence) & ~silence->bits);
}

/** device_revert - give them back what they have lost. May sleep. */
void device_revert(struct list_head *list)
{
	struct silence *silence;

	list_for_each_entry(silence, list, list)
		pci_write_config_word(silence->pdev, PCI_COMMAND, command(silence) | silence->bits);
}

/** device_forget - let go of all devices of a list */
void device_forget(struct list_head *list)
{
	struct silence *silence, *next;

	list_for_each_entry_safe(silence, next, list, list) {
		pci_dev_put(silence->pdev);
		list_del(&silence->list);
		kfree(silence);
	}
}

/** device_show - a line for each device: is it still silent, or as it was, or something between? May sleep. */
void device_show(struct seq_file *m, const struct list_head *list)
{
	struct silence *silence;

	list_for_each_entry(silence, list, list) {
		u16 now = command(silence) & silence->bits;

		seq_printf(m, "%s %s\n", pci_name(silence->pdev), !now ? "new" : now == silence->bits ? "old" : "other");
	}
}
