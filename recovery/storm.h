/* SPDX-License-Identifier: GPL-2.0 */
/* Interrupts without end. */
#ifndef NOOKS_STORM_H
#define NOOKS_STORM_H

#include <linux/percpu.h>
#include <asm/tsc.h>

struct nooks_driver;

/**
 * struct nooks_storm - of an interrupt; zeroed at first. Written by its handler, of which one runs at a time
 * @look: which look the next five are of
 * @calls: that were looked at
 * @alone: of these, that have done nothing
 * @others: calls into the domain, but those of handlers, when the last of them was looked at
 * @begin: of the first of them, by the CPU's clock
 * @inside: how much of the time was spent in them
 * @bad: looks that were bad, in a row
 * @last: jiffies of the last look
 */
struct nooks_storm {
	unsigned long look;
	unsigned int calls;
	unsigned int alone;
	unsigned long others;
	u64 begin;
	u64 inside;
	unsigned int bad;
	unsigned long last;
};

/**
 * struct nooks_storm_cpu - a CPU's part, written by that CPU with interrupts off
 * @calls: of handlers, in hard interrupts
 * @seen: of these at the last look, which it stands for
 * @stall: seconds after which a storm is one
 * @looking: calls are looked at
 */
struct nooks_storm_cpu {
	unsigned long calls;
	unsigned long seen;
	unsigned int stall;
	bool looking;
};

DECLARE_PER_CPU(struct nooks_storm_cpu, nooks_storm_cpu);

/* Count a call of a handler, in a hard interrupt. Return: the CPU's clock if it is looked at, or 0. */
static inline u64 nooks_storm_counted(void)
{
	this_cpu_inc(nooks_storm_cpu.calls);
	return unlikely(this_cpu_read(nooks_storm_cpu.looking)) ? rdtsc() : 0;
}

void nooks_storm_look(unsigned int stall);
unsigned int nooks_storm_judge(struct nooks_storm *storm, struct nooks_driver *driver, u64 begin,
			       unsigned int pending);

#endif
