/* SPDX-License-Identifier: GPL-2.0 */
/* Devices that go while their driver can't let go of them: unplug.c. */
#ifndef NOOKS_UNPLUG_H
#define NOOKS_UNPLUG_H

#include <linux/types.h>

struct device;
struct nooks_driver;

/*
 * A driver is going to be bound to a device. False: no memory. May sleep; takes the lock of the bus's notifiers, inside of
 * which rtnl is taken.
 */
bool nooks_unplug_watch(struct nooks_driver *driver, const struct device *device);
/* The driver goes; what it holds of modules is still there. May sleep, without rtnl. */
void nooks_unplug_forget(struct nooks_driver *driver);

#endif
