// SPDX-License-Identifier: GPL-2.0
/*
 * Faults on request. The next call of the driver that comes in the wanted context runs, in the domain
 * and on its stack, a few instructions that do wrong in the place of the driver's function.
 */
#define pr_fmt(fmt) "nooks: " fmt
#include <linux/jiffies.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/preempt.h>
#include <linux/sched.h>
#include <linux/sched/clock.h>
#include <linux/slab.h>
#include <linux/string.h>
#include "../objtracker/store.h"
#include "../wrappers/buffer.h"
#include "../wrappers/fs.h"
#include "driver.h"
#include "faults.h"
#include "inject.h"
#include "tracepoints.h"

enum { CONTEXT_ANY, CONTEXT_PROCESS, CONTEXT_SOFTIRQ, CONTEXT_HARDIRQ };
static const char * const contexts[] = { "any", "process", "softirq", "hardirq" };

/* The addresses are code and data of the kernel; as in drivers-under-test/native_fault.c. */
static const struct {
	const char *name;
	unsigned long (*fn)(unsigned long addr);
	unsigned long addr;
} faults[] = {
	{ "wild-write", nooks_fault_wild_write, (unsigned long)schedule },
	{ "denied-store", nooks_fault_wild_write },	/* see denied_field() */
	{ "null", nooks_fault_null_read },
	{ "bad-jump", nooks_fault_bad_jump, (unsigned long)&jiffies },
	{ "bad-instruction", nooks_fault_bad_instruction },
	{ "bad-argument", nooks_fault_bad_argument, (unsigned long)&jiffies },
	{ "bad-buffer", nooks_fault_bad_buffer, (unsigned long)&jiffies },
	{ "loop", nooks_fault_loop },
	{ "loop-irqs-off", nooks_fault_loop_irqs_off },
	{ "scribble-zero", nooks_fault_scribble, NOOKS_SCRIBBLE_ZERO },
	{ "scribble-ones", nooks_fault_scribble, NOOKS_SCRIBBLE_ONES },
	{ "scribble-random", nooks_fault_scribble, NOOKS_SCRIBBLE_RANDOM },
	{ "scribble-sparse", nooks_fault_scribble, NOOKS_SCRIBBLE_SPARSE },
	{ "scribble-metadata", nooks_fault_scribble, NOOKS_SCRIBBLE_METADATA },
	{ "scribble-inodes", nooks_fault_scribble, NOOKS_SCRIBBLE_INODES },
};

#define STOP		"stop"

#define SCRIBBLE_RANGES	1024	/* in the image and the stacks, beside those of the heap */

static int context_now(void)
{
	return in_hardirq() ? CONTEXT_HARDIRQ : in_serving_softirq() ? CONTEXT_SOFTIRQ :
	       CONTEXT_PROCESS;
}

/* Storage for the ranges: there is no getting it when the call comes. */
static int prepare_scribble(struct nooks_driver *driver)
{
	unsigned int max_ranges = READ_ONCE(driver->heap.limit) + SCRIBBLE_RANGES;
	struct nooks_scribble *s;

	if (READ_ONCE(driver->scribble))
		return 0;
	s = kvzalloc(struct_size(s, ranges, max_ranges), GFP_KERNEL);
	if (!s)
		return -ENOMEM;
	s->max_ranges = max_ranges;
	if (cmpxchg(&driver->scribble, NULL, s))
		kvfree(s);
	return 0;
}

static void append(void *data, unsigned long start, size_t size)
{
	struct nooks_scribble *s = data;
	struct nooks_range *last = s->ranges + s->nr_ranges - 1;

	if (s->nr_ranges && last->start + last->size == start)
		last->size += size;
	else if (s->nr_ranges < s->max_ranges)
		s->ranges[s->nr_ranges++] = (struct nooks_range) { start, size };
}

/* Leave out whole pages around [@start, @start + @size). */
static void leave_out(struct nooks_scribble *s, unsigned long start, size_t size)
{
	unsigned long end = PAGE_ALIGN(start + size);
	unsigned int i, n = s->nr_ranges;

	start &= PAGE_MASK;
	for (i = 0; i < n; i++) {
		struct nooks_range *range = &s->ranges[i];
		unsigned long last = range->start + range->size;

		if (end <= range->start || start >= last)
			continue;
		range->size = start > range->start ? start - range->start : 0;
		if (end < last && s->nr_ranges < s->max_ranges)
			s->ranges[s->nr_ranges++] = (struct nooks_range) { end, last - end };
	}
}

/*
 * Fill in where to scribble: what the domain's tables say that it may write. But not its device's
 * registers, and not what the device takes orders from: those are addresses that it writes to,
 * which nothing but an IOMMU could stop.
 */
static void aim(struct nooks_driver *driver, struct nooks_scribble *s)
{
	struct nooks_object *object;
	unsigned int i, phase, pages = 0;
	unsigned long flags;

	s->nr_ranges = 0;
	if (s->pattern == NOOKS_SCRIBBLE_METADATA) {
		nooks_buffers_each_copy(driver, append, s);
		/* It is not seen to do anything else: that is what a test has to see. */
		for (i = 0; i < s->nr_ranges; i++)
			pages += s->ranges[i].size >> PAGE_SHIFT;
		pr_info("%s: wild writes to %u pages of metadata\n", driver->name, pages);
		return;
	}
	if (s->pattern == NOOKS_SCRIBBLE_INODES) {
		nooks_inodes_each_part(driver, append, s);
		return;
	}
	nooks_for_each_writable(driver->domain, append, s);
	raw_spin_lock_irqsave(&driver->objects.lock, flags);
	nooks_for_each_phase_object(object, phase, &driver->objects)
		if (object->class->device)
			leave_out(s, object->start, object->size);
	raw_spin_unlock_irqrestore(&driver->objects.lock, flags);
}

/* A field that the driver may not write, in an object that it holds; 0: it holds none. */
static unsigned long denied_field(struct nooks_driver *driver)
{
	struct nooks_object *object;
	unsigned long flags, addr = 0;
	unsigned int phase;
	long offset;

	raw_spin_lock_irqsave(&driver->objects.lock, flags);
	nooks_for_each_phase_object(object, phase, &driver->objects) {
		offset = !addr && object->type ? nooks_store_denied_field(object->type) : -1;
		if (offset >= 0)
			addr = object->start + offset;
	}
	raw_spin_unlock_irqrestore(&driver->objects.lock, flags);
	return addr;
}

/* The entry stub of a function of the driver's, by name. */
static struct nooks_stub *find_function(struct nooks_driver *driver, const char *name)
{
	const struct nooks_image *image = READ_ONCE(driver->image);
	unsigned int i;

	for (i = 0; image && i < image->nr_stubs; i++)
		if (!strcmp((const char *)driver->stubs[i].name, name))
			return &driver->stubs[i];
	return NULL;
}

/**
 * nooks_inject_cancel - forget what was asked for
 * @driver: the driver
 *
 * Context: may sleep.
 */
void nooks_inject_cancel(struct nooks_driver *driver)
{
	WRITE_ONCE(driver->inject, 0);
	atomic_set(&driver->inject_calls, 0);
	if (xchg(&driver->inject_traces, false))
		nooks_trace_calls_off();
}

/**
 * nooks_inject_restart - the driver starts again
 * @driver: the driver
 *
 * What waits for the call of a function that has a name goes on waiting: that may be while it starts. Context: may sleep.
 */
void nooks_inject_restart(struct nooks_driver *driver)
{
	if (!READ_ONCE(driver->inject) || !READ_ONCE(driver->inject_into))
		nooks_inject_cancel(driver);
}

/* In the midst of what it does: kernel calls are counted where they are traced. */
static int request_stop(struct nooks_driver *driver, int calls)
{
	nooks_inject_cancel(driver);
	if (!xchg(&driver->inject_traces, true))
		nooks_trace_calls_on();
	atomic_set(&driver->inject_calls, calls);
	return 0;
}

/**
 * nooks_inject_call - is this the kernel call that fails?
 * @driver: the caller
 *
 * Any context. Return: true once, if it was asked for.
 */
bool nooks_inject_call(struct nooks_driver *driver)
{
	return atomic_read(&driver->inject_calls) > 0 && !atomic_dec_return(&driver->inject_calls);
}

/**
 * nooks_inject_request - have a driver do wrong at its next call
 * @driver: the driver
 * @request: "KIND", "KIND CONTEXT" or "KIND CONTEXT FUNCTION": at the next call of that function; or "stop N": in its
 *	Nth call of the kernel from now
 *
 * Context: may sleep. Return: 0, -EINVAL or -ENOMEM.
 */
int nooks_inject_request(struct nooks_driver *driver, const char *request)
{
	char kind[24], context[16] = "any", function[64] = "";
	struct nooks_stub *stub;
	int i, c;

	if (sscanf(request, STOP " %d", &i) == 1)
		return i > 0 ? request_stop(driver, i) : -EINVAL;
	if (sscanf(request, "%23s %15s %63s", kind, context, function) < 1)
		return -EINVAL;
	stub = *function ? find_function(driver, function) : NULL;
	if (*function && !stub)
		return -EINVAL;
	c = match_string(contexts, ARRAY_SIZE(contexts), context);
	for (i = 0; c >= 0 && i < ARRAY_SIZE(faults); i++) {
		if (strcmp(kind, faults[i].name))
			continue;
		if (faults[i].fn == nooks_fault_scribble && prepare_scribble(driver))
			return -ENOMEM;
		nooks_inject_cancel(driver);
		WRITE_ONCE(driver->inject_into, stub);
		/* Pairs with nooks_inject_entry(): who sees the request sees where. */
		smp_store_release(&driver->inject, (i + 1) << 8 | c);
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
	unsigned int request = smp_load_acquire(&driver->inject), context = request & 0xff;
	const struct nooks_stub *into = READ_ONCE(driver->inject_into);
	unsigned int i = (request >> 8) - 1;

	if (!request || (into && into != stub) || (context != CONTEXT_ANY && context != context_now()) ||
	    cmpxchg(&driver->inject, request, 0) != request)
		return stub->fn;
	memset(injected, 0, 6 * sizeof(*injected));
	injected[0] = faults[i].addr;
	if (faults[i].fn == nooks_fault_wild_write && !injected[0])
		injected[0] = denied_field(driver);
	if (faults[i].fn == nooks_fault_scribble) {
		struct nooks_scribble *s = driver->scribble;

		s->pattern = faults[i].addr;
		aim(driver, s);
		s->seed = local_clock() | 1;
		s->fn = stub->fn;
		memcpy(s->args, *args, sizeof(s->args));
		injected[0] = (unsigned long)s;
	}
	*args = injected;
	return (unsigned long)faults[i].fn;
}
