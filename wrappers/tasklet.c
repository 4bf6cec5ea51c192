// SPDX-License-Identifier: GPL-2.0
/*
 * Tasklets. Inline code of drivers sets TASKLET_STATE_SCHED and counts how often a tasklet is
 * disabled, both in the driver's copy; the kernel has an instance of its own, which knows whether
 * it is queued. What runs looks at the driver's count, as the kernel would.
 *
 * The kernel touches a tasklet after its function has returned. So an instance is freed after a
 * grace period, which softirqs hold up.
 */
#include <linux/delay.h>
#include <linux/interrupt.h>
#include <linux/slab.h>
#include "../nooks/driver.h"
#include "../objtracker/instance.h"
#include "generated.h"
#include "hold.h"

/**
 * struct nooks_tasklet - kernel instance of a tasklet_struct
 * @instance: in the driver's table
 * @tasklet: the kernel's; while it is scheduled there is a reference
 * @hi: it was scheduled by tasklet_hi_schedule()
 * @rcu: frees it
 */
struct nooks_tasklet {
	struct nooks_instance instance;
	struct tasklet_struct tasklet;
	bool hi;
	struct rcu_head rcu;
};

NOOKS_INSTANCE(tasklet)

/* Schedule the instance, if it is not. The reference that the caller has goes with it. */
static bool schedule_with_reference(struct nooks_tasklet *t)
{
	if (test_and_set_bit(TASKLET_STATE_SCHED, &t->tasklet.state))
		return false;
	if (READ_ONCE(t->hi))
		__tasklet_hi_schedule(&t->tasklet);
	else
		__tasklet_schedule(&t->tasklet);
	return true;
}

static void run(struct tasklet_struct *tasklet)
{
	struct nooks_tasklet *t = container_of(tasklet, struct nooks_tasklet, tasklet);
	struct nooks_stub *stub = READ_ONCE(t->instance.stub);
	struct tasklet_struct *theirs = nooks_instance_theirs(&t->instance);
	unsigned long args[6] = {}, ret;

	if (!theirs || !stub ||
	    !READ_ONCE(t->instance.object.driver->domain->open))
		goto put;
	/* Disabled: later, as in the kernel. */
	if (atomic_read(&theirs->count)) {
		if (schedule_with_reference(t))
			return;
		goto put;
	}
	args[0] = READ_ONCE(theirs->use_callback) ? (unsigned long)theirs : READ_ONCE(theirs->data);
	clear_bit(TASKLET_STATE_SCHED, &theirs->state);
	nooks_call_stub(stub, args, &ret);
put:
	nooks_instance_put(&t->instance);
}

static void init(struct nooks_object *object)
{
	struct nooks_tasklet *t = tasklet_of(object);

	tasklet_setup(&t->tasklet, run);
}

/* Recovery: the domain is closed, so it ends at once, disabled or not. */
static void release(struct nooks_object *object)
{
	tasklet_kill(&tasklet_of(object)->tasklet);
}

static void free_later(struct nooks_object *object)
{
	kfree_rcu(tasklet_of(object), rcu);
}

static const struct nooks_object_class tasklet_class = {
	.name = "tasklet",
	.phase = NOOKS_PHASE_CALLS,
	.release = release,
	.size = sizeof(struct nooks_tasklet),
	.init = init,
	.free = free_later,
	.forget = true,
};

/* Initialise the driver's; @fn is a function of either kind. Whatever is scheduled stays so. */
static void setup(struct nooks_crossing *x, unsigned long addr, unsigned long fn, bool callback,
		  unsigned long data, const char *name)
{
	struct tasklet_struct *theirs = (struct tasklet_struct *)addr;

	if (!nooks_arg_writable(x, theirs, sizeof(*theirs), false, name, "t"))
		return;
	if (!nooks_stub_find(nooks_driver_of(x), (void *)fn)) {
		nooks_fail(x, NOOKS_BAD_ARGUMENT, fn, "%s: its function is not one of the driver's",
			   name);
		return;
	}
	memset(theirs, 0, sizeof(*theirs));
	theirs->func = (void (*)(unsigned long))fn;
	theirs->use_callback = callback;
	theirs->data = data;
}

/* void tasklet_setup(struct tasklet_struct *t, void (*callback)(struct tasklet_struct *)) */
NOOKS_WRAPPER(tasklet_setup)
{
	setup(x, a0, a1, true, 0, "tasklet_setup");
	return 0;
}

/* void tasklet_init(struct tasklet_struct *t, void (*func)(unsigned long), unsigned long data) */
NOOKS_WRAPPER(tasklet_init)
{
	setup(x, a0, a1, false, a2, "tasklet_init");
	return 0;
}

static void schedule_theirs(struct nooks_crossing *x, unsigned long addr, bool hi)
{
	struct tasklet_struct *theirs = (struct tasklet_struct *)addr;
	struct nooks_tasklet *t = to_tasklet(nooks_instance_get(x, &tasklet_class, addr,
								sizeof(*theirs), GFP_ATOMIC));

	if (!t)
		return;
	if (!nooks_arg_writable(x, theirs, sizeof(*theirs), false, "__tasklet_schedule", "t") ||
	    !nooks_instance_set_stub(x, &t->instance, READ_ONCE(theirs->func)))
		goto put;
	WRITE_ONCE(t->hi, hi);
	nooks_instance_hold(&t->instance);
	if (nooks_crossing_stale(x) || !schedule_with_reference(t))
		nooks_instance_put(&t->instance);
put:
	nooks_instance_put(&t->instance);
}

NOOKS_WRAPPER(__tasklet_schedule)
{
	schedule_theirs(x, a0, false);
	return 0;
}

NOOKS_WRAPPER(__tasklet_hi_schedule)
{
	schedule_theirs(x, a0, true);
	return 0;
}

/* Wait until the tasklet has none of these bits of its state. */
static void wait_for_end(struct nooks_crossing *x, struct nooks_tasklet *t, unsigned long bits,
			 bool sleep, const char *fn)
{
	u64 start = nooks_spin_clock();

	while ((READ_ONCE(t->tasklet.state) & bits) && !nooks_crossing_stale(x)) {
		if (nooks_spun_out(start))
			nooks_fail(x, NOOKS_TIMEOUT, t->instance.object.start,
				   "%s: the tasklet does not end", fn);
		else if (sleep)
			usleep_range(20, 200);
		else
			udelay(1);
	}
}

static void wait_wrapper(struct nooks_crossing *x, unsigned long addr, unsigned long bits,
			 bool sleep, const char *fn)
{
	struct nooks_tasklet *t;

	if (sleep && !nooks_may_sleep(x, fn))
		return;
	t = to_tasklet(nooks_instance_find(x, &tasklet_class, addr));
	if (!t)
		return;
	wait_for_end(x, t, bits, sleep, fn);
	nooks_instance_put(&t->instance);
}

/* void tasklet_kill(struct tasklet_struct *t): what was scheduled has run */
NOOKS_WRAPPER(tasklet_kill)
{
	wait_wrapper(x, a0, BIT(TASKLET_STATE_SCHED) | BIT(TASKLET_STATE_RUN), true,
		     "tasklet_kill");
	return 0;
}

NOOKS_WRAPPER(tasklet_unlock_wait)
{
	wait_wrapper(x, a0, BIT(TASKLET_STATE_RUN), true, "tasklet_unlock_wait");
	return 0;
}

NOOKS_WRAPPER(tasklet_unlock_spin_wait)
{
	wait_wrapper(x, a0, BIT(TASKLET_STATE_RUN), false, "tasklet_unlock_spin_wait");
	return 0;
}
