// SPDX-License-Identifier: GPL-2.0
/*
 * Interrupts without end. A handler that says "handled" and does not quiet its device is called again as soon as
 * it has returned. Each call is short, so the watchdog does not find it, and its CPU comes to little else.
 *
 * Where handlers have been called often in the last second, some calls in a row are looked at, of those that say so. They are
 * of a storm if the CPU spends a quarter of the time or more in the handler, and if most of them have done nothing: nothing else
 * of the driver's, such as a poll function, has been called since the one before, and the handler has left nothing
 * to a softirq, such as a packet. After stall_seconds of such looks in a row the driver has failed.
 */
#include <linux/interrupt.h>
#include <linux/jiffies.h>
#include <linux/percpu.h>
#include <asm/tsc.h>
#include "recover.h"
#include "storm.h"

#define STORM_RATE	2000	/* calls of handlers on a CPU in a second that are worth a look */
#define STORM_CALLS	256	/* that are looked at */
#define STORM_GAP	(3 * HZ)	/* between looks, after which it is another storm */

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

/* All that a handler leaves for later, but what the kernel does there on its own. */
#define STORM_SOFTIRQS	(BIT(HI_SOFTIRQ) | BIT(TASKLET_SOFTIRQ) | BIT(NET_TX_SOFTIRQ) | BIT(NET_RX_SOFTIRQ) | \
			 BIT(BLOCK_SOFTIRQ) | BIT(IRQ_POLL_SOFTIRQ))

/* It has been looked at often enough. Is that what a storm looks like? */
static bool is_bad(const struct nooks_storm *storm, u64 end)
{
	return storm->inside >= (end - storm->begin) / 4 && storm->alone >= STORM_CALLS / 2;
}

/**
 * nooks_storm_judge - a handler has been called while nooks_storm_counted() said so, and has said "handled"
 * @storm: of its interrupt
 * @driver: whose
 * @begin: when it was called, by the CPU's clock
 * @pending: softirqs that were pending then
 *
 * Context: hard interrupt. Return: seconds for which it has been called without end; 0: it has not, or not for so long.
 */
unsigned int nooks_storm_judge(struct nooks_storm *storm, struct nooks_driver *driver, u64 begin,
			       unsigned int pending)
{
	struct nooks_storm_cpu *cpu = this_cpu_ptr(&nooks_storm_cpu);
	unsigned long now = jiffies, others;
	unsigned int seconds;
	u64 end = rdtsc();

	/* Calls of one interrupt do not overlap. */
	if (storm->look != cpu->seen) {
		storm->look = cpu->seen;
		storm->calls = 0;
		storm->alone = 0;
		storm->inside = 0;
		storm->begin = begin;
	}
	if (storm->calls == STORM_CALLS)
		return 0;
	storm->calls++;
	storm->inside += end - begin;
	others = atomic_long_read(&driver->domain->entries) - atomic_long_inc_return(&driver->nr_handled);
	storm->alone += others == storm->others && !(local_softirq_pending() & ~pending & STORM_SOFTIRQS);
	storm->others = others;
	if (storm->calls < STORM_CALLS)
		return 0;

	if (time_after(now, storm->last + STORM_GAP))
		storm->bad = 0;
	storm->last = now;
	storm->bad = is_bad(storm, end) ? storm->bad + 1 : 0;
	if (!cpu->stall || storm->bad < cpu->stall)
		return 0;
	seconds = storm->bad;
	storm->bad = 0;
	return seconds;
}
