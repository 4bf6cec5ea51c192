// SPDX-License-Identifier: GPL-2.0
/* Net devices that outlive their driver; netpark.h tells the idea. */
#define pr_fmt(fmt) "nooks: " fmt
#include <linux/ethtool.h>
#include <linux/if_vlan.h>
#include <linux/mm.h>
#include <linux/netdevice.h>
#include <linux/rtnetlink.h>
#include <linux/slab.h>
#include <linux/workqueue.h>
#include "../nooks/learn.h"
#include "../objtracker/store.h"
#include "args.h"
#include "bus.h"
#include "generated.h"
#include "net.h"
#include "netpark.h"
#include "pci.h"

/* Links that don't come back in this time after a restart are gone for the kernel, too. */
#define CARRIER_WAIT	(5 * HZ)

/** enum stage - in the life of a net device */
enum stage {
	STAGE_OWNED,		/* the driver's: allocated or registered */
	STAGE_PARKED,		/* nobody's */
	STAGE_ADOPTED,		/* a restarted driver's, which sees a copy of it */
	STAGE_REGISTERED,	/* which has registered it; it waits until the driver has started */
};

/**
 * struct parked - a net device that can be parked
 * @list: in all, in the order of allocation; under all_lock
 * @driver: whose
 * @dev: the device, which does not move
 * @parent: its parent; compared only
 * @stage: changed by its driver's thread that makes or registers it, and by recovery, with no thread inside
 * @private: bytes of its private area
 * @txqs: queues that it was allocated with
 * @rxqs: ditto
 * @fresh: what it was when it had been allocated
 * @made: what the driver had made of it before it was registered; NULL until then
 * @copy: in STAGE_ADOPTED: the page that the domain sees in its place
 * @netdev_ops: the driver's, while they are not the device's
 * @ethtool_ops: ditto
 * @has_address: a user has set @address
 * @address: hardware address
 * @is_fixed: it can't be parked
 * @hides_carrier: what the driver says of the carrier is not passed on; under all_lock
 * @carrier_work: passes it on when it has been hidden for long
 */
struct parked {
	struct list_head list;
	struct nooks_driver *driver;
	struct net_device *dev;
	const struct device *parent;
	enum stage stage;
	size_t private;
	unsigned int txqs;
	unsigned int rxqs;
	struct net_device *fresh;
	struct net_device *made;
	struct page *copy;
	const struct net_device_ops *netdev_ops;
	const struct ethtool_ops *ethtool_ops;
	bool has_address;
	u8 address[MAX_ADDR_LEN];
	bool is_fixed;
	bool hides_carrier;
	struct delayed_work carrier_work;
};

static LIST_HEAD(all);
static DEFINE_SPINLOCK(all_lock);	/* protects it; interrupts off */

static struct parked *find(const struct net_device *dev)
{
	struct parked *p, *found = NULL;
	unsigned long flags;

	spin_lock_irqsave(&all_lock, flags);
	list_for_each_entry(p, &all, list) {
		if (p->dev == dev) {
			found = p;
			break;
		}
	}
	spin_unlock_irqrestore(&all_lock, flags);
	return found;
}

/* Of an adopted one: what the domain sees in its place. */
static struct net_device *view(const struct parked *p)
{
	return page_address(p->copy) + offset_in_page(p->dev);
}

/* The next one of a driver's behind @last, or the first one. Nobody else adds or removes any meanwhile. */
static struct parked *next_of(struct nooks_driver *driver, struct parked *last)
{
	struct parked *p = last ?: list_entry(&all, struct parked, list), *found = NULL;
	unsigned long flags;

	spin_lock_irqsave(&all_lock, flags);
	list_for_each_entry_continue(p, &all, list) {
		if (p->driver == driver) {
			found = p;
			break;
		}
	}
	spin_unlock_irqrestore(&all_lock, flags);
	return found;
}

/* Between drivers */

static netdev_tx_t parked_xmit(struct sk_buff *skb, struct net_device *dev)
{
	dev_kfree_skb_any(skb);		/* who sends past its stopped queues */
	return NETDEV_TX_OK;
}

static const struct net_device_ops parked_netdev_ops = {
	.ndo_start_xmit = parked_xmit,
};

static const struct ethtool_ops parked_ethtool_ops;

/* To the kernel there is a carrier all the time. */
static void show_carrier(struct parked *p)
{
	lockdep_assert_held(&all_lock);
	if (p->hides_carrier)
		clear_bit(__LINK_STATE_NOCARRIER, &p->dev->state);
	p->hides_carrier = false;
}

/* The link has not come back. */
static void lose_carrier(struct work_struct *work)
{
	struct parked *p = container_of(to_delayed_work(work), struct parked, carrier_work);
	bool is_lost;

	/* Its holder may be waiting for this work. */
	if (!rtnl_trylock()) {
		schedule_delayed_work(&p->carrier_work, 1);
		return;
	}
	spin_lock_irq(&all_lock);
	is_lost = p->hides_carrier && !netif_carrier_ok(p->dev);
	show_carrier(p);
	spin_unlock_irq(&all_lock);
	if (is_lost)
		netif_carrier_off(p->dev);
	rtnl_unlock();
}

void nooks_netpark_add(struct nooks_driver *driver, struct net_device *dev, size_t private,
		       unsigned int txqs, unsigned int rxqs)
{
	struct parked *p = kzalloc(sizeof(*p), GFP_KERNEL);

	if (!p)
		return;
	p->fresh = kmemdup(dev, sizeof(*dev), GFP_KERNEL);
	if (!p->fresh) {
		kfree(p);
		return;
	}
	p->driver = driver;
	p->dev = dev;
	p->private = private;
	p->txqs = txqs;
	p->rxqs = rxqs;
	INIT_DELAYED_WORK(&p->carrier_work, lose_carrier);
	spin_lock_irq(&all_lock);
	list_add_tail(&p->list, &all);
	spin_unlock_irq(&all_lock);
}

/* The domain sees the device itself again. */
static void drop_copy(struct parked *p)
{
	struct page *copy = p->copy;

	if (!copy)
		return;
	nooks_revoke(p->driver->domain, p->dev, sizeof(*p->dev));
	nooks_revoke_flush(p->driver->domain);
	p->copy = NULL;
	__free_page(copy);
}

void nooks_netpark_remove(struct net_device *dev)
{
	struct parked *p = find(dev);

	if (!p)
		return;
	spin_lock_irq(&all_lock);
	list_del(&p->list);
	spin_unlock_irq(&all_lock);
	cancel_delayed_work_sync(&p->carrier_work);
	drop_copy(p);
	kfree(p->fresh);
	kfree(p->made);
	kfree(p);
}

void nooks_netpark_note(struct net_device *dev)
{
	struct parked *p = find(dev);

	if (!p || p->made || p->is_fixed)
		return;
	p->parent = dev->dev.parent;
	p->made = kmemdup(dev, sizeof(*dev), GFP_KERNEL);
}

bool nooks_netpark_fix(struct net_device *dev)
{
	struct parked *p = find(dev);

	if (p && p->stage == STAGE_ADOPTED)
		return false;
	if (p && !p->made)
		p->is_fixed = true;
	return true;
}

/* No thread is inside, so all that happens to the device happens by the kernel's hand. */
static void take_from_driver(struct parked *p)
{
	struct net_device *dev = p->dev;
	unsigned int i;

	p->has_address = memcmp(dev->dev_addr, dev->perm_addr, dev->addr_len);
	memcpy(p->address, dev->dev_addr, dev->addr_len);
	netif_device_detach(dev);
	netif_tx_disable(dev);
	clear_bit(__LINK_STATE_START, &dev->state);
	for (i = 0; i < dev->num_tx_queues; i++)
		netdev_tx_reset_queue(netdev_get_tx_queue(dev, i));
	p->netdev_ops = dev->netdev_ops;
	p->ethtool_ops = dev->ethtool_ops;
	WRITE_ONCE(dev->netdev_ops, &parked_netdev_ops);
	WRITE_ONCE(dev->ethtool_ops, &parked_ethtool_ops);
}

bool nooks_netpark_park(struct net_device *dev)
{
	struct parked *p = find(dev);

	if (!p || !p->made || READ_ONCE(dev->reg_state) != NETREG_REGISTERED)
		return false;
	cancel_delayed_work_sync(&p->carrier_work);
	spin_lock_irq(&all_lock);
	show_carrier(p);
	spin_unlock_irq(&all_lock);
	drop_copy(p);
	if (p->stage == STAGE_OWNED) {
		rtnl_lock();
		take_from_driver(p);
		rtnl_unlock();
		synchronize_net();	/* until nobody calls the driver's functions any more */
	}
	p->stage = STAGE_PARKED;
	return true;
}

bool nooks_netpark_parked(const struct net_device *dev)
{
	struct parked *p = find(dev);

	return p && p->stage == STAGE_PARKED;
}

/* A new owner */

struct net_device *nooks_netpark_adopt(struct nooks_driver *driver, size_t private,
				       unsigned int txqs, unsigned int rxqs)
{
	const struct device *parent = nooks_bus_probing();
	struct parked *p = NULL;

	while ((p = next_of(driver, p)))
		if (p->stage == STAGE_PARKED && p->parent == parent && p->private == private &&
		    p->txqs == txqs && p->rxqs == rxqs)
			break;
	if (!p)
		return NULL;
	p->copy = alloc_page(GFP_KERNEL | __GFP_ZERO);
	if (!p->copy)
		return NULL;
	memcpy(view(p), p->fresh, sizeof(*p->fresh));
	if (nooks_grant_copy(driver->domain, p->dev, p->copy, GFP_KERNEL)) {
		drop_copy(p);
		return NULL;
	}
	memset(netdev_priv(p->dev), 0, private);
	spin_lock_irq(&all_lock);
	p->hides_carrier = netif_carrier_ok(p->dev);
	p->stage = STAGE_ADOPTED;
	spin_unlock_irq(&all_lock);
	return p->dev;
}

void nooks_netpark_return(struct net_device *dev)
{
	struct parked *p = find(dev);

	spin_lock_irq(&all_lock);
	p->hides_carrier = false;
	p->stage = STAGE_PARKED;
	spin_unlock_irq(&all_lock);
	drop_copy(p);
}


struct net_device *nooks_netpark_view(struct net_device *dev)
{
	struct parked *p = find(dev);

	return p && p->stage == STAGE_ADOPTED ? view(p) : dev;
}

/* What is wrong with what the driver has written to a field; NULL: nothing. */
static const char *field_wrong(struct nooks_crossing *x, const struct nooks_field *field,
			       const void *value)
{
	unsigned long number = 0;
	u8 policy = field->policy;

	if (policy == NOOKS_FIELD_DENIED)
		policy = nooks_learn_policy(nooks_driver_of(x), field);
	if (policy == NOOKS_FIELD_DENIED)
		return "not the driver's";
	if (policy == NOOKS_FIELD_ANY)
		return NULL;
	if (field->size > sizeof(number))
		return "too large to be checked";
	memcpy(&number, value, field->size);
	return nooks_value_wrong(x, field, number);
}

/*
 * Take over what the driver has written to its copy, all of which it must be allowed to write. Most of it is what it wrote
 * the first time: what came of that is in the device. Return: false: its domain has failed.
 */
static bool take_over(struct nooks_crossing *x, struct parked *p, const struct net_device *seen,
		      const char *fn)
{
	const struct nooks_type *type = &nooks_types[NOOKS_TYPE_net_device];
	unsigned int i;

	for (i = 0; i < type->nr_fields; i++) {
		const struct nooks_field *field = &type->fields[i];
		unsigned int offset = field->offset;
		const void *value = (void *)seen + offset;
		const char *why;

		if (!memcmp(value, (void *)p->fresh + offset, field->size))
			continue;
		why = field_wrong(x, field, value);
		if (why) {
			nooks_fail(x, NOOKS_DENIED_STORE, (unsigned long)p->dev + offset,
				   "%s: %s.%s: %s", fn, type->name, field->name, why);
			return false;
		}
		/* Its name is what users call it now. */
		if (!memcmp(value, (void *)p->made + offset, field->size) ||
		    field->policy == NOOKS_FIELD_IGNORED || field->policy == NOOKS_FIELD_COUNTED ||
		    offset == offsetof(struct net_device, name))
			continue;
		memcpy((void *)p->dev + offset, value, field->size);
		memcpy((void *)p->made + offset, value, field->size);
	}
	return true;
}

bool nooks_netpark_register(struct nooks_crossing *x, struct net_device *dev, const char *fn)
{
	struct parked *p = find(dev);
	struct net_device *seen = kmemdup(view(p), sizeof(*dev), GFP_KERNEL);
	bool has_carrier, good;

	if (!seen) {
		nooks_fail(x, NOOKS_OUT_OF_RESOURCES, (unsigned long)dev, "%s: no memory", fn);
		return false;
	}
	/* What it has been told of its carrier is no store of the driver's. */
	has_carrier = netif_carrier_ok(seen);
	assign_bit(__LINK_STATE_NOCARRIER, &seen->state, !netif_carrier_ok(p->fresh));
	good = nooks_netdev_check(x, seen, fn) && take_over(x, p, seen, fn);
	if (good) {
		p->netdev_ops = seen->netdev_ops;
		p->ethtool_ops = seen->ethtool_ops;
		WRITE_ONCE(dev->netdev_ops, &parked_netdev_ops);
		WRITE_ONCE(dev->ethtool_ops, &parked_ethtool_ops);
		spin_lock_irq(&all_lock);
		p->stage = STAGE_REGISTERED;
		if (p->hides_carrier && !has_carrier)
			set_bit(__LINK_STATE_NOCARRIER, &dev->state);
		spin_unlock_irq(&all_lock);
		drop_copy(p);
	}
	kfree(seen);
	return good;
}

/* The driver has started */

/*
 * With rtnl: tell the driver what users have set; nobody else, for to them it has not changed, unless the driver refuses. The
 * device is present, and not running.
 */

static int tell_mtu(struct parked *p)
{
	struct net_device *dev = p->dev;
	const struct net_device_ops *ops = dev->netdev_ops;
	unsigned int mtu = dev->mtu;
	int ret;

	if (mtu == p->made->mtu || !ops->ndo_change_mtu)
		return 0;
	dev->mtu = p->made->mtu;
	ret = ops->ndo_change_mtu(dev, mtu);
	dev->mtu = mtu;
	/* Of a driver that has failed the next incarnation will be told. */
	if (ret && READ_ONCE(p->driver->domain->open))
		dev_set_mtu(dev, p->made->mtu);
	return ret;
}

static int tell_address(struct parked *p)
{
	struct net_device *dev = p->dev;
	struct sockaddr_storage address = { .ss_family = dev->type };

	if (!p->has_address || !dev->netdev_ops->ndo_set_mac_address)
		return 0;
	memcpy(((struct sockaddr *)&address)->sa_data, p->address, dev->addr_len);
	return dev->netdev_ops->ndo_set_mac_address(dev, &address);
}

static int tell_features(struct parked *p)
{
	struct net_device *dev = p->dev;
	const struct net_device_ops *ops = dev->netdev_ops;
	/* The driver has switched on what it made the device with. */
	netdev_features_t differ = (dev->features ^ p->made->features) & p->made->hw_features;
	netdev_features_t wanted = dev->features;
	int ret;

	if (!differ || !ops->ndo_set_features)
		return 0;
	dev->features ^= differ;
	ret = ops->ndo_set_features(dev, wanted);
	if (!ret || !READ_ONCE(p->driver->domain->open))
		dev->features = wanted;
	else if (ret < 0)
		netdev_update_features(dev);
	return min(ret, 0);
}

/* With rtnl: what dev_open() does of the driver's part. */
static int open(struct net_device *dev)
{
	const struct net_device_ops *ops = dev->netdev_ops;
	int ret = 0;

	set_bit(__LINK_STATE_START, &dev->state);
	if (ops->ndo_open)
		ret = ops->ndo_open(dev);
	/* As the driver that has failed should have. */
	if (!ret && nooks_pci_needs_stop(dev->dev.parent) && ops->ndo_stop) {
		clear_bit(__LINK_STATE_START, &dev->state);
		ops->ndo_stop(dev);
		set_bit(__LINK_STATE_START, &dev->state);
		ret = ops->ndo_open(dev);
	}
	if (ret)
		clear_bit(__LINK_STATE_START, &dev->state);
	return ret;
}

/* With rtnl: the driver does not want to. If it has failed, its next start will have the device up. */
static void close_unopened(struct parked *p)
{
	if (!READ_ONCE(p->driver->domain->open))
		return;
	WRITE_ONCE(p->dev->netdev_ops, &parked_netdev_ops);
	dev_close(p->dev);
	WRITE_ONCE(p->dev->netdev_ops, p->netdev_ops);
}

/* With rtnl: which packets it is to receive. */
static void set_filters(struct net_device *dev)
{
	const struct net_device_ops *ops = dev->netdev_ops;

	netif_addr_lock_bh(dev);
	if (ops->ndo_change_rx_flags && dev->flags & (IFF_PROMISC | IFF_ALLMULTI))
		ops->ndo_change_rx_flags(dev, dev->flags & (IFF_PROMISC | IFF_ALLMULTI));
	if (ops->ndo_set_rx_mode)
		ops->ndo_set_rx_mode(dev);
	netif_addr_unlock_bh(dev);
	if (dev->features & NETIF_F_HW_VLAN_CTAG_FILTER)
		vlan_get_rx_ctag_filter_info(dev);
	if (dev->features & NETIF_F_HW_VLAN_STAG_FILTER)
		vlan_get_rx_stag_filter_info(dev);
}

static void hand_over(struct parked *p)
{
	struct net_device *dev = p->dev;
	LIST_HEAD(settings);
	int ret;

	rtnl_lock();
	WRITE_ONCE(dev->netdev_ops, p->netdev_ops);
	WRITE_ONCE(dev->ethtool_ops, p->ethtool_ops);
	p->stage = STAGE_OWNED;
	nooks_settings_take(dev, &settings);
	set_bit(__LINK_STATE_PRESENT, &dev->state);
	ret = tell_mtu(p);
	ret = tell_address(p) ?: ret;
	ret = tell_features(p) ?: ret;
	nooks_settings_apply(p->driver, dev, &settings);
	if (dev->flags & IFF_UP) {
		int opened = open(dev);

		if (opened) {
			ret = opened;
			close_unopened(p);
		} else {
			set_filters(dev);
			/* Some can be set only now, because the device has to be up. */
			nooks_settings_apply(p->driver, dev, &settings);
		}
	}
	/* Start its queues, and the watch over them. */
	clear_bit(__LINK_STATE_PRESENT, &dev->state);
	netif_device_attach(dev);
	if (!READ_ONCE(p->driver->domain->open))
		nooks_settings_put_back(&settings);
	else if (ret || !list_empty(&settings))
		pr_warn("%s: can't restore all of its state (%d)\n", dev->name, ret);
	rtnl_unlock();
	nooks_settings_free(&settings);
	schedule_delayed_work(&p->carrier_work, CARRIER_WAIT);
}

/* It has no driver's functions, and no driver knows it. */
static void unregister(struct parked *p)
{
	struct net_device *dev = p->dev;

	nooks_netstate_save(p->driver, dev);
	unregister_netdev(dev);
	nooks_netdev_free(dev);
}

static void drop_parked(struct nooks_driver *driver, const char *why)
{
	struct parked *p = NULL, *next = next_of(driver, NULL);

	while ((p = next)) {
		next = next_of(driver, p);
		if (p->stage != STAGE_PARKED)
			continue;
		if (why)
			pr_warn("%s: %s\n", p->dev->name, why);
		unregister(p);
	}
}

void nooks_netpark_restored(struct nooks_driver *driver)
{
	struct parked *p = NULL;

	while ((p = next_of(driver, p)))
		if (p->stage == STAGE_REGISTERED)
			hand_over(p);
	drop_parked(driver, "has not come back");
}

void nooks_netpark_drop(struct nooks_driver *driver)
{
	drop_parked(driver, NULL);
}

/* Carrier */

/* Does only the driver see what it says of the carrier? Then it is done. */
static bool hidden_carrier(struct net_device *dev, bool on)
{
	struct parked *p = find(dev);
	struct net_device *seen;
	unsigned long flags;
	bool hidden;

	if (!p)
		return false;
	spin_lock_irqsave(&all_lock, flags);
	hidden = p->hides_carrier;
	if (hidden) {
		seen = p->stage == STAGE_ADOPTED ? view(p) : dev;
		assign_bit(__LINK_STATE_NOCARRIER, &seen->state, !on);
		/* There it is again. */
		p->hides_carrier = !on || seen != dev;
	}
	spin_unlock_irqrestore(&all_lock, flags);
	/* The watch over its queues has ended while there was none. */
	if (hidden && on && seen == dev && netif_running(dev))
		__netdev_watchdog_up(dev);
	return hidden;
}

/* void netif_carrier_on(struct net_device *dev) */
NOOKS_WRAPPER(netif_carrier_on)
{
	struct net_device *dev = (struct net_device *)a0;

	if (nooks_arg_object(x, dev, NOOKS_TYPE_net_device, false, "netif_carrier_on", "dev") &&
	    !hidden_carrier(dev, true))
		netif_carrier_on(dev);
	return 0;
}

/* void netif_carrier_off(struct net_device *dev) */
NOOKS_WRAPPER(netif_carrier_off)
{
	struct net_device *dev = (struct net_device *)a0;

	if (nooks_arg_object(x, dev, NOOKS_TYPE_net_device, false, "netif_carrier_off", "dev") &&
	    !hidden_carrier(dev, false))
		netif_carrier_off(dev);
	return 0;
}

/* What else drivers say of a device before they register it */

/* void ether_setup(struct net_device *dev) */
NOOKS_WRAPPER(ether_setup)
{
	struct net_device *dev = (struct net_device *)a0;

	if (nooks_arg_object(x, dev, NOOKS_TYPE_net_device, false, "ether_setup", "dev"))
		ether_setup(nooks_netpark_view(dev));
	return 0;
}

/* void dev_addr_mod(struct net_device *dev, unsigned int offset, const void *addr, size_t len) */
NOOKS_WRAPPER(dev_addr_mod)
{
	static const char fn[] = "dev_addr_mod";
	struct net_device *dev = (struct net_device *)a0;
	unsigned int offset = a1;
	const struct parked *p;

	if (!nooks_arg_object(x, dev, NOOKS_TYPE_net_device, false, fn, "dev") ||
	    !nooks_arg_range(x, offset, 0, MAX_ADDR_LEN, fn, "offset") ||
	    !nooks_arg_range(x, a3, 0, MAX_ADDR_LEN - offset, fn, "len") ||
	    !nooks_arg_readable(x, (void *)a2, a3, false, fn, "addr"))
		return 0;
	p = find(dev);
	/* A user's address stays, and the driver is told it when it has started. */
	if (p && p->stage == STAGE_ADOPTED &&
	    (p->has_address || !memcmp(dev->dev_addr + offset, (void *)a2, a3)))
		return 0;
	dev_addr_mod(dev, offset, (void *)a2, a3);
	return 0;
}
