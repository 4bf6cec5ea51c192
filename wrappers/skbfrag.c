// SPDX-License-Identifier: GPL-2.0
/*
 * Fragments of packets. skb_shared_info is the kernel's own, with checked stores: fragments change, by
 * stores, only in packets that the driver makes, only while no kernel function works on them, and only until
 * they are sealed. What a made packet's fragments hold are references of the driver's on its own pages; they are sealed,
 * that is, counted over to the kernel, before the kernel may put one. All others are none of the driver's business.
 */
#include <linux/mm.h>
#include <linux/skbuff.h>
#include "../nooks/compat.h"
#include "../nooks/driver.h"
#include "../objtracker/shadow.h"
#include "args.h"
#include "generated.h"
#include "net.h"
#include "skb.h"

bool nooks_page_sane(const struct page *page)
{
	unsigned long offset = (unsigned long)page - VMEMMAP_START;

	return (unsigned long)page >= VMEMMAP_START && !(offset % sizeof(*page)) &&
	       pfn_valid(page_to_pfn(page)) && page_count((struct page *)page) > 0;
}

/* Does a fragment lie in its page? The driver may have stored anything to it. */
static const char *fragment_fault(const skb_frag_t *fragment)
{
	unsigned long end = (unsigned long)skb_frag_off(fragment) + skb_frag_size(fragment);
	struct page *page = skb_frag_page(fragment), *head;

	if (!nooks_page_sane(page))
		return "a fragment without a page";
	head = compound_head(page);
	return end > page_size(head) - (page - head) * PAGE_SIZE ? "a fragment beyond its page" : NULL;
}

const char *nooks_skb_fragments_fault(const struct sk_buff *skb, bool made)
{
	const struct skb_shared_info *shared = skb_shinfo(skb);
	unsigned int i, n = READ_ONCE(shared->nr_frags);
	const char *why = NULL;
	unsigned long sum = 0;

	if (!n && !skb->data_len)
		return NULL;
	if (n > MAX_SKB_FRAGS)
		return "too many fragments";
	for (i = 0; i < n && !why; i++) {
		sum += skb_frag_size(&shared->frags[i]);
		if (made)
			why = fragment_fault(&shared->frags[i]);
	}
	if (why || !skb->data_len)
		return why;
	return sum == skb->data_len || shared->frag_list ? NULL : "data_len is not the fragments'";
}

/* It is going to be freed, without fragments but the first @n. */
static void strip(struct sk_buff *skb, unsigned int n)
{
	skb_shinfo(skb)->nr_frags = n;
	skb->len -= skb->data_len;
	skb->data_len = 0;
}

const char *nooks_skb_seal(struct nooks_driver *driver, struct sk_buff *skb)
{
	const struct skb_shared_info *shared = skb_shinfo(skb);
	unsigned int i, n = min_t(unsigned int, shared->nr_frags, MAX_SKB_FRAGS);

	for (i = 0; i < n; i++)
		if (fragment_fault(&shared->frags[i]) ||
		    !nooks_heap_lend(&driver->heap, skb_frag_address(&shared->frags[i]),
				     skb_frag_size(&shared->frags[i])))
			break;
	if (i == shared->nr_frags)
		return shared->frag_list ? "a list of packets" : NULL;
	if (skb_cloned(skb))
		skb_get(skb);		/* its clone has the same fragments: neither is ever freed */
	else
		strip(skb, i);
	return "a fragment that is not the driver's";
}

/* Bytes of skb_shared_info that say which pages a packet has. */
static bool is_fragments(const struct skb_shared_info *shared, unsigned long addr, size_t size)
{
	unsigned long n = (unsigned long)&shared->nr_frags, frags = (unsigned long)shared->frags;

	return (addr < n + sizeof(shared->nr_frags) && addr + size > n) ||
	       (addr < frags + sizeof(shared->frags) && addr + size > frags);
}

/* Do all of [@addr, @addr + @size) lie in a packet's buffer, or in what is behind that? */
static bool contains(const struct nooks_shadow *shadow, unsigned long addr, size_t size)
{
	const struct sk_buff *skb = shadow->object;

	return shadow->type == NOOKS_TYPE_sk_buff && addr >= (unsigned long)skb->head &&
	       size <= (unsigned long)(skb_shinfo(skb) + 1) - addr &&
	       addr < (unsigned long)(skb_shinfo(skb) + 1);
}

struct nooks_shadow *nooks_skb_at(struct nooks_driver *driver, unsigned long addr, size_t size,
				  unsigned long *info)
{
	struct nooks_shadows *shadows = &driver->shadows;
	struct nooks_shadow *shadow, *found = NULL;
	unsigned long flags, end;

	/* Newest first: what drivers store to is a packet that they have just got. */
	raw_spin_lock_irqsave(&shadows->lock, flags);
	list_for_each_entry(shadow, &shadows->held, list) {
		if (!contains(shadow, addr, size))
			continue;
		end = (unsigned long)skb_shinfo((struct sk_buff *)shadow->object);
		if (addr >= end || addr + size <= end) {
			*info = addr >= end ? end : 0;
			found = shadow;
		}
		break;
	}
	raw_spin_unlock_irqrestore(&shadows->lock, flags);
	return found;
}

const char *nooks_skb_hold(struct nooks_driver *driver, const struct nooks_shadow *shadow,
			   unsigned long addr, size_t size)
{
	struct nooks_shadows *shadows = &driver->shadows;
	const struct sk_buff *skb;
	const char *why = NULL;

	lockdep_assert_irqs_disabled();
	raw_spin_lock(&shadows->lock);
	skb = shadow->object;
	if (shadow->state == NOOKS_SHADOW_FREE || !contains(shadow, addr, size))
		why = "the packet is the driver's no more";
	else if (shadow->state == NOOKS_SHADOW_BUSY)
		why = "a kernel function works on the packet";
	else if (is_fragments(skb_shinfo(skb), addr, size) && (!shadow->made || skb_cloned(skb)))
		why = "fragments of a packet that the driver has not made, or given away";
	if (why)
		raw_spin_unlock(&shadows->lock);
	else
		__release(&shadows->lock);	/* for sparse: the lock stays */
	return why;
}

void nooks_skb_release(struct nooks_driver *driver)
{
	__acquire(&driver->shadows.lock);
	raw_spin_unlock(&driver->shadows.lock);
}

static bool check_rx_frag(struct nooks_crossing *x, const struct sk_buff *skb, int i,
			  const struct page *page, int off, int size, const char *fn)
{
	if (!nooks_arg_range(x, i, skb_shinfo(skb)->nr_frags, MAX_SKB_FRAGS - 1, fn, "i") ||
	    !nooks_arg_range(x, off, 0, NOOKS_SKB_LENGTH_MAX, fn, "off") ||
	    !nooks_arg_range(x, size, 1, NOOKS_SKB_LENGTH_MAX, fn, "size"))
		return false;
	/* The stack would hand its content to anyone, and put it: it has to be the driver's. */
	if (nooks_page_sane(page) && nooks_may_write(x->domain, page_address(page) + off, size))
		return true;
	nooks_fail(x, NOOKS_BAD_ARGUMENT, (unsigned long)page, "%s: page is not the driver's", fn);
	return false;
}

/* A packet that is borrowed to add to its fragments; NULL: the domain has failed. */
static struct nooks_shadow *borrow_made(struct nooks_crossing *x, unsigned long slot, const char *fn)
{
	struct nooks_shadow *shadow = nooks_skb_borrow(x, slot, fn);

	if (!shadow ||
	    nooks_arg_require(x, shadow->made && !skb_cloned((struct sk_buff *)shadow->object), fn,
			      "the packet is made by the driver, and not given away"))
		return shadow;
	nooks_shadow_return(shadow);
	return NULL;
}

/* skb_add_rx_frag(struct sk_buff *skb, int i, struct page *page, int off, int size, truesize) */
NOOKS_WRAPPER(skb_add_rx_frag)
{
	static const char fn[] = "skb_add_rx_frag";
	struct nooks_shadow *shadow = borrow_made(x, a0, fn);
	struct page *page = (struct page *)a2;

	if (!shadow)
		return 0;
	if (check_rx_frag(x, shadow->object, a1, page, a3, a4, fn))
		skb_add_rx_frag(shadow->object, (int)a1, page, (int)a3, (int)a4, (u32)a5);
	nooks_shadow_return(shadow);
	return 0;
}

/* skb_coalesce_rx_frag(struct sk_buff *skb, int i, int size, unsigned int truesize) */
NOOKS_WRAPPER(skb_coalesce_rx_frag)
{
	static const char fn[] = "skb_coalesce_rx_frag";
	struct nooks_shadow *shadow = borrow_made(x, a0, fn);
	struct sk_buff *skb;

	if (!shadow)
		return 0;
	skb = shadow->object;
	/* Whether the longer fragment lies in its page is checked when the packet is received. */
	if (nooks_arg_range(x, (int)a1, 0, (int)skb_shinfo(skb)->nr_frags - 1, fn, "i") &&
	    nooks_arg_range(x, (int)a2, 0, NOOKS_SKB_LENGTH_MAX, fn, "size"))
		skb_coalesce_rx_frag(skb, (int)a1, (int)a2, (u32)a3);
	nooks_shadow_return(shadow);
	return 0;
}
