// SPDX-License-Identifier: GPL-2.0
/*
 * What drivers may write to a net_device: values by which the kernel takes it for something that it is
 * not, or calls functions that it does not have, are refused.
 */
#include <linux/if_ether.h>
#include <linux/netdevice.h>
#include "../nooks/driver.h"
#include "args.h"
#include "generated.h"
#include "net.h"

/* Of features that these promise, the kernel calls functions without a look: domains can't have them. */
#define FEATURES_REFUSED (NETIF_F_HW_TLS_TX | NETIF_F_HW_TLS_RX | NETIF_F_HW_TLS_RECORD | NETIF_F_HW_ESP | \
			  NETIF_F_HW_ESP_TX_CSUM | NETIF_F_HW_MACSEC)
#define FEATURES_VLAN_FILTER (NETIF_F_HW_VLAN_CTAG_FILTER | NETIF_F_HW_VLAN_STAG_FILTER)

/* All others say what kind of device it is (netdev_priv() of a VLAN is not a driver's), or are the stack's own. */
#define PRIVATE_FLAGS_ALLOWED (IFF_XMIT_DST_RELEASE | IFF_XMIT_DST_RELEASE_PERM | IFF_DONT_BRIDGE | \
			       IFF_DISABLE_NETPOLL | IFF_TX_SKB_SHARING | IFF_UNICAST_FLT | IFF_SUPP_NOFCS | \
			       IFF_LIVE_ADDR_CHANGE | IFF_NO_QUEUE | IFF_RXFH_CONFIGURED | IFF_PHONY_HEADROOM | \
			       IFF_NO_RX_HANDLER | IFF_TX_SKB_NO_LINEAR)

const char *nooks_netdev_features_wrong(const struct net_device_ops *ops, netdev_features_t features)
{
	if (features & FEATURES_REFUSED)
		return "TLS, IPsec or MACsec, which is not offered to domains";
	if (ops && features & FEATURES_VLAN_FILTER && (!ops->ndo_vlan_rx_add_vid || !ops->ndo_vlan_rx_kill_vid))
		return "VLANs are filtered, without functions for that";
	if (ops && features & NETIF_F_HW_L2FW_DOFFLOAD &&
	    (!ops->ndo_dfwd_add_station || !ops->ndo_dfwd_del_station))
		return "stations are forwarded, without functions for that";
	return NULL;
}

static bool is_registered(struct nooks_crossing *x, const struct net_device *dev)
{
	return dev->reg_state != NETREG_UNINITIALIZED || nooks_netdev_registering(nooks_driver_of(x), dev);
}

/* Before it is registered the functions may come later: nooks_netdev_check(). */
static const char *gained_wrong(struct nooks_crossing *x, const struct net_device *dev, netdev_features_t gained)
{
	return nooks_netdev_features_wrong(is_registered(x, dev) ? dev->netdev_ops : NULL, gained);
}

/* The kernel finds a registered one by its name, in a table: users rename it. (A restarted driver, which makes it once more, sees a copy.) */
const char *nooks_field_netdev_name(struct nooks_crossing *x, unsigned long addr, u64 old, u64 new, bool done)
{
	const struct net_device *dev = container_of((const char (*)[IFNAMSIZ])addr, struct net_device, name);

	return is_registered(x, dev) ? "the device is registered" : NULL;
}

const char *nooks_field_netdev_features(struct nooks_crossing *x, unsigned long addr, u64 old, u64 new, bool done)
{
	return gained_wrong(x, container_of((netdev_features_t *)addr, struct net_device, features), new & ~old);
}

/* Users may switch these on. */
const char *nooks_field_netdev_hw_features(struct nooks_crossing *x, unsigned long addr, u64 old, u64 new,
					   bool done)
{
	return gained_wrong(x, container_of((netdev_features_t *)addr, struct net_device, hw_features), new & ~old);
}

const char *nooks_field_netdev_wanted_features(struct nooks_crossing *x, unsigned long addr, u64 old, u64 new,
					       bool done)
{
	return gained_wrong(x, container_of((netdev_features_t *)addr, struct net_device, wanted_features), new & ~old);
}

const char *nooks_field_netdev_flags(struct nooks_crossing *x, unsigned long addr, u64 old, u64 new, bool done)
{
	return (old ^ new) & (IFF_UP | IFF_LOOPBACK | IFF_MASTER | IFF_SLAVE) ?
	       "another kind of device, or up and down" : NULL;
}

const char *nooks_field_netdev_priv_flags(struct nooks_crossing *x, unsigned long addr, u64 old, u64 new, bool done)
{
	return (old ^ new) & ~(u64)PRIVATE_FLAGS_ALLOWED ? "another kind of device" : NULL;
}

/* The stack subtracts headers from it. */
const char *nooks_field_netdev_mtu(struct nooks_crossing *x, unsigned long addr, u64 old, u64 new, bool done)
{
	return new < ETH_MIN_MTU || new > ETH_MAX_MTU ? "not from 68 to 65535" : NULL;
}

/* Who calls a function of a registered device has looked at another table, perhaps. */
const char *nooks_field_netdev_ops(struct nooks_crossing *x, unsigned long addr, u64 old, u64 new, bool done)
{
	const struct net_device *dev = container_of((const struct net_device_ops **)addr, struct net_device, netdev_ops);

	if (done || new == old)
		return NULL;
	return is_registered(x, dev) ? "the device is registered" : old && !new ? "there must be one" : NULL;
}

/* The kernel follows it without a look. */
const char *nooks_field_table(struct nooks_crossing *x, unsigned long addr, u64 old, u64 new, bool done)
{
	return old && !new ? "there must be one" : NULL;
}

/**
 * nooks_r_fix_features - the kernel asks which of the features that are wanted the driver can have
 * @stub: of ndo_fix_features
 * @role: its role
 * @args: the device, the features
 *
 * Return: those; of a driver that fails or says what it may not, those that it has.
 */
unsigned long nooks_r_fix_features(struct nooks_stub *stub, const struct nooks_role *role, unsigned long *args)
{
	struct nooks_driver *driver = (struct nooks_driver *)stub->domain;
	const struct net_device *dev = (const struct net_device *)args[0];
	netdev_features_t wanted = args[1], had = dev->features & wanted;
	unsigned long ret;

	if (nooks_call_stub(stub, args, &ret) != NOOKS_CALL_DONE)
		return had;
	/* The kernel would warn of LRO that it can't switch off. */
	if (!nooks_netdev_features_wrong(dev->netdev_ops, ret & ~wanted) && !(ret & ~wanted & NETIF_F_LRO))
		return ret;
	nooks_fail_return(driver, stub, ret);
	return had;
}
