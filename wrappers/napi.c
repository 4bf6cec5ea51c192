// SPDX-License-Identifier: GPL-2.0
/*
 * NAPI. A driver embeds its napi_struct in its own memory; the kernel polls an instance of its own,
 * and fields that inline code of drivers reads are copied to the driver's.
 */
#include <linux/bottom_half.h>
#include <linux/delay.h>
#include <linux/etherdevice.h>
#include <linux/jiffies.h>
#include <linux/limits.h>
#include "generated.h"
#include "hold.h"
#include "irq.h"
#include "net.h"
#include "skb.h"

/* A driver that disables NAPI waits for its own poll: for so long, then it is stuck. */
#define DISABLE_TIMEOUT	(10 * HZ)

/* So many interrupts between two polls that want it scheduled, which it is, are a storm. */
#define STORM		8

/* Who is to clear NAPI_STATE_SCHED, if it is set. */
enum owner {
	OWNER_CORE,	/* it polls the driver some time, or has disabled NAPI */
	OWNER_DRIVER,	/* to schedule or complete; whoever changes this to OWNER_CORE does so */
	OWNER_POLL,	/* the driver's poll, or poll() below after it */
};

/**
 * struct nooks_napi - kernel instance of a napi_struct
 * @object: in the driver's table
 * @napi: what the kernel uses
 * @theirs: the driver's, in its memory
 * @poll: the driver's function
 * @frags: shadow of the packet that the driver fills for napi_gro_frags(), or NULL; its poll's own
 * @owner: enum owner; changed by atomic operations only
 * @enabled: between napi_enable() and napi_disable()
 * @refused: about so many times since the last poll napi_schedule_prep() has said no to a handler of interrupts
 */
struct nooks_napi {
	struct nooks_object object;
	struct napi_struct napi;
	struct napi_struct *theirs;
	struct nooks_stub *poll;
	struct nooks_shadow *frags;
	int owner;
	int enabled;
	unsigned int refused;
};

static void napi_release(struct nooks_object *object);

/* Released before the net_device, which is older. */
static const struct nooks_object_class napi_class = {
	.name = "napi_struct",
	.phase = NOOKS_PHASE_DEVICES,
	.release = napi_release,
	.size = sizeof(struct nooks_napi),
};

/*
 * The instance of a driver's napi_struct, to be given back by put(). NULL, with the domain failed,
 * if there is none.
 */
static struct nooks_napi *get(struct nooks_crossing *x, unsigned long theirs, const char *fn)
{
	struct nooks_object *object = nooks_object_get(nooks_driver_of(x), &napi_class,
						       (void *)theirs);

	if (object)
		return container_of(object, struct nooks_napi, object);
	nooks_fail(x, NOOKS_BAD_ARGUMENT, theirs, "%s: netif_napi_add was not called", fn);
	return NULL;
}

static void put(struct nooks_napi *n)
{
	nooks_object_free(&n->object);
}

struct net_device *nooks_napi_dev(struct nooks_crossing *x, unsigned long napi, const char *fn)
{
	struct nooks_napi *n = get(x, napi, fn);
	struct net_device *dev = n ? n->napi.dev : NULL;

	if (n)
		put(n);
	return dev;
}

/*
 * Show the driver the instance's state. NAPI_STATE_MISSED goes the other way only: inline code of
 * drivers sets it (napi_if_scheduled_mark_missed).
 */
static void mirror(struct nooks_napi *n)
{
	unsigned long state, old;

	if (!nooks_may_write(n->object.driver->domain, n->theirs, sizeof(*n->theirs)))
		return;
	state = READ_ONCE(n->napi.state) & ~NAPIF_STATE_MISSED;
	old = xchg(&n->theirs->state, state);
	if ((old & NAPIF_STATE_MISSED) && (state & NAPIF_STATE_SCHED))
		set_bit(NAPI_STATE_MISSED, &n->napi.state);
}

/* The driver's poll is over and has failed: complete if it has not. */
static void finish(struct nooks_napi *n)
{
	if (xchg(&n->owner, OWNER_CORE) != OWNER_CORE)
		napi_complete_done(&n->napi, 0);
}

/* Is it the kernel's turn: will it poll? */
static bool to_be_polled(const struct nooks_napi *n)
{
	return (READ_ONCE(n->napi.state) & (NAPIF_STATE_SCHED | NAPIF_STATE_NPSVC)) ==
	       NAPIF_STATE_SCHED && READ_ONCE(n->owner) != OWNER_DRIVER;
}

/* An interrupt handler has found it scheduled. See irq.c. */
static void refuse(struct nooks_napi *n)
{
	struct nooks_driver *driver = n->object.driver;

	WRITE_ONCE(n->refused, n->refused + 1);
	if (n->refused < STORM || !to_be_polled(n) || !nooks_irq_hold(driver))
		return;
	smp_mb();		/* pairs with that in poll(): either it lets go, or the state has changed */
	if (!to_be_polled(n))
		nooks_irqs_let_go(driver);
}

static int poll_driver(struct nooks_napi *n, int budget)
{
	unsigned long args[6] = { (unsigned long)n->theirs, budget }, value;
	int ret;

	/* Netpoll polls without a budget, and whether it is scheduled or not. */
	if (budget)
		xchg(&n->owner, OWNER_POLL);
	mirror(n);
	if (nooks_call_stub(n->poll, args, &value) != NOOKS_CALL_DONE) {
		finish(n);
		return 0;
	}
	/* The core takes a negative count, which some drivers return after an error, for a small one. */
	ret = max_t(int, value, 0);
	if (ret > budget) {
		nooks_fail_return(n->object.driver, n->poll, ret);
		finish(n);
		return 0;
	}
	if (!budget)
		return ret;
	if (ret < budget) {
		/* If it has not completed: later, by the driver or by quiesce(). */
		cmpxchg(&n->owner, OWNER_POLL, OWNER_DRIVER);
		return ret;
	}
	/* The core polls again, so the driver must not have completed. */
	if (cmpxchg(&n->owner, OWNER_POLL, OWNER_CORE) == OWNER_POLL)
		return ret;
	nooks_fail_return(n->object.driver, n->poll, ret);
	return 0;
}

/* The kernel polls. */
static int poll(struct napi_struct *napi, int budget)
{
	struct nooks_napi *n = container_of(napi, struct nooks_napi, napi);
	struct nooks_driver *driver = n->object.driver;
	int ret = poll_driver(n, budget);

	WRITE_ONCE(n->refused, 0);
	smp_mb();		/* pairs with that in refuse() */
	/* Scheduled still, or again: handlers could do nothing until the next poll, and would keep it from coming. */
	if (!to_be_polled(n))
		nooks_irqs_let_go(driver);
	return ret;
}

/*
 * Disable NAPI. napi_disable() waits until it is not scheduled; a driver that has prepared to
 * schedule it, or has not completed it, and does no more would keep it waiting for ever. @x: the
 * driver's call, or NULL when the driver has no say any more. May sleep.
 */
static void quiesce(struct nooks_napi *n, struct nooks_crossing *x)
{
	unsigned long end = jiffies + DISABLE_TIMEOUT;

	set_bit(NAPI_STATE_DISABLE, &n->napi.state);	/* no more napi_schedule_prep() */
	while (test_bit(NAPI_STATE_SCHED, &n->napi.state)) {
		if (x && !nooks_crossing_stale(x) && time_after(jiffies, end))
			nooks_fail(x, NOOKS_TIMEOUT, (unsigned long)n->theirs,
				   "napi_disable: scheduled, but never completed");
		if ((!x || nooks_crossing_stale(x)) &&
		    cmpxchg(&n->owner, OWNER_DRIVER, OWNER_CORE) == OWNER_DRIVER) {
			local_bh_disable();
			napi_complete_done(&n->napi, 0);
			local_bh_enable();
		}
		usleep_range(20, 200);
	}
	napi_disable(&n->napi);
	/* The last poll may have left that to the next one. */
	nooks_irqs_let_go(n->object.driver);
}

/* Take the instance from the kernel; it has left the table. May sleep. */
static void stop(struct nooks_napi *n, struct nooks_crossing *x)
{
	if (xchg(&n->enabled, 0))
		quiesce(n, x);
	if (n->frags)
		nooks_skb_unlend(n->object.driver, n->frags);
	n->frags = NULL;
	netif_napi_del(&n->napi);	/* and waits until nobody finds it by its id */
}

/* Recovery: the domain takes no calls, so each poll completes at once. */
static void napi_release(struct nooks_object *object)
{
	stop(container_of(object, struct nooks_napi, object), NULL);
}

void nooks_napi_forget(struct nooks_driver *driver, struct net_device *dev)
{
	struct napi_struct *napi, *next;

	list_for_each_entry_safe(napi, next, &dev->napi_list, dev_list) {
		struct nooks_napi *n = container_of(napi, struct nooks_napi, napi);

		if (WARN_ON_ONCE(!nooks_object_remove(driver, &napi_class, n->theirs)))
			continue;
		stop(n, NULL);
		put(n);
	}
}

/* netif_napi_add_weight(struct net_device *dev, struct napi_struct *napi, poll, int weight) */
NOOKS_WRAPPER(netif_napi_add_weight)
{
	static const char fn[] = "netif_napi_add_weight";
	struct nooks_driver *driver = nooks_driver_of(x);
	struct net_device *dev = (struct net_device *)a0;
	struct napi_struct *theirs = (struct napi_struct *)a1;
	struct nooks_stub *stub = nooks_stub_find(driver, (void *)a2);
	struct nooks_object *object;
	struct nooks_napi *n;

	if (!nooks_may_sleep(x, fn) ||
	    !nooks_arg_writable(x, theirs, sizeof(*theirs), false, fn, "napi") ||
	    !nooks_arg_range(x, (int)a3, 1, S16_MAX, fn, "weight"))
		return 0;
	if (!stub || !nooks_netdev_known(driver, dev)) {
		nooks_fail(x, NOOKS_BAD_ARGUMENT, stub ? a0 : a2, "%s: %s", fn, stub ?
			   "no net_device of this driver" : "poll is no function of the driver");
		return 0;
	}
	object = nooks_object_add(driver, &napi_class, theirs, sizeof(*theirs), NOOKS_TYPE_none,
				  GFP_KERNEL);
	if (!object) {
		bool twice = nooks_object_find(driver, &napi_class, theirs);

		nooks_fail(x, twice ? NOOKS_BAD_ARGUMENT : NOOKS_OUT_OF_RESOURCES, a1, "%s: %s", fn,
			   twice ? "added before" : "no memory");
		return 0;
	}
	n = container_of(object, struct nooks_napi, object);
	n->theirs = theirs;
	n->poll = stub;
	/* netif_napi_add_tx() sets it inline. */
	n->napi.state = READ_ONCE(theirs->state) & NAPIF_STATE_NO_BUSY_POLL;
	netif_napi_add_weight(dev, &n->napi, poll, (int)a3);
	WRITE_ONCE(theirs->dev, dev);
	WRITE_ONCE(theirs->weight, (int)a3);
	WRITE_ONCE(theirs->napi_id, n->napi.napi_id);
	mirror(n);
	return 0;
}

/* __netif_napi_del(struct napi_struct *napi) */
NOOKS_WRAPPER(__netif_napi_del)
{
	struct nooks_object *object;

	if (!nooks_may_sleep(x, "__netif_napi_del"))
		return 0;
	/* Of what was never added, the kernel finds NAPI_STATE_LISTED clear, and all is well. */
	object = nooks_object_remove(nooks_driver_of(x), &napi_class, (void *)a0);
	if (!object)
		return 0;
	stop(container_of(object, struct nooks_napi, object), x);
	nooks_object_free(object);
	return 0;
}

/* napi_enable(struct napi_struct *n) */
NOOKS_WRAPPER(napi_enable)
{
	struct nooks_napi *n = get(x, a0, "napi_enable");
	int weight;

	if (!n)
		return 0;
	if (xchg(&n->enabled, 1)) {
		nooks_fail(x, NOOKS_BAD_ARGUMENT, a0, "napi_enable: it is enabled");
		goto put;
	}
	/* Some drivers change it while disabled. */
	if (nooks_may_write(n->object.driver->domain, n->theirs, sizeof(*n->theirs))) {
		weight = READ_ONCE(n->theirs->weight);
		if (weight > 0 && weight <= NAPI_POLL_WEIGHT)
			n->napi.weight = weight;
	}
	napi_enable(&n->napi);
	mirror(n);
put:
	put(n);
	return 0;
}

/* napi_disable(struct napi_struct *n) */
NOOKS_WRAPPER(napi_disable)
{
	struct nooks_napi *n;

	if (!nooks_may_sleep(x, "napi_disable"))
		return 0;
	n = get(x, a0, "napi_disable");
	if (!n)
		return 0;
	if (xchg(&n->enabled, 0)) {
		quiesce(n, x);
		mirror(n);
	} else {
		nooks_fail(x, NOOKS_BAD_ARGUMENT, a0, "napi_disable: it is disabled");
	}
	put(n);
	return 0;
}

/* napi_schedule_prep(struct napi_struct *n) */
NOOKS_WRAPPER(napi_schedule_prep)
{
	struct nooks_napi *n = get(x, a0, "napi_schedule_prep");
	bool ret;

	if (!n)
		return 0;
	ret = napi_schedule_prep(&n->napi);
	if (ret)
		xchg(&n->owner, OWNER_DRIVER);
	else if (in_hardirq())
		refuse(n);
	put(n);
	return ret;
}

/* The driver may schedule when napi_schedule_prep() has said so. */
static void schedule_prepared(struct nooks_crossing *x, unsigned long theirs, const char *fn)
{
	struct nooks_napi *n = get(x, theirs, fn);

	if (!n)
		return;
	if (cmpxchg(&n->owner, OWNER_DRIVER, OWNER_CORE) == OWNER_DRIVER) {
		mirror(n);
		__napi_schedule(&n->napi);
	} else {
		nooks_fail(x, NOOKS_BAD_ARGUMENT, theirs,
			   "%s: napi_schedule_prep has not returned true", fn);
	}
	put(n);
}

/* __napi_schedule(struct napi_struct *n) */
NOOKS_WRAPPER(__napi_schedule)
{
	schedule_prepared(x, a0, "__napi_schedule");
	return 0;
}

/* __napi_schedule_irqoff(struct napi_struct *n): whether interrupts are off does not matter */
NOOKS_WRAPPER(__napi_schedule_irqoff)
{
	schedule_prepared(x, a0, "__napi_schedule_irqoff");
	return 0;
}

/* Does GRO have some, which are handed to the stack when a poll is complete? */
static bool has_packets(const struct nooks_napi *n)
{
	return n->napi.gro_bitmask || n->napi.rx_count;
}

/*
 * May the driver complete here? That delivers the packets which GRO still keeps, with interrupts on. Drivers
 * that never give it any complete with interrupts off, too.
 */
static bool may_complete(const struct nooks_napi *n)
{
	return nooks_in_napi_context() || (in_softirq() && !in_hardirq() && !has_packets(n));
}

/* napi_complete_done(struct napi_struct *n, int work_done) */
NOOKS_WRAPPER(napi_complete_done)
{
	struct nooks_napi *n = get(x, a0, "napi_complete_done");
	bool ret = false;

	if (!n)
		return 0;
	/* Busy polling and netpoll keep it scheduled and poll again. */
	if (READ_ONCE(n->napi.state) & (NAPIF_STATE_NPSVC | NAPIF_STATE_IN_BUSY_POLL))
		goto put;
	if (has_packets(n) && !nooks_may_deliver(x, "napi_complete_done"))
		goto put;
	if (!may_complete(n) || xchg(&n->owner, OWNER_CORE) == OWNER_CORE) {
		nooks_fail(x, NOOKS_BAD_ARGUMENT, a0,
			   "napi_complete_done: it is not scheduled, or this is no softirq");
		goto put;
	}
	mirror(n);		/* a missed event counts now */
	ret = napi_complete_done(&n->napi, (int)a1);
	mirror(n);
put:
	put(n);
	return ret;
}

/* napi_gro_receive(struct napi_struct *napi, struct sk_buff *skb) */
NOOKS_WRAPPER(napi_gro_receive)
{
	struct nooks_napi *n = get(x, a0, "napi_gro_receive");
	unsigned long ret = GRO_CONSUMED;
	struct sk_buff *skb;

	if (!n)
		return 0;
	skb = nooks_skb_receive(x, a1, "napi_gro_receive");
	if (skb)
		ret = napi_gro_receive(&n->napi, skb);
	put(n);
	return ret;
}

/* napi_get_frags(struct napi_struct *napi): the packet stays the instance's */
NOOKS_WRAPPER(napi_get_frags)
{
	struct nooks_napi *n = get(x, a0, "napi_get_frags");
	struct sk_buff *skb = NULL;
	unsigned long slot = 0;

	if (!n)
		return 0;
	if (n->frags)
		slot = (unsigned long)n->frags->slot;
	else if (nooks_in_napi_context())
		skb = napi_get_frags(&n->napi);
	if (skb)
		slot = nooks_skb_lend(nooks_driver_of(x), skb, &n->frags);
	put(n);
	return slot;
}

static gro_result_t gro_frags(struct napi_struct *napi)
{
	if (nooks_skb_secure_headers(napi->skb, napi->skb->data))
		return napi_gro_frags(napi);
	dev_core_stats_rx_dropped_inc(napi->dev);
	napi_free_frags(napi);
	return GRO_CONSUMED;
}

/* napi_gro_frags(struct napi_struct *napi) */
NOOKS_WRAPPER(napi_gro_frags)
{
	struct nooks_napi *n = get(x, a0, "napi_gro_frags");
	unsigned long ret = GRO_CONSUMED;

	if (!n)
		return 0;
	if (!nooks_in_napi_context() || !n->frags) {
		nooks_fail(x, NOOKS_BAD_ARGUMENT, a0, "napi_gro_frags: %s", n->frags ?
			   "not in a softirq" : "napi_get_frags was not called");
	} else if (nooks_may_deliver(x, "napi_gro_frags") && nooks_skb_filled(x, &n->frags, "napi_gro_frags")) {
		ret = gro_frags(&n->napi);
	}
	put(n);
	return ret;
}
