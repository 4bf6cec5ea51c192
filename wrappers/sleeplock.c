// SPDX-License-Identifier: GPL-2.0
/*
 * Locks that a thread may sleep for: mutexes and reader-writer semaphores.
 *
 * Sleeping for one of the driver's own ends when the domain fails, and fails it if its holder waits for this thread. That is why the
 * kernel's functions, which can't stop to wait, are only asked to try. A lock of a kernel object is the kernel's to wait for.
 */
#include <linux/sched.h>
#include <linux/slab.h>
#include "../nooks/driver.h"
#include "args.h"
#include "deadlock.h"
#include "generated.h"
#include "lock.h"

static void init_mutex(struct nooks_object *object)
{
	struct nooks_lock *lock = lock_of(object);

	init_waitqueue_head(&lock->freed);
	mutex_init(&lock->mutex);
	lockdep_set_class(&lock->mutex, nooks_lockdep_key());
	lock->target.mutex = nooks_lock_is_kernels(object) ? (void *)object->start : &lock->mutex;
}

static void init_sem(struct nooks_object *object)
{
	struct nooks_lock *lock = lock_of(object);

	init_waitqueue_head(&lock->freed);
	init_rwsem(&lock->sem);
	lockdep_set_class(&lock->sem, nooks_lockdep_key());
	lock->target.sem = nooks_lock_is_kernels(object) ? (void *)object->start : &lock->sem;
}

static const struct nooks_lock_kind mutex_class =
	NOOKS_LOCK_KIND("mutex", init_mutex, struct mutex, "owner.counter");
static const struct nooks_lock_kind sem_class =
	NOOKS_LOCK_KIND("rw_semaphore", init_sem, struct rw_semaphore, "count.counter");

static struct task_struct *owner_of(const void *lock)
{
	return READ_ONCE(((const struct nooks_lock *)lock)->owner);
}

/* Who has slept for long comes first: there is no queue, and others may be quicker each time, or read without end. */
static bool take(struct nooks_lock *lock, enum hold_kind kind)
{
	struct task_struct *next = READ_ONCE(lock->next);

	return (!next || next == current) && nooks_lock_try(lock, kind);
}

/* As the kernel does for a mutex: while its owner runs, it is not worth to sleep. */
static bool spin_on_owner(struct nooks_crossing *x, struct nooks_lock *lock, enum hold_kind kind)
{
	struct task_struct *owner;
	bool taken = false;

	rcu_read_lock();
	while (!taken && !need_resched() && !nooks_crossing_stale(x)) {
		owner = READ_ONCE(lock->owner);
		if (!owner || !owner_on_cpu(owner))
			break;
		taken = take(lock, kind);
		cpu_relax();
	}
	rcu_read_unlock();
	return taken;
}

/* Return: less than 0 for a signal. */
static long sleep_a_while(struct nooks_crossing *x, struct nooks_lock *lock, enum hold_kind kind,
			  unsigned int state, bool *taken)
{
#define OVER ((*taken = take(lock, kind)) || nooks_crossing_stale(x))
	switch (state) {
	case TASK_INTERRUPTIBLE:
		return wait_event_interruptible_timeout(lock->freed, OVER, NOOKS_DEADLOCK_LOOK);
	case TASK_KILLABLE:
		return wait_event_killable_timeout(lock->freed, OVER, NOOKS_DEADLOCK_LOOK);
	default:
		return wait_event_timeout(lock->freed, OVER, NOOKS_DEADLOCK_LOOK);
	}
#undef OVER
}

static int lock_own(struct nooks_crossing *x, struct nooks_lock *lock, enum hold_kind kind,
		    unsigned int state, const char *fn)
{
	bool taken = false;
	long ret;

	might_sleep();
	/* For lockdep, which learns nothing from a try. */
	if (kind == HOLD_MUTEX)
		might_lock(&lock->mutex);
	else if (kind == HOLD_DOWN_READ)
		might_lock_read(&lock->sem);
	else
		might_lock(&lock->sem);
	if (take(lock, kind) || spin_on_owner(x, lock, kind))
		return 0;
	nooks_wait_begin(x, owner_of, lock);
	for (;;) {
		ret = sleep_a_while(x, lock, kind, state, &taken);
		if (taken || ret < 0 || nooks_crossing_stale(x) || nooks_wait_is_endless(x, fn))
			break;
		cmpxchg(&lock->next, NULL, current);
	}
	nooks_wait_end(x);
	if (cmpxchg(&lock->next, current, NULL) == current)
		nooks_lock_wake(lock);
	return taken ? 0 : -EINTR;
}

/* Its holder may be anybody, and wakes nobody here. */
static int lock_kernels(struct nooks_lock *lock, enum hold_kind kind, unsigned int state)
{
	switch (kind) {
	case HOLD_MUTEX:
		if (state == TASK_INTERRUPTIBLE)
			return mutex_lock_interruptible(lock->target.mutex);
		if (state == TASK_KILLABLE)
			return mutex_lock_killable(lock->target.mutex);
		mutex_lock(lock->target.mutex);
		return 0;
	case HOLD_DOWN_READ:
		if (state == TASK_INTERRUPTIBLE)
			return down_read_interruptible(lock->target.sem);
		if (state == TASK_KILLABLE)
			return down_read_killable(lock->target.sem);
		down_read(lock->target.sem);
		return 0;
	default:
		if (state == TASK_KILLABLE)
			return down_write_killable(lock->target.sem);
		down_write(lock->target.sem);
		return 0;
	}
}

/* Take a lock that the thread may sleep for, in this state. Return: 0, or an error: a signal, or the domain has failed. */
static int lock_sleeping(struct nooks_crossing *x, struct nooks_lock *lock, enum hold_kind kind,
			 unsigned int state, const char *fn)
{
	int ret;

	if ((unsigned long)lock->target.spin != lock->instance.object.start)
		return lock_own(x, lock, kind, state, fn);
	nooks_wait_begin(x, owner_of, lock);
	ret = lock_kernels(lock, kind, state);
	nooks_wait_end(x);
	return ret;
}

static bool holds(struct nooks_crossing *x, const struct nooks_lock *lock)
{
	struct nooks_hold *hold;

	list_for_each_entry(hold, &x->held, list)
		if (hold->lock == lock)
			return true;
	return false;
}

/* @state: to sleep in; 0: only try. Return: 0 or an error. */
static int lock_down(struct nooks_crossing *x, const struct nooks_lock_kind *class, unsigned long addr, enum hold_kind kind,
		     unsigned int state, const char *fn)
{
	struct nooks_hold *hold;
	struct nooks_lock *lock;
	int err;

	if (state && !nooks_may_sleep(x, fn))
		return -EINTR;
	lock = nooks_lock_get(x, class, addr, state ? GFP_NOIO : GFP_ATOMIC);
	if (!lock)
		return -EINTR;
	if (state && (READ_ONCE(lock->owner) == current || holds(x, lock))) {
		nooks_fail(x, NOOKS_BAD_ARGUMENT, addr, "%s: this thread holds it already", fn);
		nooks_lock_put(lock);
		return -EINTR;
	}
	hold = nooks_lock_is_reading(kind) ? kmalloc(sizeof(*hold), state ? GFP_NOIO : GFP_ATOMIC) : &lock->hold;
	if (!hold) {
		nooks_fail(x, NOOKS_OUT_OF_RESOURCES, addr, "no memory to hold a rw_semaphore");
		nooks_lock_put(lock);
		return -EINTR;
	}
	if (state)
		err = lock_sleeping(x, lock, kind, state, fn);
	else
		err = nooks_lock_try(lock, kind) ? 0 : -EBUSY;
	if (!err) {
		nooks_hold_add(x, lock, hold, kind);
		return 0;
	}
	if (nooks_lock_is_reading(kind))
		kfree(hold);
	nooks_lock_put(lock);
	return err;
}

NOOKS_WRAPPER(mutex_lock)
{
	lock_down(x, &mutex_class, a0, HOLD_MUTEX, TASK_UNINTERRUPTIBLE, "mutex_lock");
	return 0;
}

NOOKS_WRAPPER(mutex_lock_interruptible)
{
	return lock_down(x, &mutex_class, a0, HOLD_MUTEX, TASK_INTERRUPTIBLE, "mutex_lock_interruptible");
}

NOOKS_WRAPPER(mutex_lock_killable)
{
	return lock_down(x, &mutex_class, a0, HOLD_MUTEX, TASK_KILLABLE, "mutex_lock_killable");
}

NOOKS_WRAPPER(mutex_trylock)
{
	return !lock_down(x, &mutex_class, a0, HOLD_MUTEX, 0, "mutex_trylock");
}

NOOKS_WRAPPER(mutex_unlock)
{
	nooks_hold_release(x, a0, HOLD_MUTEX);
	return 0;
}

NOOKS_WRAPPER(mutex_is_locked)
{
	struct nooks_lock *lock = nooks_lock_get(x, &mutex_class, a0, GFP_ATOMIC);
	bool locked = lock && mutex_is_locked(lock->target.mutex);

	if (lock)
		nooks_lock_put(lock);
	return locked;
}

/* void __mutex_init(struct mutex *lock, const char *name, struct lock_class_key *key) */
NOOKS_WRAPPER(__mutex_init)
{
	static struct lock_class_key key;

	if (!nooks_arg_writable(x, (void *)a0, sizeof(struct mutex), false, "__mutex_init", "lock"))
		return 0;
	/* Nobody ever takes this one; a later use of the address gets a fresh instance. */
	nooks_objects_forget(nooks_driver_of(x), (void *)a0, 1);
	__mutex_init((struct mutex *)a0, "driver's", &key);
	return 0;
}

/* Reader-writer semaphores */

NOOKS_WRAPPER(down_read)
{
	lock_down(x, &sem_class, a0, HOLD_DOWN_READ, TASK_UNINTERRUPTIBLE, "down_read");
	return 0;
}

NOOKS_WRAPPER(down_read_interruptible)
{
	return lock_down(x, &sem_class, a0, HOLD_DOWN_READ, TASK_INTERRUPTIBLE, "down_read_interruptible");
}

NOOKS_WRAPPER(down_read_killable)
{
	return lock_down(x, &sem_class, a0, HOLD_DOWN_READ, TASK_KILLABLE, "down_read_killable");
}

NOOKS_WRAPPER(down_read_trylock)
{
	return !lock_down(x, &sem_class, a0, HOLD_DOWN_READ, 0, "down_read_trylock");
}

NOOKS_WRAPPER(down_write)
{
	lock_down(x, &sem_class, a0, HOLD_DOWN_WRITE, TASK_UNINTERRUPTIBLE, "down_write");
	return 0;
}

NOOKS_WRAPPER(down_write_killable)
{
	return lock_down(x, &sem_class, a0, HOLD_DOWN_WRITE, TASK_KILLABLE, "down_write_killable");
}

NOOKS_WRAPPER(down_write_trylock)
{
	return !lock_down(x, &sem_class, a0, HOLD_DOWN_WRITE, 0, "down_write_trylock");
}

NOOKS_WRAPPER(up_read)
{
	nooks_hold_release(x, a0, HOLD_DOWN_READ);
	return 0;
}

NOOKS_WRAPPER(up_write)
{
	nooks_hold_release(x, a0, HOLD_DOWN_WRITE);
	return 0;
}

/* void downgrade_write(struct rw_semaphore *sem): the hold of the one writer becomes a reader's */
NOOKS_WRAPPER(downgrade_write)
{
	struct nooks_hold *hold = nooks_hold_find(x, a0, HOLD_DOWN_WRITE);
	struct nooks_hold *reader = hold ? kmalloc(sizeof(*reader), GFP_ATOMIC) : NULL;
	struct nooks_lock *lock;

	if (!hold)
		return 0;
	if (!reader) {
		nooks_fail(x, NOOKS_OUT_OF_RESOURCES, a0, "no memory to hold a rw_semaphore");
		return 0;
	}
	lock = hold->lock;
	WRITE_ONCE(lock->owner, NULL);
	list_del(&hold->list);
	downgrade_write(lock->target.sem);
	nooks_lock_wake(lock);
	nooks_hold_add(x, lock, reader, HOLD_DOWN_READ);
	return 0;
}

/* void __init_rwsem(struct rw_semaphore *sem, const char *name, struct lock_class_key *key) */
NOOKS_WRAPPER(__init_rwsem)
{
	static struct lock_class_key key;

	if (!nooks_arg_writable(x, (void *)a0, sizeof(struct rw_semaphore), false, "__init_rwsem",
				"sem"))
		return 0;
	nooks_objects_forget(nooks_driver_of(x), (void *)a0, 1);
	__init_rwsem((struct rw_semaphore *)a0, "driver's", &key);
	return 0;
}

#ifdef CONFIG_DEBUG_LOCK_ALLOC
/* The names that kernels with lockdep use. */
#define NESTED(nested, plain)								\
NOOKS_WRAPPER(nested)									\
{											\
	return nooks_w_##plain(a0, 0, 0, 0, 0, 0, x);					\
}

NESTED(mutex_lock_nested, mutex_lock)
NESTED(mutex_lock_interruptible_nested, mutex_lock_interruptible)
NESTED(mutex_lock_killable_nested, mutex_lock_killable)
NESTED(down_read_nested, down_read)
NESTED(down_read_killable_nested, down_read_killable)
NESTED(down_write_nested, down_write)
NESTED(down_write_killable_nested, down_write_killable)
#endif
