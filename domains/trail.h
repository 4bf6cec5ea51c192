/* SPDX-License-Identifier: GPL-2.0 */
/* The trail: the last crossings of each CPU, with their arguments, for reports. */
#ifndef NOOKS_TRAIL_H
#define NOOKS_TRAIL_H

#include <linux/percpu.h>
#include <linux/types.h>
#include "limits.h"

struct nooks_domain;

/**
 * struct nooks_trail_entry - one crossing
 * @domain: that was entered or left; NULL: none yet, or one that is gone
 * @what: of a call into the kernel the index of the import; of one into the domain the low half of
 *	the function's address, which has the topmost bit set
 * @when: low half of jiffies
 * @args: the argument registers, whatever of them the function takes
 */
struct nooks_trail_entry {
	struct nooks_domain *domain;
	u32 what;
	u32 when;
	unsigned long args[6];
};

/**
 * struct nooks_trail - the last crossings of a CPU
 * @entries: a ring, each in a cache line of its own
 * @next: offset in @entries of the one to be written next, in bytes
 *
 * Written by switch.S with interrupts off, by its own CPU.
 */
struct nooks_trail {
	struct nooks_trail_entry entries[NOOKS_TRAIL_LENGTH];
	unsigned long next;
};

DECLARE_PER_CPU_SHARED_ALIGNED(struct nooks_trail, nooks_trail);

/**
 * struct nooks_trail_copy - an entry of a trail, for who looks at it later
 * @entry: what was written
 * @cpu: by which CPU
 */
struct nooks_trail_copy {
	struct nooks_trail_entry entry;
	unsigned int cpu;
};

unsigned int nooks_trail_copy(const struct nooks_domain *domain, struct nooks_trail_copy *to,
			      unsigned int max);
void nooks_trail_forget(struct nooks_domain *domain);

/* Is it a call of the driver by the kernel? Then this is the address, else the import's index. */
static inline bool nooks_trail_is_entry(const struct nooks_trail_entry *entry)
{
	return (s32)entry->what < 0;
}

static inline unsigned long nooks_trail_function(const struct nooks_trail_entry *entry)
{
	return (unsigned long)(long)(s32)entry->what;
}

#endif
