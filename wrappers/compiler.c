// SPDX-License-Identifier: GPL-2.0
/* What the compiler and the kernel's own inline functions call in a driver's name. */
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include "../nooks/driver.h"
#include "generated.h"

NOOKS_WRAPPER(__SCT__cond_resched)
{
	if (!nooks_may_sleep(x, "cond_resched"))
		return 0;
	return cond_resched();
}

/* might_sleep(), on a kernel whose preemption is chosen at boot */
NOOKS_WRAPPER(__SCT__might_resched)
{
	if (nooks_may_sleep(x, "might_resched"))
		cond_resched();
	return 0;
}

/* void refcount_warn_saturate(refcount_t *r, enum refcount_saturation_type t) */
NOOKS_WRAPPER(refcount_warn_saturate)
{
	nooks_fail(x, NOOKS_DRIVER_BUG, a0, "a reference count was put too often, or overflows");
	return 0;
}

NOOKS_WRAPPER(__rcu_read_lock)
{
	__rcu_read_lock();
	return 0;
}

NOOKS_WRAPPER(__rcu_read_unlock)
{
	if (rcu_preempt_depth() > x->rcu_nesting)
		__rcu_read_unlock();
	else
		nooks_fail(x, NOOKS_UNBALANCED, 0, "rcu_read_unlock without rcu_read_lock");
	return 0;
}

/* The canary of a function's frame was overwritten. */
NOOKS_WRAPPER(__stack_chk_fail)
{
	nooks_fail(x, NOOKS_STACK_OVERFLOW, x->domain_sp, "a stack frame was overrun");
	return 0;
}

/* A string function found that its buffer is too small for its arguments. */
NOOKS_WRAPPER(__fortify_panic)
{
	nooks_fail(x, NOOKS_BAD_ARGUMENT, a2, "a buffer overflow: %lu bytes, where there are %lu", a2, a1);
	return 0;
}

NOOKS_WRAPPER(fortify_panic)
{
	const char *name = (const char *)a0;

	if (nooks_arg_string(x, name, 64, false, "fortify_panic", "name"))
		nooks_fail(x, NOOKS_BAD_ARGUMENT, 0, "%s: a buffer overflow", name);
	return 0;
}
