// SPDX-License-Identifier: GPL-2.0
/*
 * The TLBs of a Skylake, as Intel's optimization manual describes them: two first levels, for data and for code,
 * and a second one for both, each for 4 KiB and for 2 MiB pages, least recently used entries replaced. (That
 * is an assumption: what the CPU replaces is not documented.)
 *
 * Two machines see the same addresses: one keeps entries when page tables are switched, told apart by their tags (PCID),
 * one forgets all. What neither knows: flushes of single pages, prefetches, speculation, global pages.
 *
 * The sizes of pages are what 64-bit Linux with 4-level page tables and without KASLR has where
 * (Documentation/x86/x86_64/mm.rst). A domain's direct map is taken to be split into 4 KiB everywhere, which is
 * so where something in the same 2 MiB is granted, and too much elsewhere.
 */
#include <inttypes.h>
#include <string.h>

#include "tlb.h"

#define WAYS_MAX	16
#define SETS_MAX	128

struct level {
	const char *name;
	unsigned int sets, ways;
	uint64_t entries[SETS_MAX][WAYS_MAX];	/* the most recent one first; 0 is none */
	uint64_t misses;
};

struct machine {
	const char *name;
	bool tags;
	struct level data4k, data2m, code4k, code2m, second;
};

#define MACHINE(n, t) {									\
	.name = n, .tags = t,								\
	.data4k = { "data", 16, 4 }, .data2m = { "data", 8, 4 },			\
	.code4k = { "code", 16, 8 }, .code2m = { "code", 1, 8 },			\
	.second = { "walk", 128, 12 },							\
}

static struct machine machines[] = { MACHINE("pcid", true), MACHINE("flush", false) };

#define N	(sizeof(machines) / sizeof(machines[0]))

static bool is_large(uint64_t address, unsigned int tag)
{
	if (address < 0xffff888000000000)
		return false;
	if (address < 0xffffc88000000000)			/* direct map */
		return tag == TLB_KERNEL;
	if (address >= 0xffffea0000000000 && address < 0xffffeb0000000000)	/* struct page */
		return true;
	return address >= 0xffffffff80000000 && address < 0xffffffffa0000000;	/* kernel image */
}

/* Return: was it there? It is the most recent one now. */
static bool use(struct level *l, uint64_t page, uint64_t key)
{
	uint64_t *set = l->entries[page % l->sets];
	unsigned int i;

	for (i = 0; i < l->ways - 1 && set[i] != key; i++)
		;
	bool found = set[i] == key;

	memmove(set + 1, set, i * sizeof(*set));
	set[0] = key;
	l->misses += !found;
	return found;
}

static void look_up(struct machine *m, struct level *small, struct level *large, uint64_t address, unsigned int tag)
{
	bool is_2m = is_large(address, tag);
	uint64_t page = address >> (is_2m ? 21 : 12);
	/* 52 bits of page number at most; never 0. */
	uint64_t key = page << 3 | (m->tags ? tag : 0) << 2 | is_2m << 1 | 1;

	if (!use(is_2m ? large : small, page, key))
		use(&m->second, page, key);
}

/* What is used twice in a row changes nothing. */
static uint64_t last_data, last_code;

static uint64_t tagged_page(uint64_t address, unsigned int tag)
{
	return (address & ~0xfffULL) | tag << 1 | 1;
}

void tlb_data(uint64_t address, unsigned int tag)
{
	if (tagged_page(address, tag) == last_data)
		return;
	last_data = tagged_page(address, tag);
	for (size_t i = 0; i < N; i++)
		look_up(&machines[i], &machines[i].data4k, &machines[i].data2m, address, tag);
}

void tlb_code(uint64_t address, unsigned int tag)
{
	if (tagged_page(address, tag) == last_code)
		return;
	last_code = tagged_page(address, tag);
	for (size_t i = 0; i < N; i++)
		look_up(&machines[i], &machines[i].code4k, &machines[i].code2m, address, tag);
}

static void empty(struct level *l)
{
	memset(l->entries, 0, sizeof(l->entries));
}

/* CR3 has been loaded. */
void tlb_switched(void)
{
	last_data = last_code = 0;
	for (size_t i = 0; i < N; i++) {
		struct machine *m = &machines[i];

		if (m->tags)
			continue;
		empty(&m->data4k);
		empty(&m->data2m);
		empty(&m->code4k);
		empty(&m->code2m);
		empty(&m->second);
	}
}

/* Begin to count; what is in the TLBs stays there. */
void tlb_forget(void)
{
	for (size_t i = 0; i < N; i++) {
		struct machine *m = &machines[i];

		m->data4k.misses = m->data2m.misses = m->code4k.misses = m->code2m.misses = m->second.misses = 0;
	}
}

/* Lines "tlb COUNT MACHINE-WHAT": misses of the first levels for data and for code, and of the second. */
void tlb_tell(FILE *out)
{
	for (size_t i = 0; i < N; i++) {
		const struct machine *m = &machines[i];

		fprintf(out, "tlb %" PRIu64 " %s-data\n", m->data4k.misses + m->data2m.misses, m->name);
		fprintf(out, "tlb %" PRIu64 " %s-code\n", m->code4k.misses + m->code2m.misses, m->name);
		fprintf(out, "tlb %" PRIu64 " %s-walk\n", m->second.misses, m->name);
	}
}
