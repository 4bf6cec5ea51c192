// SPDX-License-Identifier: GPL-2.0
/*
 * Packets. A driver holds those that it has made and those that it was given to transmit; each is a
 * tracked object until the driver frees it or gives it to the stack.
 */
#define pr_fmt(fmt) "nooks: " fmt
#include <linux/etherdevice.h>
#include <linux/mm.h>
#include <linux/scatterlist.h>
#include <linux/skbuff.h>
#include "generated.h"
#include "mm.h"
#include "net.h"

#define MAX_LENGTH	SZ_256K

static void skb_release(struct nooks_object *object);

static const struct nooks_object_class skb_class = {
	.name = "sk_buff",
	.phase = NOOKS_PHASE_MEMORY,
	.release = skb_release,
	.size = sizeof(struct nooks_object),
};

/* A packet that the driver fills, but that is the kernel's: napi_get_frags(). */
static const struct nooks_object_class lent_class = {
	.name = "sk_buff of NAPI",
	.phase = NOOKS_PHASE_MEMORY,
	.size = sizeof(struct nooks_object),
};

/* Could the kernel drop a reference on this page? */
static bool page_sane(const struct page *page)
{
	unsigned long offset = (unsigned long)page - VMEMMAP_START;

	return (unsigned long)page >= VMEMMAP_START && !(offset % sizeof(*page)) &&
	       pfn_valid(page_to_pfn(page)) && page_count((struct page *)page) > 0;
}

/* Can the packet be freed? The driver may have stored to its fragments. */
static const char *fragments_fault(const struct sk_buff *skb)
{
	const struct skb_shared_info *shared = skb_shinfo(skb);
	unsigned int i, n = READ_ONCE(shared->nr_frags);

	if (n > MAX_SKB_FRAGS)
		return "too many fragments";
	for (i = 0; i < n; i++)
		if (!page_sane(skb_frag_page(&shared->frags[i])))
			return "a fragment without a page";
	return NULL;
}

/* Does each fragment lie in its page, and are they as long as the packet says? */
static const char *fragment_lengths_fault(const struct sk_buff *skb)
{
	const struct skb_shared_info *shared = skb_shinfo(skb);
	unsigned int i, n = READ_ONCE(shared->nr_frags);
	unsigned long sum = 0;

	for (i = 0; i < n; i++) {
		const skb_frag_t *fragment = &shared->frags[i];
		struct page *page = skb_frag_page(fragment), *head = compound_head(page);
		unsigned long end = (unsigned long)skb_frag_off(fragment) + skb_frag_size(fragment);

		if (end > page_size(head) - (page - head) * PAGE_SIZE)
			return "a fragment beyond its page";
		sum += skb_frag_size(fragment);
	}
	return sum == skb->data_len || shared->frag_list ? NULL : "data_len is not the fragments'";
}

const char *nooks_skb_fault(const struct sk_buff *skb)
{
	unsigned long offset = skb->data - skb->head;
	const char *why;

	/* The driver can't change head and end. */
	if (offset > skb->tail || skb->tail > skb->end)
		return "data or tail is outside of the buffer";
	if (skb->data_len > skb->len || skb->len - skb->data_len != skb->tail - offset)
		return "len does not fit data and tail";
	why = fragments_fault(skb);
	return why || !skb->data_len ? why : fragment_lengths_fault(skb);
}

static bool add(struct nooks_driver *driver, const struct nooks_object_class *class,
		struct sk_buff *skb)
{
	return nooks_object_add(driver, class, skb, sizeof(*skb), NOOKS_TYPE_sk_buff, GFP_ATOMIC);
}

bool nooks_skb_lend(struct nooks_driver *driver, struct sk_buff *skb)
{
	return nooks_object_find(driver, &lent_class, skb) || add(driver, &lent_class, skb);
}

void nooks_skb_unlend(struct nooks_driver *driver, struct sk_buff *skb)
{
	nooks_untrack(driver, &lent_class, skb);
}

static void skb_release(struct nooks_object *object)
{
	struct sk_buff *skb = (struct sk_buff *)object->start;

	if (fragments_fault(skb))
		pr_warn_once("%s has corrupted a packet, which is lost\n", object->driver->name);
	else
		kfree_skb(skb);
}

/* What holds of all addresses in [start, end) of a packet. */
static struct sk_buff *skb_with(struct nooks_driver *driver, unsigned long start, unsigned long end,
				bool shared_info)
{
	struct nooks_objects *objects = &driver->objects;
	struct sk_buff *skb, *found = NULL;
	struct nooks_object *object;
	unsigned long flags;

	/* Newest first: what drivers store to is a packet that they have just got. */
	raw_spin_lock_irqsave(&objects->lock, flags);
	list_for_each_entry(object, &objects->all, list) {
		unsigned long first, last;

		if (object->class != &skb_class && object->class != &lent_class)
			continue;
		skb = (struct sk_buff *)object->start;
		first = (unsigned long)(shared_info ? skb_end_pointer(skb) : skb->head);
		last = (unsigned long)skb_end_pointer(skb) +
		       (shared_info ? sizeof(struct skb_shared_info) : 0);
		if (start >= first && end <= last) {
			found = skb;
			break;
		}
	}
	raw_spin_unlock_irqrestore(&objects->lock, flags);
	return found;
}

bool nooks_net_may_store(struct nooks_driver *driver, struct nooks_crossing *x, unsigned long addr,
			 size_t size)
{
	return addr + size >= addr && skb_with(driver, addr, addr + size, false);
}

unsigned long nooks_net_shared_info(struct nooks_driver *driver, unsigned long addr)
{
	struct sk_buff *skb = skb_with(driver, addr, addr + 1, true);

	return skb ? (unsigned long)skb_shinfo(skb) : 0;
}

/* Making packets */

/* Make a packet of a receive buffer of the driver's, which is used up in any case. */
static struct sk_buff *build(struct nooks_driver *driver, void *data, unsigned int size)
{
	/* NAPI's cache of packets belongs to the softirqs of this CPU. */
	struct sk_buff *skb = nooks_in_napi_context() ? napi_build_skb(data, size) :
							build_skb(data, size);

	if (skb && add(driver, &skb_class, skb))
		return skb;
	if (skb)
		dev_kfree_skb_any(skb);
	else
		page_frag_free(data);
	return NULL;
}

/*
 * A new packet with room for @length bytes behind @headroom. The driver may write all of its buffer
 * but for skb_shared_info, which lies on another page.
 */
static struct sk_buff *make(struct nooks_crossing *x, unsigned int headroom, unsigned int length)
{
	struct nooks_driver *driver = nooks_driver_of(x);
	struct sk_buff *skb;
	unsigned int size;
	void *data;

	if (length > MAX_LENGTH)
		return NULL;
	size = SKB_HEAD_ALIGN(max(headroom + length, 1U));
	data = (void *)nooks_w___netdev_alloc_frag_align(size, ~0UL, 0, 0, 0, 0, x);
	if (!data || WARN_ON_ONCE(IS_ERR(nooks_frag_lend(driver, data, size))))
		return NULL;
	skb = build(driver, data, size);
	if (skb)
		skb_reserve(skb, headroom);
	return skb;
}

/* __alloc_skb(unsigned int size, gfp_t gfp_mask, int flags, int node) */
NOOKS_WRAPPER(__alloc_skb)
{
	return (unsigned long)make(x, 0, a0);
}

/* __netdev_alloc_skb(struct net_device *dev, unsigned int len, gfp_t gfp_mask) */
NOOKS_WRAPPER(__netdev_alloc_skb)
{
	static const char fn[] = "__netdev_alloc_skb";
	struct sk_buff *skb;

	/* dev_alloc_skb() passes NULL. */
	if (!nooks_arg_object(x, (void *)a0, NOOKS_TYPE_net_device, true, fn, "dev"))
		return 0;
	skb = make(x, NET_SKB_PAD, a1);
	if (skb)
		skb->dev = (struct net_device *)a0;
	return (unsigned long)skb;
}

/* __napi_alloc_skb(struct napi_struct *napi, unsigned int len, gfp_t gfp_mask) */
NOOKS_WRAPPER(__napi_alloc_skb)
{
	struct net_device *dev = nooks_napi_dev(x, a0, "__napi_alloc_skb");
	struct sk_buff *skb;

	if (!dev)
		return 0;
	skb = make(x, NET_SKB_PAD + NET_IP_ALIGN, a1);
	if (skb)
		skb->dev = dev;
	return (unsigned long)skb;
}

static struct sk_buff *build_from(struct nooks_crossing *x, void *data, unsigned int size,
				  const char *fn)
{
	struct nooks_driver *driver = nooks_driver_of(x);
	struct sk_buff *skb;
	void *lent;

	lent = nooks_frag_lend(driver, data, size);
	if (PTR_ERR_OR_ZERO(lent) == -EINVAL)
		nooks_fail(x, NOOKS_BAD_ARGUMENT, (unsigned long)data,
			   "%s: no receive buffer of %u bytes", fn, size);
	if (IS_ERR(lent))
		return NULL;
	skb = build(driver, lent, size);
	if (!skb)	/* the driver would go on to use the buffer, which is gone */
		nooks_fail(x, NOOKS_OUT_OF_RESOURCES, (unsigned long)data, "%s: no memory", fn);
	return skb;
}

/* build_skb(void *data, unsigned int frag_size) */
NOOKS_WRAPPER(build_skb)
{
	return (unsigned long)build_from(x, (void *)a0, a1, "build_skb");
}

/* napi_build_skb(void *data, unsigned int frag_size) */
NOOKS_WRAPPER(napi_build_skb)
{
	return (unsigned long)build_from(x, (void *)a0, a1, "napi_build_skb");
}

/* Giving packets away */

/*
 * The driver no longer holds the packet; the caller frees or passes it on. A packet that can't be
 * freed is lost.
 */
static bool take(struct nooks_crossing *x, struct sk_buff *skb, const char *fn)
{
	const char *why = "the driver does not hold it";

	if (nooks_untrack(nooks_driver_of(x), &skb_class, skb)) {
		why = fragments_fault(skb);
		if (!why)
			return true;
	}
	nooks_fail(x, NOOKS_BAD_ARGUMENT, (unsigned long)skb, "%s: %s", fn, why);
	return false;
}

/* What the stack takes for granted of a received packet. */
static const char *received_fault(struct nooks_driver *driver, const struct sk_buff *skb)
{
	long start = skb_checksum_start_offset(skb);

	if (!nooks_netdev_known(driver, skb->dev))
		return "dev is no net_device of this driver";
	if (!skb_mac_header_was_set(skb) || skb_mac_header(skb) > skb->data)
		return "no mac header before the data";
	if (skb->ip_summed == CHECKSUM_PARTIAL &&
	    (start < 0 || start + skb->csum_offset + sizeof(__sum16) > skb_headlen(skb)))
		return "checksum outside of the headers";
	return NULL;
}

/* The fragments become the stack's. They have been the driver's, which the heap knows. */
static const char *give_fragments(struct nooks_driver *driver, const struct sk_buff *skb)
{
	const struct skb_shared_info *shared = skb_shinfo(skb);
	unsigned int i;

	if (shared->frag_list)
		return "a list of packets";
	for (i = 0; i < shared->nr_frags; i++)
		if (!nooks_heap_lend(&driver->heap, skb_frag_address(&shared->frags[i]),
				     skb_frag_size(&shared->frags[i])))
			return "a fragment that is not the driver's";
	return NULL;
}

const char *nooks_skb_give(struct nooks_driver *driver, const struct sk_buff *skb)
{
	const char *why = nooks_skb_fault(skb);

	return why ? why : give_fragments(driver, skb);
}

static bool receive(struct nooks_crossing *x, struct sk_buff *skb, const char *fn)
{
	struct nooks_driver *driver = nooks_driver_of(x);
	const char *why;

	if (!take(x, skb, fn))
		return false;
	why = nooks_skb_give(driver, skb);
	if (!why)
		why = received_fault(driver, skb);
	if (!why)
		return true;
	nooks_fail(x, NOOKS_BAD_ARGUMENT, (unsigned long)skb, "%s: %s", fn, why);
	dev_kfree_skb_any(skb);
	return false;
}

bool nooks_skb_receive(struct nooks_crossing *x, struct sk_buff *skb, const char *fn)
{
	if (nooks_in_napi_context())
		return receive(x, skb, fn);
	nooks_fail(x, NOOKS_BAD_ARGUMENT, (unsigned long)skb, "%s: not in a softirq", fn);
	return false;
}

/* netif_rx(struct sk_buff *skb) */
NOOKS_WRAPPER(netif_rx)
{
	struct sk_buff *skb = (struct sk_buff *)a0;

	return receive(x, skb, "netif_rx") ? netif_rx(skb) : NET_RX_DROP;
}

/* netif_receive_skb(struct sk_buff *skb) */
NOOKS_WRAPPER(netif_receive_skb)
{
	struct sk_buff *skb = (struct sk_buff *)a0;

	if (!nooks_skb_receive(x, skb, "netif_receive_skb"))
		return NET_RX_DROP;
	return netif_receive_skb(skb);
}

/* A socket that is told of its packet's end takes locks that softirqs take. */
static bool must_defer(void)
{
	return in_hardirq() || irqs_disabled();
}

/* consume_skb(struct sk_buff *skb) */
NOOKS_WRAPPER(consume_skb)
{
	struct sk_buff *skb = (struct sk_buff *)a0;

	if (!skb || !take(x, skb, "consume_skb"))
		return 0;
	if (must_defer())
		dev_consume_skb_irq(skb);
	else
		consume_skb(skb);
	return 0;
}

/* kfree_skb_reason(struct sk_buff *skb, enum skb_drop_reason reason) */
NOOKS_WRAPPER(kfree_skb_reason)
{
	struct sk_buff *skb = (struct sk_buff *)a0;

	if (!skb || !nooks_arg_range(x, (int)a1, 1, SKB_DROP_REASON_MAX - 1, "kfree_skb_reason",
				     "reason") || !take(x, skb, "kfree_skb_reason"))
		return 0;
	if (must_defer())
		dev_kfree_skb_irq(skb);
	else
		kfree_skb_reason(skb, a1);
	return 0;
}

/* napi_consume_skb(struct sk_buff *skb, int budget) */
NOOKS_WRAPPER(napi_consume_skb)
{
	struct sk_buff *skb = (struct sk_buff *)a0;

	/* A budget means NAPI context: this CPU's cache of packets is used. */
	if (skb && take(x, skb, "napi_consume_skb"))
		napi_consume_skb(skb, nooks_in_napi_context() ? (int)a1 : 0);
	return 0;
}

/* __dev_kfree_skb_any(struct sk_buff *skb, enum skb_free_reason reason) */
NOOKS_WRAPPER(__dev_kfree_skb_any)
{
	struct sk_buff *skb = (struct sk_buff *)a0;

	if (skb && take(x, skb, "__dev_kfree_skb_any"))
		__dev_kfree_skb_any(skb, a1 ? SKB_REASON_DROPPED : SKB_REASON_CONSUMED);
	return 0;
}

/* __dev_kfree_skb_irq(struct sk_buff *skb, enum skb_free_reason reason) */
NOOKS_WRAPPER(__dev_kfree_skb_irq)
{
	struct sk_buff *skb = (struct sk_buff *)a0;

	if (skb && take(x, skb, "__dev_kfree_skb_irq"))
		__dev_kfree_skb_irq(skb, a1 ? SKB_REASON_DROPPED : SKB_REASON_CONSUMED);
	return 0;
}

/* Working on packets that the driver keeps */

/* A packet that the driver holds and the kernel can work on. */
static struct sk_buff *held(struct nooks_crossing *x, unsigned long skb, const char *fn)
{
	const char *why;

	if (!nooks_arg_object(x, (void *)skb, NOOKS_TYPE_sk_buff, false, fn, "skb"))
		return NULL;
	why = nooks_skb_fault((struct sk_buff *)skb);
	if (!why)
		return (struct sk_buff *)skb;
	nooks_fail(x, NOOKS_BAD_ARGUMENT, skb, "%s: %s", fn, why);
	return NULL;
}

/* ... and that nobody else holds: its head may move. */
static struct sk_buff *held_alone(struct nooks_crossing *x, unsigned long addr, const char *fn)
{
	struct sk_buff *skb = held(x, addr, fn);

	if (!skb || !skb_shared(skb))
		return skb;
	nooks_fail(x, NOOKS_BAD_ARGUMENT, addr, "%s: the packet is shared", fn);
	return NULL;
}

/* ___pskb_trim(struct sk_buff *skb, unsigned int len) */
NOOKS_WRAPPER(___pskb_trim)
{
	struct sk_buff *skb = held_alone(x, a0, "___pskb_trim");

	if (!skb || !nooks_arg_range(x, (u32)a1, 0, skb->len, "___pskb_trim", "len"))
		return 0;
	return ___pskb_trim(skb, a1);
}

/* __pskb_pull_tail(struct sk_buff *skb, int delta) */
NOOKS_WRAPPER(__pskb_pull_tail)
{
	struct sk_buff *skb = held_alone(x, a0, "__pskb_pull_tail");

	if (!skb || !nooks_arg_range(x, (int)a1, 0, skb->data_len, "__pskb_pull_tail", "delta"))
		return 0;
	return (unsigned long)__pskb_pull_tail(skb, (int)a1);
}

/* pskb_expand_head(struct sk_buff *skb, int nhead, int ntail, gfp_t gfp_mask) */
NOOKS_WRAPPER(pskb_expand_head)
{
	struct sk_buff *skb = held_alone(x, a0, "pskb_expand_head");

	if (!skb || !nooks_arg_range(x, (int)a1, 0, MAX_LENGTH, "pskb_expand_head", "nhead") ||
	    !nooks_arg_range(x, (int)a2, -(long)skb_tailroom(skb), MAX_LENGTH, "pskb_expand_head",
			     "ntail"))
		return 0;
	return pskb_expand_head(skb, (int)a1, (int)a2, GFP_ATOMIC);
}

/* __skb_pad(struct sk_buff *skb, int pad, bool free_on_error) */
NOOKS_WRAPPER(__skb_pad)
{
	struct sk_buff *skb = held_alone(x, a0, "__skb_pad");
	int ret;

	if (!skb || !nooks_arg_range(x, (int)a1, 0, MAX_LENGTH, "__skb_pad", "pad"))
		return 0;
	ret = __skb_pad(skb, (int)a1, false);
	if (ret && (a2 & 1) && take(x, skb, "__skb_pad"))
		dev_kfree_skb_any(skb);
	return ret;
}

/* skb_copy_and_csum_dev(const struct sk_buff *skb, u8 *to) */
NOOKS_WRAPPER(skb_copy_and_csum_dev)
{
	static const char fn[] = "skb_copy_and_csum_dev";
	struct sk_buff *skb = held(x, a0, fn);
	long start;

	if (!skb || !nooks_arg_writable(x, (void *)a1, skb->len, false, fn, "to"))
		return 0;
	start = skb_checksum_start_offset(skb);
	if (skb->ip_summed == CHECKSUM_PARTIAL &&
	    (!nooks_arg_range(x, start, 0, skb_headlen(skb), fn, "csum_start") ||
	     !nooks_arg_range(x, start + skb->csum_offset, 0, skb->len - sizeof(__sum16), fn,
			      "csum_offset")))
		return 0;
	skb_copy_and_csum_dev(skb, (u8 *)a1);
	return 0;
}

/* skb_add_rx_frag(struct sk_buff *skb, int i, struct page *page, int off, int size, truesize) */
NOOKS_WRAPPER(skb_add_rx_frag)
{
	static const char fn[] = "skb_add_rx_frag";
	struct sk_buff *skb = held(x, a0, fn);
	struct page *page = (struct page *)a2;

	if (!skb ||
	    !nooks_arg_range(x, (int)a1, skb_shinfo(skb)->nr_frags, MAX_SKB_FRAGS - 1, fn, "i") ||
	    !nooks_arg_range(x, (int)a3, 0, MAX_LENGTH, fn, "off") ||
	    !nooks_arg_range(x, (int)a4, 0, MAX_LENGTH, fn, "size"))
		return 0;
	if (!page_sane(page)) {
		nooks_fail(x, NOOKS_BAD_ARGUMENT, a2, "%s: page is none", fn);
		return 0;
	}
	/* The stack would hand its content to anyone: it has to be the driver's. */
	if (!nooks_arg_writable(x, page_address(page) + (int)a3, (int)a4, false, fn, "page"))
		return 0;
	skb_add_rx_frag(skb, (int)a1, page, (int)a3, (int)a4, (u32)a5);
	return 0;
}

/* skb_coalesce_rx_frag(struct sk_buff *skb, int i, int size, unsigned int truesize) */
NOOKS_WRAPPER(skb_coalesce_rx_frag)
{
	static const char fn[] = "skb_coalesce_rx_frag";
	struct sk_buff *skb = held(x, a0, fn);

	/* Whether the longer fragment lies in its page is checked when the packet is received. */
	if (!skb ||
	    !nooks_arg_range(x, (int)a1, 0, (int)skb_shinfo(skb)->nr_frags - 1, fn, "i") ||
	    !nooks_arg_range(x, (int)a2, 0, MAX_LENGTH, fn, "size"))
		return 0;
	skb_coalesce_rx_frag(skb, (int)a1, (int)a2, (u32)a3);
	return 0;
}

/* int skb_to_sgvec(struct sk_buff *skb, struct scatterlist *sg, int offset, int len) */
NOOKS_WRAPPER(skb_to_sgvec)
{
	static const char fn[] = "skb_to_sgvec";
	struct sk_buff *skb = held(x, a0, fn);
	struct scatterlist list[MAX_SKB_FRAGS + 1];
	int n;

	/* The linear data and each fragment make one entry at most. */
	if (!skb || !nooks_arg_require(x, !skb_has_frag_list(skb), fn, "no list of packets") ||
	    !nooks_arg_range(x, (int)a2, 0, skb->len, fn, "offset") ||
	    !nooks_arg_range(x, (int)a3, 1, skb->len - (int)a2, fn, "len"))
		return 0;
	sg_init_table(list, ARRAY_SIZE(list));
	n = skb_to_sgvec(skb, list, a2, a3);
	if (n > 0 && nooks_arg_writable(x, (void *)a1, n * sizeof(*list), false, fn, "sg"))
		memcpy((void *)a1, list, n * sizeof(*list));
	return n;
}

/* Transmission */

static unsigned long drop(struct net_device *dev, struct sk_buff *skb)
{
	dev_core_stats_tx_dropped_inc(dev);
	dev_kfree_skb_any(skb);
	return NETDEV_TX_OK;
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
	struct nooks_driver *driver = (struct nooks_driver *)stub->domain;
	struct sk_buff *skb = (struct sk_buff *)args[0];
	struct net_device *dev = (struct net_device *)args[1];
	unsigned long ret;

	if (!add(driver, &skb_class, skb))
		return drop(dev, skb);
	switch (nooks_call_stub(stub, args, &ret)) {
	case NOOKS_CALL_CLOSED:
		/* If it is not there, recovery has been quicker. */
		if (nooks_untrack(driver, &skb_class, skb))
			return drop(dev, skb);
		return NETDEV_TX_OK;
	case NOOKS_CALL_UNWOUND:
		dev_core_stats_tx_dropped_inc(dev);
		return NETDEV_TX_OK;
	default:
		break;
	}
	if ((int)ret == NETDEV_TX_OK)
		return NETDEV_TX_OK;
	/* Busy: the kernel tries again, with a packet that must be there and as it was. */
	if ((int)ret == NETDEV_TX_BUSY && nooks_untrack(driver, &skb_class, skb)) {
		if (!nooks_skb_fault(skb))
			return NETDEV_TX_BUSY;
		if (!fragments_fault(skb))
			drop(dev, skb);
	}
	nooks_fail_return(driver, stub, (int)ret);
	return NETDEV_TX_OK;
}
