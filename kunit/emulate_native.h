/* SPDX-License-Identifier: GPL-2.0 */
/* The processor as the reference for checked stores. */
#ifndef NOOKS_KUNIT_EMULATE_NATIVE_H
#define NOOKS_KUNIT_EMULATE_NATIVE_H

#include <linux/types.h>

struct pt_regs;

/**
 * struct form - one store instruction
 * @insn: its code
 * @end: behind it
 * @text: in assembly language
 */
struct form {
	const u8 *insn;
	const u8 *end;
	const char *text;
};

extern const struct form native_forms[], native_forms_end[];

/* Run @insn of a form with @regs: all registers but rsp, and the status flags. */
void native_run(struct pt_regs *regs, const void *insn);

#endif
