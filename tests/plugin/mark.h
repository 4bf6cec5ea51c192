/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The marks between which count.c counts: instructions that do nothing, with an operand that no compiler
 * chooses. They are no privileged ones, and harmless where nobody looks for them.
 */
#ifndef NOOKS_TEST_MARK_H
#define NOOKS_TEST_MARK_H

/* nopl 0x6e6f6f00(%rax, %rax), and so on. */
#define MARK_BEGIN	"\x0f\x1f\x84\x00\x00\x6f\x6f\x6e"
#define MARK_END	"\x0f\x1f\x84\x00\x01\x6f\x6f\x6e"
/*
 * The operands of the next two such instructions are where code of a domain begins and ends, the lower halves of
 * addresses.
 */
#define MARK_RANGE	"\x0f\x1f\x84\x00\x02\x6f\x6f\x6e"
#define MARK_OPERAND	"\x0f\x1f\x84\x00"

#define mark_begin()	asm volatile("nopl 0x6e6f6f00(%%rax, %%rax)" : : : "memory")
#define mark_end()	asm volatile("nopl 0x6e6f6f01(%%rax, %%rax)" : : : "memory")

#endif
