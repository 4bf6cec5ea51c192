// SPDX-License-Identifier: GPL-2.0
/* Faults in domains, and calls from the kernel that bypassed their entry stub. */
#include <linux/irqflags.h>
#include <linux/kernel.h>
#include <asm/trap_pf.h>
#include <asm/trapnr.h>
#include <asm/traps.h>
#include "../nooks/symbols.h"
#include "domain.h"
#include "fault.h"
#include "switch.h"

static const struct nooks_fault_ops *fault_ops __ro_after_init;

void __init nooks_fault_init(const struct nooks_fault_ops *ops)
{
	fault_ops = ops;
}

static enum nooks_verdict page_fault(struct nooks_crossing *x, struct pt_regs *regs,
				     unsigned long addr, unsigned long error)
{
	if (nooks_refill(x->domain, addr, error))
		return NOOKS_RESUME;
	if (regs->ip == (unsigned long)nooks_spin_word) {
		/* No lock of the driver's own: one of the kernel's, or none. */
		regs->ip = (unsigned long)nooks_spin_foreign;
		return NOOKS_RESUME;
	}
	if ((error & X86_PF_INSTR) && (error & X86_PF_PROT))
		return fault_ops->call(x, regs);
	if ((error & X86_PF_WRITE) && (error & X86_PF_PROT))
		return fault_ops->store(x, regs, addr, error);
	return fault_ops->trap(x, regs, X86_TRAP_PF, addr, error);
}

static enum nooks_verdict dispatch(struct nooks_crossing *x, struct pt_regs *regs, int vector,
				   unsigned long addr)
{
	switch (vector) {
	case X86_TRAP_PF:
		return page_fault(x, regs, addr, regs->orig_ax);
	case X86_TRAP_BP:
		/* The kernel patches this very instruction: jump labels, dynamic debug. */
		if (nooks_sym.poke_int3_handler(regs))
			return NOOKS_RESUME;
		fallthrough;
	default:
		return fault_ops->trap(x, regs, vector, addr, regs->orig_ax);
	}
}

/**
 * nooks_fault - an exception in a domain
 * @frame: the registers, in memory that the domain may write
 * @x: the crossing
 * @vector: exception number
 *
 * From switch.S: kernel's view, the crossing's kernel stack, interrupts off. Works on a copy of the
 * registers, since other threads of the domain may scribble over @frame.
 * Return: 0 to go on, 1 to unwind.
 */
int nooks_fault(struct pt_regs *frame, struct nooks_crossing *x, int vector)
{
	unsigned long addr = read_cr2();
	struct pt_regs regs = *frame;
	enum nooks_verdict verdict;

	if (regs.flags & X86_EFLAGS_IF)
		trace_hardirqs_off();
	verdict = nooks_crossing_stale(x) ? NOOKS_UNWIND : dispatch(x, &regs, vector, addr);
	if (verdict == NOOKS_RESUME) {
		regs.cs = __KERNEL_CS;
		regs.ss = __KERNEL_DS;
		*frame = regs;
		if (regs.flags & X86_EFLAGS_IF)
			trace_hardirqs_on();
	}
	return verdict == NOOKS_UNWIND;
}
