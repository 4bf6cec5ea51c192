// SPDX-License-Identifier: GPL-2.0
/*
 * Evidence: what of a failure is noted when it happens. That may be in any context but NMI, so nothing
 * is allocated, looked up by name or printed here.
 */
#include <linux/kernel.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/stacktrace.h>
#include <linux/timekeeping.h>
#include <linux/uaccess.h>
#include "../nooks/image.h"
#include "evidence.h"

/** nooks_evidence_create - ready a new driver for it. May sleep. Return: 0 or -ENOMEM. */
int nooks_evidence_create(struct nooks_driver *driver)
{
	driver->evidence = kvzalloc(sizeof(*driver->evidence), GFP_KERNEL);
	return driver->evidence ? 0 : -ENOMEM;
}

/** nooks_context_name - from where the kernel called the driver, in words */
const char *nooks_context_name(int preempt_count)
{
	return preempt_count & HARDIRQ_MASK ? "hard interrupt" :
	       preempt_count & SOFTIRQ_OFFSET ? "soft interrupt" : "process context";
}

static bool in_text(struct nooks_driver *driver, unsigned long addr)
{
	const struct nooks_section *section = nooks_image_section(driver, addr);

	return section && section->kind == NOOKS_SECTION_TEXT;
}

/* A copy of the stack's top, and of all of it the words that look like return addresses. */
static void note_stack(struct nooks_crossing *x, struct nooks_driver *driver,
		       struct nooks_evidence *e)
{
	unsigned long base, end, slot = ALIGN(e->sp, sizeof(long));

	e->nr_stack = 0;
	e->nr_calls = 0;
	if (!x->stack)			/* the call has ended */
		return;
	base = (unsigned long)x->stack->base;
	end = base + NOOKS_STACK_SIZE - NOOKS_STACK_RESERVED;
	if (slot < base || slot >= end)
		return;
	e->nr_stack = min_t(unsigned long, end - slot, sizeof(e->stack));
	memcpy(e->stack, (void *)slot, e->nr_stack);
	for (; slot < end && e->nr_calls < ARRAY_SIZE(e->calls); slot += sizeof(long)) {
		unsigned long word = *(unsigned long *)slot;

		if (in_text(driver, word))
			e->calls[e->nr_calls++] = word;
	}
}

static void note_code(struct nooks_evidence *e, unsigned long ip)
{
	unsigned int before = NOOKS_EVIDENCE_PROLOGUE;

	/* What is before it may lie on a page that is not there. */
	if (copy_from_kernel_nofault(e->code, (void *)(ip - before), before))
		before = 0;
	e->code_start = ip - before;
	e->nr_code = NOOKS_EVIDENCE_CODE;
	if (copy_from_kernel_nofault(e->code + before, (void *)ip, e->nr_code - before))
		e->nr_code = before;
}

static void note_thread(const struct nooks_crossing *x, struct nooks_evidence_thread *thread)
{
	strscpy(thread->comm, x->task->comm, sizeof(thread->comm));
	thread->pid = task_pid_nr(x->task);
	thread->preempt_count = x->preempt_count;
	thread->function = x->stub ? (const char *)x->stub->name : nooks_driver_of(x)->name;
	thread->in_kernel = READ_ONCE(x->calls) & 1;
	thread->import = x->import;
	thread->site = thread->in_kernel ? nooks_crossing_site(x) : 0;
}

/* Whoever has a stack is inside. */
static void note_threads(struct nooks_domain *domain, struct nooks_evidence *e)
{
	struct nooks_stack *stack;
	unsigned long flags;

	e->nr_threads = 0;
	raw_spin_lock_irqsave(&domain->stack_lock, flags);
	nooks_for_each_used_stack(stack, domain) {
		if (e->nr_threads == ARRAY_SIZE(e->threads))
			break;
		note_thread(stack->crossing, &e->threads[e->nr_threads++]);
	}
	raw_spin_unlock_irqrestore(&domain->stack_lock, flags);
}

/**
 * nooks_evidence_note - note the state that a driver has failed in
 * @x: the crossing that failed, or a copy of it
 * @driver: its driver, with @last filled in
 *
 * Any context but NMI.
 */
void nooks_evidence_note(struct nooks_crossing *x, struct nooks_driver *driver)
{
	const struct nooks_failure *failure = &driver->last;
	struct nooks_evidence *e = driver->evidence;
	bool regs = failure->has_regs;

	e->number = driver->nr_failures;
	e->when = ktime_get_boot_fast_ns();
	e->date = ktime_get_real_seconds();
	e->jiffies = jiffies;
	e->cpu = raw_smp_processor_id();
	e->sp = regs ? failure->regs.sp : x->domain_sp;
	note_thread(x, &e->thread);
	note_stack(x, driver, e);
	e->ip = regs && in_text(driver, failure->regs.ip) ? failure->regs.ip :
		e->nr_calls ? e->calls[0] : 0;
	e->nr_code = 0;
	if (regs || e->ip)
		note_code(e, regs ? failure->regs.ip : e->ip);
	/* The watchdog looks at others. */
	e->nr_kernel_calls = x->task == current && failure->kind != NOOKS_TIMEOUT ?
			     stack_trace_save(e->kernel_calls, ARRAY_SIZE(e->kernel_calls), 2) : 0;
	e->has_object = failure->address &&
			nooks_object_covering(driver, failure->address, &e->object);
	note_threads(driver->domain, e);
	e->nr_trail = nooks_trail_copy(driver->domain, e->trail, ARRAY_SIZE(e->trail));
	/* Before recovery is started, which pairs with it. */
	WRITE_ONCE(e->fresh, true);
}
