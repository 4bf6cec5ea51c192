// SPDX-License-Identifier: GPL-2.0
/* A failure's report: one block in the log. The full one is dump.c's. */
#define pr_fmt(fmt) fmt
#include <linux/kallsyms.h>
#include <linux/kernel.h>
#include <linux/printk.h>
#include "evidence.h"
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
	[NOOKS_SILENT] = "silence",
	[NOOKS_WARNING] = "warning",
	[NOOKS_STUCK] = "stuck queue",
	[NOOKS_STARVED] = "no buffers",
	[NOOKS_BAD_LENGTHS] = "impossible lengths",
	[NOOKS_ERRORS] = "errors",
	[NOOKS_CONTRADICTION] = "contradiction",
	[NOOKS_DEAD_DEVICE] = "dead device",
	[NOOKS_DEADLOCK] = "deadlock",
};

/** nooks_failure_name - the kind in words */
const char *nooks_failure_name(enum nooks_failure_kind kind)
{
	return kind < ARRAY_SIZE(kind_names) ? kind_names[kind] : "unknown";
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

static void print_stack(const struct nooks_evidence *e)
{
	unsigned int i;

	pr_err("Return addresses on the domain stack:\n");
	for (i = 0; i < e->nr_calls && i < 16; i++)
		pr_err(" %pS\n", (void *)e->calls[i]);
	pr_err(" entered through %s\n", e->thread.function);
}

/**
 * nooks_report - log a failure
 * @driver: the driver, with @last and @evidence filled in
 *
 * Any context but NMI.
 */
void nooks_report(struct nooks_driver *driver)
{
	const struct nooks_failure *failure = &driver->last;
	const struct nooks_evidence *e = driver->evidence;

	if (e->ip)
		snprintf(driver->last_function, sizeof(driver->last_function), "%pS",
			 (void *)e->ip);
	else
		strscpy(driver->last_function, e->thread.function, sizeof(driver->last_function));

	pr_err("==================================================================\n");
	pr_err("BUG: NOOKS: %s in %s\n", nooks_failure_name(failure->kind), driver->last_function);
	pr_err("Driver %s, failure %lu, CPU %d, task %s/%d, %s\n", driver->name, e->number, e->cpu,
	       e->thread.comm, e->thread.pid, nooks_context_name(e->thread.preempt_count));
	pr_err("Address %016lx (%pS)\n", failure->address, (void *)failure->address);
	if (*failure->text)
		pr_err("%s\n", failure->text);
	if (failure->has_regs)
		print_registers(&failure->regs);
	print_stack(e);
	pr_err("Threads inside: %u\n", e->nr_threads);
	pr_err("==================================================================\n");
}
