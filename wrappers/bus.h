/* SPDX-License-Identifier: GPL-2.0 */
/* Buses: what drivers that are bound to devices have in common, and what others need of them. */
#ifndef NOOKS_BUS_H
#define NOOKS_BUS_H

#include <linux/types.h>
#include "wrapper.h"

struct device;
struct device_driver;
struct nooks_driver;
struct nooks_object_class;

#define NOOKS_BUS_DEVICES_MAX	32	/* bound to one driver at a time */

/**
 * struct nooks_bus - a bus that drivers in domains register with
 * @device: class of the devices that a driver is bound to, by the address of the bus's own
 *	structure. They are tracked, with a reference, from before the call of probe until remove
 *	has returned
 * @activity: class of their being active, by the same address, with a reference: its release, in phase QUIET, makes the
 *	device stop
 * @type: enum nooks_type_id of the structure
 * @size: of the structure
 * @inner: offset of the struct device in it
 * @quiet: keep the device of a failed domain from disturbing others until it is stopped; NULL: it does not.
 *	Any context but NMI; interrupts may be off
 * @owns_irq: is this the device's own interrupt? Any context but NMI. NULL: it has none
 * @abandon: the bus takes the device back from a driver whose domain has failed, before or while recovery
 *	runs: undo what the bus insists on being undone by then. May sleep. NULL: nothing
 * @unbind: undo what else is left of a driver that is no longer bound to the device. May sleep
 * @dead: what is wrong with a device that does not answer, or has lost what the kernel has set; @note is its own, 0 at first. May
 *	sleep. NULL: it is all right. NULL as a function: nobody can tell
 * @settle: a restart of the driver has ended, or there will be none: give back what was kept of its devices for that. May sleep. NULL: nothing
 * @lost: a device has gone, or is about to be bound to a driver: give back what was kept of it for another one. May sleep. NULL: nothing
 * @reset: put the device of a driver that will not come back into the state of a fresh one, if
 *	nobody else has bound to it. May sleep; takes the device's lock. NULL: @activity's release does it
 */
struct nooks_bus {
	const struct nooks_object_class *device;
	const struct nooks_object_class *activity;
	unsigned int type;
	size_t size;
	size_t inner;
	void (*quiet)(void *device);
	bool (*owns_irq)(void *device, unsigned int irq);
	void (*unbind)(struct nooks_driver *driver, void *device);
	void (*abandon)(struct nooks_driver *driver, void *device);
	const char *(*dead)(void *device, unsigned long *note);
	void (*settle)(struct nooks_driver *driver);
	void (*lost)(struct device *dev, const struct device_driver *new);
	void (*reset)(struct nooks_driver *driver, void *device);
};

extern const struct nooks_bus nooks_pci_bus, nooks_virtio_bus;

/* The devices that a driver is bound to, at most NOOKS_BUS_DEVICES_MAX. Any context but NMI. */
unsigned int nooks_bus_devices(struct nooks_driver *driver, const struct nooks_bus *bus,
			       void **devices);

/*
 * The driver's domain has failed: keep its devices quiet until recovery stops them. Any context but
 * NMI; interrupts may be off.
 */
void nooks_bus_quiet(struct nooks_driver *driver);

/* A restart of the driver has ended, or there will be none: what was kept for it is given back. May sleep. */
void nooks_bus_settle(struct nooks_driver *driver);

/* A device has gone (NULL), or is about to be bound to @new: what was kept of it for another driver is given back. May sleep. */
void nooks_bus_lost(struct device *dev, const struct device_driver *new);

/*
 * The driver has failed and will not restart: reset the devices that it was bound to. Its registrations
 * are gone, its memory is still there. May sleep; takes the devices' locks.
 */
void nooks_bus_reset(struct nooks_driver *driver);

/*
 * Does a device that the driver is bound to not answer? May sleep; the driver's lock is held. Return: what is wrong, with the
 * device's name, or NULL.
 */
const char *nooks_bus_dead(struct nooks_driver *driver, char *name, size_t size);

/* Is this the interrupt of a device that the driver is bound to? Any context but NMI. */
bool nooks_bus_owns_irq(struct nooks_driver *driver, unsigned int irq);

/* A device becomes a tracked object, for a call that the kernel makes about it; no longer. May sleep. */
bool nooks_bus_hold(struct nooks_driver *driver, const struct nooks_bus *bus, void *device);
void nooks_bus_let_go(struct nooks_driver *driver, const struct nooks_bus *bus, void *device);

/* The device that this thread has the driver probe, or NULL. Any context but NMI. */
struct device *nooks_bus_probing(void);

/* Bodies of the hooks of probe, whose first argument is the device, and of remove. May sleep. */
unsigned long nooks_bus_probe(const struct nooks_bus *bus, struct nooks_stub *stub,
			      const struct nooks_role *role, unsigned long *args);
unsigned long nooks_bus_remove(const struct nooks_bus *bus, struct nooks_stub *stub,
			       const struct nooks_role *role, unsigned long *args);

/* Take an object out of a driver's table and release it. False: it is not there. May sleep. */
bool nooks_bus_drop(struct nooks_driver *driver, const struct nooks_object_class *class,
		    const void *start);

#endif
