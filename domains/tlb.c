// SPDX-License-Identifier: GPL-2.0
/*
 * What the TLB may still hold.
 *
 * Kernel translations are global: they survive a CR3 load, so a domain could write through a
 * writable one that kernel code left behind. CR4.PGE is therefore off on every CPU while there
 * is a domain. With PCIDs, kernel translations are then tagged with the address space that made
 * them, and the kernel's own INVLPG-based flushes of kernel addresses, which count on global pages,
 * reach the current tag only: hooks on these functions flush all tags.
 *
 * A domain's tables are snapshots in part. Before the kernel tells other CPUs to flush kernel
 * addresses, a hook on the initiating CPU withdraws the snapshot and raises the domain's TLB
 * generation. Each entry into a domain, and each return from an interrupt into one, compares
 * the generation with the one that the CPU has seen, and flushes the domain's tag if they differ.
 *
 * Hooks are ftrace ops marked permanent, so sysctl kernel.ftrace_enabled can't disarm them.
 *
 * scripts/mutant defines NOOKS_MUTANT_*: each leaves one of these measures out, which
 * tests/bochs-mutant.sh must notice.
 */
#define pr_fmt(fmt) "nooks: " fmt
#include <linux/cpu.h>
#include <linux/cpuhotplug.h>
#include <linux/ftrace.h>
#include <linux/mutex.h>
#include <asm/tlbflush.h>
#include "../nooks/compat.h"
#include "../nooks/symbols.h"
#include "domain.h"
#include "switch.h"

unsigned long nooks_noflush __ro_after_init;
DEFINE_PER_CPU(struct nooks_cpu, nooks_cpu);

static atomic_long_t last_generation = ATOMIC_LONG_INIT(1);
static enum cpuhp_state hotplug_state;

/* Protects nr_active and the state of CR4.PGE as a whole. Outside cpus_read_lock(). */
static DEFINE_MUTEX(active_mutex);
static unsigned int nr_active;

/**
 * nooks_tlb_raise - make every CPU flush before its next entry into a domain
 * @domain: the domain, whose tables have been changed already
 *
 * CPUs inside the domain notice when they are interrupted. Any context.
 */
void nooks_tlb_raise(struct nooks_domain *domain)
{
	/* Orders the change of the tables before the new generation; pairs with the CR3 load. */
	smp_wmb();
	WRITE_ONCE(domain->tlb_gen, atomic_long_inc_return(&last_generation));
}

static void pge_off(void *unused)
{
	if (__is_defined(NOOKS_MUTANT_KEEP_PGE))
		return;
	cr4_update_irqsoff(0, X86_CR4_PGE);	/* flushes everything, global or not */
}

/**
 * nooks_tlb_stale - this CPU has not seen the domain's TLB generation
 * @x: crossing about to enter the domain
 *
 * Called from switch.S with interrupts off. Return: the CR3 to load, which flushes the tag.
 */
unsigned long nooks_tlb_stale(struct nooks_crossing *x)
{
	struct nooks_domain *domain = x->domain;
	unsigned long *seen = this_cpu_ptr(nooks_cpu.seen);

	/* A CPU that came up since the first domain was made: see prepare_cpu(). */
	if (cr4_read_shadow() & X86_CR4_PGE)
		pge_off(NULL);
	seen[domain->id] = READ_ONCE(domain->tlb_gen);
	return x->cr3 & ~X86_CR3_PCID_NOFLUSH;
}

static void withdraw_all(unsigned long start, unsigned long end)
{
	unsigned int i;

	/* Domains in the table are not freed meanwhile. */
	preempt_disable_notrace();
	for (i = 0; i < NOOKS_MAX_DOMAINS; i++) {
		struct nooks_domain *domain = rcu_dereference_sched(nooks_domains[i]);

		if (!domain)
			continue;
		nooks_withdraw(domain, start, end);
		nooks_tlb_raise(domain);
	}
	preempt_enable_notrace();
}

static void on_range(unsigned long ip, unsigned long parent, struct ftrace_ops *ops,
		     struct ftrace_regs *fregs)
{
	unsigned long start = nooks_ftrace_argument(fregs, 0);
	unsigned long end = nooks_ftrace_argument(fregs, 1);

	withdraw_all(start, end);
}

static void on_all(unsigned long ip, unsigned long parent, struct ftrace_ops *ops,
		   struct ftrace_regs *fregs)
{
	withdraw_all(0, -1UL);
}

static void on_this_cpu(unsigned long ip, unsigned long parent, struct ftrace_ops *ops,
			struct ftrace_regs *fregs)
{
	/* The function itself flushes the current tag only; all that it may miss goes here. */
	if (boot_cpu_has(X86_FEATURE_PCID) && !(cr4_read_shadow() & X86_CR4_PGE))
		nooks_sym.native_flush_tlb_global();
}

/* Which functions are hooked. @pcid: needed only where the CPU has PCIDs. */
static struct hook {
	const char *name;
	struct ftrace_ops ops;
	bool pcid;
	bool active;
} hooks[] = {
	{ "flush_tlb_kernel_range", { .func = on_range, .flags = FTRACE_OPS_FL_PERMANENT } },
	{ "flush_tlb_all", { .func = on_all, .flags = FTRACE_OPS_FL_PERMANENT } },
	{ "cpa_flush", { .func = on_all, .flags = FTRACE_OPS_FL_PERMANENT } },
	{ "do_kernel_range_flush", { .func = on_this_cpu, .flags = FTRACE_OPS_FL_PERMANENT }, true },
	{ "__cpa_flush_tlb", { .func = on_this_cpu, .flags = FTRACE_OPS_FL_PERMANENT }, true },
	{ "flush_tlb_one_kernel", { .func = on_this_cpu, .flags = FTRACE_OPS_FL_PERMANENT }, true },
};

static void unhook(void)
{
	int i;

	for (i = ARRAY_SIZE(hooks) - 1; i >= 0; i--) {
		if (!hooks[i].active)
			continue;
		unregister_ftrace_function(&hooks[i].ops);
		ftrace_free_filter(&hooks[i].ops);
		hooks[i].active = false;
	}
}

static int hook(void)
{
	unsigned int i;

	if (__is_defined(NOOKS_MUTANT_NO_HOOKS))
		return 0;
	for (i = 0; i < ARRAY_SIZE(hooks); i++) {
		unsigned long addr = nooks_lookup(hooks[i].name);
		int ret = addr ? 0 : -ENOENT;

		if (hooks[i].pcid && !boot_cpu_has(X86_FEATURE_PCID))
			continue;
		if (!ret)
			ret = ftrace_set_filter_ip(&hooks[i].ops, addr, 0, 0);
		if (!ret)
			ret = register_ftrace_function(&hooks[i].ops);
		if (ret) {
			ftrace_free_filter(&hooks[i].ops);
			pr_err("cannot follow %s (%d): the kernel needs dynamic ftrace, and sysctl kernel.ftrace_enabled=1\n",
			       hooks[i].name, ret);
			unhook();
			return ret;
		}
		hooks[i].active = true;
	}
	return 0;
}

/* Runs on the CPU that brings @cpu up: it starts with PGE on and has seen nothing. */
static int prepare_cpu(unsigned int cpu)
{
	memset(per_cpu_ptr(nooks_cpu.seen, cpu), 0, sizeof(nooks_cpu.seen));
	return 0;
}

static void pge_on(void *unused)
{
	memset(this_cpu_ptr(nooks_cpu.seen), 0, sizeof(nooks_cpu.seen));
	cr4_update_irqsoff(X86_CR4_PGE, 0);
}

/**
 * nooks_tlb_activate - a domain is about to come into being
 *
 * Context: may sleep. Return: 0.
 */
int nooks_tlb_activate(void)
{
	mutex_lock(&active_mutex);
	if (!nr_active++)
		on_each_cpu(pge_off, NULL, 1);
	mutex_unlock(&active_mutex);
	return 0;
}

/** nooks_tlb_deactivate - a domain is gone; pairs with nooks_tlb_activate() */
void nooks_tlb_deactivate(void)
{
	mutex_lock(&active_mutex);
	if (!--nr_active)
		on_each_cpu(pge_on, NULL, 1);
	mutex_unlock(&active_mutex);
}

/** nooks_tlb_init - install the hooks. Context: may sleep. Return: 0 or a negative errno, logged. */
int __init nooks_tlb_init(void)
{
	int ret;

	if (boot_cpu_has(X86_FEATURE_PCID) && (native_read_cr4() & X86_CR4_PCIDE))
		nooks_noflush = X86_CR3_PCID_NOFLUSH;
	ret = cpuhp_setup_state(CPUHP_BP_PREPARE_DYN, "nooks:prepare", prepare_cpu, NULL);
	if (ret < 0)
		return ret;
	hotplug_state = ret;
	ret = hook();
	if (ret)
		cpuhp_remove_state(hotplug_state);
	return ret;
}

void nooks_tlb_exit(void)
{
	unhook();
	cpuhp_remove_state(hotplug_state);
}
