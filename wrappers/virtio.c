// SPDX-License-Identifier: GPL-2.0
/*
 * Virtio drivers and devices. The kernel registers a copy of the driver's virtio_driver, of its tables
 * too, and calls it through entry stubs. The device's configuration is read and written through
 * the transport's virtio_config_ops: the driver's calls of these come here.
 *
 * At recovery the device is reset first, which ends its use of the driver's buffers; its queues are
 * deleted when the domain is empty; the registration goes with the mappings, and its remove callback
 * finds the domain closed.
 */
#define pr_fmt(fmt) "nooks: " fmt
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/pci.h>
#include <linux/slab.h>
#include <linux/virtio.h>
#include <linux/virtio_config.h>
#include <uapi/linux/virtio_pci.h>
#include "../nooks/compat.h"
#include "../nooks/driver.h"
#include "../nooks/imports.h"
#include "args.h"
#include "bus.h"
#include "generated.h"
#include "net.h"
#include "virtio.h"

#define NAME_MAX_LEN	64
#define IDS_MAX		64
#define FEATURES_MAX	64		/* bits of virtio_device.features */

#ifdef HAVE___register_virtio_driver
NOOKS_LATE(__register_virtio_driver);
#define late_register nooks_late___register_virtio_driver
#define call_register(drv) late_register(drv, (drv)->driver.owner)
#else
NOOKS_LATE(register_virtio_driver);
#define late_register nooks_late_register_virtio_driver
#define call_register(drv) late_register(drv)
#endif
NOOKS_LATE(unregister_virtio_driver);
NOOKS_LATE(virtio_reset_device);

/**
 * struct nooks_virtio_driver - a registration
 * @object: start is the driver's own virtio_driver
 * @drv: what the kernel got
 * @unregister: unregister_virtio_driver()
 * @name: of the driver
 * @ids: devices that it knows, ended by an empty one
 * @features: that it knows
 * @legacy: ditto, of legacy devices
 */
struct nooks_virtio_driver {
	struct nooks_object object;
	struct virtio_driver drv;
	void (*unregister)(struct virtio_driver *drv);
	char name[NAME_MAX_LEN];
	struct virtio_device_id ids[IDS_MAX + 1];
	unsigned int features[FEATURES_MAX];
	unsigned int legacy[FEATURES_MAX];
};

static struct nooks_virtio_driver *to_driver(struct nooks_object *object)
{
	return container_of(object, struct nooks_virtio_driver, object);
}

static struct virtio_device *to_device(const struct nooks_object *object)
{
	return (struct virtio_device *)object->start;
}

static void release_driver(struct nooks_object *object)
{
	to_driver(object)->unregister(&to_driver(object)->drv);
}

static void release_device(struct nooks_object *object)
{
	put_device(&to_device(object)->dev);
}

/* Threads may still be in the domain: none of them can notify the device any more. */
static void release_activity(struct nooks_object *object)
{
	nooks_virtqueues_quiet(object->driver, to_device(object));
}

static void init_activity(struct nooks_object *object)
{
	get_device(&to_device(object)->dev);
}

static void free_activity(struct nooks_object *object)
{
	put_device(&to_device(object)->dev);
	kfree(object);
}

static const struct nooks_object_class driver_class = {
	.name = "virtio driver",
	.phase = NOOKS_PHASE_MAPPINGS,
	.release = release_driver,
	.size = sizeof(struct nooks_virtio_driver),
};

/*
 * The virtio_device, with a reference; fields that the driver may store to. data[0]: the bus has taken it back, and what it is
 * reached by may be gone; under the lock of virtqueue.c.
 */
static const struct nooks_object_class device_class = {
	.name = "virtio device",
	.phase = NOOKS_PHASE_MEMORY,
	.release = release_device,
	.size = sizeof(struct nooks_object),
};

/* That it may be active. */
static const struct nooks_object_class activity_class = {
	.name = "virtio activity",
	.phase = NOOKS_PHASE_QUIET,
	.release = release_activity,
	.init = init_activity,
	.free = free_activity,
	.size = sizeof(struct nooks_object),
};

static void unbind(struct nooks_driver *driver, void *device)
{
	nooks_virtqueues_delete(driver, device);
}

bool nooks_virtio_abandoned(struct nooks_driver *driver, const struct virtio_device *vdev)
{
	struct nooks_object *object = nooks_object_get(driver, &device_class, vdev);
	bool is = !object || object->data[0];

	if (object)
		nooks_object_free(object);
	return is;
}

void nooks_virtio_mark_abandoned(struct nooks_driver *driver, struct virtio_device *vdev)
{
	struct nooks_object *object = nooks_object_get(driver, &device_class, vdev);

	if (!object)
		return;
	object->data[0] = true;
	nooks_object_free(object);
}

/* What the transport has for the queues has to go before it does. */
static void abandon(struct nooks_driver *driver, void *device)
{
	nooks_virtqueues_abandon(driver, device);
}

const struct nooks_bus nooks_virtio_bus = {
	.device = &device_class,
	.activity = &activity_class,
	.type = NOOKS_TYPE_virtio_device,
	.size = sizeof(struct virtio_device),
	.inner = offsetof(struct virtio_device, dev),
	.unbind = unbind,
	.abandon = abandon,
};

/*
 * Hook of virtio_driver.validate, which comes before probe and may take features back that the
 * device has offered.
 */
unsigned long nooks_r_virtio_validate(struct nooks_stub *stub, const struct nooks_role *role,
				      unsigned long *args)
{
	struct nooks_driver *driver = (struct nooks_driver *)stub->domain;
	struct virtio_device *vdev = (struct virtio_device *)args[0];
	u64 offered = vdev->features;
	unsigned long ret;

	if (!READ_ONCE(driver->domain->open))
		return role->fail;
	if (!nooks_bus_hold(driver, &nooks_virtio_bus, vdev))
		return -ENOMEM;
	nooks_methods_lend(driver, NOOKS_METHODS_virtio_config_ops, vdev->config);
	ret = nooks_call_lending(stub, role, args, &vdev->features, sizeof(vdev->features));
	if (vdev->features & ~offered) {
		nooks_fail_return(driver, stub, vdev->features);
		ret = role->fail;
	}
	if (ret)
		vdev->features &= offered;
	if (READ_ONCE(driver->domain->open))
		nooks_bus_let_go(driver, &nooks_virtio_bus, vdev);
	return ret;
}

/* Hook of virtio_driver.probe. */
unsigned long nooks_r_virtio_probe(struct nooks_stub *stub, const struct nooks_role *role,
				   unsigned long *args)
{
	struct nooks_driver *driver = (struct nooks_driver *)stub->domain;
	struct virtio_device *vdev = (struct virtio_device *)args[0];

	nooks_methods_lend(driver, NOOKS_METHODS_virtio_config_ops, vdev->config);
	return nooks_bus_probe(&nooks_virtio_bus, stub, role, args);
}

/* Hook of virtio_driver.remove: the kernel warns if the device is not reset after it. */
unsigned long nooks_r_virtio_remove(struct nooks_stub *stub, const struct nooks_role *role,
				    unsigned long *args)
{
	unsigned long ret = nooks_bus_remove(&nooks_virtio_bus, stub, role, args);

	nooks_virtio_stop((struct virtio_device *)args[0]);
	return ret;
}

/* All functions that the kernel may call are entry stubs, bound to what they are called as. */
static bool check_functions(struct nooks_crossing *x, const struct virtio_driver *drv,
			    const char *fn)
{
#define GOOD(member)										\
	nooks_arg_callback(x, drv->member, NOOKS_ROLE_virtio_driver_##member, true, fn, #member)

	return GOOD(validate) && GOOD(scan) && GOOD(config_changed) && GOOD(freeze) &&
	       GOOD(restore) &&
	       nooks_arg_callback(x, drv->probe, NOOKS_ROLE_virtio_driver_probe, false, fn,
				  "probe") &&
	       nooks_arg_callback(x, drv->remove, NOOKS_ROLE_virtio_driver_remove, false, fn,
				  "remove");
#undef GOOD
}

static bool copy_ids(struct nooks_crossing *x, struct virtio_device_id *to,
		     const struct virtio_device_id *from, const char *fn)
{
	unsigned int i;

	for (i = 0; i < IDS_MAX; i++) {
		if (!nooks_arg_readable(x, &from[i], sizeof(from[i]), false, fn, "id_table"))
			return false;
		to[i] = from[i];
		if (!to[i].device)
			return true;
	}
	nooks_fail(x, NOOKS_BAD_ARGUMENT, (unsigned long)from, "%s: id_table has no end", fn);
	return false;
}

static bool copy_features(struct nooks_crossing *x, unsigned int *to, const unsigned int *from,
			  unsigned int n, const char *fn)
{
	unsigned int i;

	if (!nooks_arg_range(x, n, 0, FEATURES_MAX, fn, "feature_table_size") ||
	    !nooks_arg_readable(x, from, n * sizeof(*from), !n, fn, "feature_table"))
		return false;
	for (i = 0; i < n; i++) {
		to[i] = READ_ONCE(from[i]);
		if (!nooks_arg_range(x, to[i], 0, FEATURES_MAX - 1, fn, "feature_table"))
			return false;
	}
	return true;
}

/* Take over what the driver says of itself, so that it can't change it any more. */
static bool copy_driver(struct nooks_crossing *x, struct nooks_virtio_driver *p,
			const struct virtio_driver *given, const char *fn)
{
	struct nooks_driver *driver = nooks_driver_of(x);
	struct virtio_driver *drv = &p->drv;

	if (!nooks_arg_string(x, given->driver.name, NAME_MAX_LEN, false, fn, "driver.name") ||
	    !check_functions(x, given, fn) || !copy_ids(x, p->ids, given->id_table, fn) ||
	    !copy_features(x, p->features, given->feature_table, given->feature_table_size, fn) ||
	    !copy_features(x, p->legacy, given->feature_table_legacy,
			   given->feature_table_legacy ? given->feature_table_size_legacy : 0, fn))
		return false;
	if (nooks_copy_string(p->name, given->driver.name, sizeof(p->name)) <= 0)
		strscpy(p->name, driver->name, sizeof(p->name));
	*drv = (struct virtio_driver) {
		.driver.name = p->name,
		.driver.owner = driver->module,
		.id_table = p->ids,
		.feature_table = p->features,
		.feature_table_size = given->feature_table_size,
		.validate = given->validate,
		.probe = given->probe,
		.scan = given->scan,
		.remove = given->remove,
		.config_changed = given->config_changed,
#ifdef CONFIG_PM
		.freeze = given->freeze,
		.restore = given->restore,
#endif
	};
	if (given->feature_table_legacy) {
		drv->feature_table_legacy = p->legacy;
		drv->feature_table_size_legacy = given->feature_table_size_legacy;
	}
	return true;
}

/* int register_virtio_driver(struct virtio_driver *driver) */
NOOKS_WRAPPER(register_virtio_driver)
{
	static const char fn[] = "register_virtio_driver";
	struct nooks_driver *driver = nooks_driver_of(x);
	struct virtio_driver given;
	struct nooks_object *object;
	int ret;

	if (!nooks_may_sleep(x, fn) ||
	    !nooks_arg_readable(x, (void *)a0, sizeof(given), false, fn, "driver") ||
	    !nooks_late_bound(x, late_register, fn) ||
	    !nooks_late_bound(x, nooks_late_unregister_virtio_driver, fn))
		return 0;
	memcpy(&given, (void *)a0, sizeof(given));
	if (given.driver.groups || given.driver.dev_groups) {
		pr_warn("%s: attribute groups of drivers are not supported\n", driver->name);
		return -EOPNOTSUPP;
	}
	object = nooks_object_add(driver, &driver_class, (void *)a0, sizeof(given),
				  NOOKS_TYPE_none, GFP_KERNEL);
	if (!object)
		return nooks_object_find(driver, &driver_class, (void *)a0) ? -EBUSY : -ENOMEM;
	to_driver(object)->unregister = nooks_late_unregister_virtio_driver;
	ret = -EFAULT;
	if (copy_driver(x, to_driver(object), &given, fn))
		ret = call_register(&to_driver(object)->drv);
	if (ret && nooks_object_remove(driver, &driver_class, (void *)a0))
		nooks_object_free(object);
	return ret;
}

/* void unregister_virtio_driver(struct virtio_driver *driver) */
NOOKS_WRAPPER(unregister_virtio_driver)
{
	static const char fn[] = "unregister_virtio_driver";
	struct nooks_driver *driver = nooks_driver_of(x);
	struct nooks_object *object;

	if (!nooks_may_sleep(x, fn))
		return 0;
	object = nooks_object_remove(driver, &driver_class, (void *)a0);
	if (!object) {
		nooks_fail(x, NOOKS_BAD_ARGUMENT, a0, "%s: not registered", fn);
		return 0;
	}
	release_driver(object);
	nooks_object_free(object);
	return 0;
}

static bool has(const unsigned int *table, unsigned int n, unsigned int feature)
{
	while (n--)
		if (table[n] == feature)
			return true;
	return false;
}

/*
 * void virtio_check_driver_offered_feature(const struct virtio_device *vdev, unsigned int fbit)
 * The kernel's own BUGs.
 */
NOOKS_WRAPPER(virtio_check_driver_offered_feature)
{
	static const char fn[] = "virtio_check_driver_offered_feature";
	struct virtio_device *vdev = (struct virtio_device *)a0;
	const struct device_driver *bound;
	const struct virtio_driver *drv;

	if (!nooks_arg_object(x, vdev, NOOKS_TYPE_virtio_device, false, fn, "vdev"))
		return 0;
	bound = READ_ONCE(vdev->dev.driver);
	drv = container_of(bound, struct virtio_driver, driver);
	if (!bound || (!has(drv->feature_table, drv->feature_table_size, a1) &&
		       !has(drv->feature_table_legacy, drv->feature_table_size_legacy, a1)))
		nooks_fail(x, NOOKS_BAD_ARGUMENT, a1, "%s: fbit is in no feature table", fn);
	return 0;
}

/* void virtio_reset_device(struct virtio_device *dev) */
NOOKS_WRAPPER(virtio_reset_device)
{
	static const char fn[] = "virtio_reset_device";
	struct virtio_device *vdev = (struct virtio_device *)a0;

	if (nooks_may_sleep(x, fn) &&
	    nooks_arg_object(x, vdev, NOOKS_TYPE_virtio_device, false, fn, "dev") &&
	    nooks_late_bound(x, nooks_late_virtio_reset_device, fn))
		nooks_late_virtio_reset_device(vdev);
	return 0;
}

/* Length of the capability that says where a device's own configuration is; 0 if there is none. */
static u32 pci_config_length(struct pci_dev *pdev)
{
	int pos = pci_find_capability(pdev, PCI_CAP_ID_VNDR);
	u32 length;
	u8 type;

	for (; pos; pos = pci_find_next_capability(pdev, pos, PCI_CAP_ID_VNDR)) {
		pci_read_config_byte(pdev, pos + offsetof(struct virtio_pci_cap, cfg_type), &type);
		if (type != VIRTIO_PCI_CAP_DEVICE_CFG)
			continue;
		pci_read_config_dword(pdev, pos + offsetof(struct virtio_pci_cap, length), &length);
		return length;
	}
	return 0;
}

/*
 * How much of a device's configuration can be accessed: the transport over PCI BUGs, and over legacy
 * PCI goes on to other ports, where it ends.
 */
static u32 config_length(const struct virtio_device *vdev)
{
	struct pci_dev *pdev;
	u32 length;

	if (!vdev->dev.parent || !dev_is_pci(vdev->dev.parent))
		return PAGE_SIZE;
	pdev = to_pci_dev(vdev->dev.parent);
	length = vdev->features & BIT_ULL(VIRTIO_F_VERSION_1) ? pci_config_length(pdev) : 0;
	if (!length && pci_resource_len(pdev, 0) > VIRTIO_PCI_CONFIG_OFF(1))
		length = pci_resource_len(pdev, 0) - VIRTIO_PCI_CONFIG_OFF(1);
	return min_t(u32, length, PAGE_SIZE);
}

/* One field of the configuration. */
static bool check_field(struct nooks_crossing *x, const struct virtio_device *vdev,
			unsigned int offset, unsigned int len, const char *fn)
{
	if (!nooks_arg_object(x, vdev, NOOKS_TYPE_virtio_device, false, fn, "vdev") ||
	    !nooks_arg_require(x, len == 1 || len == 2 || len == 4 || len == 8, fn,
			       "len is 1, 2, 4 or 8"))
		return false;
	return nooks_arg_range(x, (unsigned long)offset + len, 1, config_length(vdev), fn,
			       "offset + len");
}

/* void get(struct virtio_device *vdev, unsigned int offset, void *buf, unsigned int len) */
NOOKS_WRAPPER(virtio_config_ops_get)
{
	static const char fn[] = "virtio_config_ops.get";
	struct virtio_device *vdev = (struct virtio_device *)a0;
	u64 value = 0;

	if (!check_field(x, vdev, a1, a3, fn) ||
	    !nooks_late_bound(x, vdev->config->get, fn) ||
	    !nooks_arg_writable(x, (void *)a2, (u32)a3, false, fn, "buf"))
		return 0;
	vdev->config->get(vdev, a1, &value, a3);
	memcpy((void *)a2, &value, (u32)a3);
	return 0;
}

/* void set(struct virtio_device *vdev, unsigned int offset, const void *buf, unsigned int len) */
NOOKS_WRAPPER(virtio_config_ops_set)
{
	static const char fn[] = "virtio_config_ops.set";
	struct virtio_device *vdev = (struct virtio_device *)a0;
	u64 value = 0;

	if (!check_field(x, vdev, a1, a3, fn) ||
	    !nooks_late_bound(x, vdev->config->set, fn) ||
	    !nooks_arg_readable(x, (void *)a2, (u32)a3, false, fn, "buf"))
		return 0;
	memcpy(&value, (void *)a2, (u32)a3);
	vdev->config->set(vdev, a1, &value, a3);
	return 0;
}

/* void set_status(struct virtio_device *vdev, u8 status): 0, which is a reset, BUGs */
NOOKS_WRAPPER(virtio_config_ops_set_status)
{
	static const char fn[] = "virtio_config_ops.set_status";
	struct virtio_device *vdev = (struct virtio_device *)a0;

	if (!nooks_arg_object(x, vdev, NOOKS_TYPE_virtio_device, false, fn, "vdev") ||
	    !nooks_arg_range(x, (u8)a1, 1, U8_MAX, fn, "status"))
		return 0;
	/* A thread that is late must not start a device that recovery has stopped. */
	if (!nooks_crossing_stale(x))
		vdev->config->set_status(vdev, a1);
	return 0;
}
