// SPDX-License-Identifier: GPL-2.0
/*
 * What rtnetlink tells about a net device, kept to be told back: addresses, routes, neighbours,
 * queueing disciplines and devices on top of it go when it does. What a dump says is what makes them
 * again; of links, a choice of it.
 */
#define pr_fmt(fmt) "nooks: " fmt
#include <linux/file.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/if_vlan.h>
#include <linux/neighbour.h>
#include <linux/net.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <net/net_namespace.h>
#include <net/netlink.h>
#include <net/sock.h>
#include "rtnetlink.h"

#define DUMP_BUFFER	SZ_32K			/* the largest that the kernel fills in one go */
#define DUMP_TIMEOUT	(5 * HZ)

/** struct message - an rtnetlink message that makes something */
struct message {
	struct list_head list;
	u8 words[] __aligned(NLMSG_ALIGNTO);	/* struct nlmsghdr and what follows it */
};

/* What of a link's dump makes it again. Of the device itself, what the kernel may change. */
static const u16 own_attributes[] = { IFLA_TXQLEN, IFLA_GROUP, IFLA_IFALIAS, IFLA_MASTER };
static const u16 upper_attributes[] = {
	IFLA_IFNAME, IFLA_LINK, IFLA_ADDRESS, IFLA_MTU, IFLA_TXQLEN, IFLA_GROUP, IFLA_MASTER,
};
static const u16 vlan_attributes[] = {
	IFLA_VLAN_ID, IFLA_VLAN_PROTOCOL, IFLA_VLAN_EGRESS_QOS, IFLA_VLAN_INGRESS_QOS,
};

#define VLAN_FLAGS	(VLAN_FLAG_REORDER_HDR | VLAN_FLAG_GVRP | VLAN_FLAG_LOOSE_BINDING |	\
			 VLAN_FLAG_MVRP | VLAN_FLAG_BRIDGE_BINDING)

/* What a message may have beyond what was dumped: the flags of a VLAN. */
#define SLACK		NLA_ALIGN(nla_total_size(sizeof(struct ifla_vlan_flags)))

static struct message *message_alloc(size_t size)
{
	struct message *message = kzalloc(struct_size(message, words, size), GFP_KERNEL);

	if (message)
		INIT_LIST_HEAD(&message->list);
	return message;
}

static void free_list(struct list_head *messages)
{
	struct message *message, *next;

	list_for_each_entry_safe(message, next, messages, list)
		kfree(message);
	INIT_LIST_HEAD(messages);
}

void nooks_words_free(struct nooks_words *words)
{
	free_list(&words->own);
	free_list(&words->others);
}

static bool known(const struct nooks_words *words, int ifindex)
{
	unsigned int i;

	for (i = 0; i < words->nr_links; i++)
		if (words->links[i] == ifindex)
			return true;
	return false;
}

static struct nlmsghdr *header_of(struct message *message)
{
	return (struct nlmsghdr *)message->words;
}

/* Append attributes of a dumped message. There is room for all that it has. */
static void copy_attributes(struct nlmsghdr *to, const struct nlattr *head, int len,
			    const u16 *types, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		const struct nlattr *attribute = nla_find(head, len, types[i]);

		if (!attribute)
			continue;
		memcpy((u8 *)to + NLMSG_ALIGN(to->nlmsg_len), attribute, attribute->nla_len);
		to->nlmsg_len = NLMSG_ALIGN(to->nlmsg_len) + NLA_ALIGN(attribute->nla_len);
	}
}

static struct message *link_message(const struct nlmsghdr *header, int type, const u16 *types,
				    size_t n, unsigned int flags)
{
	const struct ifinfomsg *dumped = nlmsg_data(header);
	struct message *message = message_alloc(header->nlmsg_len + SLACK);
	struct ifinfomsg *link;

	if (!message)
		return NULL;
	header_of(message)->nlmsg_len = NLMSG_LENGTH(sizeof(*link));
	header_of(message)->nlmsg_type = type;
	link = nlmsg_data(header_of(message));
	link->ifi_index = dumped->ifi_index;
	link->ifi_flags = dumped->ifi_flags & flags;
	link->ifi_change = flags;
	copy_attributes(header_of(message), nlmsg_attrdata(header, sizeof(*link)),
			nlmsg_attrlen(header, sizeof(*link)), types, n);
	return message;
}

static struct nlattr *begin_nest(struct nlmsghdr *to, u16 type)
{
	struct nlattr *nest = (void *)to + NLMSG_ALIGN(to->nlmsg_len);

	nest->nla_type = type | NLA_F_NESTED;
	to->nlmsg_len = NLMSG_ALIGN(to->nlmsg_len) + NLA_HDRLEN;
	return nest;
}

static void end_nest(const struct nlmsghdr *to, struct nlattr *nest)
{
	nest->nla_len = (void *)to + to->nlmsg_len - (void *)nest;
}

/*
 * A VLAN's dump says nothing of flags if none is set, though one is set by default; and if it
 * says what they are, it does so with a mask that the kernel refuses.
 */
static void copy_vlan(struct nlmsghdr *to, const struct nlattr *data)
{
	struct nlattr *nest = begin_nest(to, IFLA_INFO_DATA);
	const struct nlattr *dumped = nla_find(nla_data(data), nla_len(data), IFLA_VLAN_FLAGS);
	struct ifla_vlan_flags flags = { .mask = VLAN_FLAGS };
	struct nlattr *attribute;

	if (dumped)
		flags.flags = ((struct ifla_vlan_flags *)nla_data(dumped))->flags & VLAN_FLAGS;
	copy_attributes(to, nla_data(data), nla_len(data), vlan_attributes,
			ARRAY_SIZE(vlan_attributes));
	attribute = begin_nest(to, IFLA_VLAN_FLAGS);
	attribute->nla_type = IFLA_VLAN_FLAGS;
	memcpy(nla_data(attribute), &flags, sizeof(flags));
	to->nlmsg_len += sizeof(flags);
	end_nest(to, attribute);
	end_nest(to, nest);
}

static void copy_kind(struct nlmsghdr *to, const struct nlattr *info)
{
	static const u16 name = IFLA_INFO_KIND, rest = IFLA_INFO_DATA;
	const struct nlattr *kind = nla_find(nla_data(info), nla_len(info), IFLA_INFO_KIND);
	const struct nlattr *data = nla_find(nla_data(info), nla_len(info), IFLA_INFO_DATA);
	struct nlattr *nest = begin_nest(to, IFLA_LINKINFO);

	copy_attributes(to, nla_data(info), nla_len(info), &name, 1);
	if (kind && data && !nla_strcmp(kind, "vlan"))
		copy_vlan(to, data);
	else
		copy_attributes(to, nla_data(info), nla_len(info), &rest, 1);
	end_nest(to, nest);
}

/* A device on top of a known one. */
static int upper(struct nooks_words *words, const struct nlmsghdr *header)
{
	const struct ifinfomsg *dumped = nlmsg_data(header);
	const struct nlattr *kind = nlmsg_find_attr(header, sizeof(*dumped), IFLA_LINKINFO);
	const struct nlattr *lower = nlmsg_find_attr(header, sizeof(*dumped), IFLA_LINK);
	struct message *message;

	if (!kind || !lower || nlmsg_find_attr(header, sizeof(*dumped), IFLA_LINK_NETNSID) ||
	    !known(words, nla_get_u32(lower)) || words->nr_links == NOOKS_MAX_LINKS)
		return 0;
	message = link_message(header, RTM_NEWLINK, upper_attributes, ARRAY_SIZE(upper_attributes),
			       IFF_UP);
	if (!message)
		return -ENOMEM;
	copy_kind(header_of(message), kind);
	words->links[words->nr_links++] = dumped->ifi_index;
	list_add_tail(&message->list, &words->others);
	return 0;
}

static int keep_link(struct nooks_words *words, const struct nlmsghdr *header)
{
	const struct ifinfomsg *link = nlmsg_data(header);
	struct message *message;

	if (link->ifi_index != words->links[0])
		return known(words, link->ifi_index) ? 0 : upper(words, header);
	if (!list_empty(&words->own))
		return 0;
	message = link_message(header, RTM_SETLINK, own_attributes, ARRAY_SIZE(own_attributes), 0);
	if (!message)
		return -ENOMEM;
	list_add_tail(&message->list, &words->own);
	return 0;
}

/* Does a dumped message make something that a user has made on one of our devices? */
static bool ours(const struct nooks_words *words, const struct nlmsghdr *header)
{
	const void *body = nlmsg_data(header);
	const struct rtmsg *route = body;
	const struct ndmsg *neighbour = body;
	const struct tcmsg *discipline = body;
	const struct nlattr *out;

	switch (header->nlmsg_type) {
	case RTM_NEWADDR:
		return known(words, ((struct ifaddrmsg *)body)->ifa_index);
	case RTM_NEWROUTE:
		out = nlmsg_find_attr(header, sizeof(*route), RTA_OIF);
		/* The kernel's own come with the addresses; router advertisements come again. */
		return out && known(words, nla_get_u32(out)) && !(route->rtm_flags & RTM_F_CLONED) &&
		       route->rtm_protocol != RTPROT_KERNEL && route->rtm_protocol != RTPROT_RA;
	case RTM_NEWNEIGH:
		return known(words, neighbour->ndm_ifindex) &&
		       (neighbour->ndm_state & NUD_PERMANENT);
	case RTM_NEWQDISC:
		/* Those without a handle come by themselves. */
		return known(words, discipline->tcm_ifindex) && discipline->tcm_handle;
	default:
		return false;
	}
}

static int keep(struct nooks_words *words, const struct nlmsghdr *header, size_t body)
{
	struct message *message;

	if (nlmsg_len(header) < (int)body)
		return 0;
	if (header->nlmsg_type == RTM_NEWLINK)
		return keep_link(words, header);
	if (!ours(words, header))
		return 0;
	message = message_alloc(header->nlmsg_len);
	if (!message)
		return -ENOMEM;
	memcpy(message->words, header, header->nlmsg_len);
	list_add_tail(&message->list, &words->others);
	return 0;
}

static int send(struct socket *sock, void *message, size_t size)
{
	struct kvec vec = { .iov_base = message, .iov_len = size };
	struct msghdr msg = {};

	return kernel_sendmsg(sock, &msg, &vec, 1, size);
}

/*
 * Open a socket to rtnetlink. It has a file, as one of user space has: the file's credentials, which
 * are the kernel's, are those that rtnetlink looks at. Return: the file to fput(), or an ERR_PTR().
 */
static struct file *open_rtnetlink(struct socket **sock)
{
	int ret = sock_create_kern(&init_net, AF_NETLINK, SOCK_RAW, NETLINK_ROUTE, sock);

	return ret ? ERR_PTR(ret) : sock_alloc_file(*sock, O_CLOEXEC, NULL);
}

/* Ask for all of a kind, whose messages begin with so many bytes, and keep what is ours. */
static int dump(struct socket *sock, struct nooks_words *words, int type, size_t body, void *buffer)
{
	struct {
		struct nlmsghdr header;
		u8 body[sizeof(struct tcmsg)];
	} request = {
		.header = {
			.nlmsg_len = NLMSG_LENGTH(body),
			.nlmsg_type = type,
			.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP,
		},
	};
	int ret;

	if (WARN_ON_ONCE(body > sizeof(request.body)))
		return -EINVAL;
	ret = send(sock, &request, request.header.nlmsg_len);
	while (ret >= 0) {
		struct kvec vec = { .iov_base = buffer, .iov_len = DUMP_BUFFER };
		struct msghdr msg = {};
		struct nlmsghdr *header;
		int left, kept;

		ret = kernel_recvmsg(sock, &msg, &vec, 1, DUMP_BUFFER, 0);
		left = ret;
		for (header = buffer; nlmsg_ok(header, left); header = nlmsg_next(header, &left)) {
			if (header->nlmsg_type == NLMSG_DONE)
				return 0;
			if (header->nlmsg_type == NLMSG_ERROR)
				return -EIO;
			kept = keep(words, header, body);
			if (kept)
				return kept;
		}
	}
	return ret;
}

static int listen(struct nooks_words *words)
{
	static const struct {
		int type;
		size_t body;
	} kinds[] = {
		{ RTM_GETLINK, sizeof(struct ifinfomsg) },	/* first: whose is the rest? */
		{ RTM_GETADDR, sizeof(struct ifaddrmsg) },
		{ RTM_GETROUTE, sizeof(struct rtmsg) },
		{ RTM_GETNEIGH, sizeof(struct ndmsg) },
		{ RTM_GETQDISC, sizeof(struct tcmsg) },
	};
	void *buffer = kmalloc(DUMP_BUFFER, GFP_KERNEL);
	struct socket *sock;
	struct file *file;
	unsigned int i;
	int ret;

	if (!buffer)
		return -ENOMEM;
	file = open_rtnetlink(&sock);
	ret = PTR_ERR_OR_ZERO(file);
	if (ret)
		goto free;
	sock->sk->sk_rcvtimeo = DUMP_TIMEOUT;
	for (i = 0; i < ARRAY_SIZE(kinds) && !ret; i++)
		ret = dump(sock, words, kinds[i].type, kinds[i].body, buffer);
	fput(file);
free:
	kfree(buffer);
	return ret;
}

void nooks_words_listen(struct nooks_words *words, int ifindex, const char *name)
{
	int ret;

	INIT_LIST_HEAD(&words->own);
	INIT_LIST_HEAD(&words->others);
	words->links[0] = ifindex;
	words->nr_links = 1;
	ret = listen(words);
	if (ret)
		pr_warn("%s: can't keep all that is set on it (%d)\n", name, ret);
}

void nooks_words_tell(struct list_head *messages, const char *name)
{
	struct message *message;
	struct socket *sock;
	struct file *file;

	if (list_empty(messages))
		return;
	file = open_rtnetlink(&sock);
	if (IS_ERR(file)) {
		pr_warn("%s: can't restore what was set on it (%ld)\n", name, PTR_ERR(file));
		return;
	}
	list_for_each_entry(message, messages, list) {
		struct nlmsghdr *header = header_of(message);

		/* Who had been quicker, a network manager for one, has its way. */
		header->nlmsg_flags = NLM_F_REQUEST | NLM_F_CREATE | NLM_F_EXCL;
		header->nlmsg_pid = 0;
		send(sock, header, header->nlmsg_len);
	}
	fput(file);
}
