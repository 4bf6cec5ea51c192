// SPDX-License-Identifier: GPL-2.0
/*
 * Spinlocks at work: on two CPUs, in process context and in a timer, each of which adds to the same sums. They
 * come out right only if nobody else adds while one does.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt
#include <linux/atomic.h>
#include <linux/completion.h>
#include <linux/cpumask.h>
#include <linux/jiffies.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/timer.h>
#include <linux/workqueue.h>

static unsigned int rounds = 10000;
module_param(rounds, uint, 0444);
MODULE_PARM_DESC(rounds, "of each of two works");

static bool unlocked;
module_param(unlocked, bool, 0444);
MODULE_PARM_DESC(unlocked, "the plain lock is not taken: the sum comes out wrong");

/* In memory that is allocated, in that of the module, and of each kind of lock one. */
struct sums {
	spinlock_t plain, bh, irq, tried;
	unsigned int of_plain, of_bh, of_irq, of_tried;
};

static struct sums *sums;
static DEFINE_SPINLOCK(outer);
static unsigned int of_outer, ticks, strange;
static struct work_struct works[2];
static struct timer_list timer;
static bool stop;

static void add(unsigned int *sum)
{
	unsigned int old = READ_ONCE(*sum), i;

	for (i = 0; i < 20; i++)
		cpu_relax();
	WRITE_ONCE(*sum, old + 1);
}

static void add_tried(void)
{
	while (!spin_trylock(&sums->tried))
		cpu_relax();
	if (!spin_is_locked(&sums->tried) || spin_trylock(&sums->tried))
		strange++;
	add(&sums->of_tried);
	spin_unlock(&sums->tried);
}

static void work_fn(struct work_struct *work)
{
	unsigned long flags;
	unsigned int i;

	for (i = 0; i < rounds; i++) {
		if (!unlocked)
			spin_lock(&sums->plain);
		add(&sums->of_plain);
		if (!unlocked)
			spin_unlock(&sums->plain);
		spin_lock_bh(&sums->bh);
		add(&sums->of_bh);
		spin_unlock_bh(&sums->bh);
		spin_lock_irqsave(&sums->irq, flags);
		add(&sums->of_irq);
		spin_unlock_irqrestore(&sums->irq, flags);
		add_tried();
		/* One within the other, released in the order in which they were taken. */
		spin_lock(&outer);
		spin_lock(&sums->plain);
		add(&of_outer);
		spin_unlock(&outer);
		spin_unlock(&sums->plain);
		cond_resched();
	}
}

static void timer_fn(struct timer_list *t)
{
	spin_lock(&sums->bh);
	add(&sums->of_bh);
	spin_unlock(&sums->bh);
	spin_lock_irq(&sums->irq);
	add(&sums->of_irq);
	ticks++;
	spin_unlock_irq(&sums->irq);
	if (!READ_ONCE(stop))
		mod_timer(t, jiffies + 1);
}

static int __init locker_init(void)
{
	unsigned int i, all = 2 * rounds;

	sums = kzalloc(sizeof(*sums), GFP_KERNEL);
	if (!sums)
		return -ENOMEM;
	spin_lock_init(&sums->plain);
	spin_lock_init(&sums->bh);
	spin_lock_init(&sums->irq);
	spin_lock_init(&sums->tried);
	timer_setup(&timer, timer_fn, 0);
	mod_timer(&timer, jiffies + 1);
	for (i = 0; i < 2; i++) {
		INIT_WORK(&works[i], work_fn);
		schedule_work_on(i, &works[i]);
	}
	for (i = 0; i < 2; i++)
		flush_work(&works[i]);
	WRITE_ONCE(stop, true);
	del_timer_sync(&timer);
	pr_info("%u ticks\n", ticks);
	pr_info("sums are %s: %u %u %u %u %u of %u, %u\n",
		sums->of_plain == all && sums->of_bh == all + ticks && sums->of_irq == all + ticks &&
		sums->of_tried == all && of_outer == all && !strange ? "right" : "wrong",
		sums->of_plain, sums->of_bh - ticks, sums->of_irq - ticks, sums->of_tried, of_outer, all,
		strange);
	return 0;
}

static void __exit locker_exit(void)
{
	kfree(sums);
}

module_init(locker_init);
module_exit(locker_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("nooks: spinlocks of a driver's own");
