// SPDX-License-Identifier: GPL-2.0
/* Detection: what exceptions in a domain mean, and the first steps after a failure. */
#define pr_fmt(fmt) "nooks: " fmt
#include <linux/bug.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <asm/trap_pf.h>
#include <asm/trapnr.h>
#include "../nooks/imports.h"
#include "../nooks/symbols.h"
#include "../nooks/tracepoints.h"
#include "../objtracker/store.h"
#include "../wrappers/bus.h"
#include "../wrappers/leaf.h"
#include "evidence.h"
#include "recover.h"

static __printf(5, 0)
void fail(struct nooks_crossing *x, enum nooks_failure_kind kind, unsigned long address,
		 const struct pt_regs *regs, const char *fmt, va_list args)
{
	struct nooks_driver *driver = nooks_driver_of(x);
	struct nooks_failure *failure = &driver->last;

	if (!nooks_domain_fail_incarnation(driver->domain, x->incarnation))
		return;
	/* From here on this thread is the only one that deals with the failure. */
	nooks_bus_quiet(driver);
	driver->failures[driver->nr_failures++ % NOOKS_MAX_FAILURES] = jiffies;
	failure->kind = kind;
	failure->address = address;
	failure->has_regs = regs;
	if (regs)
		failure->regs = *regs;
	*failure->text = '\0';
	if (fmt)
		vsnprintf(failure->text, sizeof(failure->text), fmt, args);
	nooks_evidence_note(x, driver);
	nooks_report(driver);
	trace_nooks_failure(driver->name, driver->nr_failures, nooks_failure_name(kind),
			    driver->last_function, address);
	xchg(&driver->state, NOOKS_CRASHED);	/* before @loaded is read: see nooks_r_module_init() */
	nooks_recovery_start(driver);
}

/** nooks_fail - fail the driver of a crossing, from a wrapper; see driver.h */
void nooks_fail(struct nooks_crossing *x, enum nooks_failure_kind kind, unsigned long address,
		const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	fail(x, kind, address, NULL, fmt, args);
	va_end(args);
}

/** nooks_fail_trap - fail the driver of a crossing, from an exception; see driver.h */
void nooks_fail_trap(struct nooks_crossing *x, enum nooks_failure_kind kind,
		     unsigned long address, const struct pt_regs *regs, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	fail(x, kind, address, regs, fmt, args);
	va_end(args);
}

/** nooks_fail_driver - fail a driver outside of its crossings; see driver.h */
void nooks_fail_driver(struct nooks_driver *driver, const struct nooks_stub *stub,
		       enum nooks_failure_kind kind, unsigned long address, const char *fmt, ...)
{
	struct nooks_crossing x = {
		.domain = driver->domain,
		.incarnation = READ_ONCE(driver->domain->incarnation),
		.stub = stub,
		.task = current,
		.preempt_count = preempt_count(),
		.held = LIST_HEAD_INIT(x.held),
	};
	va_list args;

	/* A closed domain has failed already, and the incarnation may be the next one. */
	if (!READ_ONCE(driver->domain->open))
		return;
	va_start(args, fmt);
	fail(&x, kind, address, NULL, fmt, args);
	va_end(args);
}

/* The driver has jumped to something that it may not execute: a kernel function's own address? */
static enum nooks_verdict detect_call(struct nooks_crossing *x, struct pt_regs *regs)
{
	struct nooks_driver *driver = nooks_driver_of(x);
	struct nooks_stub *stub = nooks_stub_find(driver, (void *)regs->ip);
	unsigned long route = nooks_domain_routed(driver->domain, regs->ip);
	const struct nooks_import *import;

	if (stub) {			/* its own function, by a plain jump to the stub */
		regs->ip = stub->fn;
	} else if (route) {		/* by a jump that is no thunk's */
		regs->ip = route;
	} else {
		import = nooks_import_at(regs->ip);
		if (!import || import->kind == NOOKS_IMPORT_DENIED) {
			nooks_fail_trap(x, import ? NOOKS_DENIED_CALL : NOOKS_BAD_JUMP, regs->ip,
					regs, "%s", import ? import->reason : "");
			return NOOKS_UNWIND;
		}
		regs->ip = (unsigned long)import->stub;
	}
	atomic_long_inc(&driver->nr_missed_calls);
	return NOOKS_RESUME;
}

/* Will the kernel print it? */
static bool is_loud_warning(const struct bug_entry *bug)
{
	return (bug->flags & BUGFLAG_WARNING) &&
	       (bug->flags & (BUGFLAG_ONCE | BUGFLAG_DONE)) != (BUGFLAG_ONCE | BUGFLAG_DONE);
}

/* Count a WARN, printed or not. Return: is it one too many, by what users have said? */
static bool is_warning_too_many(struct nooks_driver *driver)
{
	unsigned long nr = atomic_long_inc_return(&driver->nr_warnings) - READ_ONCE(driver->warnings_before);
	unsigned int limit = READ_ONCE(driver->max_warnings);

	return limit && nr >= limit;
}

/* A BUG is a failure like others. The kernel's own words for it would be those of one that has died. */
static void fail_bug(struct nooks_crossing *x, enum nooks_failure_kind kind, unsigned long at,
		     const struct pt_regs *regs, const struct bug_entry *bug)
{
#ifdef CONFIG_DEBUG_BUGVERBOSE
	nooks_fail_trap(x, kind, at, regs, "at %s:%u",
			(const char *)&bug->file_disp + bug->file_disp, bug->line);
#else
	nooks_fail_trap(x, kind, at, regs, NULL);
#endif
}

static enum nooks_verdict undefined_instruction(struct nooks_crossing *x, struct pt_regs *regs)
{
	struct nooks_driver *driver = nooks_driver_of(x);
	/* Copied functions of the kernel's have theirs in the kernel's table. */
	unsigned long at = nooks_leaf_origin(regs->ip);
	const struct bug_entry *bug = nooks_sym.find_bug(at);
	struct pt_regs copy = *regs;

	if (bug && *(u16 *)regs->ip == INSN_UD2) {
		if (!(bug->flags & BUGFLAG_WARNING) || is_warning_too_many(driver)) {
			fail_bug(x, bug->flags & BUGFLAG_WARNING ? NOOKS_WARNING : NOOKS_DRIVER_BUG, at, regs, bug);
			return NOOKS_UNWIND;
		}
		if ((is_loud_warning(bug) && !nooks_driver_may_log(driver, &driver->warnings)) ||
		    nooks_sym.report_bug(at, &copy) == BUG_TRAP_TYPE_WARN) {
			regs->ip += LEN_UD2;
			return NOOKS_RESUME;
		}
	}
	nooks_fail_trap(x, NOOKS_BAD_INSTRUCTION, regs->ip, regs, NULL);
	return NOOKS_UNWIND;
}

static enum nooks_verdict detect_trap(struct nooks_crossing *x, struct pt_regs *regs, int vector,
				      unsigned long addr, unsigned long error)
{
	unsigned long base = (unsigned long)x->stack->base;
	enum nooks_failure_kind kind;

	atomic_long_inc(&nooks_driver_of(x)->nr_faults);
	trace_nooks_fault(nooks_driver_of(x)->name, vector, regs->ip, addr, error);
	switch (vector) {
	case X86_TRAP_UD:
		return undefined_instruction(x, regs);
	case X86_TRAP_PF:
		kind = addr < PAGE_SIZE ? NOOKS_NULL_DEREFERENCE :
		       error & X86_PF_INSTR ? NOOKS_BAD_JUMP :
		       error & X86_PF_WRITE ? NOOKS_WILD_WRITE : NOOKS_WILD_READ;
		break;
	case X86_TRAP_DF:
		/* The CPU could not push a frame: the stack pointer is wild, or just below the stack. */
		kind = regs->sp - (base - PAGE_SIZE) <= 2 * PAGE_SIZE ? NOOKS_STACK_OVERFLOW :
									NOOKS_WILD_WRITE;
		addr = regs->sp;
		break;
	case X86_TRAP_GP:
	case X86_TRAP_SS:
		kind = NOOKS_WILD_READ;	/* a non-canonical address, as a rule */
		addr = 0;
		break;
	default:
		kind = NOOKS_BAD_INSTRUCTION;
		addr = regs->ip;
	}
	nooks_fail_trap(x, kind, addr, regs, "exception %d, error code %lx", vector, error);
	return NOOKS_UNWIND;
}

const struct nooks_fault_ops nooks_detect_ops = {
	.store = nooks_store_check,
	.call = detect_call,
	.trap = detect_trap,
};
