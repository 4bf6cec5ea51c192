// SPDX-License-Identifier: GPL-2.0
/*
 * Wait queues and completions. A driver embeds them in its memory or declares them on its stack; threads
 * of its sleep on the kernel's instances. When the domain fails, all sleepers are woken first
 * of all (NOOKS_PHASE_QUIET): they come back to their crossings and are unwound.
 *
 * Inline code changes a driver's copy without a call: reinit_completion() and the static
 * initialisers set completion.done; waitqueue_active() reads the list's head. So the count of a
 * completion is shown in the driver's copy after each operation, and if the copy holds something
 * else at the next one, that is the driver's, and counts from then on. Of a wait queue, the head
 * shows whether someone waits.
 */
#include <linux/completion.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/wait.h>
#include "../nooks/driver.h"
#include "../objtracker/instance.h"
#include "args.h"
#include "generated.h"

/**
 * struct nooks_completion - kernel instance of a completion
 * @instance: in the driver's table
 * @lock: makes @shown, the driver's copy and the look at @completion one step; any context
 * @completion: the kernel's
 * @shown: what the driver's copy was set to last
 */
struct nooks_completion {
	struct nooks_instance instance;
	spinlock_t lock;
	struct completion completion;
	unsigned int shown;
};

/**
 * struct nooks_waitqueue - kernel instance of a wait_queue_head
 * @instance: in the driver's table
 * @head: the kernel's
 */
struct nooks_waitqueue {
	struct nooks_instance instance;
	wait_queue_head_t head;
};

/**
 * struct nooks_wait - kernel instance of a wait_queue_entry
 * @instance: in the driver's table; from its first queueing until finish_wait() or recovery
 * @entry: the kernel's; its private is @task
 * @task: the thread that waits, with a reference
 * @queue: where @entry is or was queued, with a reference
 */
struct nooks_wait {
	struct nooks_instance instance;
	struct wait_queue_entry entry;
	struct task_struct *task;
	struct nooks_waitqueue *queue;
};

NOOKS_INSTANCE(completion)
NOOKS_INSTANCE(waitqueue)
NOOKS_INSTANCE(wait)

/* Completions */

static void completion_init(struct nooks_object *object)
{
	struct nooks_completion *c = completion_of(object);

	spin_lock_init(&c->lock);
	init_completion(&c->completion);
}

/* Whoever waits, or is about to, is let go, for good. */
static void completion_release(struct nooks_object *object)
{
	complete_all(&completion_of(object)->completion);
}

static const struct nooks_object_class completion_class = {
	.name = "completion",
	.phase = NOOKS_PHASE_QUIET,
	.release = completion_release,
	.size = sizeof(struct nooks_completion),
	.init = completion_init,
	.forget = true,
};

/* Take over what the driver has set inline. */
static struct nooks_completion *completion_get(struct nooks_crossing *x, unsigned long addr)
{
	const struct completion *theirs;
	struct nooks_completion *c;
	unsigned long flags;
	unsigned int done;

	c = to_completion(nooks_instance_get(x, &completion_class, addr, sizeof(*theirs),
					     GFP_ATOMIC));
	if (!c)
		return NULL;
	spin_lock_irqsave(&c->lock, flags);
	theirs = nooks_instance_theirs(&c->instance);
	if (theirs) {
		done = READ_ONCE(theirs->done);
		if (done != c->shown) {
			raw_spin_lock(&c->completion.wait.lock);
			c->completion.done = done;
			raw_spin_unlock(&c->completion.wait.lock);
			c->shown = done;
		}
	}
	spin_unlock_irqrestore(&c->lock, flags);
	return c;
}

static void completion_put(struct nooks_completion *c)
{
	struct completion *theirs;
	unsigned long flags;

	spin_lock_irqsave(&c->lock, flags);
	theirs = nooks_instance_theirs(&c->instance);
	if (theirs) {
		c->shown = READ_ONCE(c->completion.done);
		WRITE_ONCE(theirs->done, c->shown);
	}
	spin_unlock_irqrestore(&c->lock, flags);
	nooks_instance_put(&c->instance);
}

#define COMPLETION(name, sleeps, ret, call)						\
NOOKS_WRAPPER(name)									\
{											\
	struct nooks_completion *c;							\
	ret;										\
											\
	if (sleeps && !nooks_may_sleep(x, #name))					\
		return 0;								\
	c = completion_get(x, a0);							\
	if (!c)										\
		return 0;								\
	call;										\
	completion_put(c);								\
	return value;									\
}

#define NOTHING		unsigned long value = 0
#define LONG		long value

COMPLETION(complete, false, NOTHING, complete(&c->completion))
COMPLETION(complete_all, false, NOTHING, complete_all(&c->completion))
COMPLETION(completion_done, false, LONG, value = completion_done(&c->completion))
COMPLETION(try_wait_for_completion, false, LONG, value = try_wait_for_completion(&c->completion))
COMPLETION(wait_for_completion, true, NOTHING, wait_for_completion(&c->completion))
COMPLETION(wait_for_completion_timeout, true, LONG,
	   value = wait_for_completion_timeout(&c->completion, a1))
COMPLETION(wait_for_completion_interruptible, true, LONG,
	   value = wait_for_completion_interruptible(&c->completion))
COMPLETION(wait_for_completion_interruptible_timeout, true, LONG,
	   value = wait_for_completion_interruptible_timeout(&c->completion, a1))
COMPLETION(wait_for_completion_killable, true, LONG,
	   value = wait_for_completion_killable(&c->completion))
COMPLETION(wait_for_completion_killable_timeout, true, LONG,
	   value = wait_for_completion_killable_timeout(&c->completion, a1))

/* void __init_swait_queue_head(struct swait_queue_head *q, name, key): part of init_completion() */
NOOKS_WRAPPER(__init_swait_queue_head)
{
	static struct lock_class_key key;

	if (nooks_arg_writable(x, (void *)a0, sizeof(struct swait_queue_head), false,
			       "__init_swait_queue_head", "q"))
		__init_swait_queue_head((struct swait_queue_head *)a0, "driver's", &key);
	return 0;
}

/* Wait queues */

/* waitqueue_active(): the list is not empty if its head does not lead to itself. */
static void show_active(struct nooks_waitqueue *q)
{
	wait_queue_head_t *theirs;
	unsigned long flags;

	spin_lock_irqsave(&q->head.lock, flags);
	theirs = nooks_instance_theirs(&q->instance);
	if (theirs)
		WRITE_ONCE(theirs->head.next, list_empty(&q->head.head) ?
			   &theirs->head : (struct list_head *)theirs);
	spin_unlock_irqrestore(&q->head.lock, flags);
}

static void waitqueue_init(struct nooks_object *object)
{
	init_waitqueue_head(&waitqueue_of(object)->head);
}

static const struct nooks_object_class waitqueue_class = {
	.name = "wait queue",
	.phase = NOOKS_PHASE_MEMORY,
	.size = sizeof(struct nooks_waitqueue),
	.init = waitqueue_init,
	.forget = true,
};

/* As finish_wait(), without touching the state of the task. */
static void unlink(struct nooks_waitqueue *q, struct nooks_wait *w)
{
	unsigned long flags;

	spin_lock_irqsave(&q->head.lock, flags);
	list_del_init(&w->entry.entry);
	spin_unlock_irqrestore(&q->head.lock, flags);
	show_active(q);
}

/* Takes the entry off its queue. The thread itself and recovery may both do so. */
static void unqueue(struct nooks_wait *w)
{
	struct nooks_waitqueue *q = xchg(&w->queue, NULL);

	if (!q)
		return;
	unlink(q, w);
	nooks_instance_put(&q->instance);
}

/* Recovery: the thread sleeps, or was unwound between its calls. */
static void wait_release(struct nooks_object *object)
{
	struct nooks_wait *w = wait_of(object);

	unqueue(w);
	wake_up_process(w->task);
}

static void wait_free(struct nooks_object *object)
{
	put_task_struct(wait_of(object)->task);
	kfree(wait_of(object));
}

static void wait_init(struct nooks_object *object)
{
	struct nooks_wait *w = wait_of(object);

	init_wait_entry(&w->entry, 0);
	w->task = get_task_struct(current);
}

static const struct nooks_object_class wait_class = {
	.name = "wait queue entry",
	.phase = NOOKS_PHASE_QUIET,
	.release = wait_release,
	.size = sizeof(struct nooks_wait),
	.init = wait_init,
	.free = wait_free,
};

static bool waiting_state(unsigned long state)
{
	return state == TASK_INTERRUPTIBLE || state == TASK_UNINTERRUPTIBLE ||
	       state == TASK_KILLABLE || state == TASK_IDLE ||
	       state == (TASK_INTERRUPTIBLE | TASK_FREEZABLE) ||
	       state == (TASK_UNINTERRUPTIBLE | TASK_FREEZABLE);
}

/*
 * The instance of an entry of this thread's, found or made; a reference, or NULL with the domain
 * failed.
 */
static struct nooks_wait *get_wait(struct nooks_crossing *x, unsigned long entry, const char *fn)
{
	struct nooks_driver *driver = nooks_driver_of(x);
	const struct wait_queue_entry *theirs = (void *)entry;
	struct nooks_object *object;

	object = nooks_object_get(driver, &wait_class, theirs);
	if (!object && !nooks_crossing_stale(x)) {
		/* The address is on this thread's stack, or in use by it alone: nobody else adds it. */
		nooks_object_add(driver, &wait_class, theirs, sizeof(*theirs), 0,
				 GFP_ATOMIC | __GFP_NOWARN);
		object = nooks_object_get(driver, &wait_class, theirs);
		if (!object)
			nooks_fail(x, NOOKS_OUT_OF_RESOURCES, entry, "%s: no memory", fn);
	}
	if (object && wait_of(object)->task != current) {
		nooks_fail(x, NOOKS_BAD_ARGUMENT, entry, "%s: the entry is another thread's", fn);
		nooks_object_free(object);
		object = NULL;
	}
	return object ? wait_of(object) : NULL;
}

/*
 * Bind an entry of this thread's to a queue. True: *@q and *@w are references, for bound() below;
 * false: the domain has failed.
 */
static bool bind(struct nooks_crossing *x, unsigned long queue, unsigned long entry,
		 struct nooks_waitqueue **q, struct nooks_wait **w, const char *fn)
{
	const struct wait_queue_entry *theirs = (void *)entry;
	void *func;

	if (!nooks_arg_writable(x, theirs, sizeof(*theirs), false, fn, "wq_entry"))
		return false;
	func = READ_ONCE(theirs->func);
	if (func != autoremove_wake_function && func != default_wake_function &&
	    func != woken_wake_function) {
		nooks_fail(x, NOOKS_BAD_ARGUMENT, entry, "%s: an unknown wake function", fn);
		return false;
	}
	*q = to_waitqueue(nooks_instance_get(x, &waitqueue_class, queue, sizeof(wait_queue_head_t),
					     GFP_ATOMIC));
	if (!*q)
		return false;
	*w = get_wait(x, entry, fn);
	if (!*w) {
		nooks_instance_put(&(*q)->instance);
		return false;
	}
	if (READ_ONCE((*w)->queue) != *q) {
		unqueue(*w);
		(*w)->entry.func = func;
		nooks_instance_hold(&(*q)->instance);
		xchg(&(*w)->queue, *q);
	}
	return true;
}

/* After the entry was queued: if recovery has released it meanwhile, it must not stay, nor sleep. */
static void bound(struct nooks_waitqueue *q, struct nooks_wait *w)
{
	if (!nooks_object_tracked(&w->instance.object)) {
		unlink(q, w);
		unqueue(w);
		__set_current_state(TASK_RUNNING);
	} else {
		show_active(q);
	}
	nooks_instance_put(&q->instance);
	nooks_object_free(&w->instance.object);
}

/* Take this thread's entry from its queue and forget it. */
static void unbind(struct nooks_crossing *x, unsigned long entry, const char *fn)
{
	struct nooks_driver *driver = nooks_driver_of(x);
	struct nooks_object *object = nooks_object_find(driver, &wait_class, (void *)entry);

	if (!object)
		return;
	if (wait_of(object)->task != current) {
		nooks_fail(x, NOOKS_BAD_ARGUMENT, entry, "%s: the entry is another thread's", fn);
		return;
	}
	/* Recovery may take it at the same time. */
	object = nooks_object_remove(driver, &wait_class, (void *)entry);
	if (!object)
		return;
	unqueue(wait_of(object));
	nooks_object_free(object);
}

/* void __init_waitqueue_head(struct wait_queue_head *wq_head, const char *name, key) */
NOOKS_WRAPPER(__init_waitqueue_head)
{
	static struct lock_class_key key;

	if (!nooks_arg_writable(x, (void *)a0, sizeof(wait_queue_head_t), false,
				"__init_waitqueue_head", "wq_head"))
		return 0;
	/* Without sleepers, the next use gets a fresh instance. */
	nooks_objects_forget(nooks_driver_of(x), (void *)a0, 1);
	__init_waitqueue_head((wait_queue_head_t *)a0, "driver's", &key);
	return 0;
}

/* void init_wait_entry(struct wait_queue_entry *wq_entry, int flags) */
NOOKS_WRAPPER(init_wait_entry)
{
	struct wait_queue_entry *theirs = (struct wait_queue_entry *)a0;

	if (!nooks_arg_writable(x, theirs, sizeof(*theirs), false, "init_wait_entry", "wq_entry"))
		return 0;
	unbind(x, a0, "init_wait_entry");
	init_wait_entry(theirs, (int)a1 & WQ_FLAG_EXCLUSIVE);
	return 0;
}

/*
 * Queue the entry and set the state of the thread, last: nothing here may sleep after it.
 * [prepare_to_wait_event] Return: -ERESTARTSYS if a signal is pending, and then it is not queued.
 */
static long prepare(struct nooks_crossing *x, unsigned long queue, unsigned long entry,
		    unsigned long state, bool exclusive, bool event, const char *fn)
{
	struct nooks_waitqueue *q;
	struct nooks_wait *w;
	long ret = 0;

	state = (unsigned int)state;
	if (!waiting_state(state)) {
		nooks_fail(x, NOOKS_BAD_ARGUMENT, state, "%s: not a state to wait in", fn);
		return 0;
	}
	if (!bind(x, queue, entry, &q, &w, fn))
		return 0;
	if (event) {
		if (READ_ONCE(((struct wait_queue_entry *)entry)->flags) & WQ_FLAG_EXCLUSIVE)
			w->entry.flags |= WQ_FLAG_EXCLUSIVE;
		ret = prepare_to_wait_event(&q->head, &w->entry, state);
	} else if (exclusive) {
		prepare_to_wait_exclusive(&q->head, &w->entry, state);
	} else {
		prepare_to_wait(&q->head, &w->entry, state);
	}
	bound(q, w);
	return ret;
}

NOOKS_WRAPPER(prepare_to_wait)
{
	prepare(x, a0, a1, a2, false, false, "prepare_to_wait");
	return 0;
}

/* bool prepare_to_wait_exclusive(): was the queue empty? Nobody who wakes by that is in a driver. */
NOOKS_WRAPPER(prepare_to_wait_exclusive)
{
	prepare(x, a0, a1, a2, true, false, "prepare_to_wait_exclusive");
	return 0;
}

NOOKS_WRAPPER(prepare_to_wait_event)
{
	return prepare(x, a0, a1, a2, false, true, "prepare_to_wait_event");
}

/* void finish_wait(struct wait_queue_head *wq_head, struct wait_queue_entry *wq_entry) */
NOOKS_WRAPPER(finish_wait)
{
	__set_current_state(TASK_RUNNING);
	unbind(x, a1, "finish_wait");
	return 0;
}

static void add(struct nooks_crossing *x, unsigned long queue, unsigned long entry, bool exclusive,
		const char *fn)
{
	struct nooks_waitqueue *q;
	struct nooks_wait *w;
	unsigned long flags;

	if (!bind(x, queue, entry, &q, &w, fn))
		return;
	/* What was queued stays so: the kernel's function would link it twice. */
	spin_lock_irqsave(&q->head.lock, flags);
	if (list_empty(&w->entry.entry)) {
		if (exclusive)
			__add_wait_queue_entry_tail_exclusive(&q->head, &w->entry);
		else
			__add_wait_queue(&q->head, &w->entry);
	}
	spin_unlock_irqrestore(&q->head.lock, flags);
	bound(q, w);
}

NOOKS_WRAPPER(add_wait_queue)
{
	add(x, a0, a1, false, "add_wait_queue");
	return 0;
}

NOOKS_WRAPPER(add_wait_queue_exclusive)
{
	add(x, a0, a1, true, "add_wait_queue_exclusive");
	return 0;
}

NOOKS_WRAPPER(remove_wait_queue)
{
	unbind(x, a1, "remove_wait_queue");
	return 0;
}

/* long wait_woken(struct wait_queue_entry *wq_entry, unsigned int mode, long timeout) */
NOOKS_WRAPPER(wait_woken)
{
	static const char fn[] = "wait_woken";
	struct nooks_object *object;
	long left = 0;

	if (!nooks_may_sleep(x, fn))
		return 0;
	object = nooks_object_get(nooks_driver_of(x), &wait_class, (void *)a0);
	if (!object || wait_of(object)->task != current || !waiting_state((unsigned int)a1) ||
	    (long)a2 < 0)
		nooks_fail(x, NOOKS_BAD_ARGUMENT, a0, "%s: not queued, or bad arguments", fn);
	else
		left = wait_woken(&wait_of(object)->entry, (unsigned int)a1, a2);
	if (object)
		nooks_object_free(object);
	return left;
}

/* void __wake_up(struct wait_queue_head *wq_head, unsigned int mode, int nr, void *key) */
NOOKS_WRAPPER(__wake_up)
{
	struct nooks_waitqueue *q = to_waitqueue(nooks_instance_find(x, &waitqueue_class, a0));

	/* Nobody has ever waited. */
	if (!q)
		return 0;
	__wake_up(&q->head, (unsigned int)a1 & TASK_NORMAL, (int)a2, NULL);
	show_active(q);
	nooks_instance_put(&q->instance);
	return 0;
}

/*
 * The thread has queued itself, and sleeps unless it was woken or the domain has failed since. A thread
 * that fails the domain wakes it after that: either it sees the failure here, or it is woken.
 */
NOOKS_WRAPPER(schedule)
{
	if (nooks_is_atomic()) {
		__set_current_state(TASK_RUNNING);
		nooks_may_sleep(x, "schedule");
	}
	if (nooks_crossing_stale(x))
		__set_current_state(TASK_RUNNING);
	else
		schedule();
	return 0;
}

/* signed long schedule_timeout(signed long timeout) */
NOOKS_WRAPPER(schedule_timeout)
{
	if ((long)a0 < 0 || nooks_is_atomic()) {
		__set_current_state(TASK_RUNNING);
		nooks_fail(x, NOOKS_BAD_ARGUMENT, a0,
			   "schedule_timeout: negative, or in atomic context");
	}
	if (nooks_crossing_stale(x)) {
		__set_current_state(TASK_RUNNING);
		return 0;
	}
	return schedule_timeout(a0);
}
