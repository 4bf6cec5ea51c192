// SPDX-License-Identifier: GPL-2.0
/*
 * CPU hotplug. A driver's states have instances, each by an hlist_node in the driver's memory: the
 * kernel links nodes of its own, and the functions that it calls, which are ours, enter the driver's
 * with the driver's node. A dead driver objects to nothing.
 */
#include <linux/cpuhotplug.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include "../nooks/driver.h"
#include "args.h"
#include "generated.h"
#include "net.h"

#define NAME_MAX_LEN	64

/**
 * struct nooks_cpuhp_state - a state that a driver has set up
 * @object: start is the number of the state
 * @startup: entry stub, or NULL
 * @teardown: ditto
 * @name: of the state, for the kernel to keep
 * @instances: that were added and not yet removed; under cpuhp_mutex
 */
struct nooks_cpuhp_state {
	struct nooks_object object;
	struct nooks_stub *startup;
	struct nooks_stub *teardown;
	char *name;
	unsigned int instances;
};

/**
 * struct nooks_cpuhp_node - an instance
 * @object: start is the driver's node
 * @node: what the kernel links
 * @state: of which it is one; outlives it
 */
struct nooks_cpuhp_node {
	struct nooks_object object;
	struct hlist_node node;
	struct nooks_cpuhp_state *state;
};

/* Protects the counts of instances. Not held while the kernel calls the driver. */
static DEFINE_MUTEX(cpuhp_mutex);

static struct nooks_cpuhp_state *to_state(struct nooks_object *object)
{
	return container_of(object, struct nooks_cpuhp_state, object);
}

static struct nooks_cpuhp_node *to_cpuhp_node(struct nooks_object *object)
{
	return container_of(object, struct nooks_cpuhp_node, object);
}

static void release_state(struct nooks_object *object)
{
	__cpuhp_remove_state(object->start, false);
	kfree(to_state(object)->name);
}

static void count(struct nooks_cpuhp_state *state, int change)
{
	mutex_lock(&cpuhp_mutex);
	state->instances += change;
	mutex_unlock(&cpuhp_mutex);
}

static void remove_instance(struct nooks_cpuhp_node *n, bool invoke)
{
	__cpuhp_state_remove_instance(n->state->object.start, &n->node, invoke);
	count(n->state, -1);
}

static void release_node(struct nooks_object *object)
{
	remove_instance(to_cpuhp_node(object), false);
}

static const struct nooks_object_class state_class = {
	.name = "CPU hotplug state",
	.phase = NOOKS_PHASE_CALLS,
	.release = release_state,
	.size = sizeof(struct nooks_cpuhp_state),
};

/* Younger than their states, so released before them. */
static const struct nooks_object_class node_class = {
	.name = "CPU hotplug instance",
	.phase = NOOKS_PHASE_CALLS,
	.release = release_node,
	.size = sizeof(struct nooks_cpuhp_node),
};

static int call(unsigned int cpu, struct hlist_node *node, bool startup)
{
	const struct nooks_role *role = &nooks_roles[startup ? NOOKS_ROLE___cpuhp_setup_state_startup :
							       NOOKS_ROLE___cpuhp_setup_state_teardown];
	struct nooks_cpuhp_node *n = container_of(node, struct nooks_cpuhp_node, node);
	struct nooks_stub *stub = startup ? n->state->startup : n->state->teardown;
	unsigned long args[6] = { cpu, n->object.start };

	return stub ? (int)nooks_call_role(stub, role, args) : 0;
}

static int startup(unsigned int cpu, struct hlist_node *node)
{
	return call(cpu, node, true);
}

static int teardown(unsigned int cpu, struct hlist_node *node)
{
	return call(cpu, node, false);
}

/*
 * int __cpuhp_setup_state(enum cpuhp_state state, const char *name, bool invoke,
 *			   int (*startup)(unsigned int cpu), int (*teardown)(unsigned int cpu),
 *			   bool multi_instance)
 */
NOOKS_WRAPPER(__cpuhp_setup_state)
{
	static const char fn[] = "__cpuhp_setup_state";
	struct nooks_driver *driver = nooks_driver_of(x);
	enum cpuhp_state number = (int)a0;
	struct nooks_object *object;
	char *name;
	int ret;

	if (!nooks_may_take_cpus(x, fn) ||
	    !nooks_arg_string(x, (char *)a1, NAME_MAX_LEN, false, fn, "name") ||
	    !nooks_arg_callback(x, (void *)a3, NOOKS_ROLE___cpuhp_setup_state_startup, true, fn,
				"startup") ||
	    !nooks_arg_callback(x, (void *)a4, NOOKS_ROLE___cpuhp_setup_state_teardown, true, fn,
				"teardown"))
		return 0;
	/* Without instances there is nothing that tells whose function to call. */
	if (!(u8)a5)
		return -EOPNOTSUPP;

	name = kzalloc(NAME_MAX_LEN, GFP_KERNEL);
	if (!name)
		return -ENOMEM;
	nooks_copy_string(name, (char *)a1, NAME_MAX_LEN);
	ret = cpuhp_setup_state_multi(number, name, a3 ? startup : NULL, a4 ? teardown : NULL);
	if (ret < 0)
		goto free;
	/* A number that was asked for; or one that the kernel has chosen. */
	number = ret ?: number;
	object = nooks_object_add(driver, &state_class, (void *)(long)number, 1, NOOKS_TYPE_none,
				  GFP_KERNEL);
	if (!object) {
		__cpuhp_remove_state(number, false);
		ret = -ENOMEM;
		goto free;
	}
	to_state(object)->startup = nooks_stub_find(driver, (void *)a3);
	to_state(object)->teardown = nooks_stub_find(driver, (void *)a4);
	to_state(object)->name = name;
	return ret;
free:
	kfree(name);
	return ret;
}

/* The driver's state of a number; NULL: it has none, and the domain has failed. */
static struct nooks_cpuhp_state *find_state(struct nooks_crossing *x, unsigned long number,
					    const char *fn)
{
	struct nooks_object *object = nooks_object_find(nooks_driver_of(x), &state_class,
							(void *)(long)(int)number);

	if (object)
		return to_state(object);
	nooks_fail(x, NOOKS_BAD_ARGUMENT, number, "%s: no state that the driver has set up", fn);
	return NULL;
}

/* void __cpuhp_remove_state(enum cpuhp_state state, bool invoke) */
NOOKS_WRAPPER(__cpuhp_remove_state)
{
	static const char fn[] = "__cpuhp_remove_state";
	struct nooks_cpuhp_state *state;
	unsigned int instances;

	if (!nooks_may_take_cpus(x, fn))
		return 0;
	state = find_state(x, a0, fn);
	if (!state)
		return 0;
	mutex_lock(&cpuhp_mutex);
	instances = state->instances;
	mutex_unlock(&cpuhp_mutex);
	if (!nooks_arg_require(x, !instances, fn, "its instances are removed") ||
	    !nooks_object_remove(nooks_driver_of(x), &state_class, (void *)state->object.start))
		return 0;
	release_state(&state->object);
	nooks_object_free(&state->object);
	return 0;
}

/* int __cpuhp_state_add_instance(enum cpuhp_state state, struct hlist_node *node, bool invoke) */
NOOKS_WRAPPER(__cpuhp_state_add_instance)
{
	static const char fn[] = "__cpuhp_state_add_instance";
	struct nooks_driver *driver = nooks_driver_of(x);
	struct nooks_cpuhp_state *state;
	struct nooks_object *object;
	int ret;

	if (!nooks_may_take_cpus(x, fn) ||
	    !nooks_arg_writable(x, (void *)a1, sizeof(struct hlist_node), false, fn, "node"))
		return 0;
	state = find_state(x, a0, fn);
	if (!state)
		return 0;
	object = nooks_object_add(driver, &node_class, (void *)a1, sizeof(struct hlist_node),
				  NOOKS_TYPE_none, GFP_KERNEL);
	if (!object)
		return nooks_object_find(driver, &node_class, (void *)a1) ? -EBUSY : -ENOMEM;
	to_cpuhp_node(object)->state = state;
	count(state, 1);
	ret = __cpuhp_state_add_instance(state->object.start, &to_cpuhp_node(object)->node, (u8)a2);
	if (ret && nooks_object_remove(driver, &node_class, (void *)a1)) {
		count(state, -1);
		nooks_object_free(object);
	}
	return ret;
}

/* int __cpuhp_state_remove_instance(enum cpuhp_state state, struct hlist_node *node, bool invoke) */
NOOKS_WRAPPER(__cpuhp_state_remove_instance)
{
	static const char fn[] = "__cpuhp_state_remove_instance";
	struct nooks_object *object;

	if (!nooks_may_take_cpus(x, fn))
		return 0;
	object = nooks_object_remove(nooks_driver_of(x), &node_class, (void *)a1);
	if (!object) {
		nooks_fail(x, NOOKS_BAD_ARGUMENT, a1, "%s: not added", fn);
		return 0;
	}
	remove_instance(to_cpuhp_node(object), (u8)a2);
	nooks_object_free(object);
	return 0;
}
