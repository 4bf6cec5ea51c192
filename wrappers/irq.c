// SPDX-License-Identifier: GPL-2.0
/*
 * Interrupts. The kernel calls a handler of ours, with an object of ours as its cookie; that enters
 * the driver's.
 *
 * A handler whose domain is dead or dies says "handled": the device may share its line with others,
 * and the kernel would turn the line off if it thought that nobody cares. nooks_bus_quiet() has
 * kept the device from raising it. A device that can't be told is caught by counting: then the line
 * is masked until recovery has let go of it.
 *
 * A handler that lives, but does not quiet its device, is called without end: recovery/storm.c. If it says "not mine", and there
 * is no other one, the kernel would turn the line off after 100,000 calls: the driver fails shortly before that.
 *
 * How often a driver has disabled a line is counted, since others may share it: it is enabled as often when
 * the driver dies or lets go of it. The kernel itself forgets how often a line was disabled when the first
 * handler comes and when the last one goes.
 *
 * A handler can do nothing about a packet while NAPI is scheduled. Drivers keep their device from raising
 * interrupts then; but one that completes NAPI, is interrupted, schedules it again and only then allows
 * interrupts has both. Natively that is over after the next poll. In a domain, where a poll takes
 * longer, a level that stays high may not let it come to its end: the line is held back until it has.
 */
#include <linux/delay.h>
#include <linux/interrupt.h>
#include <linux/irq.h>
#include <linux/irqdesc.h>
#include <linux/slab.h>
#include "../nooks/driver.h"
#include "../recovery/storm.h"
#include "args.h"
#include "bus.h"
#include "generated.h"
#include "hold.h"
#include "irq.h"
#include "msi.h"
#include "walk.h"

#ifndef IRQF_COND_ONESHOT		/* request_irq() of some kernels adds it */
#define IRQF_COND_ONESHOT 0
#endif

#define FLAGS_ALLOWED	(IRQF_TRIGGER_MASK | IRQF_SHARED | IRQF_PROBE_SHARED | IRQF_NOBALANCING | \
			 IRQF_ONESHOT | IRQF_NO_SUSPEND | IRQF_FORCE_RESUME | IRQF_NO_THREAD | \
			 IRQF_EARLY_RESUME | IRQF_COND_SUSPEND | IRQF_NO_AUTOEN | IRQF_COND_ONESHOT)
#define STORM		1000	/* interrupts that a dead handler takes before it masks the line */
/* The kernel (kernel/irq/spurious.c) turns a line off if of 100,000 interrupts more than 99,900 were not handled. */
#define UNHANDLED	99000
#define HANDLED_MOST	100
#define NAME_MAX_LEN	64

/**
 * struct nooks_irq - an interrupt that a driver has requested
 * @object: start is a number of its own: neither interrupt nor cookie alone is unique
 * @irq: interrupt number
 * @dev_id: the driver's cookie
 * @devname: the driver's pointer to its name, which free_irq() returns
 * @name: the kernel's copy
 * @handler: entry stub, or NULL
 * @thread_fn: ditto
 * @role: of the handlers, with what they answer when the domain is dead
 * @storm: calls without end
 * @stray: calls since the domain died; they do not overlap
 * @masked: this has disabled the line
 * @held: so has nooks_irq_hold(); under hold_lock
 * @leaving: it must not any more; ditto
 */
struct nooks_irq {
	struct nooks_object object;
	unsigned int irq;
	void *dev_id;
	const char *devname;
	char name[NAME_MAX_LEN];
	struct nooks_stub *handler;
	struct nooks_stub *thread_fn;
	struct nooks_role role;
	struct nooks_storm storm;
	unsigned int stray;
	bool masked;
	bool held;
	bool leaving;
};

/* The interrupt whose driver's handler is running, in hardirq context. */
static DEFINE_PER_CPU(struct nooks_irq *, handled);

/* Makes the disabling and enabling of a line one step with @held. Outside the kernel's own locks of it. */
static DEFINE_RAW_SPINLOCK(hold_lock);

static const struct nooks_object_class irq_class;

static atomic_long_t next_number = ATOMIC_LONG_INIT(0);

static struct nooks_irq *to_irq(struct nooks_object *object)
{
	return container_of(object, struct nooks_irq, object);
}

static irqreturn_t call(struct nooks_irq *i, struct nooks_stub *stub)
{
	unsigned long args[6] = { i->irq, (unsigned long)i->dev_id };

	return nooks_call_role(stub, &i->role, args);
}

/* It has been called while this is worth a look, at the time @begin, with these softirqs pending. */
static void judge(struct nooks_irq *i, u64 begin, unsigned int pending)
{
	unsigned int seconds = nooks_storm_judge(&i->storm, i->object.driver, begin, pending);

	if (seconds)
		nooks_fail_driver(i->object.driver, i->handler, NOOKS_TIMEOUT, i->irq,
				  "interrupt %u without end: for %u s its handler is called again as soon as it has returned",
				  i->irq, seconds);
}

/* The only handler of a line has said "not mine". Does the kernel count that, and for so long that the line is about to go? */
static void judge_unhandled(struct nooks_irq *i)
{
	const struct irq_desc *desc = irq_data_to_desc(irq_get_irq_data(i->irq));
	unsigned int nr = READ_ONCE(desc->irqs_unhandled);
	const struct irqaction *action;

	if (likely(nr <= UNHANDLED) || (int)(READ_ONCE(desc->irq_count) - nr) > HANDLED_MOST)
		return;
	/* It stays as long as its handler runs, but free_irq() may have taken it off; of several it can't be said who is wrong. */
	action = READ_ONCE(desc->action);
	if (action && !action->next)
		nooks_fail_driver(i->object.driver, i->handler, NOOKS_TIMEOUT, i->irq,
				  "interrupt %u: nobody else is there, and its handler has not handled %u of the last ones",
				  i->irq, nr);
}

static irqreturn_t handle(int irq, void *cookie)
{
	struct nooks_irq *i = cookie;
	unsigned int pending = 0;
	irqreturn_t ret;
	u64 begin = 0;

	/* In a thread (threadirqs) there is no line to hold. */
	if (in_hardirq()) {
		begin = nooks_storm_counted();
		if (unlikely(begin))
			pending = local_softirq_pending();
		this_cpu_write(handled, i);
	}
	ret = call(i, i->handler);
	if (in_hardirq()) {
		this_cpu_write(handled, NULL);
		if (unlikely(ret == IRQ_NONE))
			judge_unhandled(i);
		else if (begin)
			judge(i, begin, pending);
	}
	if (likely(READ_ONCE(i->object.driver->domain->open))) {
		i->stray = 0;
	} else if (++i->stray == STORM) {
		disable_irq_nosync(irq);
		i->masked = true;
	}
	/* Without a thread the kernel would complain about the driver's mistake. */
	return ret == IRQ_WAKE_THREAD && !i->thread_fn ? IRQ_HANDLED : ret;
}

static irqreturn_t handle_thread(int irq, void *cookie)
{
	struct nooks_irq *i = cookie;

	return call(i, i->thread_fn);
}

bool nooks_irq_hold(struct nooks_driver *driver)
{
	struct nooks_irq *i = in_hardirq() ? this_cpu_read(handled) : NULL;
	unsigned long flags;
	bool held = false;

	if (!i || i->object.driver != driver)
		return false;
	raw_spin_lock_irqsave(&hold_lock, flags);
	if (!i->held && !i->leaving) {
		disable_irq_nosync(i->irq);
		WRITE_ONCE(driver->held_irqs, driver->held_irqs + 1);
		i->held = held = true;
	}
	raw_spin_unlock_irqrestore(&hold_lock, flags);
	return held;
}

/* It may be held no longer, or never again if it is @leaving. */
static void let_go(struct nooks_irq *i, bool leaving)
{
	struct nooks_driver *driver = i->object.driver;
	unsigned long flags;

	raw_spin_lock_irqsave(&hold_lock, flags);
	i->leaving |= leaving;
	if (i->held) {
		i->held = false;
		WRITE_ONCE(driver->held_irqs, driver->held_irqs - 1);
		enable_irq(i->irq);
	}
	raw_spin_unlock_irqrestore(&hold_lock, flags);
}

void __nooks_irqs_let_go(struct nooks_driver *driver)
{
	struct nooks_object *object, *found;
	unsigned long flags;

	do {
		found = NULL;
		raw_spin_lock_irqsave(&driver->objects.lock, flags);
		nooks_for_each_object(object, driver, &irq_class)
			if (READ_ONCE(to_irq(object)->held))
				found = object;
		if (found)
			refcount_inc(&found->refs);
		raw_spin_unlock_irqrestore(&driver->objects.lock, flags);
		if (found) {
			let_go(to_irq(found), false);
			nooks_object_free(found);
		}
	} while (found);
}

/* That the driver has disabled a line. start is the interrupt + 1, data[0] how often: see depth_add(). */
static void release_depth(struct nooks_object *object)
{
	while (object->data[0]--)
		enable_irq(object->start - 1);
}

static const struct nooks_object_class depth_class = {
	.name = "disabled interrupt",
	.phase = NOOKS_PHASE_CALLS,
	.release = release_depth,
	.size = sizeof(struct nooks_object),
};

static const void *depth_key(unsigned int irq)
{
	return (void *)(irq + 1UL);
}

/* Count that the driver disables, or enables, a line. False: it has not disabled it, or no memory. */
static bool depth_add(struct nooks_driver *driver, unsigned int irq, int delta)
{
	struct nooks_object *object;
	unsigned long flags;
	bool good;

	if (delta > 0)
		nooks_object_add(driver, &depth_class, depth_key(irq), 1, NOOKS_TYPE_none,
				 GFP_ATOMIC | __GFP_NOWARN);
	object = nooks_object_get(driver, &depth_class, depth_key(irq));
	if (!object)
		return false;
	raw_spin_lock_irqsave(&driver->objects.lock, flags);
	good = delta > 0 || object->data[0];
	if (good)
		object->data[0] += delta;
	raw_spin_unlock_irqrestore(&driver->objects.lock, flags);
	nooks_object_free(object);
	return good;
}

/* Forget how often the driver has disabled a line, and @enable it as often. */
static void depth_drop(struct nooks_driver *driver, unsigned int irq, bool enable)
{
	struct nooks_object *object = nooks_object_remove(driver, &depth_class, depth_key(irq));

	if (!object)
		return;
	if (enable)
		release_depth(object);
	nooks_object_free(object);
}

static void release_irq(struct nooks_object *object)
{
	struct nooks_irq *i = to_irq(object);

	let_go(i, true);
	depth_drop(object->driver, i->irq, true);
	disable_irq(i->irq);		/* wait until @masked does not change any more */
	i->stray = STORM;		/* nor will it while the line is on again */
	if (i->masked)
		enable_irq(i->irq);
	enable_irq(i->irq);
	free_irq(i->irq, i);
}

static const struct nooks_object_class irq_class = {
	.name = "interrupt",
	.phase = NOOKS_PHASE_CALLS,
	.release = release_irq,
	.size = sizeof(struct nooks_irq),
};

/* Is this an interrupt of a device of this driver? */
static bool owns_irq(struct nooks_driver *driver, unsigned int irq)
{
	return nooks_bus_owns_irq(driver, irq) || nooks_msi_owns_irq(driver, irq);
}

/*
 * int request_threaded_irq(unsigned int irq, irq_handler_t handler, irq_handler_t thread_fn,
 *			    unsigned long flags, const char *name, void *dev)
 */
NOOKS_WRAPPER(request_threaded_irq)
{
	static const char fn[] = "request_threaded_irq";
	struct nooks_driver *driver = nooks_driver_of(x);
	const void *handler = (void *)a1, *thread_fn = (void *)a2;
	const char *name = (const char *)a4;
	unsigned int irq = a0;
	struct nooks_object *object;
	struct nooks_irq *i;
	const void *key;
	bool first;
	int ret;

	if (!nooks_may_sleep(x, fn) ||
	    !nooks_arg_callback(x, handler, NOOKS_ROLE_irq_handler_t, true, fn, "handler") ||
	    !nooks_arg_callback(x, thread_fn, NOOKS_ROLE_irq_handler_t, !!handler, fn,
				"thread_fn") ||
	    !nooks_arg_string(x, name, NAME_MAX_LEN, true, fn, "name"))
		return 0;
	if (a3 & ~FLAGS_ALLOWED) {
		nooks_fail(x, NOOKS_BAD_ARGUMENT, a3, "%s: flags not for drivers", fn);
		return 0;
	}
	/*
	 * Policy: a domain handles interrupts of devices on an enumerated bus only. A legacy ISA
	 * driver, which probes for its line, has no device that says which one is its own.
	 */
	if (!owns_irq(driver, irq)) {
		nooks_fail(x, NOOKS_BAD_ARGUMENT, irq, "%s: not of a device of this driver", fn);
		return 0;
	}

	key = (void *)atomic_long_inc_return(&next_number);
	object = nooks_object_add(driver, &irq_class, key, 1, NOOKS_TYPE_none, GFP_KERNEL);
	if (!object)
		return -ENOMEM;
	i = to_irq(object);
	i->irq = irq;
	i->dev_id = (void *)a5;
	i->devname = name;
	if (!name || nooks_copy_string(i->name, name, sizeof(i->name)) < 0)
		strscpy(i->name, driver->name, sizeof(i->name));
	i->handler = nooks_stub_find(driver, handler);
	i->thread_fn = nooks_stub_find(driver, thread_fn);
	i->role = nooks_roles[NOOKS_ROLE_irq_handler_t];
	i->role.fail = IRQ_HANDLED;

	first = !irq_has_action(irq);
	ret = request_threaded_irq(irq, handler ? handle : NULL, thread_fn ? handle_thread : NULL,
				   a3, i->name, i);
	if (ret && nooks_object_remove(driver, &irq_class, key))
		nooks_object_free(object);
	if (!ret && first)
		depth_drop(driver, irq, false);
	if (!ret && a3 & IRQF_NO_AUTOEN)
		depth_add(driver, irq, 1);	/* as if disabled */
	return ret;
}

/* const void *free_irq(unsigned int irq, void *dev_id) */
NOOKS_WRAPPER(free_irq)
{
	struct nooks_driver *driver = nooks_driver_of(x);
	struct nooks_object *object;
	const void *key = NULL;
	const char *devname;
	unsigned long flags;

	if (!nooks_may_sleep(x, "free_irq"))
		return 0;
	raw_spin_lock_irqsave(&driver->objects.lock, flags);
	nooks_for_each_object(object, driver, &irq_class) {
		if (to_irq(object)->irq == (unsigned int)a0 &&
		    to_irq(object)->dev_id == (void *)a1) {
			key = (void *)object->start;
			break;
		}
	}
	raw_spin_unlock_irqrestore(&driver->objects.lock, flags);

	object = key ? nooks_object_remove(driver, &irq_class, key) : NULL;
	if (!object) {
		nooks_fail(x, NOOKS_BAD_ARGUMENT, a1,
			   "free_irq: interrupt %u is not requested with this cookie",
			   (unsigned int)a0);
		return 0;
	}
	let_go(to_irq(object), true);
	free_irq(to_irq(object)->irq, object);
	devname = to_irq(object)->devname;
	if (!nooks_irq_requested(driver, a0))
		depth_drop(driver, a0, irq_has_action(a0));
	nooks_object_free(object);
	return (unsigned long)devname;
}

/* Key of the driver's first request of an interrupt, or NULL. */
static const void *find_request(struct nooks_driver *driver, unsigned int irq)
{
	struct nooks_object *object;
	const void *key = NULL;
	unsigned long flags;

	raw_spin_lock_irqsave(&driver->objects.lock, flags);
	nooks_for_each_object(object, driver, &irq_class)
		if (to_irq(object)->irq == irq)
			key = (void *)object->start;
	raw_spin_unlock_irqrestore(&driver->objects.lock, flags);
	return key;
}

void nooks_irq_abandon(struct nooks_driver *driver, unsigned int irq)
{
	struct nooks_object *object;
	const void *key;

	while ((key = find_request(driver, irq))) {
		object = nooks_object_remove(driver, &irq_class, key);
		if (!object)
			continue;
		release_irq(object);
		nooks_object_free(object);
	}
	/* Recovery may have removed the object and not yet freed the interrupt. */
	while (irq_has_action(irq))
		fsleep(1000);
}

bool nooks_irq_requested(struct nooks_driver *driver, unsigned int irq)
{
	return find_request(driver, irq);
}

/*
 * The check of synchronize_irq() and its kin: an interrupt that the driver has requested, or that of a
 * device of its own, which probe functions turn off before they request it.
 */
bool nooks_check_irq(struct nooks_crossing *x, unsigned long value, const char *fn,
		     const char *arg)
{
	struct nooks_driver *driver = nooks_driver_of(x);
	bool found = owns_irq(driver, value) || nooks_irq_requested(driver, value);

	if (!found)
		nooks_fail(x, NOOKS_BAD_ARGUMENT, value, "%s: %s is no interrupt of this domain",
			   fn, arg);
	return found;
}

/* Count that the driver disables a line; false: its domain has failed. */
static bool disable(struct nooks_crossing *x, unsigned long irq, const char *fn)
{
	if (!nooks_check_irq(x, irq, fn, "irq"))
		return false;
	if (depth_add(nooks_driver_of(x), irq, 1))
		return true;
	nooks_fail(x, NOOKS_OUT_OF_RESOURCES, irq, "%s: no memory to count by", fn);
	return false;
}

/* void disable_irq_nosync(unsigned int irq) */
NOOKS_WRAPPER(disable_irq_nosync)
{
	if (disable(x, (unsigned int)a0, "disable_irq_nosync"))
		disable_irq_nosync(a0);
	return 0;
}

/* Until a handler, which is not called any more, has returned: as synchronize_hardirq(), but that may not. */
static void wait_for_handler(struct nooks_crossing *x, unsigned int irq, const char *fn)
{
	struct irq_data *data = irq_get_irq_data(irq);
	u64 start = nooks_spin_clock();

	while (data && irqd_irq_inprogress(data) && !nooks_crossing_stale(x)) {
		if (nooks_spun_out(start))
			nooks_fail(x, NOOKS_TIMEOUT, irq, "%s: the handler does not return", fn);
		cpu_relax();
	}
}

/* Disable it and wait for its handler, so not within one. False: the domain has failed. */
static bool disable_and_wait(struct nooks_crossing *x, unsigned int irq, const char *fn)
{
	if (in_hardirq()) {
		nooks_fail(x, NOOKS_BAD_ARGUMENT, irq, "%s: in an interrupt handler", fn);
		return false;
	}
	if (!disable(x, irq, fn))
		return false;
	disable_irq_nosync(irq);
	wait_for_handler(x, irq, fn);
	return !nooks_crossing_stale(x);
}

/* void disable_irq(unsigned int irq): also for a threaded handler, if the caller can; drivers call it in softirqs, too */
NOOKS_WRAPPER(disable_irq)
{
	if (disable_and_wait(x, (unsigned int)a0, "disable_irq") && !nooks_is_atomic())
		synchronize_irq(a0);
	return 0;
}

/* bool disable_hardirq(unsigned int irq) */
NOOKS_WRAPPER(disable_hardirq)
{
	return disable_and_wait(x, (unsigned int)a0, "disable_hardirq") && synchronize_hardirq(a0);
}

/* void enable_irq(unsigned int irq) */
NOOKS_WRAPPER(enable_irq)
{
	static const char fn[] = "enable_irq";
	unsigned int irq = a0;

	if (!nooks_check_irq(x, irq, fn, "irq"))
		return 0;
	if (depth_add(nooks_driver_of(x), irq, -1))
		enable_irq(irq);
	else
		nooks_fail(x, NOOKS_BAD_ARGUMENT, irq, "%s: more often than disabled", fn);
	return 0;
}
