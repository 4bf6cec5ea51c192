/* SPDX-License-Identifier: GPL-2.0 */
/* Net devices, NAPI and packets of drivers: what the files about them share and offer. */
#ifndef NOOKS_NET_H
#define NOOKS_NET_H

#include <linux/netdevice.h>
#include "../nooks/driver.h"

/* Module init and exit; may sleep. init returns 0 or a negative errno, logged. */
int nooks_net_init(void);
void nooks_net_exit(void);

/* Does this thread hold rtnl, for whomever? */
bool nooks_rtnl_held(void);
/* Does this call into a driver hold off CPUs that come and go? */
bool nooks_cpus_held(struct nooks_crossing *x);
/*
 * May this call sleep, and call what takes that lock? Else its domain has failed: who waits for all readers to go
 * would come between the thread's two.
 */
bool nooks_may_take_cpus(struct nooks_crossing *x, const char *fn);

/* A net device that this driver has allocated and not yet freed. */
bool nooks_netdev_known(struct nooks_driver *driver, const struct net_device *dev);
/* Its registered net devices, at most so many; they stay as long as the caller holds rtnl. */
unsigned int nooks_netdevs(struct nooks_driver *driver, struct net_device **devices, unsigned int max);

/* State across a restart: netstate.c. All in process context. */
/* The last incarnation's device is about to be unregistered. */
void nooks_netstate_save(struct nooks_driver *driver, struct net_device *dev);
/* A device is about to be registered: give it the name and index that it had before. */
void nooks_netstate_name(struct nooks_driver *driver, struct net_device *dev);
/*
 * The driver has started again: give its devices the rest of the state back. Without rtnl, with
 * the domain open.
 */
void nooks_net_restored(struct nooks_driver *driver);
/* The driver goes for good: drop what is kept. */
void nooks_net_forget(struct nooks_driver *driver);

/*
 * What ethtool has set on a device: ethtool.c. take moves it to the end of a list; apply, with rtnl, sets it
 * again, and leaves in the list what the driver refuses. All may sleep.
 */
void nooks_settings_take(const struct net_device *dev, struct list_head *taken);
void nooks_settings_apply(struct nooks_driver *driver, struct net_device *dev,
			  struct list_head *taken);
void nooks_settings_free(struct list_head *taken);
/* What was taken is the device's again: the driver will be told it once more. */
void nooks_settings_put_back(struct list_head *taken);

/* Is a net_device being registered, or has it been? What was checked then stays so. Any context but NMI. */
bool nooks_netdev_registering(struct nooks_driver *driver, const struct net_device *dev);
/*
 * What is wrong with such features of a device with these functions (NULL: they are to come)? NULL: nothing. Any context.
 */
const char *nooks_netdev_features_wrong(const struct net_device_ops *ops, netdev_features_t features);
/*
 * Is a net_device fit to be registered, in what the kernel is going to use and checked stores can't judge one by one?
 * Else the domain has failed. Any context but NMI.
 */
bool nooks_netdev_check(struct nooks_crossing *x, const struct net_device *seen, const char *fn);
/* Free a net_device that is not registered, and that no domain has memory of. May sleep. */
void nooks_netdev_free(struct net_device *dev);

/* NAPI: napi.c. Device of a driver's napi_struct; NULL, with the domain failed, if not added. */
struct net_device *nooks_napi_dev(struct nooks_crossing *x, unsigned long napi, const char *fn);
/* Delete all instances of a device. May sleep. */
void nooks_napi_forget(struct nooks_driver *driver, struct net_device *dev);

/* Packets: skb.c. The driver gives a packet to the stack. NULL, with its domain failed, if it can't. */
struct sk_buff *nooks_skb_receive(struct nooks_crossing *x, unsigned long slot, const char *fn);
/*
 * A packet that the driver fills, but that is the kernel's (NAPI's own): its address for the
 * driver, 0 without memory; the driver has filled it, false: badly, and its domain has failed; the
 * driver no longer sees it, for which the last may sleep.
 */
unsigned long nooks_skb_lend(struct nooks_driver *driver, struct sk_buff *skb,
			     struct nooks_shadow **shadow);
bool nooks_skb_filled(struct nooks_crossing *x, struct nooks_shadow **lent, const char *fn);
void nooks_skb_unlend(struct nooks_driver *driver, struct nooks_shadow *shadow);
/*
 * Stores to packets: skbfrag.c. In which packet that the driver holds lie these bytes? Those of its buffer, and then @info is 0,
 * or of its skb_shared_info, at @info. NULL: in none. Any context but NMI.
 */
struct nooks_shadow *nooks_skb_at(struct nooks_driver *driver, unsigned long addr, size_t size,
				  unsigned long *info);
/*
 * Keep kernel functions, and the packet's end, away while these bytes are stored to, until nooks_skb_release().
 * Return: NULL, or why they may not be. Interrupts are off.
 */
const char *nooks_skb_hold(struct nooks_driver *driver, const struct nooks_shadow *shadow,
			   unsigned long addr, size_t size);
void nooks_skb_release(struct nooks_driver *driver);
int nooks_skb_init(void);

/* May what NAPI keeps per CPU be touched? */
static inline bool nooks_in_napi_context(void)
{
	return in_softirq() && !in_hardirq() && !irqs_disabled();
}

/* Take an object out of the table; false if it is not there. */
static inline bool nooks_untrack(struct nooks_driver *driver,
				 const struct nooks_object_class *class, const void *start)
{
	struct nooks_object *object = nooks_object_remove(driver, class, start);

	if (object)
		nooks_object_free(object);
	return object;
}

/* Fail a driver outside of a crossing: its call has returned what it must not. */
void nooks_fail_return(struct nooks_driver *driver, const struct nooks_stub *stub, long value);

#endif
