// SPDX-License-Identifier: GPL-2.0
/*
 * Threads of a driver that wait for each other, for ever: a mutex against another one, a work that is waited for with rtnl held,
 * which it wants itself. Where a wrapper lets a thread sleep for what another thread may have, it notes what that is;
 * some of these can also stop sleeping when the domain fails. These look from time to time whether the way from
 * holder to holder leads back to themselves. Then nobody of them would ever go on, and the driver has failed.
 *
 * Who waits for what nobody holds, such as a completion, has no holder here, and is not found.
 */
#include <linux/sched.h>
#include "../nooks/driver.h"
#include "deadlock.h"

void nooks_wait_begin(struct nooks_crossing *x, struct task_struct *(*holder)(const void *what), const void *what)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&x->domain->stack_lock, flags);
	x->wait.holder = holder;
	x->wait.what = what;
	raw_spin_unlock_irqrestore(&x->domain->stack_lock, flags);
}

void nooks_wait_end(struct nooks_crossing *x)
{
	nooks_wait_begin(x, NULL, NULL);
}

/* Who has what a thread waits for; NULL: nobody, or it does not wait. A thread may be in the domain several times. */
static struct task_struct *holder_for(struct nooks_domain *domain, const struct task_struct *task)
{
	struct nooks_stack *stack;

	lockdep_assert_held(&domain->stack_lock);
	nooks_for_each_used_stack(stack, domain) {
		const struct nooks_crossing *x = stack->crossing;

		if (x->task == task && x->wait.holder)
			return x->wait.holder(x->wait.what);
	}
	return NULL;
}

bool nooks_wait_is_endless(struct nooks_crossing *x, const char *fn)
{
	struct nooks_domain *domain = x->domain;
	const struct task_struct *task = x->task;
	unsigned int n = 0;
	unsigned long flags;

	raw_spin_lock_irqsave(&domain->stack_lock, flags);
	do
		task = holder_for(domain, task);
	while (task && task != x->task && ++n < domain->nr_used);
	raw_spin_unlock_irqrestore(&domain->stack_lock, flags);
	if (task != x->task)
		return false;
	nooks_fail(x, NOOKS_DEADLOCK, 0, "%s: it waits for a thread that waits for it", fn);
	return true;
}
