// SPDX-License-Identifier: GPL-2.0
/*
 * RCU. A driver embeds an rcu_head in what it wants to free; the kernel queues one of its own, whose
 * function calls the driver's, or frees the memory. A driver that is going waits by rcu_barrier()
 * until its functions have been called, in the domain; what is left at recovery is not called.
 */
#include <linux/mm.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include "../nooks/driver.h"
#include "../objtracker/instance.h"
#include "generated.h"

/**
 * struct nooks_rcu - kernel instance of an rcu_head
 * @instance: in the driver's table; of kfree_rcu() without a head, start is the memory to free.
 *	RCU has a reference until it has called back
 * @rcu: the kernel's
 * @free: what to free, or NULL: the function is called
 * @called: RCU has called back
 */
struct nooks_rcu {
	struct nooks_instance instance;
	struct rcu_head rcu;
	void *free;
	bool called;
};

NOOKS_INSTANCE(rcu)

/* The object's memory is nobody's any more. */
static void release(struct nooks_object *object)
{
	struct nooks_rcu *r = rcu_of(object);

	/* One that is called after the driver is gone would not find it. */
	if (!smp_load_acquire(&r->called))
		rcu_barrier();
}

static const struct nooks_object_class rcu_class = {
	.name = "rcu_head",
	.phase = NOOKS_PHASE_CALLS,
	.release = release,
	.size = sizeof(struct nooks_rcu),
};

static void call_back(struct rcu_head *head)
{
	struct nooks_rcu *r = container_of(head, struct nooks_rcu, rcu);
	struct nooks_object *object = &r->instance.object;
	const unsigned long args[6] = { object->start };
	struct nooks_driver *driver = object->driver;
	unsigned long ret;

	/* Recovery has released it, or the head is free for another use from now on. */
	object = nooks_object_remove(driver, &rcu_class, (void *)args[0]);
	if (object && WARN_ON_ONCE(rcu_of(object) != r))
		object = NULL;
	if (object && r->free) {
		nooks_objects_forget(driver, r->free, nooks_heap_size(&driver->heap, r->free));
		nooks_heap_free(&driver->heap, r->free);
	} else if (object) {
		nooks_call_stub(r->instance.stub, args, &ret);
	}
	if (object)
		nooks_object_free(object);
	/* Pairs with the look in release(), which lets the driver go. */
	smp_store_release(&r->called, true);
	nooks_instance_put(&r->instance);
}

/* Have RCU call back for the head or memory at @key. */
static void defer(struct nooks_crossing *x, unsigned long key, const void *stub, void *free,
		  const char *fn)
{
	struct nooks_driver *driver = nooks_driver_of(x);
	struct nooks_object *object;
	struct nooks_rcu *r;

	if (nooks_crossing_stale(x))
		return;
	object = nooks_object_add(driver, &rcu_class, (void *)key, sizeof(struct rcu_head), 0,
				  GFP_ATOMIC | __GFP_NOWARN);
	if (!object) {
		bool twice = nooks_object_find(driver, &rcu_class, (void *)key);

		nooks_fail(x, twice ? NOOKS_BAD_ARGUMENT : NOOKS_OUT_OF_RESOURCES, key, "%s: %s", fn,
			   twice ? "called before, and not over" : "no memory");
		return;
	}
	r = rcu_of(object);
	r->free = free;
	r->instance.stub = (struct nooks_stub *)stub;
	nooks_instance_hold(&r->instance);
	call_rcu(&r->rcu, call_back);
}

/* void call_rcu(struct rcu_head *head, rcu_callback_t func) */
NOOKS_WRAPPER(call_rcu)
{
	struct nooks_stub *stub = nooks_stub_find(nooks_driver_of(x), (void *)a1);

	if (!nooks_arg_writable(x, (void *)a0, sizeof(struct rcu_head), false, "call_rcu", "head"))
		return 0;
	if (stub)
		defer(x, a0, stub, NULL, "call_rcu");
	else
		nooks_fail(x, NOOKS_BAD_ARGUMENT, a1, "call_rcu: func is not one of the driver's");
	return 0;
}

/*
 * void kvfree_call_rcu(struct rcu_head *head, rcu_callback_t func): func is the offset of the head in
 * the memory, or without a head the memory.
 */
NOOKS_WRAPPER(kvfree_call_rcu)
{
	unsigned long key = a0 ? a0 : a1;
	void *p = (void *)(a0 ? a0 - a1 : a1);

	if (nooks_heap_size(&nooks_driver_of(x)->heap, p))
		defer(x, key, NULL, p, "kvfree_call_rcu");
	else
		nooks_fail(x, NOOKS_BAD_ARGUMENT, (unsigned long)p,
			   "kvfree_call_rcu: not an allocation of this domain");
	return 0;
}
