// SPDX-License-Identifier: GPL-2.0
/*
 * Back-off. A driver that fails as soon as it has been restarted would keep a CPU busy with restarts, and what it fails by may
 * need time to go away: a device that settles, a peer that starts. So the first restart comes at once, the next one of a row
 * waits, and each after that twice as long as the one before. The row ends when the driver has lived for a second, and for twice as
 * long as it was waited for. Who stops, restarts or unloads the driver does not wait.
 */
#define pr_fmt(fmt) "nooks: " fmt
#include <linux/jiffies.h>
#include <linux/lockdep.h>
#include <linux/minmax.h>
#include <linux/wait.h>
#include "../nooks/driver.h"
#include "../nooks/export.h"
#include "../nooks/tracepoints.h"
#include "backoff.h"

#define BACKOFF_MS	50		/* by default */
#define LONGEST		(5 * HZ)	/* recovery holds locks that others, and a suspend, wait for */
#define LIFE		HZ		/* after which a failure has nothing to do with a restart that did not wait */

static DECLARE_WAIT_QUEUE_HEAD(waiters);

/** nooks_backoff_init - ready a new driver's part. Any context. */
void nooks_backoff_init(struct nooks_backoff *backoff)
{
	backoff->backoff_ms = BACKOFF_MS;
}

/**
 * nooks_backoff_next - how long the restart that is due is to wait
 * @backoff: the driver's
 * @failed: jiffies at which it has failed
 *
 * Context: nooks_driver.lock. Return: jiffies, 0 for a failure that has nothing to do with the last restart.
 */
unsigned long nooks_backoff_next(struct nooks_backoff *backoff, unsigned long failed)
{
	unsigned long first = msecs_to_jiffies(READ_ONCE(backoff->backoff_ms));

	if (time_after(failed, backoff->last + LIFE + 2 * backoff->delay))
		backoff->row = 0;
	backoff->row = first ? backoff->row + 1 : 0;
	if (backoff->row <= 1)
		backoff->delay = 0;
	else
		backoff->delay = backoff->row == 2 ? first : min_t(unsigned long, 2 * backoff->delay, LONGEST);
	return backoff->delay;
}
NOOKS_EXPORT_FOR_TESTS(nooks_backoff_next);

/**
 * nooks_backoff_wait - a restart is due, and everything has been released: wait, if there is cause to
 * @driver: with its lock
 * @by_hand: the restart is asked for, and begins a row
 *
 * Context: may sleep. Return: false: it is not to be restarted, for somebody who knows better waits for the lock.
 */
bool nooks_backoff_wait(struct nooks_driver *driver, bool by_hand)
{
	struct nooks_backoff *backoff = &driver->backoff;
	unsigned long delay, left;

	lockdep_assert_held(&driver->lock);
	if (by_hand)
		backoff->row = 0;
	delay = nooks_backoff_next(backoff, driver->failures[(driver->nr_failures - 1) % NOOKS_MAX_FAILURES]);
	if (!delay)
		return true;
	pr_info("%s: failed again; starts in %u ms\n", driver->name, jiffies_to_msecs(delay));
	left = wait_event_idle_timeout(waiters, atomic_read(&backoff->hurried), delay);
	trace_nooks_recovery(driver->name, "backoff", left ? -EINTR : 0);
	return !left;
}

/** nooks_backoff_hurry - somebody is about to wait for a driver's lock, to stop or restart it. Until nooks_backoff_calm(). Any context but NMI. */
void nooks_backoff_hurry(struct nooks_backoff *backoff)
{
	atomic_inc(&backoff->hurried);
	wake_up_all(&waiters);
}

/** nooks_backoff_calm - he waits no longer. Any context. */
void nooks_backoff_calm(struct nooks_backoff *backoff)
{
	atomic_dec(&backoff->hurried);
}

/** nooks_backoff_restarted - a restart has ended, well or not. Under nooks_driver.lock. */
void nooks_backoff_restarted(struct nooks_backoff *backoff)
{
	backoff->last = jiffies;
}
