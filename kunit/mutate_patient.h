/* SPDX-License-Identifier: GPL-2.0 */
/* A driver that gets faults, and a kernel for it that notes what it is called with. */
#ifndef NOOKS_MUTATE_PATIENT_H
#define NOOKS_MUTATE_PATIENT_H

#include <linux/types.h>

#define PATIENT_CALLS	8	/* that are noted, at most */

/**
 * struct patient_call - a call that has been made
 * @function: name of the function
 * @args: its first arguments
 * @from: where it returns to
 */
struct patient_call {
	const char *function;
	unsigned long args[4];
	unsigned long from;
};

extern struct patient_call patient_calls[PATIENT_CALLS];
extern unsigned int patient_nr_calls;
extern char patient_memory[];	/* what allocations give */

#define PATIENT_RESULT	1000	/* of patient_callee() */

/* What gets faults. Each calls the function that it is named after. */
unsigned long patient_call(unsigned long a, unsigned long b, unsigned long c, unsigned long d);
void *patient_kmalloc(size_t size);
void patient_kfree(void *p);
void patient_spin_unlock(void *lock);
void patient_mutex_unlock(void *lock);
int patient_copy(void *skb, int offset, void *to, int length);
int patient_mod_timer(void *timer, unsigned long expires);
bool patient_queue_work(int cpu, void *wq, void *work);
void patient_napi_add(void *dev, void *napi);
bool patient_napi_prep(void *napi);
void patient_free_irq(unsigned int irq, void *data);

#endif
