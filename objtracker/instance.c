// SPDX-License-Identifier: GPL-2.0
/* Kernel instances of objects that drivers embed in their own memory. */
#include "../nooks/driver.h"
#include "instance.h"

#define NR_LOCKDEP_KEYS	1024

static struct nooks_instance *to_instance(struct nooks_object *object)
{
	return object ? container_of(object, struct nooks_instance, object) : NULL;
}

/** nooks_instance_find - a reference to the instance for a driver's address, or NULL */
struct nooks_instance *nooks_instance_find(struct nooks_crossing *x,
					   const struct nooks_object_class *class,
					   unsigned long start)
{
	return to_instance(nooks_object_get(nooks_driver_of(x), class, (void *)start));
}

/**
 * nooks_instance_create - find or create an instance at an address that the caller has checked
 * @x: the crossing
 * @class: of the instance
 * @start: the driver's address
 * @size: of the kernel's type there
 * @gfp: for a new one
 *
 * Context: any but NMI, as @gfp says. Return: a reference, or NULL when the domain has failed.
 */
struct nooks_instance *nooks_instance_create(struct nooks_crossing *x,
					     const struct nooks_object_class *class,
					     unsigned long start, size_t size, gfp_t gfp)
{
	struct nooks_driver *driver = nooks_driver_of(x);
	struct nooks_instance *instance = nooks_instance_find(x, class, start);

	if (instance)
		return instance;
	/* A thread that is being unwound must not leave behind what recovery has released. */
	if (nooks_crossing_stale(x))
		return NULL;
	instance = to_instance(nooks_object_get_or_add(driver, class, (void *)start, size, 0,
						       gfp | __GFP_NOWARN));
	if (!instance)
		nooks_fail(x, NOOKS_OUT_OF_RESOURCES, start,
			   "no memory for a %s, or too many objects", class->name);
	return instance;
}

/** nooks_instance_get - as nooks_instance_create(), for an address that comes from the driver */
struct nooks_instance *nooks_instance_get(struct nooks_crossing *x,
					  const struct nooks_object_class *class,
					  unsigned long start, size_t size, gfp_t gfp)
{
	if (!nooks_may_write(x->domain, (void *)start, size)) {
		nooks_fail(x, NOOKS_BAD_ARGUMENT, start,
			   "a %s outside the driver's memory", class->name);
		return NULL;
	}
	return nooks_instance_create(x, class, start, size, gfp);
}

/**
 * nooks_instance_set_stub - note which function of the driver an instance calls back
 * @x: the crossing
 * @instance: of @x's driver
 * @fn: what the driver has given as its function
 *
 * Context: any but NMI. Return: false if @fn is no entry stub; the domain has failed then.
 */
bool nooks_instance_set_stub(struct nooks_crossing *x, struct nooks_instance *instance,
			     const void *fn)
{
	struct nooks_stub *stub = nooks_stub_find(nooks_driver_of(x), fn);

	if (!stub) {
		nooks_fail(x, NOOKS_BAD_ARGUMENT, (unsigned long)fn,
			   "%s at %#lx: its function is not one of the driver's",
			   instance->object.class->name, instance->object.start);
		return false;
	}
	WRITE_ONCE(instance->stub, stub);
	return true;
}

/** nooks_instance_theirs - the driver's object, if the kernel may store to it. Any context but NMI. */
void *nooks_instance_theirs(const struct nooks_instance *instance)
{
	const struct nooks_object *object = &instance->object;
	void *theirs = (void *)object->start;

	return nooks_object_tracked(object) &&
	       nooks_may_write(object->driver->domain, theirs, object->size) ? theirs : NULL;
}

/**
 * nooks_instance_call - call the driver's function back
 * @instance: with a reference held
 *
 * A closed domain, or one that fails in the call, needs no answer here: these functions return
 * nothing. Context: any but NMI; sleeps only if the function does.
 */
void nooks_instance_call(struct nooks_instance *instance)
{
	const unsigned long args[6] = { instance->object.start };
	struct nooks_stub *stub = READ_ONCE(instance->stub);
	unsigned long ret;

	if (stub && nooks_object_tracked(&instance->object))
		nooks_call_stub(stub, args, &ret);
}

/**
 * nooks_lockdep_key - a lock class for one kernel instance
 *
 * All instances in one class would be one lock to lockdep, and most of what it found be false. Keys
 * are static, since instances die in any context, and go round. Any context.
 */
struct lock_class_key *nooks_lockdep_key(void)
{
	static struct lock_class_key keys[NR_LOCKDEP_KEYS];
	static atomic_t next;

	return &keys[(unsigned int)atomic_inc_return(&next) % NR_LOCKDEP_KEYS];
}
