/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Kernel instances: the kernel never links or spins on a lock, timer, work or the like that lies in
 * memory that the driver can write. It uses an instance of its own, which the driver's address
 * leads to.
 */
#ifndef NOOKS_INSTANCE_H
#define NOOKS_INSTANCE_H

#include "object.h"

struct nooks_crossing;
struct nooks_stub;

/**
 * struct nooks_instance - the kernel's side of an object that a driver has embedded in its memory
 * @object: in the driver's table: start is the driver's address, class->forget is set and
 *	class->init makes the kernel's object, which lies behind this structure
 * @stub: entry stub of the function that it calls back, NULL if none is known; written by
 *	wrappers, read by the callback
 *
 * Lifetime: each user holds a reference; so does what the kernel has queued or armed, until it has
 * called back or was cancelled. When the driver frees its memory, an instance without users goes.
 */
struct nooks_instance {
	struct nooks_object object;
	struct nooks_stub *stub;
};

/*
 * Find or create the instance of the object at @start; @size is what the kernel's type takes
 * there. NULL: the address is not the driver's or there is no memory, and the domain has failed;
 * the wrapper returns. Give it back by nooks_instance_put(). Any context but NMI, as @gfp says.
 */
struct nooks_instance *nooks_instance_get(struct nooks_crossing *x,
					  const struct nooks_object_class *class,
					  unsigned long start, size_t size, gfp_t gfp);
/* As above, for an address that the caller has checked. */
struct nooks_instance *nooks_instance_create(struct nooks_crossing *x,
					     const struct nooks_object_class *class,
					     unsigned long start, size_t size, gfp_t gfp);
/* Only find it; NULL if there is none, which is no failure. */
struct nooks_instance *nooks_instance_find(struct nooks_crossing *x,
					   const struct nooks_object_class *class,
					   unsigned long start);
/*
 * What the driver has put as its function: an entry stub, kept in @instance; false: it is none,
 * and the domain has failed.
 */
bool nooks_instance_set_stub(struct nooks_crossing *x, struct nooks_instance *instance,
			     const void *fn);
/*
 * The kernel calls back: run the driver's function with the driver's address, unless it was
 * released.
 */
void nooks_instance_call(struct nooks_instance *instance);
/*
 * The driver's object, for the kernel to look at and to store to; NULL if its memory was freed or
 * it was released.
 */
void *nooks_instance_theirs(const struct nooks_instance *instance);

/*
 * From an instance, or from the tracked object in it, to the structure around it:
 * NOOKS_INSTANCE(timer) makes to_timer() and timer_of() for struct nooks_timer, whose member
 * "instance" it is. NULL leads to NULL.
 */
#define NOOKS_INSTANCE(name)								\
static inline struct nooks_##name *to_##name(struct nooks_instance *instance)		\
{											\
	return instance ? container_of(instance, struct nooks_##name, instance) : NULL;	\
}											\
static inline struct nooks_##name *name##_of(struct nooks_object *object)		\
{											\
	return object ? container_of(object, struct nooks_##name, instance.object) : NULL;	\
}

static inline void nooks_instance_hold(struct nooks_instance *instance)
{
	refcount_inc(&instance->object.refs);
}

/* NULL is good. */
static inline void nooks_instance_put(struct nooks_instance *instance)
{
	if (instance)
		nooks_object_free(&instance->object);
}

/*
 * Release the locks that a thread holds in the driver's name, after its crossing has ended or was
 * unwound; called with interrupts off by the thread itself: wrappers/lock.c
 */
struct lock_class_key;
struct lock_class_key *nooks_lockdep_key(void);
#ifdef CONFIG_LOCKDEP
/* lockdep's books on what the kernel has for a driver's timer or work */
#define nooks_lockdep_own(object) lockdep_init_map(&(object)->lockdep_map, "nooks", nooks_lockdep_key(), 0)
#else
#define nooks_lockdep_own(object) do { } while (0)
#endif
void nooks_locks_release(struct nooks_crossing *x);
/* And rtnl, once interrupts are on again. */
void nooks_rtnl_release(struct nooks_crossing *x);

#endif
