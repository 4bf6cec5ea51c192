// SPDX-License-Identifier: GPL-2.0
/*
 * XDP. Programs can't be attached to drivers in domains: what these offer for it is left out when the
 * kernel gets at their operations. They describe their receive queues to XDP all the same, in memory of
 * their own; of what a queue without a program needs, the kernel keeps nothing.
 */
#include <linux/netdevice.h>
#include <net/xdp.h>
#include "generated.h"
#include "../nooks/driver.h"
#include "pagepool.h"

static bool check(struct nooks_crossing *x, struct xdp_rxq_info *rxq, const char *fn)
{
	return nooks_arg_writable(x, rxq, sizeof(*rxq), false, fn, "xdp_rxq");
}

/* int __xdp_rxq_info_reg(xdp_rxq, struct net_device *dev, u32 queue_index, napi_id, frag_size) */
NOOKS_WRAPPER(__xdp_rxq_info_reg)
{
	static const char fn[] = "__xdp_rxq_info_reg";
	struct xdp_rxq_info *theirs = (struct xdp_rxq_info *)a0, rxq = {};
	struct net_device *dev = (struct net_device *)a1;
	int ret;

	if (!check(x, theirs, fn) ||
	    !nooks_arg_object(x, dev, NOOKS_TYPE_net_device, false, fn, "dev"))
		return 0;
	ret = __xdp_rxq_info_reg(&rxq, dev, a2, a3, a4);
	*theirs = rxq;
	return ret;
}

/* int xdp_rxq_info_reg_mem_model(xdp_rxq, enum xdp_mem_type type, void *allocator) */
NOOKS_WRAPPER(xdp_rxq_info_reg_mem_model)
{
	static const char fn[] = "xdp_rxq_info_reg_mem_model";
	struct xdp_rxq_info *theirs = (struct xdp_rxq_info *)a0;

	if (!check(x, theirs, fn))
		return 0;
	if (a1 == MEM_TYPE_PAGE_POOL) {
		u32 id = nooks_page_pool_hold(nooks_driver_of(x), (struct page_pool *)a2);

		if (!id) {
			nooks_fail(x, NOOKS_BAD_ARGUMENT, a2, "%s: no page pool of this driver's",
				   fn);
			return 0;
		}
		theirs->mem = (struct xdp_mem_info) { .type = a1, .id = id };
		return 0;
	}
	/* The others have an allocator, which the kernel would call. */
	if ((a1 != MEM_TYPE_PAGE_SHARED && a1 != MEM_TYPE_PAGE_ORDER0) || a2)
		return -EOPNOTSUPP;
	theirs->mem.type = a1;
	return 0;
}

/* void xdp_rxq_info_unreg(xdp_rxq) */
NOOKS_WRAPPER(xdp_rxq_info_unreg)
{
	static const char fn[] = "xdp_rxq_info_unreg";
	struct xdp_rxq_info *theirs = (struct xdp_rxq_info *)a0;
	struct xdp_mem_info mem;

	if (!check(x, theirs, fn))
		return 0;
	mem = theirs->mem;
	*theirs = (struct xdp_rxq_info) {};
	if (mem.type == MEM_TYPE_PAGE_POOL && !nooks_page_pool_let_go(nooks_driver_of(x), mem.id))
		nooks_fail(x, NOOKS_BAD_ARGUMENT, a0, "%s: no page pool of this driver's", fn);
	return 0;
}

/* void xdp_flush_frame_bulk(struct xdp_frame_bulk *bq) */
NOOKS_WRAPPER(xdp_flush_frame_bulk)
{
	static const char fn[] = "xdp_flush_frame_bulk";
	const struct xdp_frame_bulk *bulk = (const struct xdp_frame_bulk *)a0;

	if (nooks_arg_readable(x, bulk, sizeof(*bulk), false, fn, "bq") && READ_ONCE(bulk->xa))
		nooks_fail(x, NOOKS_BAD_ARGUMENT, a0, "%s: frames without an allocator", fn);
	return 0;
}
