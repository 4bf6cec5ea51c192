// SPDX-License-Identifier: GPL-2.0
/* How net devices that were parked are handed over to a restarted driver; netpark.h tells the idea. */
#define pr_fmt(fmt) "nooks: " fmt
#include <linux/if_vlan.h>
#include <linux/netpoll.h>
#include <linux/rtnetlink.h>
#include <net/sch_generic.h>
#include "../nooks/compat.h"
#include "../nooks/driver.h"
#include "../nooks/symbols.h"
#include "args.h"
#include "generated.h"
#include "net.h"
#include "netpark.h"
#include "parked.h"
#include "pci.h"

/* Links that don't come back in this time after a restart are gone for the kernel, too. */
#define CARRIER_WAIT	(5 * HZ)

static bool has_failed(const struct nooks_parked *p)
{
	return !READ_ONCE(p->driver->domain->open);
}

/*
 * Tell the driver what users have set; nobody else, for to them it has not changed, unless the driver refuses. The device
 * is not running, and its functions are the parked ones.
 */

static int tell_mtu(struct nooks_parked *p)
{
	struct net_device *dev = p->dev;
	unsigned int mtu = dev->mtu;
	int ret;

	if (mtu == p->made->mtu || !p->netdev_ops->ndo_change_mtu)
		return 0;
	dev->mtu = p->made->mtu;
	ret = p->netdev_ops->ndo_change_mtu(dev, mtu);
	/* Of a driver that has failed the next incarnation will be told. */
	if (!ret || has_failed(p)) {
		dev->mtu = mtu;
		return ret;
	}
	call_netdevice_notifiers(NETDEV_CHANGEMTU, dev);
	return ret;
}

static int tell_address(struct nooks_parked *p)
{
	struct net_device *dev = p->dev;
	struct sockaddr_storage address = { .ss_family = dev->type };

	if (p->is_moved) {
		dev_addr_mod(dev, 0, p->moved, dev->addr_len);
		memcpy(dev->perm_addr, p->moved, dev->addr_len);
		call_netdevice_notifiers(NETDEV_CHANGEADDR, dev);
	}
	if (!p->has_address || !p->netdev_ops->ndo_set_mac_address)
		return 0;
	memcpy(((struct sockaddr *)&address)->sa_data, p->address, dev->addr_len);
	return p->netdev_ops->ndo_set_mac_address(dev, &address);
}

static int tell_features(struct nooks_parked *p)
{
	struct net_device *dev = p->dev;
	/* The driver has switched on what it made the device with. */
	netdev_features_t differ = (dev->features ^ p->made->features) & p->made->hw_features;
	netdev_features_t wanted = dev->features;
	int ret;

	if (!differ || !p->netdev_ops->ndo_set_features)
		return 0;
	dev->features ^= differ;
	ret = p->netdev_ops->ndo_set_features(dev, wanted);
	if (!ret || has_failed(p))
		dev->features = wanted;
	else if (ret < 0)
		p->is_changed = true;
	return min(ret, 0);
}

/* It is without a carrier, and the kernel has not been told. */
static bool waits_for_link(const struct nooks_parked *p)
{
	lockdep_assert_held(&nooks_parked_lock);
	return p->hides_carrier && !netif_carrier_ok(p->dev);
}

/* What the driver says of a carrier that it has found already is not passed on once more. */
static void hide_carrier(struct nooks_parked *p)
{
	spin_lock_irq(&nooks_parked_lock);
	if (netif_carrier_ok(p->dev))
		p->hides_carrier = true;
	spin_unlock_irq(&nooks_parked_lock);
}

/* What dev_open() does of the driver's part. */
static int open(struct nooks_parked *p)
{
	const struct net_device_ops *ops = p->netdev_ops;
	struct net_device *dev = p->dev;
	int ret = 0;

	if (nooks_sym.netpoll_poll_disable)
		nooks_sym.netpoll_poll_disable(dev);
	set_bit(__LINK_STATE_START, &dev->state);
	if (ops->ndo_open)
		ret = ops->ndo_open(dev);
	/* As the driver that has failed should have. */
	if (!ret && nooks_pci_needs_stop(dev->dev.parent) && ops->ndo_stop) {
		hide_carrier(p);
		clear_bit(__LINK_STATE_START, &dev->state);
		ops->ndo_stop(dev);
		set_bit(__LINK_STATE_START, &dev->state);
		ret = ops->ndo_open(dev);
	}
	if (ret)
		clear_bit(__LINK_STATE_START, &dev->state);
	if (nooks_sym.netpoll_poll_enable)
		nooks_sym.netpoll_poll_enable(dev);
	return ret;
}

/* Which packets it is to receive. The device is present, with the driver's functions. */
static void set_filters(struct net_device *dev)
{
	const struct net_device_ops *ops = dev->netdev_ops;

	if (dev->features & NETIF_F_HW_VLAN_CTAG_FILTER)
		vlan_get_rx_ctag_filter_info(dev);
	if (dev->features & NETIF_F_HW_VLAN_STAG_FILTER)
		vlan_get_rx_stag_filter_info(dev);
	if (!netif_running(dev))
		return;
	if (ops->ndo_change_rx_flags && dev->flags & (IFF_PROMISC | IFF_ALLMULTI))
		ops->ndo_change_rx_flags(dev, dev->flags & (IFF_PROMISC | IFF_ALLMULTI));
	nooks_sym.dev_set_rx_mode(dev);
}

/* Start its queues, and the watch over them; or wait for the link with that. */
static void attach(struct nooks_parked *p)
{
	struct net_device *dev = p->dev;
	bool is_waiting;

	/* Queues that the driver has started already would not be served by what wakes all. */
	netif_tx_stop_all_queues(dev);
	spin_lock_irq(&nooks_parked_lock);
	is_waiting = waits_for_link(p);
	spin_unlock_irq(&nooks_parked_lock);
	if (is_waiting)
		return;
	clear_bit(__LINK_STATE_PRESENT, &dev->state);
	netif_device_attach(dev);
}

void nooks_parked_hand_over(struct nooks_parked *p)
{
	struct net_device *dev = p->dev;
	LIST_HEAD(settings);
	int ret;

	ASSERT_RTNL();
	/* The driver may have unregistered it again. */
	if (dev->reg_state != NETREG_REGISTERED)
		return;
	clear_bit(__LINK_STATE_START, &dev->state);
	WRITE_ONCE(dev->ethtool_ops, p->ethtool_ops);
	nooks_set_stat_ops(dev, p->stat_ops);
	nooks_settings_take(dev, &settings);
	ret = tell_mtu(p);
	ret = tell_address(p) ?: ret;
	ret = tell_features(p) ?: ret;
	nooks_settings_apply(p->driver, dev, &settings);
	if (dev->flags & IFF_UP) {
		int opened = open(p);

		/* Of a driver that has failed the next incarnation will have it up. */
		if (opened && !has_failed(p))
			dev_close(dev);
		ret = opened ?: ret;
	}
	WRITE_ONCE(dev->netdev_ops, p->netdev_ops);
	nooks_parked_move(p, NOOKS_STAGE_HANDING, NOOKS_STAGE_OWNED);
	set_bit(__LINK_STATE_PRESENT, &dev->state);
	if (p->is_changed)
		netdev_update_features(dev);
	p->is_changed = false;
	set_filters(dev);
	/* Some can be set only when the device is up. */
	nooks_settings_apply(p->driver, dev, &settings);
	attach(p);
	if (has_failed(p))
		nooks_settings_put_back(&settings);
	else if (ret || !list_empty(&settings))
		netdev_warn(dev, "nooks can't restore all of its state (%d)\n", ret);
	nooks_settings_free(&settings);
	schedule_delayed_work(&p->work, CARRIER_WAIT);
}

/* Carrier */

/* To the kernel there has been one all the time. */
void nooks_parked_show_carrier(struct nooks_parked *p)
{
	lockdep_assert_held(&nooks_parked_lock);
	if (p->hides_carrier)
		clear_bit(__LINK_STATE_NOCARRIER, &p->dev->state);
	p->hides_carrier = false;
}

/* With rtnl: the link has not come back. */
static void lose_carrier(struct nooks_parked *p)
{
	struct net_device *dev = p->dev;
	bool is_lost;

	spin_lock_irq(&nooks_parked_lock);
	is_lost = waits_for_link(p);
	nooks_parked_show_carrier(p);
	spin_unlock_irq(&nooks_parked_lock);
	if (!is_lost)
		return;
	if (netif_running(dev))
		netif_tx_wake_all_queues(dev);
	netif_carrier_off(dev);
}

void nooks_parked_work(struct work_struct *work)
{
	struct nooks_parked *p = container_of(to_delayed_work(work), struct nooks_parked, work);

	/* Its holder may be waiting for this work. */
	if (!rtnl_trylock()) {
		schedule_delayed_work(&p->work, 1);
		return;
	}
	if (nooks_parked_move(p, NOOKS_STAGE_REGISTERED, NOOKS_STAGE_HANDING))
		nooks_parked_hand_over(p);
	else if (p->dev->reg_state == NETREG_REGISTERED)
		lose_carrier(p);
	rtnl_unlock();
}

/* Does only the driver see what it says of the carrier? Then it is done. */
static bool hidden_carrier(struct net_device *dev, bool on)
{
	bool hidden = false, found = false;
	struct nooks_parked *p;
	unsigned long flags;

	spin_lock_irqsave(&nooks_parked_lock, flags);
	p = nooks_parked_find(dev);
	if (p && p->hides_carrier) {
		bool is_adopted = nooks_parked_adopted(p);
		struct net_device *seen = is_adopted ? nooks_parked_view(p) : dev;

		found = on && !is_adopted;
		p->hides_carrier = !found;
		/* If it was down meanwhile the kernel must be told, or its queues will have no discipline. */
		hidden = !found || !qdisc_tx_is_noop(dev);
		if (hidden)
			assign_bit(__LINK_STATE_NOCARRIER, &seen->state, !on);
	}
	spin_unlock_irqrestore(&nooks_parked_lock, flags);
	/* They have waited for that. */
	if (found && netif_running(dev) && netif_device_present(dev)) {
		netif_tx_wake_all_queues(dev);
		if (hidden)
			__netdev_watchdog_up(dev);
	}
	return hidden;
}

/*
 * A driver that has started a queue, as one may that is opened or that resets its device, gets packets that without a link it would
 * not get natively, and may not know what to do with: e1000 resets its device for each of them, and the link does not come.
 */
bool nooks_netpark_waits(struct net_device *dev, struct netdev_queue *queue)
{
	struct nooks_parked *p;
	unsigned long flags;
	bool waits;

	spin_lock_irqsave(&nooks_parked_lock, flags);
	p = nooks_parked_find(dev);
	waits = p && waits_for_link(p);
	/* Whoever finds that it waits no longer wakes all queues after this. */
	if (waits)
		netif_tx_stop_queue(queue);
	spin_unlock_irqrestore(&nooks_parked_lock, flags);
	return waits;
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

/* Presence: until it is handed over, that is not the driver's matter. */

static bool is_on_its_way(const struct nooks_parked *p)
{
	return p->stage != NOOKS_STAGE_OWNED;
}

/* void netif_device_attach(struct net_device *dev) */
NOOKS_WRAPPER(netif_device_attach)
{
	struct net_device *dev = (struct net_device *)a0;

	if (nooks_arg_object(x, dev, NOOKS_TYPE_net_device, false, "netif_device_attach", "dev") &&
	    !nooks_parked_is(dev, is_on_its_way))
		netif_device_attach(dev);
	return 0;
}

/* void netif_device_detach(struct net_device *dev) */
NOOKS_WRAPPER(netif_device_detach)
{
	struct net_device *dev = (struct net_device *)a0;

	if (nooks_arg_object(x, dev, NOOKS_TYPE_net_device, false, "netif_device_detach", "dev") &&
	    !nooks_parked_is(dev, is_on_its_way))
		netif_device_detach(dev);
	return 0;
}
