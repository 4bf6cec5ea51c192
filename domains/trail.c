// SPDX-License-Identifier: GPL-2.0
/* The trail: the last crossings of each CPU, with their arguments, for reports. */
#include <linux/kernel.h>
#include <linux/smp.h>
#include "domain.h"
#include "layout.h"
#include "trail.h"

DEFINE_PER_CPU_SHARED_ALIGNED(struct nooks_trail, nooks_trail);

static_assert(offsetof(struct nooks_trail, next) == TRAIL_NEXT);
static_assert(offsetof(struct nooks_trail, entries) == TRAIL_ENTRIES);
static_assert(offsetof(struct nooks_trail_entry, domain) == T_DOMAIN);
static_assert(offsetof(struct nooks_trail_entry, what) == T_WHAT);
static_assert(offsetof(struct nooks_trail_entry, when) == T_WHEN);
static_assert(offsetof(struct nooks_trail_entry, args) == T_ARGS);
static_assert(sizeof(struct nooks_trail_entry) == T_SIZE);
static_assert(!(NOOKS_TRAIL_LENGTH & (NOOKS_TRAIL_LENGTH - 1)));

/* Those of one CPU, newest first. Another CPU may be writing: its newest entry may be half made. */
static unsigned int copy_cpu(const struct nooks_domain *domain, unsigned int cpu,
			     struct nooks_trail_copy *to, unsigned int max)
{
	const struct nooks_trail *trail = &per_cpu(nooks_trail, cpu);
	unsigned int next = READ_ONCE(trail->next) / T_SIZE, i, n = 0;

	for (i = 1; i <= NOOKS_TRAIL_LENGTH && n < max; i++) {
		const struct nooks_trail_entry *entry =
			&trail->entries[(next - i) % NOOKS_TRAIL_LENGTH];

		if (READ_ONCE(entry->domain) != domain)
			continue;
		to[n].entry = *entry;
		to[n++].cpu = cpu;
	}
	return n;
}

/**
 * nooks_trail_copy - what is left of a domain's last crossings
 * @domain: the domain
 * @to: storage
 * @max: for so many
 *
 * This CPU's first, each CPU's newest first. Context: any, on one CPU. Return: how many.
 */
unsigned int nooks_trail_copy(const struct nooks_domain *domain, struct nooks_trail_copy *to,
			      unsigned int max)
{
	unsigned int here = raw_smp_processor_id(), cpu;
	unsigned int n = copy_cpu(domain, here, to, max);

	for_each_online_cpu(cpu)
		if (cpu != here)
			n += copy_cpu(domain, cpu, to + n, max - n);
	return n;
}

/** nooks_trail_forget - a domain goes, which nobody enters any more: its address may be used again */
void nooks_trail_forget(struct nooks_domain *domain)
{
	unsigned int cpu, i;

	for_each_possible_cpu(cpu)
		for (i = 0; i < NOOKS_TRAIL_LENGTH; i++)
			cmpxchg(&per_cpu(nooks_trail, cpu).entries[i].domain, domain, NULL);
}
