// SPDX-License-Identifier: GPL-2.0
/*
 * Devices that go while their driver can't let go of them. A driver's remove function unregisters what it has
 * registered below a device; that of a failed driver is not called, and its net devices stay until recovery comes to them. If
 * the device goes meanwhile (unplugged, or by its bus's remove attribute), they must not be left below it in
 * sysfs: they move to where virtual devices are, and nobody adopts them any more. The same goes for a device that another driver
 * takes: it is as if nobody had had it.
 */
#include <linux/device.h>
#include <linux/notifier.h>
#include <linux/slab.h>
#include "../nooks/driver.h"
#include "bus.h"
#include "netpark.h"
#include "unplug.h"

/**
 * struct nooks_unplug - a driver's ear on a bus
 * @next: on another bus
 * @bus: the bus, which stays while the driver holds modules
 * @nb: told of what happens there
 */
struct nooks_unplug {
	struct nooks_unplug *next;
	typeof_member(struct device, bus) bus;
	struct notifier_block nb;
};

static int on_event(struct notifier_block *nb, unsigned long event, void *device)
{
	struct device *dev = device;

	switch (event) {
	case BUS_NOTIFY_REMOVED_DEVICE:
		nooks_netpark_orphan(dev);
		nooks_bus_lost(dev, NULL);
		break;
	case BUS_NOTIFY_BIND_DRIVER:	/* about to be probed */
		nooks_bus_lost(dev, dev->driver);
		break;
	}
	return NOTIFY_DONE;
}

bool nooks_unplug_watch(struct nooks_driver *driver, const struct device *device)
{
	struct nooks_unplug *u;

	for (u = READ_ONCE(driver->unplug); u; u = u->next)
		if (u->bus == device->bus)
			return true;
	u = kzalloc(sizeof(*u), GFP_KERNEL);
	if (!u)
		return false;
	u->bus = device->bus;
	u->nb.notifier_call = on_event;
	if (bus_register_notifier(u->bus, &u->nb)) {
		kfree(u);
		return false;
	}
	/* Two that have come for one bus at once are told of the same thing twice. */
	do {
		u->next = READ_ONCE(driver->unplug);
	} while (cmpxchg(&driver->unplug, u->next, u) != u->next);
	return true;
}

void nooks_unplug_forget(struct nooks_driver *driver)
{
	struct nooks_unplug *u;

	while ((u = driver->unplug)) {
		driver->unplug = u->next;
		bus_unregister_notifier(u->bus, &u->nb);
		kfree(u);
	}
}
