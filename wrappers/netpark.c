// SPDX-License-Identifier: GPL-2.0
/* Net devices that outlive their driver; netpark.h tells the idea. How they come back: nethand.c. */
#define pr_fmt(fmt) "nooks: " fmt
#include <linux/etherdevice.h>
#include <linux/ethtool.h>
#include <linux/rtnetlink.h>
#include <linux/slab.h>
#include "../nooks/compat.h"
#include "../nooks/learn.h"
#include "../nooks/symbols.h"
#include "../objtracker/store.h"
#include "args.h"
#include "bus.h"
#include "generated.h"
#include "net.h"
#include "netpark.h"
#include "parked.h"

static LIST_HEAD(all);
DEFINE_SPINLOCK(nooks_parked_lock);

struct nooks_parked *nooks_parked_find(const struct net_device *dev)
{
	struct nooks_parked *p;

	lockdep_assert_held(&nooks_parked_lock);
	list_for_each_entry(p, &all, list)
		if (p->dev == dev)
			return p;
	return NULL;
}

struct nooks_parked *nooks_parked_get(const struct net_device *dev)
{
	struct nooks_parked *p;
	unsigned long flags;

	spin_lock_irqsave(&nooks_parked_lock, flags);
	p = nooks_parked_find(dev);
	if (p)
		refcount_inc(&p->refs);
	spin_unlock_irqrestore(&nooks_parked_lock, flags);
	return p;
}

void nooks_parked_put(struct nooks_parked *p)
{
	if (!p || !refcount_dec_and_test(&p->refs))
		return;
	if (p->copy)
		__free_page(p->copy);
	kfree(p->fresh);
	kfree(p->made);
	kfree(p);
}

bool nooks_parked_move(struct nooks_parked *p, enum nooks_stage from, enum nooks_stage to)
{
	unsigned long flags;
	bool is_there;

	spin_lock_irqsave(&nooks_parked_lock, flags);
	is_there = p->stage == from;
	if (is_there)
		p->stage = to;
	spin_unlock_irqrestore(&nooks_parked_lock, flags);
	return is_there;
}

struct nooks_parked *nooks_parked_claim(struct nooks_driver *driver, bool newest,
					enum nooks_stage from, enum nooks_stage to)
{
	struct nooks_parked *p, *found = NULL;
	unsigned long flags;

	spin_lock_irqsave(&nooks_parked_lock, flags);
	list_for_each_entry(p, &all, list) {
		if (p->driver != driver || p->stage != from)
			continue;
		found = p;
		if (!newest)
			break;
	}
	if (found) {
		found->stage = to;
		refcount_inc(&found->refs);
		dev_hold(found->dev);
	}
	spin_unlock_irqrestore(&nooks_parked_lock, flags);
	return found;
}

/* Between drivers */

/* Who sends past its stopped queues, or one that the driver has started too early, waits. */
static netdev_tx_t parked_xmit(struct sk_buff *skb, struct net_device *dev)
{
	netif_tx_stop_queue(skb_get_tx_queue(dev, skb));
	return NETDEV_TX_BUSY;
}

/* The driver is told of all of them when it gets the device. */
static int parked_vid(struct net_device *dev, __be16 proto, u16 vid)
{
	return 0;
}

static void parked_timeout(struct net_device *dev, unsigned int queue)
{
}

/* The functions that the kernel calls without a look at whether the device is present, or looks for first. */
const struct net_device_ops nooks_parked_netdev_ops = {
	.ndo_start_xmit = parked_xmit,
	.ndo_features_check = passthru_features_check,
	.ndo_tx_timeout = parked_timeout,
	.ndo_vlan_rx_add_vid = parked_vid,
	.ndo_vlan_rx_kill_vid = parked_vid,
};

const struct ethtool_ops nooks_parked_ethtool_ops;

void nooks_netpark_add(struct nooks_driver *driver, struct net_device *dev, size_t private,
		       unsigned int txqs, unsigned int rxqs)
{
	struct nooks_parked *p = kzalloc(sizeof(*p), GFP_KERNEL);

	if (!p)
		return;
	p->fresh = kmemdup(dev, sizeof(*dev), GFP_KERNEL);
	if (!p->fresh) {
		kfree(p);
		return;
	}
	refcount_set(&p->refs, 1);
	p->driver = driver;
	p->dev = dev;
	p->private = private;
	p->txqs = txqs;
	p->rxqs = rxqs;
	INIT_DELAYED_WORK(&p->work, nooks_parked_work);
	spin_lock_irq(&nooks_parked_lock);
	list_add_tail(&p->list, &all);
	spin_unlock_irq(&nooks_parked_lock);
}

void nooks_netpark_remove(struct net_device *dev)
{
	struct nooks_parked *p;

	spin_lock_irq(&nooks_parked_lock);
	p = nooks_parked_find(dev);
	if (p)
		list_del(&p->list);
	spin_unlock_irq(&nooks_parked_lock);
	if (!p)
		return;
	cancel_delayed_work_sync(&p->work);
	nooks_parked_put(p);
}

static bool is_kernels(const void *table)
{
	return (char *)table >= nooks_sym.__start_rodata && (char *)table < nooks_sym.__end_rodata;
}

void nooks_netpark_note(struct net_device *dev)
{
	struct nooks_parked *p = nooks_parked_get(dev);

	/* Functions for headers may be called without a look at whether the device is present. */
	if (p && !p->made && !p->is_fixed &&
	    (!dev->header_ops || is_kernels(dev->header_ops))) {
		p->parent = dev->dev.parent;
		p->made = kmemdup(dev, sizeof(*dev), GFP_KERNEL);
		p->copy = alloc_page(GFP_KERNEL | __GFP_ZERO);
	}
	nooks_parked_put(p);
}

bool nooks_netpark_fix(struct net_device *dev)
{
	struct nooks_parked *p;
	unsigned long flags;
	bool good = true;

	spin_lock_irqsave(&nooks_parked_lock, flags);
	p = nooks_parked_find(dev);
	if (p && nooks_parked_adopted(p))
		good = false;
	else if (p && !p->made)
		p->is_fixed = true;
	spin_unlock_irqrestore(&nooks_parked_lock, flags);
	return good;
}

/* The domain sees the device itself again. */
static void hide_copy(struct nooks_parked *p)
{
	nooks_revoke(p->driver->domain, p->dev, sizeof(*p->dev));
	nooks_revoke_flush(p->driver->domain);
}

/* With rtnl. No thread is inside, so all that happens to the device happens by the kernel's hand. */
static void take_from_driver(struct nooks_parked *p)
{
	struct net_device *dev = p->dev;
	unsigned int i;

	p->has_address = memcmp(dev->dev_addr, dev->perm_addr, dev->addr_len);
	memcpy(p->address, dev->dev_addr, dev->addr_len);
	netif_device_detach(dev);
	netif_tx_disable(dev);
	for (i = 0; i < dev->num_tx_queues; i++)
		netdev_tx_reset_queue(netdev_get_tx_queue(dev, i));
	p->netdev_ops = dev->netdev_ops;
	p->ethtool_ops = dev->ethtool_ops;
	WRITE_ONCE(dev->netdev_ops, &nooks_parked_netdev_ops);
	WRITE_ONCE(dev->ethtool_ops, &nooks_parked_ethtool_ops);
	p->stat_ops = nooks_stat_ops(dev);
	nooks_set_stat_ops(dev, NULL);
}

bool nooks_netpark_park(struct net_device *dev)
{
	struct nooks_parked *p = nooks_parked_get(dev);

	if (!p || !p->made || !p->copy || READ_ONCE(dev->reg_state) != NETREG_REGISTERED) {
		nooks_parked_put(p);
		return false;
	}
	cancel_delayed_work_sync(&p->work);
	hide_copy(p);
	if (p->stage == NOOKS_STAGE_OWNED) {
		rtnl_lock();
		take_from_driver(p);
		rtnl_unlock();
		synchronize_net();	/* until nobody calls the driver's functions any more */
	}
	spin_lock_irq(&nooks_parked_lock);
	nooks_parked_show_carrier(p);
	p->driver->hands_over = false;
	p->stage = NOOKS_STAGE_PARKED;
	spin_unlock_irq(&nooks_parked_lock);
	nooks_parked_put(p);
	return true;
}

bool nooks_parked_is(const struct net_device *dev, bool (*stage)(const struct nooks_parked *p))
{
	const struct nooks_parked *p;
	unsigned long flags;
	bool is;

	spin_lock_irqsave(&nooks_parked_lock, flags);
	p = nooks_parked_find(dev);
	is = p && stage(p);
	spin_unlock_irqrestore(&nooks_parked_lock, flags);
	return is;
}

static bool is_parked(const struct nooks_parked *p)
{
	return p->stage == NOOKS_STAGE_PARKED || p->stage == NOOKS_STAGE_DROPPING;
}

bool nooks_netpark_parked(const struct net_device *dev)
{
	return nooks_parked_is(dev, is_parked);
}

bool nooks_netpark_adopted(const struct net_device *dev)
{
	return nooks_parked_is(dev, nooks_parked_adopted);
}

struct net_device *nooks_netpark_view(struct net_device *dev)
{
	struct nooks_parked *p;
	unsigned long flags;

	spin_lock_irqsave(&nooks_parked_lock, flags);
	p = nooks_parked_find(dev);
	if (p && nooks_parked_adopted(p))
		dev = nooks_parked_view(p);
	spin_unlock_irqrestore(&nooks_parked_lock, flags);
	return dev;
}

/* A net device that is registered below a device, held. */
static struct net_device *registered_below(const struct device *parent)
{
	struct net_device *dev = NULL;
	struct nooks_parked *p;

	spin_lock_irq(&nooks_parked_lock);
	list_for_each_entry(p, &all, list) {
		if (p->dev->dev.parent == parent && READ_ONCE(p->dev->reg_state) == NETREG_REGISTERED) {
			p->parent = NULL;
			dev = p->dev;
			dev_hold(dev);
			break;
		}
	}
	spin_unlock_irq(&nooks_parked_lock);
	return dev;
}

/* With rtnl. The directory of its class below its parent, which it does not leave by itself, goes with the last one in it. */
static int move_away(struct net_device *dev)
{
	struct kobject *directory = dev->dev.kobj.parent, *parent = &dev->dev.parent->kobj;
	int ret = device_move(&dev->dev, NULL, DPM_ORDER_NONE);

	if (ret || directory == parent)
		return ret;
	/* Nobody comes to the parent any more: the count is not going up. */
	if (kref_read(&directory->kref) == 1)
		kobject_del(directory);
	kobject_put(directory);
	return 0;
}

void nooks_netpark_orphan(const struct device *parent)
{
	struct net_device *dev;
	int ret = 0;

	while (!ret && (dev = registered_below(parent))) {
		rtnl_lock();
		if (dev->reg_state == NETREG_REGISTERED)
			ret = move_away(dev);
		rtnl_unlock();
		if (ret)
			pr_err("%s stays below a device that is gone (%d)\n", netdev_name(dev), ret);
		dev_put(dev);
	}
}

/* A new owner */

/* Claim a parked device for the one that is being probed. */
static struct nooks_parked *claim_for(struct nooks_driver *driver, size_t private,
				      unsigned int txqs, unsigned int rxqs)
{
	const struct device *parent = nooks_bus_probing();
	struct nooks_parked *p, *found = NULL;

	spin_lock_irq(&nooks_parked_lock);
	list_for_each_entry(p, &all, list) {
		if (p->driver != driver || p->stage != NOOKS_STAGE_PARKED || p->parent != parent ||
		    p->private != private || p->txqs != txqs || p->rxqs != rxqs)
			continue;
		found = p;
		p->stage = NOOKS_STAGE_ADOPTED;
		p->hides_carrier = netif_carrier_ok(p->dev);
		break;
	}
	spin_unlock_irq(&nooks_parked_lock);
	return found;
}

struct net_device *nooks_netpark_adopt(struct nooks_driver *driver, size_t private,
				       unsigned int txqs, unsigned int rxqs)
{
	struct nooks_parked *p = claim_for(driver, private, txqs, rxqs);

	if (!p)
		return NULL;
	memcpy(nooks_parked_view(p), p->fresh, sizeof(*p->fresh));
	p->is_moved = false;
	if (nooks_grant_copy(driver->domain, p->dev, p->copy, GFP_KERNEL)) {
		nooks_netpark_return(p->dev);
		return NULL;
	}
	memset(netdev_priv(p->dev), 0, private);
	return p->dev;
}

void nooks_netpark_return(struct net_device *dev)
{
	struct nooks_parked *p = nooks_parked_get(dev);

	if (p && nooks_parked_move(p, NOOKS_STAGE_ADOPTED, NOOKS_STAGE_PARKED))
		hide_copy(p);
	nooks_parked_put(p);
}

/* What is wrong with what the driver has written to a field of @seen; NULL: nothing. */
static const char *field_wrong(struct nooks_crossing *x, const struct nooks_field *field,
			       const struct net_device *fresh, const struct net_device *seen)
{
	const void *value = (void *)seen + field->offset;
	unsigned long number = 0, before = 0;
	u8 policy = field->policy;
	const char *why;

	if (policy == NOOKS_FIELD_DENIED)
		policy = nooks_learn_policy(nooks_driver_of(x), field);
	if (policy == NOOKS_FIELD_DENIED)
		return "not the driver's";
	if (policy == NOOKS_FIELD_ANY)
		return NULL;
	if (field->size > sizeof(number))
		return "too large to be checked";
	memcpy(&number, value, field->size);
	memcpy(&before, (void *)fresh + field->offset, field->size);
	why = field->check ? field->check(x, (unsigned long)value, before, number, false) : NULL;
	return why || policy == NOOKS_FIELD_CHECKED ? why : nooks_value_wrong(x, field, number);
}

/* All that it has written it must be allowed to write. False: its domain has failed. */
static bool check_fields(struct nooks_crossing *x, struct nooks_parked *p,
			 const struct net_device *seen, const char *fn)
{
	const struct nooks_type *type = &nooks_types[NOOKS_TYPE_net_device];
	unsigned int i;

	for (i = 0; i < type->nr_fields; i++) {
		const struct nooks_field *field = &type->fields[i];
		const char *why;

		if (!memcmp((void *)seen + field->offset, (void *)p->fresh + field->offset,
			    field->size))
			continue;
		/* It may have another name, which allows it. */
		if (field->policy == NOOKS_FIELD_DENIED &&
		    !nooks_store_field_denied(NOOKS_TYPE_net_device, field->offset, field->size))
			continue;
		why = field_wrong(x, field, p->fresh, seen);
		if (why) {
			nooks_fail(x, NOOKS_DENIED_STORE, (unsigned long)p->dev + field->offset,
				   "%s: %s.%s: %s", fn, type->name, field->name, why);
			return false;
		}
	}
	return nooks_arg_require(x, seen->dev.parent == p->dev->dev.parent, fn,
				 "dev.parent is the device that it was before");
}

/*
 * A device that no longer says its address is not as a fresh load finds it: what failed was in the midst of something with it.
 * Another start may find it well.
 */
static bool check_address(struct nooks_crossing *x, const struct nooks_parked *p, const char *fn)
{
	return nooks_arg_require(x, !p->is_moved || p->dev->addr_len != ETH_ALEN || is_valid_ether_addr(p->moved) ||
				 !is_valid_ether_addr(p->dev->dev_addr), fn, "its hardware address is a valid one, as it was before");
}

/* Fields in which the kernel and its users know better. */
static bool is_kept(const struct nooks_field *field)
{
	switch (field->offset) {
	case offsetof(struct net_device, name):
	case offsetof(struct net_device, mtu):		/* see nethand.c */
	case offsetof(struct net_device, netdev_ops):	/* ditto */
	case offsetof(struct net_device, ethtool_ops):	/* ditto */
	case NOOKS_STAT_OPS:				/* ditto */
		return true;
	default:
		return field->policy == NOOKS_FIELD_IGNORED || field->policy == NOOKS_FIELD_COUNTED;
	}
}

/*
 * With rtnl: take over what the driver has written otherwise than the first time; what came of the rest is in the device.
 * Bit by bit, because the kernel has bits of its own in such fields.
 */
static void take_over(struct nooks_parked *p, const struct net_device *seen)
{
	const struct nooks_type *type = &nooks_types[NOOKS_TYPE_net_device];
	unsigned int i, byte;

	p->is_changed = seen->features != p->made->features ||
			seen->hw_features != p->made->hw_features;
	for (i = 0; i < type->nr_fields; i++) {
		const struct nooks_field *field = &type->fields[i];
		const u8 *now = (u8 *)seen + field->offset;
		u8 *made = (u8 *)p->made + field->offset, *live = (u8 *)p->dev + field->offset;

		if (!memcmp(now, (u8 *)p->fresh + field->offset, field->size))
			continue;
		for (byte = 0; byte < field->size; byte++) {
			u8 differ = now[byte] ^ made[byte];

			if (differ && !is_kept(field))
				WRITE_ONCE(live[byte], (live[byte] & ~differ) |
						       (now[byte] & differ));
			made[byte] = now[byte];
		}
	}
	p->netdev_ops = seen->netdev_ops;
	p->ethtool_ops = seen->ethtool_ops;
	p->stat_ops = nooks_stat_ops(seen);
}

static void registered(struct nooks_parked *p, bool has_carrier)
{
	bool is_late;

	spin_lock_irq(&nooks_parked_lock);
	p->stage = NOOKS_STAGE_REGISTERED;
	if (p->hides_carrier && !has_carrier)
		set_bit(__LINK_STATE_NOCARRIER, &p->dev->state);
	is_late = p->driver->hands_over;
	spin_unlock_irq(&nooks_parked_lock);
	hide_copy(p);
	if (is_late)
		schedule_delayed_work(&p->work, 0);
}

bool nooks_netpark_register(struct nooks_crossing *x, struct net_device *dev, const char *fn)
{
	struct nooks_parked *p = nooks_parked_get(dev);
	bool is_held = nooks_rtnl_held(), has_carrier, good = false;
	struct net_device *seen;

	if (!p || !nooks_parked_move(p, NOOKS_STAGE_ADOPTED, NOOKS_STAGE_REGISTERING)) {
		nooks_parked_put(p);
		nooks_fail(x, NOOKS_BAD_ARGUMENT, (unsigned long)dev, "%s: registered twice", fn);
		return false;
	}
	seen = kmemdup(nooks_parked_view(p), sizeof(*dev), GFP_KERNEL);
	if (!seen) {
		nooks_fail(x, NOOKS_OUT_OF_RESOURCES, (unsigned long)dev, "%s: no memory", fn);
		goto out;
	}
	/* What it has been told of its carrier is no store of the driver's. */
	has_carrier = netif_carrier_ok(seen);
	assign_bit(__LINK_STATE_NOCARRIER, &seen->state, !netif_carrier_ok(p->fresh));
	good = nooks_netdev_check(x, seen, fn) && check_fields(x, p, seen, fn) && check_address(x, p, fn);
	if (!good)
		goto out;
	if (!is_held)
		rtnl_lock();
	take_over(p, seen);
	if (!is_held)
		rtnl_unlock();
	registered(p, has_carrier);
out:
	if (!good)
		nooks_parked_move(p, NOOKS_STAGE_REGISTERING, NOOKS_STAGE_ADOPTED);
	kfree(seen);
	nooks_parked_put(p);
	return good;
}

/* The driver has started, or does not */

void nooks_netpark_drop(struct nooks_driver *driver)
{
	struct nooks_parked *p;

	/* The newest first: netstate.c. */
	while ((p = nooks_parked_claim(driver, true, NOOKS_STAGE_PARKED, NOOKS_STAGE_DROPPING))) {
		struct net_device *dev = p->dev;

		dev_put(dev);		/* it is nobody's but ours */
		nooks_netstate_save(driver, dev);
		rtnl_lock();
		if (dev->reg_state == NETREG_REGISTERED)
			unregister_netdevice(dev);
		rtnl_unlock();
		nooks_netdev_free(dev);
		nooks_parked_put(p);
	}
}

void nooks_netpark_restored(struct nooks_driver *driver)
{
	struct nooks_parked *p;

	spin_lock_irq(&nooks_parked_lock);
	driver->hands_over = true;
	spin_unlock_irq(&nooks_parked_lock);
	while ((p = nooks_parked_claim(driver, false, NOOKS_STAGE_REGISTERED,
				       NOOKS_STAGE_HANDING))) {
		rtnl_lock();
		nooks_parked_hand_over(p);
		rtnl_unlock();
		dev_put(p->dev);
		nooks_parked_put(p);
	}
	nooks_netpark_drop(driver);
}

/* What drivers say of a device before they register it */

/* void ether_setup(struct net_device *dev) */
NOOKS_WRAPPER(ether_setup)
{
	struct net_device *dev = (struct net_device *)a0;

	if (nooks_arg_object(x, dev, NOOKS_TYPE_net_device, false, "ether_setup", "dev"))
		ether_setup(nooks_netpark_view(dev));
	return 0;
}

/*
 * A driver that has adopted a device sets its address. A user's address stays, and the driver is told it when it
 * has started; another one than before becomes the device's then. Return: false: it has not adopted it.
 */
static bool note_address(struct net_device *dev, unsigned int offset, const void *addr, size_t len)
{
	struct nooks_parked *p = nooks_parked_get(dev);
	bool is_adopted = p && nooks_netpark_adopted(dev);

	if (is_adopted && !p->has_address) {
		if (!p->is_moved)
			memcpy(p->moved, dev->dev_addr, sizeof(p->moved));
		memcpy(p->moved + offset, addr, len);
		p->is_moved = memcmp(p->moved, dev->dev_addr, dev->addr_len);
	}
	nooks_parked_put(p);
	return is_adopted;
}

/* void dev_addr_mod(struct net_device *dev, unsigned int offset, const void *addr, size_t len) */
NOOKS_WRAPPER(dev_addr_mod)
{
	static const char fn[] = "dev_addr_mod";
	struct net_device *dev = (struct net_device *)a0;
	unsigned int offset = a1;

	if (nooks_arg_object(x, dev, NOOKS_TYPE_net_device, false, fn, "dev") &&
	    nooks_arg_range(x, offset, 0, MAX_ADDR_LEN, fn, "offset") &&
	    nooks_arg_range(x, a3, 0, MAX_ADDR_LEN - offset, fn, "len") &&
	    nooks_arg_readable(x, (void *)a2, a3, false, fn, "addr") &&
	    !note_address(dev, offset, (void *)a2, a3))
		dev_addr_mod(dev, offset, (void *)a2, a3);
	return 0;
}
