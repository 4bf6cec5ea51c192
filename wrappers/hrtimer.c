// SPDX-License-Identifier: GPL-2.0
/*
 * High-resolution timers. As in time.c: the kernel arms an instance of its own, and shows in the
 * driver's copy what inline code reads there: state and expiry. hrtimer_init() is a function, so
 * an instance comes from there and nowhere else.
 *
 * The driver's function may set the expiry inline and ask for a restart; that is read from the
 * driver's copy when it has returned.
 */
#include <linux/hrtimer.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include "../nooks/driver.h"
#include "../objtracker/instance.h"
#include "generated.h"
#include "hold.h"

/* A timer that restarts in the past expires again at once, and nothing else would run any more. */
#define PAST_DELAY	(50 * NSEC_PER_USEC)

#define MODES_ALLOWED	(HRTIMER_MODE_REL | HRTIMER_MODE_PINNED | HRTIMER_MODE_SOFT | \
			 HRTIMER_MODE_HARD)

/**
 * struct nooks_hrtimer - kernel instance of an hrtimer
 * @instance: in the driver's table
 * @lock: makes operations on @timer and what the driver sees of it one step; taken in any context,
 *	outside the kernel's timer locks
 * @timer: the kernel's
 * @armed: there is a reference for the queue; @timer is queued, or is about to be by its restart
 */
struct nooks_hrtimer {
	struct nooks_instance instance;
	spinlock_t lock;
	struct hrtimer timer;
	bool armed;
};

NOOKS_INSTANCE(hrtimer)

/* Show the driver its timer: hrtimer_is_queued(), hrtimer_get_expires(). */
static void mirror(struct nooks_hrtimer *h)
{
	struct hrtimer *theirs = nooks_instance_theirs(&h->instance);

	lockdep_assert_held(&h->lock);
	if (!theirs)
		return;
	WRITE_ONCE(theirs->node.expires, h->timer.node.expires);
	WRITE_ONCE(theirs->_softexpires, h->timer._softexpires);
	WRITE_ONCE(theirs->state, h->armed ? HRTIMER_STATE_ENQUEUED : HRTIMER_STATE_INACTIVE);
}

/* Take over the time at which the driver wants to be called again. */
static void take_expiry(struct nooks_hrtimer *h, const struct hrtimer *theirs)
{
	ktime_t now = hrtimer_cb_get_time(&h->timer), soft, hard;

	lockdep_assert_held(&h->lock);
	soft = READ_ONCE(theirs->_softexpires);
	hard = READ_ONCE(theirs->node.expires);
	if (soft <= now)
		soft = now + PAST_DELAY;
	h->timer._softexpires = soft;
	h->timer.node.expires = max(soft, hard);
}

static enum hrtimer_restart run(struct hrtimer *timer)
{
	struct nooks_hrtimer *h = container_of(timer, struct nooks_hrtimer, timer);
	const unsigned long args[6] = { h->instance.object.start };
	struct nooks_stub *stub = READ_ONCE(h->instance.stub);
	unsigned long flags, ret = HRTIMER_NORESTART;
	const struct hrtimer *theirs;

	/* The queue's reference is ours, unless it was queued again meanwhile. */
	spin_lock_irqsave(&h->lock, flags);
	if (hrtimer_is_queued(timer))
		nooks_instance_hold(&h->instance);
	else
		h->armed = false;
	mirror(h);
	spin_unlock_irqrestore(&h->lock, flags);

	if (!stub || !nooks_object_tracked(&h->instance.object) ||
	    nooks_call_stub(stub, args, &ret) != NOOKS_CALL_DONE)
		ret = HRTIMER_NORESTART;

	spin_lock_irqsave(&h->lock, flags);
	theirs = (u32)ret == HRTIMER_RESTART && !hrtimer_is_queued(timer) ?
		 nooks_instance_theirs(&h->instance) : NULL;
	if (theirs) {
		take_expiry(h, theirs);
		h->armed = true;
		mirror(h);
	}
	spin_unlock_irqrestore(&h->lock, flags);
	if (theirs)
		return HRTIMER_RESTART;
	nooks_instance_put(&h->instance);
	return HRTIMER_NORESTART;
}

static void init(struct nooks_object *object)
{
	struct nooks_hrtimer *h = hrtimer_of(object);

	spin_lock_init(&h->lock);
	hrtimer_init(&h->timer, CLOCK_MONOTONIC, HRTIMER_MODE_REL);
	h->timer.function = run;
}

/* Recovery: nobody arms it any more. */
static void release(struct nooks_object *object)
{
	struct nooks_hrtimer *h = hrtimer_of(object);

	if (hrtimer_cancel(&h->timer))
		nooks_instance_put(&h->instance);
}

static const struct nooks_object_class hrtimer_class = {
	.name = "hrtimer",
	.phase = NOOKS_PHASE_CALLS,
	.release = release,
	.size = sizeof(struct nooks_hrtimer),
	.init = init,
	.timer = true,
	.forget = true,
};

/* The instance; NULL with the domain failed if hrtimer_init() was not called. */
static struct nooks_hrtimer *get(struct nooks_crossing *x, unsigned long addr, const char *fn)
{
	struct nooks_instance *instance = nooks_instance_find(x, &hrtimer_class, addr);

	if (!instance)
		nooks_fail(x, NOOKS_BAD_ARGUMENT, addr, "%s: hrtimer_init was not called", fn);
	return to_hrtimer(instance);
}

/* Disarm. Return: was it armed, or -1 if its function runs? */
static int disarm(struct nooks_hrtimer *h)
{
	unsigned long flags;
	int was;

	spin_lock_irqsave(&h->lock, flags);
	was = hrtimer_try_to_cancel(&h->timer);
	if (was > 0)
		h->armed = false;
	mirror(h);
	spin_unlock_irqrestore(&h->lock, flags);
	if (was > 0)
		nooks_instance_put(&h->instance);
	return was;
}

static bool clock_exists(clockid_t clock)
{
	return clock == CLOCK_MONOTONIC || clock == CLOCK_REALTIME || clock == CLOCK_BOOTTIME ||
	       clock == CLOCK_TAI;
}

/* void hrtimer_init(struct hrtimer *timer, clockid_t which_clock, enum hrtimer_mode mode) */
NOOKS_WRAPPER(hrtimer_init)
{
	struct hrtimer *theirs = (struct hrtimer *)a0;
	struct nooks_hrtimer *h;
	unsigned long flags;

	if (!nooks_arg_writable(x, theirs, sizeof(*theirs), false, "hrtimer_init", "timer"))
		return 0;
	if (!clock_exists((clockid_t)a1) || ((u32)a2 & ~MODES_ALLOWED)) {
		nooks_fail(x, NOOKS_BAD_ARGUMENT, a1, "hrtimer_init: unknown clock or mode");
		return 0;
	}
	h = to_hrtimer(nooks_instance_create(x, &hrtimer_class, a0, sizeof(*theirs), GFP_ATOMIC));
	if (!h)
		return 0;
	disarm(h);
	spin_lock_irqsave(&h->lock, flags);
	/* If its function runs, or another thread is faster, it stays as it was. */
	if (!h->armed && !hrtimer_active(&h->timer)) {
		hrtimer_init(&h->timer, (clockid_t)a1, (u32)a2);
		h->timer.function = run;
	}
	if (nooks_instance_theirs(&h->instance)) {
		memset(theirs, 0, sizeof(*theirs));
		/* For hrtimer_cb_get_time(), which drivers use inline. */
		WRITE_ONCE(theirs->base, h->timer.base);
	}
	mirror(h);
	spin_unlock_irqrestore(&h->lock, flags);
	nooks_instance_put(&h->instance);
	return 0;
}

/* void hrtimer_start_range_ns(struct hrtimer *timer, ktime_t tim, u64 range_ns, mode) */
NOOKS_WRAPPER(hrtimer_start_range_ns)
{
	static const char fn[] = "hrtimer_start_range_ns";
	struct nooks_hrtimer *h = get(x, a0, fn);
	unsigned int mode = a3;
	unsigned long flags;

	if (!h)
		return 0;
	if (!nooks_arg_writable(x, (void *)a0, sizeof(struct hrtimer), false, fn, "timer") ||
	    !nooks_instance_set_stub(x, &h->instance,
				     READ_ONCE(((struct hrtimer *)a0)->function)))
		goto put;
	/* The kernel warns of a start that does not fit the initialisation. */
	mode &= HRTIMER_MODE_REL | HRTIMER_MODE_PINNED;
	spin_lock_irqsave(&h->lock, flags);
	if (h->timer.is_soft)
		mode |= HRTIMER_MODE_SOFT;
	if (h->timer.is_hard)
		mode |= HRTIMER_MODE_HARD;
	if (!nooks_crossing_stale(x)) {
		if (!h->armed)
			nooks_instance_hold(&h->instance);
		h->armed = true;
		hrtimer_start_range_ns(&h->timer, a1, a2, mode);
	}
	mirror(h);
	spin_unlock_irqrestore(&h->lock, flags);
put:
	nooks_instance_put(&h->instance);
	return 0;
}

NOOKS_WRAPPER(hrtimer_try_to_cancel)
{
	struct nooks_hrtimer *h = to_hrtimer(nooks_instance_find(x, &hrtimer_class, a0));
	int was = 0;

	if (h) {
		was = disarm(h);
		nooks_instance_put(&h->instance);
	}
	return was;
}

/* Not the kernel's: see timer_delete_sync in time.c. */
NOOKS_WRAPPER(hrtimer_cancel)
{
	struct nooks_hrtimer *h = to_hrtimer(nooks_instance_find(x, &hrtimer_class, a0));
	u64 start = nooks_spin_clock();
	int was;

	if (!h)
		return 0;
	while ((was = disarm(h)) < 0 && !nooks_crossing_stale(x)) {
		if (nooks_spun_out(start))
			nooks_fail(x, NOOKS_TIMEOUT, a0,
				   "hrtimer_cancel: the timer's function does not return");
		cpu_relax();
	}
	nooks_instance_put(&h->instance);
	return was;
}

NOOKS_WRAPPER(hrtimer_active)
{
	struct nooks_hrtimer *h = to_hrtimer(nooks_instance_find(x, &hrtimer_class, a0));
	bool active = h && hrtimer_active(&h->timer);

	if (h)
		nooks_instance_put(&h->instance);
	return active;
}

/* ktime_t __hrtimer_get_remaining(const struct hrtimer *timer, bool adjust) */
NOOKS_WRAPPER(__hrtimer_get_remaining)
{
	struct nooks_hrtimer *h = get(x, a0, "__hrtimer_get_remaining");
	ktime_t left;

	if (!h)
		return 0;
	left = __hrtimer_get_remaining(&h->timer, a1 & 1);
	nooks_instance_put(&h->instance);
	return left;
}

/*
 * u64 hrtimer_forward(struct hrtimer *timer, ktime_t now, ktime_t interval)
 *
 * On the driver's copy, from which it is taken over. Return: periods that it was moved by.
 */
NOOKS_WRAPPER(hrtimer_forward)
{
	struct nooks_hrtimer *h = get(x, a0, "hrtimer_forward");
	struct hrtimer *theirs = (struct hrtimer *)a0;
	ktime_t now = a1, interval = a2, hard, soft;
	unsigned long flags;
	u64 periods = 0;

	if (!h)
		return 0;
	spin_lock_irqsave(&h->lock, flags);
	if (h->armed || !nooks_instance_theirs(&h->instance))
		goto unlock;
	hard = READ_ONCE(theirs->node.expires);
	soft = READ_ONCE(theirs->_softexpires);
	if (now < hard)
		goto unlock;
	interval = max_t(ktime_t, interval, hrtimer_resolution);
	periods = ktime_divns(ktime_sub(now, hard), interval) + 1;
	WRITE_ONCE(theirs->node.expires, ktime_add_safe(hard, interval * periods));
	WRITE_ONCE(theirs->_softexpires, ktime_add_safe(soft, interval * periods));
unlock:
	spin_unlock_irqrestore(&h->lock, flags);
	nooks_instance_put(&h->instance);
	return periods;
}

/* The kernel calls the function above in the driver's place: nothing binds a stub to this role. */
unsigned long nooks_r_hrtimer(struct nooks_stub *stub, const struct nooks_role *role,
			      unsigned long *args)
{
	WARN_ON_ONCE(1);
	return HRTIMER_NORESTART;
}
