// SPDX-License-Identifier: GPL-2.0
/* Code in a domain: what it can do, and what becomes of it when it does more. */

#include <kunit/test.h>
#include <linux/cpumask.h>
#include <linux/hrtimer.h>
#include <linux/kthread.h>
#include <linux/module.h>

#include "../nooks/driver.h"
#include "../nooks/imports.h"
#include "../nooks/life.h"
#include "../nooks/symbols.h"

/* domain_code.S */
extern char code_start[], code_end[];
void code_sum(void);
void code_stack_pointer(void);
void code_load(void);
void code_store(void);
void code_call(void);
void code_undefined(void);
void code_divide(void);
void code_overflow(void);
void code_wait(void);
void code_interrupts_off(void);

#define CANARY	0x600dda7aul

static unsigned long victim = CANARY;
static struct nooks_driver *driver;
static unsigned long *own;		/* a page that the domain may write */
static bool was_balanced;

static int call_lending(void *fn, const unsigned long *args, unsigned long *ret, void *lent,
			u32 size)
{
	struct nooks_crossing x = {};
	int status;

	if (size)
		x.arguments[x.nr_arguments++] = (struct nooks_argument) { (unsigned long)lent, size };
	if (!nooks_crossing_begin(&x, driver->domain))
		return NOOKS_CALL_CLOSED;
	status = nooks_domain_call(&x, (unsigned long)fn, args, ret);
	was_balanced = nooks_crossing_balanced(&x);
	nooks_crossing_restore(&x);
	nooks_crossing_end(&x);
	return status;
}

#define CALL(fn, ret, ...)								\
	call_lending(fn, (const unsigned long[6]){ __VA_ARGS__ }, ret, NULL, 0)
#define ARG(p)	((__force unsigned long)(p))

static void a_function_runs_with_its_arguments(struct kunit *test)
{
	unsigned long ret = 0;

	KUNIT_EXPECT_EQ(test, NOOKS_CALL_DONE, CALL(code_sum, &ret, 1, 10, 100, 1000, 10000, 100000));
	KUNIT_EXPECT_EQ(test, 1 + 20 + 300 + 4000 + 50000 + 600000, ret);
	KUNIT_EXPECT_TRUE(test, was_balanced);
	KUNIT_EXPECT_EQ(test, 1, atomic_long_read(&driver->domain->entries));
	KUNIT_EXPECT_EQ(test, 0, driver->domain->nr_used);
	KUNIT_EXPECT_EQ(test, 0, driver->nr_failures);
}

static void it_runs_on_a_stack_of_the_domain(struct kunit *test)
{
	unsigned long sp = 0;

	KUNIT_EXPECT_EQ(test, NOOKS_CALL_DONE, CALL(code_stack_pointer, &sp));
	KUNIT_EXPECT_EQ(test, 8, sp % 16);
	KUNIT_EXPECT_TRUE(test, nooks_may_write(driver->domain, (void *)sp, 8));
	KUNIT_EXPECT_TRUE(test, is_vmalloc_addr((void *)sp));
}

static void a_closed_domain_runs_nothing(struct kunit *test)
{
	unsigned long ret = 0;

	nooks_domain_close(driver->domain);
	KUNIT_EXPECT_EQ(test, NOOKS_CALL_CLOSED, CALL(code_sum, &ret, 1));
	KUNIT_EXPECT_EQ(test, 0, ret);
	nooks_domain_open(driver->domain);
	KUNIT_EXPECT_EQ(test, NOOKS_CALL_DONE, CALL(code_sum, &ret, 1));
	KUNIT_EXPECT_EQ(test, 1, ret);
}

static void stacks_run_out_without_harm(struct kunit *test)
{
	struct nooks_domain *domain = driver->domain;
	unsigned long ret = 0;
	struct nooks_stack *away = domain->free_stacks;

	domain->free_stacks = NULL;
	KUNIT_EXPECT_EQ(test, NOOKS_CALL_CLOSED, CALL(code_sum, &ret, 1));
	domain->free_stacks = away;
	KUNIT_EXPECT_EQ(test, NOOKS_CALL_DONE, CALL(code_sum, &ret, 1));
}

static void interrupts_stay_as_they_were(struct kunit *test)
{
	unsigned long ret = 0, flags;
	int status;
	bool off;

	local_irq_save(flags);
	status = CALL(code_sum, &ret, 1);
	off = irqs_disabled();
	local_irq_restore(flags);
	KUNIT_EXPECT_EQ(test, NOOKS_CALL_DONE, status);
	KUNIT_EXPECT_TRUE(test, off);
	KUNIT_EXPECT_TRUE(test, was_balanced);
	KUNIT_EXPECT_EQ(test, NOOKS_CALL_DONE, CALL(code_sum, &ret, 1));
	KUNIT_EXPECT_FALSE(test, irqs_disabled());
}

static void what_it_leaves_unbalanced_is_seen_and_put_right(struct kunit *test)
{
	unsigned long ret;

	KUNIT_EXPECT_EQ(test, NOOKS_CALL_DONE, CALL(code_interrupts_off, &ret));
	KUNIT_EXPECT_FALSE(test, was_balanced);
	KUNIT_EXPECT_FALSE(test, irqs_disabled());
}

static void own_memory_is_written_and_the_kernels_read(struct kunit *test)
{
	unsigned long ret = 0;

	KUNIT_EXPECT_EQ(test, NOOKS_CALL_DONE, CALL(code_store, &ret, ARG(own), 42));
	KUNIT_EXPECT_EQ(test, 42, *own);
	KUNIT_EXPECT_EQ(test, NOOKS_CALL_DONE, CALL(code_load, &ret, ARG(&victim)));
	KUNIT_EXPECT_EQ(test, CANARY, ret);
	KUNIT_EXPECT_EQ(test, 0, atomic_long_read(&driver->nr_stores));
}

static void lent_memory_is_written_by_checked_stores(struct kunit *test)
{
	unsigned long lent[2] = {}, ret = 0;
	const unsigned long args[6] = { ARG(lent), 42 };

	KUNIT_EXPECT_EQ(test, NOOKS_CALL_DONE, call_lending(code_store, args, &ret, lent, 8));
	KUNIT_EXPECT_EQ(test, 42, lent[0]);
	KUNIT_EXPECT_EQ(test, 1, atomic_long_read(&driver->nr_stores));
	/* Not what lies behind it */
	KUNIT_EXPECT_EQ(test, NOOKS_CALL_UNWOUND,
			call_lending(code_store, (const unsigned long[6]){ ARG(&lent[1]), 42 }, &ret,
				     lent, 8));
	KUNIT_EXPECT_EQ(test, 0, lent[1]);
}

static void a_wild_write_is_unwound_and_not_done(struct kunit *test)
{
	unsigned long ret = CANARY;

	KUNIT_EXPECT_EQ(test, NOOKS_CALL_UNWOUND, CALL(code_store, &ret, ARG(&victim), 42));
	KUNIT_EXPECT_EQ(test, CANARY, victim);
	KUNIT_EXPECT_EQ(test, CANARY, ret);
	KUNIT_EXPECT_EQ(test, NOOKS_WILD_WRITE, driver->last.kind);
	KUNIT_EXPECT_EQ(test, ARG(&victim), driver->last.address);
	KUNIT_EXPECT_EQ(test, 1, driver->nr_failures);
	KUNIT_EXPECT_EQ(test, NOOKS_CRASHED, driver->state);
	KUNIT_EXPECT_EQ(test, 1, atomic_long_read(&driver->domain->unwindings));
	KUNIT_EXPECT_EQ(test, 0, driver->domain->nr_used);
	KUNIT_EXPECT_FALSE(test, irqs_disabled());
	/* Nobody enters any more, until somebody has put it right. */
	KUNIT_EXPECT_EQ(test, NOOKS_CALL_CLOSED, CALL(code_sum, &ret, 1));
	nooks_domain_open(driver->domain);
	KUNIT_EXPECT_EQ(test, NOOKS_CALL_DONE, CALL(code_sum, &ret, 1));
	KUNIT_EXPECT_EQ(test, 1, ret);
}

static void revoked_memory_is_not_written(struct kunit *test)
{
	unsigned long *page = (unsigned long *)get_zeroed_page(GFP_KERNEL), ret = 0;

	KUNIT_ASSERT_NOT_NULL(test, page);
	KUNIT_ASSERT_EQ(test, 0, nooks_grant_write(driver->domain, page, PAGE_SIZE, GFP_KERNEL));
	KUNIT_EXPECT_EQ(test, NOOKS_CALL_DONE, CALL(code_store, &ret, ARG(page), 1));
	nooks_revoke(driver->domain, page, PAGE_SIZE);
	nooks_revoke_flush(driver->domain);
	KUNIT_EXPECT_EQ(test, NOOKS_CALL_UNWOUND, CALL(code_store, &ret, ARG(page), 2));
	KUNIT_EXPECT_EQ(test, 1, *page);
	free_page((unsigned long)page);
}

static void every_kind_of_fault_is_unwound(struct kunit *test)
{
	const struct {
		void *fn;
		unsigned long arg;
		enum nooks_failure_kind kind;
	} faults[] = {
		{ code_load, 0, NOOKS_NULL_DEREFERENCE },
		{ code_store, 8, NOOKS_NULL_DEREFERENCE },
		{ code_load, 0x6b6b6b6b6b6b6b6bul, NOOKS_WILD_READ },
		{ code_load, TASK_SIZE_MAX - PAGE_SIZE, NOOKS_WILD_READ },
		{ code_store, ARG(driver), NOOKS_WILD_WRITE },
		{ code_store, ARG(driver->domain->pgd), NOOKS_WILD_WRITE },
		{ code_store, ARG(code_sum), NOOKS_WILD_WRITE },
		{ code_call, ARG(&victim), NOOKS_BAD_JUMP },
		{ code_call, 0, NOOKS_NULL_DEREFERENCE },
		{ code_call, nooks_lookup("panic"), NOOKS_DENIED_CALL },
		{ code_undefined, 0, NOOKS_BAD_INSTRUCTION },
		{ code_divide, 0, NOOKS_BAD_INSTRUCTION },
		{ code_overflow, 0, NOOKS_STACK_OVERFLOW },
	};
	unsigned int i, round;
	unsigned long ret;

	/* Often enough that a stack that was not given back would be missed. */
	for (round = 0; round < 3; round++) {
		for (i = 0; i < ARRAY_SIZE(faults); i++) {
			KUNIT_EXPECT_EQ_MSG(test, NOOKS_CALL_UNWOUND, CALL(faults[i].fn, &ret, faults[i].arg),
					    "fault %u", i);
			KUNIT_EXPECT_EQ_MSG(test, faults[i].kind, driver->last.kind, "fault %u", i);
			KUNIT_EXPECT_FALSE(test, irqs_disabled());
			nooks_domain_open(driver->domain);
		}
	}
	KUNIT_EXPECT_EQ(test, 3 * ARRAY_SIZE(faults), driver->nr_failures);
	KUNIT_EXPECT_EQ(test, NOOKS_CALL_DONE, CALL(code_sum, &ret, 1));
	KUNIT_EXPECT_EQ(test, CANARY, victim);
}

static void it_calls_the_kernel_through_stubs(struct kunit *test)
{
	const struct nooks_import *alloc = nooks_import_find("__kmalloc");
	const struct nooks_import *free = nooks_import_find("kfree");
	unsigned long p = 0, ret;

	KUNIT_ASSERT_NOT_NULL(test, alloc);
	KUNIT_ASSERT_NOT_NULL(test, free);
	KUNIT_EXPECT_EQ(test, NOOKS_CALL_DONE, CALL(code_call, &p, ARG(alloc->stub), 200, ARG(GFP_KERNEL)));
	KUNIT_EXPECT_TRUE(test, nooks_may_write(driver->domain, (void *)p, 200));
	KUNIT_EXPECT_EQ(test, NOOKS_CALL_DONE, CALL(code_call, &ret, ARG(free->stub), p));
	KUNIT_EXPECT_EQ(test, 0, atomic_long_read(&driver->nr_missed_calls));
	/* A second time is a bad argument. */
	KUNIT_EXPECT_EQ(test, NOOKS_CALL_UNWOUND, CALL(code_call, &ret, ARG(free->stub), p));
	KUNIT_EXPECT_EQ(test, NOOKS_BAD_ARGUMENT, driver->last.kind);
}

static void a_call_past_the_stub_is_routed(struct kunit *test)
{
	unsigned long ret = 0;

	KUNIT_EXPECT_EQ(test, NOOKS_CALL_DONE,
			CALL(code_call, &ret, nooks_lookup("__kmalloc"), 200, ARG(GFP_KERNEL)));
	KUNIT_EXPECT_TRUE(test, nooks_may_write(driver->domain, (void *)ret, 200));
	KUNIT_EXPECT_EQ(test, 1, atomic_long_read(&driver->nr_missed_calls));
	KUNIT_EXPECT_EQ(test, NOOKS_CALL_DONE,
			CALL(code_call, &ret, nooks_lookup("memset"), ARG(own), 0x5a, 64));
	KUNIT_EXPECT_NULL(test, memchr_inv(own, 0x5a, 64));
	KUNIT_EXPECT_EQ(test, 2, atomic_long_read(&driver->nr_missed_calls));
}

static enum hrtimer_restart set_own(struct hrtimer *timer)
{
	WRITE_ONCE(*own, CANARY);
	return HRTIMER_NORESTART;
}

static void the_kernel_interrupts_it(struct kunit *test)
{
	struct hrtimer timer;
	unsigned long ret = 0;
	unsigned int i;

	/* In the hard interrupt: a soft one may be left to a thread, which would wait for this one. */
	hrtimer_init_on_stack(&timer, CLOCK_MONOTONIC, HRTIMER_MODE_REL_HARD);
	timer.function = set_own;
	for (i = 0; i < 10; i++) {
		WRITE_ONCE(*own, 0);
		hrtimer_start(&timer, ms_to_ktime(5), HRTIMER_MODE_REL_HARD);
		KUNIT_EXPECT_EQ(test, NOOKS_CALL_DONE, CALL(code_wait, &ret, ARG(own)));
		KUNIT_EXPECT_EQ(test, CANARY, ret);
	}
	hrtimer_cancel(&timer);
	destroy_hrtimer_on_stack(&timer);
}

static int wait_in_domain(void *unused)
{
	unsigned long ret;
	int status = CALL(code_wait, &ret, ARG(own));

	while (!kthread_should_stop())
		schedule_timeout_interruptible(1);
	return status;
}

/* The kernel may not preempt kernel threads, so the one inside and this one have a CPU each. */
static void a_failure_throws_threads_out(struct kunit *test)
{
	struct nooks_domain *domain = driver->domain;
	unsigned int other = cpumask_any_but(cpu_online_mask, raw_smp_processor_id());
	unsigned long deadline = jiffies + 10 * HZ;
	struct task_struct *thread;

	if (other >= nr_cpu_ids)
		kunit_skip(test, "needs two CPUs");
	KUNIT_ASSERT_EQ(test, 0, set_cpus_allowed_ptr(current, cpumask_of(raw_smp_processor_id())));
	thread = kthread_create(wait_in_domain, NULL, "nooks_inside");
	KUNIT_ASSERT_FALSE(test, IS_ERR(thread));
	kthread_bind(thread, other);
	wake_up_process(thread);
	while (!READ_ONCE(domain->nr_used) && time_before(jiffies, deadline))
		cond_resched();
	KUNIT_EXPECT_EQ(test, 1, READ_ONCE(domain->nr_used));
	KUNIT_EXPECT_TRUE(test, nooks_domain_fail_incarnation(domain, domain->incarnation));
	KUNIT_EXPECT_FALSE(test, nooks_domain_fail_incarnation(domain, domain->incarnation - 1));
	nooks_domain_kick();
	KUNIT_EXPECT_NE(test, 0, nooks_domain_wait_idle(domain, 10 * HZ));
	KUNIT_EXPECT_EQ(test, NOOKS_CALL_UNWOUND, kthread_stop(thread));
	set_cpus_allowed_ptr(current, cpu_possible_mask);
}

static int domain_init(struct kunit *test)
{
	int ret;

	driver = nooks_driver_create("nooks_domain_kunit_driver", 0);
	if (IS_ERR(driver))
		return PTR_ERR(driver);
	own = (unsigned long *)get_zeroed_page(GFP_KERNEL);
	if (!own)
		return -ENOMEM;
	nooks_domain_open(driver->domain);
	ret = nooks_grant_write(driver->domain, own, PAGE_SIZE, GFP_KERNEL);
	return ret ?: nooks_grant_exec(driver->domain, code_start, code_end - code_start, GFP_KERNEL);
}

static void domain_exit(struct kunit *test)
{
	if (IS_ERR(driver))
		return;
	nooks_domain_close(driver->domain);
	nooks_driver_destroy(driver);
	free_page((unsigned long)own);
	own = NULL;
}

static struct kunit_case domain_cases[] = {
	KUNIT_CASE(a_function_runs_with_its_arguments),
	KUNIT_CASE(it_runs_on_a_stack_of_the_domain),
	KUNIT_CASE(a_closed_domain_runs_nothing),
	KUNIT_CASE(stacks_run_out_without_harm),
	KUNIT_CASE(interrupts_stay_as_they_were),
	KUNIT_CASE(what_it_leaves_unbalanced_is_seen_and_put_right),
	KUNIT_CASE(own_memory_is_written_and_the_kernels_read),
	KUNIT_CASE(lent_memory_is_written_by_checked_stores),
	KUNIT_CASE(a_wild_write_is_unwound_and_not_done),
	KUNIT_CASE(revoked_memory_is_not_written),
	KUNIT_CASE(every_kind_of_fault_is_unwound),
	KUNIT_CASE(it_calls_the_kernel_through_stubs),
	KUNIT_CASE(a_call_past_the_stub_is_routed),
	KUNIT_CASE(the_kernel_interrupts_it),
	KUNIT_CASE(a_failure_throws_threads_out),
	{}
};

static struct kunit_suite domain_suite = {
	.name = "nooks_domain",
	.init = domain_init,
	.exit = domain_exit,
	.test_cases = domain_cases,
};

kunit_test_suite(domain_suite);

MODULE_DESCRIPTION("Tests of code in a domain");
MODULE_IMPORT_NS(NOOKS_TESTS);
MODULE_LICENSE("GPL");
