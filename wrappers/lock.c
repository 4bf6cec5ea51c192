// SPDX-License-Identifier: GPL-2.0
/*
 * Locks. A lock that a driver has embedded in its memory stands for a kernel instance: this is what
 * is taken, the driver's own word is never looked at. A lock inside a kernel object that the driver
 * may use is taken as it is. But spinlocks of the driver's own are taken in the domain (spin.c), by
 * their word: here are those of kernel objects only, and what the domain can't do itself.
 *
 * Waiting for a spinning lock ends when the domain fails, and fails it when the holder doesn't let
 * go: another thread of the driver may hold it for ever. So does sleeping for one of the driver's own, and fails the domain
 * if its holder waits for this thread. That is why the kernel's functions are only asked to try.
 */
#include <linux/bottom_half.h>
#include <linux/mutex.h>
#include <linux/rwsem.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/wait.h>
#include "../nooks/driver.h"
#include "../objtracker/instance.h"
#include "deadlock.h"
#include "fs.h"
#include "generated.h"
#include "hold.h"

/* Of several readers each has a hold of its own. */
static bool is_reading(enum hold_kind kind)
{
	return kind == HOLD_READ || kind == HOLD_DOWN_READ;
}

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
};

/**
 * struct lock_kind - a kind of lock, as drivers have them
 * @object: its class of tracked objects
 * @size: of the kernel's type
 * @field: what the name of a field in a kernel object contains that is such a lock
 */
struct lock_kind {
	struct nooks_object_class object;
	size_t size;
	const char *field;
};

NOOKS_INSTANCE(lock)

static bool in_kernel_object(const struct nooks_object *object)
{
	return !nooks_may_write(object->driver->domain, (void *)object->start, object->size);
}

static void init_spin(struct nooks_object *object)
{
	struct nooks_lock *lock = lock_of(object);

	lock->target.spin = (void *)object->start;
	lock->cpu = -1;
}

static void init_rw(struct nooks_object *object)
{
	struct nooks_lock *lock = lock_of(object);

	rwlock_init(&lock->rw);
	lockdep_set_class(&lock->rw, nooks_lockdep_key());
	lock->target.rw = in_kernel_object(object) ? (void *)object->start : &lock->rw;
	lock->cpu = -1;
}

static void init_mutex(struct nooks_object *object)
{
	struct nooks_lock *lock = lock_of(object);

	init_waitqueue_head(&lock->freed);
	mutex_init(&lock->mutex);
	lockdep_set_class(&lock->mutex, nooks_lockdep_key());
	lock->target.mutex = in_kernel_object(object) ? (void *)object->start : &lock->mutex;
}

static void init_sem(struct nooks_object *object)
{
	struct nooks_lock *lock = lock_of(object);

	init_waitqueue_head(&lock->freed);
	init_rwsem(&lock->sem);
	lockdep_set_class(&lock->sem, nooks_lockdep_key());
	lock->target.sem = in_kernel_object(object) ? (void *)object->start : &lock->sem;
}

#define LOCK_CLASS(text, init_fn, type, field_name) {				\
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

static const struct lock_kind spin_class =
	LOCK_CLASS("spinlock", init_spin, raw_spinlock_t, "raw_lock.val");
static const struct lock_kind rw_class =
	LOCK_CLASS("rwlock", init_rw, rwlock_t, "raw_lock.cnts");
static const struct lock_kind mutex_class =
	LOCK_CLASS("mutex", init_mutex, struct mutex, "owner.counter");
static const struct lock_kind sem_class =
	LOCK_CLASS("rw_semaphore", init_sem, struct rw_semaphore, "count.counter");

static bool lock_field(const struct lock_kind *class, unsigned int type, unsigned long offset)
{
	unsigned int i;

	for (i = 0; type < nooks_nr_types && i < nooks_types[type].nr_fields; i++) {
		const struct nooks_field *field = &nooks_types[type].fields[i];

		if (field->offset == offset && strstr(field->name, class->field))
			return true;
	}
	return false;
}

/* Is there such a lock at this address, in a kernel object that the driver has, or that is lent? */
static bool kernel_lock(struct nooks_crossing *x, const struct lock_kind *class,
			unsigned long addr)
{
	const struct dentry *dentry = nooks_dentry_of_file(x, addr);
	struct nooks_object object;
	unsigned int i;

	if (dentry)		/* parent_ino() */
		return lock_field(class, NOOKS_TYPE_dentry, addr - (unsigned long)dentry);
	for (i = 0; i < x->nr_arguments; i++) {
		const struct nooks_argument *arg = &x->arguments[i];

		if (arg->type && addr - arg->start < arg->size)
			return lock_field(class, arg->type, addr - arg->start);
	}
	return nooks_object_containing(nooks_driver_of(x), addr, &object) &&
	       lock_field(class, object.type, addr - object.start);
}

/* A reference to the lock at an address; NULL: there is none, and the domain has failed. */
static struct nooks_lock *lock_get(struct nooks_crossing *x, const struct lock_kind *class,
				   unsigned long addr, gfp_t gfp)
{
	struct nooks_instance *instance = nooks_instance_find(x, &class->object, addr);
	struct nooks_lock *lock;

	if (!instance && kernel_lock(x, class, addr))
		instance = nooks_instance_create(x, &class->object, addr, class->size, gfp);
	else if (!instance)
		instance = nooks_instance_get(x, &class->object, addr, class->size, gfp);
	if (!instance)
		return NULL;
	lock = to_lock(instance);
	/* The kernel object may be gone by now. */
	if ((unsigned long)lock->target.spin == addr && !kernel_lock(x, class, addr)) {
		nooks_fail(x, NOOKS_BAD_ARGUMENT, addr, "no %s there", class->object.name);
		nooks_instance_put(instance);
		return NULL;
	}
	return lock;
}

static void lock_put(struct nooks_lock *lock)
{
	nooks_instance_put(&lock->instance);
}

static bool try_lock(struct nooks_lock *lock, enum hold_kind kind)
{
	switch (kind) {
	case HOLD_SPIN:
		return _raw_spin_trylock(lock->target.spin);
	case HOLD_READ:
		return _raw_read_trylock(lock->target.rw);
	case HOLD_WRITE:
		return _raw_write_trylock(lock->target.rw);
	case HOLD_MUTEX:
		return mutex_trylock(lock->target.mutex);
	case HOLD_DOWN_READ:
		return down_read_trylock(lock->target.sem);
	case HOLD_DOWN_WRITE:
		return down_write_trylock(lock->target.sem);
	default:
		return false;
	}
}

static bool may_sleep_for(enum hold_kind kind)
{
	return kind == HOLD_MUTEX || kind == HOLD_DOWN_READ || kind == HOLD_DOWN_WRITE;
}

static void wake_sleepers(struct nooks_lock *lock)
{
	if (wq_has_sleeper(&lock->freed))
		wake_up(&lock->freed);
}

/* __acquire() is for sparse, which has not seen try_lock() take anything. */
static void unlock(struct nooks_lock *lock, enum hold_kind kind)
{
	switch (kind) {
	case HOLD_SPIN:
		__acquire(lock->target.spin);
		raw_spin_unlock(lock->target.spin);
		break;
	case HOLD_READ:
		__acquire(lock->target.rw);
		read_unlock(lock->target.rw);
		break;
	case HOLD_WRITE:
		__acquire(lock->target.rw);
		write_unlock(lock->target.rw);
		break;
	case HOLD_MUTEX:
		mutex_unlock(lock->target.mutex);
		break;
	case HOLD_DOWN_READ:
		up_read(lock->target.sem);
		break;
	case HOLD_DOWN_WRITE:
		up_write(lock->target.sem);
		break;
	default:
		break;
	}
}

/* The thread has taken a lock: the reference to it is now the hold's. */
static void hold_add(struct nooks_crossing *x, struct nooks_lock *lock, struct nooks_hold *hold,
		     enum hold_kind kind)
{
	hold->lock = lock;
	hold->kind = kind;
	list_add(&hold->list, &x->held);
	if (kind == HOLD_MUTEX || kind == HOLD_DOWN_WRITE)
		WRITE_ONCE(lock->owner, current);
	else if (!is_reading(kind))
		WRITE_ONCE(lock->cpu, smp_processor_id());
}

/* Takes a hold off its crossing's list and lets go of the lock. */
static void hold_drop(struct nooks_hold *hold)
{
	struct nooks_lock *lock = hold->lock;
	enum hold_kind kind = hold->kind;

	list_del(&hold->list);
	if (is_reading(kind))
		kfree(hold);
	else if (kind == HOLD_MUTEX || kind == HOLD_DOWN_WRITE)
		WRITE_ONCE(lock->owner, NULL);
	else
		WRITE_ONCE(lock->cpu, -1);
	unlock(lock, kind);
	if (may_sleep_for(kind))
		wake_sleepers(lock);
	/* What was lent may go unseen: its lock is not remembered. */
	if ((unsigned long)lock->target.spin == lock->instance.object.start) {
		struct nooks_driver *driver = lock->instance.object.driver;
		unsigned long start = lock->instance.object.start;

		lock_put(lock);
		nooks_objects_forget(driver, (void *)start, 1);
		return;
	}
	lock_put(lock);
}

/*
 * Spin until the lock is taken. Not if the domain has failed, maybe only now and because of that.
 */
static bool spin(struct nooks_crossing *x, struct nooks_lock *lock, enum hold_kind kind)
{
	const struct nooks_object *object = &lock->instance.object;
	u64 start = 0;

	while (!try_lock(lock, kind)) {
		if (nooks_crossing_stale(x))
			return false;
		if (READ_ONCE(lock->cpu) == smp_processor_id()) {
			nooks_fail(x, NOOKS_BAD_ARGUMENT, object->start,
				   "%s: this CPU holds it already", object->class->name);
			return false;
		}
		if (!start)
			start = nooks_spin_clock();
		if (nooks_spun_out(start)) {
			nooks_fail(x, NOOKS_TIMEOUT, object->start,
				   "%s: its holder does not let go", object->class->name);
			return false;
		}
		cpu_relax();
	}
	return true;
}

static struct task_struct *owner_of(const void *lock)
{
	return READ_ONCE(((const struct nooks_lock *)lock)->owner);
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
		taken = try_lock(lock, kind);
		cpu_relax();
	}
	rcu_read_unlock();
	return taken;
}

/* Return: less than 0 for a signal. */
static long sleep_a_while(struct nooks_crossing *x, struct nooks_lock *lock, enum hold_kind kind,
			  unsigned int state, bool *taken)
{
#define OVER ((*taken = try_lock(lock, kind)) || nooks_crossing_stale(x))
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

	/* For lockdep, which learns nothing from a try. */
	if (kind == HOLD_MUTEX)
		might_lock(&lock->mutex);
	else if (kind == HOLD_DOWN_READ)
		might_lock_read(&lock->sem);
	else
		might_lock(&lock->sem);
	if (try_lock(lock, kind) || spin_on_owner(x, lock, kind))
		return 0;
	nooks_wait_begin(x, owner_of, lock);
	do
		ret = sleep_a_while(x, lock, kind, state, &taken);
	while (!taken && ret >= 0 && !nooks_crossing_stale(x) && !nooks_wait_is_endless(x, fn));
	nooks_wait_end(x);
	return taken ? 0 : ret < 0 ? ret : -EINTR;
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

/*
 * Take a spinning lock. If that fails, so has the domain: what the caller has done to interrupts
 * and bottom halves is put right when the thread is unwound.
 */
static bool lock_spinning(struct nooks_crossing *x, const struct lock_kind *class,
			  unsigned long addr, enum hold_kind kind, bool wait)
{
	struct nooks_lock *lock = lock_get(x, class, addr, GFP_ATOMIC);
	struct nooks_hold *hold;
	bool taken;

	if (!lock)
		return false;
	hold = kind == HOLD_READ ? kmalloc(sizeof(*hold), GFP_ATOMIC | __GFP_NOWARN) : &lock->hold;
	if (!hold) {
		nooks_fail(x, NOOKS_OUT_OF_RESOURCES, addr, "no memory to hold an rwlock");
		lock_put(lock);
		return false;
	}
	/* As the kernel's own: whoever spins stays on its CPU. */
	preempt_disable();
	taken = wait ? spin(x, lock, kind) : try_lock(lock, kind);
	if (taken) {
		hold_add(x, lock, hold, kind);
	} else {
		if (kind == HOLD_READ)
			kfree(hold);
		lock_put(lock);
	}
	preempt_enable();
	return taken;
}

/*
 * What this thread holds of a lock, in this crossing. Whoever has not taken a lock can't release
 * it.
 */
static struct nooks_hold *held(struct nooks_crossing *x, unsigned long addr, enum hold_kind kind)
{
	struct nooks_hold *hold;

	list_for_each_entry(hold, &x->held, list) {
		if (hold->kind == kind && hold->lock->instance.object.start == addr)
			return hold;
	}
	nooks_fail(x, NOOKS_BAD_ARGUMENT, addr, "lock released that this call does not hold");
	return NULL;
}

static bool hold_release(struct nooks_crossing *x, unsigned long addr, enum hold_kind kind)
{
	struct nooks_hold *hold = held(x, addr, kind);

	if (hold)
		hold_drop(hold);
	return hold;
}

/*
 * Allow bottom halves again, if it is this crossing that has disabled them and interrupts are on.
 */
static void bh_enable(struct nooks_crossing *x, unsigned long addr)
{
	if (softirq_count() <= (x->preempt_count & SOFTIRQ_MASK) || in_hardirq() || irqs_disabled())
		nooks_fail(x, NOOKS_BAD_ARGUMENT, addr,
			   "bottom halves enabled that were not disabled, or with interrupts off");
	else
		local_bh_enable();
}

#define SPINNING_LOCK(prefix, class, kind)						\
NOOKS_WRAPPER(prefix##_lock)								\
{											\
	lock_spinning(x, class, a0, kind, true);					\
	return 0;									\
}											\
NOOKS_WRAPPER(prefix##_lock_bh)								\
{											\
	local_bh_disable();								\
	lock_spinning(x, class, a0, kind, true);					\
	return 0;									\
}											\
NOOKS_WRAPPER(prefix##_lock_irq)							\
{											\
	local_irq_disable();								\
	lock_spinning(x, class, a0, kind, true);					\
	return 0;									\
}											\
NOOKS_WRAPPER(prefix##_lock_irqsave)							\
{											\
	unsigned long flags;								\
											\
	local_irq_save(flags);								\
	lock_spinning(x, class, a0, kind, true);					\
	return flags;									\
}											\
NOOKS_WRAPPER(prefix##_trylock)								\
{											\
	return lock_spinning(x, class, a0, kind, false);				\
}											\
NOOKS_WRAPPER(prefix##_unlock)								\
{											\
	hold_release(x, a0, kind);							\
	return 0;									\
}											\
NOOKS_WRAPPER(prefix##_unlock_bh)							\
{											\
	if (hold_release(x, a0, kind))							\
		bh_enable(x, a0);							\
	return 0;									\
}											\
NOOKS_WRAPPER(prefix##_unlock_irq)							\
{											\
	if (hold_release(x, a0, kind))							\
		local_irq_enable();							\
	return 0;									\
}											\
NOOKS_WRAPPER(prefix##_unlock_irqrestore)						\
{											\
	if (hold_release(x, a0, kind))							\
		local_irq_restore(a1);							\
	return 0;									\
}

SPINNING_LOCK(_raw_read, &rw_class, HOLD_READ)
SPINNING_LOCK(_raw_write, &rw_class, HOLD_WRITE)

static bool is_drivers_own(struct nooks_crossing *x, const raw_spinlock_t *lock)
{
	return nooks_may_write(x->domain, lock, sizeof(*lock));
}

/*
 * Wait until a lock of the driver's own is free. @noted: how often the thread may have noted it; @start: by
 * nooks_spin_clock(), since when it waits. False: the domain has failed.
 */
static bool wait_until_free(struct nooks_crossing *x, const raw_spinlock_t *lock, unsigned int noted,
			    u64 start)
{
	int word;

	if (nooks_stack_spins(x, lock) > noted) {
		nooks_fail(x, NOOKS_BAD_ARGUMENT, (unsigned long)lock,
			   "spinlock: this CPU holds it already");
		return false;
	}
	while (!nooks_crossing_stale(x)) {
		/* Another thread may free what it is in. */
		if (get_kernel_nofault(word, &lock->raw_lock.val.counter) || !word)
			return true;
		if (nooks_spun_out(start)) {
			nooks_fail(x, NOOKS_TIMEOUT, (unsigned long)lock,
				   "spinlock: its holder does not let go");
			return false;
		}
		cpu_relax();
	}
	return false;
}

/**
 * nooks_spin_take - take a spinlock in the driver's own memory, for a wrapper
 * @x: the crossing
 * @lock: the lock, to be released before the wrapper returns
 *
 * Context: interrupts off. Return: false if there is none, or it can't be had: the domain has failed.
 */
bool nooks_spin_take(struct nooks_crossing *x, raw_spinlock_t *lock)
{
	u64 start = nooks_spin_clock();

	lockdep_assert_irqs_disabled();
	do {
		/* Across cache lines the CPU may refuse to, which the kernel takes for its own mistake. */
		if (!nooks_arg_require(x, is_drivers_own(x, lock) && IS_ALIGNED((unsigned long)lock, sizeof(u32)),
				       "a spinlock", "the driver's own, and aligned"))
			return false;
		if (!arch_atomic_cmpxchg(&lock->raw_lock.val, 0, 1))
			return true;
	} while (wait_until_free(x, lock, 0, start));
	return false;
}

/** nooks_spin_drop - release what nooks_spin_take() has taken, unless its memory was freed. Interrupts off, still. */
void nooks_spin_drop(struct nooks_crossing *x, raw_spinlock_t *lock)
{
	if (is_drivers_own(x, lock))
		smp_store_release(&lock->raw_lock.val.counter, 0);
}

/* Is it this lock that the thread spins for in the domain, having noted it last? */
static bool spins_for(const struct nooks_crossing *x, const raw_spinlock_t *lock)
{
	const struct nooks_spins *spins = nooks_spins_of(x);
	u32 last = READ_ONCE(spins->nr) - 1;

	return last < NOOKS_MAX_SPINS && READ_ONCE(spins->locks[last]) == lock;
}

/* The lock is a kernel object's; or the driver's own, and the thread spins for it already. */
NOOKS_WRAPPER(_raw_spin_lock)
{
	const raw_spinlock_t *lock = (void *)a0;

	if (!is_drivers_own(x, lock))
		lock_spinning(x, &spin_class, a0, HOLD_SPIN, true);
	else if (spins_for(x, lock))
		wait_until_free(x, lock, 1, nooks_spin_clock());
	else
		nooks_fail(x, NOOKS_OUT_OF_RESOURCES, a0, "more than %u spinlocks held",
			   NOOKS_MAX_SPINS);
	return 0;
}

NOOKS_WRAPPER(_raw_spin_trylock)
{
	return lock_spinning(x, &spin_class, a0, HOLD_SPIN, false);
}

NOOKS_WRAPPER(_raw_spin_unlock)
{
	hold_release(x, a0, HOLD_SPIN);
	return 0;
}

/* Of these the domain does the lock. */
NOOKS_WRAPPER(_raw_spin_lock_bh)
{
	local_bh_disable();
	return 0;
}

NOOKS_WRAPPER(_raw_spin_lock_irq)
{
	local_irq_disable();
	return 0;
}

NOOKS_WRAPPER(_raw_spin_lock_irqsave)
{
	unsigned long flags;

	local_irq_save(flags);
	return flags;
}

NOOKS_WRAPPER(_raw_spin_unlock_bh)
{
	bh_enable(x, a0);
	return 0;
}

NOOKS_WRAPPER(_raw_spin_unlock_irq)
{
	local_irq_enable();
	return 0;
}

NOOKS_WRAPPER(_raw_spin_unlock_irqrestore)
{
	local_irq_restore(a1);
	return 0;
}

/*
 * void __local_bh_enable_ip(unsigned long ip, unsigned int cnt): drivers call it as
 * local_bh_enable().
 */
NOOKS_WRAPPER(__local_bh_enable_ip)
{
	if ((unsigned int)a1 != SOFTIRQ_DISABLE_OFFSET)
		nooks_fail(x, NOOKS_BAD_ARGUMENT, a1, "__local_bh_enable_ip: cnt");
	else
		bh_enable(x, a0);
	return 0;
}

/* A lock that the thread may sleep for; NULL: the domain has failed. */
static struct nooks_lock *mutex_get(struct nooks_crossing *x, unsigned long addr, const char *fn)
{
	struct nooks_lock *lock;

	if (!nooks_may_sleep(x, fn))
		return NULL;
	lock = lock_get(x, &mutex_class, addr, GFP_NOIO);
	if (lock && READ_ONCE(lock->owner) == current) {
		nooks_fail(x, NOOKS_BAD_ARGUMENT, addr, "%s: this thread holds it already", fn);
		lock_put(lock);
		return NULL;
	}
	return lock;
}

/* What the kernel's function has said: 0 if the lock is taken. */
static int mutex_taken(struct nooks_crossing *x, struct nooks_lock *lock, int err)
{
	if (err)
		lock_put(lock);
	else
		hold_add(x, lock, &lock->hold, HOLD_MUTEX);
	return err;
}

static int mutex_take(struct nooks_crossing *x, unsigned long addr, unsigned int state, const char *fn)
{
	struct nooks_lock *lock = mutex_get(x, addr, fn);

	return lock ? mutex_taken(x, lock, lock_sleeping(x, lock, HOLD_MUTEX, state, fn)) : 0;
}

NOOKS_WRAPPER(mutex_lock)
{
	mutex_take(x, a0, TASK_UNINTERRUPTIBLE, "mutex_lock");
	return 0;
}

NOOKS_WRAPPER(mutex_lock_interruptible)
{
	return mutex_take(x, a0, TASK_INTERRUPTIBLE, "mutex_lock_interruptible");
}

NOOKS_WRAPPER(mutex_lock_killable)
{
	return mutex_take(x, a0, TASK_KILLABLE, "mutex_lock_killable");
}

NOOKS_WRAPPER(mutex_trylock)
{
	struct nooks_lock *lock = lock_get(x, &mutex_class, a0, GFP_ATOMIC);

	return lock && !mutex_taken(x, lock, !try_lock(lock, HOLD_MUTEX));
}

NOOKS_WRAPPER(mutex_unlock)
{
	hold_release(x, a0, HOLD_MUTEX);
	return 0;
}

NOOKS_WRAPPER(mutex_is_locked)
{
	struct nooks_lock *lock = lock_get(x, &mutex_class, a0, GFP_ATOMIC);
	bool locked = lock && mutex_is_locked(lock->target.mutex);

	if (lock)
		lock_put(lock);
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

/* Reader-writer semaphores. The thread may sleep for one. */

static bool holds(struct nooks_crossing *x, const struct nooks_lock *lock)
{
	struct nooks_hold *hold;

	list_for_each_entry(hold, &x->held, list)
		if (hold->lock == lock)
			return true;
	return false;
}

/* @state: to sleep in; 0: only try. Return: 0 or an error. */
static int sem_down(struct nooks_crossing *x, unsigned long addr, enum hold_kind kind, unsigned int state,
		    const char *fn)
{
	struct nooks_hold *hold;
	struct nooks_lock *lock;
	int err;

	if (state && !nooks_may_sleep(x, fn))
		return -EINTR;
	lock = lock_get(x, &sem_class, addr, state ? GFP_NOIO : GFP_ATOMIC);
	if (!lock)
		return -EINTR;
	if (state && (READ_ONCE(lock->owner) == current || holds(x, lock))) {
		nooks_fail(x, NOOKS_BAD_ARGUMENT, addr, "%s: this thread holds it already", fn);
		lock_put(lock);
		return -EINTR;
	}
	hold = is_reading(kind) ? kmalloc(sizeof(*hold), state ? GFP_NOIO : GFP_ATOMIC) : &lock->hold;
	if (!hold) {
		nooks_fail(x, NOOKS_OUT_OF_RESOURCES, addr, "no memory to hold a rw_semaphore");
		lock_put(lock);
		return -EINTR;
	}
	if (state)
		err = lock_sleeping(x, lock, kind, state, fn);
	else
		err = try_lock(lock, kind) ? 0 : -EBUSY;
	if (!err) {
		hold_add(x, lock, hold, kind);
		return 0;
	}
	if (is_reading(kind))
		kfree(hold);
	lock_put(lock);
	return err;
}

NOOKS_WRAPPER(down_read)
{
	sem_down(x, a0, HOLD_DOWN_READ, TASK_UNINTERRUPTIBLE, "down_read");
	return 0;
}

NOOKS_WRAPPER(down_read_interruptible)
{
	return sem_down(x, a0, HOLD_DOWN_READ, TASK_INTERRUPTIBLE, "down_read_interruptible");
}

NOOKS_WRAPPER(down_read_killable)
{
	return sem_down(x, a0, HOLD_DOWN_READ, TASK_KILLABLE, "down_read_killable");
}

NOOKS_WRAPPER(down_read_trylock)
{
	return !sem_down(x, a0, HOLD_DOWN_READ, 0, "down_read_trylock");
}

NOOKS_WRAPPER(down_write)
{
	sem_down(x, a0, HOLD_DOWN_WRITE, TASK_UNINTERRUPTIBLE, "down_write");
	return 0;
}

NOOKS_WRAPPER(down_write_killable)
{
	return sem_down(x, a0, HOLD_DOWN_WRITE, TASK_KILLABLE, "down_write_killable");
}

NOOKS_WRAPPER(down_write_trylock)
{
	return !sem_down(x, a0, HOLD_DOWN_WRITE, 0, "down_write_trylock");
}

NOOKS_WRAPPER(up_read)
{
	hold_release(x, a0, HOLD_DOWN_READ);
	return 0;
}

NOOKS_WRAPPER(up_write)
{
	hold_release(x, a0, HOLD_DOWN_WRITE);
	return 0;
}

/* void downgrade_write(struct rw_semaphore *sem): the hold of the one writer becomes a reader's */
NOOKS_WRAPPER(downgrade_write)
{
	struct nooks_hold *hold = held(x, a0, HOLD_DOWN_WRITE);
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
	wake_sleepers(lock);
	hold_add(x, lock, reader, HOLD_DOWN_READ);
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

#ifdef CONFIG_DEBUG_SPINLOCK
/* void __raw_spin_lock_init(raw_spinlock_t *lock, const char *name, key, short inner) */
NOOKS_WRAPPER(__raw_spin_lock_init)
{
	static struct lock_class_key key;

	if (!nooks_arg_writable(x, (void *)a0, sizeof(raw_spinlock_t), false,
				"__raw_spin_lock_init", "lock"))
		return 0;
	nooks_objects_forget(nooks_driver_of(x), (void *)a0, 1);
	__raw_spin_lock_init((raw_spinlock_t *)a0, "driver's", &key, LD_WAIT_SPIN);
	return 0;
}
#endif

/**
 * nooks_locks_release - release the locks that a call into a driver has left behind
 * @x: its crossing, ended or unwound
 *
 * Context: the thread of the crossing, interrupts off; they stay off. What the driver has done
 * to interrupts and bottom halves by the same calls is left to nooks_crossing_restore().
 */
void nooks_locks_release(struct nooks_crossing *x)
{
	struct nooks_hold *hold, *next;

	lockdep_assert_irqs_disabled();
	list_for_each_entry_safe(hold, next, &x->held, list) {
		if (hold->kind == HOLD_TRANSMIT)
			nooks_transmit_drop(hold);
		else if (hold->kind < HOLD_RTNL)
			hold_drop(hold);
	}
}
