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
