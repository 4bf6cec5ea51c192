/* SPDX-License-Identifier: GPL-2.0 */
/* Interrupts without end. */
#ifndef NOOKS_STORM_H
#define NOOKS_STORM_H

#include <linux/interrupt.h>
#include <linux/percpu.h>

/**
 * struct nooks_storm - of an interrupt; zeroed at first. Written by its handler, of which there is one at a time
 * @round: of @calls: which look it was
 * @calls: while the softirq counted
 * @since: jiffies when they became too many, if @last says so
 * @last: jiffies when they were, or 0
 */
struct nooks_storm {
	unsigned long round;
	unsigned int calls;
	unsigned long since;
	unsigned long last;
};

/**
 * struct nooks_storm_cpu - a CPU's part, written by that CPU
 * @calls: of handlers, in hard interrupts
 * @seen: of these at the last look
 * @probing: the softirq counts
 * @silent: looks since it has done so to the end
 * @stall: seconds after which a storm is one
 * @probe: the softirq
 */
struct nooks_storm_cpu {
	unsigned long calls;
	unsigned long seen;
	bool probing;
	unsigned int silent;
	unsigned int stall;
	struct tasklet_struct probe;
};

DECLARE_PER_CPU(struct nooks_storm_cpu, nooks_storm_cpu);

/* Count a handler's call, in a hard interrupt. True: it may be one of too many, for nooks_storm_judge(). */
static inline bool nooks_storm_counted(void)
{
	this_cpu_inc(nooks_storm_cpu.calls);
	return unlikely(this_cpu_read(nooks_storm_cpu.probing));
}

void nooks_storm_look(unsigned int stall);
unsigned int nooks_storm_judge(struct nooks_storm *storm);
void nooks_storm_watch(void);
void nooks_storm_leave(void);

#endif
