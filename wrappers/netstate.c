// SPDX-License-Identifier: GPL-2.0
/*
 * What users have set on a net device survives a restart of its driver: name and index, MTU,
 * address, flags, IP addresses and routes.
 *
 * IP addresses and routes are asked for, and given back, in the words of rtnetlink: what a dump
 * says is what makes them again.
 */
#define pr_fmt(fmt) "nooks: " fmt
#include <linux/file.h>
#include <linux/inetdevice.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/net.h>
#include <linux/rtnetlink.h>
#include <linux/slab.h>
#include <net/netlink.h>
#include <net/sock.h>
#include "net.h"

#define DUMP_BUFFER	SZ_32K			/* the largest that the kernel fills in one go */
#define USER_FLAGS	(IFF_UP | IFF_PROMISC | IFF_ALLMULTI | IFF_NOTRAILERS | IFF_DYNAMIC)

#define DUMP_TIMEOUT	(5 * HZ)

/** struct message - an rtnetlink message that makes an address or a route */
struct message {
	struct list_head list;
	u8 words[] __aligned(NLMSG_ALIGNTO);	/* struct nlmsghdr and what follows it */
};

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
 * @messages: struct message of addresses, then of routes
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
	struct list_head messages;
	bool taken;
};

static LIST_HEAD(records);
static DEFINE_MUTEX(records_mutex);		/* protects records; inside rtnl */

static void record_free(struct nooks_netdev_record *record)
{
	struct message *message, *next;

	list_for_each_entry_safe(message, next, &record->messages, list)
		kfree(message);
	kfree(record);
}

/* Does a dumped message make something that the user has made on this device? */
static bool ours(const struct nlmsghdr *header, int ifindex)
{
	const struct rtmsg *route;
	const struct nlattr *out;

	if (header->nlmsg_type == RTM_NEWADDR)
		return nlmsg_len(header) >= (int)sizeof(struct ifaddrmsg) &&
		       ((struct ifaddrmsg *)nlmsg_data(header))->ifa_index == ifindex;
	if (header->nlmsg_type != RTM_NEWROUTE || nlmsg_len(header) < (int)sizeof(*route))
		return false;
	route = nlmsg_data(header);
	out = nlmsg_find_attr(header, sizeof(*route), RTA_OIF);
	/* The kernel's own come with the addresses; router advertisements come again. */
	return out && nla_get_u32(out) == ifindex && !(route->rtm_flags & RTM_F_CLONED) &&
	       route->rtm_protocol != RTPROT_KERNEL && route->rtm_protocol != RTPROT_RA;
}

static int send(struct socket *sock, void *message, size_t size)
{
	struct kvec vec = { .iov_base = message, .iov_len = size };
	struct msghdr msg = {};

	return kernel_sendmsg(sock, &msg, &vec, 1, size);
}

/*
 * Open a socket to rtnetlink. It has a file, as one of user space has: the file's credentials, which are
 * the kernel's, are those that rtnetlink looks at. Return: the file to fput(), or an ERR_PTR().
 */
static struct file *open_rtnetlink(struct socket **sock)
{
	int ret = sock_create_kern(&init_net, AF_NETLINK, SOCK_RAW, NETLINK_ROUTE, sock);

	return ret ? ERR_PTR(ret) : sock_alloc_file(*sock, O_CLOEXEC, NULL);
}

/* Ask for all addresses (or routes) and keep those of a device. */
static int dump(struct socket *sock, struct nooks_netdev_record *record, int type, void *buffer)
{
	struct {
		struct nlmsghdr header;
		union {
			struct ifaddrmsg address;
			struct rtmsg route;
		};
	} request = {
		.header = {
			.nlmsg_len = sizeof(request),
			.nlmsg_type = type,
			.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP,
		},
	};
	int ret = send(sock, &request, sizeof(request));

	while (ret >= 0) {
		struct kvec vec = { .iov_base = buffer, .iov_len = DUMP_BUFFER };
		struct msghdr msg = {};
		struct nlmsghdr *header;
		int left;

		ret = kernel_recvmsg(sock, &msg, &vec, 1, DUMP_BUFFER, 0);
		left = ret;
		for (header = buffer; nlmsg_ok(header, left); header = nlmsg_next(header, &left)) {
			struct message *message;

			if (header->nlmsg_type == NLMSG_DONE)
				return 0;
			if (header->nlmsg_type == NLMSG_ERROR)
				return -EIO;
			if (!ours(header, record->ifindex))
				continue;
			message = kzalloc(struct_size(message, words, header->nlmsg_len),
					  GFP_KERNEL);
			if (!message)
				return -ENOMEM;
			memcpy(message->words, header, header->nlmsg_len);
			list_add_tail(&message->list, &record->messages);
		}
	}
	return ret;
}

static void save_messages(struct nooks_netdev_record *record)
{
	void *buffer = kmalloc(DUMP_BUFFER, GFP_KERNEL);
	struct socket *sock;
	struct file *file;
	int ret;

	if (!buffer)
		return;
	file = open_rtnetlink(&sock);
	ret = PTR_ERR_OR_ZERO(file);
	if (!ret) {
		sock->sk->sk_rcvtimeo = DUMP_TIMEOUT;
		ret = dump(sock, record, RTM_GETADDR, buffer);
		if (!ret)
			ret = dump(sock, record, RTM_GETROUTE, buffer);
		fput(file);
	}
	if (ret)
		pr_warn("%s: can't keep all addresses and routes (%d)\n", record->name, ret);
	kfree(buffer);
}

static void restore_messages(struct nooks_netdev_record *record)
{
	struct message *message;
	struct socket *sock;
	struct file *file;

	if (list_empty(&record->messages))
		return;
	file = open_rtnetlink(&sock);
	if (IS_ERR(file)) {
		pr_warn("%s: can't restore addresses and routes (%ld)\n", record->name,
			PTR_ERR(file));
		return;
	}
	list_for_each_entry(message, &record->messages, list) {
		struct nlmsghdr *header = (struct nlmsghdr *)message->words;

		/* Who had been quicker, a network manager for one, has its way. */
		header->nlmsg_flags = NLM_F_REQUEST | NLM_F_CREATE | NLM_F_EXCL;
		header->nlmsg_pid = 0;
		send(sock, header, header->nlmsg_len);
	}
	fput(file);
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
	INIT_LIST_HEAD(&record->messages);
	record->driver = driver;
	record->parent = dev->dev.parent;
	rtnl_lock();
	record->ifindex = dev->ifindex;
	strscpy(record->name, dev->name, sizeof(record->name));
	record->mtu = dev->mtu;
	record->flags = dev_get_flags(dev) & USER_FLAGS;
	record->wanted = dev->wanted_features;
	record->changeable = dev->hw_features;
	record->own_address = memcmp(dev->dev_addr, dev->perm_addr, dev->addr_len);
	memcpy(record->address, dev->dev_addr, dev->addr_len);
	rtnl_unlock();
	save_messages(record);
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
	flags = (dev_get_flags(dev) & ~USER_FLAGS) | record->flags;
	ret = dev_change_flags(dev, flags, NULL) ?: ret;
	rtnl_unlock();
	if (ret)
		pr_warn("%s: can't restore all of its state (%d)\n", record->name, ret);
	restore_messages(record);
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
