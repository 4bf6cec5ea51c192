// SPDX-License-Identifier: GPL-2.0
/*
 * Packets. A driver sees shadows of those that it has made and of those that it was given to transmit,
 * until it frees them or gives them to the stack. Only the header is shadowed: the data and
 * skb_shared_info (skbfrag.c) are the kernel's own, with checked stores.
 */
#define pr_fmt(fmt) "nooks: " fmt
#include <linux/delay.h>
#include <linux/etherdevice.h>
#include <linux/if_vlan.h>
#include <linux/mm.h>
#include <linux/scatterlist.h>
#include <linux/skbuff.h>
#include "../nooks/compat.h"
#include "../nooks/imports.h"
#include "args.h"
#include "generated.h"
#include "hold.h"
#include "mm.h"
#include "net.h"
#include "netpark.h"
#include "skb.h"

#define MAX_REFERENCES	8	/* that a driver takes on a packet */

/* What devices merge: without tunnels, of whose headers nobody has said where they are. */
#define GSO_RECEIVED	(SKB_GSO_TCPV4 | SKB_GSO_TCPV6 | SKB_GSO_TCP_ECN | SKB_GSO_TCP_FIXEDID | SKB_GSO_UDP | \
			 SKB_GSO_UDP_L4 | SKB_GSO_DODGY)

/* What is wrong with a packet that the kernel is to work on? */
static const char *check_skb(const struct nooks_shadow *shadow, const void *merged)
{
	const struct sk_buff *skb = merged;
	unsigned long offset = skb->data - skb->head;

	/* The driver can't change head and end. */
	if (offset > skb->tail || skb->tail > skb->end)
		return "data or tail is outside of the buffer";
	if (skb->data_len > skb->len || skb->len - skb->data_len != skb->tail - offset)
		return "len does not fit data and tail";
	return nooks_skb_fragments_fault(skb, shadow->made);
}

/* What skb_orphan() calls inline: a stub of nooks_skb_orphan(). */
static const void *orphan_stub;

/*
 * Inline functions count references in the driver's copy (skb_get()), ask there whether the packet
 * is shared, and orphan it. What they would follow of the kernel's is not there.
 */
static void show_skb(struct nooks_shadow *shadow)
{
	const struct sk_buff *skb = shadow->object;
	struct sk_buff *theirs = shadow->slot;

	shadow->data = refcount_read(&skb->users);
	refcount_set(&theirs->users, shadow->data);
	theirs->sk = skb->sk;
	if (skb->destructor)
		theirs->destructor = (void (*)(struct sk_buff *))orphan_stub;
}

/* What a socket was charged for its packet is what it gets back when the packet is freed. */
static void keep_skb(void *merged, const void *object)
{
	const struct sk_buff *skb = object;

	if (skb->destructor)
		((struct sk_buff *)merged)->truesize = skb->truesize;
}

/* A driver that goes on with a packet it no longer holds: skb_put() and skb_push() stop it (BUG). */
static void spoil_skb(void *slot)
{
	struct sk_buff *theirs = slot;

	theirs->data_len = 1;
	theirs->head = (void *)ULONG_MAX;
}

static void release_skb(struct nooks_driver *driver, const struct nooks_shadow *shadow)
{
	if (shadow->made && nooks_skb_seal(driver, shadow->object))
		pr_warn_once("%s has corrupted fragments of a packet\n", driver->name);
	kfree_skb(shadow->object);
}

const struct nooks_shadow_class nooks_shadow_skb = {
	.show = show_skb,
	.keep = keep_skb,
	.check = check_skb,
	.spoil = spoil_skb,
	.release = release_skb,
};

static unsigned long own(struct nooks_driver *driver, struct sk_buff *skb, unsigned int bytes, bool made)
{
	struct nooks_shadow *shadow = nooks_shadow_add(driver, NOOKS_TYPE_sk_buff, skb, false, made,
						       bytes);

	if (shadow)
		return (unsigned long)shadow->slot;
	dev_kfree_skb_any(skb);
	return 0;
}

unsigned long nooks_skb_own(struct nooks_driver *driver, struct sk_buff *skb, unsigned int bytes)
{
	return own(driver, skb, bytes, false);
}

/* Making packets */

/* Make a packet of a receive buffer of the driver's, which is used up in any case. */
static struct sk_buff *build(void *data, unsigned int size)
{
	/* NAPI's cache of packets belongs to the softirqs of this CPU. */
	struct sk_buff *skb = nooks_in_napi_context() ? napi_build_skb(data, size) :
							build_skb(data, size);

	if (!skb)
		page_frag_free(data);
	return skb;
}

/*
 * A new packet with room for @length bytes behind @headroom. The driver may write all of its buffer
 * but for skb_shared_info, which lies on another page.
 */
static unsigned long make(struct nooks_crossing *x, struct net_device *dev, unsigned int headroom,
			  unsigned int length, gfp_t gfp, const char *fn)
{
	struct nooks_driver *driver = nooks_driver_of(x);
	struct sk_buff *skb;
	unsigned int size;
	void *data;

	if (!nooks_arg_gfp(x, gfp, fn) || length > NOOKS_SKB_LENGTH_MAX)
		return 0;
	size = SKB_HEAD_ALIGN(max(headroom + length, 1U));
	data = (void *)nooks_w___netdev_alloc_frag_align(size, ~0UL, 0, 0, 0, 0, x);
	if (!data || WARN_ON_ONCE(IS_ERR(nooks_frag_lend(driver, data, size))))
		return 0;
	skb = build(data, size);
	if (!skb)
		return 0;
	skb_reserve(skb, headroom);
	skb->dev = dev;
	return own(driver, skb, 0, true);
}

/* __alloc_skb(unsigned int size, gfp_t gfp_mask, int flags, int node) */
NOOKS_WRAPPER(__alloc_skb)
{
	return make(x, NULL, 0, a0, (__force gfp_t)a1, "__alloc_skb");
}

/* __netdev_alloc_skb(struct net_device *dev, unsigned int len, gfp_t gfp_mask) */
NOOKS_WRAPPER(__netdev_alloc_skb)
{
	static const char fn[] = "__netdev_alloc_skb";

	/* dev_alloc_skb() passes NULL. */
	if (!nooks_arg_object(x, (void *)a0, NOOKS_TYPE_net_device, true, fn, "dev"))
		return 0;
	return make(x, (struct net_device *)a0, NET_SKB_PAD, a1, (__force gfp_t)a2, fn);
}

static unsigned long napi_make(struct nooks_crossing *x, unsigned long napi, unsigned int len, gfp_t gfp,
			       const char *fn)
{
	struct net_device *dev = nooks_napi_dev(x, napi, fn);

	return dev ? make(x, dev, NET_SKB_PAD + NET_IP_ALIGN, len, gfp, fn) : 0;
}

/* __napi_alloc_skb(struct napi_struct *napi, unsigned int len, gfp_t gfp_mask) */
NOOKS_WRAPPER(__napi_alloc_skb)
{
	return napi_make(x, a0, a1, (__force gfp_t)a2, "__napi_alloc_skb");
}

/* napi_alloc_skb(struct napi_struct *napi, unsigned int len): of some kernels that have no other */
NOOKS_WRAPPER(napi_alloc_skb)
{
	return napi_make(x, a0, a1, GFP_ATOMIC, "napi_alloc_skb");
}

static unsigned long build_from(struct nooks_crossing *x, void *data, unsigned int size,
				const char *fn)
{
	struct nooks_driver *driver = nooks_driver_of(x);
	unsigned long slot = 0;
	struct sk_buff *skb;
	void *lent;

	lent = nooks_frag_lend(driver, data, size);
	if (PTR_ERR_OR_ZERO(lent) == -EINVAL)
		nooks_fail(x, NOOKS_BAD_ARGUMENT, (unsigned long)data,
			   "%s: no receive buffer of %u bytes", fn, size);
	if (IS_ERR(lent))
		return 0;
	skb = build(lent, size);
	if (skb)
		slot = own(driver, skb, 0, true);
	if (!slot)	/* the driver would go on to use the buffer, which is gone */
		nooks_fail(x, NOOKS_OUT_OF_RESOURCES, (unsigned long)data, "%s: no memory", fn);
	return slot;
}

/* build_skb(void *data, unsigned int frag_size) */
NOOKS_WRAPPER(build_skb)
{
	return build_from(x, (void *)a0, a1, "build_skb");
}

/* napi_build_skb(void *data, unsigned int frag_size) */
NOOKS_WRAPPER(napi_build_skb)
{
	return build_from(x, (void *)a0, a1, "napi_build_skb");
}

/* Giving packets away */

/* Has the driver taken references, by skb_get() inline, of which this one is not the last? */
static bool put_reference(struct nooks_shadow *shadow)
{
	atomic_t *users = &((struct sk_buff *)shadow->slot)->users.refs;
	unsigned int extra = atomic_read(users) - shadow->data;

	if (!extra || extra > MAX_REFERENCES)
		return false;
	atomic_dec(users);
	return true;
}

struct sk_buff *nooks_skb_take(struct nooks_crossing *x, unsigned long slot, const char *fn)
{
	struct nooks_shadow *shadow = nooks_shadow_find(nooks_driver_of(x), NOOKS_TYPE_sk_buff,
							slot);
	struct sk_buff *skb;
	const char *why;
	bool made;

	if (shadow && put_reference(shadow))
		return NULL;
	skb = nooks_shadow_take(x, shadow, NOOKS_TYPE_sk_buff, slot, &made, fn);
	why = skb && made ? nooks_skb_seal(nooks_driver_of(x), skb) : NULL;
	if (why)
		nooks_fail(x, NOOKS_BAD_ARGUMENT, slot, "%s: %s", fn, why);
	return skb;
}

/* What the stack takes for granted of any packet that comes from a device. */
static const char *delivered_fault(struct nooks_driver *driver, struct sk_buff *skb)
{
	long start = skb_checksum_start_offset(skb);

	if (!nooks_netdev_known(driver, skb->dev))
		return "dev is no net_device of this driver";
	if (skb_shared(skb))
		return "the packet is shared";
	if (skb_rx_queue_recorded(skb)) {
		if (skb_get_rx_queue(skb) >= skb->dev->num_rx_queues)
			return "from a queue that the device does not have";
		/* It is in use no more; the kernel warns of that, which is no mistake of a driver's. */
		if (skb_get_rx_queue(skb) >= READ_ONCE(skb->dev->real_num_rx_queues))
			skb_set_queue_mapping(skb, 0);
	}
	if (skb_is_gso(skb) && skb_shinfo(skb)->gso_type & ~GSO_RECEIVED)
		return "merged of segments that no device receives";
	if (skb_is_gso(skb) && skb_shinfo(skb)->gso_size == GSO_BY_FRAGS)
		return "merged of fragments that are packets";
	if (skb_vlan_tag_present(skb) && !eth_type_vlan(skb->vlan_proto))
		return "with the tag of no kind of VLAN";
	if (skb->ip_summed == CHECKSUM_PARTIAL &&
	    (start < 0 || start + skb->csum_offset + sizeof(__sum16) > skb_headlen(skb)))
		return "checksum outside of the headers";
	return NULL;
}

/* And of one with a header. */
static const char *received_fault(struct nooks_driver *driver, struct sk_buff *skb)
{
	if (!skb_mac_header_was_set(skb) || skb_mac_header(skb) > skb->data)
		return "no mac header before the data";
	return delivered_fault(driver, skb);
}

/* Nobody works on the packet but the caller; NULL: nothing is wrong with its fragments, which do not change any more. */
static const char *seal(struct nooks_driver *driver, struct nooks_shadow *shadow)
{
	const char *why = shadow->made ? nooks_skb_seal(driver, shadow->object) : NULL;

	shadow->made = false;
	return why;
}

/* The driver has given it to the stack. NULL: it is dropped, or can't be given, and the domain has failed. */
static struct sk_buff *receive(struct nooks_crossing *x, unsigned long slot, const char *fn)
{
	struct nooks_driver *driver = nooks_driver_of(x);
	struct nooks_shadow *shadow;
	struct sk_buff *skb;
	const char *why;

	if (!nooks_may_deliver(x, fn) || !nooks_shadow_borrow(x, NOOKS_TYPE_sk_buff, slot, &shadow, fn, "skb"))
		return NULL;
	if (shadow->lent) {
		nooks_shadow_return(shadow);
		nooks_fail(x, NOOKS_BAD_ARGUMENT, slot, "%s: the packet is NAPI's", fn);
		return NULL;
	}
	skb = shadow->object;
	why = seal(driver, shadow);
	nooks_shadow_remove(driver, shadow);
	if (!why)
		why = received_fault(driver, skb);
	if (!why) {
		nooks_silence_heard(&driver->silence);
		nooks_health_received(x, skb, skb_mac_header(skb));
	}
	if (why)
		nooks_fail(x, NOOKS_BAD_ARGUMENT, slot, "%s: %s", fn, why);
	else if (nooks_skb_secure_headers(skb, skb_mac_header(skb)))
		return skb;
	else
		dev_core_stats_rx_dropped_inc(skb->dev);
	dev_kfree_skb_any(skb);
	return NULL;
}

struct sk_buff *nooks_skb_receive(struct nooks_crossing *x, unsigned long slot, const char *fn)
{
	if (nooks_in_napi_context())
		return receive(x, slot, fn);
	nooks_fail(x, NOOKS_BAD_ARGUMENT, slot, "%s: not in a softirq", fn);
	return NULL;
}

/* A packet that stays the kernel's, and that the driver fills. */
unsigned long nooks_skb_lend(struct nooks_driver *driver, struct sk_buff *skb,
			     struct nooks_shadow **shadow)
{
	*shadow = nooks_shadow_add(driver, NOOKS_TYPE_sk_buff, skb, true, true, 0);
	return *shadow ? (unsigned long)(*shadow)->slot : 0;
}

bool nooks_skb_filled(struct nooks_crossing *x, struct nooks_shadow **lent, const char *fn)
{
	struct nooks_driver *driver = nooks_driver_of(x);
	unsigned long slot = (unsigned long)(*lent)->slot;
	struct nooks_shadow *shadow;
	struct sk_buff *skb;
	const char *why;

	if (!nooks_shadow_borrow(x, NOOKS_TYPE_sk_buff, slot, &shadow, fn, "skb"))
		return false;
	skb = shadow->object;
	why = seal(driver, shadow);
	nooks_shadow_remove(driver, shadow);
	*lent = NULL;
	if (!why)
		why = skb->len < ETH_HLEN ? "no Ethernet header" : delivered_fault(driver, skb);
	if (!why) {
		nooks_silence_heard(&driver->silence);
		nooks_health_received(x, skb, skb->data);
	}
	if (why)
		nooks_fail(x, NOOKS_BAD_ARGUMENT, slot, "%s: %s", fn, why);
	return !why;
}

void nooks_skb_unlend(struct nooks_driver *driver, struct nooks_shadow *shadow)
{
	/* A thread of the driver's may be working on it yet, which can't be for long: no kernel function on packets sleeps. */
	while (!nooks_shadow_hold(driver, shadow))
		usleep_range(20, 200);		/* it may be of lower priority */
	seal(driver, shadow);
	nooks_shadow_remove(driver, shadow);
}

/* netif_rx(struct sk_buff *skb) */
NOOKS_WRAPPER(netif_rx)
{
	struct sk_buff *skb = receive(x, a0, "netif_rx");

	return skb ? netif_rx(skb) : NET_RX_DROP;
}

/* netif_receive_skb(struct sk_buff *skb) */
NOOKS_WRAPPER(netif_receive_skb)
{
	struct sk_buff *skb = nooks_skb_receive(x, a0, "netif_receive_skb");

	return skb ? netif_receive_skb(skb) : NET_RX_DROP;
}

/* A socket that is told of its packet's end takes locks that softirqs take. */
static bool must_defer(void)
{
	return in_hardirq() || irqs_disabled();
}

/* consume_skb(struct sk_buff *skb) */
NOOKS_WRAPPER(consume_skb)
{
	struct sk_buff *skb = a0 ? nooks_skb_take(x, a0, "consume_skb") : NULL;

	if (!skb)
		return 0;
	if (must_defer())
		dev_consume_skb_irq(skb);
	else
		consume_skb(skb);
	return 0;
}

static unsigned long free_for_reason(struct nooks_crossing *x, unsigned long slot, int reason,
				     const char *fn)
{
	struct sk_buff *skb;

	if (!slot || !nooks_arg_range(x, reason, 1, SKB_DROP_REASON_MAX - 1, fn, "reason"))
		return 0;
	skb = nooks_skb_take(x, slot, fn);
	if (!skb)
		return 0;
	if (must_defer())
		dev_kfree_skb_irq(skb);
	else
		kfree_skb_reason(skb, reason);
	return 0;
}

/* kfree_skb_reason(struct sk_buff *skb, enum skb_drop_reason reason) */
NOOKS_WRAPPER(kfree_skb_reason)
{
	return free_for_reason(x, a0, a1, "kfree_skb_reason");
}

/* sk_skb_reason_drop(struct sock *sk, struct sk_buff *skb, enum skb_drop_reason reason) */
NOOKS_WRAPPER(sk_skb_reason_drop)
{
	static const char fn[] = "sk_skb_reason_drop";

	return nooks_arg_require(x, !a0, fn, "no socket") ? free_for_reason(x, a1, a2, fn) : 0;
}

/* napi_consume_skb(struct sk_buff *skb, int budget) */
NOOKS_WRAPPER(napi_consume_skb)
{
	struct sk_buff *skb = a0 ? nooks_skb_take(x, a0, "napi_consume_skb") : NULL;

	/* A budget means NAPI context: this CPU's cache of packets is used. */
	if (skb)
		napi_consume_skb(skb, nooks_in_napi_context() ? (int)a1 : 0);
	return 0;
}

/* __dev_kfree_skb_any(struct sk_buff *skb, reason): of two enums, by kernel */
NOOKS_WRAPPER(__dev_kfree_skb_any)
{
	struct sk_buff *skb = a0 ? nooks_skb_take(x, a0, "__dev_kfree_skb_any") : NULL;

	if (skb && (int)a1 == NOOKS_SKB_CONSUMED)
		dev_consume_skb_any(skb);
	else if (skb)
		dev_kfree_skb_any(skb);
	return 0;
}

/* __dev_kfree_skb_irq(struct sk_buff *skb, reason) */
NOOKS_WRAPPER(__dev_kfree_skb_irq)
{
	struct sk_buff *skb = a0 ? nooks_skb_take(x, a0, "__dev_kfree_skb_irq") : NULL;

	if (skb && (int)a1 == NOOKS_SKB_CONSUMED)
		dev_consume_skb_irq(skb);
	else if (skb)
		dev_kfree_skb_irq(skb);
	return 0;
}

/* Working on packets that the driver keeps */

struct nooks_shadow *nooks_skb_borrow(struct nooks_crossing *x, unsigned long slot, const char *fn)
{
	struct nooks_shadow *shadow = NULL;

	nooks_shadow_borrow(x, NOOKS_TYPE_sk_buff, slot, &shadow, fn, "skb");
	return shadow;
}

struct nooks_shadow *nooks_skb_borrow_sealed(struct nooks_crossing *x, unsigned long slot, const char *fn)
{
	struct nooks_shadow *shadow = nooks_skb_borrow(x, slot, fn);
	const char *why;

	if (!shadow)
		return NULL;
	why = seal(nooks_driver_of(x), shadow);
	if (!why)
		return shadow;
	nooks_shadow_return(shadow);
	nooks_fail(x, NOOKS_BAD_ARGUMENT, slot, "%s: %s", fn, why);
	return NULL;
}

struct nooks_shadow *nooks_skb_borrow_alone(struct nooks_crossing *x, unsigned long slot,
					    const char *fn)
{
	struct nooks_shadow *shadow = nooks_skb_borrow_sealed(x, slot, fn);

	if (!shadow || !skb_shared((struct sk_buff *)shadow->object))
		return shadow;
	nooks_shadow_return(shadow);
	nooks_fail(x, NOOKS_BAD_ARGUMENT, slot, "%s: the packet is shared", fn);
	return NULL;
}

/* ___pskb_trim(struct sk_buff *skb, unsigned int len) */
NOOKS_WRAPPER(___pskb_trim)
{
	struct nooks_shadow *shadow = nooks_skb_borrow_alone(x, a0, "___pskb_trim");
	struct sk_buff *skb;
	int ret = -ENOMEM;

	if (!shadow)
		return 0;
	skb = shadow->object;
	if (nooks_arg_range(x, (u32)a1, 0, skb->len, "___pskb_trim", "len"))
		ret = ___pskb_trim(skb, a1);
	nooks_shadow_return(shadow);
	return ret;
}

/*
 * A function may give a packet another buffer, of the kernel's memory, with @more bytes: that is on the driver's account
 * then. Return: what was charged for that; negative: it is too much.
 */
static int charge_buffer(struct nooks_driver *driver, struct nooks_shadow *shadow, int more)
{
	const struct sk_buff *skb = shadow->object;
	int bytes = skb_end_offset(skb) + more + sizeof(struct skb_shared_info) - shadow->charged;

	bytes = max(bytes, 0);
	return nooks_shadow_charge(driver, shadow, bytes) ? bytes : -ENOMEM;
}

/* It did so, or the packet has the old @head still. */
static void settle_buffer(struct nooks_driver *driver, struct nooks_shadow *shadow,
			  const void *head, int charged)
{
	if (((struct sk_buff *)shadow->object)->head == head)
		nooks_shadow_charge(driver, shadow, -charged);
}

/* __pskb_pull_tail(struct sk_buff *skb, int delta) */
NOOKS_WRAPPER(__pskb_pull_tail)
{
	static const char fn[] = "__pskb_pull_tail";
	struct nooks_shadow *shadow = nooks_skb_borrow_alone(x, a0, fn);
	struct nooks_driver *driver = nooks_driver_of(x);
	void *ret = NULL, *head;
	struct sk_buff *skb;
	int charged;

	if (!shadow)
		return 0;
	skb = shadow->object;
	head = skb->head;
	if (nooks_arg_range(x, (int)a1, 0, skb->data_len, fn, "delta")) {
		/* It asks for some more. */
		charged = charge_buffer(driver, shadow, (int)a1 + 128);
		if (charged >= 0) {
			ret = __pskb_pull_tail(skb, (int)a1);
			settle_buffer(driver, shadow, head, charged);
		}
	}
	nooks_shadow_return(shadow);
	return (unsigned long)ret;
}

/* pskb_expand_head(struct sk_buff *skb, int nhead, int ntail, gfp_t gfp_mask) */
NOOKS_WRAPPER(pskb_expand_head)
{
	static const char fn[] = "pskb_expand_head";
	struct nooks_shadow *shadow = nooks_skb_borrow_alone(x, a0, fn);
	struct nooks_driver *driver = nooks_driver_of(x);
	int ret = -ENOMEM, charged;
	struct sk_buff *skb;
	void *head;

	if (!shadow)
		return 0;
	skb = shadow->object;
	head = skb->head;
	if (nooks_arg_gfp(x, (__force gfp_t)a3, fn) &&
	    nooks_arg_range(x, (int)a1, 0, NOOKS_SKB_LENGTH_MAX, fn, "nhead") &&
	    nooks_arg_range(x, (int)a2, -(long)skb_tailroom(skb), NOOKS_SKB_LENGTH_MAX, fn, "ntail")) {
		charged = charge_buffer(driver, shadow, (int)a1 + (int)a2);
		if (charged >= 0) {
			ret = pskb_expand_head(skb, (int)a1, (int)a2, GFP_ATOMIC);
			settle_buffer(driver, shadow, head, charged);
		}
	}
	nooks_shadow_return(shadow);
	return ret;
}

/* __skb_pad(struct sk_buff *skb, int pad, bool free_on_error) */
NOOKS_WRAPPER(__skb_pad)
{
	static const char fn[] = "__skb_pad";
	struct nooks_shadow *shadow = nooks_skb_borrow_alone(x, a0, fn);
	struct nooks_driver *driver = nooks_driver_of(x);
	int ret = -ENOMEM, charged;
	struct sk_buff *skb;
	void *head;

	if (!shadow)
		return 0;
	skb = shadow->object;
	head = skb->head;
	if (nooks_arg_range(x, (int)a1, 0, NOOKS_SKB_LENGTH_MAX, fn, "pad")) {
		charged = charge_buffer(driver, shadow, a1);
		if (charged >= 0) {
			ret = __skb_pad(skb, (int)a1, false);
			settle_buffer(driver, shadow, head, charged);
		}
	}
	nooks_shadow_return(shadow);
	skb = ret && (a2 & 1) ? nooks_skb_take(x, a0, fn) : NULL;
	if (skb)
		dev_kfree_skb_any(skb);
	return ret;
}

/* Can the checksum be computed? */
static bool check_csum(struct nooks_crossing *x, const struct sk_buff *skb, const char *fn)
{
	long start = skb_checksum_start_offset(skb);

	return skb->ip_summed != CHECKSUM_PARTIAL ||
	       (nooks_arg_range(x, start, 0, skb_headlen(skb), fn, "csum_start") &&
		nooks_arg_range(x, start + skb->csum_offset, 0, skb->len - sizeof(__sum16), fn,
				"csum_offset"));
}

/* skb_copy_and_csum_dev(const struct sk_buff *skb, u8 *to) */
NOOKS_WRAPPER(skb_copy_and_csum_dev)
{
	static const char fn[] = "skb_copy_and_csum_dev";
	struct nooks_shadow *shadow = nooks_skb_borrow(x, a0, fn);
	struct sk_buff *skb;

	if (!shadow)
		return 0;
	skb = shadow->object;
	if (nooks_arg_writable(x, (void *)a1, skb->len, false, fn, "to") && check_csum(x, skb, fn))
		skb_copy_and_csum_dev(skb, (u8 *)a1);
	nooks_shadow_return(shadow);
	return 0;
}

/*
 * void nooks_skb_orphan(struct sk_buff *skb): the destructor that a driver sees. Inline code calls it
 * and then clears what it sees of the socket.
 */
NOOKS_WRAPPER(nooks_skb_orphan)
{
	struct nooks_shadow *shadow = nooks_skb_borrow(x, a0, "skb_orphan");

	if (!shadow)
		return 0;
	if (!must_defer())	/* else the socket is told when the packet is freed */
		skb_orphan(shadow->object);
	nooks_shadow_return(shadow);
	return 0;
}

/* int skb_to_sgvec(struct sk_buff *skb, struct scatterlist *sg, int offset, int len) */
NOOKS_WRAPPER(skb_to_sgvec)
{
	static const char fn[] = "skb_to_sgvec";
	struct nooks_shadow *shadow = nooks_skb_borrow(x, a0, fn);
	struct scatterlist list[MAX_SKB_FRAGS + 1];
	struct sk_buff *skb;
	int n = -EMSGSIZE;

	if (!shadow)
		return 0;
	skb = shadow->object;
	/* The linear data and each fragment make one entry at most. */
	if (nooks_arg_require(x, !skb_has_frag_list(skb), fn, "no list of packets") &&
	    nooks_arg_range(x, (int)a2, 0, skb->len, fn, "offset") &&
	    nooks_arg_range(x, (int)a3, 1, skb->len - (int)a2, fn, "len")) {
		sg_init_table(list, ARRAY_SIZE(list));
		n = skb_to_sgvec(skb, list, a2, a3);
	}
	if (n > 0 && nooks_arg_writable(x, (void *)a1, n * sizeof(*list), false, fn, "sg"))
		memcpy((void *)a1, list, n * sizeof(*list));
	nooks_shadow_return(shadow);
	return n;
}

/* Transmission */

static unsigned long drop(struct net_device *dev, struct sk_buff *skb)
{
	dev_core_stats_tx_dropped_inc(dev);
	dev_kfree_skb_any(skb);
	return NETDEV_TX_OK;
}

/* The driver's turn, and what has become of the packet. */
static unsigned long transmit(struct nooks_crossing *x, const unsigned long *args,
			      struct net_device *dev, u16 queue)
{
	unsigned long slot = args[0], ret;
	struct nooks_shadow *shadow;
	struct sk_buff *skb;

	if (nooks_call_run(x, NULL, args, &ret) != NOOKS_CALL_DONE) {
		dev_core_stats_tx_dropped_inc(dev);
		return NETDEV_TX_OK;
	}
	if ((int)ret == NETDEV_TX_OK)
		return NETDEV_TX_OK;
	if ((int)ret != NETDEV_TX_BUSY) {
		nooks_fail(x, NOOKS_BAD_RETURN, ret, "ndo_start_xmit may not return %d", (int)ret);
		return NETDEV_TX_OK;
	}
	/* The kernel tries again, with a packet that must be there, and by the queue that it was for. */
	shadow = nooks_skb_borrow(x, slot, "ndo_start_xmit");
	if (!shadow)
		return NETDEV_TX_OK;
	skb = shadow->object;
	nooks_shadow_remove(nooks_driver_of(x), shadow);
	skb_set_queue_mapping(skb, queue);
	skb->dev = dev;
	return NETDEV_TX_BUSY;
}

/**
 * nooks_r_xmit - the kernel gives a packet to ndo_start_xmit()
 * @stub: of ndo_start_xmit
 * @role: its role
 * @args: packet and device
 *
 * The driver holds the packet from the call on. When the domain dies in the call, the device may
 * still read the packet: recovery frees it, if the driver has not done so, after it has stopped
 * the device. Return: NETDEV_TX_OK, also for what is lost, or NETDEV_TX_BUSY.
 */
unsigned long nooks_r_xmit(struct nooks_stub *stub, const struct nooks_role *role,
			   unsigned long *args)
{
	struct sk_buff *skb = (struct sk_buff *)args[0];
	struct net_device *dev = (struct net_device *)args[1];
	struct nooks_shadow *shadow;
	struct nooks_crossing x;
	unsigned long ret;

	if (unlikely(!netif_carrier_ok(dev)) && nooks_netpark_waits(dev, skb_get_tx_queue(dev, skb)))
		return NETDEV_TX_BUSY;
	if (!nooks_call_begin(&x, stub))
		return drop(dev, skb);
	shadow = nooks_silence_asked(&x) ? NULL :
		 nooks_shadow_add(nooks_driver_of(&x), NOOKS_TYPE_sk_buff, skb, false, false, 0);
	if (shadow) {
		args[0] = (unsigned long)shadow->slot;
		ret = transmit(&x, args, dev, skb_get_queue_mapping(skb));
	} else {
		ret = drop(dev, skb);
	}
	nooks_call_end(&x);
	return ret;
}

int __init nooks_skb_init(void)
{
	orphan_stub = nooks_import_find("nooks_skb_orphan")->stub;
	return 0;
}
