/* SPDX-License-Identifier: GPL-2.0 */
/* What a KUnit suite needs of the kernel, to run as a program: on the bare processor, or under gdb. */
#ifndef NOOKS_KUNIT_USER_KERNEL_H
#define NOOKS_KUNIT_USER_KERNEL_H

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <linux/compiler.h>
#include <linux/kernel.h>
#include <linux/types.h>
#include <asm/processor-flags.h>
#include <asm/insn.h>

#define L1_CACHE_BYTES	64
#define PAGE_SIZE	4096ul
#define MODULE_LICENSE(name)
#define MODULE_DESCRIPTION(text)

struct pt_regs {
	unsigned long r15, r14, r13, r12, bp, bx, r11, r10, r9, r8, ax, cx, dx, si, di;
	unsigned long orig_ax, ip, cs, flags, sp, ss;
};

#define local_irq_save(flags)		((void)((flags) = 0))
#define local_irq_restore(flags)	((void)(flags))
#define this_cpu_read(variable)		0ul	/* the only one: the base of gs */

/* To put a probe on insn_decode() is how the suite finds it. */
struct kprobe {
	const char *symbol_name;
	void *addr;
};

static inline int register_kprobe(struct kprobe *probe)
{
	probe->addr = insn_decode;
	return 0;
}

static inline void unregister_kprobe(struct kprobe *probe)
{
}

struct kunit {
	int failures;
};

struct kunit_case {
	void (*run)(struct kunit *test);
	const char *name;
};

struct kunit_suite {
	const char *name;
	int (*suite_init)(struct kunit_suite *suite);
	struct kunit_case *test_cases;
};

#define KUNIT_CASE(function)	{ .run = function, .name = #function }

#define kunit_info(test, fmt, ...)	printf("    # " fmt "\n", ##__VA_ARGS__)
#define KUNIT_FAIL(test, fmt, ...)					\
	do {								\
		(test)->failures++;					\
		kunit_info(test, fmt, ##__VA_ARGS__);			\
	} while (0)
#define KUNIT_COMPARE(test, a, op, b, fmt, ...)				\
	do {								\
		if (!((a) op (b)))					\
			KUNIT_FAIL(test, "line %d: expected " #a " " #op " " #b " " fmt, \
				   __LINE__, ##__VA_ARGS__);		\
	} while (0)
#define KUNIT_EXPECT_EQ(test, a, b)			KUNIT_COMPARE(test, a, ==, b, "")
#define KUNIT_EXPECT_EQ_MSG(test, a, b, fmt, ...)	KUNIT_COMPARE(test, a, ==, b, fmt, ##__VA_ARGS__)
#define KUNIT_EXPECT_NE_MSG(test, a, b, fmt, ...)	KUNIT_COMPARE(test, a, !=, b, fmt, ##__VA_ARGS__)

static inline int kunit_run_suite(struct kunit_suite *suite)
{
	struct kunit_case *c;
	int failed = 0, n = 0;

	printf("KTAP version 1\n1..1\n    # Subtest: %s\n", suite->name);
	if (suite->suite_init && suite->suite_init(suite))
		return 1;
	for (c = suite->test_cases; c->run; c++) {
		struct kunit test = { };

		c->run(&test);
		printf("    %sok %d %s\n", test.failures ? "not " : "", ++n, c->name);
		failed |= test.failures;
	}
	printf("    1..%d\n%sok 1 %s\n", n, failed ? "not " : "", suite->name);
	return failed != 0;
}

#define kunit_test_suite(suite)	int main(void) { return kunit_run_suite(&(suite)); }

#endif
