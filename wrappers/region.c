// SPDX-License-Identifier: GPL-2.0
/*
 * Regions of ports and of physical memory that drivers request by address. A driver gets those of its
 * devices, and ports that are no PCI device's and that nobody has: those of old cards. All others are busy, to it.
 */
#include <linux/ioport.h>
#include <linux/pci.h>
#include "../nooks/driver.h"
#include "args.h"
#include "bus.h"
#include "devres.h"
#include "generated.h"
#include "region.h"

#define NAME_MAX_LEN	64

/**
 * struct nooks_region - a region that a driver has requested
 * @object: start is its address, or the number of its first port
 * @name: as whose; the kernel shows it
 */
struct nooks_region {
	struct nooks_object object;
	char name[NAME_MAX_LEN];
};

static void release_ports(struct nooks_object *object)
{
	release_region(object->start, object->size);
}

static void release_memory(struct nooks_object *object)
{
	release_mem_region(object->start, object->size);
}

static const struct nooks_object_class ports_class = {
	.name = "I/O ports",
	.phase = NOOKS_PHASE_MAPPINGS,
	.release = release_ports,
	.size = sizeof(struct nooks_region),
};

static const struct nooks_object_class memory_class = {
	.name = "memory region",
	.phase = NOOKS_PHASE_MAPPINGS,
	.release = release_memory,
	.size = sizeof(struct nooks_region),
};

/**
 * nooks_region_owned - does all of a range lie in a BAR of a device that the driver is bound to?
 * @driver: the driver
 * @type: IORESOURCE_MEM or IORESOURCE_IO
 * @start: address or port
 * @size: bytes or ports
 *
 * Any context but NMI.
 */
bool nooks_region_owned(struct nooks_driver *driver, unsigned long type, resource_size_t start,
			resource_size_t size)
{
	struct resource wanted = DEFINE_RES_NAMED(start, size, NULL, type);
	void *devices[NOOKS_BUS_DEVICES_MAX];
	unsigned int n = nooks_bus_devices(driver, &nooks_pci_bus, devices);
	int bar;

	if (!size || start + size < start)
		return false;
	while (n--) {
		struct pci_dev *pdev = devices[n];

		for (bar = 0; bar < PCI_STD_NUM_BARS; bar++) {
			struct resource *r = &pdev->resource[bar];

			if ((r->flags & type) && resource_contains(r, &wanted))
				return true;
		}
	}
	return false;
}

static bool overlaps_device(struct pci_dev *pdev, const struct resource *ports)
{
	int i;

	for (i = 0; i < PCI_NUM_RESOURCES; i++)
		if (pdev->resource[i].flags & IORESOURCE_IO &&
		    resource_overlaps(&pdev->resource[i], (struct resource *)ports))
			return true;
	return false;
}

/* Ports of no PCI device; of bridges' windows, too. May sleep. */
static bool ports_of_nobody(resource_size_t start, resource_size_t n)
{
	const struct resource ports = DEFINE_RES_IO(start, n);
	struct pci_dev *pdev = NULL;

	for_each_pci_dev(pdev) {
		if (overlaps_device(pdev, &ports)) {
			pci_dev_put(pdev);
			return false;
		}
	}
	return n && n <= IO_SPACE_LIMIT && start <= IO_SPACE_LIMIT - n;
}

/* The class of regions in a resource; NULL, and the domain has failed, if it is none of the two. */
static const struct nooks_object_class *class_of(struct nooks_crossing *x,
						 const struct resource *parent, const char *fn)
{
	if (parent == &ioport_resource)
		return &ports_class;
	if (parent == &iomem_resource)
		return &memory_class;
	nooks_fail(x, NOOKS_BAD_ARGUMENT, (unsigned long)parent,
		   "%s: parent: neither ports nor memory", fn);
	return NULL;
}

/*
 * struct resource *__request_region(struct resource *parent, resource_size_t start,
 *				     resource_size_t n, const char *name, int flags)
 */
NOOKS_WRAPPER(__request_region)
{
	static const char fn[] = "__request_region";
	struct nooks_driver *driver = nooks_driver_of(x);
	struct resource *parent = (struct resource *)a0, *region;
	const struct nooks_object_class *class = class_of(x, parent, fn);
	const char *name = (const char *)a3;
	struct nooks_object *object;
	struct nooks_region *r;

	if (!class || !nooks_may_sleep(x, fn) ||
	    !nooks_arg_string(x, name, NAME_MAX_LEN, false, fn, "name"))
		return 0;
	if ((int)a4 & ~IORESOURCE_EXCLUSIVE) {
		nooks_fail(x, NOOKS_BAD_ARGUMENT, a4, "%s: flags not for drivers", fn);
		return 0;
	}
	if (!nooks_region_owned(driver, class == &ports_class ? IORESOURCE_IO : IORESOURCE_MEM, a1, a2) &&
	    (class != &ports_class || !ports_of_nobody(a1, a2)))
		return 0;
	object = nooks_object_add(driver, class, (void *)a1, a2, NOOKS_TYPE_none, GFP_KERNEL);
	if (!object)
		return 0;	/* busy: requested by this driver already; or no memory */
	r = container_of(object, struct nooks_region, object);
	if (nooks_copy_string(r->name, name, sizeof(r->name)) <= 0)
		strscpy(r->name, driver->name, sizeof(r->name));
	region = __request_region(parent, a1, a2, r->name, a4);
	if (!region && nooks_object_remove(driver, class, (void *)a1))
		nooks_object_free(object);
	return (unsigned long)region;
}

static void undo_ports(struct nooks_driver *driver, void *start)
{
	nooks_bus_drop(driver, &ports_class, start);
}

static void undo_memory(struct nooks_driver *driver, void *start)
{
	nooks_bus_drop(driver, &memory_class, start);
}

/*
 * struct resource *__devm_request_region(struct device *dev, struct resource *parent,
 *					  resource_size_t start, resource_size_t n, const char *name)
 */
NOOKS_WRAPPER(__devm_request_region)
{
	nooks_undo_fn undo = (struct resource *)a1 == &ioport_resource ? undo_ports : undo_memory;
	struct nooks_driver *driver = nooks_driver_of(x);
	unsigned long region;

	if (!nooks_arg_object(x, (void *)a0, NOOKS_TYPE_device, false, "__devm_request_region",
			      "dev"))
		return 0;
	region = nooks_w___request_region(a1, a2, a3, a4, 0, 0, x);
	if (!region || nooks_devres_add(driver, (struct device *)a0, undo, (void *)a2))
		return region;
	undo(driver, (void *)a2);
	return 0;
}

/* void __release_region(struct resource *parent, resource_size_t start, resource_size_t n) */
NOOKS_WRAPPER(__release_region)
{
	static const char fn[] = "__release_region";
	struct resource *parent = (struct resource *)a0;
	const struct nooks_object_class *class = class_of(x, parent, fn);
	struct nooks_object *object;

	if (!class || !nooks_may_sleep(x, fn))
		return 0;
	object = nooks_object_remove(nooks_driver_of(x), class, (void *)a1);
	if (!object || object->size != a2)
		nooks_fail(x, NOOKS_BAD_ARGUMENT, a1, "%s: not requested by this driver", fn);
	if (object) {
		class->release(object);
		nooks_object_free(object);
	}
	return 0;
}
