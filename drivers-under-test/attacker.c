// SPDX-License-Identifier: GPL-2.0
/*
 * A driver that does what no driver may: one access, chosen by parameters, to an address that the
 * test takes from /proc/kallsyms. The same file runs in a domain, where the attack must fail, and natively, where
 * it must do its damage.
 */
#define pr_fmt(fmt) "attacker: " fmt
#include <linux/delay.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/timer.h>
#include <linux/workqueue.h>

static char *attack = "none";
module_param(attack, charp, 0444);
MODULE_PARM_DESC(attack, "write, read, jump, null, undefined, overflow, stack, use-after-free, double-free, own-module, spin or none");

static unsigned long addr;
module_param(addr, ulong, 0444);
MODULE_PARM_DESC(addr, "what to access");

static unsigned long value;
module_param(value, ulong, 0444);
MODULE_PARM_DESC(value, "what to write there, as a long");

static char *when = "init";
module_param(when, charp, 0444);
MODULE_PARM_DESC(when, "init, timer or work");

static struct timer_list timer;
static struct work_struct work;

static noinline int overflow(int n)
{
	volatile char frame[512];

	frame[0] = n;
	return n < 1000000 ? overflow(n + 1) + frame[0] : frame[0];
}

static noinline void do_attack(void)
{
	void *p;

	if (!strcmp(attack, "write")) {
		*(volatile unsigned long *)addr = value;
	} else if (!strcmp(attack, "read")) {
		value = *(volatile unsigned long *)addr;
	} else if (!strcmp(attack, "jump")) {
		((void (*)(void))addr)();
	} else if (!strcmp(attack, "null")) {
		value = *(volatile unsigned long *)16;
	} else if (!strcmp(attack, "undefined")) {
		asm volatile("ud2");
	} else if (!strcmp(attack, "overflow")) {
		value = overflow(0);
	} else if (!strcmp(attack, "stack")) {
		asm volatile("mov %0, %%rsp; push %%rax" : : "r"(addr + 64) : "memory");
	} else if (!strcmp(attack, "use-after-free")) {
		p = kmalloc(65536, GFP_ATOMIC);
		kfree(p);
		mdelay(100);
		memset(p, 0xa5, 65536);
	} else if (!strcmp(attack, "double-free")) {
		p = kmalloc(64, GFP_ATOMIC);
		kfree(p);
		kfree(p);
	} else if (!strcmp(attack, "own-module")) {
		WRITE_ONCE(THIS_MODULE->exit, (void *)0xdead000000000000);
	} else if (!strcmp(attack, "spin")) {
		unsigned long end = jiffies + HZ;

		while (time_before(jiffies, end))
			cpu_relax();
	}
	pr_info("survived\n");
}

static void on_timer(struct timer_list *unused)
{
	do_attack();
}

static void on_work(struct work_struct *unused)
{
	do_attack();
}

static int __init attacker_init(void)
{
	timer_setup(&timer, on_timer, 0);
	INIT_WORK(&work, on_work);
	if (!strcmp(when, "timer"))
		mod_timer(&timer, jiffies + 1);
	else if (!strcmp(when, "work"))
		schedule_work(&work);
	else
		do_attack();
	return 0;
}

static void __exit attacker_exit(void)
{
	del_timer_sync(&timer);
	cancel_work_sync(&work);
}

module_init(attacker_init);
module_exit(attacker_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("A driver that does what no driver may");
