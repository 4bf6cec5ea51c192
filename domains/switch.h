/* SPDX-License-Identifier: GPL-2.0 */
/* What switch.S offers to C, and what it calls. */
#ifndef NOOKS_SWITCH_H
#define NOOKS_SWITCH_H

#include "../wrappers/wrapper.h"

struct nooks_crossing;
struct nooks_stub;
struct pt_regs;

unsigned long nooks_switch_in(struct nooks_crossing *x, const unsigned long *args,
			      unsigned long fn, unsigned long domain_sp);
void nooks_leave(void);
void nooks_entry(void);
extern char nooks_interrupt_return[];

/* wrappers/spin.c: where code in the domain takes a lock, and where it goes on if that faults. */
extern char nooks_spin_word[], nooks_spin_foreign[];

/* By index of the import: what runs in the kernel's view for a driver's call. */
extern const nooks_wrapper_fn *nooks_wrapper_table;

/* A wrapper that traces the one of x->import: nooks/trace.c */
unsigned long nooks_traced_call(unsigned long a0, unsigned long a1, unsigned long a2,
				unsigned long a3, unsigned long a4, unsigned long a5,
				struct nooks_crossing *x);

unsigned long nooks_tlb_stale(struct nooks_crossing *x);
unsigned long nooks_enter_role(struct nooks_stub *stub, unsigned long *args);
int nooks_route_entry(struct pt_regs *regs);

#endif
