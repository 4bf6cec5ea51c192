// SPDX-License-Identifier: GPL-2.0
/* Headers of received packets: whatever shape a packet has, it stays the same, and its headers leave the buffer. */

#include <kunit/test.h>
#include <linux/if_vlan.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/module.h>
#include <linux/random.h>
#include <linux/tcp.h>

#include "../wrappers/skbhead.c"

#define BUFFER		2048
#define HEADERS		(ETH_HLEN + sizeof(struct iphdr) + sizeof(struct tcphdr))

static struct net_device *dev;

/* Byte @i of a packet with TCP's headers */
static u8 byte_at(unsigned int i)
{
	static const u8 headers[] = {
		[12] = ETH_P_IP >> 8, [13] = ETH_P_IP & 0xff, [14] = 0x45, [16] = 5, [22] = 64,
		[23] = IPPROTO_TCP, [26] = 10, [30] = 10, [33] = 1, [46] = sizeof(struct tcphdr) / 4 << 4,
		[HEADERS - 1] = 0,
	};

	return i < sizeof(headers) ? headers[i] : i;
}

/* @length bytes of the packet from @from on */
static void fill(void *to, unsigned int from, unsigned int length)
{
	u8 *bytes = to;

	for (; length--; from++)
		*bytes++ = byte_at(from);
}

/* A packet in a receive buffer of @linear bytes, and @fragments more of @each; data lies behind the Ethernet header. */
static struct sk_buff *packet(struct kunit *test, unsigned int linear, unsigned int fragments, unsigned int each)
{
	struct sk_buff *skb = build_skb(netdev_alloc_frag(BUFFER), BUFFER);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, skb);
	skb->dev = dev;
	skb_reserve(skb, 100);
	fill(skb_put(skb, linear), 0, linear);
	for (i = 0; i < fragments; i++) {
		struct page *page = alloc_page(GFP_KERNEL);

		KUNIT_ASSERT_NOT_NULL(test, page);
		fill(page_address(page), linear + i * each, each);
		skb_add_rx_frag(skb, i, page, 0, each, PAGE_SIZE);
	}
	skb_reset_mac_header(skb);
	__skb_pull(skb, min_t(unsigned int, linear, ETH_HLEN));
	skb_reset_network_header(skb);
	return skb;
}

static void expect_same(struct kunit *test, const struct sk_buff *skb, unsigned int length)
{
	unsigned int i, before = skb->data - skb_mac_header(skb);
	u8 *copy = kunit_kmalloc(test, length, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, copy);
	KUNIT_ASSERT_EQ(test, skb->len + before, length);
	KUNIT_ASSERT_EQ(test, skb_copy_bits(skb, -(int)before, copy, length), 0);
	for (i = 0; i < length && copy[i] == byte_at(i); i++)
		;
	KUNIT_EXPECT_EQ(test, i, length);
}

/* What is true of each packet that the stack gets, of @length bytes with @headers bytes of headers */
static void expect_secured(struct kunit *test, struct sk_buff *skb, unsigned int length, unsigned int headers)
{
	const unsigned char *old = skb->head;

	KUNIT_ASSERT_TRUE(test, nooks_skb_secure_headers(skb, skb_mac_header(skb)));
	KUNIT_EXPECT_PTR_NE(test, old, (const unsigned char *)skb->head);
	KUNIT_EXPECT_GE(test, skb_tail_pointer(skb) - skb_mac_header(skb), headers);
	KUNIT_EXPECT_PTR_EQ(test, skb_network_header(skb), skb->data);
	KUNIT_EXPECT_GE(test, skb->truesize, SKB_TRUESIZE(skb_end_offset(skb)) + skb->data_len);
	expect_same(test, skb, length);
}

static void short_packet(struct kunit *test)
{
	struct sk_buff *skb = packet(test, HEADERS_MAX, 0, 0);

	expect_secured(test, skb, HEADERS_MAX, HEADERS_MAX);
	KUNIT_EXPECT_FALSE(test, skb_is_nonlinear(skb));
	kfree_skb(skb);
	skb = packet(test, ETH_HLEN, 0, 0);
	expect_secured(test, skb, ETH_HLEN, ETH_HLEN);
	kfree_skb(skb);
}

static void long_packet(struct kunit *test)
{
	struct sk_buff *skb = packet(test, 1514, 0, 0);

	expect_secured(test, skb, 1514, HEADERS);
	/* No more than the headers: GRO puts fragments together, without their headers. */
	KUNIT_EXPECT_EQ(test, skb_headlen(skb), HEADERS - ETH_HLEN);
	KUNIT_EXPECT_EQ(test, skb_shinfo(skb)->nr_frags, 1);
	kfree_skb(skb);
}

static void fragments(struct kunit *test)
{
	struct sk_buff *skb = packet(test, 600, 3, 1000);

	expect_secured(test, skb, 3600, HEADERS);
	KUNIT_EXPECT_EQ(test, skb_shinfo(skb)->nr_frags, 4);
	kfree_skb(skb);
	/* Headers that begin in the linear part and end in a fragment */
	skb = packet(test, 20, 2, 1000);
	expect_secured(test, skb, 2020, HEADERS);
	kfree_skb(skb);
	/* Nor is there more to be found than there is */
	skb = packet(test, 20, 1, 10);
	expect_secured(test, skb, 30, 20);
	kfree_skb(skb);
}

/* There is no room for the rest: all is copied. */
static void all_fragments(struct kunit *test)
{
	struct sk_buff *skb = packet(test, 600, MAX_SKB_FRAGS, 100);

	expect_secured(test, skb, 600 + MAX_SKB_FRAGS * 100, 600);
	KUNIT_EXPECT_EQ(test, skb_shinfo(skb)->nr_frags, MAX_SKB_FRAGS);
	kfree_skb(skb);
}

static void clone(struct kunit *test)
{
	struct sk_buff *skb = packet(test, 1514, 1, 1000), *other = skb_clone(skb, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, other);
	expect_secured(test, skb, 2514, HEADERS);
	expect_same(test, other, 2514);
	kfree_skb(skb);
	expect_same(test, other, 2514);
	kfree_skb(other);
}

/* As napi_gro_frags() gets it: all in fragments, the head is the kernel's */
static void no_linear_part(struct kunit *test)
{
	struct sk_buff *skb = alloc_skb(256, GFP_KERNEL);
	struct page *page = alloc_page(GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, skb);
	KUNIT_ASSERT_NOT_NULL(test, page);
	skb->dev = dev;
	fill(page_address(page), 0, 1500);
	skb_add_rx_frag(skb, 0, page, 0, 1500, PAGE_SIZE);
	KUNIT_ASSERT_TRUE(test, nooks_skb_secure_headers(skb, skb->data));
	KUNIT_EXPECT_EQ(test, skb_headlen(skb), HEADERS);
	skb_reset_mac_header(skb);
	expect_same(test, skb, 1500);
	kfree_skb(skb);
}

static void offsets(struct kunit *test)
{
	struct sk_buff *skb = packet(test, 1514, 0, 0);

	skb_set_transport_header(skb, sizeof(struct iphdr));
	skb->ip_summed = CHECKSUM_PARTIAL;
	skb->csum_start = skb_transport_header(skb) - skb->head;
	skb->csum_offset = offsetof(struct tcphdr, check);
	expect_secured(test, skb, 1514, HEADERS);
	KUNIT_EXPECT_EQ(test, skb_transport_offset(skb), sizeof(struct iphdr));
	KUNIT_EXPECT_EQ(test, skb_checksum_start_offset(skb), sizeof(struct iphdr));
	kfree_skb(skb);
}

/* A driver may claim any truesize. */
static void truesize(struct kunit *test)
{
	struct sk_buff *skb = packet(test, 1514, 0, 0);

	skb->truesize = 0;
	expect_secured(test, skb, 1514, HEADERS);
	kfree_skb(skb);
	skb = packet(test, 1514, 0, 0);
	skb->truesize = UINT_MAX;
	expect_secured(test, skb, 1514, HEADERS);
	KUNIT_EXPECT_LT(test, skb->truesize, SZ_1M);
	kfree_skb(skb);
}

/* Random bytes, of which those that decide are mostly such as packets have. */
static void random_packet(u8 *bytes, unsigned int length)
{
	static const u16 protocols[] = { ETH_P_IP, ETH_P_IP, ETH_P_IPV6, ETH_P_8021Q, ETH_P_8021AD, ETH_P_ARP };
	static const u8 transports[] = { IPPROTO_TCP, IPPROTO_TCP, IPPROTO_UDP, IPPROTO_UDPLITE, IPPROTO_ICMP,
					 IPPROTO_FRAGMENT, IPPROTO_HOPOPTS, IPPROTO_IPIP, IPPROTO_GRE };
	unsigned int at = ETH_HLEN - sizeof(u16), tags;

	get_random_bytes(bytes, length);
	for (tags = 0; tags < 3; tags++, at += VLAN_HLEN) {
		u16 protocol = get_random_u32() % 16 ? protocols[get_random_u32() % ARRAY_SIZE(protocols)] :
						      (u16)get_random_u32();

		bytes[at] = protocol >> 8;
		bytes[at + 1] = protocol & 0xff;
		if (protocol != ETH_P_8021Q && protocol != ETH_P_8021AD)
			break;
	}
	at += sizeof(u16);
	if (get_random_u32() % 8)
		bytes[at] = 0x45 + (get_random_u32() % 8 ? 0 : get_random_u32() % 11);
	if (get_random_u32() % 4)		/* no fragment; of IPv6 it is the transport */
		bytes[at + 6] = bytes[at + 7] = 0;
	bytes[at + 9] = transports[get_random_u32() % ARRAY_SIZE(transports)];
	if (get_random_u32() % 2)
		bytes[at + 6] = transports[get_random_u32() % ARRAY_SIZE(transports)];
}

/* The short way and the long one come to the same, wherever a packet is cut. */
static void plain_packets(struct kunit *test)
{
	unsigned int i, length, plain = 0, wrong = 0;
	u8 bytes[HEADERS_MAX];

	for (i = 0; i < 3000; i++) {
		random_packet(bytes, sizeof(bytes));
		for (length = 0; length <= HEADERS_MAX; length += 1 + (length > 120 ? 27 : 0)) {
			unsigned int is = plain_length(bytes, length);

			plain += is > 0;
			wrong += is && is != eth_get_headlen(dev, bytes, length);
		}
	}
	KUNIT_EXPECT_EQ(test, wrong, 0);
	/* It was some 25000 times that the short way was taken. */
	KUNIT_EXPECT_GT(test, plain, 10000);
}

static int make_device(struct kunit_suite *suite)
{
	dev = alloc_netdev(0, "skbhead", NET_NAME_UNKNOWN, ether_setup);
	return dev ? 0 : -ENOMEM;
}

static void free_device(struct kunit_suite *suite)
{
	free_netdev(dev);
}

static struct kunit_case skbhead_cases[] = {
	KUNIT_CASE(short_packet),
	KUNIT_CASE(long_packet),
	KUNIT_CASE(fragments),
	KUNIT_CASE(all_fragments),
	KUNIT_CASE(clone),
	KUNIT_CASE(no_linear_part),
	KUNIT_CASE(offsets),
	KUNIT_CASE(truesize),
	KUNIT_CASE(plain_packets),
	{}
};

static struct kunit_suite skbhead_suite = {
	.name = "nooks_skbhead",
	.suite_init = make_device,
	.suite_exit = free_device,
	.test_cases = skbhead_cases,
};
kunit_test_suite(skbhead_suite);

MODULE_LICENSE("GPL");
