// SPDX-License-Identifier: GPL-2.0
/* The wrong that inject.c has drivers do: code that runs in the domain, in a driver function's place. */
#include "../wrappers/inside.h"
#include "faults.h"

extern char nooks_stub_kfree[];

NOOKS_INSIDE unsigned long nooks_fault_wild_write(unsigned long addr)
{
	*(volatile unsigned long *)addr = 0x6b6f6f6eUL;
	return 0;
}

NOOKS_INSIDE unsigned long nooks_fault_null_read(unsigned long addr)
{
	return *(volatile unsigned long *)16;
}

NOOKS_INSIDE unsigned long nooks_fault_bad_jump(unsigned long addr)
{
	return ((unsigned long (*)(void))addr)();
}

NOOKS_INSIDE unsigned long nooks_fault_bad_instruction(unsigned long addr)
{
	asm volatile("ud2");
	return 0;
}

/* A pointer that is no allocation of the driver's, to a function that every driver imports. */
NOOKS_INSIDE unsigned long nooks_fault_bad_argument(unsigned long addr)
{
	((void (*)(unsigned long))nooks_stub_kfree)(addr);
	return 0;
}

NOOKS_INSIDE unsigned long nooks_fault_loop(unsigned long addr)
{
	for (;;)
		asm volatile("pause");
}

NOOKS_INSIDE unsigned long nooks_fault_loop_irqs_off(unsigned long addr)
{
	asm volatile("cli");
	for (;;)
		asm volatile("pause");
}

/* All but the stack that this runs on. Then the driver's function goes on with what it finds. */
NOOKS_INSIDE unsigned long nooks_fault_scribble(unsigned long addr)
{
	const struct nooks_scribble *s = (const struct nooks_scribble *)addr;
	unsigned long here = (unsigned long)__builtin_frame_address(0);
	u64 random = s->seed;
	unsigned int i;

	for (i = 0; i < s->nr_ranges; i++) {
		volatile u64 *p = (u64 *)s->ranges[i].start;
		volatile u64 *end = (u64 *)(s->ranges[i].start + s->ranges[i].size);

		if (here >= (unsigned long)p && here < (unsigned long)end)
			continue;
		while (p < end) {
			random ^= random << 13;
			random ^= random >> 7;
			random ^= random << 17;
			if (s->pattern == NOOKS_SCRIBBLE_SPARSE && random >> 56) {
				p++;
				continue;
			}
			*p++ = s->pattern == NOOKS_SCRIBBLE_ZERO ? 0 :
			       s->pattern == NOOKS_SCRIBBLE_ONES ||
			       s->pattern == NOOKS_SCRIBBLE_METADATA ? ~0ULL : random;
		}
	}
	return ((unsigned long (*)(unsigned long a0, unsigned long a1, unsigned long a2,
				   unsigned long a3, unsigned long a4, unsigned long a5))s->fn)
		(s->args[0], s->args[1], s->args[2], s->args[3], s->args[4], s->args[5]);
}
