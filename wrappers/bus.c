// SPDX-License-Identifier: GPL-2.0
/*
 * Drivers and devices, of whatever bus. From the call of probe until remove has returned, a device is a
 * tracked object of the driver's. What is special about a bus is in its struct nooks_bus.
 */
#include <linux/device.h>
#include "../nooks/driver.h"
#include "../objtracker/count.h"
#include "bus.h"
#include "devres.h"
#include "dma.h"
#include "generated.h"
#include "unplug.h"
#include "walk.h"

/* Of the data of a device's object: its bus's note for dead(). */
#define NOTE	2

static const struct nooks_bus * const buses[] = { &nooks_pci_bus, &nooks_virtio_bus };

/* The struct device in a device, of which inline code of drivers takes the address. */
static const struct nooks_object_class inner_class = {
	.name = "device",
	.phase = NOOKS_PHASE_MEMORY,
	.size = sizeof(struct nooks_object),
};

bool nooks_bus_drop(struct nooks_driver *driver, const struct nooks_object_class *class,
		    const void *start)
{
	struct nooks_object *object = nooks_object_remove(driver, class, start);

	if (!object)
		return false;
	if (class->release)
		class->release(object);
	nooks_object_free(object);
	return true;
}

/* As nooks_bus_devices(); @hold: with a reference to each. */
static unsigned int list_devices(struct nooks_driver *driver, const struct nooks_bus *bus, void **devices, bool hold)
{
	struct nooks_object *object;
	unsigned long flags;
	unsigned int n = 0;

	raw_spin_lock_irqsave(&driver->objects.lock, flags);
	nooks_for_each_object(object, driver, bus->device) {
		if (n == NOOKS_BUS_DEVICES_MAX)
			break;
		devices[n] = (void *)object->start;
		if (hold)
			get_device(devices[n] + bus->inner);
		n++;
	}
	raw_spin_unlock_irqrestore(&driver->objects.lock, flags);
	return n;
}

unsigned int nooks_bus_devices(struct nooks_driver *driver, const struct nooks_bus *bus,
			       void **devices)
{
	return list_devices(driver, bus, devices, false);
}

void nooks_bus_quiet(struct nooks_driver *driver)
{
	void *devices[NOOKS_BUS_DEVICES_MAX];
	unsigned int i, n;

	for (i = 0; i < ARRAY_SIZE(buses); i++) {
		n = buses[i]->quiet ? nooks_bus_devices(driver, buses[i], devices) : 0;
		while (n--)
			buses[i]->quiet(devices[n]);
	}
}

void nooks_bus_settle(struct nooks_driver *driver)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(buses); i++)
		if (buses[i]->settle)
			buses[i]->settle(driver);
}

void nooks_bus_lost(struct device *dev, const struct device_driver *new)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(buses); i++)
		if (buses[i]->lost)
			buses[i]->lost(dev, new);
}

void nooks_bus_reset(struct nooks_driver *driver)
{
	void *devices[NOOKS_BUS_DEVICES_MAX];
	unsigned int i, n;

	for (i = 0; i < ARRAY_SIZE(buses); i++) {
		n = buses[i]->reset ? nooks_bus_devices(driver, buses[i], devices) : 0;
		while (n--)
			buses[i]->reset(driver, devices[n]);
	}
}

/* Of one device, to which the caller has a reference. */
static const char *dead(struct nooks_driver *driver, const struct nooks_bus *bus, void *device, char *name, size_t size)
{
	struct nooks_object *object = nooks_object_get(driver, bus->device, device);
	struct device *dev = device + bus->inner;
	const char *why;

	if (!object)
		return NULL;
	why = bus->dead(device, &object->data[NOTE]);
	if (why)
		strscpy(name, dev_name(dev), size);
	nooks_object_free(object);
	return why;
}

/* It has just been enabled: what it has then is what it must have later, however soon it is lost. */
static void note_alive(struct nooks_driver *driver, const struct nooks_bus *bus, void *device)
{
	char name[32];

	dead(driver, bus, device, name, sizeof(name));
}

const char *nooks_bus_dead(struct nooks_driver *driver, char *name, size_t size)
{
	void *devices[NOOKS_BUS_DEVICES_MAX];
	const char *why = NULL;
	unsigned int i, n;

	for (i = 0; i < ARRAY_SIZE(buses); i++) {
		n = buses[i]->dead ? list_devices(driver, buses[i], devices, true) : 0;
		while (n--) {
			if (!why)
				why = dead(driver, buses[i], devices[n], name, size);
			put_device(devices[n] + buses[i]->inner);
		}
	}
	return why;
}

bool nooks_bus_owns_irq(struct nooks_driver *driver, unsigned int irq)
{
	void *devices[NOOKS_BUS_DEVICES_MAX];
	unsigned int i, n;

	for (i = 0; i < ARRAY_SIZE(buses); i++) {
		n = buses[i]->owns_irq ? nooks_bus_devices(driver, buses[i], devices) : 0;
		while (n--)
			if (buses[i]->owns_irq(devices[n], irq))
				return true;
	}
	return false;
}

bool nooks_bus_hold(struct nooks_driver *driver, const struct nooks_bus *bus, void *device)
{
	void *devices[NOOKS_BUS_DEVICES_MAX];

	if (nooks_bus_devices(driver, bus, devices) == NOOKS_BUS_DEVICES_MAX ||
	    !nooks_object_add(driver, bus->device, device, bus->size, bus->type, GFP_KERNEL))
		return false;
	get_device(device + bus->inner);
	if (nooks_object_add(driver, &inner_class, device + bus->inner, sizeof(struct device),
			     NOOKS_TYPE_device, GFP_KERNEL))
		return true;
	nooks_bus_let_go(driver, bus, device);
	return false;
}

void nooks_bus_let_go(struct nooks_driver *driver, const struct nooks_bus *bus, void *device)
{
	nooks_bus_drop(driver, &inner_class, device + bus->inner);
	nooks_bus_drop(driver, bus->device, device);
}

/* The device is to be no longer active. If that is being done already, because the driver has just failed, it has been done then. */
static void deactivate(struct nooks_driver *driver, const struct nooks_bus *bus, void *device)
{
	if (!nooks_bus_drop(driver, bus->activity, device))
		flush_work(&driver->quiet);
}

/* Undo all that is left of a device that the driver is no longer bound to. */
static void unbind(struct nooks_driver *driver, const struct nooks_bus *bus, void *device)
{
	deactivate(driver, bus, device);
	bus->unbind(driver, device);
	nooks_dma_unbind(driver, device + bus->inner);
	nooks_counts_drop(driver, device + bus->inner, sizeof(struct device));
	nooks_bus_let_go(driver, bus, device);
}

/*
 * The driver's function behind a stub has let go of a device. What it has tied to the device goes first. False: the
 * domain has failed in that.
 */
static bool leave(struct nooks_driver *driver, const struct nooks_bus *bus, void *device,
		  struct nooks_stub *stub)
{
	if (!READ_ONCE(driver->domain->open) || !nooks_devres_release(stub, device + bus->inner))
		return false;
	unbind(driver, bus, device);
	return true;
}

/*
 * The bus takes a device back from a driver whose domain has failed. All else that is left is
 * recovery's, which may be under way.
 */
static void abandon(struct nooks_driver *driver, const struct nooks_bus *bus, void *device)
{
	deactivate(driver, bus, device);
	if (bus->abandon)
		bus->abandon(driver, device);
}

static bool bind(struct nooks_driver *driver, const struct nooks_bus *bus, void *device)
{
	if (!nooks_unplug_watch(driver, device + bus->inner) || !nooks_bus_hold(driver, bus, device))
		return false;
	if (nooks_object_add(driver, bus->activity, device, 1, NOOKS_TYPE_none, GFP_KERNEL))
		return true;
	unbind(driver, bus, device);
	return false;
}

/** struct probe - a call of a probe function, on the stack of who makes it */
struct probe {
	struct list_head list;
	const struct task_struct *task;
	struct device *dev;
};

static LIST_HEAD(probes);
static DEFINE_SPINLOCK(probes_lock);	/* protects it; interrupts off */

static void begin_probe(struct probe *probe, struct device *dev)
{
	unsigned long flags;

	probe->task = current;
	probe->dev = dev;
	spin_lock_irqsave(&probes_lock, flags);
	list_add(&probe->list, &probes);
	spin_unlock_irqrestore(&probes_lock, flags);
}

static void end_probe(struct probe *probe)
{
	unsigned long flags;

	spin_lock_irqsave(&probes_lock, flags);
	list_del(&probe->list);
	spin_unlock_irqrestore(&probes_lock, flags);
}

struct device *nooks_bus_probing(void)
{
	struct device *dev = NULL;
	struct probe *probe;
	unsigned long flags;

	spin_lock_irqsave(&probes_lock, flags);
	/* The innermost one is the newest. */
	list_for_each_entry(probe, &probes, list) {
		if (probe->task == current) {
			dev = probe->dev;
			break;
		}
	}
	spin_unlock_irqrestore(&probes_lock, flags);
	return dev;
}

/* If the domain has died in probe, recovery undoes it all in its order. */
unsigned long nooks_bus_probe(const struct nooks_bus *bus, struct nooks_stub *stub,
			      const struct nooks_role *role, unsigned long *args)
{
	struct nooks_driver *driver = (struct nooks_driver *)stub->domain;
	void *device = (void *)args[0];
	struct probe probe;
	unsigned long ret;

	if (!READ_ONCE(driver->domain->open))
		return role->fail;
	if (!bind(driver, bus, device))
		return -ENOMEM;
	begin_probe(&probe, device + bus->inner);
	ret = nooks_call_role(stub, role, args);
	end_probe(&probe);
	if (ret && !leave(driver, bus, device, stub))
		abandon(driver, bus, device);
	else if (!ret && bus->dead)
		note_alive(driver, bus, device);
	return ret;
}

unsigned long nooks_bus_remove(const struct nooks_bus *bus, struct nooks_stub *stub,
			       const struct nooks_role *role, unsigned long *args)
{
	struct nooks_driver *driver = (struct nooks_driver *)stub->domain;
	void *device = (void *)args[0];
	unsigned long ret = nooks_call_role(stub, role, args);

	if (!leave(driver, bus, device, stub))
		abandon(driver, bus, device);
	return ret;
}
