// SPDX-License-Identifier: GPL-2.0
/*
 * Tracing. All tracepoints are passed in the kernel's view, on a kernel stack. Those of kernel calls cost
 * nothing while they are off: switch.S calls wrappers through a table, and another table takes its place
 * when one of them is switched on.
 */
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/sched/clock.h>
#include "../domains/switch.h"
#include "driver.h"
#include "imports.h"
#include "inject.h"

#define CREATE_TRACE_POINTS
#include "tracepoints.h"

#if IS_ENABLED(CONFIG_KUNIT)	/* the suite of the tracker has a tracker of its own */
EXPORT_TRACEPOINT_SYMBOL_GPL(nooks_object_add);
EXPORT_TRACEPOINT_SYMBOL_GPL(nooks_object_remove);
#endif

/* How many of the events of kernel calls are on; under the mutex. */
static unsigned int calls_on;
static DEFINE_MUTEX(calls_mutex);

/** nooks_traced_call - in the place of each wrapper, while kernel calls are traced */
unsigned long nooks_traced_call(unsigned long a0, unsigned long a1, unsigned long a2,
				unsigned long a3, unsigned long a4, unsigned long a5,
				struct nooks_crossing *x)
{
	const struct nooks_import *import = &nooks_imports[x->import];
	const unsigned long args[] = { a0, a1, a2, a3, a4, a5 };
	const char *driver = nooks_driver_of(x)->name;
	unsigned long ret;
	u64 begin;

	trace_nooks_call(driver, import->name, args);
	if (unlikely(nooks_inject_call(nooks_driver_of(x)))) {
		nooks_fail(x, NOOKS_BAD_ARGUMENT, a0, "%s: fails, as was asked for", import->name);
		return 0;
	}
	begin = local_clock();
	ret = import->wrapper(a0, a1, a2, a3, a4, a5, x);
	trace_nooks_return(driver, import->name, nooks_crossing_stale(x), ret,
			   local_clock() - begin);
	return ret;
}

/** nooks_trace_calls_on - an event of kernel calls is switched on. May sleep. Return: 0. */
int nooks_trace_calls_on(void)
{
	mutex_lock(&calls_mutex);
	if (!calls_on++)
		nooks_imports_trace(true);
	mutex_unlock(&calls_mutex);
	return 0;
}

/** nooks_trace_calls_off - and off */
void nooks_trace_calls_off(void)
{
	mutex_lock(&calls_mutex);
	if (!--calls_on)
		nooks_imports_trace(false);
	mutex_unlock(&calls_mutex);
}
