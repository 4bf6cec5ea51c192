// SPDX-License-Identifier: GPL-2.0
/*
 * Interrupts without end. A handler that says "handled" and does not quiet its device is called again as soon as
 * it has returned. Each call is short, so the watchdog does not find it, and its CPU comes to little else.
 *
 * Where handlers have been called often in the last second, some calls in a row are looked at. They are of a storm
 * if the CPU spends a quarter of the time or more in the handler, and if nothing else of the driver's, such
 * as a poll function, has been called between most of them: a busy device's handler leaves its work to that.
 * After stall_seconds of such looks the driver has failed.
 */
#include <linux/jiffies.h>
#include <linux/percpu.h>
#include <asm/tsc.h>
#include "recover.h"
#include "storm.h"

#define STORM_RATE	2000	/* calls of handlers on a CPU in a second that are worth a look */
#define STORM_CALLS	256	/* that are looked at */
#define STORM_GAP	(3 * HZ)	/* after which it is another storm */

DEFINE_PER_CPU(struct nooks_storm_cpu, nooks_storm_cpu);

/**
 * nooks_storm_look - once a second, on each CPU
 * @stall: seconds after which a storm is one; 0: it is not looked for
 *
 * Context: hard interrupt.
 */
void nooks_storm_look(unsigned int stall)
{
	struct nooks_storm_cpu *cpu = this_cpu_ptr(&nooks_storm_cpu);

	cpu->looking = stall && cpu->calls - cpu->seen > STORM_RATE;
	cpu->seen = cpu->calls;
	cpu->stall = stall;
}

/**
 * nooks_storm_judge - a handler has been called while nooks_storm_counted() said so
 * @storm: of its interrupt
 * @domain: of its driver
 * @begin: when it was called, by the CPU's clock
 *
 * Context: hard interrupt. Return: seconds for which it has been called without end; 0: it has not, or not for so long.
 */
unsigned int nooks_storm_judge(struct nooks_storm *storm, const struct nooks_domain *domain, u64 begin)
{
	struct nooks_storm_cpu *cpu = this_cpu_ptr(&nooks_storm_cpu);
	unsigned long entries = atomic_long_read(&domain->entries), now = jiffies;
	u64 end = rdtsc();

	/* Calls of one interrupt do not overlap. */
	if (storm->look != cpu->seen) {
		storm->look = cpu->seen;
		storm->calls = 0;
		storm->alone = 0;
		storm->inside = 0;
		storm->begin = begin;
	}
	storm->calls++;
	storm->inside += end - begin;
	storm->alone += entries == storm->entries + 1;
	storm->entries = entries;
	if (storm->calls < STORM_CALLS)
		return 0;

	cpu->looking = false;
	if (storm->inside < (end - storm->begin) / 4 || storm->alone < STORM_CALLS / 2)
		return 0;
	if (!storm->last || time_after(now, storm->last + STORM_GAP))
		storm->since = now;
	storm->last = now;
	if (!cpu->stall || time_before(now, storm->since + cpu->stall * HZ))
		return 0;
	storm->last = 0;
	return (now - storm->since) / HZ;
}
