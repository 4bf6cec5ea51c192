// SPDX-License-Identifier: GPL-2.0
/*
 * What users have set on a net device survives a restart of its driver: name and index, MTU,
 * address, flags, features; what rtnetlink knows (rtnetlink.c); what ethtool has set (ethtool.c).
 */
#define pr_fmt(fmt) "nooks: " fmt
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/rtnetlink.h>
#include <linux/slab.h>
#include "net.h"
#include "netpark.h"
#include "pci.h"
#include "rtnetlink.h"

#define USER_FLAGS	(IFF_UP | IFF_PROMISC | IFF_ALLMULTI | IFF_NOTRAILERS | IFF_DYNAMIC)

/**
 * struct nooks_netdev_record - what is kept of a net device from its release until the driver has
 *	registered it again
 * @list: in records, in the order of the devices' registration
 * @driver: whose
 * @parent: the device's parent; compared only
 * @ifindex: of the device, which it will have again
 * @name: ditto
 * @mtu: ditto
 * @flags: as dev_get_flags() tells them
 * @wanted: features that the user had switched on, of those in @changeable
 * @changeable: features that the user may switch
 * @own_address: @address was not the device's permanent one
 * @address: hardware address
 * @words: what rtnetlink told of it
 * @settings: what ethtool has set: see nooks_settings_take()
 * @taken: a device has its name again
 */
struct nooks_netdev_record {
	struct list_head list;
	struct nooks_driver *driver;
	const struct device *parent;
	int ifindex;
	char name[IFNAMSIZ];
	unsigned int mtu;
	unsigned int flags;
	netdev_features_t wanted;
	netdev_features_t changeable;
	bool own_address;
	u8 address[MAX_ADDR_LEN];
	struct nooks_words words;
	struct list_head settings;
	bool taken;
};

static LIST_HEAD(records);
static DEFINE_MUTEX(records_mutex);		/* protects records; inside rtnl */

static void record_free(struct nooks_netdev_record *record)
{
	nooks_words_free(&record->words);
	nooks_settings_free(&record->settings);
	kfree(record);
}

/* Has the driver failed again before the state was restored to this device? Then that counts. */
static bool saved_before(struct nooks_driver *driver, const struct net_device *dev)
{
	struct nooks_netdev_record *record;
	bool found = false;

	mutex_lock(&records_mutex);
	list_for_each_entry(record, &records, list) {
		if (record->driver != driver || !record->taken || record->ifindex != dev->ifindex)
			continue;
		record->taken = false;
		/* What the driver was told once more before it failed. */
		nooks_settings_take(dev, &record->settings);
		found = true;
	}
	mutex_unlock(&records_mutex);
	return found;
}

void nooks_netstate_save(struct nooks_driver *driver, struct net_device *dev)
{
	struct nooks_netdev_record *record;

	/* A driver registers its devices in the first name space; others have their own names. */
	if (dev->reg_state != NETREG_REGISTERED || !net_eq(dev_net(dev), &init_net) ||
	    saved_before(driver, dev))
		return;
	record = kzalloc(sizeof(*record), GFP_KERNEL);
	if (!record)
		return;
	INIT_LIST_HEAD(&record->settings);
	record->driver = driver;
	record->parent = dev->dev.parent;
	rtnl_lock();
	record->ifindex = dev->ifindex;
	strscpy(record->name, dev->name, sizeof(record->name));
	record->mtu = dev->mtu;
	record->flags = dev_get_flags(dev) & USER_FLAGS;
	record->wanted = dev->wanted_features;
	record->changeable = dev->hw_features;
	nooks_settings_take(dev, &record->settings);
	record->own_address = memcmp(dev->dev_addr, dev->perm_addr, dev->addr_len);
	memcpy(record->address, dev->dev_addr, dev->addr_len);
	rtnl_unlock();
	nooks_words_listen(&record->words, record->ifindex, record->name);
	mutex_lock(&records_mutex);
	/* Devices are released newest first. */
	list_add(&record->list, &records);
	mutex_unlock(&records_mutex);
}

/* Has somebody else got the name or the index in the meantime? */
static bool in_use(const struct nooks_netdev_record *record)
{
	struct net_device *by_name = dev_get_by_name(&init_net, record->name);
	struct net_device *by_index = dev_get_by_index(&init_net, record->ifindex);

	dev_put(by_name);
	dev_put(by_index);
	return by_name || by_index;
}

void nooks_netstate_name(struct nooks_driver *driver, struct net_device *dev)
{
	struct nooks_netdev_record *record;

	mutex_lock(&records_mutex);
	list_for_each_entry(record, &records, list) {
		if (record->driver != driver || record->taken ||
		    record->parent != dev->dev.parent || in_use(record))
			continue;
		strscpy(dev->name, record->name, sizeof(dev->name));
		dev->ifindex = record->ifindex;
		record->taken = true;
		break;
	}
	mutex_unlock(&records_mutex);
}

static void restore(struct nooks_netdev_record *record, struct net_device *dev)
{
	struct sockaddr_storage address = { .ss_family = dev->type };
	unsigned int flags;
	int ret = 0;

	rtnl_lock();
	if (record->mtu != dev->mtu)
		ret = dev_set_mtu(dev, record->mtu);
	if (record->own_address) {
		memcpy(((struct sockaddr *)&address)->sa_data, record->address, dev->addr_len);
		ret = dev_set_mac_address(dev, (struct sockaddr *)&address, NULL) ?: ret;
	}
	if ((dev->wanted_features ^ record->wanted) & record->changeable & dev->hw_features) {
		dev->wanted_features &= ~(record->changeable & dev->hw_features);
		dev->wanted_features |= record->wanted & record->changeable & dev->hw_features;
		netdev_update_features(dev);
	}
	nooks_settings_apply(record->driver, dev, &record->settings);
	rtnl_unlock();

	nooks_words_tell(&record->words.own, record->name);

	rtnl_lock();
	if (nooks_pci_needs_stop(dev->dev.parent) && !dev_open(dev, NULL))
		dev_close(dev);		/* as the driver that has failed should have */
	flags = (dev_get_flags(dev) & ~USER_FLAGS) | record->flags;
	ret = dev_change_flags(dev, flags, NULL) ?: ret;
	/* Some can be set only now, because the device has to be up. */
	nooks_settings_apply(record->driver, dev, &record->settings);
	rtnl_unlock();
	if (ret || !list_empty(&record->settings))
		pr_warn("%s: can't restore all of its state (%d)\n", record->name, ret);
	nooks_words_tell(&record->words.others, record->name);
}

static void take_records(struct nooks_driver *driver, struct list_head *taken)
{
	struct nooks_netdev_record *record, *next;

	mutex_lock(&records_mutex);
	list_for_each_entry_safe(record, next, &records, list)
		if (record->driver == driver)
			list_move_tail(&record->list, taken);
	mutex_unlock(&records_mutex);
}

void nooks_net_restored(struct nooks_driver *driver)
{
	struct nooks_netdev_record *record, *next;
	LIST_HEAD(mine);

	nooks_netpark_restored(driver);
	take_records(driver, &mine);
	list_for_each_entry(record, &mine, list) {
		struct net_device *dev = NULL;

		if (record->taken)
			dev = dev_get_by_index(&init_net, record->ifindex);
		if (dev && dev->dev.parent == record->parent)
			restore(record, dev);
		else
			pr_warn("%s: has not come back\n", record->name);
		dev_put(dev);
	}
	/* A driver that has failed meanwhile will come back once more, to the same state. */
	if (READ_ONCE(driver->state) == NOOKS_CRASHED) {
		mutex_lock(&records_mutex);
		list_splice(&mine, &records);
		mutex_unlock(&records_mutex);
		return;
	}
	list_for_each_entry_safe(record, next, &mine, list)
		record_free(record);
}

void nooks_net_forget(struct nooks_driver *driver)
{
	struct nooks_netdev_record *record, *next;
	LIST_HEAD(mine);

	take_records(driver, &mine);
	list_for_each_entry_safe(record, next, &mine, list)
		record_free(record);
}
