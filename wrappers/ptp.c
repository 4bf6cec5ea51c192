// SPDX-License-Identifier: GPL-2.0
/*
 * PTP hardware clocks. A driver's ptp_clock_info lies in its own memory: the kernel gets a copy, whose
 * functions are the driver's entry stubs; the hook of their roles puts the driver's own structure in the
 * place of the copy. Pins, which the kernel would write to in the driver's memory, are not offered.
 */
#define pr_fmt(fmt) "nooks: " fmt
#include <linux/ptp_clock_kernel.h>
#include <linux/slab.h>
#include "../nooks/driver.h"
#include "args.h"
#include "generated.h"

/**
 * struct nooks_clock - a clock of a driver's
 * @info: the kernel's copy
 * @theirs: the driver's structure
 */
struct nooks_clock {
	struct ptp_clock_info info;
	unsigned long theirs;
};

static void unregister(struct ptp_clock *ptp, unsigned long clock)
{
	ptp_clock_unregister(ptp);	/* waits for the kernel's calls */
	kfree((struct nooks_clock *)clock);
}

/* data[0] is the struct nooks_clock. */
static void release_clock(struct nooks_object *object)
{
	unregister((struct ptp_clock *)object->start, object->data[0]);
}

/* Starts where the kernel's ptp_clock does. */
static const struct nooks_object_class clock_class = {
	.name = "PTP clock",
	.phase = NOOKS_PHASE_CALLS,
	.release = release_clock,
	.size = sizeof(struct nooks_object),
};

/* Hook of all members of ptp_clock_info. */
unsigned long nooks_r_ptp(struct nooks_stub *stub, const struct nooks_role *role,
			  unsigned long *args)
{
	args[0] = ((struct nooks_clock *)args[0])->theirs;
	return nooks_call_role(stub, role, args);
}

/* What the kernel calls without a look. */
static bool has_all(const struct ptp_clock_info *info)
{
#ifdef HAVE_ptp_clock_info_adjfreq
	bool has_frequency = info->adjfine || info->adjfreq;
#else
	bool has_frequency = info->adjfine;
#endif

	return info->enable && info->adjtime && info->settime64 && (info->gettime64 || info->gettimex64) && has_frequency;
}

/* struct ptp_clock *ptp_clock_register(struct ptp_clock_info *info, struct device *parent) */
NOOKS_WRAPPER(ptp_clock_register)
{
	static const char fn[] = "ptp_clock_register";
	struct nooks_driver *driver = nooks_driver_of(x);
	struct device *parent = (struct device *)a1;
	struct nooks_object *object;
	struct nooks_clock *clock;
	struct ptp_clock *ptp;
	const char *why;

	if (!nooks_may_sleep(x, fn) ||
	    !nooks_arg_writable(x, (void *)a0, sizeof(clock->info), false, fn, "info") ||
	    !nooks_arg_object(x, parent, NOOKS_TYPE_device, true, fn, "parent"))
		return 0;
	clock = kzalloc(sizeof(*clock), GFP_KERNEL);
	if (!clock)
		return (unsigned long)ERR_PTR(-ENOMEM);
	clock->info = *(struct ptp_clock_info *)a0;	/* the driver can't change this any more */
	clock->theirs = a0;
	clock->info.owner = driver->module;
	clock->info.name[sizeof(clock->info.name) - 1] = '\0';
	why = nooks_members_bind(driver, &clock->info, NOOKS_OPS_ptp_clock_info);
	if (!why && !has_all(&clock->info))
		why = "a function is missing";
	if (why) {
		nooks_fail(x, NOOKS_BAD_ARGUMENT, a0, "%s: info: %s", fn, why);
		kfree(clock);
		return 0;
	}
	if (clock->info.n_pins)
		pr_info("%s: %s: pins of PTP clocks are not supported\n", driver->name,
			clock->info.name);
	clock->info.n_pins = 0;
	clock->info.pin_config = NULL;

	ptp = ptp_clock_register(&clock->info, parent);
	if (IS_ERR_OR_NULL(ptp)) {
		kfree(clock);
		return (unsigned long)ptp;
	}
	object = nooks_object_add(driver, &clock_class, ptp, 1, NOOKS_TYPE_none, GFP_KERNEL);
	if (!object) {
		unregister(ptp, (unsigned long)clock);
		return (unsigned long)ERR_PTR(-ENOMEM);
	}
	object->data[0] = (unsigned long)clock;
	return (unsigned long)ptp;
}

/* int ptp_clock_unregister(struct ptp_clock *ptp) */
NOOKS_WRAPPER(ptp_clock_unregister)
{
	struct nooks_object *object;

	if (!nooks_may_sleep(x, "ptp_clock_unregister"))
		return 0;
	object = nooks_object_remove(nooks_driver_of(x), &clock_class, (void *)a0);
	if (!object) {
		nooks_fail(x, NOOKS_BAD_ARGUMENT, a0, "ptp_clock_unregister: not registered");
		return 0;
	}
	release_clock(object);
	nooks_object_free(object);
	return 0;
}

/* A clock that the driver has; NULL, with the domain failed, if it is none. Lasts until the driver unregisters it. */
static struct nooks_clock *check_clock(struct nooks_crossing *x, unsigned long ptp, const char *fn)
{
	struct nooks_object *object = nooks_object_get(nooks_driver_of(x), &clock_class, (void *)ptp);
	struct nooks_clock *clock = object ? (void *)object->data[0] : NULL;

	if (object)
		nooks_object_free(object);
	else
		nooks_fail(x, NOOKS_BAD_ARGUMENT, ptp, "%s: no clock of this driver", fn);
	return clock;
}

/* int ptp_clock_index(struct ptp_clock *ptp) */
NOOKS_WRAPPER(ptp_clock_index)
{
	return check_clock(x, a0, "ptp_clock_index") ? ptp_clock_index((struct ptp_clock *)a0) : 0;
}

/* int ptp_find_pin(struct ptp_clock *ptp, enum ptp_pin_function func, unsigned int chan) */
NOOKS_WRAPPER(ptp_find_pin)
{
	return check_clock(x, a0, "ptp_find_pin") ?
	       ptp_find_pin((struct ptp_clock *)a0, a1, a2) : 0;
}

/* int ptp_schedule_worker(struct ptp_clock *ptp, unsigned long delay) */
NOOKS_WRAPPER(ptp_schedule_worker)
{
	return check_clock(x, a0, "ptp_schedule_worker") ?
	       ptp_schedule_worker((struct ptp_clock *)a0, a1) : 0;
}

/* void ptp_clock_event(struct ptp_clock *ptp, struct ptp_clock_event *event) */
NOOKS_WRAPPER(ptp_clock_event)
{
	static const char fn[] = "ptp_clock_event";
	struct nooks_clock *clock = check_clock(x, a0, fn);
	struct ptp_clock_event event;

	if (!clock || !nooks_arg_readable(x, (void *)a1, sizeof(event), false, fn, "event"))
		return 0;
	event = *(struct ptp_clock_event *)a1;
	if (event.type == PTP_CLOCK_EXTTS ||
	    ((event.type == PTP_CLOCK_PPS || event.type == PTP_CLOCK_PPSUSR) && clock->info.pps))
		ptp_clock_event((struct ptp_clock *)a0, &event);
	return 0;
}
