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
 * Lends the buffer, whose size only the kernel knows, to the driver. Return: 0.
 */
unsigned long nooks_r_get_strings(struct nooks_stub *stub, const struct nooks_role *role,
				  unsigned long *args)
{
	struct net_device *dev = (struct net_device *)args[0];
	const struct ethtool_ops *ops = dev->ethtool_ops;
	void *buffer = (void *)args[2];
	int count = ops->get_sset_count ? ops->get_sset_count(dev, (u32)args[1]) : 0;
	size_t size = max(count, 0) * (size_t)ETH_GSTRING_LEN;

	size = min(size, bytes_behind(buffer));
	return nooks_call_lending(stub, role, args, buffer, size);
}
