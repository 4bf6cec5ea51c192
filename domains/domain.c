// SPDX-License-Identifier: GPL-2.0
/* Domains: their life, and where this kernel can't have any. */
#define pr_fmt(fmt) "nooks: " fmt
#include <linux/cc_platform.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <asm/cpufeature.h>
#include <asm/hypervisor.h>
#include <asm/mem_encrypt.h>
#include "../nooks/export.h"
#include "domain.h"
#include "fault.h"
#include "trail.h"

/* Top-level tables, one page for each slot, in one block: the gate stubs compare CR3 with its bounds. */
static void *pgd_block __ro_after_init;
unsigned long nooks_pgd_base __ro_after_init, nooks_pgd_size __ro_after_init;
struct nooks_domain __rcu *nooks_domains[NOOKS_MAX_DOMAINS];

/* Slots in use: longer than nooks_domains[] shows the domain. */
static DECLARE_BITMAP(slots, NOOKS_MAX_DOMAINS);
/* Protects @slots and nooks_domains[]. */
static DEFINE_MUTEX(slots_mutex);
/* Serialises who adds routes to a domain. */
static DEFINE_MUTEX(routes_mutex);

static void nothing(void *unused)
{
}

/**
 * nooks_domain_kick - interrupt every CPU once
 *
 * A CPU that runs driver code looks at the domain's incarnation and TLB generation on the way
 * back from any interrupt. Context: may sleep, interrupts on.
 */
void nooks_domain_kick(void)
{
	on_each_cpu(nothing, NULL, 1);
}
NOOKS_EXPORT_FOR_TESTS(nooks_domain_kick);

static int take_slot(struct nooks_domain *domain)
{
	unsigned int i;

	mutex_lock(&slots_mutex);
	i = find_first_zero_bit(slots, NOOKS_MAX_DOMAINS);
	if (i < NOOKS_MAX_DOMAINS) {
		__set_bit(i, slots);
		domain->id = i;
		domain->slot = i * sizeof(unsigned long);
		domain->pgd = pgd_block + i * PAGE_SIZE;
		clear_page(domain->pgd);
		domain->cr3 = __sme_pa(domain->pgd);
		if (nooks_noflush)
			domain->cr3 |= nooks_noflush | (NOOKS_FIRST_PCID + i);
		/* From now on the flush hooks see the tables. */
		raw_spin_lock_init(&domain->table_lock);
		INIT_LIST_HEAD(&domain->spare);
		nooks_tlb_raise(domain);
		rcu_assign_pointer(nooks_domains[i], domain);
	}
	mutex_unlock(&slots_mutex);
	return i < NOOKS_MAX_DOMAINS ? 0 : -EMFILE;
}

/* The flush hooks do not see it any more. */
static void hide(struct nooks_domain *domain)
{
	mutex_lock(&slots_mutex);
	RCU_INIT_POINTER(nooks_domains[domain->id], NULL);
	mutex_unlock(&slots_mutex);
	synchronize_rcu();
}

/* Another domain may have the slot, and with it the top-level table: what was below that is free. */
static void give_slot(struct nooks_domain *domain)
{
	mutex_lock(&slots_mutex);
	__clear_bit(domain->id, slots);
	mutex_unlock(&slots_mutex);
}

/**
 * nooks_domain_create - make an empty, closed domain
 *
 * Context: may sleep. Return: the domain or an ERR_PTR().
 */
struct nooks_domain *nooks_domain_create(void)
{
	struct nooks_domain *domain = kzalloc(sizeof(*domain), GFP_KERNEL);
	int ret;

	if (!domain)
		return ERR_PTR(-ENOMEM);
	raw_spin_lock_init(&domain->stack_lock);
	INIT_LIST_HEAD(&domain->stacks);
	init_waitqueue_head(&domain->idle);
	init_waitqueue_head(&domain->room);
	INIT_WORK(&domain->grow, nooks_stacks_grow);
	ret = take_slot(domain);
	if (ret) {
		kfree(domain);
		return ERR_PTR(ret);
	}
	nooks_tlb_activate();
	ret = nooks_pagetable_create(domain);
	if (!ret)
		ret = nooks_stacks_create(domain);
	if (ret) {
		nooks_domain_destroy(domain);
		return ERR_PTR(ret);
	}
	return domain;
}
NOOKS_EXPORT_FOR_TESTS(nooks_domain_create);

/**
 * nooks_domain_destroy - free a domain
 * @domain: closed, with no thread inside
 *
 * Context: may sleep.
 */
void nooks_domain_destroy(struct nooks_domain *domain)
{
	WARN_ON_ONCE(domain->open || domain->nr_used);
	hide(domain);
	/* Nobody enters any more, and no interrupted domain code is left: no CPU has its CR3. */
	nooks_trail_forget(domain);
	nooks_stacks_destroy(domain);
	nooks_pagetable_destroy(domain);
	give_slot(domain);
	nooks_tlb_deactivate();
	kfree(domain);
}
NOOKS_EXPORT_FOR_TESTS(nooks_domain_destroy);

static void set_open(struct nooks_domain *domain, bool open)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&domain->stack_lock, flags);
	domain->open = open;
	raw_spin_unlock_irqrestore(&domain->stack_lock, flags);
}

/**
 * nooks_domain_route - lead the domain's calls of a kernel function, by a pointer, somewhere else
 * @domain: the domain
 * @target: the function
 * @stub: what is called instead, which the domain may execute
 *
 * Context: may sleep. Return: false if there are too many routes.
 */
bool nooks_domain_route(struct nooks_domain *domain, unsigned long target, const void *stub)
{
	unsigned int i;

	mutex_lock(&routes_mutex);
	for (i = 0; i < NOOKS_MAX_ROUTES; i++) {
		struct nooks_route *route = &domain->routes[i];

		if (route->target && route->target != target)
			continue;
		WRITE_ONCE(route->stub, (unsigned long)stub);
		/* Pairs with the loads in the thunks, which the CPU does not reorder. */
		smp_store_release(&route->target, target);
		break;
	}
	mutex_unlock(&routes_mutex);
	return i < NOOKS_MAX_ROUTES;
}

/** nooks_domain_routed - where calls of a kernel function lead; 0: nowhere. Any context. */
unsigned long nooks_domain_routed(const struct nooks_domain *domain, unsigned long target)
{
	const struct nooks_route *route = domain->routes;

	for (; READ_ONCE(route->target); route++)
		if (route->target == target)
			return route->stub;
	return 0;
}

/** nooks_domain_open - allow entries. Any context but NMI. */
void nooks_domain_open(struct nooks_domain *domain)
{
	set_open(domain, true);
}
NOOKS_EXPORT_FOR_TESTS(nooks_domain_open);

/** nooks_domain_close - refuse entries; threads inside go on. Any context but NMI. */
void nooks_domain_close(struct nooks_domain *domain)
{
	set_open(domain, false);
}
NOOKS_EXPORT_FOR_TESTS(nooks_domain_close);

/**
 * nooks_domain_fail_incarnation - close a domain and have all threads inside unwound
 * @domain: the domain
 * @incarnation: of the crossing that found the failure
 *
 * Threads notice when they come back from an interrupt or a kernel call. Any context but NMI.
 * Return: true for the first failure of this incarnation, false for all others.
 */
bool nooks_domain_fail_incarnation(struct nooks_domain *domain, unsigned long incarnation)
{
	unsigned long flags;
	bool first;

	raw_spin_lock_irqsave(&domain->stack_lock, flags);
	first = domain->incarnation == incarnation;
	if (first) {
		domain->open = false;
		WRITE_ONCE(domain->incarnation, incarnation + 1);
	}
	raw_spin_unlock_irqrestore(&domain->stack_lock, flags);
	return first;
}
NOOKS_EXPORT_FOR_TESTS(nooks_domain_fail_incarnation);

/**
 * nooks_domain_wait_idle - wait until no thread is inside a closed domain
 * @domain: the domain
 * @timeout: in jiffies
 *
 * Context: may sleep. Return: jiffies left, 0 if threads are still inside.
 */
long nooks_domain_wait_idle(struct nooks_domain *domain, long timeout)
{
	return wait_event_timeout(domain->idle, !READ_ONCE(domain->nr_used), timeout);
}
NOOKS_EXPORT_FOR_TESTS(nooks_domain_wait_idle);

/* Why this machine can't have domains; NULL if it can. */
static const char * __init unsupported(void)
{
	if (boot_cpu_has(X86_FEATURE_PTI))
		return "page-table isolation is on: boot with nopti (the CPU is safe from Meltdown if it says so in /sys/devices/system/cpu/vulnerabilities/meltdown)";
	if (boot_cpu_has(X86_FEATURE_XENPV))
		return "this is a Xen PV guest: use HVM or PVH";
	if (cc_platform_has(CC_ATTR_GUEST_STATE_ENCRYPT) ||
	    cc_platform_has(CC_ATTR_GUEST_MEM_ENCRYPT))
		return "this is an encrypted guest (SEV or TDX)";
	/* The kernel's way of interrupts is another one; and no code of domains, or that leads there, has ENDBR. */
#ifdef X86_FEATURE_FRED
	if (cpu_feature_enabled(X86_FEATURE_FRED))
		return "interrupts are delivered by FRED: boot with fred=off";
#endif
	if (IS_ENABLED(CONFIG_X86_KERNEL_IBT) && boot_cpu_has(X86_FEATURE_IBT))
		return "indirect branch tracking is on: boot with ibt=off";
	if (!boot_cpu_has(X86_FEATURE_NX))
		return "the CPU does not have, or the BIOS hides, the no-execute bit";
	return NULL;
}

/**
 * nooks_domains_init - ready the machine for domains
 * @ops: what to do about faults
 *
 * Context: module init. Return: 0 or a negative errno, logged, with everything as before.
 */
int __init nooks_domains_init(const struct nooks_fault_ops *ops)
{
	const char *why = unsupported();
	int ret;

	if (why) {
		pr_err("not supported here: %s\n", why);
		return -EOPNOTSUPP;
	}
	pgd_block = (void *)__get_free_pages(GFP_KERNEL | __GFP_ZERO, NOOKS_DOMAINS_ORDER);
	if (!pgd_block)
		return -ENOMEM;
	nooks_pgd_base = __sme_pa(pgd_block);
	nooks_pgd_size = PAGE_SIZE << NOOKS_DOMAINS_ORDER;
	nooks_fault_init(ops);
	ret = nooks_tlb_init();
	if (ret)
		goto free;
	ret = nooks_gates_init();
	if (ret)
		goto tlb;
	return 0;
tlb:
	nooks_tlb_exit();
free:
	free_pages((unsigned long)pgd_block, NOOKS_DOMAINS_ORDER);
	return ret;
}

/** nooks_domains_exit - undo nooks_domains_init(); no domain is left. Context: may sleep. */
void nooks_domains_exit(void)
{
	nooks_gates_exit();
	nooks_tlb_exit();
	free_pages((unsigned long)pgd_block, NOOKS_DOMAINS_ORDER);
}
