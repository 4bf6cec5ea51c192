// SPDX-License-Identifier: GPL-2.0
/*
 * Faults on request. The next call of the driver that comes in the wanted context runs, in the domain
 * and on its stack, a few instructions that do wrong in the place of the driver's function.
 */
#include <linux/jiffies.h>
#include <linux/kernel.h>
#include <linux/preempt.h>
#include <linux/sched.h>
#include <linux/string.h>
#include "driver.h"
#include "faults.h"
#include "inject.h"

enum { CONTEXT_ANY, CONTEXT_PROCESS, CONTEXT_SOFTIRQ, CONTEXT_HARDIRQ };
static const char * const contexts[] = { "any", "process", "softirq", "hardirq" };

/* The addresses are code and data of the kernel; as in drivers-under-test/native_fault.c. */
static const struct {
	const char *name;
	unsigned long (*fn)(unsigned long addr);
	unsigned long addr;
} faults[] = {
	{ "wild-write", nooks_fault_wild_write, (unsigned long)schedule },
	{ "null", nooks_fault_null_read },
	{ "bad-jump", nooks_fault_bad_jump, (unsigned long)&jiffies },
	{ "bad-instruction", nooks_fault_bad_instruction },
	{ "bad-argument", nooks_fault_bad_argument, (unsigned long)&jiffies },
};

static int context_now(void)
{
	return in_hardirq() ? CONTEXT_HARDIRQ : in_serving_softirq() ? CONTEXT_SOFTIRQ :
	       CONTEXT_PROCESS;
}

/**
 * nooks_inject_request - have a driver do wrong at its next call
 * @driver: the driver
 * @request: "KIND" or "KIND CONTEXT"
 *
 * Any context. Return: 0 or -EINVAL.
 */
int nooks_inject_request(struct nooks_driver *driver, const char *request)
{
	char kind[24], context[16] = "any";
	int i, c;

	if (sscanf(request, "%23s %15s", kind, context) < 1)
		return -EINVAL;
	c = match_string(contexts, ARRAY_SIZE(contexts), context);
	for (i = 0; c >= 0 && i < ARRAY_SIZE(faults); i++) {
		if (strcmp(kind, faults[i].name))
			continue;
		WRITE_ONCE(driver->inject, (i + 1) << 8 | c);
		return 0;
	}
	return -EINVAL;
}

/**
 * nooks_inject_entry - what to call instead of a driver's function
 * @driver: with a fault requested
 * @stub: what the kernel calls
 * @args: in and out: the argument registers
 * @injected: storage for the new ones
 *
 * Return: address to call in the domain.
 */
unsigned long nooks_inject_entry(struct nooks_driver *driver, const struct nooks_stub *stub,
				 const unsigned long **args, unsigned long *injected)
{
	unsigned int request = READ_ONCE(driver->inject), context = request & 0xff;
	unsigned int i = (request >> 8) - 1;

	if (!request || (context != CONTEXT_ANY && context != context_now()) ||
	    cmpxchg(&driver->inject, request, 0) != request)
		return stub->fn;
	memset(injected, 0, 6 * sizeof(*injected));
	injected[0] = faults[i].addr;
	*args = injected;
	return (unsigned long)faults[i].fn;
}
