// SPDX-License-Identifier: GPL-2.0
/*
 * Timers. Drivers embed them in their own memory and fill them in by inline code; the kernel arms instances of its own, whose
 * function is timer_run(). What inline code reads of the driver's copy, whether it is pending, is written back.
 *
 * An instance that is armed has a reference, which the callback or the cancelling drops.
 */
#include <linux/cpumask.h>
#include <linux/spinlock.h>
#include <linux/timer.h>
#include "../nooks/compat.h"
#include "../nooks/driver.h"
#include "../objtracker/instance.h"
#include "generated.h"
#include "hold.h"

/**
 * struct nooks_timer - kernel instance of a timer_list
 * @instance: in the driver's table
 * @lock: makes operations on @timer and what the driver sees of it one step; taken in any context,
 *	inside nothing, outside the kernel's timer locks
 * @timer: the kernel's
 */
struct nooks_timer {
	struct nooks_instance instance;
	spinlock_t lock;
	struct timer_list timer;
};

NOOKS_INSTANCE(timer)

/* Show the driver the state of its timer: timer_pending() reads entry.pprev. */
static void timer_mirror(struct nooks_timer *t)
{
	struct timer_list *theirs = nooks_instance_theirs(&t->instance);

	lockdep_assert_held(&t->lock);
	if (!theirs)
		return;
	WRITE_ONCE(theirs->expires, t->timer.expires);
	WRITE_ONCE(theirs->entry.pprev, timer_pending(&t->timer) ? &theirs->entry.next : NULL);
}

static void timer_run(struct timer_list *timer)
{
	struct nooks_timer *t = container_of(timer, struct nooks_timer, timer);
	unsigned long flags;

	spin_lock_irqsave(&t->lock, flags);
	timer_mirror(t);
	spin_unlock_irqrestore(&t->lock, flags);
	nooks_instance_call(&t->instance);
	nooks_instance_put(&t->instance);
}

static void timer_init(struct nooks_object *object)
{
	struct nooks_timer *t = timer_of(object);
	const struct timer_list *theirs = (void *)object->start;

	spin_lock_init(&t->lock);
	timer_setup(&t->timer, timer_run, 0);
	t->timer.flags |= READ_ONCE(theirs->flags) & TIMER_INIT_FLAGS;
	nooks_lockdep_own(&t->timer);
}

/* Recovery: nobody arms it any more. */
static void timer_release(struct nooks_object *object)
{
	struct nooks_timer *t = timer_of(object);

	if (timer_delete_sync(&t->timer))
		nooks_instance_put(&t->instance);
}

static const struct nooks_object_class timer_class = {
	.name = "timer",
	.phase = NOOKS_PHASE_CALLS,
	.release = timer_release,
	.size = sizeof(struct nooks_timer),
	.init = timer_init,
	.timer = true,
	.forget = true,
};

static struct nooks_timer *timer_find(struct nooks_crossing *x, unsigned long addr)
{
	return to_timer(nooks_instance_find(x, &timer_class, addr));
}

/* void init_timer_key(struct timer_list *, void (*func)(struct timer_list *), flags, name, key) */
NOOKS_WRAPPER(init_timer_key)
{
	struct timer_list *theirs = (void *)a0;
	struct nooks_object *old;
	struct nooks_timer *t;

	if (!nooks_arg_writable(x, theirs, sizeof(*theirs), false, "init_timer_key", "timer"))
		return 0;
	/* Part of INIT_DELAYED_WORK(): that timer is never armed in the driver's name. */
	if (a1 && a1 != (unsigned long)delayed_work_timer_fn &&
	    !nooks_stub_find(nooks_driver_of(x), (void *)a1)) {
		nooks_fail(x, NOOKS_BAD_ARGUMENT, a1, "init_timer_key: func");
		return 0;
	}
	old = nooks_object_remove(nooks_driver_of(x), &timer_class, theirs);
	if (old) {
		t = timer_of(old);
		if (timer_delete(&t->timer))
			nooks_instance_put(&t->instance);
		nooks_object_free(old);
	}
	WRITE_ONCE(theirs->entry.pprev, NULL);
	WRITE_ONCE(theirs->function, (void (*)(struct timer_list *))a1);
	WRITE_ONCE(theirs->flags, (a2 & TIMER_INIT_FLAGS) | raw_smp_processor_id());
	return 0;
}

enum arming { ADD, ADD_ON, MOD, MOD_PENDING, REDUCE };

/* Arm a timer. Return: was it armed before? */
static int timer_arm(struct nooks_crossing *x, unsigned long addr, enum arming how,
		     unsigned long expires, int cpu)
{
	struct timer_list *theirs = (void *)addr;
	struct nooks_timer *t = to_timer(nooks_instance_get(x, &timer_class, addr,
							    sizeof(*theirs), GFP_ATOMIC));
	bool was = false, armed = true;
	void (*fn)(struct timer_list *timer);
	unsigned long flags;

	if (!t)
		return 0;
	fn = READ_ONCE(theirs->function);
	/* As the kernel: a timer that was shut down is not armed any more. */
	if (!fn || !nooks_instance_set_stub(x, &t->instance, fn))
		goto out;

	spin_lock_irqsave(&t->lock, flags);
	was = timer_pending(&t->timer);
	/* For the callback, which may run before mod_timer() has returned. */
	nooks_instance_hold(&t->instance);
	switch (how) {
	case ADD:
	case MOD:
		was = mod_timer(&t->timer, expires);
		break;
	case REDUCE:
		was = timer_reduce(&t->timer, expires);
		break;
	case MOD_PENDING:
		was = mod_timer_pending(&t->timer, expires);
		armed = was;
		break;
	case ADD_ON:
		if (!was) {
			t->timer.expires = expires;
			add_timer_on(&t->timer, cpu);
		}
		break;
	}
	if (was || !armed)
		nooks_instance_put(&t->instance);
	timer_mirror(t);
	spin_unlock_irqrestore(&t->lock, flags);

	if (was && (how == ADD || how == ADD_ON))
		nooks_fail(x, NOOKS_BAD_ARGUMENT, addr, "timer added that is active already");
out:
	nooks_instance_put(&t->instance);
	return was;
}

/* add_timer() and add_timer_on() take the time from the timer itself. */
static void timer_add(struct nooks_crossing *x, unsigned long addr, enum arming how, int cpu)
{
	const struct timer_list *theirs = (void *)addr;

	if (nooks_arg_writable(x, theirs, sizeof(*theirs), false, "add_timer", "timer"))
		timer_arm(x, addr, how, READ_ONCE(theirs->expires), cpu);
}

NOOKS_WRAPPER(add_timer)
{
	timer_add(x, a0, ADD, 0);
	return 0;
}

NOOKS_WRAPPER(add_timer_on)
{
	if (a1 >= nr_cpu_ids || !cpu_online(a1))
		nooks_fail(x, NOOKS_BAD_ARGUMENT, a1, "add_timer_on: cpu");
	else
		timer_add(x, a0, ADD_ON, a1);
	return 0;
}

NOOKS_WRAPPER(mod_timer)
{
	return timer_arm(x, a0, MOD, a1, 0);
}

NOOKS_WRAPPER(mod_timer_pending)
{
	return timer_arm(x, a0, MOD_PENDING, a1, 0);
}

NOOKS_WRAPPER(timer_reduce)
{
	return timer_arm(x, a0, REDUCE, a1, 0);
}

/* Disarm a timer. Return: was it armed, or -1 if its function runs and @sync asks about that? */
static int timer_disarm(struct nooks_timer *t, bool sync)
{
	unsigned long flags;
	int was;

	spin_lock_irqsave(&t->lock, flags);
	was = sync ? try_to_del_timer_sync(&t->timer) : timer_delete(&t->timer);
	timer_mirror(t);
	spin_unlock_irqrestore(&t->lock, flags);
	if (was > 0)
		nooks_instance_put(&t->instance);
	return was;
}

NOOKS_WRAPPER(timer_delete)
{
	struct nooks_timer *t = timer_find(x, a0);
	int was = 0;

	if (t) {
		was = timer_disarm(t, false);
		nooks_instance_put(&t->instance);
	}
	return was;
}

NOOKS_WRAPPER(try_to_del_timer_sync)
{
	struct nooks_timer *t = timer_find(x, a0);
	int was = 0;

	if (t) {
		was = timer_disarm(t, true);
		nooks_instance_put(&t->instance);
	}
	return was;
}

/*
 * Not the kernel's timer_delete_sync(): the function that it would wait for may wait for the
 * caller, or run below it on this CPU.
 */
NOOKS_WRAPPER(timer_delete_sync)
{
	struct nooks_timer *t = timer_find(x, a0);
	u64 start = nooks_spin_clock();
	int was;

	if (!t)
		return 0;
	/* As of a spinning lock: a function that runs for so long will not end. */
	while ((was = timer_disarm(t, true)) < 0 && !nooks_crossing_stale(x)) {
		if (nooks_spun_out(start))
			nooks_fail(x, NOOKS_TIMEOUT, a0,
				   "timer_delete_sync: the timer's function does not return");
		cpu_relax();
	}
	nooks_instance_put(&t->instance);
	return was;
}

/* A timer without a function can't be armed. */
static bool timer_shut(struct nooks_crossing *x, unsigned long addr, const char *fn)
{
	struct timer_list *theirs = (void *)addr;

	if (!nooks_arg_writable(x, theirs, sizeof(*theirs), false, fn, "timer"))
		return false;
	WRITE_ONCE(theirs->function, NULL);
	return true;
}

NOOKS_WRAPPER(timer_shutdown)
{
	return timer_shut(x, a0, "timer_shutdown") ?
	       nooks_w_timer_delete(a0, 0, 0, 0, 0, 0, x) : 0;
}

NOOKS_WRAPPER(timer_shutdown_sync)
{
	return timer_shut(x, a0, "timer_shutdown_sync") ?
	       nooks_w_timer_delete_sync(a0, 0, 0, 0, 0, 0, x) : 0;
}
