/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A domain: a view of kernel memory in which driver code runs, and the crossings between it and
 * the kernel. Knows page tables, stacks and switching; knows no driver type.
 */
#ifndef NOOKS_DOMAIN_H
#define NOOKS_DOMAIN_H

#include <linux/list.h>
#include <linux/percpu.h>
#include <linux/ptrace.h>
#include <linux/refcount.h>
#include <linux/spinlock.h>
#include <linux/wait.h>
#include <linux/workqueue.h>
#include "limits.h"

struct buffer_head;
struct nooks_domain;
struct nooks_stack;

/**
 * struct nooks_cpu - what the switch keeps per CPU
 * @kernel_cr3: what to load to get back into the kernel's view; valid while in a domain
 * @crossing: the crossing that this CPU is in while in a domain
 * @crossings: calls from a domain into the kernel
 * @interrupts: interrupts taken while in a domain
 * @seen: for each slot, the TLB generation of the domain that this CPU has flushed for; 0, which
 *	is no generation, on a CPU that does not take part yet (then CR4.PGE may still be on)
 *
 * Written with interrupts off by its own CPU, and by the CPU that brings it up before it runs.
 */
struct nooks_cpu {
	unsigned long kernel_cr3;
	struct nooks_crossing *crossing;
	unsigned long crossings;
	unsigned long interrupts;
	unsigned long seen[NOOKS_MAX_DOMAINS];
};

DECLARE_PER_CPU(struct nooks_cpu, nooks_cpu);

/**
 * struct nooks_argument - kernel memory that the call of a crossing lends to the domain
 * @start: address
 * @size: bytes
 * @type: enum nooks_type_id, 0 for plain memory
 */
struct nooks_argument {
	unsigned long start;
	u32 size;
	u16 type;
};

#define NOOKS_MAX_ARGUMENTS	8

/**
 * struct nooks_watch - what the watchdog knows of a crossing; under nooks_domain.stack_lock
 * @checked: jiffies of its last look, or of the entry
 * @calls: of the crossing, then
 * @runtime: of the task, then
 * @switches: how often the task had left a CPU, then
 * @stalled: looks in a row that found the thread in the domain, without a kernel call in between
 * @busy: looks that did not find it waiting in one kernel call
 * @alone: looks in a row in which it had not left its CPU to anybody
 */
struct nooks_watch {
	unsigned long checked;
	unsigned long calls;
	u64 runtime;
	unsigned long switches;
	unsigned int stalled;
	unsigned int busy;
	unsigned int alone;
};

/**
 * struct nooks_crossing - one entry of a thread into a domain
 * @kernel_sp: stack pointer of the kernel side; interrupts and kernel calls run below it
 * @domain_sp: stack pointer of the domain side while a kernel call runs
 * @cr3: the domain's CR3, no-flush bit included
 * @domain: the domain
 * @incarnation: of the domain at entry; differs from the domain's once that has failed
 * @reserved: address of the reserved words at the top of the domain stack
 * @unwound: the thread was unwound instead of returning
 * @flags: RFLAGS with which the function returned
 * @calls: kernel calls, counted at both ends: odd while one runs
 * @import: index of the kernel function called last
 * @stack: the domain stack in use
 * @stub: what was called, NULL when entered by a function address
 * @task: thread that entered
 * @preempt_count: at entry
 * @rcu_nesting: at entry
 * @irqs_off: at entry
 * @pagefault_disabled: at entry
 * @running: the state of the task was TASK_RUNNING at entry
 * @nr_stack_args: arguments of the function beyond the six in registers
 * @stack_args: these; the caller's
 * @handed: what a kernel function has taken over that this call was entrusted with: a locked page, or one
 *	that it has locked for the caller (wrappers/folio.c); else NULL
 * @undo: where what this call commits to buffers is noted (wrappers/undo.h), or NULL
 * @nr_arguments: valid entries of @arguments
 * @arguments: kernel memory lent for the length of the call
 * @held: kernel instances of locks taken in this crossing and not yet released
 * @wait: who has what the thread waits for in a kernel call, as @wait.holder(@wait.what) says; under nooks_domain.stack_lock
 * @watch: the watchdog's
 *
 * Lives on the kernel stack of whoever has called nooks_crossing_begin(). Fields are the entering thread's own.
 */
struct nooks_crossing {
	unsigned long kernel_sp;
	unsigned long domain_sp;
	unsigned long cr3;
	struct nooks_domain *domain;
	unsigned long incarnation;
	unsigned long reserved;
	unsigned long unwound;
	unsigned long flags;
	unsigned long calls;
	u32 import;
	struct nooks_stack *stack;
	const struct nooks_stub *stub;
	struct task_struct *task;
	int preempt_count;
	int rcu_nesting;
	int pagefault_disabled;
	bool irqs_off;
	bool running;
	u16 nr_stack_args;
	const unsigned long *stack_args;
	const void *handed;
	struct nooks_undo *undo;
	u16 nr_arguments;
	struct nooks_argument arguments[NOOKS_MAX_ARGUMENTS];
	struct list_head held;
	struct {
		struct task_struct *(*holder)(const void *what);
		const void *what;
	} wait;
	struct nooks_watch watch;
};

/**
 * struct nooks_spins - spinning locks of the driver's own that a crossing holds, or spins for
 * @nr: how many of @locks; while it is not 0, the kernel does not preempt the thread
 * @locks: their addresses
 *
 * Lies on the domain's stack, where wrappers/spin.c writes it, in the domain: to the kernel it is a claim
 * of the driver's.
 */
struct nooks_spins {
	u32 nr;
	const void *locks[NOOKS_MAX_SPINS];
};

/**
 * struct nooks_kept - buffers that the driver has put in a crossing, and that are held for it until that ends
 * @used: which of @buffers
 * @dirtied: in whose places the driver has said of a buffer that it is dirty
 * @buffers: each has its place by its block's number
 *
 * Lies beside struct nooks_spins. wrappers/bufkept.c writes it in the domain, but for @dirtied: to the kernel it is a claim of the
 * driver's.
 */
struct nooks_kept {
	unsigned long used;
	unsigned long dirtied;
	struct buffer_head *buffers[NOOKS_MAX_KEPT];
};

/**
 * struct nooks_stack - a stack for domain code
 * @list: in nooks_domain.stacks, as long as the domain lives; under nooks_domain.stack_lock
 * @next: of a free one: the next in nooks_domain.free_stacks; ditto
 * @base: lowest address, NOOKS_STACK_SIZE bytes of vmalloc memory, writable in the domain
 * @crossing: the crossing that uses it, NULL when free; ditto
 */
struct nooks_stack {
	struct list_head list;
	struct nooks_stack *next;
	void *base;
	struct nooks_crossing *crossing;
};

/**
 * struct nooks_route - where the domain's calls by a pointer to a kernel function lead
 * @target: the function; 0 behind the last route
 * @stub: address that the domain may execute
 */
struct nooks_route {
	unsigned long target;
	unsigned long stub;
};

/**
 * struct nooks_domain - a protection domain
 * @tlb_gen: raised after the domain's tables have lost a permission; a CPU that has seen an older
 *	one flushes before it enters
 * @slot: index of the domain times 8
 * @incarnation: raised when the domain fails; crossings of an older one are unwound
 * @stubs_start: the entry stubs of the image: a call to one of them from inside needs no crossing
 * @stubs_end: end of these; both 0 without an image
 * @routes: of calls by pointers; only added to. Read by the domain's own thunks
 * @open: new entries are allowed
 * @id: index
 * @pgd: top-level table
 * @cr3: physical address of @pgd, PCID and no-flush bit where the CPU has PCIDs
 * @table_lock: protects the private tables and @spare; taken with interrupts off, from any
 *	context but NMI; innermost
 * @spare: pages for private tables
 * @nr_spare: how many
 * @nr_tables: private tables, the top one excepted
 * @stack_lock: protects the lists of stacks; interrupts off; innermost
 * @stacks: all of them
 * @free_stacks: those ready for use, the one that was used last first
 * @nr_stacks: how many there are
 * @nr_used: of these in use
 * @max_stacks: how many there may be, if threads sleep in the domain: more are made then; else 0
 * @room: woken when there are free stacks again, for who may wait for one
 * @grow: makes more
 * @idle: woken when @nr_used falls to 0 while the domain is closed
 * @refills: entries copied from the kernel's tables on demand
 * @entries: calls from the kernel into the domain
 * @unwindings: crossings that were unwound
 * @private: of the domain's user
 */
struct nooks_domain {
	unsigned long tlb_gen;
	unsigned long slot;
	unsigned long incarnation;
	unsigned long stubs_start;
	unsigned long stubs_end;
	struct nooks_route routes[NOOKS_MAX_ROUTES + 1];
	bool open;
	unsigned int id;
	unsigned long *pgd;
	unsigned long cr3;

	raw_spinlock_t table_lock;
	struct list_head spare;
	unsigned int nr_spare;
	unsigned int nr_tables;

	raw_spinlock_t stack_lock;
	struct list_head stacks;
	struct nooks_stack *free_stacks;
	unsigned int nr_stacks;
	unsigned int nr_used;
	unsigned int max_stacks;
	wait_queue_head_t room;
	struct work_struct grow;
	wait_queue_head_t idle;

	unsigned long refills;
	atomic_long_t entries;
	atomic_long_t unwindings;
	void *private;
};

/* Outcome of a fault that a domain took. */
enum nooks_verdict {
	NOOKS_RESUME,		/* go on, with the registers as they are now */
	NOOKS_UNWIND,		/* the domain has failed */
};

/**
 * struct nooks_fault_ops - what the user of domains does about their faults
 * @store: a store to memory that the domain may not write. Advances regs->ip if it performed it
 * @call: a jump to @regs->ip, which the domain may not execute
 * @trap: any other exception
 *
 * Called in the kernel's view on the crossing's kernel stack with interrupts off; must not sleep.
 * Changes to @regs take effect on NOOKS_RESUME.
 */
struct nooks_fault_ops {
	enum nooks_verdict (*store)(struct nooks_crossing *x, struct pt_regs *regs,
				    unsigned long addr, unsigned long error);
	enum nooks_verdict (*call)(struct nooks_crossing *x, struct pt_regs *regs);
	enum nooks_verdict (*trap)(struct nooks_crossing *x, struct pt_regs *regs, int vector,
				   unsigned long addr, unsigned long error);
};

/* Outcomes of a call into a domain. */
enum nooks_call_status {
	NOOKS_CALL_DONE,	/* the function returned */
	NOOKS_CALL_UNWOUND,	/* the domain failed during the call */
	NOOKS_CALL_CLOSED,	/* the domain takes no calls; nothing was run */
};

int nooks_domains_init(const struct nooks_fault_ops *ops);
void nooks_domains_exit(void);

struct nooks_domain *nooks_domain_create(void);
void nooks_domain_destroy(struct nooks_domain *domain);
void nooks_crossing_restore(struct nooks_crossing *x);
void nooks_crossing_leave(struct nooks_crossing *x);
void nooks_crossing_end(struct nooks_crossing *x);
unsigned long nooks_crossing_site(const struct nooks_crossing *x);
unsigned long nooks_call_site(const struct nooks_domain *domain);
bool nooks_crossing_balanced(const struct nooks_crossing *x);
bool nooks_crossing_begin(struct nooks_crossing *x, struct nooks_domain *domain);
unsigned long nooks_stack_args_at(const struct nooks_crossing *x);
int nooks_domain_call(struct nooks_crossing *x, unsigned long fn, const unsigned long *args,
		      unsigned long *ret);
void nooks_domain_open(struct nooks_domain *domain);
bool nooks_domain_route(struct nooks_domain *domain, unsigned long target, const void *stub);
unsigned long nooks_domain_routed(const struct nooks_domain *domain, unsigned long target);
void nooks_domain_close(struct nooks_domain *domain);
bool nooks_domain_fail_incarnation(struct nooks_domain *domain, unsigned long incarnation);
long nooks_domain_wait_idle(struct nooks_domain *domain, long timeout);
void nooks_domain_kick(void);

static inline bool nooks_crossing_stale(const struct nooks_crossing *x)
{
	return x->incarnation != READ_ONCE(x->domain->incarnation);
}

/* What lies on a domain stack from its @reserved words on. Any context. */
static __always_inline struct nooks_spins *nooks_spins_at(unsigned long reserved)
{
	return (struct nooks_spins *)(reserved + NOOKS_STACK_FRAME);
}

static __always_inline struct nooks_kept *nooks_kept_at(unsigned long reserved)
{
	return (struct nooks_kept *)(nooks_spins_at(reserved) + 1);
}

/* Of a crossing whose function has been called. Any context. */
static __always_inline struct nooks_spins *nooks_spins_of(const struct nooks_crossing *x)
{
	return nooks_spins_at(x->reserved);
}

/* Ditto. */
static __always_inline struct nooks_kept *nooks_kept_of(const struct nooks_crossing *x)
{
	return nooks_kept_at(x->reserved);
}

/* Page tables: pagetable.c */
int nooks_pagetable_init(void);
int nooks_pagetable_create(struct nooks_domain *domain);
void nooks_pagetable_destroy(struct nooks_domain *domain);
int nooks_grant_write(struct nooks_domain *domain, const void *start, size_t size, gfp_t gfp);
int nooks_grant_exec(struct nooks_domain *domain, const void *start, size_t size, gfp_t gfp);
int nooks_grant_copy(struct nooks_domain *domain, const void *start, struct page *copy, gfp_t gfp);
void nooks_revoke(struct nooks_domain *domain, const void *start, size_t size);
void nooks_revoke_flush(struct nooks_domain *domain);
bool nooks_refill(struct nooks_domain *domain, unsigned long addr, unsigned long error);
void nooks_withdraw(struct nooks_domain *domain, unsigned long start, unsigned long end);
bool nooks_may_write(struct nooks_domain *domain, const void *start, size_t size);
void nooks_for_each_writable(struct nooks_domain *domain,
			     void (*fn)(void *data, unsigned long start, size_t size), void *data);
bool nooks_may_read(const void *start, size_t size);

/* Stacks: stack.c. Those in use have a crossing each; with nooks_domain.stack_lock held. */
#define nooks_for_each_used_stack(stack, domain)					\
	list_for_each_entry(stack, &(domain)->stacks, list)				\
		if (!(stack)->crossing)							\
			continue;							\
		else

int nooks_stacks_create(struct nooks_domain *domain);
int nooks_stacks_reserve(struct nooks_domain *domain, unsigned int n);
void nooks_stacks_grow(struct work_struct *work);
void nooks_stacks_destroy(struct nooks_domain *domain);
struct nooks_stack *nooks_stack_wait(struct nooks_domain *domain, struct nooks_crossing *x);
struct nooks_stack *nooks_stack_get(struct nooks_domain *domain, struct nooks_crossing *x);
void nooks_stack_put(struct nooks_domain *domain, struct nooks_stack *stack);
unsigned int nooks_stack_spins(const struct nooks_crossing *x, const void *lock);

/* TLB: tlb.c */
int nooks_tlb_init(void);
void nooks_tlb_exit(void);
int nooks_tlb_activate(void);
void nooks_tlb_deactivate(void);
void nooks_tlb_raise(struct nooks_domain *domain);
extern unsigned long nooks_noflush;

/* Gates: gates.c */
int nooks_gates_init(void);
void nooks_gates_exit(void);

/* The pages of nooks.ko that a domain may execute. */
extern char nooks_domain_text_start[], nooks_domain_text_end[];
extern char nooks_switch_text_start[], nooks_switch_text_end[];

/* All live domains by slot. Read with preemption disabled; written under a mutex in domain.c. */
extern struct nooks_domain __rcu *nooks_domains[NOOKS_MAX_DOMAINS];
extern unsigned long nooks_pgd_base, nooks_pgd_size;

#endif
