// SPDX-License-Identifier: GPL-2.0
/*
 * Enabled PCI devices.
 *
 * To disable a device whose interrupt the firmware routes, and to enable it again, is a matter of two interpreted ACPI methods,
 * which take longer than all the rest of many a restart. So the device of a driver that is being restarted stays enabled: recovery
 * keeps one of the driver's references until the restarted driver has enabled it, or has started and has not, or the device has gone
 * or another driver takes it. What enabling it anew would have put right in its registers is put right nevertheless.
 */
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/pci.h>
#include <linux/slab.h>
#include "../nooks/driver.h"
#include "args.h"
#include "bus.h"
#include "generated.h"
#include "pcienable.h"

#define DECODES		(PCI_COMMAND_IO | PCI_COMMAND_MEMORY)

/**
 * struct enabled - a device that a driver has enabled
 * @object: start is the device
 * @count: how often; under enabled_mutex
 * @command: what of DECODES its command register had then
 */
struct enabled {
	struct nooks_object object;
	unsigned int count;
	u16 command;
};

/**
 * struct kept - a device that stays enabled through a restart
 * @list: of all, under enabled_mutex
 * @driver: whose it was
 * @pdev: the device, with a reference, enabled once more
 * @command: as in struct enabled
 */
struct kept {
	struct list_head list;
	struct nooks_driver *driver;
	struct pci_dev *pdev;
	u16 command;
};

static LIST_HEAD(all_kept);
static DEFINE_MUTEX(enabled_mutex);	/* outside the kernel's locks of a device's being enabled */

static struct enabled *to_enabled(struct nooks_object *object)
{
	return container_of(object, struct enabled, object);
}

/* Instead of disabling it for the last time. False: it is not being restarted, or without memory. */
static bool keep(struct nooks_driver *driver, struct pci_dev *pdev, u16 command)
{
	struct kept *kept = kmalloc(sizeof(*kept), GFP_KERNEL);
	bool is_wanted;

	if (!kept)
		return false;
	kept->driver = driver;
	kept->pdev = pdev;
	kept->command = command;
	mutex_lock(&enabled_mutex);
	/* Who ends the restart clears that, and settles after it. */
	is_wanted = READ_ONCE(driver->restarting);
	if (is_wanted) {
		pci_dev_get(pdev);
		list_add(&kept->list, &all_kept);
	}
	mutex_unlock(&enabled_mutex);
	if (!is_wanted)
		kfree(kept);
	return is_wanted;
}

static void drop(struct kept *kept)
{
	lockdep_assert_held(&enabled_mutex);
	list_del(&kept->list);
	pci_disable_device(kept->pdev);
	pci_dev_put(kept->pdev);
	kfree(kept);
}

/* What the kernel sees to when it enables a device, and has not seen to because it was enabled already. Return: as for that. */
static int restore(struct pci_dev *pdev, u16 command)
{
	int ret = pci_set_power_state(pdev, PCI_D0);
	u16 now;

	if (ret < 0 && ret != -EIO)
		return ret;
	if (!pci_read_config_word(pdev, PCI_COMMAND, &now) && !PCI_POSSIBLE_ERROR(now) && command & ~now)
		pci_write_config_word(pdev, PCI_COMMAND, now | command);
	if (pdev->pin && !pci_dev_msi_enabled(pdev))
		pci_intx(pdev, 1);
	return 0;
}

/* The driver has enabled a device, which may have been kept for it. */
static int take(struct nooks_driver *driver, struct pci_dev *pdev)
{
	struct kept *kept;
	int ret;

	lockdep_assert_held(&enabled_mutex);
	list_for_each_entry(kept, &all_kept, list) {
		if (kept->driver == driver && kept->pdev == pdev) {
			ret = restore(pdev, kept->command);
			drop(kept);
			return ret;
		}
	}
	return 0;
}

void nooks_pci_settle(struct nooks_driver *driver)
{
	struct kept *kept, *next;

	mutex_lock(&enabled_mutex);
	list_for_each_entry_safe(kept, next, &all_kept, list)
		if (kept->driver == driver)
			drop(kept);
	mutex_unlock(&enabled_mutex);
}

void nooks_pci_lost(struct device *dev, const struct device_driver *new)
{
	struct kept *kept, *next;

	mutex_lock(&enabled_mutex);
	list_for_each_entry_safe(kept, next, &all_kept, list)
		if (&kept->pdev->dev == dev && !(new && new->owner == kept->driver->module))
			drop(kept);
	mutex_unlock(&enabled_mutex);
}

static void enabled_release(struct nooks_object *object)
{
	struct pci_dev *pdev = (struct pci_dev *)object->start;
	struct enabled *enabled = to_enabled(object);
	unsigned int n = enabled->count;

	if (n && keep(object->driver, pdev, enabled->command))
		n--;
	while (n--)
		pci_disable_device(pdev);
}

static const struct nooks_object_class enabled_class = {
	.name = "enabled PCI device",
	.phase = NOOKS_PHASE_MAPPINGS,
	.release = enabled_release,
	.size = sizeof(struct enabled),
};

void nooks_pci_disable(struct nooks_driver *driver, struct pci_dev *pdev)
{
	struct nooks_object *object;

	/* Another thread of the driver's may be disabling it. */
	mutex_lock(&enabled_mutex);
	object = nooks_object_remove(driver, &enabled_class, pdev);
	mutex_unlock(&enabled_mutex);
	if (!object)
		return;
	enabled_release(object);
	nooks_object_free(object);
}

static struct enabled *find(struct nooks_driver *driver, struct pci_dev *pdev)
{
	struct nooks_object *object = nooks_object_find(driver, &enabled_class, pdev);

	return object ? to_enabled(object) : NULL;
}

/* It is not enabled any more. */
static void forget(struct nooks_driver *driver, struct enabled *enabled)
{
	struct nooks_object *object = &enabled->object;

	lockdep_assert_held(&enabled_mutex);
	if (!enabled->count && nooks_object_remove(driver, &enabled_class, (void *)object->start))
		nooks_object_free(object);
}

static u16 decodes(struct pci_dev *pdev)
{
	u16 command;

	return pci_read_config_word(pdev, PCI_COMMAND, &command) || PCI_POSSIBLE_ERROR(command) ? 0 : command & DECODES;
}

static int enable(struct nooks_driver *driver, struct pci_dev *pdev, int (*kernel_enable)(struct pci_dev *pdev))
{
	struct enabled *enabled = find(driver, pdev);
	struct nooks_object *object;
	int ret;

	lockdep_assert_held(&enabled_mutex);
	if (!enabled) {
		object = nooks_object_add(driver, &enabled_class, pdev, 1, NOOKS_TYPE_none, GFP_KERNEL);
		if (!object)
			return -ENOMEM;
		enabled = to_enabled(object);
	}
	ret = kernel_enable(pdev);
	if (!ret && !enabled->count) {
		ret = take(driver, pdev);
		if (ret)
			pci_disable_device(pdev);
		else
			enabled->command = decodes(pdev);
	}
	if (!ret)
		enabled->count++;
	forget(driver, enabled);
	return ret;
}

static unsigned long checked_enable(struct nooks_crossing *x, struct pci_dev *pdev,
				    int (*kernel_enable)(struct pci_dev *pdev), const char *fn)
{
	int ret;

	if (!nooks_may_sleep(x, fn) ||
	    !nooks_arg_object(x, pdev, NOOKS_TYPE_pci_dev, false, fn, "dev"))
		return 0;
	mutex_lock(&enabled_mutex);
	ret = enable(nooks_driver_of(x), pdev, kernel_enable);
	mutex_unlock(&enabled_mutex);
	return ret;
}

/* int pci_enable_device(struct pci_dev *dev) */
NOOKS_WRAPPER(pci_enable_device)
{
	return checked_enable(x, (struct pci_dev *)a0, pci_enable_device, "pci_enable_device");
}

/* int pci_enable_device_mem(struct pci_dev *dev) */
NOOKS_WRAPPER(pci_enable_device_mem)
{
	return checked_enable(x, (struct pci_dev *)a0, pci_enable_device_mem, "pci_enable_device_mem");
}

/*
 * int pcim_enable_device(struct pci_dev *pdev): the driver does not disable it when it leaves the device. For
 * drivers in domains that is always done then: see nooks_pci_disable().
 */
NOOKS_WRAPPER(pcim_enable_device)
{
	return checked_enable(x, (struct pci_dev *)a0, pci_enable_device, "pcim_enable_device");
}

/* void pci_disable_device(struct pci_dev *dev): more often than it was enabled does nothing */
NOOKS_WRAPPER(pci_disable_device)
{
	static const char fn[] = "pci_disable_device";
	struct nooks_driver *driver = nooks_driver_of(x);
	struct pci_dev *pdev = (struct pci_dev *)a0;
	struct enabled *enabled;

	if (!nooks_may_sleep(x, fn) ||
	    !nooks_arg_object(x, pdev, NOOKS_TYPE_pci_dev, false, fn, "dev"))
		return 0;
	mutex_lock(&enabled_mutex);
	enabled = find(driver, pdev);
	if (enabled) {
		enabled->count--;
		pci_disable_device(pdev);
		forget(driver, enabled);
	}
	mutex_unlock(&enabled_mutex);
	return 0;
}
