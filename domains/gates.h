/* SPDX-License-Identifier: GPL-2.0 */
/* Interrupt gates and what their assembly shares with gates.c. */
#ifndef NOOKS_GATES_H
#define NOOKS_GATES_H

#include <linux/types.h>

struct pt_regs;

extern char nooks_gate_stubs[];
extern const u32 nooks_gate_jumps[];
extern unsigned long nooks_native_gates[];

void *nooks_map_alias(const void *addr, size_t size, void **base);

#endif
