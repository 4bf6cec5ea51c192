// SPDX-License-Identifier: GPL-2.0
/*
 * Interrupts without end. A handler that says "handled" and does not quiet its device is called again as soon as
 * it has returned. Each call is short, so the watchdog does not find it, and its CPU comes to next to nothing else.
 *
 * How much that is, is tried: where handlers have been called often in the last second, a softirq counts to a
 * number, which takes it a tenth of a millisecond. If a handler was called STORM_CALLS times meanwhile, or
 * if the softirq itself has not come to its end for stall_seconds, that is no device that has much to tell.
 * After stall_seconds of that in a row the driver has failed.
 */
#include <linux/interrupt.h>
#include <linux/jiffies.h>
#include <linux/percpu.h>
#include "recover.h"
#include "storm.h"

#define STORM_RATE	200	/* calls of handlers in a second that are worth a look */
#define STORM_COUNT	50000	/* to this the softirq counts */
#define STORM_CALLS	64	/* of one handler meanwhile that are too many */
#define STORM_GAP	(3 * HZ)	/* after which it is another storm */

DEFINE_PER_CPU(struct nooks_storm_cpu, nooks_storm_cpu);

static void probe(struct tasklet_struct *tasklet)
{
	struct nooks_storm_cpu *cpu = container_of(tasklet, struct nooks_storm_cpu, probe);
	unsigned int i;

	WRITE_ONCE(cpu->probing, true);
	for (i = 0; i < STORM_COUNT; i++)
		barrier();
	WRITE_ONCE(cpu->probing, false);
	WRITE_ONCE(cpu->silent, 0);
}

/**
 * nooks_storm_look - once a second, on each CPU
 * @stall: seconds after which a storm is one; 0: it is not looked for
 *
 * Context: hard interrupt.
 */
void nooks_storm_look(unsigned int stall)
{
	struct nooks_storm_cpu *cpu = this_cpu_ptr(&nooks_storm_cpu);
	bool loud = stall && cpu->calls - cpu->seen > STORM_RATE;

	cpu->seen = cpu->calls;
	cpu->stall = stall;
	cpu->silent = loud ? cpu->silent + 1 : 0;
	/* It counts as begun when it should have been over. */
	if (cpu->silent > stall + 1)
		cpu->probing = true;
	if (loud)
		tasklet_schedule(&cpu->probe);
}

/**
 * nooks_storm_judge - a handler has been called while nooks_storm_counted() said so
 * @storm: of its interrupt
 *
 * Context: hard interrupt. Return: seconds for which it has been called without end; 0: it has not, or not for so long.
 */
unsigned int nooks_storm_judge(struct nooks_storm *storm)
{
	const struct nooks_storm_cpu *cpu = this_cpu_ptr(&nooks_storm_cpu);
	unsigned long now = jiffies;

	/* Calls of one interrupt do not overlap. */
	if (storm->round != cpu->seen) {
		storm->round = cpu->seen;
		storm->calls = 0;
	}
	if (++storm->calls % STORM_CALLS)
		return 0;
	if (!storm->last || time_after(now, storm->last + STORM_GAP))
		storm->since = now;
	storm->last = now;
	if (!cpu->stall || time_before(now, storm->since + cpu->stall * HZ))
		return 0;
	storm->last = 0;
	return (now - storm->since) / HZ;
}

/** nooks_storm_watch - this CPU is looked at from now on. */
void nooks_storm_watch(void)
{
	struct nooks_storm_cpu *cpu = this_cpu_ptr(&nooks_storm_cpu);

	cpu->silent = 0;
	cpu->probing = false;
	cpu->seen = cpu->calls;
	tasklet_setup(&cpu->probe, probe);
}

/** nooks_storm_leave - and not any more. May sleep; nooks_storm_look() is not called now. */
void nooks_storm_leave(void)
{
	struct nooks_storm_cpu *cpu = this_cpu_ptr(&nooks_storm_cpu);

	tasklet_kill(&cpu->probe);
	cpu->probing = false;
}
