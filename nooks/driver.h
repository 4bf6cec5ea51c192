/* SPDX-License-Identifier: GPL-2.0 */
/* A driver in its domain: its image, objects, memory and fate. */
#ifndef NOOKS_DRIVER_H
#define NOOKS_DRIVER_H

#include <linux/atomic.h>
#include <linux/device.h>
#include <linux/irq_work.h>
#include <linux/mutex.h>
#include <linux/ratelimit.h>
#include <linux/workqueue.h>
#include "../domains/domain.h"
#include "../domains/heap.h"
#include "../objtracker/object.h"
#include "../objtracker/shadow.h"
#include "../recovery/backoff.h"
#include "../recovery/dump.h"
#include "../recovery/health.h"
#include "../recovery/silence.h"
#include "../wrappers/wrapper.h"
#include "abi.h"

struct inode;
struct module;
struct nooks_evidence;
struct nooks_learned;
struct nooks_unplug;

/**
 * enum nooks_state - what becomes of a driver
 * @NOOKS_OFFLINE: no image yet, or it is being unloaded
 * @NOOKS_RUNNING: in use
 * @NOOKS_CRASHED: failed; recovery has not begun
 * @NOOKS_RECOVERING: objects are being released, or the driver starts again
 * @NOOKS_FAILED: given up or stopped; it can be restarted by hand or unloaded
 */
enum nooks_state {
	NOOKS_OFFLINE,
	NOOKS_RUNNING,
	NOOKS_CRASHED,
	NOOKS_RECOVERING,
	NOOKS_FAILED,
};

/** enum nooks_failure_kind - what a domain has failed by; names in recovery/report.c */
enum nooks_failure_kind {
	NOOKS_WILD_WRITE,
	NOOKS_WILD_READ,
	NOOKS_NULL_DEREFERENCE,
	NOOKS_BAD_JUMP,
	NOOKS_BAD_INSTRUCTION,
	NOOKS_BAD_ARGUMENT,
	NOOKS_BAD_RETURN,
	NOOKS_DENIED_STORE,
	NOOKS_DENIED_CALL,
	NOOKS_STACK_OVERFLOW,
	NOOKS_UNBALANCED,
	NOOKS_DRIVER_BUG,
	NOOKS_OUT_OF_RESOURCES,
	NOOKS_TIMEOUT,
	NOOKS_SILENT,
	NOOKS_WARNING,
	NOOKS_STUCK,
	NOOKS_STARVED,
	NOOKS_BAD_LENGTHS,
	NOOKS_ERRORS,
	NOOKS_CONTRADICTION,
	NOOKS_DEAD_DEVICE,
	NOOKS_DEADLOCK,
};

/**
 * struct nooks_failure - what a report says
 * @kind: see enum nooks_failure_kind
 * @address: that was accessed, called or passed
 * @regs: of the domain, valid if @has_regs
 * @text: one line more: argument, field, object
 */
struct nooks_failure {
	enum nooks_failure_kind kind;
	unsigned long address;
	bool has_regs;
	struct pt_regs regs;
	char text[128];
};

/** enum nooks_recovery_policy - what to do after a failure */
enum nooks_recovery_policy {
	NOOKS_RECOVERY_RESTART,
	NOOKS_RECOVERY_STOP,
};

#define NOOKS_MAX_FAILURES	32
#define NOOKS_MAX_MODULES	16

/**
 * struct nooks_fs - of a driver's file systems: wrappers/fspark.c
 * @parked: they stay mounted through this restart; under nooks_driver.lock
 * @embeds: it has had a cache of objects that embed inodes: calls about these are looked at (wrappers/fsguard.c)
 * @refuses: some of its super blocks or inodes are parked, or spoiled: calls are looked at
 * @restorer: the thread that brings them back, which may call in with parked ones
 * @wanted: the inode that the driver is to make its own again; of @restorer
 * @adopted: ditto, while it allocates the object around it
 * @filled: the mount whose super block it is to fill again; ditto
 * @changes: what calls have committed that have not ended, in the order of time: wrappers/undo.c
 */
struct nooks_fs {
	bool parked;
	bool embeds;
	bool refuses;
	struct task_struct *restorer;
	struct inode *wanted;
	struct inode *adopted;
	const struct nooks_mount *filled;
	struct list_head changes;
};

/**
 * struct nooks_driver - a driver in its domain
 * @name: of its module
 * @list: of all drivers
 * @dev: in class nooks; may outlive the driver, and nooks.ko: a device core dump holds it
 * @loader: process that may bring its image
 * @loaded: its init has returned 0 once
 * @going: its loader has given it up; under the mutex of the list
 * @restarting: what is released now is going to be made again; under lock
 * @hands_over: net devices that were parked are handed over to it as soon as it registers them; under
 *	nooks_parked_lock
 * @domain: where it runs
 * @module: NULL until its image is known, and after it is gone
 * @modules: other modules whose symbols its image uses, each with a reference
 * @image: the image's head
 * @sections: of the image, read-only to the driver
 * @stubs: entry stubs' descriptors, by address of the stub
 * @pristine: copies of the TEXT and DATA sections as they were when init was called, or NULL
 * @objects: what the driver holds
 * @shadows: ditto, of what it sees copies of
 * @heap: its memory
 * @fs: of its file systems
 * @unplug: watches of the buses that its devices are on; only added to until it goes
 * @state: under @lock
 * @lock: protects @state and the life cycle: load, unload, recovery. Outside rtnl and the
 *	device locks: recovery takes these while it holds it
 * @policy: what to do after a failure
 * @recovery: the work that does it
 * @quiet: the work that wakes the threads of a driver that has failed
 * @kick: queues both, from any context
 * @wish: enum nooks_wish, under @lock
 * @resume: ditto: what to do when the file systems that keep recovery waiting are unmounted
 * @init: stub of its module init
 * @libraries: of the image: modules that are linked into it, in the order of their inits
 * @failures: times (jiffies) of the last failures, for giving up
 * @backoff: how it waits between restarts
 * @max_failures: give up when there are more of them ...
 * @window: ... within this many seconds
 * @readonly_failure: that it makes a file system read-only, unasked, is a failure: wrappers/fspark.c
 * @inode_check: that its part of an inode changes outside of calls about that inode is a failure: wrappers/fsguard.c
 * @silent_seconds: so many seconds of packets sent and none received are a failure; 0: never
 * @silence: what is known of that
 * @max_warnings: so many WARNs in its code since it was started are a failure; 0: never
 * @nr_warnings: WARNs so far
 * @warnings_before: of these, before it was started; written by recovery
 * @health: what it shows of its own state: recovery/health.c
 * @nr_failures: failures so far
 * @nr_restarts: restarts that succeeded
 * @dma: bytes of coherent DMA memory that it has, or that its device may still write to
 * @nr_dma_refused: how often that was too much
 * @log: of lines that it writes to the kernel's log
 * @warnings: ditto, of WARNs in its code
 * @nr_lines_dropped: lines and WARNs that were too many
 * @nr_stores: checked stores
 * @nr_missed_calls: calls of the driver that bypassed their wrapper's stub, and were routed
 * @nr_missed_entries: calls into the driver that bypassed their entry stub, and were routed
 * @nr_handled: calls of interrupt handlers that were looked at: recovery/storm.c
 * @nr_faults: exceptions in the domain, these two and the checked stores excepted
 * @held_irqs: interrupt lines that wait for the end of a poll: see wrappers/irq.c
 * @last: the last failure; written by whom nooks_domain_fail_incarnation() chose
 * @last_function: name of the driver function in which it happened
 * @evidence: what was noted of it
 * @dump: the full report
 * @inject: the fault to come, 0 for none
 * @inject_into: which call it waits for; NULL: any
 * @inject_calls: the kernel call that fails, from now; 0: none
 * @inject_traces: kernel calls are traced for that
 * @debugfs: its directory there
 * @learned: what it has learned in learn mode, which lasts as long as the driver; NULL: not in it
 * @scribble: where a scribble goes, NULL before the first one is asked for
 */
struct nooks_driver {
	char name[NOOKS_NAME_LEN];
	struct list_head list;
	struct device *dev;
	pid_t loader;
	bool loaded;
	bool going;
	bool restarting;
	bool hands_over;
	struct nooks_domain *domain;
	struct module *module;
	struct module *modules[NOOKS_MAX_MODULES];
	const struct nooks_image *image;
	const struct nooks_section *sections;
	struct nooks_stub *stubs;
	struct nooks_stub *init;
	const struct nooks_library *libraries;
	void **pristine;
	struct nooks_objects objects;
	struct nooks_shadows shadows;
	struct nooks_heap heap;
	struct nooks_fs fs;
	struct nooks_unplug *unplug;
	enum nooks_state state;
	struct mutex lock;
	enum nooks_recovery_policy policy;
	struct work_struct recovery;
	struct work_struct quiet;
	struct irq_work kick;
	unsigned int wish;
	unsigned int resume;
	unsigned long failures[NOOKS_MAX_FAILURES];
	struct nooks_backoff backoff;
	unsigned int max_failures;
	unsigned int window;
	unsigned int readonly_failure;
	unsigned int inode_check;
	unsigned int silent_seconds;
	struct nooks_silence silence;
	unsigned int max_warnings;
	atomic_long_t nr_warnings;
	unsigned long warnings_before;
	struct nooks_health health;
	unsigned long nr_failures;
	unsigned long nr_restarts;
	atomic_long_t dma;
	atomic_long_t nr_dma_refused;
	struct ratelimit_state log;
	struct ratelimit_state warnings;
	atomic_long_t nr_lines_dropped;
	atomic_long_t nr_stores;
	atomic_long_t nr_missed_calls;
	atomic_long_t nr_missed_entries;
	atomic_long_t nr_handled;
	atomic_long_t nr_faults;
	unsigned int held_irqs;
	struct nooks_failure last;
	char last_function[64];
	struct nooks_evidence *evidence;
	struct nooks_dump dump;
	unsigned int inject;
	const struct nooks_stub *inject_into;
	atomic_t inject_calls;
	bool inject_traces;
	struct dentry *debugfs;
	struct nooks_learned *learned;
	struct nooks_scribble *scribble;
};

static inline struct nooks_driver *nooks_driver_of(const struct nooks_crossing *x)
{
	return x->domain->private;
}

/*
 * Fail the driver of a crossing: report, close the domain, start recovery. Any context but NMI; the
 * thread is unwound when it would go back into the domain. Only the first failure of an
 * incarnation is reported.
 */
__printf(4, 5)
void nooks_fail(struct nooks_crossing *x, enum nooks_failure_kind kind, unsigned long address,
		const char *fmt, ...);
__printf(5, 6)
void nooks_fail_trap(struct nooks_crossing *x, enum nooks_failure_kind kind,
		     unsigned long address, const struct pt_regs *regs, const char *fmt, ...);

/*
 * The same where no crossing is under way: after the call of @stub's function has ended, or because of how often
 * it is called.
 */
__printf(5, 6)
void nooks_fail_driver(struct nooks_driver *driver, const struct nooks_stub *stub,
		       enum nooks_failure_kind kind, unsigned long address, const char *fmt, ...);

/* May the driver write to the log once more? If not, that is counted. Any context. */
bool nooks_driver_may_log(struct nooks_driver *driver, struct ratelimit_state *limit);

/* Entry stubs and roles: nooks/stub.c */
struct nooks_stub *nooks_stub_find(struct nooks_driver *driver, const void *stub);
bool nooks_roles_alike(const struct nooks_role *a, const struct nooks_role *b);
bool nooks_stub_bind(struct nooks_driver *driver, const void *stub, unsigned int role);

/*
 * Call the driver function behind a stub, as its role says, lending the arguments and checking the
 * result. Any context but NMI. Return: what the kernel gets.
 */
unsigned long nooks_call_role(struct nooks_stub *stub, const struct nooks_role *role,
			      unsigned long *args);
unsigned long nooks_call_lending(struct nooks_stub *stub, const struct nooks_role *role,
				 unsigned long *args, const void *start, u32 size);
unsigned long nooks_call_watched(struct nooks_crossing *x, struct nooks_stub *stub,
				 const struct nooks_role *role, unsigned long *args,
				 const void *start, u32 size, int *status);
unsigned long nooks_call_undoable(struct nooks_crossing *x, struct nooks_stub *stub,
				  const struct nooks_role *role, unsigned long *args,
				  struct nooks_undo *undo, int *status);
unsigned long nooks_call_copying(struct nooks_stub *stub, const struct nooks_role *role,
				 unsigned long *args, unsigned int arg, void *copy, u32 size,
				 int *status);
/* As above without a role, for hooks and callbacks of kernel instances; enum nooks_call_status. */
int nooks_call_stub(struct nooks_stub *stub, const unsigned long *args, unsigned long *ret);
/*
 * The same in steps, for who has to do something in between: false: the driver takes no calls;
 * enum nooks_call_status; give back.
 */
bool nooks_call_begin(struct nooks_crossing *x, struct nooks_stub *stub);
int nooks_call_run(struct nooks_crossing *x, const struct nooks_role *role,
		   const unsigned long *args, unsigned long *ret);
void nooks_call_end(struct nooks_crossing *x);

#endif
