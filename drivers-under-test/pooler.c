// SPDX-License-Identifier: GPL-2.0
/*
 * A driver that gets its buffers from a page pool, as drivers of large adapters do; it is bound to an 82540EM, QEMU's
 * "e1000", which it has pages mapped for and does nothing else with. It says what comes of it, which must be the same
 * natively and in a domain. "misuse" is what no driver may do with a pool.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt
#include <linux/dma-mapping.h>
#include <linux/etherdevice.h>
#include <linux/module.h>
#include <linux/netdevice.h>
#include <linux/pci.h>
#if __has_include(<net/page_pool/helpers.h>)
#include <net/page_pool/helpers.h>
#else
#include <net/page_pool.h>
#endif
#include <net/xdp.h>

static char *misuse = "none";
module_param(misuse, charp, 0444);
MODULE_PARM_DESC(misuse, "twice, foreign, destroyed, wild, write or none");

#ifndef PP_FLAG_PAGE_FRAG	/* some kernels have pools for parts of pages only */
#define PP_FLAG_PAGE_FRAG	0
#endif
#define PAGES		64
#define ROUNDS		100
#define PART		1000
#define OFFSET		64
#define LENGTH		1500

static struct net_device *netdev;
static struct page *pages[PAGES];

static struct page_pool *create(struct device *dev, unsigned int flags)
{
	struct page_pool_params params = {
		.flags = PP_FLAG_DMA_MAP | PP_FLAG_DMA_SYNC_DEV | flags,
		.pool_size = PAGES,
		.nid = NUMA_NO_NODE,
		.dev = dev,
		.dma_dir = DMA_FROM_DEVICE,
		.offset = OFFSET,
		.max_len = LENGTH,
	};

	return page_pool_create(&params);
}

/* All at once, each of which the driver may write and the device is told of; and back. */
static int whole(struct page_pool *pool, unsigned int round)
{
	unsigned int i, j;
	int bad = 0;

	for (i = 0; i < PAGES; i++) {
		pages[i] = page_pool_dev_alloc_pages(pool);
		if (!pages[i])
			return -ENOMEM;
		bad += !page_pool_get_dma_addr(pages[i]);
		memset(page_address(pages[i]), i + round, PAGE_SIZE);
		dma_sync_single_range_for_cpu(pool->p.dev, page_pool_get_dma_addr(pages[i]),
					      pool->p.offset, LENGTH, page_pool_get_dma_dir(pool));
	}
	for (i = 0; i < PAGES; i++) {
		bad += *(u8 *)page_address(pages[i]) != (u8)(i + round);
		for (j = 0; j < i; j++)
			bad += pages[j] == pages[i];
		page_pool_put_full_page(pool, pages[i], false);
	}
	return bad;
}

/* Several in one page, none over another. */
static int parts(struct page_pool *pool)
{
	unsigned int offsets[PAGES], i, j, shared = 0;
	int bad = 0;

	for (i = 0; i < PAGES; i++) {
		pages[i] = page_pool_dev_alloc_frag(pool, &offsets[i], PART);
		if (!pages[i])
			return -ENOMEM;
		memset(page_address(pages[i]) + offsets[i], i, PART);
		shared += i && pages[i] == pages[i - 1];
	}
	for (i = 0; i < PAGES; i++) {
		const u8 *p = page_address(pages[i]) + offsets[i];

		for (j = 0; j < PART; j++)
			bad += p[j] != (u8)i;
		page_pool_put_full_page(pool, pages[i], false);
	}
	return bad + (shared < PAGES / 2);
}

/* In a packet that the stack frees, when it likes. */
static int packet(struct page_pool *pool)
{
	struct sk_buff *skb = netdev_alloc_skb(netdev, 128);
	struct page *page = page_pool_dev_alloc_pages(pool);
	struct ethhdr *eth;

	if (!skb || !page) {
		if (page)
			page_pool_put_full_page(pool, page, false);
		kfree_skb(skb);
		return -ENOMEM;
	}
	eth = skb_put_zero(skb, sizeof(*eth));
	eth->h_proto = htons(ETH_P_LOOPBACK);
	skb_add_rx_frag(skb, 0, page, OFFSET, 100, PAGE_SIZE);
	skb_mark_for_recycle(skb);
	skb->protocol = eth_type_trans(skb, netdev);
	local_bh_disable();
	netif_receive_skb(skb);
	local_bh_enable();
	return 0;
}

static void misbehave(struct page_pool *pool, struct device *dev)
{
	struct page *page = page_pool_dev_alloc_pages(pool);
	struct page_pool *other = create(dev, 0);

	if (!strcmp(misuse, "twice")) {
		page_pool_put_full_page(pool, page, false);
		page_pool_put_full_page(pool, page, false);
	} else if (!strcmp(misuse, "foreign")) {
		page_pool_put_full_page(other, page, false);
	} else if (!strcmp(misuse, "destroyed")) {
		page_pool_destroy(other);
		page_pool_dev_alloc_pages(other);
	} else if (!strcmp(misuse, "wild")) {
		page_pool_dev_alloc_pages((void *)dev);
	} else if (!strcmp(misuse, "write")) {
		pool->p.order = 5;
	}
	pr_info("%s: went unnoticed\n", misuse);
	page_pool_destroy(other);
}

static int run(struct device *dev)
{
	struct xdp_rxq_info queue = {};
	struct page_pool *pool, *second, *cut;
	unsigned int i;
	int ret;

	pool = create(dev, 0);
	second = create(dev, 0);
	cut = create(dev, PP_FLAG_PAGE_FRAG);
	if (IS_ERR(pool) || IS_ERR(second) || IS_ERR(cut))
		return -ENOMEM;
	if (strcmp(misuse, "none"))
		misbehave(pool, dev);
	ret = xdp_rxq_info_reg(&queue, netdev, 0, 0);
	if (!ret)
		ret = xdp_rxq_info_reg_mem_model(&queue, MEM_TYPE_PAGE_POOL, pool);
	pr_info("the pool of a receive queue: %d\n", ret);
	for (ret = 0, i = 0; i < ROUNDS && !ret; i++)
		ret = whole(i % 2 ? second : pool, i);
	pr_info("whole pages: %d\n", ret);
	for (ret = 0, i = 0; i < ROUNDS && !ret; i++)
		ret = parts(cut);
	pr_info("parts of pages: %d\n", ret);
	for (ret = 0, i = 0; i < PAGES * ROUNDS && !ret; i++)
		ret = packet(pool);
	pr_info("pages in packets: %d\n", ret);
	xdp_rxq_info_unreg(&queue);
	page_pool_destroy(pool);
	page_pool_destroy(second);
	page_pool_destroy(cut);
	return 0;
}

static netdev_tx_t xmit(struct sk_buff *skb, struct net_device *dev)
{
	dev_kfree_skb_any(skb);
	return NETDEV_TX_OK;
}

static const struct net_device_ops ops = {
	.ndo_start_xmit = xmit,
};

static int pooler_probe(struct pci_dev *dev, const struct pci_device_id *id)
{
	int ret = pci_enable_device(dev);

	if (ret)
		return ret;
	netdev = alloc_etherdev(0);
	ret = netdev ? dma_set_mask_and_coherent(&dev->dev, DMA_BIT_MASK(64)) : -ENOMEM;
	if (ret)
		goto disable;
	netdev->netdev_ops = &ops;
	eth_hw_addr_random(netdev);
	ret = register_netdev(netdev);
	if (ret)
		goto free;
	ret = run(&dev->dev);
	if (!ret)
		return 0;
	unregister_netdev(netdev);
free:
	free_netdev(netdev);
disable:
	pci_disable_device(dev);
	return ret;
}

static void pooler_remove(struct pci_dev *dev)
{
	unregister_netdev(netdev);
	free_netdev(netdev);
	pci_disable_device(dev);
}

static const struct pci_device_id pooler_ids[] = {
	{ PCI_DEVICE(PCI_VENDOR_ID_INTEL, 0x100e) },
	{ }
};

static struct pci_driver pooler_driver = {
	.name = KBUILD_MODNAME,
	.id_table = pooler_ids,
	.probe = pooler_probe,
	.remove = pooler_remove,
};
module_pci_driver(pooler_driver);

MODULE_DESCRIPTION("Has its buffers from a page pool");
MODULE_LICENSE("GPL");
