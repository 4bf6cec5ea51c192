// SPDX-License-Identifier: GPL-2.0
/*
 * A driver of an interface that does nothing, that no annotation knows: it stores to fields that
 * nobody has listed and offers functions that nobody has checked, all in good faith; and on demand
 * something that is wrong by any standard.
 */
#include <linux/etherdevice.h>
#include <linux/jiffies.h>
#include <linux/module.h>
#include <linux/netdevice.h>
#include <linux/rtnetlink.h>
#include <net/dcbnl.h>

static char *wrong = "nothing";
module_param(wrong, charp, 0444);
MODULE_PARM_DESC(wrong, "what to do wrong: pointer, half, lock, write, header or nothing");

static struct net_device *novice;
static const struct dcbnl_rtnl_ops dcbnl_ops;

static netdev_tx_t novice_xmit(struct sk_buff *skb, struct net_device *dev)
{
	dev_kfree_skb_any(skb);
	return NETDEV_TX_OK;
}

static int novice_get_iflink(const struct net_device *dev)
{
	return 4711;
}

/* Someone calls it who has its address from here: nobody has told nooks from where. */
static noinline void novice_call(void *unused)
{
	READ_ONCE(*wrong);
}

static unsigned long address = (unsigned long)novice_call;
module_param(address, ulong, 0444);
MODULE_PARM_DESC(address, "of a function that may be called");

static void novice_destroyed(struct net_device *dev)
{
}

static const struct net_device_ops novice_ops = {
	.ndo_start_xmit = novice_xmit,
	.ndo_get_iflink = novice_get_iflink,
	.ndo_validate_addr = eth_validate_addr,
};

/* A field of a packet's header, and what is not the driver's in another. */
static noinline int use_packet(bool wrongly)
{
	struct sk_buff *skb = alloc_skb(64, GFP_KERNEL);

	if (!skb)
		return -ENOMEM;
	WRITE_ONCE(skb->secmark, 4711);
	if (wrongly)
		WRITE_ONCE(skb->extensions, (void *)&jiffies);
	skb_put(skb, 4);
	skb_partial_csum_set(skb, 0, 0);
	kfree_skb(skb);
	return 0;
}

static noinline void do_wrong(void)
{
	if (!strcmp(wrong, "pointer"))
		WRITE_ONCE(novice->dcbnl_ops, (void *)&jiffies);
	else if (!strcmp(wrong, "half"))
		WRITE_ONCE(*(u32 *)&novice->dcbnl_ops, 0);
	else if (!strcmp(wrong, "lock"))
		WRITE_ONCE(*(u32 *)&novice->addr_list_lock, 0);
	else if (!strcmp(wrong, "header"))
		use_packet(true);
	else if (!strcmp(wrong, "write"))
		WRITE_ONCE(*(unsigned long *)&jiffies, 0);
}

static int __init novice_init(void)
{
	int ret;

	novice = alloc_etherdev(0);
	if (!novice)
		return -ENOMEM;
	do_wrong();
	ret = use_packet(false);
	if (ret)
		goto free;
	novice->netdev_ops = &novice_ops;
	WRITE_ONCE(novice->group, 1);
	WRITE_ONCE(novice->group, 2);
	novice->dcbnl_ops = &dcbnl_ops;
	/* register_netdev() would not have it. */
	WRITE_ONCE(novice->priv_destructor, novice_destroyed);
	WRITE_ONCE(novice->priv_destructor, NULL);
	ret = register_netdev(novice);
	if (!ret)
		return 0;
free:
	free_netdev(novice);
	return ret;
}

static void __exit novice_exit(void)
{
	unregister_netdev(novice);
	free_netdev(novice);
}

module_init(novice_init);
module_exit(novice_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("A driver that no annotation knows");
