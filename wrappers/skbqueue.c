// SPDX-License-Identifier: GPL-2.0
/*
 * Queues of packets. A driver's sk_buff_head lies in its own memory and links shadows, by pointers that
 * are the driver's own (inline functions use them, too): so the kernel's lists never lead there. What the
 * kernel stores is a pointer of a head or a shadow that was looked at before, and the lock of the head
 * has a kernel instance.
 */
#include <linux/irqflags.h>
#include <linux/netdevice.h>
#include <linux/skbuff.h>
#include "../nooks/compat.h"
#include "../nooks/driver.h"
#include "../objtracker/shadow.h"
#include "generated.h"
#include "hold.h"
#include "skb.h"

/**
 * struct queue - a queue of the driver's, locked
 * @x: the crossing
 * @head: the driver's, which the domain may write
 * @fn: for reports
 * @flags: interrupts' state before
 */
struct queue {
	struct nooks_crossing *x;
	struct sk_buff_head *head;
	const char *fn;
	unsigned long flags;
};

/* False: the domain has failed, maybe before. */
static bool lock_queue(struct queue *q, unsigned long head, struct nooks_crossing *x, const char *fn)
{
	q->x = x;
	q->head = (struct sk_buff_head *)head;
	q->fn = fn;
	if (!nooks_arg_writable(x, q->head, sizeof(*q->head), false, fn, "list"))
		return false;
	local_irq_save(q->flags);
	/* It may have been freed while this waited. */
	if (nooks_spin_take(x, &q->head->lock.rlock) &&
	    nooks_arg_writable(x, q->head, sizeof(*q->head), false, fn, "list"))
		return true;
	local_irq_restore(q->flags);
	return false;
}

static void unlock_queue(struct queue *q)
{
	nooks_spin_drop(q->x, &q->head->lock.rlock);
	local_irq_restore(q->flags);
}

static struct sk_buff *end_of(const struct queue *q)
{
	return (struct sk_buff *)q->head;
}

/* Is this the head, or a packet that the driver holds? Else the domain has failed. */
static bool check_link(struct queue *q, const struct sk_buff *link)
{
	if (link == end_of(q) ||
	    nooks_shadow_find(nooks_driver_of(q->x), NOOKS_TYPE_sk_buff, (unsigned long)link))
		return true;
	nooks_fail(q->x, NOOKS_BAD_ARGUMENT, (unsigned long)link,
		   "%s: list: links to no packet that the driver holds", q->fn);
	return false;
}

/* Put a packet behind @prev, which is the head or a packet. */
static void link_behind(struct queue *q, struct sk_buff *prev, unsigned long slot)
{
	struct sk_buff *skb = (struct sk_buff *)slot, *next;

	if (!check_link(q, prev))
		return;
	next = READ_ONCE(prev->next);
	if (!nooks_arg_require(q->x, skb != end_of(q), q->fn, "a packet is no list") ||
	    !check_link(q, next) || !check_link(q, skb))
		return;
	WRITE_ONCE(skb->next, next);
	WRITE_ONCE(skb->prev, prev);
	WRITE_ONCE(next->prev, skb);
	WRITE_ONCE(prev->next, skb);
	WRITE_ONCE(q->head->qlen, q->head->qlen + 1);
}

/* Take a packet off the queue; 0: it is empty, or the domain has failed. */
static unsigned long unlink(struct queue *q, struct sk_buff *skb)
{
	struct sk_buff *next, *prev;

	if (skb == end_of(q) || !check_link(q, skb))
		return 0;
	next = READ_ONCE(skb->next);
	prev = READ_ONCE(skb->prev);
	if (!check_link(q, next) || !check_link(q, prev))
		return 0;
	WRITE_ONCE(q->head->qlen, q->head->qlen - 1);
	skb->next = NULL;
	skb->prev = NULL;
	WRITE_ONCE(next->prev, prev);
	WRITE_ONCE(prev->next, next);
	return (unsigned long)skb;
}

static void enqueue(struct nooks_crossing *x, unsigned long head, unsigned long slot, bool at_tail,
		    const char *fn)
{
	struct queue q;

	if (!lock_queue(&q, head, x, fn))
		return;
	link_behind(&q, at_tail ? READ_ONCE(q.head->prev) : end_of(&q), slot);
	unlock_queue(&q);
}

/* Return: a packet, 0 if there is none or the domain has failed. */
static unsigned long dequeue(struct nooks_crossing *x, unsigned long head, bool from_tail,
			     const char *fn)
{
	unsigned long slot;
	struct queue q;

	if (!lock_queue(&q, head, x, fn))
		return 0;
	slot = unlink(&q, from_tail ? READ_ONCE(q.head->prev) : READ_ONCE(q.head->next));
	unlock_queue(&q);
	return slot;
}

/* void skb_queue_head(struct sk_buff_head *list, struct sk_buff *newsk) */
NOOKS_WRAPPER(skb_queue_head)
{
	enqueue(x, a0, a1, false, "skb_queue_head");
	return 0;
}

/* void skb_queue_tail(struct sk_buff_head *list, struct sk_buff *newsk) */
NOOKS_WRAPPER(skb_queue_tail)
{
	enqueue(x, a0, a1, true, "skb_queue_tail");
	return 0;
}

/* struct sk_buff *skb_dequeue(struct sk_buff_head *list) */
NOOKS_WRAPPER(skb_dequeue)
{
	return dequeue(x, a0, false, "skb_dequeue");
}

/* struct sk_buff *skb_dequeue_tail(struct sk_buff_head *list) */
NOOKS_WRAPPER(skb_dequeue_tail)
{
	return dequeue(x, a0, true, "skb_dequeue_tail");
}

/* void skb_unlink(struct sk_buff *skb, struct sk_buff_head *list) */
NOOKS_WRAPPER(skb_unlink)
{
	struct queue q;

	if (lock_queue(&q, a1, x, "skb_unlink")) {
		unlink(&q, (struct sk_buff *)a0);
		unlock_queue(&q);
	}
	return 0;
}

/* void skb_queue_purge(struct sk_buff_head *list) */
NOOKS_WRAPPER(skb_queue_purge)
{
	unsigned long slot;

	do {
		slot = dequeue(x, a0, false, "skb_queue_purge");
		if (slot)
			nooks_w___dev_kfree_skb_any(slot, NOOKS_SKB_DROPPED, 0, 0, 0, 0, x);
	} while (slot && !nooks_crossing_stale(x));
	return 0;
}
