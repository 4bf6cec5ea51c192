// SPDX-License-Identifier: GPL-2.0
/*
 * PCI drivers and devices. The kernel registers a copy of the driver's pci_driver, and calls it
 * through entry stubs. From the call of probe until remove has returned, the device is a tracked
 * object, and what the driver has done to it is known: it can be undone without the driver.
 *
 * At recovery the device first stops (no bus mastering, no INTx); interrupts are freed; then
 * mappings go, regions, the device is disabled (or stays enabled for the restart: pcienable.c); the registration, the oldest object of its phase,
 * goes last of that: its remove callback finds the domain closed. The tracked device itself, which
 * holds a reference, is left for the last phase.
 */
#define pr_fmt(fmt) "nooks: " fmt
#include <linux/io.h>
#include <linux/mutex.h>
#include <linux/pci.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include "../nooks/driver.h"
#include "args.h"
#include "bus.h"
#include "devres.h"
#include "generated.h"
#include "msi.h"
#include "pci.h"
#include "pcienable.h"
#include "region.h"

#define NAME_MAX_LEN	64
#define PIO_RESERVED	0x40000UL	/* lib/iomap.c: what is less stands for a port */
#define STD_BARS	((1U << PCI_STD_NUM_BARS) - 1)

/* Protects the masks in struct nooks_pci_regions. */
static DEFINE_MUTEX(regions_mutex);

/**
 * struct nooks_pci_driver - a registration
 * @object: start is the driver's own pci_driver
 * @drv: what the kernel got
 * @name: of the driver
 */
struct nooks_pci_driver {
	struct nooks_object object;
	struct pci_driver drv;
	char name[NAME_MAX_LEN];
};

/**
 * struct nooks_pci_regions - of a device, requested by the driver
 * @object: start is the device
 * @bars: a bit for each
 * @name: as whose
 */
struct nooks_pci_regions {
	struct nooks_object object;
	unsigned int bars;
	char name[NAME_MAX_LEN];
};

static struct nooks_pci_driver *to_driver(struct nooks_object *object)
{
	return container_of(object, struct nooks_pci_driver, object);
}

static struct nooks_pci_regions *to_regions(struct nooks_object *object)
{
	return container_of(object, struct nooks_pci_regions, object);
}

static struct pci_dev *to_device(const struct nooks_object *object)
{
	return (struct pci_dev *)object->start;
}

/* Keep a device from raising its level interrupt. Message signalled ones are edges: they end. */
static void mask_intx(struct pci_dev *pdev)
{
	if (pdev->pin && !pci_dev_msi_enabled(pdev))
		pci_intx(pdev, 0);	/* pci_enable_device() turns it on again */
}

static void release_driver(struct nooks_object *object)
{
	pci_unregister_driver(&to_driver(object)->drv);
}

static void release_device(struct nooks_object *object)
{
	pci_dev_put(to_device(object));
}

static void release_activity(struct nooks_object *object)
{
	mask_intx(to_device(object));
	pci_clear_master(to_device(object));
}

static void init_activity(struct nooks_object *object)
{
	pci_dev_get(to_device(object));
}

static void free_activity(struct nooks_object *object)
{
	pci_dev_put(to_device(object));
	kfree(object);
}

static void release_regions(struct nooks_object *object)
{
	pci_release_selected_regions(to_device(object), to_regions(object)->bars);
}

static void release_mmio(struct nooks_object *object)
{
	struct nooks_domain *domain = object->driver->domain;

	nooks_revoke(domain, (void *)object->start, object->size);
	nooks_revoke_flush(domain);
	iounmap((void __iomem *)object->start);
}

static const struct nooks_object_class driver_class = {
	.name = "PCI driver",
	.phase = NOOKS_PHASE_MAPPINGS,
	.release = release_driver,
	.size = sizeof(struct nooks_pci_driver),
};

/* The pci_dev, with a reference; fields that the driver may store to. */
static const struct nooks_object_class device_class = {
	.name = "PCI device",
	.phase = NOOKS_PHASE_MEMORY,
	.release = release_device,
	.size = sizeof(struct nooks_object),
};

/* That it may be active. */
static const struct nooks_object_class activity_class = {
	.name = "PCI activity",
	.phase = NOOKS_PHASE_QUIET,
	.release = release_activity,
	.init = init_activity,
	.free = free_activity,
	.size = sizeof(struct nooks_object),
};

static const struct nooks_object_class regions_class = {
	.name = "PCI regions",
	.phase = NOOKS_PHASE_MAPPINGS,
	.release = release_regions,
	.size = sizeof(struct nooks_pci_regions),
};

static const struct nooks_object_class mmio_class = {
	.name = "MMIO",
	.phase = NOOKS_PHASE_MAPPINGS,
	.release = release_mmio,
	.size = sizeof(struct nooks_object),
	.device = true,
};

static void release_rom(struct nooks_object *object)
{
	struct pci_dev *pdev = (struct pci_dev *)object->data[0];

	pci_unmap_rom(pdev, (void __iomem *)object->start);
	pci_dev_put(pdev);
}

/* data[0]: the device, with a reference. */
static const struct nooks_object_class rom_class = {
	.name = "PCI ROM",
	.phase = NOOKS_PHASE_MAPPINGS,
	.release = release_rom,
	.size = sizeof(struct nooks_object),
};

static void quiet(void *device)
{
	mask_intx(device);
}

static bool owns_irq(void *device, unsigned int irq)
{
	return ((struct pci_dev *)device)->irq == irq;
}

static void unbind(struct nooks_driver *driver, void *device)
{
	nooks_msi_unbind(driver, device);
	nooks_bus_drop(driver, &regions_class, device);
	nooks_pci_disable(driver, device);
}

/*
 * Config space answers for a device that is there, and its command register is the kernel's to write. Bits that it has had
 * since it was enabled can't be gone, but by a reset that nobody has asked for, or by a fault. @note: these bits.
 */
static const char *dead(void *device, unsigned long *note)
{
	const u16 bits = PCI_COMMAND_IO | PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER;
	struct pci_dev *pdev = device;
	u16 command;

	/* In others, and while errors are dealt with, it need not answer. */
	if (pdev->current_state != PCI_D0 || pdev->error_state != pci_channel_io_normal || !pci_is_enabled(pdev) ||
	    pdev->block_cfg_access) {
		*note = 0;
		return NULL;
	}
	if (pci_read_config_word(pdev, PCI_COMMAND, &command) || PCI_POSSIBLE_ERROR(command))
		return pci_device_is_present(pdev) ? NULL : "does not answer";
	if (!pdev->is_busmaster)
		*note &= ~PCI_COMMAND_MASTER;
	*note |= command & bits;
	if (*note & ~command & (PCI_COMMAND_IO | PCI_COMMAND_MEMORY))
		return "takes no accesses to its registers any more";
	return *note & ~command & PCI_COMMAND_MASTER ? "may not access memory any more" : NULL;
}

/* Without bus mastering the device does no harm; the next driver turns that on before it resets the device. */
static void reset(struct nooks_driver *driver, void *device)
{
	struct pci_dev *pdev = device;
	bool is_taken;
	int ret = 0;

	device_lock(&pdev->dev);
	is_taken = pdev->dev.driver;
	if (!is_taken)
		ret = pci_device_is_present(pdev) ? pci_reset_function_locked(pdev) : -ENODEV;
	device_unlock(&pdev->dev);
	if (is_taken)
		return;
	if (ret)
		pr_warn("%s: device %s stays as the driver has left it, but for bus mastering (%d)\n",
			driver->name, pci_name(pdev), ret);
	else
		pr_info("%s: device %s has been reset\n", driver->name, pci_name(pdev));
}

const struct nooks_bus nooks_pci_bus = {
	.device = &device_class,
	.activity = &activity_class,
	.type = NOOKS_TYPE_pci_dev,
	.size = sizeof(struct pci_dev),
	.inner = offsetof(struct pci_dev, dev),
	.quiet = quiet,
	.owns_irq = owns_irq,
	.unbind = unbind,
	.abandon = nooks_msi_abandon,
	.dead = dead,
	.settle = nooks_pci_settle,
	.lost = nooks_pci_lost,
	.reset = reset,
};

/* Hook of pci_driver.probe. */
unsigned long nooks_r_pci_probe(struct nooks_stub *stub, const struct nooks_role *role,
				unsigned long *args)
{
	return nooks_bus_probe(&nooks_pci_bus, stub, role, args);
}

/* Hook of pci_driver.remove. */
unsigned long nooks_r_pci_remove(struct nooks_stub *stub, const struct nooks_role *role,
				 unsigned long *args)
{
	return nooks_bus_remove(&nooks_pci_bus, stub, role, args);
}

/* Does all of a range lie in read-only data of the driver's image? */
static bool in_rodata(const struct nooks_driver *driver, const void *p, size_t size)
{
	unsigned long start = (unsigned long)p;
	unsigned int i;

	for (i = 0; driver->image && i < driver->image->nr_sections; i++) {
		const struct nooks_section *s = &driver->sections[i];

		if (s->kind == NOOKS_SECTION_RODATA && start >= s->addr &&
		    start - s->addr < s->size && size <= s->size - (start - s->addr))
			return true;
	}
	return false;
}

/* The kernel walks the table at any time, up to its empty entry. */
static bool check_ids(struct nooks_crossing *x, const struct pci_device_id *id, const char *fn)
{
	const struct nooks_driver *driver = nooks_driver_of(x);

	for (; id; id++) {
		if (!in_rodata(driver, id, sizeof(*id))) {
			nooks_fail(x, NOOKS_BAD_ARGUMENT, (unsigned long)id,
				   "%s: ids are not in read-only data, or have no end", fn);
			return false;
		}
		if (!id->vendor && !id->subvendor && !id->class_mask)
			break;
	}
	return true;
}

/* The check of pci_dev_present() */
bool nooks_check_pci_ids(struct nooks_crossing *x, unsigned long value, const char *fn,
			 const char *arg)
{
	return value && check_ids(x, (const struct pci_device_id *)value, fn);
}

/* All functions that the kernel may call are entry stubs, bound to what they are called as. */
static bool check_functions(struct nooks_crossing *x, const struct pci_driver *drv, const char *fn)
{
#define GOOD(member)										\
	nooks_arg_callback(x, drv->member, NOOKS_ROLE_pci_driver_##member, true, fn, #member)

	return GOOD(probe) && GOOD(remove) && GOOD(suspend) && GOOD(resume) && GOOD(shutdown) &&
	       GOOD(sriov_configure) && GOOD(sriov_set_msix_vec_count) &&
	       GOOD(sriov_get_vf_total_msix) &&
	       nooks_arg_ops(x, drv->err_handler, NOOKS_OPS_pci_error_handlers, true, fn,
			     "err_handler") &&
	       nooks_arg_ops(x, drv->driver.pm, NOOKS_OPS_dev_pm_ops, true, fn, "driver.pm");
#undef GOOD
}

/* int __pci_register_driver(struct pci_driver *drv, struct module *owner, const char *mod_name) */
NOOKS_WRAPPER(__pci_register_driver)
{
	static const char fn[] = "__pci_register_driver";
	struct nooks_driver *driver = nooks_driver_of(x);
	struct nooks_object *object;
	struct nooks_pci_driver *p;
	struct pci_driver given;
	int ret;

	if (!nooks_may_sleep(x, fn) ||
	    !nooks_arg_readable(x, (void *)a0, sizeof(given), false, fn, "drv"))
		return 0;
	memcpy(&given, (void *)a0, sizeof(given));	/* the driver can't change this any more */
	if (!nooks_arg_string(x, given.name, NAME_MAX_LEN, false, fn, "name") ||
	    !check_ids(x, given.id_table, fn) || !check_functions(x, &given, fn))
		return 0;
	if (given.groups || given.dev_groups) {
		pr_warn("%s: attribute groups of PCI drivers are not supported\n", driver->name);
		return -EOPNOTSUPP;
	}

	object = nooks_object_add(driver, &driver_class, (void *)a0, sizeof(given),
				  NOOKS_TYPE_none, GFP_KERNEL);
	if (!object)
		return nooks_object_find(driver, &driver_class, (void *)a0) ? -EBUSY : -ENOMEM;
	p = to_driver(object);
	if (nooks_copy_string(p->name, given.name, sizeof(p->name)) <= 0) {
		ret = -EFAULT;
		goto remove;
	}
	p->drv = (struct pci_driver) {
		.name = p->name,
		.id_table = given.id_table,
		.probe = given.probe,
		.remove = given.remove,
		.suspend = given.suspend,
		.resume = given.resume,
		.shutdown = given.shutdown,
		.sriov_configure = given.sriov_configure,
		.sriov_set_msix_vec_count = given.sriov_set_msix_vec_count,
		.sriov_get_vf_total_msix = given.sriov_get_vf_total_msix,
		.err_handler = given.err_handler,
		.driver.pm = given.driver.pm,
		.driver_managed_dma = given.driver_managed_dma,
	};
	ret = __pci_register_driver(&p->drv, driver->module, driver->name);
	if (!ret)
		return 0;
remove:
	if (nooks_object_remove(driver, &driver_class, (void *)a0))
		nooks_object_free(object);
	return ret;
}

/* void pci_unregister_driver(struct pci_driver *drv) */
NOOKS_WRAPPER(pci_unregister_driver)
{
	struct nooks_driver *driver = nooks_driver_of(x);
	struct nooks_object *object;

	if (!nooks_may_sleep(x, "pci_unregister_driver"))
		return 0;
	object = nooks_object_remove(driver, &driver_class, (void *)a0);
	if (!object) {
		nooks_fail(x, NOOKS_BAD_ARGUMENT, a0, "pci_unregister_driver: not registered");
		return 0;
	}
	release_driver(object);
	nooks_object_free(object);
	return 0;
}

/* Those of a device, none yet if @add; NULL without. */
static struct nooks_pci_regions *regions_of(struct nooks_driver *driver, struct pci_dev *pdev, bool add)
{
	struct nooks_object *object = nooks_object_find(driver, &regions_class, pdev);

	lockdep_assert_held(&regions_mutex);
	if (!object && add)
		object = nooks_object_add(driver, &regions_class, pdev, 1, NOOKS_TYPE_none, GFP_KERNEL);
	return object ? to_regions(object) : NULL;
}

/* There may be none any more. */
static void forget_regions(struct nooks_driver *driver, struct nooks_pci_regions *regions)
{
	struct nooks_object *object = &regions->object;

	lockdep_assert_held(&regions_mutex);
	if (!regions->bars && nooks_object_remove(driver, &regions_class, to_device(object)))
		nooks_object_free(object);
}

static unsigned long request_regions(struct nooks_crossing *x, struct pci_dev *pdev,
				     unsigned int bars, const char *name,
				     int (*request)(struct pci_dev *pdev, int bars,
						    const char *name), const char *fn)
{
	struct nooks_driver *driver = nooks_driver_of(x);
	struct nooks_pci_regions *regions;
	int ret = -ENOMEM;

	if (!nooks_may_sleep(x, fn) ||
	    !nooks_arg_object(x, pdev, NOOKS_TYPE_pci_dev, false, fn, "dev") ||
	    !nooks_arg_string(x, name, NAME_MAX_LEN, false, fn, "name"))
		return 0;
	mutex_lock(&regions_mutex);
	regions = regions_of(driver, pdev, true);
	if (regions) {
		/* The kernel keeps the pointer: the first name is the name of all. */
		if (!regions->bars &&
		    nooks_copy_string(regions->name, name, sizeof(regions->name)) <= 0)
			strscpy(regions->name, driver->name, sizeof(regions->name));
		ret = regions->bars & bars ? -EBUSY : request(pdev, bars, regions->name);
		if (!ret)
			regions->bars |= bars;
		forget_regions(driver, regions);
	}
	mutex_unlock(&regions_mutex);
	return ret;
}

/* int pci_request_selected_regions(struct pci_dev *dev, int bars, const char *name) */
NOOKS_WRAPPER(pci_request_selected_regions)
{
	return request_regions(x, (struct pci_dev *)a0, a1 & STD_BARS, (const char *)a2,
			       pci_request_selected_regions, "pci_request_selected_regions");
}

/* int pci_request_selected_regions_exclusive(struct pci_dev *dev, int bars, const char *name) */
NOOKS_WRAPPER(pci_request_selected_regions_exclusive)
{
	return request_regions(x, (struct pci_dev *)a0, a1 & STD_BARS, (const char *)a2,
			       pci_request_selected_regions_exclusive,
			       "pci_request_selected_regions_exclusive");
}

/* int pci_request_regions(struct pci_dev *dev, const char *name) */
NOOKS_WRAPPER(pci_request_regions)
{
	return request_regions(x, (struct pci_dev *)a0, STD_BARS, (const char *)a1,
			       pci_request_selected_regions, "pci_request_regions");
}

static unsigned long release_bars(struct nooks_crossing *x, struct pci_dev *pdev,
				  unsigned int bars, const char *fn)
{
	struct nooks_driver *driver = nooks_driver_of(x);
	struct nooks_pci_regions *regions;

	if (!nooks_may_sleep(x, fn) ||
	    !nooks_arg_object(x, pdev, NOOKS_TYPE_pci_dev, false, fn, "dev"))
		return 0;
	mutex_lock(&regions_mutex);
	regions = regions_of(driver, pdev, false);
	if (regions) {
		pci_release_selected_regions(pdev, regions->bars & bars);
		regions->bars &= ~bars;
		forget_regions(driver, regions);
	}
	mutex_unlock(&regions_mutex);
	return 0;
}

/* void pci_release_selected_regions(struct pci_dev *dev, int bars) */
NOOKS_WRAPPER(pci_release_selected_regions)
{
	return release_bars(x, (struct pci_dev *)a0, a1, "pci_release_selected_regions");
}

/* void pci_release_regions(struct pci_dev *dev) */
NOOKS_WRAPPER(pci_release_regions)
{
	return release_bars(x, (struct pci_dev *)a0, STD_BARS, "pci_release_regions");
}

/**
 * nooks_pci_may_configure - may a driver write to these bytes of its device's configuration space?
 * @pdev: the device
 * @where: offset
 * @size: bytes
 *
 * Where the device decodes, and where its interrupts go, is the kernel's to say. Any context.
 */
bool nooks_pci_may_configure(const struct pci_dev *pdev, int where, int size)
{
	const struct {
		int start, size;
	} kernels[] = {
		{ PCI_BASE_ADDRESS_0, PCI_STD_NUM_BARS * 4 },
		{ PCI_ROM_ADDRESS, 4 },
		{ pdev->msi_cap, pdev->msi_cap ? PCI_MSI_DATA_64 + 2 : 0 },
		{ pdev->msix_cap, pdev->msix_cap ? PCI_CAP_MSIX_SIZEOF : 0 },
	};
	unsigned int i;

	if (where < 0 || where > PCI_CFG_SPACE_EXP_SIZE - size)
		return false;
	for (i = 0; i < ARRAY_SIZE(kernels); i++)
		if (where < kernels[i].start + kernels[i].size && kernels[i].start < where + size)
			return false;
	return true;
}

bool nooks_pci_needs_stop(const struct device *dev)
{
	return dev && dev_is_pci(dev) && pci_match_id(nooks_pci_to_stop, to_pci_dev(dev));
}

/*
 * The check of accessors of PCI Express capabilities: a device of the driver's, or a bridge on the way
 * to one, whose end of a link drivers set up with their own.
 */
bool nooks_check_pci_path(struct nooks_crossing *x, unsigned long value, const char *fn,
			  const char *arg)
{
	void *devices[NOOKS_BUS_DEVICES_MAX];
	unsigned int n = nooks_bus_devices(nooks_driver_of(x), &nooks_pci_bus, devices);
	struct pci_dev *pdev;

	while (value && n--) {
		for (pdev = devices[n]; pdev; pdev = pci_upstream_bridge(pdev))
			if ((unsigned long)pdev == value)
				return true;
	}
	nooks_fail(x, NOOKS_BAD_ARGUMENT, value, "%s: %s: no device of this driver, or bridge to one",
		   fn, arg);
	return false;
}

/* Make a fresh mapping the driver's: it can write all of the pages that it touches. */
static unsigned long lend_mmio(struct nooks_driver *driver, void __iomem *io, size_t size)
{
	void *p = (void __force *)io;

	if (!p)
		return 0;
	if (!nooks_object_add(driver, &mmio_class, p, size, NOOKS_TYPE_none, GFP_KERNEL)) {
		iounmap(io);
		return 0;
	}
	if (!nooks_grant_write(driver->domain, p, size, GFP_KERNEL))
		return (unsigned long)p;
	nooks_bus_drop(driver, &mmio_class, p);
	return 0;
}

/* void __iomem *pci_ioremap_bar(struct pci_dev *pdev, int bar) */
NOOKS_WRAPPER(pci_ioremap_bar)
{
	static const char fn[] = "pci_ioremap_bar";
	struct pci_dev *pdev = (struct pci_dev *)a0;
	int bar = a1;

	if (!nooks_may_sleep(x, fn) ||
	    !nooks_arg_object(x, pdev, NOOKS_TYPE_pci_dev, false, fn, "pdev") ||
	    !nooks_arg_range(x, bar, 0, PCI_STD_NUM_BARS - 1, fn, "bar"))
		return 0;
	if (!(pci_resource_flags(pdev, bar) & IORESOURCE_MEM) || !pci_resource_len(pdev, bar))
		return 0;
	return lend_mmio(nooks_driver_of(x), pci_ioremap_bar(pdev, bar),
			 pci_resource_len(pdev, bar));
}

static void undo_mmio(struct nooks_driver *driver, void *p)
{
	nooks_bus_drop(driver, &mmio_class, p);
}

/* Tie a mapping, if there is one, to a device. */
static unsigned long manage_mmio(struct nooks_driver *driver, struct device *dev, unsigned long p)
{
	if (!p || nooks_devres_add(driver, dev, undo_mmio, (void *)p))
		return p;
	undo_mmio(driver, (void *)p);
	return 0;
}

static unsigned long map_physical(struct nooks_crossing *x, resource_size_t start, size_t size,
				  const char *fn)
{
	struct nooks_driver *driver = nooks_driver_of(x);

	if (!nooks_may_sleep(x, fn))
		return 0;
	if (!nooks_region_owned(driver, IORESOURCE_MEM, start, size)) {
		nooks_fail(x, NOOKS_BAD_ARGUMENT, start,
			   "%s: not in a BAR of a device of this driver", fn);
		return 0;
	}
	return lend_mmio(driver, ioremap(start, size), size);
}

/* void __iomem *ioremap(resource_size_t offset, unsigned long size) */
NOOKS_WRAPPER(ioremap)
{
	return map_physical(x, a0, a1, "ioremap");
}

/* void __iomem *devm_ioremap(struct device *dev, resource_size_t offset, resource_size_t size) */
NOOKS_WRAPPER(devm_ioremap)
{
	static const char fn[] = "devm_ioremap";
	struct device *dev = (struct device *)a0;

	if (!nooks_arg_object(x, dev, NOOKS_TYPE_device, false, fn, "dev"))
		return 0;
	return manage_mmio(nooks_driver_of(x), dev, map_physical(x, a1, a2, fn));
}

static void unmap(struct nooks_crossing *x, unsigned long p, const char *fn)
{
	struct nooks_object *object = nooks_object_remove(nooks_driver_of(x), &mmio_class,
							  (void *)p);

	if (!object) {
		nooks_fail(x, NOOKS_BAD_ARGUMENT, p, "%s: not mapped by this domain", fn);
		return;
	}
	release_mmio(object);
	nooks_object_free(object);
}

/* void iounmap(volatile void __iomem *addr) */
NOOKS_WRAPPER(iounmap)
{
	if (a0 && nooks_may_sleep(x, "iounmap"))
		unmap(x, a0, "iounmap");
	return 0;
}

/* Map at most @max bytes of a BAR, all if that is 0. */
static unsigned long map_bar(struct nooks_crossing *x, struct pci_dev *pdev, int bar, size_t max,
			     const char *fn)
{
	size_t size;

	if (!nooks_may_sleep(x, fn) ||
	    !nooks_arg_object(x, pdev, NOOKS_TYPE_pci_dev, false, fn, "dev") ||
	    !nooks_arg_range(x, bar, 0, PCI_STD_NUM_BARS - 1, fn, "bar"))
		return 0;
	size = pci_resource_len(pdev, bar);
	if (max && max < size)
		size = max;
	if (!size)
		return 0;
	/* Ports need no mapping: what stands for them is a number. */
	if (!(pci_resource_flags(pdev, bar) & IORESOURCE_MEM))
		return (__force unsigned long)pci_iomap(pdev, bar, max);
	return lend_mmio(nooks_driver_of(x), pci_iomap(pdev, bar, max), size);
}

/* void __iomem *pci_iomap(struct pci_dev *dev, int bar, unsigned long max) */
NOOKS_WRAPPER(pci_iomap)
{
	return map_bar(x, (struct pci_dev *)a0, a1, a2, "pci_iomap");
}

/* void __iomem *pcim_iomap(struct pci_dev *pdev, int bar, unsigned long max) */
NOOKS_WRAPPER(pcim_iomap)
{
	struct pci_dev *pdev = (struct pci_dev *)a0;
	unsigned long p = map_bar(x, pdev, a1, a2, "pcim_iomap");

	return p < PIO_RESERVED ? p : manage_mmio(nooks_driver_of(x), &pdev->dev, p);
}

/* void pci_iounmap(struct pci_dev *dev, void __iomem *addr) */
NOOKS_WRAPPER(pci_iounmap)
{
	if (a1 >= PIO_RESERVED && nooks_may_sleep(x, "pci_iounmap"))
		unmap(x, a1, "pci_iounmap");
	return 0;
}

/* void pcim_iounmap(struct pci_dev *pdev, void __iomem *addr) */
NOOKS_WRAPPER(pcim_iounmap)
{
	static const char fn[] = "pcim_iounmap";
	struct pci_dev *pdev = (struct pci_dev *)a0;

	if (a1 < PIO_RESERVED || !nooks_may_sleep(x, fn) ||
	    !nooks_arg_object(x, pdev, NOOKS_TYPE_pci_dev, false, fn, "pdev"))
		return 0;
	nooks_devres_forget(nooks_driver_of(x), &pdev->dev, undo_mmio, (void *)a1);
	unmap(x, a1, fn);
	return 0;
}

/* void __iomem *pci_map_rom(struct pci_dev *pdev, size_t *size): for reading only */
NOOKS_WRAPPER(pci_map_rom)
{
	static const char fn[] = "pci_map_rom";
	struct nooks_driver *driver = nooks_driver_of(x);
	struct pci_dev *pdev = (struct pci_dev *)a0;
	size_t size, *out = (size_t *)a1;
	struct nooks_object *object;
	void __iomem *rom;

	if (!nooks_may_sleep(x, fn) ||
	    !nooks_arg_object(x, pdev, NOOKS_TYPE_pci_dev, false, fn, "pdev") ||
	    !nooks_arg_writable(x, out, sizeof(*out), false, fn, "size"))
		return 0;
	rom = pci_map_rom(pdev, &size);
	if (!rom)
		return 0;
	object = nooks_object_add(driver, &rom_class, (void __force *)rom, size, NOOKS_TYPE_none,
				  GFP_KERNEL);
	if (!object) {
		pci_unmap_rom(pdev, rom);
		return 0;
	}
	object->data[0] = (unsigned long)pci_dev_get(pdev);
	if (!nooks_arg_writable(x, out, sizeof(*out), false, fn, "size"))
		return 0;		/* not any more; recovery unmaps it */
	*out = size;
	return (__force unsigned long)rom;
}

/* void pci_unmap_rom(struct pci_dev *pdev, void __iomem *rom) */
NOOKS_WRAPPER(pci_unmap_rom)
{
	struct nooks_object *object;

	if (!nooks_may_sleep(x, "pci_unmap_rom"))
		return 0;
	object = nooks_object_remove(nooks_driver_of(x), &rom_class, (void *)a1);
	if (!object || object->data[0] != a0)
		nooks_fail(x, NOOKS_BAD_ARGUMENT, a1,
			   "pci_unmap_rom: not mapped by this driver, or of another device");
	if (object) {
		release_rom(object);
		nooks_object_free(object);
	}
	return 0;
}
