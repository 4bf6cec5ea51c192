// SPDX-License-Identifier: GPL-2.0
/* ethtool: calls whose buffers no annotation can describe. */
#include <linux/ethtool.h>
#include <linux/mm.h>
#include <linux/netdevice.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>
#include "../nooks/driver.h"
#include "generated.h"

/* Bytes from @p on in the kernel's allocation that @p begins. */
static size_t bytes_behind(const void *p)
{
	size_t size = 0;

	if (!is_vmalloc_addr(p))
		return ksize(p);
	/* A page that is not mapped follows each area. */
	while (vmalloc_to_page(p + size))
		size += PAGE_SIZE;
	return size;
}

/**
 * nooks_r_get_strings - the kernel wants the names of a driver's statistics, tests or flags
 * @stub: of get_strings
 * @role: its role
 * @args: device, set, buffer
 *
 * The driver fills a buffer of its own memory; as much as it has announced, and the kernel has
 * allocated, is copied. Return: 0.
 */
unsigned long nooks_r_get_strings(struct nooks_stub *stub, const struct nooks_role *role,
				  unsigned long *args)
{
	struct nooks_driver *driver = (struct nooks_driver *)stub->domain;
	struct net_device *dev = (struct net_device *)args[0];
	const struct ethtool_ops *ops = dev->ethtool_ops;
	unsigned long mine[6] = { args[0], args[1] }, ret;
	size_t size;
	int count;

	count = ops->get_sset_count ? ops->get_sset_count(dev, (u32)args[1]) : 0;
	if (count <= 0 || count > SZ_16K)
		return 0;
	size = (size_t)count * ETH_GSTRING_LEN;
	mine[2] = (unsigned long)nooks_heap_alloc(&driver->heap, size, GFP_KERNEL | __GFP_ZERO);
	if (!mine[2])
		return 0;
	if (nooks_call_stub(stub, mine, &ret) == NOOKS_CALL_DONE)
		memcpy((void *)args[2], (void *)mine[2], min(size, bytes_behind((void *)args[2])));
	nooks_heap_free(&driver->heap, (void *)mine[2]);
	return 0;
}
