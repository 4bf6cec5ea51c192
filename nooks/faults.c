// SPDX-License-Identifier: GPL-2.0
/* The wrong that inject.c has drivers do: code that runs in the domain, in a driver function's place. */
#include <linux/objtool.h>
#include "../wrappers/inside.h"
#include "faults.h"

extern char nooks_stub_kfree[];
extern char nooks_stub_mark_buffer_dirty[];

/* By a plain call, of which objtool is told that it is meant. */
static __always_inline unsigned long call(unsigned long fn, const unsigned long *args)
{
	unsigned long a0 = args[0], a1 = args[1], a2 = args[2], a3 = args[3], ret;
	register unsigned long a4 asm("r8") = args[4];
	register unsigned long a5 asm("r9") = args[5];

	asm volatile(ANNOTATE_RETPOLINE_SAFE "call *%[fn]"
		     : "=a" (ret), "+D" (a0), "+S" (a1), "+d" (a2), "+c" (a3), "+r" (a4), "+r" (a5),
		       ASM_CALL_CONSTRAINT
		     : [fn] "r" (fn) : "r10", "r11", "memory", "cc");
	return ret;
}

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
	static const unsigned long none[6];

	return call(addr, none);
}

NOOKS_INSIDE unsigned long nooks_fault_bad_instruction(unsigned long addr)
{
	asm volatile("ud2\n\t" ASM_REACHABLE);
	return 0;
}

/* A pointer that is no allocation of the driver's, to a function that every driver imports. */
NOOKS_INSIDE unsigned long nooks_fault_bad_argument(unsigned long addr)
{
	((void (*)(unsigned long))nooks_stub_kfree)(addr);
	return 0;
}

/* What is no buffer, to the block layer. */
NOOKS_INSIDE unsigned long nooks_fault_bad_buffer(unsigned long addr)
{
	((void (*)(unsigned long))nooks_stub_mark_buffer_dirty)(addr);
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
			if ((s->pattern == NOOKS_SCRIBBLE_SPARSE && random >> 56) ||
			    (s->pattern == NOOKS_SCRIBBLE_INODES && random >> 61)) {
				p++;
				continue;
			}
			*p++ = s->pattern == NOOKS_SCRIBBLE_ZERO ? 0 :
			       s->pattern == NOOKS_SCRIBBLE_ONES ||
			       s->pattern == NOOKS_SCRIBBLE_METADATA ? ~0ULL : random;
		}
	}
	return call(s->fn, s->args);
}
