// SPDX-License-Identifier: GPL-2.0
/* Crossings: entering a domain, and putting a thread right that was unwound out of one. */
#include <linux/bottom_half.h>
#include <linux/jiffies.h>
#include <linux/kernel.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/uaccess.h>
#include <asm/preempt.h>
#include "../nooks/export.h"
#include "domain.h"
#include "layout.h"
#include "switch.h"

static_assert(offsetof(struct nooks_crossing, kernel_sp) == X_KERNEL_SP);
static_assert(offsetof(struct nooks_crossing, domain_sp) == X_DOMAIN_SP);
static_assert(offsetof(struct nooks_crossing, cr3) == X_CR3);
static_assert(offsetof(struct nooks_crossing, domain) == X_DOMAIN);
static_assert(offsetof(struct nooks_crossing, incarnation) == X_INCARNATION);
static_assert(offsetof(struct nooks_crossing, reserved) == X_RESERVED);
static_assert(offsetof(struct nooks_crossing, unwound) == X_UNWOUND);
static_assert(offsetof(struct nooks_crossing, flags) == X_FLAGS);
static_assert(offsetof(struct nooks_crossing, calls) == X_CALLS);
static_assert(offsetof(struct nooks_crossing, import) == X_IMPORT);
static_assert(offsetof(struct nooks_spins, nr) == 0);
static_assert(NOOKS_STACK_FRAME + sizeof(struct nooks_spins) + sizeof(struct nooks_kept) <= NOOKS_STACK_RESERVED);
static_assert(NOOKS_STACK_RESERVED % 16 == 0);
static_assert(NOOKS_MAX_KEPT <= BITS_PER_LONG);
static_assert(offsetof(struct nooks_domain, tlb_gen) == D_TLB_GEN);
static_assert(offsetof(struct nooks_domain, slot) == D_SLOT);
static_assert(offsetof(struct nooks_domain, incarnation) == D_INCARNATION);
static_assert(offsetof(struct nooks_domain, stubs_start) == D_STUBS_START);
static_assert(offsetof(struct nooks_domain, stubs_end) == D_STUBS_END);
static_assert(offsetof(struct nooks_domain, routes) == D_ROUTES);
static_assert(offsetof(struct nooks_route, stub) == ROUTE_STUB);
static_assert(sizeof(struct nooks_route) == ROUTE_SIZE);
static_assert(offsetof(struct nooks_cpu, kernel_cr3) == C_KERNEL_CR3);
static_assert(offsetof(struct nooks_cpu, crossing) == C_CROSSING);
static_assert(offsetof(struct nooks_cpu, crossings) == C_CROSSINGS);
static_assert(offsetof(struct nooks_cpu, interrupts) == C_INTERRUPTS);
static_assert(offsetof(struct nooks_cpu, seen) == C_SEEN);
static_assert(offsetof(struct pt_regs, flags) == 144);

/* An interrupt must leave the task that it came upon as it is: dying, say, or about to sleep. */
static void restore_task(const struct nooks_crossing *x)
{
	current->pagefault_disabled = x->pagefault_disabled;
	if (READ_ONCE(current->__state) != TASK_RUNNING && in_task() && x->running)
		__set_current_state(TASK_RUNNING);
}

/**
 * nooks_crossing_restore - bring a thread's kernel state back to what it was at entry
 * @x: its crossing, after nooks_domain_call() has run the function
 *
 * Locks that wrappers took in the domain's name have been released by now; what is left is what
 * inline code of the driver has done itself. Enables interrupts if they were on at entry.
 */
void nooks_crossing_restore(struct nooks_crossing *x)
{
	bool bh = !x->irqs_off && softirq_count() > (x->preempt_count & SOFTIRQ_MASK);

	while (rcu_preempt_depth() > x->rcu_nesting)
		__rcu_read_unlock();
	/* Before interrupts are on: at their end they look at it. The driver may have put anything. */
	preempt_count_set(x->preempt_count + (bh ? SOFTIRQ_DISABLE_OFFSET : 0));
	restore_task(x);
	if (!x->irqs_off) {
		local_irq_enable();
		if (bh)
			local_bh_enable();
	}
}
NOOKS_EXPORT_FOR_TESTS(nooks_crossing_restore);

/**
 * nooks_crossing_balanced - has the function left the thread's state as it found it?
 * @x: its crossing, before nooks_crossing_restore()
 */
bool nooks_crossing_balanced(const struct nooks_crossing *x)
{
	return preempt_count() == x->preempt_count && rcu_preempt_depth() == x->rcu_nesting &&
	       !(x->flags & X86_EFLAGS_IF) == x->irqs_off && list_empty(&x->held) &&
	       !READ_ONCE(nooks_spins_of(x)->nr);
}
NOOKS_EXPORT_FOR_TESTS(nooks_crossing_balanced);

/**
 * nooks_crossing_leave - as nooks_crossing_restore(), of a function that has returned and left nothing to put right
 * @x: its crossing, of which nooks_crossing_balanced() has just been true
 */
void nooks_crossing_leave(struct nooks_crossing *x)
{
	restore_task(x);
	if (!x->irqs_off)
		local_irq_enable();
}

/**
 * nooks_crossing_begin - get ready to run functions inside a domain
 * @x: storage on the caller's stack; @x->stub and arguments set up or zero
 * @domain: the domain
 *
 * From here to nooks_crossing_end() the domain is in use: recovery does not take its memory away.
 * Context: any but NMI. Return: false if the domain takes no calls; nothing is to be undone then.
 */
bool nooks_crossing_begin(struct nooks_crossing *x, struct nooks_domain *domain)
{
	x->domain = domain;
	x->cr3 = domain->cr3;
	x->unwound = 0;
	x->task = current;
	x->preempt_count = preempt_count();
	x->rcu_nesting = rcu_preempt_depth();
	x->irqs_off = irqs_disabled();
	x->pagefault_disabled = current->pagefault_disabled;
	x->running = READ_ONCE(current->__state) == TASK_RUNNING;
	INIT_LIST_HEAD(&x->held);
	x->calls = 0;
	x->import = 0;
	x->domain_sp = 0;
	x->reserved = 0;
	x->nr_stack_args = 0;
	x->handed = NULL;
	x->wait.holder = NULL;
	x->undo = NULL;
	x->watch = (struct nooks_watch) { .checked = jiffies };

	if (WARN_ON_ONCE(in_nmi()))
		return false;
	x->stack = nooks_stack_get(domain, x);
	if (unlikely(!x->stack) && domain->max_stacks && READ_ONCE(domain->open) && !in_atomic() &&
	    !irqs_disabled() && !rcu_preempt_depth())
		x->stack = nooks_stack_wait(domain, x);
	return x->stack;
}
NOOKS_EXPORT_FOR_TESTS(nooks_crossing_begin);

static unsigned long stack_top(const struct nooks_crossing *x)
{
	return (unsigned long)x->stack->base + NOOKS_STACK_SIZE - NOOKS_STACK_RESERVED;
}

/** nooks_stack_args_at - where a crossing that has begun has its arguments on the domain's stack. Any context. */
unsigned long nooks_stack_args_at(const struct nooks_crossing *x)
{
	return stack_top(x) - ALIGN(x->nr_stack_args * sizeof(long), 16);
}

/**
 * nooks_domain_call - run a function inside a domain
 * @x: after nooks_crossing_begin(), in the same context
 * @fn: address of the function, executable in the domain
 * @args: six argument registers; @x->stack_args has the others
 * @ret: what the function returned, if it did
 *
 * Context: any but NMI; sleeps only if the function does. Interrupts are off afterwards: the caller
 * releases what @x->held lists, calls nooks_crossing_restore() and then nooks_crossing_end().
 * Return: NOOKS_CALL_DONE or NOOKS_CALL_UNWOUND.
 */
int nooks_domain_call(struct nooks_crossing *x, unsigned long fn, const unsigned long *args,
		      unsigned long *ret)
{
	unsigned long top = nooks_stack_args_at(x);
	struct nooks_spins *spins = nooks_spins_at(stack_top(x));
	struct nooks_kept *kept = nooks_kept_at(stack_top(x));
	unsigned long value;

	/* Not what another crossing has left there, before anybody looks: nooks_stack_spins(). */
	spins->nr = 0;
	kept->used = 0;
	kept->dirtied = 0;
	barrier();
	WRITE_ONCE(x->reserved, stack_top(x));
	if (x->nr_stack_args)
		memcpy((void *)top, x->stack_args, x->nr_stack_args * sizeof(long));
	atomic_long_inc(&x->domain->entries);

	value = nooks_switch_in(x, args, fn, top);

	/* Interrupts are off now, whatever the function has left; switch.S has told nobody. */
	trace_hardirqs_off();
	if (x->unwound) {
		atomic_long_inc(&x->domain->unwindings);
		return NOOKS_CALL_UNWOUND;
	}
	*ret = value;
	return NOOKS_CALL_DONE;
}
NOOKS_EXPORT_FOR_TESTS(nooks_domain_call);

/* A word that may not be there. With page faults disabled. */
static __always_inline bool peek(const void *from, unsigned long *word)
{
	__get_kernel_nofault(word, from, unsigned long, none);
	return true;
none:
	return false;
}

/* The return address of a call that a crossing has made with these two stack pointers, or 0. */
static unsigned long site_of(unsigned long domain_sp, unsigned long reserved)
{
	/* Two registers that nooks_leave saved stand below it. */
	unsigned long slot = domain_sp + 2 * sizeof(long), site;
	bool there;

	if (slot > reserved || reserved - slot > NOOKS_STACK_SIZE)
		return 0;
	pagefault_disable();
	there = peek((void *)slot, &site);
	pagefault_enable();
	return there ? site : 0;
}

/**
 * nooks_crossing_site - where the driver has made the kernel call that a crossing is in
 * @x: the crossing, in a call, or a copy of it
 *
 * From the domain's stack, where other threads of the driver may write: for reports only. Any
 * context. Return: a return address, 0 if the stack pointer is wild.
 */
unsigned long nooks_crossing_site(const struct nooks_crossing *x)
{
	return site_of(x->domain_sp, x->reserved);
}

/**
 * nooks_call_site - where the driver has made the kernel call that this runs in
 * @domain: the driver's
 *
 * What the CPU has noted last is this thread's, unless the thread has slept and been moved: then it
 * lies on no stack that is in use here. Any context but NMI. Return: a return address, or 0.
 */
unsigned long nooks_call_site(const struct nooks_domain *domain)
{
	const struct nooks_crossing *last = this_cpu_read(nooks_cpu.crossing);
	unsigned long of, task, calls, domain_sp, reserved;
	bool there;

	if ((unsigned long)last - current_stack_pointer >= THREAD_SIZE)
		return 0;
	pagefault_disable();
	there = peek(&last->domain, &of) && peek(&last->task, &task) && peek(&last->calls, &calls) &&
		peek(&last->domain_sp, &domain_sp) && peek(&last->reserved, &reserved);
	pagefault_enable();
	if (!there || of != (unsigned long)domain || task != (unsigned long)current || !(calls & 1))
		return 0;
	return site_of(domain_sp, reserved);
}
NOOKS_EXPORT_FOR_TESTS(nooks_call_site);

/** nooks_crossing_end - give back what nooks_crossing_begin() took; @x must not be used after it */
void nooks_crossing_end(struct nooks_crossing *x)
{
	nooks_stack_put(x->domain, x->stack);
}
NOOKS_EXPORT_FOR_TESTS(nooks_crossing_end);
