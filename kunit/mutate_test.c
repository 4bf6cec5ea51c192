// SPDX-License-Identifier: GPL-2.0
/*
 * The fault injector: nooks-mutate plans a fault for a function of mutate_patient.c, nooks_mutate.ko makes it in the code that runs, and
 * the function, called, does what the fault says. Each test sees the function without the fault, too, before and after.
 */
#include <kunit/test.h>
#include <linux/irqflags.h>
#include <linux/kdebug.h>
#include <linux/ktime.h>
#include <linux/module.h>
#include <linux/preempt.h>
#include <linux/string.h>
#include <linux/umh.h>
#include <asm/processor-flags.h>
#include "mutate_patient.h"

#define SCRIPT		"/tests/mutate-plan.sh"
#define CALL_SIZE	5
#define SEEDS		8	/* that are tried where a seed decides something */
#define BESIDE		1024	/* as nooks-mutate's */

#define ARGS		0x1111, 0x2222, 0x3333, 0x4444

/* Return: the script's exit status, or an error. */
static int run(char *a, char *b, char *c)
{
	char *argv[] = { SCRIPT, a, b, c, NULL };
	char *envp[] = { "PATH=/bin", NULL };

	return call_usermodehelper(SCRIPT, argv, envp, UMH_WAIT_PROC);
}

static void put_seed(struct kunit *test, char *kind, unsigned int seed, char *function)
{
	char number[16];

	scnprintf(number, sizeof(number), "%u", seed);
	KUNIT_ASSERT_EQ_MSG(test, run(kind, number, function), 0, "%s in %s", kind, function);
	patient_nr_calls = 0;
}

static void put(struct kunit *test, char *kind, char *function)
{
	put_seed(test, kind, 1, function);
}

static void revert(struct kunit *test)
{
	KUNIT_ASSERT_EQ(test, run("revert", NULL, NULL), 0);
	patient_nr_calls = 0;
}

static int mutate_init(struct kunit *test)
{
	patient_nr_calls = 0;
	memset(patient_calls, 0, sizeof(patient_calls));
	return 0;
}

static void mutate_exit(struct kunit *test)
{
	run("revert", NULL, NULL);
}

/* It has made these calls since it got its fault, or since that was taken back. */
#define expect_calls(test, ...)	expect_calls_(test, (const char *[]){ __VA_ARGS__, NULL })

static void expect_calls_(struct kunit *test, const char **names)
{
	unsigned int i;

	for (i = 0; names[i] && i < patient_nr_calls && i < PATIENT_CALLS; i++)
		KUNIT_EXPECT_STREQ(test, patient_calls[i].function, names[i]);
	KUNIT_EXPECT_NULL(test, names[i]);
	KUNIT_EXPECT_EQ(test, patient_nr_calls, i);
	patient_nr_calls = 0;
}

/* --- what calls do */

static void allocation_failure(struct kunit *test)
{
	KUNIT_EXPECT_PTR_EQ(test, patient_kmalloc(64), (void *)patient_memory);
	put(test, "allocation-failure", "patient_kmalloc");
	KUNIT_EXPECT_NULL(test, patient_kmalloc(64));
	KUNIT_EXPECT_EQ(test, patient_nr_calls, 0);
	revert(test);
	KUNIT_EXPECT_PTR_EQ(test, patient_kmalloc(64), (void *)patient_memory);
}

static void leak(struct kunit *test)
{
	put(test, "leak", "patient_kfree");
	patient_kfree(patient_memory);
	KUNIT_EXPECT_EQ(test, patient_nr_calls, 0);
	revert(test);
	patient_kfree(patient_memory);
	expect_calls(test, "kfree");
}

static void unlock_dropped(struct kunit *test)
{
	put(test, "unlock-dropped", "patient_spin_unlock");
	patient_spin_unlock(test);
	KUNIT_EXPECT_EQ(test, patient_nr_calls, 0);
	revert(test);
	patient_spin_unlock(test);
	expect_calls(test, "_raw_spin_unlock");
}

static void lock_held(struct kunit *test)
{
	put(test, "lock-held", "patient_spin_unlock");
	patient_spin_unlock(test);
	KUNIT_EXPECT_EQ(test, patient_calls[0].args[0], (unsigned long)test);
	KUNIT_EXPECT_EQ(test, patient_calls[1].args[0], (unsigned long)test);
	expect_calls(test, "_raw_spin_unlock", "_raw_spin_lock");
	revert(test);
	put(test, "lock-held", "patient_mutex_unlock");
	patient_mutex_unlock(test);
	expect_calls(test, "mutex_unlock", "mutex_lock");
	revert(test);
	patient_mutex_unlock(test);
	expect_calls(test, "mutex_unlock");
}

static void wrong_size(struct kunit *test)
{
	put(test, "wrong-size", "patient_kmalloc");
	KUNIT_EXPECT_PTR_EQ(test, patient_kmalloc(64), (void *)patient_memory);
	KUNIT_EXPECT_EQ(test, patient_calls[0].args[0], 16);
	expect_calls(test, "__kmalloc");
	revert(test);
	patient_kmalloc(64);
	KUNIT_EXPECT_EQ(test, patient_calls[0].args[0], 64);
}

static void double_free(struct kunit *test)
{
	put(test, "double-free", "patient_kfree");
	patient_kfree(patient_memory);
	KUNIT_EXPECT_EQ(test, patient_calls[0].args[0], (unsigned long)patient_memory);
	KUNIT_EXPECT_EQ(test, patient_calls[1].args[0], (unsigned long)patient_memory);
	expect_calls(test, "kfree", "kfree");
}

static void use_after_free(struct kunit *test)
{
	put(test, "use-after-free", "patient_kmalloc");
	KUNIT_EXPECT_PTR_EQ(test, patient_kmalloc(64), (void *)patient_memory);
	KUNIT_EXPECT_EQ(test, patient_calls[1].args[0], (unsigned long)patient_memory);
	expect_calls(test, "__kmalloc", "kfree");
}

static void atomic_sleep(struct kunit *test)
{
	put(test, "atomic-sleep", "patient_call");
	KUNIT_EXPECT_EQ(test, patient_call(ARGS), PATIENT_RESULT);
	KUNIT_EXPECT_EQ(test, patient_calls[0].args[0], 20);
	KUNIT_EXPECT_EQ(test, patient_calls[1].args[0], 0x1111);
	KUNIT_EXPECT_EQ(test, patient_calls[1].args[3], 0x4444);
	expect_calls(test, "msleep", "patient_callee");
}

static void wrong_pointer(struct kunit *test)
{
	put(test, "wrong-pointer", "patient_call");
	KUNIT_EXPECT_EQ(test, patient_call(ARGS), PATIENT_RESULT);
	KUNIT_EXPECT_NE(test, patient_calls[0].args[0], 0x1111);
	KUNIT_EXPECT_LE(test, abs((long)patient_calls[0].args[0] - 0x1111), 1 << 15);
	KUNIT_EXPECT_EQ(test, patient_calls[0].args[1], 0x2222);
	expect_calls(test, "patient_callee");
}

static void wrong_length(struct kunit *test)
{
	put(test, "wrong-length", "patient_copy");
	patient_copy(test, 0x22, test, 0x44);
	KUNIT_EXPECT_EQ(test, patient_calls[0].args[2], (unsigned long)test);
	KUNIT_EXPECT_NE(test, (int)patient_calls[0].args[3], 0x44);
	expect_calls(test, "skb_copy_bits");
}

static void copy_overrun(struct kunit *test)
{
	put(test, "copy-overrun", "patient_copy");
	patient_copy(test, 0x22, test, 0x44);
	KUNIT_EXPECT_EQ(test, patient_calls[0].args[2], (unsigned long)test);
	KUNIT_EXPECT_EQ(test, (int)patient_calls[0].args[3], 0x44 + 2048);
	expect_calls(test, "skb_copy_bits");
	revert(test);
	patient_copy(test, 0x22, test, 0x44);
	KUNIT_EXPECT_EQ(test, (int)patient_calls[0].args[3], 0x44);
}

static void wrong_return(struct kunit *test)
{
	put(test, "wrong-return", "patient_call");
	KUNIT_EXPECT_NE(test, patient_call(ARGS), PATIENT_RESULT);
	expect_calls(test, "patient_callee");
	revert(test);
	KUNIT_EXPECT_EQ(test, patient_call(ARGS), PATIENT_RESULT);
}

/* --- objects */

/* How many bytes of an object are other ones now; all are zeros first. Their first and last go to @first and @last. */
static unsigned int changed(const u8 *bytes, unsigned int size, unsigned int *first, unsigned int *last)
{
	unsigned int i, nr = 0;

	for (i = 0; i < size; i++) {
		if (!bytes[i])
			continue;
		*first = nr ? *first : i;
		*last = i;
		nr++;
	}
	return nr;
}

/* One word of the object is overwritten, within its first @size bytes. */
static void expect_overwritten(struct kunit *test, u8 *object, unsigned int room, unsigned int size)
{
	unsigned int first = 0, last = 0;

	KUNIT_EXPECT_GT(test, changed(object, room, &first, &last), 0);
	KUNIT_EXPECT_EQ(test, first / 4, last / 4);
	KUNIT_EXPECT_LT(test, last, size);
	memset(object, 0, room);
}

/* What a seed decides is the word; each function that is given an object has its turn. */
static void spoil_object(struct kunit *test, unsigned int seed, u8 *object, unsigned int room)
{
	static char kind[] = "embedded-object";

	switch (seed % 4) {
	case 0:
		put_seed(test, kind, seed, "patient_mod_timer");
		KUNIT_EXPECT_EQ(test, patient_mod_timer(object, 5), 1);
		expect_calls(test, "mod_timer");
		expect_overwritten(test, object, room, 40);
		break;
	case 1:
		put_seed(test, kind, seed, "patient_queue_work");
		KUNIT_EXPECT_TRUE(test, patient_queue_work(0, test, object));
		expect_calls(test, "queue_work_on");
		expect_overwritten(test, object, room, 32);
		break;
	case 2:
		put_seed(test, kind, seed, "patient_napi_add");
		patient_napi_add(test, object);
		expect_calls(test, "netif_napi_add_weight");
		expect_overwritten(test, object, room, 64);
		break;
	case 3:
		put_seed(test, kind, seed, "patient_spin_unlock");
		patient_spin_unlock(object);
		expect_calls(test, "_raw_spin_unlock");
		expect_overwritten(test, object, room, 4);
	}
	revert(test);
}

static void embedded_object(struct kunit *test)
{
	static u8 object[256] __aligned(8);
	unsigned int seed;

	memset(object, 0, sizeof(object));
	for (seed = 1; seed <= SEEDS; seed++)
		spoil_object(test, seed, object, sizeof(object));
	patient_mod_timer(object, 5);
	patient_spin_unlock(object);
	KUNIT_EXPECT_PTR_EQ(test, memchr_inv(object, 0, sizeof(object)), NULL);
}

static void private_data(struct kunit *test)
{
	static u8 data[2 * BESIDE + 4] __aligned(8);
	unsigned int seed, first = 0, last = 0;

	for (seed = 1; seed <= SEEDS; seed++) {
		memset(data, 0, sizeof(data));
		put_seed(test, "private-data", seed, "patient_napi_prep");
		KUNIT_EXPECT_TRUE(test, patient_napi_prep(data + BESIDE));
		expect_calls(test, "napi_schedule_prep");
		KUNIT_EXPECT_GT(test, changed(data, sizeof(data), &first, &last), 0);
		KUNIT_EXPECT_EQ(test, first / 4, last / 4);
		revert(test);
	}
}

/* --- interrupts */

static void interrupt_after_free(struct kunit *test)
{
	put(test, "late-interrupt", "patient_free_irq");
	patient_free_irq(7, test);
	KUNIT_EXPECT_EQ(test, patient_calls[1].args[0], 7);
	KUNIT_EXPECT_EQ(test, patient_calls[1].args[1], (unsigned long)test);
	expect_calls(test, "free_irq", "handler");
	revert(test);
	patient_free_irq(7, test);
	expect_calls(test, "free_irq");
}

/* The shortest time of some calls */
static s64 napi_prep_time(struct kunit *test)
{
	s64 best = S64_MAX;
	int i;

	for (i = 0; i < 16; i++) {
		ktime_t begin = ktime_get();

		KUNIT_EXPECT_TRUE(test, patient_napi_prep(test));
		best = min(best, ktime_to_ns(ktime_sub(ktime_get(), begin)));
	}
	return best;
}

static void interrupt_delayed(struct kunit *test)
{
	KUNIT_EXPECT_LT(test, napi_prep_time(test), 200 * NSEC_PER_USEC);
	put(test, "late-interrupt", "patient_napi_prep");
	KUNIT_EXPECT_GT(test, napi_prep_time(test), 200 * NSEC_PER_USEC);
	KUNIT_EXPECT_STREQ(test, patient_calls[0].function, "napi_schedule_prep");
}

static void interrupts_off(struct kunit *test)
{
	put(test, "interrupts-off", "patient_call");
	patient_call(ARGS);
	KUNIT_EXPECT_TRUE(test, raw_irqs_disabled());
	raw_local_irq_enable();
	KUNIT_EXPECT_EQ(test, patient_calls[0].args[1], 0x2222);
	expect_calls(test, "patient_callee");
	revert(test);
	patient_call(ARGS);
	KUNIT_EXPECT_FALSE(test, raw_irqs_disabled());
}

/* --- what does not end: instruction by instruction, until that is clear */

#define STEP_HITS	100

/**
 * struct steps - of one call of patient_call()
 * @site: address of the call in it
 * @hits: how often the code there was to be run
 * @sp: stack pointer at the first of these
 * @depth: bytes by which the stack had grown in the end
 * @irqs_off: were interrupts off in the end?
 * @active: this is being done
 */
static struct steps {
	unsigned long site;
	unsigned int hits;
	unsigned long sp;
	unsigned long depth;
	bool irqs_off;
	bool active;
} steps;

/* After each instruction. Where the call would be is not left any more if it has been come to so often: it is skipped. */
static int step(struct notifier_block *nb, unsigned long action, void *data)
{
	struct pt_regs *regs = ((struct die_args *)data)->regs;

	if (action != DIE_DEBUG || !steps.active)
		return NOTIFY_DONE;
	if (regs->ip != steps.site)
		return NOTIFY_STOP;
	if (!steps.hits++)
		steps.sp = regs->sp;
	if (steps.hits < STEP_HITS)
		return NOTIFY_STOP;
	steps.active = false;
	steps.depth = steps.sp - regs->sp;
	steps.irqs_off = !(regs->flags & X86_EFLAGS_IF);
	regs->ip = steps.site + CALL_SIZE;
	regs->sp = steps.sp;
	regs->flags = (regs->flags | X86_EFLAGS_IF) & ~X86_EFLAGS_TF;
	return NOTIFY_STOP;
}

static struct notifier_block stepper = {
	.notifier_call = step,
	.priority = INT_MAX,
};

/* Call patient_call() with the fault; what becomes of that is in @steps. */
static void step_through(struct kunit *test, char *kind)
{
	patient_call(ARGS);
	memset(&steps, 0, sizeof(steps));
	steps.site = patient_calls[0].from - CALL_SIZE;
	if (kind)
		put(test, kind, "patient_call");
	else
		patient_nr_calls = 0;
	KUNIT_ASSERT_EQ(test, register_die_notifier(&stepper), 0);
	preempt_disable();
	steps.active = true;
	asm volatile("pushf; orq %0, (%%rsp); popf" : : "i" (X86_EFLAGS_TF) : "cc", "memory");
	patient_call(ARGS);
	asm volatile("pushf; andq %0, (%%rsp); popf" : : "i" (~X86_EFLAGS_TF) : "cc", "memory");
	steps.active = false;
	preempt_enable();
	unregister_die_notifier(&stepper);
}

static void steps_end(struct kunit *test)
{
	step_through(test, NULL);
	KUNIT_EXPECT_EQ(test, steps.hits, 1);
	expect_calls(test, "patient_callee");
}

static void endless_loop(struct kunit *test)
{
	step_through(test, "endless-loop");
	KUNIT_EXPECT_EQ(test, steps.hits, STEP_HITS);
	KUNIT_EXPECT_EQ(test, steps.depth, 0);
	KUNIT_EXPECT_FALSE(test, steps.irqs_off);
	KUNIT_EXPECT_EQ(test, patient_nr_calls, 0);
}

static void endless_loop_irqs_off(struct kunit *test)
{
	step_through(test, "endless-loop-irqs-off");
	KUNIT_EXPECT_EQ(test, steps.hits, STEP_HITS);
	KUNIT_EXPECT_TRUE(test, steps.irqs_off);
	KUNIT_EXPECT_EQ(test, patient_nr_calls, 0);
}

static void stack_overflow(struct kunit *test)
{
	step_through(test, "stack-overflow");
	KUNIT_EXPECT_EQ(test, steps.hits, STEP_HITS);
	KUNIT_EXPECT_EQ(test, steps.depth, (STEP_HITS - 1) * sizeof(long));
	KUNIT_EXPECT_EQ(test, patient_nr_calls, 0);
}

/* --- the engine */

/* A line of a plan for the place of patient_call()'s call */
static int put_line(struct kunit *test, const char *old, const char *new, const char *fixes)
{
	char line[128];

	patient_call(ARGS);
	scnprintf(line, sizeof(line), "%#lx 0x0 %s %s %s", patient_calls[0].from - CALL_SIZE, old, new, fixes);
	patient_nr_calls = 0;
	return run("write", line, NULL);
}

static void refused(struct kunit *test)
{
	KUNIT_EXPECT_NE(test, put_line(test, "0f0b0f0b0f", "0f1f440000", "-"), 0);	/* not what is there */
	KUNIT_EXPECT_NE(test, put_line(test, "e8........", "0f1f44", "-"), 0);	/* another length */
	KUNIT_EXPECT_NE(test, put_line(test, "e8........", "0f1f44zz00", "-"), 0);
	KUNIT_EXPECT_NE(test, put_line(test, "e8........", "e900000000", "2:0x0"), 0);	/* linked beyond its end */
	KUNIT_EXPECT_NE(test, put_line(test, "e8........", "e900000000", "1:0x1"), 0);	/* where no call is */
	KUNIT_EXPECT_NE(test, run("write", "0xffffffff81000000 0x0 .. 90 -", NULL), 0);	/* the kernel's text */
	KUNIT_EXPECT_NE(test, run("write", "device nooks_mutate_kunit 0x4", NULL), 0);	/* drives no device */
	KUNIT_EXPECT_NE(test, run("write", "device nooks_mutate_kunit 0x400", NULL), 0);
	KUNIT_EXPECT_NE(test, run("write", "nonsense", NULL), 0);
	KUNIT_EXPECT_EQ(test, patient_call(ARGS), PATIENT_RESULT);
}

static void linked(struct kunit *test)
{
	/* A jump to where the call leads: the caller's caller gets the result. */
	KUNIT_ASSERT_EQ(test, put_line(test, "e8........", "e800000000", "1:0x0"), 0);
	KUNIT_EXPECT_EQ(test, patient_call(ARGS), PATIENT_RESULT);
	expect_calls(test, "patient_callee");
	KUNIT_ASSERT_EQ(test, put_line(test, "e8........", "b82a000000", "-"), 0);	/* mov eax, 42 */
	KUNIT_EXPECT_EQ(test, (int)patient_call(ARGS), 42);
	revert(test);
	KUNIT_EXPECT_EQ(test, patient_call(ARGS), PATIENT_RESULT);
}

static struct kunit_case mutate_cases[] = {
	KUNIT_CASE(allocation_failure),
	KUNIT_CASE(leak),
	KUNIT_CASE(unlock_dropped),
	KUNIT_CASE(lock_held),
	KUNIT_CASE(wrong_size),
	KUNIT_CASE(double_free),
	KUNIT_CASE(use_after_free),
	KUNIT_CASE(atomic_sleep),
	KUNIT_CASE(wrong_pointer),
	KUNIT_CASE(wrong_length),
	KUNIT_CASE(copy_overrun),
	KUNIT_CASE(wrong_return),
	KUNIT_CASE(embedded_object),
	KUNIT_CASE(private_data),
	KUNIT_CASE(interrupt_after_free),
	KUNIT_CASE(interrupt_delayed),
	KUNIT_CASE(interrupts_off),
	KUNIT_CASE(steps_end),
	KUNIT_CASE(endless_loop),
	KUNIT_CASE(endless_loop_irqs_off),
	KUNIT_CASE(stack_overflow),
	KUNIT_CASE(refused),
	KUNIT_CASE(linked),
	{}
};

static struct kunit_suite mutate_suite = {
	.name = "nooks_mutate",
	.init = mutate_init,
	.exit = mutate_exit,
	.test_cases = mutate_cases,
};
kunit_test_suite(mutate_suite);

MODULE_DESCRIPTION("Tests of the fault injector");
MODULE_LICENSE("GPL");
