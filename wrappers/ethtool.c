// SPDX-License-Identifier: GPL-2.0
/* ethtool: calls whose buffers no annotation can describe, and settings that survive a restart. */
#include <linux/ethtool.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/rtnetlink.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>
#include "../domains/switch.h"
#include "../nooks/compat.h"
#include "generated.h"
#include "net.h"

/**
 * struct setting - what a user has set on a device by ethtool, as the driver was told it
 * @list: in settings or of a device's record, oldest first
 * @dev: compared only
 * @kind: index in kinds
 * @value: the second argument, if it is a number
 * @data: otherwise the second argument's and the third one's data
 */
struct setting {
	struct list_head list;
	const struct net_device *dev;
	unsigned int kind;
	unsigned long value;
	u8 data[] __aligned(sizeof(long));
};

static LIST_HEAD(settings);		/* of devices that are registered */
static DEFINE_MUTEX(settings_mutex);	/* protects it; inside rtnl */

#define KIND(member, first, second)								\
	{ NOOKS_ROLE_ethtool_ops_##member, offsetof(struct ethtool_ops, member), first, second }

/* The functions that set something, with the sizes of what their pointers point to. */
static const struct {
	u16 role;
	u16 offset;
	size_t first;
	size_t second;
} kinds[] = {
	KIND(set_channels, sizeof(struct ethtool_channels), 0),
	KIND(set_coalesce, sizeof(struct ethtool_coalesce), sizeof(struct kernel_ethtool_coalesce)),
	KIND(set_eee, sizeof(struct ethtool_eee), 0),
	KIND(set_link_ksettings, sizeof(struct ethtool_link_ksettings), 0),
	KIND(set_msglevel, 0, 0),
	KIND(set_pauseparam, sizeof(struct ethtool_pauseparam), 0),
	KIND(set_priv_flags, 0, 0),
	KIND(set_ringparam, sizeof(struct ethtool_ringparam),
	     sizeof(struct kernel_ethtool_ringparam)),
	KIND(set_wol, sizeof(struct ethtool_wolinfo), 0),
};

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

static struct setting *setting_make(unsigned int kind, const unsigned long *args)
{
	size_t first = kinds[kind].first, second = kinds[kind].second;
	struct setting *setting = kzalloc(struct_size(setting, data, first + second), GFP_KERNEL);

	if (!setting)
		return NULL;
	setting->dev = (struct net_device *)args[0];
	setting->kind = kind;
	setting->value = args[1];
	memcpy(setting->data, (void *)args[1], first);
	if (second && args[2])
		memcpy(setting->data + first, (void *)args[2], second);
	return setting;
}

/* The last word on it counts. */
static void setting_keep(struct setting *new)
{
	struct setting *setting, *next;

	mutex_lock(&settings_mutex);
	list_for_each_entry_safe(setting, next, &settings, list) {
		if (setting->dev != new->dev || setting->kind != new->kind)
			continue;
		list_del(&setting->list);
		kfree(setting);
	}
	list_add_tail(&new->list, &settings);
	mutex_unlock(&settings_mutex);
}

/**
 * nooks_r_ethtool_setting - a user sets something by ethtool: remember it for a restart
 * @stub: of the driver's function
 * @role: its role
 * @args: device, and what to set: a number, or one or two pointers
 *
 * Context: holds rtnl. Return: what the driver has said.
 */
unsigned long nooks_r_ethtool_setting(struct nooks_stub *stub, const struct nooks_role *role,
				      unsigned long *args)
{
	struct nooks_driver *driver = (struct nooks_driver *)stub->domain;
	struct setting *setting;
	unsigned long ret;
	unsigned int kind;

	for (kind = 0; kind < ARRAY_SIZE(kinds); kind++)
		if (kinds[kind].role == role - nooks_roles)
			break;
	if (WARN_ON_ONCE(kind == ARRAY_SIZE(kinds)))
		return nooks_call_role(stub, role, args);
	/* Before the call, in which the driver may change what it is given. */
	setting = setting_make(kind, args);
	ret = nooks_call_role(stub, role, args);
	if (setting && !(int)ret && READ_ONCE(driver->domain->open))
		setting_keep(setting);
	else
		kfree(setting);
	return ret;
}

void nooks_settings_take(const struct net_device *dev, struct list_head *taken)
{
	struct setting *setting, *next;

	mutex_lock(&settings_mutex);
	list_for_each_entry_safe(setting, next, &settings, list)
		if (setting->dev == dev)
			list_move_tail(&setting->list, taken);
	mutex_unlock(&settings_mutex);
}

void nooks_settings_put_back(struct list_head *taken)
{
	mutex_lock(&settings_mutex);
	list_splice_tail_init(taken, &settings);
	mutex_unlock(&settings_mutex);
}

void nooks_settings_free(struct list_head *taken)
{
	struct setting *setting, *next;

	list_for_each_entry_safe(setting, next, taken, list)
		kfree(setting);
	INIT_LIST_HEAD(taken);
}

/* As ethtool does it. Return: what the driver says. */
static int apply(struct nooks_driver *driver, struct net_device *dev, struct setting *setting)
{
	const struct ethtool_ops *ops = dev->ethtool_ops;
	size_t first = kinds[setting->kind].first, second = kinds[setting->kind].second;
	unsigned long args[6] = {
		(unsigned long)dev,
		first ? (unsigned long)setting->data : setting->value,
		second ? (unsigned long)(setting->data + first) : 0,
	};
	struct nooks_stub *stub = nooks_stub_find(driver, *(void **)((u8 *)ops +
								     kinds[setting->kind].offset));
	int ret = -EOPNOTSUPP;

	if (!stub)
		return ret;
	ret = ops->begin ? ops->begin(dev) : 0;
	if (ret)
		return ret;
	ret = (int)nooks_enter_role(stub, args);
	if (ops->complete)
		ops->complete(dev);
	if (!ret && kinds[setting->kind].role == NOOKS_ROLE_ethtool_ops_set_wol)
		nooks_wol_enabled(dev) = !!((struct ethtool_wolinfo *)setting->data)->wolopts;
	return ret;
}

void nooks_settings_apply(struct nooks_driver *driver, struct net_device *dev,
			  struct list_head *taken)
{
	struct setting *setting, *next;

	ASSERT_RTNL();
	list_for_each_entry_safe(setting, next, taken, list) {
		if (apply(driver, dev, setting))
			continue;
		list_del(&setting->list);
		kfree(setting);
	}
}
