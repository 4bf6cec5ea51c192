// SPDX-License-Identifier: GPL-2.0
/*
 * Domain stacks. One is taken for each crossing; they are made beforehand, since file systems are
 * entered from memory reclaim and interrupt handlers from anywhere. vmalloc gives each a guard page.
 */
#include <linux/slab.h>
#include <linux/vmalloc.h>
#include "domain.h"

static int add_stack(struct nooks_domain *domain)
{
	struct nooks_stack *stack = kzalloc(sizeof(*stack), GFP_KERNEL);
	unsigned long flags;
	int ret;

	if (!stack)
		return -ENOMEM;
	stack->base = __vmalloc(NOOKS_STACK_SIZE, GFP_KERNEL | __GFP_ZERO);
	if (!stack->base) {
		kfree(stack);
		return -ENOMEM;
	}
	ret = nooks_grant_write(domain, stack->base, NOOKS_STACK_SIZE, GFP_KERNEL);
	if (ret) {
		nooks_revoke(domain, stack->base, NOOKS_STACK_SIZE);
		vfree(stack->base);
		kfree(stack);
		return ret;
	}
	/*
	 * A CPU that knows an older path to there would fault where it has no place to push the fault's
	 * frame: whoever gets this stack flushes first.
	 */
	nooks_tlb_raise(domain);
	raw_spin_lock_irqsave(&domain->stack_lock, flags);
	list_add(&stack->list, &domain->stacks);
	stack->next = domain->free_stacks;
	domain->free_stacks = stack;
	domain->nr_stacks++;
	raw_spin_unlock_irqrestore(&domain->stack_lock, flags);
	return 0;
}

static unsigned int nr_free(const struct nooks_domain *domain)
{
	return READ_ONCE(domain->nr_stacks) - READ_ONCE(domain->nr_used);
}

/** nooks_stacks_grow - make more stacks, as work */
void nooks_stacks_grow(struct work_struct *work)
{
	struct nooks_domain *domain = container_of(work, struct nooks_domain, grow);

	while (nr_free(domain) < 2 * NOOKS_STACKS_RESERVE &&
	       READ_ONCE(domain->nr_stacks) < READ_ONCE(domain->max_stacks) && !add_stack(domain))
		wake_up_all(&domain->room);
}

/**
 * nooks_stacks_create - make a domain's stacks
 * @domain: the domain, its tables made
 *
 * Context: may sleep. Return: 0 or -ENOMEM; on failure call nooks_stacks_destroy().
 */
int nooks_stacks_create(struct nooks_domain *domain)
{
	unsigned int n = NOOKS_STACKS_MIN + NOOKS_STACKS_PER_CPU * num_online_cpus();
	int ret = 0;

	while (n-- && !ret)
		ret = add_stack(domain);
	return ret;
}

/**
 * nooks_stacks_reserve - threads are going to sleep in a domain: many at a time
 * @domain: the domain
 * @n: how many stacks it is to have now; more are made when they run short
 *
 * Context: may sleep. Return: 0 or -ENOMEM.
 */
int nooks_stacks_reserve(struct nooks_domain *domain, unsigned int n)
{
	int ret = 0;

	while (READ_ONCE(domain->nr_stacks) < n && !ret)
		ret = add_stack(domain);
	WRITE_ONCE(domain->max_stacks, NOOKS_STACKS_MAX);
	return ret;
}

/**
 * nooks_stack_wait - as nooks_stack_get(), waiting for a free one
 * @domain: the domain
 * @x: the crossing
 *
 * What is wanted may be given back only when the caller has gone on, so more are made meanwhile. Context:
 * may sleep.
 */
struct nooks_stack *nooks_stack_wait(struct nooks_domain *domain, struct nooks_crossing *x)
{
	struct nooks_stack *stack = NULL;

	wait_event(domain->room, (stack = nooks_stack_get(domain, x)) || !READ_ONCE(domain->open));
	return stack;
}

/** nooks_stacks_destroy - free a domain's stacks; none is in use and no CPU holds its tables */
void nooks_stacks_destroy(struct nooks_domain *domain)
{
	struct nooks_stack *stack, *next;

	cancel_work_sync(&domain->grow);
	WARN_ON_ONCE(domain->nr_used);
	list_for_each_entry_safe(stack, next, &domain->stacks, list) {
		vfree(stack->base);
		kfree(stack);
	}
}

/**
 * nooks_stack_get - take a stack for a crossing, if the domain is open
 * @domain: the domain
 * @x: the crossing
 *
 * Sets the crossing's incarnation; the domain's cannot change between that and the count of
 * stacks in use, so a domain that is closed and idle stays so. Any context but NMI. Return: NULL if the
 * domain is closed or out of stacks.
 */
struct nooks_stack *nooks_stack_get(struct nooks_domain *domain, struct nooks_crossing *x)
{
	struct nooks_stack *stack = NULL;
	unsigned long flags;

	raw_spin_lock_irqsave(&domain->stack_lock, flags);
	if (domain->open) {
		stack = domain->free_stacks;
		if (stack) {
			domain->free_stacks = stack->next;
			domain->nr_used++;
			stack->crossing = x;
			x->incarnation = domain->incarnation;
		}
	}
	raw_spin_unlock_irqrestore(&domain->stack_lock, flags);
	if (domain->max_stacks && nr_free(domain) < NOOKS_STACKS_RESERVE)
		schedule_work(&domain->grow);
	return stack;
}

static unsigned int count_spins(const struct nooks_crossing *x, const void *lock)
{
	const struct nooks_spins *spins = nooks_spins_of(x);
	unsigned int i, n = 0, nr = min_t(u32, READ_ONCE(spins->nr), NOOKS_MAX_SPINS);

	for (i = 0; i < nr; i++)
		n += READ_ONCE(spins->locks[i]) == lock;
	return n;
}

/**
 * nooks_stack_spins - count the notes of a spinning lock that is the driver's own
 * @x: a crossing that wants it, in a kernel call
 * @lock: the lock
 *
 * Whoever holds such a lock is not preempted. So it is for ever that @x waits for one that this thread has
 * noted, or what it has interrupted. Any context but NMI. Return: how often these have, @x included.
 */
unsigned int nooks_stack_spins(const struct nooks_crossing *x, const void *lock)
{
	struct nooks_domain *domain = x->domain;
	const struct nooks_stack *stack;
	unsigned int n = 0;
	unsigned long flags;

	raw_spin_lock_irqsave(&domain->stack_lock, flags);
	nooks_for_each_used_stack(stack, domain) {
		if (stack->crossing->task == current && stack->crossing->reserved)
			n += count_spins(stack->crossing, lock);
	}
	raw_spin_unlock_irqrestore(&domain->stack_lock, flags);
	return n;
}

/** nooks_stack_put - give a stack back. Any context but NMI. */
void nooks_stack_put(struct nooks_domain *domain, struct nooks_stack *stack)
{
	unsigned long flags;
	bool wake, room;

	raw_spin_lock_irqsave(&domain->stack_lock, flags);
	stack->crossing = NULL;
	stack->next = domain->free_stacks;
	domain->free_stacks = stack;
	domain->nr_used--;
	wake = !domain->open && !domain->nr_used;
	room = domain->max_stacks && nr_free(domain) <= NOOKS_STACKS_RESERVE;
	raw_spin_unlock(&domain->stack_lock);
	/* With interrupts off: give_slot() waits for that before the domain is freed. */
	if (wake)
		wake_up_all(&domain->idle);
	if (room)
		wake_up(&domain->room);
	local_irq_restore(flags);
}
