// SPDX-License-Identifier: GPL-2.0
/*
 * A driver that gets faults, and a kernel for it that notes what it is called with. Functions of that have names of the kernel's,
 * for nooks-mutate goes by these; within this module they stand for the kernel's own. So headers that declare those are not included.
 */
#include <linux/compiler.h>
#include "mutate_patient.h"

struct patient_call patient_calls[PATIENT_CALLS];
unsigned int patient_nr_calls;
char patient_memory[64];

static noinline void note(const char *function, unsigned long a, unsigned long b, unsigned long c, unsigned long d,
			  void *from)
{
	if (patient_nr_calls < PATIENT_CALLS)
		patient_calls[patient_nr_calls] = (struct patient_call) {
			function, { a, b, c, d }, (unsigned long)from,
		};
	patient_nr_calls++;
}

/* A function of the kernel's */
#define CALLEE(type, name, result)									\
	type name(unsigned long a, unsigned long b, unsigned long c, unsigned long d);			\
	noinline type name(unsigned long a, unsigned long b, unsigned long c, unsigned long d)		\
	{												\
		note(#name, a, b, c, d, __builtin_return_address(0));					\
		return result;										\
	}

CALLEE(unsigned long, patient_callee, PATIENT_RESULT)
CALLEE(void *, __kmalloc, patient_memory)
CALLEE(unsigned long, kfree, 0)
CALLEE(unsigned long, _raw_spin_lock, 0)
CALLEE(unsigned long, _raw_spin_unlock, 0)
CALLEE(unsigned long, mutex_lock, 0)
CALLEE(unsigned long, mutex_unlock, 0)
CALLEE(unsigned long, msleep, 0)
CALLEE(unsigned long, skb_copy_bits, 0)
CALLEE(unsigned long, mod_timer, 1)
CALLEE(unsigned long, queue_work_on, 1)
CALLEE(unsigned long, netif_napi_add_weight, 0)
CALLEE(unsigned long, napi_schedule_prep, 1)
CALLEE(unsigned long, free_irq, 0)
CALLEE(unsigned long, request_threaded_irq, 0)

/* The driver's interrupt handler */
noinline int patient_handler(int irq, void *data);
noinline int patient_handler(int irq, void *data)
{
	note("handler", irq, (unsigned long)data, 0, 0, __builtin_return_address(0));
	return 1;
}

#define U(value)	((unsigned long)(value))
#define CALL(name, ...)	CALL_(name, ##__VA_ARGS__, 0, 0, 0, 0)
#define CALL_(name, a, b, c, d, ...)				\
({								\
	typeof(name(0, 0, 0, 0)) result = name(a, b, c, d);	\
	barrier();	/* no jump instead of the call */	\
	result;							\
})

noinline unsigned long patient_call(unsigned long a, unsigned long b, unsigned long c, unsigned long d)
{
	return CALL(patient_callee, a, b, c, d);
}

noinline void *patient_kmalloc(size_t size)
{
	return CALL(__kmalloc, size, 0);
}

noinline void patient_kfree(void *p)
{
	CALL(kfree, U(p));
}

noinline void patient_spin_unlock(void *lock)
{
	CALL(_raw_spin_unlock, U(lock));
}

noinline void patient_mutex_unlock(void *lock)
{
	CALL(mutex_unlock, U(lock));
}

noinline int patient_copy(void *skb, int offset, void *to, int length)
{
	return CALL(skb_copy_bits, U(skb), offset, U(to), length);
}

noinline int patient_mod_timer(void *timer, unsigned long expires)
{
	return CALL(mod_timer, U(timer), expires);
}

noinline bool patient_queue_work(int cpu, void *wq, void *work)
{
	return CALL(queue_work_on, cpu, U(wq), U(work));
}

noinline void patient_napi_add(void *dev, void *napi)
{
	CALL(netif_napi_add_weight, U(dev), U(napi));
}

noinline bool patient_napi_prep(void *napi)
{
	return CALL(napi_schedule_prep, U(napi));
}

noinline void patient_free_irq(unsigned int irq, void *data)
{
	CALL(free_irq, irq, U(data));
}

/* Never called: it has what nooks-mutate looks for, a lock's taking, a sleep, and a handler. */
void patient_unused(void *data);
noinline void patient_unused(void *data)
{
	CALL(_raw_spin_lock, U(data));
	CALL(mutex_lock, U(data));
	CALL(msleep, 1);
	CALL(request_threaded_irq, 1, U(patient_handler), 0, U(data));
}
