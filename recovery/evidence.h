/* SPDX-License-Identifier: GPL-2.0 */
/* Evidence: what of a failure is noted when it happens, for the report that is made of it later. */
#ifndef NOOKS_EVIDENCE_H
#define NOOKS_EVIDENCE_H

#include <linux/sched.h>
#include "../domains/trail.h"
#include "../nooks/driver.h"

#define NOOKS_EVIDENCE_CODE	64		/* bytes of code, ... */
#define NOOKS_EVIDENCE_PROLOGUE	42		/* ... so many of them before the instruction */
#define NOOKS_EVIDENCE_STACK	2048		/* bytes of the domain stack, from its pointer up */
#define NOOKS_EVIDENCE_CALLS	24		/* return addresses */
#define NOOKS_EVIDENCE_THREADS	16
#define NOOKS_EVIDENCE_TRAIL	(4 * NOOKS_TRAIL_LENGTH)

/**
 * struct nooks_evidence_thread - a thread inside the domain
 * @comm: its name
 * @pid: its number
 * @preempt_count: where it came from: a process, an interrupt
 * @function: name of the driver function that the kernel had called
 * @import: index of the kernel function that it is in, if @in_kernel
 * @in_kernel: it has called the kernel
 * @site: from where, or 0
 */
struct nooks_evidence_thread {
	char comm[TASK_COMM_LEN];
	pid_t pid;
	int preempt_count;
	const char *function;
	u32 import;
	bool in_kernel;
	unsigned long site;
};

/**
 * struct nooks_evidence - of a driver's last failure, beside driver->last
 * @fresh: noted, and not reported yet
 * @number: of the failure
 * @when: nanoseconds since boot
 * @date: seconds since 1970
 * @jiffies: now, for the ages of @trail
 * @cpu: that found it
 * @thread: that failed
 * @ip: where in the driver, 0 if not known
 * @sp: of the domain
 * @code_start: address of @code
 * @code: instructions around the one that failed
 * @nr_code: bytes, 0 if they can't be read
 * @stack: from @sp up
 * @nr_stack: bytes
 * @calls: return addresses into the driver that lie on the stack, innermost first
 * @nr_calls: how many
 * @kernel_calls: how the kernel came to call the driver; none if another thread has found the failure
 * @nr_kernel_calls: how many
 * @object: what the address lies in, if @has_object
 * @has_object: there is one
 * @threads: inside, at the time
 * @nr_threads: of these
 * @trail: last crossings
 * @nr_trail: how many
 *
 * Allocated with the driver: there is no memory to be had when it fails. Written by whom
 * nooks_domain_fail_incarnation() has chosen, read by recovery, which that one starts.
 */
struct nooks_evidence {
	bool fresh;
	unsigned long number;
	u64 when;
	time64_t date;
	u32 jiffies;
	unsigned int cpu;
	struct nooks_evidence_thread thread;
	unsigned long ip;
	unsigned long sp;
	unsigned long code_start;
	u8 code[NOOKS_EVIDENCE_CODE];
	unsigned int nr_code;
	unsigned long stack[NOOKS_EVIDENCE_STACK / sizeof(long)];
	unsigned int nr_stack;
	unsigned long calls[NOOKS_EVIDENCE_CALLS];
	unsigned int nr_calls;
	unsigned long kernel_calls[NOOKS_EVIDENCE_CALLS];
	unsigned int nr_kernel_calls;
	struct nooks_object object;
	bool has_object;
	struct nooks_evidence_thread threads[NOOKS_EVIDENCE_THREADS];
	unsigned int nr_threads;
	struct nooks_trail_copy trail[NOOKS_EVIDENCE_TRAIL];
	unsigned int nr_trail;
};

int nooks_evidence_create(struct nooks_driver *driver);
void nooks_evidence_note(struct nooks_crossing *x, struct nooks_driver *driver);
const char *nooks_context_name(int preempt_count);

#endif
