/* SPDX-License-Identifier: GPL-2.0 */
/* Locks of drivers: what those that spin (lock.c) and those that sleep (sleeplock.c) have in common. */
#ifndef NOOKS_LOCK_H
#define NOOKS_LOCK_H

#include <linux/mutex.h>
#include <linux/rwsem.h>
#include <linux/spinlock.h>
#include <linux/wait.h>
#include "../nooks/driver.h"
#include "../objtracker/instance.h"
#include "hold.h"

/**
 * struct nooks_lock - a lock as the kernel sees it
 * @instance: in the driver's table
 * @rw: the kernel's instance
 * @mutex: ditto
 * @sem: ditto
 * @target: what is taken: the above, or the lock in a kernel object
 * @cpu: where the holder of a spinning lock runs, -1: not held or for reading only. Written by the
 *	holder
 * @owner: holder of a mutex, or writer of a rw_semaphore; ditto
 * @hold: of the one holder; readers have one each of their own
 * @freed: who sleeps for it, if it is the driver's own
 * @next: who has slept for it for long, and gets it before all others; only compared
 */
struct nooks_lock {
	struct nooks_instance instance;
	union {
		rwlock_t rw;
		struct mutex mutex;
		struct rw_semaphore sem;
	};
	union {
		raw_spinlock_t *spin;
		rwlock_t *rw;
		struct mutex *mutex;
		struct rw_semaphore *sem;
	} target;
	int cpu;
	struct task_struct *owner;
	struct nooks_hold hold;
	wait_queue_head_t freed;
	struct task_struct *next;
};

/**
 * struct nooks_lock_kind - a kind of lock, as drivers have them
 * @object: its class of tracked objects
 * @size: of the kernel's type
 * @field: what the name of a field in a kernel object contains that is such a lock
 */
struct nooks_lock_kind {
	struct nooks_object_class object;
	size_t size;
	const char *field;
};

NOOKS_INSTANCE(lock)

#define NOOKS_LOCK_KIND(text, init_fn, type, field_name) {				\
	.object = {								\
		.name = text,							\
		.phase = NOOKS_PHASE_MEMORY,					\
		.size = sizeof(struct nooks_lock),				\
		.init = init_fn,						\
		.forget = true,						\
	},									\
	.size = sizeof(type),							\
	.field = field_name,							\
}

/* Is it in a kernel object, and not in the driver's memory? */
static inline bool nooks_lock_is_kernels(const struct nooks_object *object)
{
	return !nooks_may_write(object->driver->domain, (void *)object->start, object->size);
}

/* Of several readers each has a hold of its own. */
static inline bool nooks_lock_is_reading(enum hold_kind kind)
{
	return kind == HOLD_READ || kind == HOLD_DOWN_READ;
}

static inline bool nooks_lock_sleeps(enum hold_kind kind)
{
	return kind == HOLD_MUTEX || kind == HOLD_DOWN_READ || kind == HOLD_DOWN_WRITE;
}

/* It may be had: who sleeps for it tries again. */
static inline void nooks_lock_wake(struct nooks_lock *lock)
{
	if (wq_has_sleeper(&lock->freed))
		wake_up(&lock->freed);
}

/* A reference to the lock at an address; NULL: there is none, and the domain has failed. Any context but NMI, as @gfp says. */
struct nooks_lock *nooks_lock_get(struct nooks_crossing *x, const struct nooks_lock_kind *class, unsigned long addr, gfp_t gfp);
void nooks_lock_put(struct nooks_lock *lock);
bool nooks_lock_try(struct nooks_lock *lock, enum hold_kind kind);

/* The thread has taken a lock: the reference to it is now the hold's. */
void nooks_hold_add(struct nooks_crossing *x, struct nooks_lock *lock, struct nooks_hold *hold, enum hold_kind kind);
/* The hold of a lock at an address; NULL: this call has none, and the domain has failed. */
struct nooks_hold *nooks_hold_find(struct nooks_crossing *x, unsigned long addr, enum hold_kind kind);
/* Let go of it. False: ditto. */
bool nooks_hold_release(struct nooks_crossing *x, unsigned long addr, enum hold_kind kind);

#endif
