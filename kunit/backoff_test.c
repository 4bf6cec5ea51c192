// SPDX-License-Identifier: GPL-2.0
/* Back-off: which restart waits, and for how long. */
#include <kunit/test.h>
#include <linux/jiffies.h>
#include <linux/module.h>

#include "../nooks/driver.h"

/* A driver's, whose last restart ended at @last; two of them in a row wait for @ms. */
static struct nooks_backoff backoff_of(unsigned int ms, unsigned long last)
{
	return (struct nooks_backoff) { .backoff_ms = ms, .last = last };
}

/* It fails at @now, and is restarted when it has waited, which takes no time. Return: for how long, in ms. */
static unsigned int fail(struct nooks_backoff *backoff, unsigned long now)
{
	unsigned long delay = nooks_backoff_next(backoff, now);

	backoff->last = now + delay;
	return jiffies_to_msecs(delay);
}

static void doubles(struct kunit *test)
{
	static const unsigned int expected[] = { 0, 100, 200, 400, 800, 1600, 3200, 5000, 5000 };
	struct nooks_backoff backoff = backoff_of(100, 1000);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(expected); i++)
		KUNIT_EXPECT_EQ(test, fail(&backoff, backoff.last + 1), expected[i]);
}

static void ends_with_a_life(struct kunit *test)
{
	struct nooks_backoff backoff = backoff_of(1000, 1000);

	fail(&backoff, 1000);
	KUNIT_EXPECT_EQ(test, fail(&backoff, backoff.last + HZ), 1000U);
	/* As long as that was it has to live for after it, and twice. */
	KUNIT_EXPECT_EQ(test, fail(&backoff, backoff.last + 3 * HZ), 2000U);
	KUNIT_EXPECT_EQ(test, fail(&backoff, backoff.last + 5 * HZ + 1), 0U);
	KUNIT_EXPECT_EQ(test, fail(&backoff, backoff.last + 1), 1000U);
}

static void rare_failures(struct kunit *test)
{
	struct nooks_backoff backoff = backoff_of(100, 1000);
	unsigned int i;

	for (i = 0; i < 10; i++)
		KUNIT_EXPECT_EQ(test, fail(&backoff, backoff.last + HZ + 1), 0U);
}

static void switched_off(struct kunit *test)
{
	struct nooks_backoff backoff = backoff_of(0, 1000);
	unsigned int i;

	for (i = 0; i < 10; i++)
		KUNIT_EXPECT_EQ(test, fail(&backoff, backoff.last), 0U);
	/* A row begins. */
	backoff.backoff_ms = 100;
	KUNIT_EXPECT_EQ(test, fail(&backoff, backoff.last), 0U);
	KUNIT_EXPECT_EQ(test, fail(&backoff, backoff.last), 100U);
}

static void jiffies_wrap(struct kunit *test)
{
	struct nooks_backoff backoff = backoff_of(100, -2UL);

	KUNIT_EXPECT_EQ(test, fail(&backoff, -1UL), 0U);
	KUNIT_EXPECT_EQ(test, fail(&backoff, 1), 100U);
	KUNIT_EXPECT_EQ(test, fail(&backoff, backoff.last + 2 * HZ), 0U);
}

static struct kunit_case backoff_cases[] = {
	KUNIT_CASE(doubles),
	KUNIT_CASE(ends_with_a_life),
	KUNIT_CASE(rare_failures),
	KUNIT_CASE(switched_off),
	KUNIT_CASE(jiffies_wrap),
	{}
};

static struct kunit_suite backoff_suite = {
	.name = "nooks_backoff",
	.test_cases = backoff_cases,
};
kunit_test_suite(backoff_suite);

MODULE_LICENSE("GPL");
MODULE_IMPORT_NS(NOOKS_TESTS);
