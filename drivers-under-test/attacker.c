// SPDX-License-Identifier: GPL-2.0
/*
 * A driver that does what no driver may: one access, chosen by parameters. The same file runs in
 * a domain, where the attack must fail, and natively, where it must do its damage. The addresses
 * of the kernel's and of other drivers' memory come from /proc/kallsyms.
 */
#define pr_fmt(fmt) "attacker: " fmt
#include <linux/delay.h>
#include <linux/module.h>
#include <linux/ptrace.h>
#include <linux/sched/task_stack.h>
#include <linux/slab.h>
#include <linux/timer.h>
#include <linux/workqueue.h>
#include <asm/tsc.h>

static char *attack = "none";
module_param(attack, charp, 0444);
MODULE_PARM_DESC(attack, "what to do: a name from the list in this file, or none");

static unsigned long addr;
module_param(addr, ulong, 0444);
MODULE_PARM_DESC(addr, "what to read, write, jump to, free or use as a stack");

static unsigned long value;
module_param(value, ulong, 0444);
MODULE_PARM_DESC(value, "what to write, as a long");

static char *when = "init";
module_param(when, charp, 0444);
MODULE_PARM_DESC(when, "init, timer or work");

#define DELAY	(HZ / 5)	/* of timer and work: init is to have returned */

static void on_timer(struct timer_list *unused);
static void on_work(struct work_struct *unused);
static DEFINE_TIMER(timer, on_timer);
static DECLARE_DELAYED_WORK(work, on_work);

static noinline void write_to(unsigned long p)
{
	*(volatile unsigned long *)p = value;
	pr_info("%lx written, now %lx\n", p, READ_ONCE(*(unsigned long *)p));
}

static noinline void jump_to(unsigned long p)
{
	((void (*)(void))p)();
}

static void attack_write(void)
{
	write_to(addr);
}

static void attack_read(void)
{
	pr_info("%lx holds %lx\n", addr, READ_ONCE(*(unsigned long *)addr));
}

static void attack_jump(void)
{
	jump_to(addr);
}

static void attack_null(void)
{
	value = *(volatile unsigned long *)16;
}

static void attack_undefined(void)
{
	asm volatile("ud2");
}

static noinline int overflow(int n)
{
	volatile char frame[512];

	frame[0] = n;
	return n < 1000000 ? overflow(n + 1) + frame[0] : frame[0];
}

static void attack_overflow(void)
{
	value = overflow(0);
}

static void attack_stack(void)
{
	asm volatile("mov %0, %%rsp; push %%rax" : : "r"(addr) : "memory");
}

static void attack_use_after_free(void)
{
	void *p = kmalloc(65536, GFP_ATOMIC);

	kfree(p);
	OPTIMIZER_HIDE_VAR(p);
	mdelay(200);		/* a domain's freed pages are taken away by a work item */
	memset(p, 0xa5, 65536);
}

static void attack_double_free(void)
{
	void *p = kmalloc(64, GFP_ATOMIC), *again = p;

	OPTIMIZER_HIDE_VAR(again);
	kfree(p);
	kfree(again);
}

static void attack_free(void)
{
	kfree((void *)addr);
}

static void attack_heap_jump(void)
{
	u8 *p = kmalloc(64, GFP_ATOMIC);

	memset(p, 0xc3, 64);	/* ret */
	jump_to((unsigned long)p);
	kfree(p);
}

/* Below the red zone of the stack of the process that loads us. */
static unsigned long user_address(void)
{
	return (task_pt_regs(current)->sp & ~7UL) - 256;
}

static void attack_user_write(void)
{
	write_to(user_address());
}

static void attack_user_jump(void)
{
	jump_to(task_pt_regs(current)->ip);
}

static void attack_own_text(void)
{
	unsigned long p;

	asm("lea 0f(%%rip), %0; 0:" : "=r"(p));
	write_to(p);
}

/* In a domain, a function's address is that of its entry stub; natively this is text, too. */
static void attack_own_stub(void)
{
	write_to((unsigned long)on_timer);
}

/* The stub's descriptor, as its first instruction has it (nooks/abi.h). */
static void attack_own_table(void)
{
	unsigned long stub = (unsigned long)on_timer;

	OPTIMIZER_HIDE_VAR(stub);	/* or the address is that of an instruction in on_timer() */
	write_to(*(int *)(stub + 3));
}

static void attack_own_module(void)
{
	write_to((unsigned long)&THIS_MODULE->exit);
}

/* Not an attack: a driver that takes its time is interrupted, and returns. */
/* Half a second by the TSC: jiffies stand still in a timer that runs in an idle, tickless CPU. */
static void attack_spin(void)
{
	cycles_t end = get_cycles() + (cycles_t)tsc_khz * 500;

	while (get_cycles() < end)
		cpu_relax();
}

static void attack_none(void)
{
}

static const struct {
	const char *name;
	void (*fn)(void);
} attacks[] = {
	{ "write", attack_write },
	{ "read", attack_read },
	{ "jump", attack_jump },
	{ "null", attack_null },
	{ "undefined", attack_undefined },
	{ "overflow", attack_overflow },
	{ "stack", attack_stack },
	{ "use-after-free", attack_use_after_free },
	{ "double-free", attack_double_free },
	{ "free", attack_free },
	{ "heap-jump", attack_heap_jump },
	{ "user-write", attack_user_write },
	{ "user-jump", attack_user_jump },
	{ "own-text", attack_own_text },
	{ "own-stub", attack_own_stub },
	{ "own-table", attack_own_table },
	{ "own-module", attack_own_module },
	{ "spin", attack_spin },
	{ "none", attack_none },
};

static noinline void do_attack(void)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(attacks); i++) {
		if (strcmp(attack, attacks[i].name))
			continue;
		attacks[i].fn();
		pr_info("survived\n");
		return;
	}
	pr_err("unknown attack %s\n", attack);
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
	if (!strcmp(when, "timer"))
		mod_timer(&timer, jiffies + DELAY);
	else if (!strcmp(when, "work"))
		schedule_delayed_work(&work, DELAY);
	else
		do_attack();
	return 0;
}

static void __exit attacker_exit(void)
{
	del_timer_sync(&timer);
	cancel_delayed_work_sync(&work);
}

module_init(attacker_init);
module_exit(attacker_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("A driver that does what no driver may");
