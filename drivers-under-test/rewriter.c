// SPDX-License-Identifier: GPL-2.0
/*
 * A network driver that goes on writing to packets that it has given to the stack, as one with a
 * dangling pointer to a receive buffer does: asked for an address, it delivers two TCP segments that
 * GRO merges, and then changes what their headers say.
 */
#define pr_fmt(fmt) "rewriter: " fmt
#include <linux/etherdevice.h>
#include <linux/ip.h>
#include <linux/module.h>
#include <linux/netdevice.h>
#include <linux/tcp.h>
#include <net/ip.h>

#define PAYLOAD		300
#define SOURCE		0x0a630002	/* 10.99.0.2 */
#define DESTINATION	0x0a630001	/* 10.99.0.1 */
#define UNKNOWN		253		/* a protocol that nobody handles: RFC 3692 */

struct rewriter {
	struct napi_struct napi;
	struct net_device *dev;
	bool done;
};

static struct net_device *rewriter;

static void put_headers(struct net_device *dev, struct sk_buff *skb, unsigned int n)
{
	struct ethhdr *eth = skb_put_zero(skb, sizeof(*eth));
	struct iphdr *ip = skb_put_zero(skb, sizeof(*ip));
	struct tcphdr *tcp = skb_put_zero(skb, sizeof(*tcp));

	memcpy(eth->h_dest, dev->dev_addr, ETH_ALEN);
	eth->h_proto = htons(ETH_P_IP);
	ip->version = 4;
	ip->ihl = sizeof(*ip) / 4;
	ip->tot_len = htons(sizeof(*ip) + sizeof(*tcp) + PAYLOAD);
	ip->id = htons(1 + n);
	ip->frag_off = htons(IP_DF);
	ip->ttl = 64;
	ip->protocol = IPPROTO_TCP;
	ip->saddr = htonl(SOURCE);
	ip->daddr = htonl(DESTINATION);
	ip->check = ip_fast_csum(ip, ip->ihl);
	tcp->source = htons(1000);
	tcp->dest = htons(1000);
	tcp->seq = htonl(1 + n * PAYLOAD);
	tcp->doff = sizeof(*tcp) / 4;
	tcp->ack = 1;
}

/* Give a segment to the stack. Return: its IP header, which is not the driver's any longer. */
static struct iphdr *deliver(struct rewriter *r, unsigned int n)
{
	struct sk_buff *skb = napi_alloc_skb(&r->napi, 512);
	struct iphdr *ip;

	if (!skb)
		return NULL;
	put_headers(r->dev, skb, n);
	skb_put_zero(skb, PAYLOAD);
	skb->protocol = eth_type_trans(skb, r->dev);
	skb->ip_summed = CHECKSUM_UNNECESSARY;
	ip = (struct iphdr *)skb->data;
	napi_gro_receive(&r->napi, skb);
	return ip;
}

static int poll(struct napi_struct *napi, int budget)
{
	struct rewriter *r = container_of(napi, struct rewriter, napi);
	struct iphdr *first, *second;

	if (!r->done) {
		first = deliver(r, 0);
		second = deliver(r, 1);
		if (first)
			WRITE_ONCE(first->protocol, UNKNOWN);
		if (second)
			WRITE_ONCE(second->protocol, UNKNOWN);
		r->done = first && second && READ_ONCE(first->protocol) == UNKNOWN &&
			  READ_ONCE(second->protocol) == UNKNOWN;
	}
	napi_complete_done(napi, 0);
	return 0;
}

static int open(struct net_device *dev)
{
	struct rewriter *r = netdev_priv(dev);

	napi_enable(&r->napi);
	return 0;
}

static int stop(struct net_device *dev)
{
	struct rewriter *r = netdev_priv(dev);

	napi_disable(&r->napi);
	pr_info("%s\n", r->done ? "rewritten" : "idle");
	return 0;
}

static netdev_tx_t xmit(struct sk_buff *skb, struct net_device *dev)
{
	struct rewriter *r = netdev_priv(dev);

	if (skb->protocol == htons(ETH_P_ARP))
		napi_schedule(&r->napi);
	dev_kfree_skb_any(skb);
	return NETDEV_TX_OK;
}

static const struct net_device_ops ops = {
	.ndo_open = open,
	.ndo_stop = stop,
	.ndo_start_xmit = xmit,
};

static int __init rewriter_init(void)
{
	struct rewriter *r;
	int err;

	rewriter = alloc_etherdev(sizeof(*r));
	if (!rewriter)
		return -ENOMEM;
	r = netdev_priv(rewriter);
	r->dev = rewriter;
	rewriter->netdev_ops = &ops;
	eth_hw_addr_random(rewriter);
	netif_napi_add(rewriter, &r->napi, poll);
	err = register_netdev(rewriter);
	if (err)
		free_netdev(rewriter);
	return err;
}

static void __exit rewriter_exit(void)
{
	unregister_netdev(rewriter);
	free_netdev(rewriter);
}

module_init(rewriter_init);
module_exit(rewriter_exit);
MODULE_DESCRIPTION("Writes to packets that it has given to the stack");
MODULE_LICENSE("GPL");
