// SPDX-License-Identifier: GPL-2.0
/*
 * Work and workqueues. As timers (time.c), works lie in a driver's memory: the kernel queues instances of its own, whose function is
 * work_run(). An instance that is queued has a reference, which the callback or the cancelling drops.
 *
 * A thread that waits for a work waits here, not in the kernel's functions, which know no way out: the domain may fail, and
 * the work may wait for what the thread has.
 */
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/wait.h>
#include <linux/workqueue.h>
#include "../nooks/compat.h"
#include "../nooks/driver.h"
#include "../nooks/symbols.h"
#include "../objtracker/instance.h"
#include "deadlock.h"
#include "generated.h"
#include "init.h"
#include "net.h"
#include "print.h"
#include "walk.h"

#define WORK_DISABLED_MAX	1000
/* Of a workqueue that is emptied, or destroyed, for good: BIT(15) is __WQ_DESTROYING, in kernels that have it. */
#define WQ_GOING	(__WQ_DRAINING | BIT(15))

/**
 * struct nooks_work - kernel instance of a work_struct or delayed_work
 * @instance: in the driver's table
 * @lock: as in struct nooks_timer
 * @work: the kernel's; of plain work, only the work in it is used
 * @runner: the thread that runs the driver's function, to find one that waits for itself
 * @disabled: how often it is; under @lock
 * @cancelling: threads that cancel it and wait for its end: it can't be queued; ditto
 * @wq: where it was queued last; ditto
 * @runs: how often the driver's function has ended
 * @ended: who waits for that
 */
struct nooks_work {
	struct nooks_instance instance;
	spinlock_t lock;
	struct delayed_work work;
	struct task_struct *runner;
	unsigned int disabled;
	unsigned int cancelling;
	const struct workqueue_struct *wq;
	unsigned long runs;
	wait_queue_head_t ended;
};

NOOKS_INSTANCE(work)

/* Show the driver the state of its work: work_pending() reads a bit of data. */
static void work_mirror(struct nooks_work *w)
{
	struct work_struct *theirs = nooks_instance_theirs(&w->instance);

	lockdep_assert_held(&w->lock);
	if (!theirs)
		return;
	if (work_pending(&w->work.work))
		set_bit(WORK_STRUCT_PENDING_BIT, work_data_bits(theirs));
	else
		clear_bit(WORK_STRUCT_PENDING_BIT, work_data_bits(theirs));
}

static void work_mirror_locked(struct nooks_work *w)
{
	unsigned long flags;

	spin_lock_irqsave(&w->lock, flags);
	work_mirror(w);
	spin_unlock_irqrestore(&w->lock, flags);
}

static void work_run(struct work_struct *work)
{
	struct nooks_work *w = container_of(work, struct nooks_work, work.work);

	work_mirror_locked(w);
	WRITE_ONCE(w->runner, current);
	nooks_instance_call(&w->instance);
	WRITE_ONCE(w->runner, NULL);
	/* The kernel does not run a work twice at a time. */
	smp_store_release(&w->runs, w->runs + 1);
	if (wq_has_sleeper(&w->ended))
		wake_up(&w->ended);
	nooks_instance_put(&w->instance);
}

static void work_init(struct nooks_object *object)
{
	struct nooks_work *w = work_of(object);

	spin_lock_init(&w->lock);
	init_waitqueue_head(&w->ended);
	INIT_DELAYED_WORK(&w->work, work_run);
	nooks_lockdep_own(&w->work.work);
	nooks_lockdep_own(&w->work.timer);
}

static void work_release(struct nooks_object *object)
{
	struct nooks_work *w = work_of(object);

	if (cancel_delayed_work_sync(&w->work))
		nooks_instance_put(&w->instance);
}

static const struct nooks_object_class work_class = {
	.name = "work",
	.phase = NOOKS_PHASE_CALLS,
	.release = work_release,
	.size = sizeof(struct nooks_work),
	.init = work_init,
	.forget = true,
};

static struct task_struct *work_runner(const void *w)
{
	return READ_ONCE(((const struct nooks_work *)w)->runner);
}

/* Does a worker run it, and is it on a queue? One whose timer is armed is on none. */
static void look_at(struct nooks_work *w, bool *runs_now, bool *is_queued)
{
	unsigned int busy = work_busy(&w->work.work);

	*runs_now = busy & WORK_BUSY_RUNNING;
	*is_queued = (busy & WORK_BUSY_PENDING) && !timer_pending(&w->work.timer);
}

/*
 * How often will the driver's function have ended when it ends that runs now, and with @queued also the one that is on a queue?
 * It may be one too many, for the kernel may have a work as running just before and after that.
 */
static unsigned long work_last_run(struct nooks_work *w, bool queued)
{
	unsigned long flags, runs;
	bool runs_now, is_queued;

	spin_lock_irqsave(&w->lock, flags);
	do {
		runs = smp_load_acquire(&w->runs);
		look_at(w, &runs_now, &is_queued);
	} while (runs != smp_load_acquire(&w->runs));
	spin_unlock_irqrestore(&w->lock, flags);
	return runs + runs_now + (queued && is_queued);
}

static bool work_ended(struct nooks_work *w, unsigned long runs)
{
	bool runs_now, is_queued;

	if ((long)(smp_load_acquire(&w->runs) - runs) >= 0)
		return true;
	look_at(w, &runs_now, &is_queued);
	return !runs_now && !is_queued;
}

/*
 * Wait until a work has run that often. Not if the domain fails, be it because what it waits for waits for this thread: the
 * kernel's own functions can't stop to wait. Return: false if it has failed.
 */
static bool work_wait(struct nooks_crossing *x, struct nooks_work *w, unsigned long runs, const char *fn)
{
	long patience = 1;

	if (work_ended(w, runs))
		return true;
	nooks_wait_begin(x, work_runner, w);
	while (!wait_event_timeout(w->ended, work_ended(w, runs) || nooks_crossing_stale(x), patience) &&
	       !nooks_wait_is_endless(x, fn))
		patience = NOOKS_DEADLOCK_LOOK;
	nooks_wait_end(x);
	return !nooks_crossing_stale(x);
}

static void workqueue_release(struct nooks_object *object)
{
	destroy_workqueue((struct workqueue_struct *)object->start);
}

static const struct nooks_object_class workqueue_class = {
	.name = "workqueue",
	.phase = NOOKS_PHASE_CALLS,
	.release = workqueue_release,
	.size = sizeof(struct nooks_object),
};

/* The kernel's workqueues that drivers may use; which there are is the kernel's business. */
static const char * const system_names[] __initconst = {
	"system_wq", "system_percpu_wq", "system_highpri_wq", "system_long_wq", "system_unbound_wq",
	"system_dfl_wq", "system_freezable_wq", "system_power_efficient_wq",
	"system_freezable_power_efficient_wq",
};

static const struct workqueue_struct *system_queues[ARRAY_SIZE(system_names)] __ro_after_init;

/** nooks_work_init - find the kernel's workqueues. Context: may sleep. Return: 0. */
int __init nooks_work_init(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(system_names); i++) {
		unsigned long addr = nooks_lookup(system_names[i]);

		if (addr)
			system_queues[i] = *(struct workqueue_struct **)addr;
	}
	return 0;
}

/* A workqueue that the driver may use: one of the kernel's or its own. */
static bool check_workqueue(struct nooks_crossing *x, unsigned long wq, const char *fn)
{
	unsigned int i;

	for (i = 0; wq && i < ARRAY_SIZE(system_queues); i++) {
		if ((unsigned long)system_queues[i] == wq)
			return true;
	}
	if (nooks_object_find(nooks_driver_of(x), &workqueue_class, (void *)wq))
		return true;
	nooks_fail(x, NOOKS_BAD_ARGUMENT, wq, "%s: not a workqueue", fn);
	return false;
}

/* struct workqueue_struct *alloc_workqueue(const char *fmt, flags, int max_active, ...) */
NOOKS_WRAPPER(alloc_workqueue)
{
	struct workqueue_struct *wq = NULL;
	struct nooks_print *print;

	if (!nooks_may_take_cpus(x, "alloc_workqueue") ||
	    !nooks_arg_require(x, !(a1 & WQ_GOING), "alloc_workqueue", "flags of one that is used"))
		return 0;
	print = NOOKS_GET_PRINT(a0, 3, "alloc_workqueue");
	if (print)
		wq = alloc_workqueue("%pV", a1, a2, &print->vaf);
	kfree(print);
	if (wq && !nooks_object_add(nooks_driver_of(x), &workqueue_class, wq, 1, 0, GFP_KERNEL)) {
		destroy_workqueue(wq);
		wq = NULL;
	}
	return (unsigned long)wq;
}

/* Into @works, references to at most @n of the driver's works that were put on this queue last. Return: how many there are. */
static unsigned int works_of(struct nooks_driver *driver, const struct workqueue_struct *wq,
			     struct nooks_work **works, unsigned int n)
{
	struct nooks_object *object;
	unsigned int found = 0;
	unsigned long flags;

	raw_spin_lock_irqsave(&driver->objects.lock, flags);
	nooks_for_each_object(object, driver, &work_class) {
		if (READ_ONCE(work_of(object)->wq) != wq)
			continue;
		if (found < n) {
			refcount_inc(&object->refs);
			works[found] = work_of(object);
		}
		found++;
	}
	raw_spin_unlock_irqrestore(&driver->objects.lock, flags);
	return found;
}

/*
 * Wait for the driver's own works on a queue, so that the kernel, whose function can't stop to wait, need not. Those that come to it meanwhile
 * are waited for by that. Return: false if the domain has failed.
 */
static bool works_flush(struct nooks_crossing *x, const struct workqueue_struct *wq, const char *fn)
{
	struct nooks_driver *driver = nooks_driver_of(x);
	unsigned int i, found, n = works_of(driver, wq, NULL, 0);
	struct nooks_work **works;

	if (!n)
		return !nooks_crossing_stale(x);
	works = kvmalloc_array(n, sizeof(*works), GFP_NOIO);
	if (!works) {
		nooks_fail(x, NOOKS_OUT_OF_RESOURCES, 0, "%s: no memory for %u works", fn, n);
		return false;
	}
	found = min(works_of(driver, wq, works, n), n);
	for (i = 0; i < found; i++) {
		if (!nooks_crossing_stale(x))
			work_wait(x, works[i], work_last_run(works[i], true), fn);
		nooks_instance_put(&works[i]->instance);
	}
	kvfree(works);
	return !nooks_crossing_stale(x);
}

NOOKS_WRAPPER(destroy_workqueue)
{
	struct nooks_object *object;

	if (!nooks_may_sleep(x, "destroy_workqueue"))
		return 0;
	/* Recovery does it then. */
	if (nooks_object_find(nooks_driver_of(x), &workqueue_class, (void *)a0) &&
	    !works_flush(x, (void *)a0, "destroy_workqueue"))
		return 0;
	object = nooks_object_remove(nooks_driver_of(x), &workqueue_class, (void *)a0);
	if (object) {
		workqueue_release(object);
		nooks_object_free(object);
	} else {
		nooks_fail(x, NOOKS_BAD_ARGUMENT, a0, "destroy_workqueue: not the driver's");
	}
	return 0;
}

/* What flush_workqueue() calls. */
NOOKS_WRAPPER(__flush_workqueue)
{
	if (nooks_may_sleep(x, "__flush_workqueue") &&
	    check_workqueue(x, a0, "__flush_workqueue") &&
	    works_flush(x, (void *)a0, "__flush_workqueue"))
		__flush_workqueue((struct workqueue_struct *)a0);
	return 0;
}

enum queueing { QUEUE, QUEUE_DELAYED, MOD_DELAYED };

/* bool (int cpu, struct workqueue_struct *wq, struct work_struct *work[, unsigned long delay]) */
static bool work_queue(struct nooks_crossing *x, unsigned long cpu_arg, unsigned long wq_arg,
		       unsigned long addr, enum queueing how, unsigned long delay, const char *fn)
{
	size_t size = how == QUEUE ? sizeof(struct work_struct) : sizeof(struct delayed_work);
	struct workqueue_struct *wq = (void *)wq_arg;
	const struct work_struct *theirs = (void *)addr;
	unsigned int cpu = cpu_arg;
	struct nooks_work *w;
	unsigned long flags;
	bool ret = false, queued = false;

	if (cpu != WORK_CPU_UNBOUND && (cpu >= nr_cpu_ids || !cpu_possible(cpu))) {
		nooks_fail(x, NOOKS_BAD_ARGUMENT, cpu, "%s: cpu", fn);
		return false;
	}
	if (!check_workqueue(x, wq_arg, fn))
		return false;
	w = to_work(nooks_instance_get(x, &work_class, addr, size, GFP_ATOMIC));
	if (!w)
		return false;
	if (!nooks_instance_set_stub(x, &w->instance, READ_ONCE(theirs->func)))
		goto out;

	spin_lock_irqsave(&w->lock, flags);
	if (w->cancelling)
		goto unlock;
	/* For the callback, which may run at once. */
	nooks_instance_hold(&w->instance);
	switch (how) {
	case QUEUE:
		ret = queue_work_on(cpu, wq, &w->work.work);
		queued = ret;
		break;
	case QUEUE_DELAYED:
		ret = queue_delayed_work_on(cpu, wq, &w->work, delay);
		queued = ret;
		break;
	case MOD_DELAYED:
		ret = mod_delayed_work_on(cpu, wq, &w->work, delay);
		queued = !ret;
		break;
	}
	if (queued || how == MOD_DELAYED)
		WRITE_ONCE(w->wq, wq);
	if (!queued)
		nooks_instance_put(&w->instance);
	work_mirror(w);
unlock:
	spin_unlock_irqrestore(&w->lock, flags);
out:
	nooks_instance_put(&w->instance);
	return ret;
}

NOOKS_WRAPPER(queue_work_on)
{
	return work_queue(x, a0, a1, a2, QUEUE, 0, "queue_work_on");
}

NOOKS_WRAPPER(queue_delayed_work_on)
{
	return work_queue(x, a0, a1, a2, QUEUE_DELAYED, a3, "queue_delayed_work_on");
}

NOOKS_WRAPPER(mod_delayed_work_on)
{
	return work_queue(x, a0, a1, a2, MOD_DELAYED, a3, "mod_delayed_work_on");
}

/* What is asked of a work that may be queued, or run. Return: what the kernel's function does. */
typedef bool (*work_fn)(struct nooks_crossing *x, struct nooks_work *w, const char *fn);

/* Call @fn for the instance of a work, if it has one: what never was queued needs no cancelling. */
static bool work_do(struct nooks_crossing *x, unsigned long addr, bool waits, work_fn fn, const char *name)
{
	struct nooks_work *w;
	bool ret = false;

	if (waits && !nooks_may_sleep(x, name))
		return false;
	w = to_work(nooks_instance_find(x, &work_class, addr));
	if (!w)
		return false;
	if (waits && READ_ONCE(w->runner) == current) {
		nooks_fail(x, NOOKS_BAD_ARGUMENT, addr, "%s: work waits for itself", name);
	} else {
		ret = fn(x, w, name);
		work_mirror_locked(w);
	}
	nooks_instance_put(&w->instance);
	return ret;
}

static bool work_cancel(struct nooks_crossing *x, struct nooks_work *w, const char *fn)
{
	/* Of plain work, whose timer is never armed, this is cancel_work(). */
	bool ret = cancel_delayed_work(&w->work);

	if (ret)
		nooks_instance_put(&w->instance);
	return ret;
}

/* Nobody queues it meanwhile, not even itself. */
static void work_block(struct nooks_work *w, int how)
{
	unsigned long flags;

	spin_lock_irqsave(&w->lock, flags);
	w->cancelling += how;
	spin_unlock_irqrestore(&w->lock, flags);
}

static bool work_cancel_sync(struct nooks_crossing *x, struct nooks_work *w, const char *fn)
{
	bool ret;

	work_block(w, 1);
	ret = work_cancel(x, w, fn);
	/* Its worker may still have to leave it. */
	if (work_wait(x, w, work_last_run(w, false), fn) && cancel_delayed_work_sync(&w->work))
		nooks_instance_put(&w->instance);
	work_block(w, -1);
	return ret;
}

static bool work_flush(struct nooks_crossing *x, struct nooks_work *w, const char *fn)
{
	bool runs_now, is_queued;

	look_at(w, &runs_now, &is_queued);
	/* Ditto; unless it is queued again: whoever does that can't know when this returns. */
	if (work_wait(x, w, work_last_run(w, true), fn) && !work_pending(&w->work.work))
		flush_work(&w->work.work);
	return runs_now || is_queued;
}

static bool work_flush_delayed(struct nooks_crossing *x, struct nooks_work *w, const char *fn)
{
	unsigned long flags;

	spin_lock_irqsave(&w->lock, flags);
	/* Its reference stays. */
	if (!w->cancelling && timer_pending(&w->work.timer) && cancel_delayed_work(&w->work))
		queue_work_on(w->work.cpu, w->work.wq, &w->work.work);
	spin_unlock_irqrestore(&w->lock, flags);
	return work_flush(x, w, fn);
}

#define WORK_WRAPPER(name, waits, do)							\
NOOKS_WRAPPER(name)									\
{											\
	return work_do(x, a0, waits, do, #name);					\
}

WORK_WRAPPER(cancel_work, false, work_cancel)
WORK_WRAPPER(cancel_work_sync, true, work_cancel_sync)
WORK_WRAPPER(cancel_delayed_work, false, work_cancel)
WORK_WRAPPER(cancel_delayed_work_sync, true, work_cancel_sync)
WORK_WRAPPER(flush_work, true, work_flush)
WORK_WRAPPER(flush_delayed_work, true, work_flush_delayed)

#ifdef HAVE_disable_work
/*
 * Disable, or enable, a work that need not have been queued yet. The kernel counts how often, and warns of a count that
 * it can't have. Return: it was pending, and is no more.
 */
static bool work_disable(struct nooks_crossing *x, unsigned long addr, bool disable, bool waits, const char *fn)
{
	struct nooks_work *w;
	unsigned long flags;
	bool good, ret = false;

	if (waits && !nooks_may_sleep(x, fn))
		return false;
	w = to_work(nooks_instance_get(x, &work_class, addr, sizeof(struct work_struct), GFP_ATOMIC));
	if (!w)
		return false;
	if (waits && READ_ONCE(w->runner) == current) {
		nooks_fail(x, NOOKS_BAD_ARGUMENT, addr, "%s: work waits for itself", fn);
		goto out;
	}
	spin_lock_irqsave(&w->lock, flags);
	good = disable ? w->disabled < WORK_DISABLED_MAX : w->disabled;
	if (good && disable) {
		w->disabled++;
		ret = disable_work(&w->work.work);
	} else if (good) {
		w->disabled--;
		enable_work(&w->work.work);
	}
	work_mirror(w);
	spin_unlock_irqrestore(&w->lock, flags);
	if (!good)
		nooks_fail(x, NOOKS_BAD_ARGUMENT, addr, "%s: the work is disabled %u times", fn, w->disabled);
	else if (waits && work_wait(x, w, work_last_run(w, false), fn))
		cancel_work_sync(&w->work.work);
	if (ret)
		nooks_instance_put(&w->instance);
out:
	nooks_instance_put(&w->instance);
	return ret;
}

/* bool disable_work(struct work_struct *work) */
NOOKS_WRAPPER(disable_work)
{
	return work_disable(x, a0, true, false, "disable_work");
}

/* bool disable_work_sync(struct work_struct *work) */
NOOKS_WRAPPER(disable_work_sync)
{
	return work_disable(x, a0, true, true, "disable_work_sync");
}

/* bool enable_work(struct work_struct *work): is it enabled now? */
NOOKS_WRAPPER(enable_work)
{
	struct nooks_work *w;
	bool ret = false;

	work_disable(x, a0, false, false, "enable_work");
	w = to_work(nooks_instance_find(x, &work_class, a0));
	if (w) {
		ret = !READ_ONCE(w->disabled);
		nooks_instance_put(&w->instance);
	}
	return ret;
}
#endif

/* Drivers take its address only; the timer of their delayed work is never armed. */
NOOKS_WRAPPER(delayed_work_timer_fn)
{
	nooks_fail(x, NOOKS_DENIED_CALL, a0, "delayed_work_timer_fn");
	return 0;
}
