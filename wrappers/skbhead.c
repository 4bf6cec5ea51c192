// SPDX-License-Identifier: GPL-2.0
/*
 * The headers of packets that the stack gets from a driver. They come in memory that the driver, and
 * its device, can still write; and the stack reads a header more than once, and trusts at the second
 * time what it has checked at the first. So what it parses is moved to memory of the kernel's, and the
 * rest of the buffer becomes a fragment: fragments are read by copying from them, or as contents.
 */
#include <linux/etherdevice.h>
#include <linux/if_vlan.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/mm.h>
#include <linux/sizes.h>
#include <linux/skbuff.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <net/ip.h>
#include "skb.h"

/* The longest headers that are looked for; and packets of this length are copied whole. */
#define HEADERS_MAX	256
#define HEAD_SIZE	SKB_HEAD_ALIGN(NET_SKB_PAD + NET_IP_ALIGN + HEADERS_MAX)

/*
 * What eth_get_headlen() says of nearly all packets, without its dissector: TCP and UDP in IP, with one VLAN tag at most, no
 * fragment, no extension headers. 0 for all others. @start is of the kernel's memory.
 */
static unsigned int plain_length(const u8 *start, unsigned int length)
{
	unsigned int at = ETH_HLEN;
	__be16 protocol;
	u8 transport;

	if (length < ETH_HLEN + VLAN_HLEN)
		return 0;
	protocol = ((const struct ethhdr *)start)->h_proto;
	if (eth_type_vlan(protocol)) {
		protocol = ((const struct vlan_ethhdr *)start)->h_vlan_encapsulated_proto;
		at += VLAN_HLEN;
	}

	if (protocol == htons(ETH_P_IP)) {
		const struct iphdr *ip = (const struct iphdr *)(start + at);

		if (length < at + sizeof(*ip) || ip->ihl < 5 || ip_is_fragment(ip))
			return 0;
		transport = ip->protocol;
		at += ip->ihl * 4;
	} else if (protocol == htons(ETH_P_IPV6)) {
		const struct ipv6hdr *ip = (const struct ipv6hdr *)(start + at);

		if (length < at + sizeof(*ip))
			return 0;
		transport = ip->nexthdr;
		at += sizeof(*ip);
	} else {
		return 0;
	}

	at = min(at, length);
	switch (transport) {
	case IPPROTO_TCP:
		/* The byte that begins with the header's length in words; without it there is no more to be known. */
		if (at + 12 < length)
			at += max_t(unsigned int, sizeof(struct tcphdr), (start[at + 12] & 0xf0) >> 2);
		break;
	case IPPROTO_UDP:
		at += sizeof(struct udphdr);
		break;
	default:
		return 0;
	}
	return min(at, length);
}

static unsigned int headers_length(const struct sk_buff *skb, const void *start, unsigned int length)
{
	unsigned int plain = plain_length(start, length);

	if (plain)
		return plain;
	return clamp(eth_get_headlen(skb->dev, start, length), min(length, (u32)ETH_HLEN), length);
}

/* What lies before the end of a checksum that is to be filled in: software does that in the linear part only. */
static unsigned int checksum_end(const struct sk_buff *skb, const unsigned char *start)
{
	return skb->ip_summed == CHECKSUM_PARTIAL ?
	       skb->head + skb->csum_start + skb->csum_offset + sizeof(__sum16) - start : 0;
}

static void move_offsets(struct sk_buff *skb, int by)
{
	if (skb->ip_summed == CHECKSUM_PARTIAL)
		skb->csum_start += by;
	if (skb_mac_header_was_set(skb))
		skb->mac_header += by;
	if (skb_transport_header_was_set(skb))
		skb->transport_header += by;
	skb->network_header += by;
	skb->inner_mac_header += by;
	skb->inner_network_header += by;
	skb->inner_transport_header += by;
}

/* The first fragment is from now on what the old head has from @rest on. */
static void add_rest(struct sk_buff *skb, const void *rest, unsigned int length)
{
	struct skb_shared_info *shared = skb_shinfo(skb);
	struct page *page = virt_to_head_page(rest);

	memmove(&shared->frags[1], &shared->frags[0], shared->nr_frags * sizeof(shared->frags[0]));
	__skb_fill_page_desc(skb, 0, page, rest - page_address(page), length);
	shared->nr_frags++;
	skb->data_len += length;
}

/* Give it a head of the kernel's, into which its linear part, or what is header of it, is copied. */
static bool replace_head(struct sk_buff *skb, const unsigned char *start)
{
	unsigned int length = skb_tail_pointer(skb) - start, headers = min_t(unsigned int, length, HEADERS_MAX);
	unsigned int before = skb->data - start;
	struct skb_shared_info *shared = skb_shinfo(skb);
	unsigned char *head = netdev_alloc_frag(HEAD_SIZE), *old = skb->head, *to;

	if (!head)
		return false;
	to = head + NET_SKB_PAD + NET_IP_ALIGN;
	memcpy(to, start, headers);
	if (headers < length)
		headers = max3(headers_length(skb, to, headers), before, checksum_end(skb, start));

	skb->head = head;
	skb->data = to + before;
	skb_set_tail_pointer(skb, headers - before);
	skb_set_end_offset(skb, SKB_WITH_OVERHEAD(HEAD_SIZE));
	move_offsets(skb, (to - head) - (start - old));
	memcpy(skb_shinfo(skb), shared, offsetof(struct skb_shared_info, frags[shared->nr_frags]));
	atomic_set(&skb_shinfo(skb)->dataref, 1);
	if (headers < length) {
		skb->truesize += HEAD_SIZE;
		add_rest(skb, start + headers, length - headers);
	} else {
		page_frag_free(old);
	}
	return true;
}

/* Can its head be exchanged for another? Else all of the linear part has to be copied. */
static bool replaceable(const struct sk_buff *skb, const unsigned char *start)
{
	return skb->head_frag && !skb_cloned(skb) && skb_shinfo(skb)->nr_frags < MAX_SKB_FRAGS &&
	       skb->data - start <= ETH_HLEN && checksum_end(skb, start) <= HEADERS_MAX;
}

/* What of the headers lies in fragments. */
static bool pull_headers(struct sk_buff *skb, const unsigned char *start)
{
	unsigned int before = skb->data - start, have = skb_headlen(skb) + before;
	unsigned int length = min(skb->len + before, (u32)HEADERS_MAX);
	unsigned char copy[HEADERS_MAX];

	if (have >= length)
		return true;
	if (skb_copy_bits(skb, -(int)before, copy, length))
		return false;
	length = headers_length(skb, copy, length);
	return length <= have || __pskb_pull_tail(skb, length - have);
}

/*
 * What sockets are charged for is the driver's word, too. The stack warns of packets that claim less than they have;
 * and by one that claims gigabytes its counts would overflow.
 */
static void bound_truesize(struct sk_buff *skb)
{
	unsigned int least = SKB_TRUESIZE(skb_end_offset(skb)) + skb->data_len;

	/* That of a packet that a socket has sent was charged, and will be given back. */
	if (skb->destructor)
		return;
	skb->truesize = clamp(skb->truesize, least, least + (skb_shinfo(skb)->nr_frags + 1) * SZ_64K);
}

/**
 * nooks_skb_secure_headers - the driver can write a packet's headers no more
 * @skb: the packet, of an Ethernet device, which has been checked and which nobody else holds
 * @start: of its Ethernet header, in its linear part or where that ends
 *
 * Context: any but NMI. Return: false without memory; the packet is to be dropped then.
 */
bool nooks_skb_secure_headers(struct sk_buff *skb, const unsigned char *start)
{
	unsigned int before = skb->data - start;

	if (replaceable(skb, start)) {
		if (!replace_head(skb, start))
			return false;
	} else if (skb->head_frag || skb_cloned(skb)) {
		if (pskb_expand_head(skb, 0, 0, GFP_ATOMIC))
			return false;
	}
	if (!pull_headers(skb, skb->data - before))
		return false;
	bound_truesize(skb);
	return true;
}
