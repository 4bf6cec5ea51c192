// SPDX-License-Identifier: GPL-2.0
/*
 * Locks. A lock that a driver has embedded in its memory stands for a kernel instance: this is what
 * is taken, the driver's own word is never looked at. A lock inside a kernel object that the driver
 * may use is taken as it is. But spinlocks of the driver's own are taken in the domain (spin.c), by
 * their word: here are those of kernel objects only, and what the domain can't do itself.
 *
 * Waiting for a spinning lock ends when the domain fails, and fails it when the holder doesn't let
 * go: another thread of the driver may hold it for ever.
 */
#include <linux/bottom_half.h>
#include <linux/mutex.h>
#include <linux/rwsem.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include "../nooks/driver.h"
#include "../objtracker/instance.h"
#include "fs.h"
#include "generated.h"
#include "hold.h"
#include "lock.h"

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
	lock->target.rw = nooks_lock_is_kernels(object) ? (void *)object->start : &lock->rw;
	lock->cpu = -1;
}

static const struct nooks_lock_kind spin_class =
	NOOKS_LOCK_KIND("spinlock", init_spin, raw_spinlock_t, "raw_lock.val");
static const struct nooks_lock_kind rw_class =
	NOOKS_LOCK_KIND("rwlock", init_rw, rwlock_t, "raw_lock.cnts");
static bool lock_field(const struct nooks_lock_kind *class, unsigned int type, unsigned long offset)
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
static bool kernel_lock(struct nooks_crossing *x, const struct nooks_lock_kind *class,
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
struct nooks_lock *nooks_lock_get(struct nooks_crossing *x, const struct nooks_lock_kind *class,
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

void nooks_lock_put(struct nooks_lock *lock)
{
	nooks_instance_put(&lock->instance);
}

bool nooks_lock_try(struct nooks_lock *lock, enum hold_kind kind)
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

/* __acquire() is for sparse, which has not seen nooks_lock_try() take anything. */
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
void nooks_hold_add(struct nooks_crossing *x, struct nooks_lock *lock, struct nooks_hold *hold,
		     enum hold_kind kind)
{
	hold->lock = lock;
	hold->kind = kind;
	list_add(&hold->list, &x->held);
	if (kind == HOLD_MUTEX || kind == HOLD_DOWN_WRITE)
		WRITE_ONCE(lock->owner, current);
	else if (!nooks_lock_is_reading(kind))
		WRITE_ONCE(lock->cpu, smp_processor_id());
}

/* Takes a hold off its crossing's list and lets go of the lock. */
static void hold_drop(struct nooks_hold *hold)
{
	struct nooks_lock *lock = hold->lock;
	enum hold_kind kind = hold->kind;

	list_del(&hold->list);
	if (nooks_lock_is_reading(kind))
		kfree(hold);
	else if (kind == HOLD_MUTEX || kind == HOLD_DOWN_WRITE)
		WRITE_ONCE(lock->owner, NULL);
	else
		WRITE_ONCE(lock->cpu, -1);
	unlock(lock, kind);
	if (nooks_lock_sleeps(kind))
		nooks_lock_wake(lock);
	/* What was lent may go unseen: its lock is not remembered. */
	if ((unsigned long)lock->target.spin == lock->instance.object.start) {
		struct nooks_driver *driver = lock->instance.object.driver;
		unsigned long start = lock->instance.object.start;

		nooks_lock_put(lock);
		nooks_objects_forget(driver, (void *)start, 1);
		return;
	}
	nooks_lock_put(lock);
}

/*
 * Spin until the lock is taken. Not if the domain has failed, maybe only now and because of that.
 */
static bool spin(struct nooks_crossing *x, struct nooks_lock *lock, enum hold_kind kind)
{
	const struct nooks_object *object = &lock->instance.object;
	u64 start = 0;

	while (!nooks_lock_try(lock, kind)) {
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

/*
 * Take a spinning lock. If that fails, so has the domain: what the caller has done to interrupts
 * and bottom halves is put right when the thread is unwound.
 */
static bool lock_spinning(struct nooks_crossing *x, const struct nooks_lock_kind *class,
			  unsigned long addr, enum hold_kind kind, bool wait)
{
	struct nooks_lock *lock = nooks_lock_get(x, class, addr, GFP_ATOMIC);
	struct nooks_hold *hold;
	bool taken;

	if (!lock)
		return false;
	hold = kind == HOLD_READ ? kmalloc(sizeof(*hold), GFP_ATOMIC | __GFP_NOWARN) : &lock->hold;
	if (!hold) {
		nooks_fail(x, NOOKS_OUT_OF_RESOURCES, addr, "no memory to hold an rwlock");
		nooks_lock_put(lock);
		return false;
	}
	/* As the kernel's own: whoever spins stays on its CPU. */
	preempt_disable();
	taken = wait ? spin(x, lock, kind) : nooks_lock_try(lock, kind);
	if (taken) {
		nooks_hold_add(x, lock, hold, kind);
	} else {
		if (kind == HOLD_READ)
			kfree(hold);
		nooks_lock_put(lock);
	}
	preempt_enable();
	return taken;
}

/*
 * What this thread holds of a lock, in this crossing. Whoever has not taken a lock can't release
 * it.
 */
struct nooks_hold *nooks_hold_find(struct nooks_crossing *x, unsigned long addr, enum hold_kind kind)
{
	struct nooks_hold *hold;

	list_for_each_entry(hold, &x->held, list) {
		if (hold->kind == kind && hold->lock->instance.object.start == addr)
			return hold;
	}
	nooks_fail(x, NOOKS_BAD_ARGUMENT, addr, "lock released that this call does not hold");
	return NULL;
}

bool nooks_hold_release(struct nooks_crossing *x, unsigned long addr, enum hold_kind kind)
{
	struct nooks_hold *hold = nooks_hold_find(x, addr, kind);

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

bool nooks_may_deliver(struct nooks_crossing *x, const char *fn)
{
	const struct nooks_hold *hold;

	list_for_each_entry(hold, &x->held, list) {
		if (hold->kind > HOLD_TRANSMIT || nooks_lock_sleeps(hold->kind))
			continue;
		nooks_fail(x, NOOKS_BAD_ARGUMENT, hold->lock ? hold->lock->instance.object.start : 0,
			   "%s: this call has locked what the kernel may spin for", fn);
		return false;
	}
	return true;
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
	nooks_hold_release(x, a0, kind);							\
	return 0;									\
}											\
NOOKS_WRAPPER(prefix##_unlock_bh)							\
{											\
	if (nooks_hold_release(x, a0, kind))							\
		bh_enable(x, a0);							\
	return 0;									\
}											\
NOOKS_WRAPPER(prefix##_unlock_irq)							\
{											\
	if (nooks_hold_release(x, a0, kind))							\
		local_irq_enable();							\
	return 0;									\
}											\
NOOKS_WRAPPER(prefix##_unlock_irqrestore)						\
{											\
	if (nooks_hold_release(x, a0, kind))							\
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
	nooks_hold_release(x, a0, HOLD_SPIN);
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
