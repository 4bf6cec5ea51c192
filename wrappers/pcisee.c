// SPDX-License-Identifier: GPL-2.0
/*
 * PCI devices that a driver looks at without being bound to them: a bridge that its device does not get on with, the
 * other half of a chip. It gets references, which are counted and given back at recovery, and may read what is in memory; all that
 * does something to a device wants one that the driver is bound to.
 */
#include <linux/mutex.h>
#include <linux/pci.h>
#include "../nooks/driver.h"
#include "args.h"
#include "generated.h"

/**
 * struct nooks_pci_seen - references to a device
 * @object: start is the device
 * @count: how many; under counts_mutex
 */
struct nooks_pci_seen {
	struct nooks_object object;
	unsigned int count;
};

static DEFINE_MUTEX(counts_mutex);

static struct nooks_pci_seen *to_seen(struct nooks_object *object)
{
	return container_of(object, struct nooks_pci_seen, object);
}

static void release_seen(struct nooks_object *object)
{
	unsigned int n = to_seen(object)->count;

	while (n--)
		pci_dev_put((struct pci_dev *)object->start);
}

static const struct nooks_object_class seen_class = {
	.name = "PCI device that is looked at",
	.phase = NOOKS_PHASE_REFERENCES,
	.release = release_seen,
	.size = sizeof(struct nooks_pci_seen),
};

/* The driver gets a reference, which it is the caller's to give back if this fails. */
static bool add_reference(struct nooks_driver *driver, struct pci_dev *pdev)
{
	struct nooks_object *object;

	mutex_lock(&counts_mutex);
	object = nooks_object_find(driver, &seen_class, pdev);
	if (!object)
		object = nooks_object_add(driver, &seen_class, pdev, 1, NOOKS_TYPE_none, GFP_KERNEL);
	if (object)
		to_seen(object)->count++;
	mutex_unlock(&counts_mutex);
	return object;
}

/* The driver gives one up, which is the caller's then; false: it has none. */
static bool take_reference(struct nooks_driver *driver, struct pci_dev *pdev)
{
	struct nooks_object *object;

	mutex_lock(&counts_mutex);
	object = nooks_object_find(driver, &seen_class, pdev);
	if (object && !--to_seen(object)->count && nooks_object_remove(driver, &seen_class, pdev))
		nooks_object_free(object);
	mutex_unlock(&counts_mutex);
	return object;
}

static bool check_taken(struct nooks_crossing *x, struct pci_dev *pdev, const char *fn, const char *arg)
{
	if (take_reference(nooks_driver_of(x), pdev))
		return true;
	nooks_fail(x, NOOKS_BAD_ARGUMENT, (unsigned long)pdev, "%s: %s: no device that the driver has a reference to",
		   fn, arg);
	return false;
}

/* struct pci_dev *pci_get_device(unsigned int vendor, unsigned int device, struct pci_dev *from) */
NOOKS_WRAPPER(pci_get_device)
{
	static const char fn[] = "pci_get_device";
	struct pci_dev *from = (struct pci_dev *)a2, *found;

	if (!nooks_may_sleep(x, fn) || (from && !check_taken(x, from, fn, "from")))
		return 0;
	found = pci_get_device(a0, a1, from);
	if (!found || add_reference(nooks_driver_of(x), found))
		return (unsigned long)found;
	pci_dev_put(found);
	return 0;
}

/* struct pci_dev *pci_dev_get(struct pci_dev *dev) */
NOOKS_WRAPPER(pci_dev_get)
{
	static const char fn[] = "pci_dev_get";
	struct pci_dev *pdev = (struct pci_dev *)a0;

	if (!nooks_may_sleep(x, fn) || !nooks_arg_object(x, pdev, NOOKS_TYPE_pci_dev, true, fn, "dev") || !pdev)
		return 0;
	pci_dev_get(pdev);
	if (!add_reference(nooks_driver_of(x), pdev)) {
		pci_dev_put(pdev);
		nooks_fail(x, NOOKS_OUT_OF_RESOURCES, a0, "%s: no memory", fn);
	}
	return a0;
}

/* void pci_dev_put(struct pci_dev *dev) */
NOOKS_WRAPPER(pci_dev_put)
{
	static const char fn[] = "pci_dev_put";

	if (a0 && nooks_may_sleep(x, fn) && check_taken(x, (struct pci_dev *)a0, fn, "dev"))
		pci_dev_put((struct pci_dev *)a0);
	return 0;
}
