// SPDX-License-Identifier: GPL-2.0
/* A failure's report: one block in the log. */
#define pr_fmt(fmt) fmt
#include <linux/kallsyms.h>
#include <linux/kernel.h>
#include <linux/printk.h>
#include <linux/sched.h>
#include "../nooks/image.h"
#include "recover.h"

static const char * const kind_names[] = {
	[NOOKS_WILD_WRITE] = "wild write",
	[NOOKS_WILD_READ] = "wild read",
	[NOOKS_NULL_DEREFERENCE] = "NULL dereference",
	[NOOKS_BAD_JUMP] = "bad jump",
	[NOOKS_BAD_INSTRUCTION] = "bad instruction",
	[NOOKS_BAD_ARGUMENT] = "bad argument",
	[NOOKS_BAD_RETURN] = "bad return value",
	[NOOKS_DENIED_STORE] = "denied store",
	[NOOKS_DENIED_CALL] = "denied call",
	[NOOKS_STACK_OVERFLOW] = "stack overflow",
	[NOOKS_UNBALANCED] = "unbalanced state",
	[NOOKS_DRIVER_BUG] = "BUG",
	[NOOKS_OUT_OF_RESOURCES] = "out of resources",
	[NOOKS_TIMEOUT] = "timeout",
};

/** nooks_failure_name - the kind in words */
const char *nooks_failure_name(enum nooks_failure_kind kind)
{
	return kind < ARRAY_SIZE(kind_names) ? kind_names[kind] : "unknown";
}

static bool in_text(struct nooks_driver *driver, unsigned long addr)
{
	const struct nooks_section *section = nooks_image_section(driver, addr);

	return section && section->kind == NOOKS_SECTION_TEXT;
}

/* The innermost driver code on the domain stack, from @sp upwards; 0 if there is none. */
static unsigned long caller_on_stack(struct nooks_crossing *x, struct nooks_driver *driver,
				     unsigned long sp)
{
	unsigned long base, end;

	if (!x->stack)		/* the call has ended */
		return 0;
	base = (unsigned long)x->stack->base;
	end = base + NOOKS_STACK_SIZE - NOOKS_STACK_RESERVED;
	for (sp = ALIGN(sp, sizeof(long)); sp >= base && sp < end; sp += sizeof(long)) {
		unsigned long word = *(unsigned long *)sp;

		if (in_text(driver, word))
			return word;
	}
	return 0;
}

static void print_registers(const struct pt_regs *regs)
{
	pr_err("RIP: %pS RSP: %016lx FLAGS: %08lx\n", (void *)regs->ip, regs->sp, regs->flags);
	pr_err("RAX: %016lx RBX: %016lx RCX: %016lx\n", regs->ax, regs->bx, regs->cx);
	pr_err("RDX: %016lx RSI: %016lx RDI: %016lx\n", regs->dx, regs->si, regs->di);
	pr_err("RBP: %016lx R08: %016lx R09: %016lx\n", regs->bp, regs->r8, regs->r9);
	pr_err("R10: %016lx R11: %016lx R12: %016lx\n", regs->r10, regs->r11, regs->r12);
	pr_err("R13: %016lx R14: %016lx R15: %016lx\n", regs->r13, regs->r14, regs->r15);
}

static void print_stack(struct nooks_crossing *x, struct nooks_driver *driver, unsigned long sp)
{
	unsigned long base = x->stack ? (unsigned long)x->stack->base : 0;
	unsigned long end = base ? base + NOOKS_STACK_SIZE - NOOKS_STACK_RESERVED : 0;
	unsigned int n = 0;

	pr_err("Return addresses on the domain stack:\n");
	for (sp = ALIGN(sp, sizeof(long)); sp >= base && sp < end && n < 16; sp += sizeof(long)) {
		unsigned long word = *(unsigned long *)sp;

		if (in_text(driver, word)) {
			pr_err(" %pS\n", (void *)word);
			n++;
		}
	}
	pr_err(" entered through %s\n", x->stub ? (const char *)x->stub->name : "?");
}

/**
 * nooks_report - log a failure
 * @x: the crossing that failed
 * @driver: its driver, with @last filled in
 *
 * Any context but NMI.
 */
void nooks_report(struct nooks_crossing *x, struct nooks_driver *driver)
{
	const struct nooks_failure *failure = &driver->last;
	unsigned long sp = failure->has_regs ? failure->regs.sp : x->domain_sp;
	unsigned long ip = failure->has_regs && in_text(driver, failure->regs.ip) ?
			   failure->regs.ip : caller_on_stack(x, driver, sp);

	if (ip)
		snprintf(driver->last_function, sizeof(driver->last_function), "%pS", (void *)ip);
	else
		strscpy(driver->last_function, x->stub ? (const char *)x->stub->name : "?",
			sizeof(driver->last_function));

	pr_err("==================================================================\n");
	pr_err("BUG: NOOKS: %s in %s\n", nooks_failure_name(failure->kind), driver->last_function);
	pr_err("Driver %s, failure %lu, CPU %d, task %s/%d, %s\n", driver->name,
	       driver->nr_failures, raw_smp_processor_id(), x->task->comm, task_pid_nr(x->task),
	       x->preempt_count & HARDIRQ_MASK ? "hard interrupt" :
	       x->preempt_count & SOFTIRQ_OFFSET ? "soft interrupt" : "process context");
	pr_err("Address %016lx (%pS)\n", failure->address, (void *)failure->address);
	if (*failure->text)
		pr_err("%s\n", failure->text);
	if (failure->has_regs)
		print_registers(&failure->regs);
	print_stack(x, driver, sp);
	pr_err("Threads inside: %u\n", READ_ONCE(driver->domain->nr_used));
	pr_err("==================================================================\n");
}
