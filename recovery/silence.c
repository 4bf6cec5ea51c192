// SPDX-License-Identifier: GPL-2.0
/*
 * Silence: a transmit queue that is stuck, a receive ring that is never refilled, an interrupt that was requested wrongly
 * or is masked for good. None of these breaks a rule, and all look alike from outside: a driver takes packets and never has
 * one for the kernel.
 *
 * So does a driver on a net on which nobody answers. Therefore this is off, until someone who knows better says after how
 * many seconds it is a failure (silent_seconds). Packets must have come in three different seconds at least, for a
 * burst may be something that needs no answer; a transmit timeout counts as one. What
 * was not answered is forgotten when no packet comes for as long as a failure takes. After each failure in a row it takes twice as
 * long.
 */
#include <linux/jiffies.h>
#include <linux/minmax.h>
#include "../nooks/driver.h"
#include "recover.h"
#include "silence.h"

#define SILENCE_SECONDS	3	/* in which there were packets */
#define SILENCE_DOUBLED	6	/* times at most */
#define SILENCE_GAP	10	/* seconds without a packet, at least, after which it begins anew */

/** nooks_silence_init - of a new driver */
void nooks_silence_init(struct nooks_silence *silence)
{
	spin_lock_init(&silence->lock);
}

/** nooks_silence_forget - slow path of nooks_silence_heard(). Any context but NMI. */
void nooks_silence_forget(struct nooks_silence *silence)
{
	unsigned long flags;

	spin_lock_irqsave(&silence->lock, flags);
	silence->asked = 0;
	silence->row = 0;
	spin_unlock_irqrestore(&silence->lock, flags);
}

/* Note a packet to send. Return: seconds of silence, if they are too many, or 0. */
static unsigned int ask(struct nooks_silence *silence, unsigned long incarnation, unsigned int limit)
{
	unsigned long now = jiffies;
	unsigned int seconds;

	lockdep_assert_held(&silence->lock);
	if (silence->incarnation != incarnation) {
		silence->incarnation = incarnation;
		silence->asked = 0;
	}
	/* What was not answered long ago has nothing to do with this one. */
	if (time_after(now, silence->last + max_t(unsigned long, limit, SILENCE_GAP) * HZ))
		silence->asked = 0;
	if (!silence->asked)
		silence->since = now;
	if (!silence->asked || time_after_eq(now, silence->last + HZ)) {
		silence->asked++;
		silence->last = now;
	}
	seconds = (now - silence->since) / HZ;
	if (silence->asked < SILENCE_SECONDS || seconds >> min_t(unsigned int, silence->row, SILENCE_DOUBLED) < limit)
		return 0;
	silence->asked = 0;
	silence->row++;
	silence->count++;
	return seconds;
}

/**
 * nooks_silence_asked - a driver is about to be given a packet to send, or told that it has not sent one
 * @x: the crossing, begun and not yet run. Its driver fails if it has been silent for too long
 *
 * Context: any but NMI. Return: true if it has failed: it is not to be run.
 */
bool nooks_silence_asked(struct nooks_crossing *x)
{
	struct nooks_driver *driver = nooks_driver_of(x);
	unsigned int limit = READ_ONCE(driver->silent_seconds), seconds;
	unsigned long flags;

	if (likely(!limit) || nooks_crossing_stale(x))
		return false;
	spin_lock_irqsave(&driver->silence.lock, flags);
	seconds = ask(&driver->silence, x->incarnation, limit);
	spin_unlock_irqrestore(&driver->silence.lock, flags);
	if (seconds)
		nooks_fail(x, NOOKS_SILENT, 0, "%u s of packets to send, and none that was received", seconds);
	return seconds;
}
