// SPDX-License-Identifier: GPL-2.0
/*
 * Notifiers. The kernel links a notifier_block of its own, whose function calls the driver's with the
 * driver's block; the kernel's chains never lead into memory that a driver can write.
 */
#include <linux/inetdevice.h>
#include <linux/netdevice.h>
#include <linux/notifier.h>
#include <linux/reboot.h>
#include <linux/slab.h>
#include <linux/suspend.h>
#include <net/netevent.h>
#include "../nooks/driver.h"
#include "generated.h"

/**
 * struct chain - a list of notifiers that the kernel has
 * @name: of the function that registers
 * @add: registers
 * @remove: undoes it
 */
struct chain {
	const char *name;
	int (*add)(struct notifier_block *nb);
	int (*remove)(struct notifier_block *nb);
};

/**
 * struct nooks_notifier - a registration
 * @object: start is the driver's block
 * @nb: the kernel's
 * @stub: of the driver's function
 * @chain: where it is registered
 */
struct nooks_notifier {
	struct nooks_object object;
	struct notifier_block nb;
	struct nooks_stub *stub;
	const struct chain *chain;
};

static struct nooks_notifier *to_notifier(struct nooks_object *object)
{
	return container_of(object, struct nooks_notifier, object);
}

/* A driver that fails, or says nonsense, has nothing to say. */
static int notify(struct notifier_block *nb, unsigned long action, void *data)
{
	struct nooks_notifier *n = container_of(nb, struct nooks_notifier, nb);
	const unsigned long args[6] = { n->object.start, action, (unsigned long)data };
	unsigned long ret;

	if (nooks_call_stub(n->stub, args, &ret) != NOOKS_CALL_DONE)
		return NOTIFY_DONE;
	return (int)ret & (NOTIFY_STOP_MASK | 0xfff);
}

static void release(struct nooks_object *object)
{
	struct nooks_notifier *n = to_notifier(object);

	n->chain->remove(&n->nb);
}

static const struct nooks_object_class notifier_class = {
	.name = "notifier",
	.phase = NOOKS_PHASE_CALLS,
	.release = release,
	.size = sizeof(struct nooks_notifier),
};

static int add(struct nooks_crossing *x, unsigned long addr, const struct chain *chain)
{
	const struct notifier_block *theirs = (struct notifier_block *)addr;
	struct nooks_driver *driver = nooks_driver_of(x);
	struct nooks_object *object;
	struct nooks_notifier *n;
	struct nooks_stub *stub;
	int ret;

	if (!nooks_may_sleep(x, chain->name) ||
	    !nooks_arg_readable(x, theirs, sizeof(*theirs), false, chain->name, "nb"))
		return 0;
	stub = nooks_stub_find(driver, READ_ONCE(theirs->notifier_call));
	if (!stub) {
		nooks_fail(x, NOOKS_BAD_ARGUMENT, addr,
			   "%s: notifier_call is not one of the driver's functions", chain->name);
		return 0;
	}
	object = nooks_object_add(driver, &notifier_class, theirs, sizeof(*theirs), 0, GFP_KERNEL);
	if (!object)
		return nooks_object_find(driver, &notifier_class, theirs) ? -EEXIST : -ENOMEM;
	n = to_notifier(object);
	n->nb.notifier_call = notify;
	n->nb.priority = READ_ONCE(theirs->priority);
	n->stub = stub;
	n->chain = chain;
	ret = chain->add(&n->nb);
	if (ret) {
		object = nooks_object_remove(driver, &notifier_class, theirs);
		if (object)
			nooks_object_free(object);
	}
	return ret;
}

static int remove(struct nooks_crossing *x, unsigned long addr, const struct chain *chain)
{
	struct nooks_driver *driver = nooks_driver_of(x);
	struct nooks_object *object;
	int ret;

	if (!nooks_may_sleep(x, chain->name))
		return 0;
	object = nooks_object_remove(driver, &notifier_class, (void *)addr);
	if (!object)
		return -ENOENT;
	ret = to_notifier(object)->chain->remove(&to_notifier(object)->nb);
	nooks_object_free(object);
	return ret;
}

#define CHAIN(register_fn, unregister_fn)						\
static const struct chain chain_##register_fn = {					\
	.name = #register_fn,								\
	.add = register_fn,								\
	.remove = unregister_fn,							\
};											\
NOOKS_WRAPPER(register_fn)								\
{											\
	return add(x, a0, &chain_##register_fn);					\
}											\
NOOKS_WRAPPER(unregister_fn)								\
{											\
	return remove(x, a0, &chain_##register_fn);					\
}

CHAIN(register_netdevice_notifier, unregister_netdevice_notifier)
CHAIN(register_inetaddr_notifier, unregister_inetaddr_notifier)
CHAIN(register_netevent_notifier, unregister_netevent_notifier)
CHAIN(register_reboot_notifier, unregister_reboot_notifier)
CHAIN(register_pm_notifier, unregister_pm_notifier)

/* The kernel calls the function above: nothing binds a stub to this role. */
unsigned long nooks_r_notifier(struct nooks_stub *stub, const struct nooks_role *role,
			       unsigned long *args)
{
	WARN_ON_ONCE(1);
	return NOTIFY_DONE;
}
