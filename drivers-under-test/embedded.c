// SPDX-License-Identifier: GPL-2.0
/*
 * Uses every kind of kernel object that drivers embed in their own memory: from its init, from
 * several threads and contexts at once, and from its exit. The same natively and in a domain: prints
 * one line with what has happened, which must be the same.
 */
#define pr_fmt(fmt) "embedded: " fmt
#include <linux/completion.h>
#include <linux/hrtimer.h>
#include <linux/interrupt.h>
#include <linux/module.h>
#include <linux/netdevice.h>
#include <linux/rcupdate.h>
#include <linux/rwsem.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/timer.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#define ROUNDS	50
#define WORKERS	4

/* What RCU frees. */
struct item {
	struct rcu_head rcu;
	unsigned int number;
};

static struct objects {
	struct hrtimer hrtimer;
	struct tasklet_struct tasklet;
	struct tasklet_struct old_tasklet;
	struct completion done;
	struct completion all;
	wait_queue_head_t queue;
	struct rw_semaphore rwsem;
	struct notifier_block notifier;
	struct timer_list timer;
	struct work_struct workers[WORKERS];
} *o;

static atomic_t hrtimer_calls, tasklet_calls, old_tasklet_data, rcu_calls, events, wakers;
static unsigned long shared, reads;
static unsigned int timeouts, writers;

static enum hrtimer_restart on_hrtimer(struct hrtimer *timer)
{
	if (atomic_inc_return(&hrtimer_calls) % 10 == 0) {
		complete(&o->done);
		return HRTIMER_NORESTART;
	}
	hrtimer_add_expires_ns(timer, 500 * NSEC_PER_USEC);
	return HRTIMER_RESTART;
}

static void on_tasklet(struct tasklet_struct *t)
{
	atomic_inc(&tasklet_calls);
	wake_up(&o->queue);
}

static void on_old_tasklet(unsigned long data)
{
	atomic_add(data, &old_tasklet_data);
}

static void on_rcu(struct rcu_head *head)
{
	struct item *item = container_of(head, struct item, rcu);

	atomic_add(item->number, &rcu_calls);
	kfree(item);
}

static int on_event(struct notifier_block *nb, unsigned long event, void *data)
{
	if (nb == &o->notifier && event == NETDEV_REGISTER &&
	    !strcmp(netdev_notifier_info_to_dev(data)->name, "lo"))
		atomic_inc(&events);
	return NOTIFY_DONE;
}

static void on_timer(struct timer_list *timer)
{
	atomic_inc(&wakers);
	wake_up_all(&o->queue);
}

/* Readers and writers of one number, which a wrong lock would show to be wrong. */
static void on_worker(struct work_struct *work)
{
	unsigned int i;
	unsigned long seen;

	for (i = 0; i < ROUNDS; i++) {
		down_read(&o->rwsem);
		seen = READ_ONCE(shared);
		if (i % 8 == 0)
			usleep_range(20, 50);
		if (seen != READ_ONCE(shared))
			reads += 1000000;
		up_read(&o->rwsem);
		down_write(&o->rwsem);
		seen = shared;
		cond_resched();
		shared = seen + 1;
		downgrade_write(&o->rwsem);
		up_read(&o->rwsem);
		if (down_write_trylock(&o->rwsem)) {
			writers++;
			up_write(&o->rwsem);
		}
	}
}

static bool use_rcu(unsigned int n)
{
	struct item *item = kmalloc(sizeof(*item), GFP_KERNEL);
	struct item *other = kmalloc(sizeof(*other), GFP_KERNEL);

	if (!item || !other) {
		kfree(item);
		kfree(other);
		return false;
	}
	item->number = n;
	call_rcu(&item->rcu, on_rcu);
	kfree_rcu(other, rcu);
	return true;
}

/* One after the other, each waiting for what it has started. False: something did not come. */
static bool use(unsigned int n)
{
	DECLARE_COMPLETION_ONSTACK(nobody);
	int calls = atomic_read(&tasklet_calls), wakes = atomic_read(&wakers);

	hrtimer_start(&o->hrtimer, ns_to_ktime(200 * NSEC_PER_USEC), HRTIMER_MODE_REL);
	if (!wait_for_completion_timeout(&o->done, 10 * HZ) || hrtimer_cancel(&o->hrtimer))
		return false;

	tasklet_disable(&o->tasklet);
	tasklet_schedule(&o->tasklet);
	tasklet_schedule(&o->tasklet);		/* once is enough */
	tasklet_enable(&o->tasklet);
	if (!wait_event_timeout(o->queue, atomic_read(&tasklet_calls) == calls + 1, 10 * HZ))
		return false;
	tasklet_hi_schedule(&o->old_tasklet);

	mod_timer(&o->timer, jiffies + 1);
	if (wait_event_interruptible_timeout(o->queue, atomic_read(&wakers) > wakes, 10 * HZ) <= 0)
		return false;
	if (!wait_for_completion_timeout(&nobody, 1))
		timeouts++;
	reinit_completion(&o->all);
	complete_all(&o->all);
	wait_for_completion(&o->all);
	if (!completion_done(&o->all) || waitqueue_active(&o->queue))
		return false;
	return use_rcu(n);
}

static bool use_all(void)
{
	unsigned int i;
	bool good = true;

	for (i = 0; i < WORKERS; i++)
		queue_work(system_unbound_wq, &o->workers[i]);
	for (i = 0; i < ROUNDS && good; i++)
		good = use(i);
	for (i = 0; i < WORKERS; i++)
		flush_work(&o->workers[i]);
	return good;
}

static int __init embedded_init(void)
{
	unsigned int i;
	bool good;

	o = kzalloc(sizeof(*o), GFP_KERNEL);
	if (!o)
		return -ENOMEM;
	hrtimer_init(&o->hrtimer, CLOCK_MONOTONIC, HRTIMER_MODE_REL);
	o->hrtimer.function = on_hrtimer;
	tasklet_setup(&o->tasklet, on_tasklet);
	tasklet_init(&o->old_tasklet, on_old_tasklet, 3);
	init_completion(&o->done);
	init_completion(&o->all);
	init_waitqueue_head(&o->queue);
	init_rwsem(&o->rwsem);
	timer_setup(&o->timer, on_timer, 0);
	for (i = 0; i < WORKERS; i++)
		INIT_WORK(&o->workers[i], on_worker);
	o->notifier.notifier_call = on_event;
	if (register_netdevice_notifier(&o->notifier))
		goto free;
	good = use_all();
	tasklet_kill(&o->tasklet);
	tasklet_kill(&o->old_tasklet);
	rcu_barrier();
	pr_info("%s: hrtimer %d tasklet %d %d rcu %d notifier %d timeouts %u rwsem %lu %lu %s\n",
		good ? "good" : "bad", atomic_read(&hrtimer_calls), atomic_read(&tasklet_calls),
		atomic_read(&old_tasklet_data), atomic_read(&rcu_calls), atomic_read(&events),
		timeouts, shared, reads, writers ? "try" : "no try");
	return 0;
free:
	kfree(o);
	return -EIO;
}

static void __exit embedded_exit(void)
{
	unregister_netdevice_notifier(&o->notifier);
	hrtimer_cancel(&o->hrtimer);
	del_timer_sync(&o->timer);
	tasklet_kill(&o->tasklet);
	tasklet_kill(&o->old_tasklet);
	use_rcu(1000);
	rcu_barrier();
	pr_info("exit: rcu %d\n", atomic_read(&rcu_calls));
	kfree(o);
}

module_init(embedded_init);
module_exit(embedded_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Uses what drivers embed in their memory");
