// SPDX-License-Identifier: GPL-2.0
/*
 * Recovery. A failure closes the domain and quiets the driver's devices at once, in whatever context it
 * is found. The rest is done in process context: wait until all threads have been unwound,
 * release what the driver held, make its image pristine and run its init again.
 */
#define pr_fmt(fmt) "nooks: " fmt
#include <linux/jiffies.h>
#include <linux/module.h>
#include "../nooks/image.h"
#include "../nooks/inject.h"
#include "../nooks/sysfs.h"
#include "../nooks/tracepoints.h"
#include "../wrappers/bus.h"
#include "../wrappers/dma.h"
#include "../wrappers/fs.h"
#include "../wrappers/fspark.h"
#include "../wrappers/net.h"
#include "../wrappers/netpark.h"
#include "../wrappers/undo.h"
#include "generated.h"
#include "dump.h"
#include "recover.h"

/* How long threads that sleep in kernel calls may keep a recovery waiting. */
#define IDLE_TIMEOUT	(10 * HZ)

static struct workqueue_struct *recovery_wq;

static void set_state(struct nooks_driver *driver, enum nooks_state state)
{
	lockdep_assert_held(&driver->lock);
	WRITE_ONCE(driver->state, state);
	nooks_sysfs_state_changed(driver);
}

/*
 * The driver has failed: stop its devices, and wake its threads that sleep for something of its own. Recovery begins with that, too; but
 * it may be just what waits for such a thread, which runs init, or nobody has got so far as to recover it.
 */
static void quiet(struct work_struct *work)
{
	struct nooks_driver *driver = container_of(work, struct nooks_driver, quiet);

	nooks_objects_release(driver, NOOKS_PHASE_QUIET);
}

/* None is under way any more, or on its way. */
static void quiet_end(struct nooks_driver *driver)
{
	irq_work_sync(&driver->kick);
	cancel_work_sync(&driver->quiet);
}

/*
 * Take everything from a driver that no longer runs, and @is_last: will not run again. Return: 0;
 * -ETIMEDOUT if threads are still asleep inside, and then nothing has been released; -EBUSY if file
 * systems of its are mounted that can't stay so, and then only what would keep them from being unmounted.
 */
static int release_all(struct nooks_driver *driver, bool is_last)
{
	enum nooks_release_phase phase;

	lockdep_assert_held(&driver->lock);
	quiet_end(driver);
	WRITE_ONCE(driver->restarting, !is_last);
	driver->fs.parked = false;
	nooks_objects_release(driver, NOOKS_PHASE_QUIET);
	trace_nooks_recovery(driver->name, "quiet", 0);
	nooks_domain_kick();
	if (!nooks_domain_wait_idle(driver->domain, IDLE_TIMEOUT)) {
		pr_err("%s: %u threads do not come back from kernel calls; its memory stays\n",
		       driver->name, READ_ONCE(driver->domain->nr_used));
		trace_nooks_recovery(driver->name, "idle", -ETIMEDOUT);
		return -ETIMEDOUT;
	}
	trace_nooks_recovery(driver->name, "idle", 0);
	quiet_end(driver);		/* of a thread that was late in saying so */
	nooks_undo_all(driver);
	nooks_objects_release(driver, NOOKS_PHASE_REFERENCES);
	if (nooks_fs_mounted(driver) && (is_last || !nooks_fspark_park(driver))) {
		trace_nooks_recovery(driver->name, "mounted", -EBUSY);
		return -EBUSY;
	}
	for (phase = NOOKS_PHASE_CALLS; phase < NOOKS_NR_PHASES; phase++) {
		if (phase == NOOKS_PHASE_MEMORY) {
			if (is_last) {
				nooks_bus_settle(driver);
				nooks_bus_reset(driver);
			}
			nooks_shadows_release(driver);
		}
		nooks_objects_release(driver, phase);
	}
	if (is_last)
		nooks_netpark_drop(driver);
	nooks_heap_reset(&driver->heap);
	trace_nooks_recovery(driver->name, "released", 0);
	return 0;
}

/* The devices have been reset, or will not run again: nobody writes to the driver's old memory. */
static void settle(struct nooks_driver *driver)
{
	nooks_bus_settle(driver);
	nooks_dma_settle(driver);
	nooks_heap_settle(&driver->heap);
}

/* Run init in a domain that is empty and pristine. */
static int start(struct nooks_driver *driver)
{
	int ret;

	lockdep_assert_held(&driver->lock);
	ret = nooks_image_restore(driver);
	if (ret)
		return ret;
	WRITE_ONCE(driver->fs.restorer, current);
	quiet_end(driver);		/* of what failed before: it must not find what is made from now on */
	nooks_domain_open(driver->domain);
	ret = nooks_image_init(driver);
	trace_nooks_recovery(driver->name, "init", ret);
	if (!ret) {
		nooks_image_seal(driver);
		nooks_net_restored(driver);
		if (driver->fs.parked)
			nooks_fspark_restore(driver);
	}
	WRITE_ONCE(driver->fs.restorer, NULL);
	if (ret)
		return ret;
	if (cmpxchg(&driver->state, NOOKS_RECOVERING, NOOKS_RUNNING) != NOOKS_RECOVERING)
		return -EIO;		/* it failed again; recovery is queued */
	return 0;
}

/* More failures in the window than the user wants to see? */
static bool too_many(const struct nooks_driver *driver)
{
	unsigned long oldest;

	if (!driver->max_failures || driver->nr_failures < driver->max_failures)
		return false;
	oldest = driver->failures[(driver->nr_failures - driver->max_failures) % NOOKS_MAX_FAILURES];
	return time_before(jiffies, oldest + driver->window * HZ);
}

static bool shall_restart(const struct nooks_driver *driver, enum nooks_wish wish)
{
	if (wish != NOOKS_WISH_NONE)
		return wish == NOOKS_WISH_RESTART;
	if (driver->policy != NOOKS_RECOVERY_RESTART)
		return false;
	if (too_many(driver)) {
		pr_err("%s: %u failures in %u s: giving up; 'nooksctl restart %s' tries again\n",
		       driver->name, driver->max_failures, driver->window, driver->name);
		return false;
	}
	return true;
}

/* Make the report of a failure that nobody has been told of, if there is one. */
static void tell_of_failure(struct nooks_driver *driver)
{
	if (nooks_dump_make(driver))
		nooks_sysfs_event(driver, "failure");
}

/* What was mounted when it failed is not any more; or what was being unmounted. */
static void resume(struct nooks_driver *driver)
{
	if (driver->state != NOOKS_FAILED || driver->resume == NOOKS_WISH_NONE ||
	    (driver->resume != NOOKS_WISH_RESTART && nooks_fs_mounted(driver)))
		return;
	driver->wish = driver->resume;
	WRITE_ONCE(driver->state, NOOKS_CRASHED);
}

/*
 * All has been released: start it again, now or later. @begin: of its recovery. Return: as start(); -EINTR if somebody is about to
 * stop or to restart it, which begins once more.
 */
static int restart(struct nooks_driver *driver, enum nooks_wish wish, ktime_t begin)
{
	ktime_t wait = ktime_get();
	bool goes_on;
	int ret;

	rcu_unexpedite_gp();
	goes_on = nooks_backoff_wait(driver, wish == NOOKS_WISH_RESTART);
	rcu_expedite_gp();
	if (!goes_on) {
		WRITE_ONCE(driver->state, NOOKS_CRASHED);
		return -EINTR;
	}
	begin = ktime_add(begin, ktime_sub(ktime_get(), wait));
	ret = start(driver);
	WRITE_ONCE(driver->restarting, false);
	nooks_backoff_restarted(&driver->backoff);
	if (ret)
		return ret;
	settle(driver);
	nooks_health_started(driver);
	driver->nr_restarts++;
	nooks_sysfs_state_changed(driver);
	nooks_sysfs_event(driver, "restart");
	trace_nooks_recovery(driver->name, "restarted", 0);
	pr_info("%s: restarted in %lld ms\n", driver->name, ktime_ms_delta(ktime_get(), begin));
	return 0;
}

/* It could not be released: see release_all(). */
static void put_off(struct nooks_driver *driver, bool restarts, int why)
{
	if (why != -EBUSY)
		return;
	driver->resume = restarts ? NOOKS_WISH_RESTART : NOOKS_WISH_STOP;
	pr_warn("%s: %s when its file systems are unmounted\n", driver->name, restarts ? "restarts" : "can go");
}

/* It has not started: @ret. Return: false: another thread has failed in it meanwhile, and recovery is queued again. */
static bool clean_up(struct nooks_driver *driver, int ret)
{
	pr_err("%s: restart failed (%d)\n", driver->name, ret);
	nooks_domain_fail_incarnation(driver->domain, driver->domain->incarnation);
	if (release_all(driver, true) == -EBUSY)
		driver->resume = NOOKS_WISH_STOP;
	return READ_ONCE(driver->state) != NOOKS_CRASHED;
}

/* It does not run, and nobody is about to change that. @mounted: file systems, when recovery began. */
static void give_up(struct nooks_driver *driver, enum nooks_wish wish, unsigned int mounted, int ret)
{
	nooks_netpark_drop(driver);		/* if nothing could be released just now */
	set_state(driver, NOOKS_FAILED);
	if (!nooks_fs_mounted(driver) || nooks_fs_mounted(driver) < mounted)
		nooks_recovery_resume(driver);		/* unmounted meanwhile */
	/* A stop that was asked for is no news. */
	if (wish != NOOKS_WISH_STOP)
		nooks_sysfs_event(driver, "give-up");
	trace_nooks_recovery(driver->name, "given-up", ret);
}

static void recover_locked(struct nooks_driver *driver)
{
	ktime_t begin = ktime_get();
	unsigned int mounted;
	enum nooks_wish wish;
	bool restarts, is_released;
	int ret;

	driver->resume = NOOKS_WISH_NONE;
	set_state(driver, NOOKS_RECOVERING);
	nooks_domain_fail_incarnation(driver->domain, READ_ONCE(driver->domain->incarnation));
	nooks_fspark_hold(driver);
	tell_of_failure(driver);
	trace_nooks_recovery(driver->name, "begin", 0);
	wish = driver->wish;
	driver->wish = NOOKS_WISH_NONE;
	nooks_inject_restart(driver);
	restarts = shall_restart(driver, wish);
	mounted = nooks_fs_mounted(driver);

	ret = release_all(driver, !restarts);
	/* A thread that found a failure and was late in saying so is out now: that is this recovery. */
	if (!ret) {
		tell_of_failure(driver);
		WRITE_ONCE(driver->state, NOOKS_RECOVERING);
	}
	WRITE_ONCE(driver->warnings_before, atomic_long_read(&driver->nr_warnings));
	nooks_health_restarted(driver);
	/* Who restarts it by hand has mended what it was. */
	if (wish == NOOKS_WISH_RESTART)
		nooks_silence_forget(&driver->silence);
	is_released = !ret;
	if (is_released && restarts) {
		ret = restart(driver, wish, begin);
		if (!ret)
			return;
	}
	/* Another thread's failure, or one in the restart: recovery is queued again. */
	if (READ_ONCE(driver->state) == NOOKS_CRASHED)
		return;
	if (!is_released)
		put_off(driver, restarts, ret);
	else if (ret && !clean_up(driver, ret))
		return;
	give_up(driver, wish, mounted, ret);
}

static void recover(struct work_struct *work)
{
	struct nooks_driver *driver = container_of(work, struct nooks_driver, recovery);

	mutex_lock(&driver->lock);
	resume(driver);
	if (driver->state == NOOKS_CRASHED && driver->image) {
		/* Whoever wants the driver waits for each grace period of this: its stop's, its init's, its devices'. */
		rcu_expedite_gp();
		recover_locked(driver);
		rcu_unexpedite_gp();
	}
	/* If it begins once more, what is mounted stays until then. */
	nooks_fspark_release(driver, READ_ONCE(driver->state) == NOOKS_CRASHED);
	mutex_unlock(&driver->lock);
}

static void queue_recovery(struct irq_work *work)
{
	struct nooks_driver *driver = container_of(work, struct nooks_driver, kick);

	queue_work(system_unbound_wq, &driver->quiet);
	/* Before, whoever runs its first init deals with that. */
	if (READ_ONCE(driver->loaded))
		queue_work(recovery_wq, &driver->recovery);
}

/** nooks_recovery_start - wake its threads, and queue recovery if it is loaded. Any context, the driver is closed and CRASHED. */
void nooks_recovery_start(struct nooks_driver *driver)
{
	irq_work_queue(&driver->kick);
}

/**
 * nooks_recovery_wish - restart or stop a driver on request, and wait for the outcome
 * @driver: loaded
 * @wish: what to do
 *
 * Context: may sleep, holds no lock of the driver's. Return: 0; -ENODEV if it is not loaded; -EIO if
 * it is not in the wanted state afterwards.
 */
int nooks_recovery_wish(struct nooks_driver *driver, enum nooks_wish wish)
{
	enum nooks_state state;

	nooks_backoff_hurry(&driver->backoff);
	mutex_lock(&driver->lock);
	nooks_backoff_calm(&driver->backoff);
	/* OFFLINE: nooks_recovery_finish() has been here. */
	if (!driver->loaded || driver->state == NOOKS_OFFLINE) {
		mutex_unlock(&driver->lock);
		return -ENODEV;
	}
	driver->wish = wish;
	nooks_domain_fail_incarnation(driver->domain, driver->domain->incarnation);
	nooks_bus_quiet(driver);
	set_state(driver, NOOKS_CRASHED);
	mutex_unlock(&driver->lock);
	queue_work(recovery_wq, &driver->recovery);
	flush_work(&driver->recovery);
	state = READ_ONCE(driver->state);
	return state == (wish == NOOKS_WISH_RESTART ? NOOKS_RUNNING : NOOKS_FAILED) ? 0 : -EIO;
}

/**
 * nooks_recovery_wait - let a recovery that is under way, or about to begin, come to its end
 * @driver: a driver that can't go now
 *
 * Context: may sleep; holds no lock that recovery takes. Return: 0; -EINTR if the thread is killed; -EAGAIN if the driver has
 * failed in its first init.
 */
int nooks_recovery_wait(struct nooks_driver *driver)
{
	for (;;) {
		if (!nooks_recovery_pending(driver))
			return 0;
		if (!READ_ONCE(driver->loaded))
			return -EAGAIN;
		if (fatal_signal_pending(current))
			return -EINTR;
		irq_work_sync(&driver->kick);
		flush_work(&driver->recovery);
		cond_resched();
	}
}

/**
 * nooks_recovery_due - a domain was found closed: is it worth to wait and to call again?
 * @driver: the driver
 *
 * A domain that fails is closed before the driver's state says so. May sleep.
 */
bool nooks_recovery_due(const struct nooks_driver *driver)
{
	if (nooks_recovery_pending(driver))
		return true;
	if (READ_ONCE(driver->state) != NOOKS_RUNNING || READ_ONCE(driver->domain->open) ||
	    fatal_signal_pending(current))
		return false;
	cond_resched();
	return true;
}

/**
 * nooks_recovery_resume - nothing of a driver's is mounted any more
 * @driver: the driver
 *
 * A recovery that has waited for that goes on. Context: may sleep, may hold any lock but the driver's own:
 * that is taken by the work.
 */
void nooks_recovery_resume(struct nooks_driver *driver)
{
	if (READ_ONCE(driver->resume) != NOOKS_WISH_NONE)
		queue_work(recovery_wq, &driver->recovery);
}

/**
 * nooks_recovery_finish - the module goes: release everything for good
 * @driver: with an image
 *
 * Context: may sleep. Waits for a recovery that is under way.
 */
void nooks_recovery_finish(struct nooks_driver *driver)
{
	nooks_domain_fail_incarnation(driver->domain, driver->domain->incarnation);
	quiet_end(driver);
	nooks_backoff_hurry(&driver->backoff);		/* from now on */
	cancel_work_sync(&driver->recovery);
	mutex_lock(&driver->lock);
	nooks_inject_cancel(driver);
	nooks_domain_fail_incarnation(driver->domain, driver->domain->incarnation);
	synchronize_rcu();		/* the watchdog may be telling of it, with interrupts off */
	while (release_all(driver, true) == -ETIMEDOUT)
		;			/* the module's memory can't go before they have */
	nooks_dump_make(driver);	/* a failure in its init, say */
	settle(driver);
	set_state(driver, NOOKS_OFFLINE);
	mutex_unlock(&driver->lock);
}

/** nooks_recovery_init - ready a new driver's part. Any context. */
void nooks_recovery_init(struct nooks_driver *driver)
{
	INIT_WORK(&driver->recovery, recover);
	INIT_WORK(&driver->quiet, quiet);
	init_irq_work(&driver->kick, queue_recovery);
	nooks_dump_init(&driver->dump);
	nooks_backoff_init(&driver->backoff);
	driver->max_failures = 5;
	driver->window = 60;
	driver->readonly_failure = 1;
	driver->inode_check = 1;
}

int __init nooks_recovery_setup(void)
{
	int ret;

	/*
	 * Freezable: nothing restarts while its devices sleep, or are about to. Not for memory reclaim: recovery
	 * waits for the system's own queues (a probe on its device's node, packets in a backlog).
	 */
	recovery_wq = alloc_workqueue("nooks", WQ_UNBOUND | WQ_FREEZABLE, 0);
	if (!recovery_wq)
		return -ENOMEM;
	ret = nooks_watchdog_init();
	if (ret)
		goto queue;
	ret = nooks_health_register();
	if (!ret)
		return 0;
	nooks_watchdog_exit();
queue:
	destroy_workqueue(recovery_wq);
	return ret;
}

void nooks_recovery_teardown(void)
{
	nooks_health_unregister();
	nooks_watchdog_exit();
	destroy_workqueue(recovery_wq);
}
