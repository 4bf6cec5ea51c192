// SPDX-License-Identifier: GPL-2.0
/*
 * The watchdog finds calls into drivers that do not end. A timer on each CPU looks, once a second,
 * at all crossings of all domains. A domain fails
 *
 * - after stall_seconds, if a thread has run in it all that time without a kernel call, or if a
 *   call from atomic context has not ended, whatever it does;
 * - after twice that, if a call has had its CPU for itself all the time: kernel calls of a loop may all be short, and none
 *   of them give way to others, which the kernel would complain about;
 * - after call_seconds, if a call from process context has not ended. Only time counts in which the
 *   thread was not waiting in one and the same kernel call: that is the kernel's to end.
 *
 * The thread is unwound at the end of an interrupt. One that has interrupts off gets an NMI from
 * the CPU that has found it; if there is no other CPU, it is not found.
 */
#define pr_fmt(fmt) "nooks: " fmt
#include <linux/cpu.h>
#include <linux/cpuhotplug.h>
#include <linux/hrtimer.h>
#include <linux/moduleparam.h>
#include <linux/mutex.h>
#include <linux/sched.h>
#include <asm/apic.h>
#include <asm/irq_regs.h>
#include <asm/nmi.h>
#include "../domains/switch.h"
#include "recover.h"
#include "storm.h"

static unsigned int stall_seconds = 5;
module_param(stall_seconds, uint, 0644);
MODULE_PARM_DESC(stall_seconds, "Driver code may run for so long without a kernel call, and in atomic context at all, and be called by interrupts without end; 0: no limit");

static unsigned int call_seconds = 60;
module_param(call_seconds, uint, 0644);
MODULE_PARM_DESC(call_seconds, "A call of a driver from process context may be busy for so long; 0: no limit");

static DEFINE_PER_CPU(struct hrtimer, watch_timer);
/* An NMI is on its way to this CPU; set by the sender, cleared by the handler. */
static DEFINE_PER_CPU(int, poked);

/* Protects the rest: how many drivers there are, and whether the timers run. */
static DEFINE_MUTEX(users_mutex);
static unsigned int users;
static enum cpuhp_state hotplug_state;

static int handle_nmi(unsigned int type, struct pt_regs *regs)
{
	/* The way back from the interrupt is what it was sent for. */
	return this_cpu_xchg(poked, 0) ? NMI_HANDLED : NMI_DONE;
}

/*
 * The CPU on which a crossing is the innermost one, as far as can be told; -1: none. Other CPUs may still
 * remember one that the same thread had there, which lay at the same place on its stack.
 */
static int cpu_of(const struct nooks_crossing *x)
{
	int cpu = task_cpu(x->task);

	return READ_ONCE(per_cpu(nooks_cpu, cpu).crossing) == x ? cpu : -1;
}

/* Interrupt a CPU that may have interrupts off. This one is in an interrupt already. */
static void poke(int cpu)
{
	if (cpu < 0 || cpu == smp_processor_id())
		return;
	per_cpu(poked, cpu) = 1;
	apic->send_IPI(cpu, NMI_VECTOR);
}

/* Where a crossing was interrupted by the interrupt that this runs in; false: it was not by that. */
static bool interrupted(const struct nooks_crossing *x, struct pt_regs *copy)
{
	struct pt_regs *regs = get_irq_regs();

	if (!regs || regs->ip != (unsigned long)nooks_interrupt_return ||
	    regs->bx != (unsigned long)x)
		return false;
	/* In the domain's memory, where other threads of its may write. */
	*copy = *(struct pt_regs *)regs->r12;
	return true;
}

/*
 * Has a process been running for most of the time since the last look? On a CPU that has interrupts off
 * nobody counts how long it runs; but who has not left its CPU since has run.
 */
static bool has_run(struct nooks_crossing *x, unsigned long elapsed)
{
	u64 runtime = READ_ONCE(x->task->se.sum_exec_runtime), before = x->watch.runtime;
	unsigned long switches = READ_ONCE(x->task->nvcsw) + READ_ONCE(x->task->nivcsw);
	bool stayed = READ_ONCE(x->task->on_cpu) && switches == x->watch.switches;

	x->watch.runtime = runtime;
	x->watch.switches = switches;
	x->watch.alone = stayed ? x->watch.alone + 1 : 0;
	return stayed || runtime - before > jiffies_to_nsecs(elapsed) / 2;
}

static bool atomic(const struct nooks_crossing *x)
{
	return x->irqs_off || x->preempt_count;
}

/* Note what a crossing has done since the last look; any CPU may, once a second. */
static void count(struct nooks_crossing *x, int cpu)
{
	unsigned long elapsed = jiffies - x->watch.checked, calls = READ_ONCE(x->calls);
	bool moved = calls != x->watch.calls, inside = !(calls & 1), running;

	/* It has failed and has not noticed yet. */
	if (inside && nooks_crossing_stale(x))
		poke(cpu);
	if (elapsed < HZ)
		return;
	running = has_run(x, elapsed) || atomic(x);
	x->watch.checked = jiffies;
	x->watch.calls = calls;
	/* Interrupted by a call into another domain, it is not to blame. */
	if (inside && !moved && running && cpu >= 0)
		x->watch.stalled++;
	else
		x->watch.stalled = 0;
	if (moved || x->watch.stalled)
		x->watch.busy++;
}

/* Seconds after which a crossing, which runs on @cpu, is too much; 0 if it is not. */
static unsigned int exceeded(const struct nooks_crossing *x, int cpu)
{
	unsigned int stall = READ_ONCE(stall_seconds), limit = READ_ONCE(call_seconds);
	unsigned int slack = 0;
	struct pt_regs regs;

	if (nooks_crossing_stale(x))
		return 0;
	/* The CPU that it runs on comes first: it knows the registers. */
	if (cpu >= 0 && !interrupted(x, &regs))
		slack = 2;
	if (stall && (x->watch.stalled >= stall + slack ||
		      (atomic(x) && x->watch.busy >= stall + slack)))
		return stall;
	if (stall && cpu >= 0 && min(x->watch.alone, x->watch.busy) >= 2 * stall + slack)
		return 2 * stall;
	return limit && x->watch.busy >= limit ? limit : 0;
}

/* Any context with interrupts off. */
static void watch(struct nooks_domain *domain)
{
	struct nooks_crossing found;
	struct nooks_stack *stack;
	unsigned int seconds = 0;
	struct pt_regs regs;
	bool has_regs = false;
	int cpu = -1;

	raw_spin_lock(&domain->stack_lock);
	nooks_for_each_used_stack(stack, domain) {
		cpu = cpu_of(stack->crossing);
		count(stack->crossing, cpu);
		seconds = exceeded(stack->crossing, cpu);
		if (!seconds)
			continue;
		/* It may be gone as soon as the lock is. */
		found = *stack->crossing;
		has_regs = interrupted(stack->crossing, &regs);
		break;
	}
	raw_spin_unlock(&domain->stack_lock);
	if (!seconds)
		return;
	INIT_LIST_HEAD(&found.held);
	nooks_fail_trap(&found, NOOKS_TIMEOUT, 0, has_regs ? &regs : NULL,
			"no end after %u s: %s", seconds,
			found.watch.stalled ? "no kernel call since" : "kernel calls, but no return");
	poke(cpu);
}

static enum hrtimer_restart watch_all(struct hrtimer *timer)
{
	unsigned int i;

	nooks_storm_look(READ_ONCE(stall_seconds));
	for (i = 0; i < NOOKS_MAX_DOMAINS; i++) {
		struct nooks_domain *domain = rcu_dereference_sched(nooks_domains[i]);

		/* Without, it has not been set up in full, and nobody has entered it. */
		if (domain && READ_ONCE(domain->private))
			watch(domain);
	}
	hrtimer_forward_now(timer, NSEC_PER_SEC);
	return HRTIMER_RESTART;
}

static int watch_cpu(unsigned int cpu)
{
	struct hrtimer *timer = this_cpu_ptr(&watch_timer);

	hrtimer_init(timer, CLOCK_MONOTONIC, HRTIMER_MODE_REL_PINNED_HARD);
	timer->function = watch_all;
	hrtimer_start(timer, NSEC_PER_SEC, HRTIMER_MODE_REL_PINNED_HARD);
	return 0;
}

static int leave_cpu(unsigned int cpu)
{
	hrtimer_cancel(this_cpu_ptr(&watch_timer));
	return 0;
}

/** nooks_watchdog_start - there is a driver to watch. May sleep. Return: 0 or a negative errno. */
int nooks_watchdog_start(void)
{
	int ret = 0;

	mutex_lock(&users_mutex);
	if (!users)
		ret = cpuhp_setup_state(CPUHP_AP_ONLINE_DYN, "nooks:watchdog", watch_cpu, leave_cpu);
	if (ret >= 0) {
		if (!users++)
			hotplug_state = ret;
		ret = 0;
	}
	mutex_unlock(&users_mutex);
	return ret;
}

/** nooks_watchdog_stop - and now it is gone. May sleep. */
void nooks_watchdog_stop(void)
{
	mutex_lock(&users_mutex);
	if (!--users)
		cpuhp_remove_state(hotplug_state);
	mutex_unlock(&users_mutex);
}

int __init nooks_watchdog_init(void)
{
	return register_nmi_handler(NMI_LOCAL, handle_nmi, 0, "nooks");
}

void nooks_watchdog_exit(void)
{
	unregister_nmi_handler(NMI_LOCAL, "nooks");
}
