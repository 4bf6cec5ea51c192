/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Net devices that outlive their driver. When a driver is to be restarted its net devices stay registered:
 * they are parked, without the driver's functions and as if it had detached them. So addresses, routes, rules,
 * queueing disciplines, packets in these, memberships, ports of bridges and whatever else the kernel ties to
 * them is not touched.
 *
 * The restarted driver allocates a device and gets the parked one: to it, it looks newly allocated.
 * What it writes goes to a copy, which the domain sees in the place of the device, until it registers it. Then
 * what differs from what it wrote at its first start is checked, and taken over. When it has started, the device
 * is told what users have set, opened if it was up, and attached.
 *
 * Carrier: a driver finds its link again some time after it was opened, and must see it absent until then;
 * to the kernel it has been there all the time. It is told if that takes too long.
 */
#ifndef NOOKS_NETPARK_H
#define NOOKS_NETPARK_H

#include <linux/types.h>

struct device;
struct net_device;
struct netdev_queue;
struct nooks_crossing;
struct nooks_driver;

/* All of these may sleep, and want no rtnl, unless they say something else. */

/* A net device has been allocated for a driver. Without memory for a note of it, it can't be parked. */
void nooks_netpark_add(struct nooks_driver *driver, struct net_device *dev, size_t private,
		       unsigned int txqs, unsigned int rxqs);
/* It is about to be freed. */
void nooks_netpark_remove(struct net_device *dev);

/* It is about to be registered for the first time: note how the driver has made it. rtnl may be held. */
void nooks_netpark_note(struct net_device *dev);

/*
 * A function of the kernel's is going to write to it for the driver, which no copy would show: if it is not registered
 * yet, it can't be parked. Any context but NMI. Return: false: it was parked, and may not be written to.
 */
bool nooks_netpark_fix(struct net_device *dev);

/* Its driver is going to be restarted, and no thread is inside. Return: false: it can't be parked. */
bool nooks_netpark_park(struct net_device *dev);
/* Is it parked, and nobody's? */
bool nooks_netpark_parked(const struct net_device *dev);

/* A device goes: no net device stays below it. */
void nooks_netpark_orphan(const struct device *parent);

/*
 * The driver wants a net device. Return: a parked one of that size for the device that is being probed, which is not
 * tracked, and with its private area zeroed; or NULL.
 */
struct net_device *nooks_netpark_adopt(struct nooks_driver *driver, size_t private,
				       unsigned int txqs, unsigned int rxqs);
/* The driver gives it up before it has registered it: it is parked again. */
void nooks_netpark_return(struct net_device *dev);

/* Has the driver adopted it, and not registered it yet? Any context but NMI. */
bool nooks_netpark_adopted(const struct net_device *dev);
/*
 * What the driver sees of it: the copy, which stays as long as the device, if it has adopted that and not registered it
 * yet, else the device. Any context but NMI.
 */
struct net_device *nooks_netpark_view(struct net_device *dev);
/*
 * The driver registers it: check what it has made of its copy, and take that over. Return: false: that is
 * not right, and the domain has failed. rtnl may be held.
 */
bool nooks_netpark_register(struct nooks_crossing *x, struct net_device *dev, const char *fn);

/*
 * Does a device whose driver is back wait for its link, which the kernel has not lost? Then this queue of its is stopped until that comes, or is
 * known to be gone. Any context but NMI; the queue's lock is held.
 */
bool nooks_netpark_waits(struct net_device *dev, struct netdev_queue *queue);

/* The driver has started: it gets its devices. Those that it has not registered go. */
void nooks_netpark_restored(struct nooks_driver *driver);
/* The driver does not start: its parked devices go. Their state is saved (netstate.c). */
void nooks_netpark_drop(struct nooks_driver *driver);

#endif
