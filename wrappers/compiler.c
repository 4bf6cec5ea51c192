// SPDX-License-Identifier: GPL-2.0
/* What the compiler and the kernel's own inline functions call in a driver's name. */
#include <linux/sched.h>
#include "../nooks/driver.h"
#include "generated.h"

NOOKS_WRAPPER(__SCT__cond_resched)
{
	if (!nooks_may_sleep(x, "cond_resched"))
		return 0;
	return cond_resched();
}

/* The canary of a function's frame was overwritten. */
NOOKS_WRAPPER(__stack_chk_fail)
{
	nooks_fail(x, NOOKS_STACK_OVERFLOW, x->domain_sp, "a stack frame was overrun");
	return 0;
}

/* A string function found that its buffer is too small for its arguments. */
NOOKS_WRAPPER(fortify_panic)
{
	const char *name = (const char *)a0;

	if (nooks_arg_string(x, name, 64, false, "fortify_panic", "name"))
		nooks_fail(x, NOOKS_BAD_ARGUMENT, 0, "%s: a buffer overflow", name);
	return 0;
}
