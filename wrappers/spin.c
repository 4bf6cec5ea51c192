// SPDX-License-Identifier: GPL-2.0
/*
 * Spinning locks in the domain. A lock that a driver has in its own memory is taken there, without a
 * crossing, by its own word: it is locked for code that looks at it, too. What the domain can't do is
 * to keep the kernel from preempting the thread, or from interrupting it. So each crossing notes what it holds
 * (struct nooks_spins): an interrupt that finds a note, or a call of the kernel, keeps the thread on its CPU
 * (switch.S). Interrupts and softirqs are disabled by a crossing, before.
 *
 * When the domain fails, nobody releases these locks: the memory that they are in is thrown away.
 *
 * A lock in a kernel object can't be written from here. That faults, and the wrapper takes it (lock.c).
 *
 * Compiled and placed as inside.c. The stubs lead out of the domain.
 */
#include <linux/spinlock.h>
#include "../domains/domain.h"
#include "../domains/switch.h"
#include "inside.h"

#define SPINS	2000		/* before the kernel is asked whether that is of any use */

void nooks_stub__raw_spin_lock(raw_spinlock_t *lock);
void nooks_stub__raw_spin_lock_bh(raw_spinlock_t *lock);
void nooks_stub__raw_spin_lock_irq(raw_spinlock_t *lock);
unsigned long nooks_stub__raw_spin_lock_irqsave(raw_spinlock_t *lock);
int nooks_stub__raw_spin_trylock(raw_spinlock_t *lock);
void nooks_stub__raw_spin_unlock(raw_spinlock_t *lock);
void nooks_stub__raw_spin_unlock_bh(raw_spinlock_t *lock);
void nooks_stub__raw_spin_unlock_irq(raw_spinlock_t *lock);
void nooks_stub__raw_spin_unlock_irqrestore(raw_spinlock_t *lock, unsigned long flags);

enum { BUSY, TAKEN, FOREIGN };

static __always_inline struct nooks_spins *spins_here(void)
{
	return nooks_spins_of(this_cpu_read(nooks_cpu.crossing));
}

/* Once in this file: it is known by its address. */
static __noclone NOOKS_INSIDE int try_word(raw_spinlock_t *lock)
{
	u32 expected = 0;
	int result;

	asm volatile(".globl nooks_spin_word, nooks_spin_foreign\n"
		     ".hidden nooks_spin_word, nooks_spin_foreign\n"
		     "nooks_spin_word:\n\t"
		     "lock cmpxchgl %[one], %[word]\n\t"
		     "sete %b[result]\n\t"
		     "movzbl %b[result], %[result]\n\t"
		     "jmp 1f\n"
		     "nooks_spin_foreign:\n\t"
		     "movl %[foreign], %[result]\n"
		     "1:"
		     : [word] "+m" (lock->raw_lock.val.counter), "+a" (expected), [result] "=&q" (result)
		     : [one] "r" (1), [foreign] "i" (FOREIGN)
		     : "memory", "cc");
	return result;
}

static __always_inline bool is_free(const raw_spinlock_t *lock)
{
	return !READ_ONCE(lock->raw_lock.val.counter);
}

/* To be noted first: whoever spins stays on its CPU. */
static __always_inline bool note(struct nooks_spins *spins, raw_spinlock_t *lock)
{
	u32 nr = spins->nr;

	if (nr >= NOOKS_MAX_SPINS)
		return false;
	spins->locks[nr] = lock;
	barrier();
	WRITE_ONCE(spins->nr, nr + 1);
	barrier();
	return true;
}

/* Take back the last note. */
static __always_inline void forget(struct nooks_spins *spins)
{
	barrier();
	WRITE_ONCE(spins->nr, spins->nr - 1);
}

static NOOKS_INSIDE void wait(raw_spinlock_t *lock)
{
	int result = BUSY;
	unsigned int i;

	do {
		for (i = 0; i < SPINS && !is_free(lock); i++)
			asm volatile("pause");
		/* Or the memory was freed: then this call does not return. */
		if (i == SPINS || result == FOREIGN)
			nooks_stub__raw_spin_lock(lock);
		result = try_word(lock);
	} while (result != TAKEN);
}

static __always_inline void take(raw_spinlock_t *lock)
{
	struct nooks_spins *spins = spins_here();
	int result = FOREIGN;

	if (note(spins, lock)) {
		result = try_word(lock);
		if (result == TAKEN)
			return;
		if (result == BUSY) {
			wait(lock);
			return;
		}
		forget(spins);
	}
	nooks_stub__raw_spin_lock(lock);
}

static __always_inline int try(raw_spinlock_t *lock)
{
	struct nooks_spins *spins = spins_here();
	int result = FOREIGN;

	if (note(spins, lock)) {
		result = try_word(lock);
		if (result == TAKEN)
			return true;
		forget(spins);
		if (result == BUSY)
			return false;
	}
	return nooks_stub__raw_spin_trylock(lock);
}

static __always_inline void release(raw_spinlock_t *lock)
{
	struct nooks_spins *spins = spins_here();
	u32 last = spins->nr - 1, i = last;

	while (i < NOOKS_MAX_SPINS && spins->locks[i] != lock)
		i--;
	if (i >= NOOKS_MAX_SPINS) {
		nooks_stub__raw_spin_unlock(lock);
		return;
	}
	smp_store_release(&lock->raw_lock.val.counter, 0);
	spins->locks[i] = spins->locks[last];
	forget(spins);
}

NOOKS_INSIDE void nooks_in__raw_spin_lock(raw_spinlock_t *lock)
{
	take(lock);
}

NOOKS_INSIDE void nooks_in__raw_spin_lock_bh(raw_spinlock_t *lock)
{
	nooks_stub__raw_spin_lock_bh(lock);
	take(lock);
}

NOOKS_INSIDE void nooks_in__raw_spin_lock_irq(raw_spinlock_t *lock)
{
	nooks_stub__raw_spin_lock_irq(lock);
	take(lock);
}

NOOKS_INSIDE unsigned long nooks_in__raw_spin_lock_irqsave(raw_spinlock_t *lock)
{
	unsigned long flags = nooks_stub__raw_spin_lock_irqsave(lock);

	take(lock);
	return flags;
}

NOOKS_INSIDE int nooks_in__raw_spin_trylock(raw_spinlock_t *lock)
{
	return try(lock);
}

NOOKS_INSIDE int nooks_in__raw_spin_trylock_bh(raw_spinlock_t *lock)
{
	nooks_stub__raw_spin_lock_bh(lock);
	if (try(lock))
		return true;
	nooks_stub__raw_spin_unlock_bh(lock);
	return false;
}

NOOKS_INSIDE void nooks_in__raw_spin_unlock(raw_spinlock_t *lock)
{
	release(lock);
}

NOOKS_INSIDE void nooks_in__raw_spin_unlock_bh(raw_spinlock_t *lock)
{
	release(lock);
	nooks_stub__raw_spin_unlock_bh(lock);
}

NOOKS_INSIDE void nooks_in__raw_spin_unlock_irq(raw_spinlock_t *lock)
{
	release(lock);
	nooks_stub__raw_spin_unlock_irq(lock);
}

NOOKS_INSIDE void nooks_in__raw_spin_unlock_irqrestore(raw_spinlock_t *lock, unsigned long flags)
{
	release(lock);
	nooks_stub__raw_spin_unlock_irqrestore(lock, flags);
}

/* The names that kernels with lockdep use. */
void nooks_in__raw_spin_lock_nested(raw_spinlock_t *lock) __alias(nooks_in__raw_spin_lock);
unsigned long nooks_in__raw_spin_lock_irqsave_nested(raw_spinlock_t *lock)
	__alias(nooks_in__raw_spin_lock_irqsave);
