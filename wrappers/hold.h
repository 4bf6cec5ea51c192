/* SPDX-License-Identifier: GPL-2.0 */
/* What a thread holds in a driver's name: until it lets go, or its crossing ends. */
#ifndef NOOKS_HOLD_H
#define NOOKS_HOLD_H

#include <linux/irqflags.h>
#include <linux/list.h>
#include <linux/math64.h>
#include <linux/sched/clock.h>
#include <linux/spinlock_types.h>
#include <linux/time64.h>
#include <asm/msr.h>
#include <asm/tsc.h>

struct file;
struct net_device;
struct nooks_crossing;
struct nooks_lock;

/* In ns. No driver holds a spinning lock for that long, and no function of a timer runs for it, not even on a slow virtual machine. */
#define SPIN_LIMIT	(5 * (s64)NSEC_PER_SEC)

/*
 * In ns, to wait by without sleeping. With interrupts off it is the TSC's, for all CPUs may have them off, each waiting for another
 * one, and then there are no ticks: jiffies do not move, and local_clock() goes no further than the next tick where TSCs are not trusted.
 */
static inline u64 nooks_spin_clock(void)
{
	return irqs_disabled() ? mul_u64_u64_div_u64(rdtsc(), USEC_PER_SEC, tsc_khz ?: USEC_PER_SEC) : local_clock();
}

/* Has it waited since @start for too long? Interrupts are as they were then. */
static inline bool nooks_spun_out(u64 start)
{
	return (s64)(nooks_spin_clock() - start) > SPIN_LIMIT;
}

/* Those from HOLD_RTNL on can't be let go of with interrupts off. */
enum hold_kind { HOLD_SPIN, HOLD_READ, HOLD_WRITE, HOLD_MUTEX, HOLD_DOWN_READ,
		 HOLD_DOWN_WRITE, HOLD_TRANSMIT, HOLD_RTNL, HOLD_CPUS, HOLD_MOUNT };

/**
 * struct nooks_hold - a lock that a thread holds
 * @list: in nooks_crossing.held, newest first; the thread's own
 * @lock: of which there is a reference; NULL for the kernel's own
 * @dev: of HOLD_TRANSMIT: whose queues
 * @file: of HOLD_MOUNT: what lies on the mount that may be written
 * @kind: how it was taken
 */
struct nooks_hold {
	struct list_head list;
	struct nooks_lock *lock;
	union {
		struct net_device *dev;
		struct file *file;
	};
	enum hold_kind kind;
};

/* lock.c: spinlocks in the driver's own memory. Interrupts off. */
bool nooks_spin_take(struct nooks_crossing *x, raw_spinlock_t *lock);
void nooks_spin_drop(struct nooks_crossing *x, raw_spinlock_t *lock);
/* kernlock.c: lets go of a device's transmit queues. Any context but NMI and hard interrupts. */
void nooks_transmit_drop(struct nooks_hold *hold);
/* fs.c: the mount may become read-only. May sleep. */
void nooks_mount_drop(struct nooks_hold *hold);
/*
 * lock.c: may a packet be handed to the stack, which answers some at once? Not by a thread that has locked what the stack spins for then: one of the
 * device's transmit queues. False: the domain has failed. Any context but NMI.
 */
bool nooks_may_deliver(struct nooks_crossing *x, const char *fn);
/* Note what has been taken, or is about to be; NULL: no memory, and the domain has failed. */
struct nooks_hold *nooks_hold_new(struct nooks_crossing *x, enum hold_kind kind, gfp_t gfp,
				  const char *fn);

#endif
