// SPDX-License-Identifier: GPL-2.0
/*
 * A network driver that loses its way, and breaks no rule. It is bound to an 82540EM, QEMU's "e1000", of which it uses nothing
 * but the hardware address, and that memory can be mapped for it; it has packets of its own for the kernel, ten times a second, and takes what it is given. "fault" says what goes
 * wrong from then on; as it is started, nothing does.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt
#include <linux/dma-mapping.h>
#include <linux/etherdevice.h>
#include <linux/module.h>
#include <linux/netdevice.h>
#include <linux/pci.h>
#include <linux/slab.h>
#include <linux/timer.h>

enum {
	FAULT_NONE,
	FAULT_STUCK,		/* the queue is stopped, for good */
	FAULT_STARVED,		/* what the device has received to is not replaced */
	FAULT_LONG,		/* packets longer than the device may receive */
	FAULT_SHORT,		/* and shorter than a header */
	FAULT_SEGMENTS,		/* of segments longer than the packet */
	FAULT_ERRORS,		/* errors, with each packet */
	FAULT_BACKWARDS,	/* packets are counted down */
	FAULT_BYTES,		/* a byte each */
	FAULT_CARRIER,		/* packets come although there is no carrier */
	FAULT_CALLS,		/* another MTU is refused, for want of memory */
	FAULT_ADDRESS,		/* the device has lost its address */
};

static int fault;
module_param(fault, int, 0644);
MODULE_PARM_DESC(fault, "what goes wrong: see the source");

static bool timeouts;
module_param(timeouts, bool, 0444);
MODULE_PARM_DESC(timeouts, "be told when the queue stands still, and let it go on");

#define BUFFERS		32
#define BUFFER		2048
#define PACKETS		20	/* each time */
#define LENGTH		100
#define TICK		(HZ / 10)

/* Registers: the first receive address */
#define RAL		0x5400
#define RAH		0x5404

/**
 * struct sick - the adapter
 * @dev: whose memory is mapped
 * @registers: its
 * @timer: at each tick
 * @buffers: to receive to
 * @mapped: their addresses for the device, or 0
 * @next: to be used
 * @stats: written by the timer, and by transmitting
 */
struct sick {
	struct device *dev;
	void __iomem *registers;
	struct timer_list timer;
	void *buffers[BUFFERS];
	dma_addr_t mapped[BUFFERS];
	unsigned int next;
	struct rtnl_link_stats64 stats;
};

static struct net_device *netdev;

static void map(struct sick *sick, unsigned int i)
{
	dma_addr_t addr = dma_map_single(sick->dev, sick->buffers[i], BUFFER, DMA_FROM_DEVICE);

	sick->mapped[i] = dma_mapping_error(sick->dev, addr) ? 0 : addr;
}

static void unmap(struct sick *sick, unsigned int i)
{
	if (sick->mapped[i])
		dma_unmap_single(sick->dev, sick->mapped[i], BUFFER, DMA_FROM_DEVICE);
	sick->mapped[i] = 0;
}

/* What the device would have received. */
static void deliver(struct sick *sick, int what)
{
	unsigned int length = what == FAULT_LONG ? 3000 : what == FAULT_SHORT ? 10 : LENGTH;
	struct sk_buff *skb = netdev_alloc_skb(netdev, length);
	struct ethhdr *eth;

	if (!skb)
		return;
	eth = skb_put_zero(skb, length);
	if (length >= sizeof(*eth))
		eth->h_proto = htons(ETH_P_LOOPBACK);
	if (what == FAULT_SHORT) {
		skb_reset_mac_header(skb);
		skb->protocol = htons(ETH_P_LOOPBACK);
		skb->dev = netdev;
	} else {
		skb->protocol = eth_type_trans(skb, netdev);
	}
	if (what == FAULT_SEGMENTS) {
		skb_shinfo(skb)->gso_size = 2 * LENGTH;
		skb_shinfo(skb)->gso_type = SKB_GSO_TCPV4;
	}
	netif_rx(skb);
}

/* The device's. As one that was left in the midst of something, it gives none the next time, and one after that. */
static void read_address(struct sick *sick)
{
	u32 low = readl(sick->registers + RAL), high = readl(sick->registers + RAH);
	u8 address[ETH_ALEN];

	memcpy(address, &low, sizeof(low));		/* both of x86's order */
	memcpy(address + sizeof(low), &high, sizeof(u16));
	eth_hw_addr_set(netdev, address);
	if (low || (u16)high)
		return;
	writel(0x12005452, sick->registers + RAL);
	writel(0x5634, sick->registers + RAH);
}

static void lose_address(struct sick *sick)
{
	writel(0, sick->registers + RAL);
	writel(0, sick->registers + RAH);
}

static void use_buffer(struct sick *sick, int what)
{
	unmap(sick, sick->next);
	if (what != FAULT_STARVED)
		map(sick, sick->next);
	sick->next = (sick->next + 1) % BUFFERS;
}

static void tick(struct timer_list *timer)
{
	struct sick *sick = from_timer(sick, timer, timer);
	int i, what = READ_ONCE(fault);

	for (i = 0; i < PACKETS; i++) {
		use_buffer(sick, what);
		if (what != FAULT_STARVED)
			deliver(sick, i ? FAULT_NONE : what);
	}
	sick->stats.rx_packets += what == FAULT_BACKWARDS ? -PACKETS : PACKETS;
	sick->stats.rx_bytes += what == FAULT_BYTES ? PACKETS : PACKETS * LENGTH;
	sick->stats.rx_errors += what == FAULT_ERRORS ? PACKETS : 0;
	if (what == FAULT_CARRIER && netif_carrier_ok(netdev))
		netif_carrier_off(netdev);
	if (what == FAULT_ADDRESS)
		lose_address(sick);
	mod_timer(&sick->timer, jiffies + TICK);
}

static netdev_tx_t xmit(struct sk_buff *skb, struct net_device *dev)
{
	struct sick *sick = netdev_priv(dev);

	if (READ_ONCE(fault) == FAULT_STUCK)
		netif_stop_queue(dev);
	sick->stats.tx_packets++;
	sick->stats.tx_bytes += skb->len;
	dev_kfree_skb_any(skb);
	return NETDEV_TX_OK;
}

static void tx_timeout(struct net_device *dev, unsigned int queue)
{
	netif_wake_queue(dev);
}

static int change_mtu(struct net_device *dev, int mtu)
{
	if (READ_ONCE(fault) == FAULT_CALLS)
		return -ENOMEM;
	dev->mtu = mtu;
	return 0;
}

static void get_stats(struct net_device *dev, struct rtnl_link_stats64 *stats)
{
	struct sick *sick = netdev_priv(dev);

	*stats = sick->stats;
}

static int sick_open(struct net_device *dev)
{
	struct sick *sick = netdev_priv(dev);
	unsigned int i;

	for (i = 0; i < BUFFERS; i++)
		map(sick, i);
	netif_carrier_on(dev);
	netif_start_queue(dev);
	mod_timer(&sick->timer, jiffies + TICK);
	return 0;
}

static int sick_stop(struct net_device *dev)
{
	struct sick *sick = netdev_priv(dev);
	unsigned int i;

	netif_stop_queue(dev);
	del_timer_sync(&sick->timer);
	for (i = 0; i < BUFFERS; i++)
		unmap(sick, i);
	return 0;
}

static const struct net_device_ops ops = {
	.ndo_open = sick_open,
	.ndo_stop = sick_stop,
	.ndo_start_xmit = xmit,
	.ndo_change_mtu = change_mtu,
	.ndo_get_stats64 = get_stats,
};

static const struct net_device_ops ops_with_timeouts = {
	.ndo_open = sick_open,
	.ndo_stop = sick_stop,
	.ndo_start_xmit = xmit,
	.ndo_change_mtu = change_mtu,
	.ndo_get_stats64 = get_stats,
	.ndo_tx_timeout = tx_timeout,
};

static void free_buffers(struct sick *sick)
{
	unsigned int i;

	for (i = 0; i < BUFFERS; i++)
		kfree(sick->buffers[i]);
}

static int allocate(struct sick *sick)
{
	unsigned int i;

	for (i = 0; i < BUFFERS; i++) {
		sick->buffers[i] = kmalloc(BUFFER, GFP_KERNEL);
		if (!sick->buffers[i]) {
			free_buffers(sick);
			return -ENOMEM;
		}
	}
	return 0;
}

static int sick_probe(struct pci_dev *dev, const struct pci_device_id *id)
{
	struct sick *sick;
	int ret = pci_enable_device(dev);

	if (ret)
		return ret;
	pci_set_master(dev);
	netdev = alloc_etherdev(sizeof(*sick));
	ret = netdev ? dma_set_mask_and_coherent(&dev->dev, DMA_BIT_MASK(64)) : -ENOMEM;
	if (ret)
		goto disable;
	SET_NETDEV_DEV(netdev, &dev->dev);
	sick = netdev_priv(netdev);
	sick->dev = &dev->dev;
	timer_setup(&sick->timer, tick, 0);
	netdev->netdev_ops = timeouts ? &ops_with_timeouts : &ops;
	netdev->watchdog_timeo = HZ;
	sick->registers = pci_iomap(dev, 0, 0);
	if (!sick->registers) {
		ret = -ENOMEM;
		goto free;
	}
	read_address(sick);
	ret = allocate(sick);
	if (ret)
		goto unmap;
	ret = register_netdev(netdev);
	if (!ret)
		return 0;
	free_buffers(sick);
unmap:
	pci_iounmap(dev, sick->registers);
free:
	free_netdev(netdev);
disable:
	pci_disable_device(dev);
	return ret;
}

static void sick_remove(struct pci_dev *dev)
{
	struct sick *sick = netdev_priv(netdev);

	unregister_netdev(netdev);
	free_buffers(sick);
	pci_iounmap(dev, sick->registers);
	free_netdev(netdev);
	pci_disable_device(dev);
}

static const struct pci_device_id sick_ids[] = {
	{ PCI_DEVICE(PCI_VENDOR_ID_INTEL, 0x100e) },
	{ }
};

static struct pci_driver sick_driver = {
	.name = KBUILD_MODNAME,
	.id_table = sick_ids,
	.probe = sick_probe,
	.remove = sick_remove,
};
module_pci_driver(sick_driver);

MODULE_DESCRIPTION("Loses its way, and breaks no rule");
MODULE_LICENSE("GPL");
