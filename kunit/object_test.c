// SPDX-License-Identifier: GPL-2.0
/* The table of tracked objects, with drivers that have nothing else. */

#include <kunit/test.h>
#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/module.h>

#include "../objtracker/object.c"

#define MANY	2000

static unsigned int order[64], nr_released;
static unsigned int nr_initialized;

static void note_release(struct nooks_object *object)
{
	might_sleep();
	if (!nooks_object_tracked(object) && nr_released < ARRAY_SIZE(order))
		order[nr_released++] = object->data[0];
}

struct wide {
	struct nooks_object object;
	u64 more;
};

static void note_init(struct nooks_object *object)
{
	container_of(object, struct wide, object)->more = object->start;
	nr_initialized++;
}

static const struct nooks_object_class quiet = {
	.name = "quiet", .phase = NOOKS_PHASE_QUIET, .release = note_release,
	.size = sizeof(struct nooks_object),
};

static const struct nooks_object_class calls = {
	.name = "calls", .phase = NOOKS_PHASE_CALLS, .release = note_release,
	.size = sizeof(struct nooks_object),
};

static const struct nooks_object_class also_calls = {
	.name = "also calls", .phase = NOOKS_PHASE_CALLS, .release = note_release,
	.size = sizeof(struct wide), .init = note_init,
};

static const struct nooks_object_class memory = {
	.name = "memory", .phase = NOOKS_PHASE_MEMORY, .size = sizeof(struct nooks_object),
};

static const struct nooks_object_class embedded = {
	.name = "embedded", .phase = NOOKS_PHASE_CALLS, .release = note_release,
	.size = sizeof(struct nooks_object), .forget = true,
};

static const struct nooks_object_class timer = {
	.name = "timer", .phase = NOOKS_PHASE_CALLS, .size = sizeof(struct nooks_object),
	.timer = true,
};

/* Objects are addresses only: nobody looks there. */
#define AT(offset)	((void *)0xffff888000000000ul + (offset))

static struct nooks_object *add(struct nooks_driver *driver, const struct nooks_object_class *class,
				unsigned long offset, size_t size, unsigned int type)
{
	return nooks_object_add(driver, class, AT(offset), size, type, GFP_KERNEL);
}

/* Where the object begins that holds an address; 0 if none does */
static unsigned long around(struct nooks_driver *driver, unsigned long addr)
{
	struct nooks_object copy;

	return nooks_object_containing(driver, addr, &copy) ? copy.start : 0;
}

static void what_was_added_is_found_by_class_and_start(struct kunit *test)
{
	struct nooks_driver *driver = test->priv;
	struct nooks_object *a = add(driver, &calls, 0x1000, 64, 3);
	struct nooks_object *b = add(driver, &memory, 0x1000, 128, 4);

	KUNIT_ASSERT_NOT_NULL(test, a);
	KUNIT_ASSERT_NOT_NULL(test, b);
	KUNIT_EXPECT_EQ(test, 2, driver->objects.count);
	KUNIT_EXPECT_PTR_EQ(test, a, nooks_object_find(driver, &calls, AT(0x1000)));
	KUNIT_EXPECT_PTR_EQ(test, b, nooks_object_find(driver, &memory, AT(0x1000)));
	KUNIT_EXPECT_NULL(test, nooks_object_find(driver, &quiet, AT(0x1000)));
	KUNIT_EXPECT_NULL(test, nooks_object_find(driver, &calls, AT(0x1001)));
	KUNIT_EXPECT_NULL(test, nooks_object_find(driver, &calls, AT(0x2000)));
	KUNIT_EXPECT_PTR_EQ(test, a, nooks_object_find_type(driver, 3, AT(0x1000)));
	KUNIT_EXPECT_PTR_EQ(test, b, nooks_object_find_type(driver, 4, AT(0x1000)));
	KUNIT_EXPECT_NULL(test, nooks_object_find_type(driver, 5, AT(0x1000)));
	KUNIT_EXPECT_PTR_EQ(test, driver, a->driver);
	KUNIT_EXPECT_TRUE(test, nooks_object_tracked(a));
}

static void the_same_is_not_added_twice(struct kunit *test)
{
	struct nooks_driver *driver = test->priv;
	struct nooks_object *a = add(driver, &calls, 0x1000, 64, 3);

	KUNIT_ASSERT_NOT_NULL(test, a);
	KUNIT_EXPECT_NULL(test, add(driver, &calls, 0x1000, 32, 3));
	KUNIT_EXPECT_EQ(test, 1, driver->objects.count);
	KUNIT_EXPECT_EQ(test, 64, a->size);
}

static void init_runs_before_anybody_finds_it(struct kunit *test)
{
	struct nooks_driver *driver = test->priv;
	struct nooks_object *a;

	nr_initialized = 0;
	a = add(driver, &also_calls, 0x1000, 64, 3);
	KUNIT_ASSERT_NOT_NULL(test, a);
	KUNIT_EXPECT_EQ(test, 1, nr_initialized);
	KUNIT_EXPECT_EQ(test, (u64)AT(0x1000), container_of(a, struct wide, object)->more);
}

static void who_removes_it_owns_it(struct kunit *test)
{
	struct nooks_driver *driver = test->priv;
	struct nooks_object *a = add(driver, &calls, 0x1000, 64, 3);

	KUNIT_EXPECT_NULL(test, nooks_object_remove(driver, &memory, AT(0x1000)));
	KUNIT_EXPECT_PTR_EQ(test, a, nooks_object_remove(driver, &calls, AT(0x1000)));
	KUNIT_EXPECT_NULL(test, nooks_object_remove(driver, &calls, AT(0x1000)));
	KUNIT_EXPECT_NULL(test, nooks_object_find(driver, &calls, AT(0x1000)));
	KUNIT_EXPECT_EQ(test, 0, driver->objects.count);
	KUNIT_EXPECT_FALSE(test, nooks_object_tracked(a));
	KUNIT_EXPECT_NOT_NULL(test, add(driver, &calls, 0x1000, 64, 3));
	nooks_object_free(a);
}

static void a_reference_keeps_it_after_its_removal(struct kunit *test)
{
	struct nooks_driver *driver = test->priv;
	struct nooks_object *a = add(driver, &calls, 0x1000, 64, 3);

	KUNIT_EXPECT_PTR_EQ(test, a, nooks_object_get(driver, &calls, AT(0x1000)));
	KUNIT_EXPECT_NULL(test, nooks_object_get(driver, &memory, AT(0x1000)));
	KUNIT_EXPECT_PTR_EQ(test, a, nooks_object_remove(driver, &calls, AT(0x1000)));
	nooks_object_free(a);
	KUNIT_EXPECT_EQ(test, 1, refcount_read(&a->refs));	/* KASAN would object */
	KUNIT_EXPECT_EQ(test, (unsigned long)AT(0x1000), a->start);
	nooks_object_free(a);
}

static void the_smallest_object_around_an_address_counts(struct kunit *test)
{
	struct nooks_driver *driver = test->priv;
	struct nooks_object *outer = add(driver, &calls, 0x1000, 0x800, 3);
	struct nooks_object *inner = add(driver, &memory, 0x1100, 0x40, 4);

	add(driver, &quiet, 0x1100, 0x10, 0);		/* without a type: not meant */
	KUNIT_EXPECT_EQ(test, outer->start, around(driver, (unsigned long)AT(0x1000)));
	KUNIT_EXPECT_EQ(test, outer->start, around(driver, (unsigned long)AT(0x10ff)));
	KUNIT_EXPECT_EQ(test, inner->start, around(driver, (unsigned long)AT(0x1100)));
	KUNIT_EXPECT_EQ(test, inner->start, around(driver, (unsigned long)AT(0x113f)));
	KUNIT_EXPECT_EQ(test, outer->start, around(driver, (unsigned long)AT(0x1140)));
	KUNIT_EXPECT_EQ(test, outer->start, around(driver, (unsigned long)AT(0x17ff)));
	KUNIT_EXPECT_EQ(test, 0, around(driver, (unsigned long)AT(0x1800)));
	KUNIT_EXPECT_EQ(test, 0, around(driver, (unsigned long)AT(0xfff)));
	KUNIT_EXPECT_EQ(test, 0, around(driver, 0));
	KUNIT_EXPECT_EQ(test, 0, around(driver, -1UL));
}

static void an_object_is_found_from_all_of_its_pages(struct kunit *test)
{
	struct nooks_driver *driver = test->priv;
	const unsigned long start = 3 * PAGE_SIZE - 8, size = NOOKS_OBJECT_SPAN * PAGE_SIZE;
	struct nooks_object *a = add(driver, &calls, start, size, 3);
	unsigned long at;

	for (at = 0; at < size; at += 8)
		KUNIT_ASSERT_EQ_MSG(test, a->start, around(driver, (unsigned long)AT(start + at)),
				    "offset %lx", at);
	KUNIT_EXPECT_EQ(test, a->start, around(driver, (unsigned long)AT(start + size - 1)));
	KUNIT_EXPECT_EQ(test, 0, around(driver, (unsigned long)AT(start + size)));
	KUNIT_EXPECT_EQ(test, 0, around(driver, (unsigned long)AT(start - 1)));
}

static void freed_memory_takes_embedded_objects_with_it(struct kunit *test)
{
	struct nooks_driver *driver = test->priv;
	struct nooks_object *used;

	nr_released = 0;
	add(driver, &embedded, 0x0ff8, 8, 0);		/* in front */
	add(driver, &embedded, 0x1000, 8, 0);
	add(driver, &embedded, 0x2ff0, 8, 0);
	add(driver, &embedded, 0x3000, 8, 0);		/* behind */
	add(driver, &calls, 0x1000, 8, 0);		/* of a class that is not forgotten */
	add(driver, &embedded, 0x1100, 8, 0);
	used = nooks_object_get(driver, &embedded, AT(0x1100));
	KUNIT_ASSERT_NOT_NULL(test, used);

	nooks_objects_forget(driver, AT(0x1000), 0);
	KUNIT_EXPECT_EQ(test, 6, driver->objects.count);
	nooks_objects_forget(driver, AT(0x1000), 0x2000);
	KUNIT_EXPECT_EQ(test, 4, driver->objects.count);
	KUNIT_EXPECT_NOT_NULL(test, nooks_object_find(driver, &embedded, AT(0x0ff8)));
	KUNIT_EXPECT_NULL(test, nooks_object_find(driver, &embedded, AT(0x1000)));
	KUNIT_EXPECT_NULL(test, nooks_object_find(driver, &embedded, AT(0x2ff0)));
	KUNIT_EXPECT_NOT_NULL(test, nooks_object_find(driver, &embedded, AT(0x3000)));
	KUNIT_EXPECT_NOT_NULL(test, nooks_object_find(driver, &calls, AT(0x1000)));
	KUNIT_EXPECT_PTR_EQ(test, used, nooks_object_find(driver, &embedded, AT(0x1100)));

	nooks_object_free(used);			/* no longer in use */
	nooks_objects_forget(driver, AT(0x1000), 0x2000);
	KUNIT_EXPECT_NULL(test, nooks_object_find(driver, &embedded, AT(0x1100)));
	KUNIT_EXPECT_EQ(test, 0, nr_released);
}

static void a_phase_is_released_newest_first(struct kunit *test)
{
	static const struct {
		const struct nooks_object_class *class;
		unsigned int id;
	} made[] = {
		{ &calls, 1 }, { &quiet, 2 }, { &also_calls, 3 }, { &memory, 4 },
		{ &calls, 5 }, { &quiet, 6 }, { &embedded, 7 }, { &also_calls, 8 },
	};
	static const unsigned int expected[] = { 6, 2, 8, 7, 5, 3, 1 };	/* memory has no release */
	struct nooks_driver *driver = test->priv;
	enum nooks_release_phase phase;
	unsigned int i;

	nr_released = 0;
	for (i = 0; i < ARRAY_SIZE(made); i++) {
		struct nooks_object *object = add(driver, made[i].class, 0x100 * i, 8, 0);

		KUNIT_ASSERT_NOT_NULL(test, object);
		object->data[0] = made[i].id;
	}
	nooks_objects_release(driver, NOOKS_PHASE_QUIET);
	KUNIT_EXPECT_EQ(test, 2, nr_released);
	KUNIT_EXPECT_EQ(test, 6, driver->objects.count);
	for (phase = NOOKS_PHASE_CALLS; phase < NOOKS_NR_PHASES; phase++)
		nooks_objects_release(driver, phase);
	KUNIT_EXPECT_EQ(test, 0, driver->objects.count);
	KUNIT_ASSERT_EQ(test, ARRAY_SIZE(expected), nr_released);
	for (i = 0; i < ARRAY_SIZE(expected); i++)
		KUNIT_EXPECT_EQ_MSG(test, expected[i], order[i], "place %u", i);
}

static void drivers_do_not_see_each_others_objects(struct kunit *test)
{
	struct nooks_driver *driver = test->priv;
	struct nooks_driver *other = kunit_kzalloc(test, sizeof(*other), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, other);
	nooks_objects_init(&other->objects);
	add(driver, &calls, 0x1000, 8, 3);
	KUNIT_EXPECT_NULL(test, nooks_object_find(other, &calls, AT(0x1000)));
	KUNIT_EXPECT_EQ(test, 0, around(other, (unsigned long)AT(0x1000)));
	nooks_objects_forget(other, AT(0), 0x10000);
	nooks_objects_release(other, NOOKS_PHASE_CALLS);
	KUNIT_EXPECT_NOT_NULL(test, nooks_object_find(driver, &calls, AT(0x1000)));
}

static void many_objects_are_all_found(struct kunit *test)
{
	struct nooks_driver *driver = test->priv;
	unsigned long i;

	/* Coprime to the page size and the number of buckets */
	for (i = 0; i < MANY; i++)
		KUNIT_ASSERT_NOT_NULL(test, add(driver, &memory, i * 1237, 1237, 3));
	for (i = 0; i < MANY; i++) {
		struct nooks_object *a = nooks_object_find(driver, &memory, AT(i * 1237));

		KUNIT_ASSERT_NOT_NULL(test, a);
		KUNIT_ASSERT_EQ(test, a->start, around(driver, a->start + 1236));
	}
	for (i = 0; i < MANY; i += 2)
		nooks_object_free(nooks_object_remove(driver, &memory, AT(i * 1237)));
	for (i = 0; i < MANY; i++)
		KUNIT_ASSERT_EQ(test, i % 2 == 1, !!nooks_object_find(driver, &memory, AT(i * 1237)));
	KUNIT_EXPECT_EQ(test, MANY / 2, driver->objects.count);
	nooks_objects_forget(driver, AT(0), MANY * 1237);
	KUNIT_EXPECT_EQ(test, MANY / 2, driver->objects.count);
}

struct worker {
	struct nooks_driver *driver;
	unsigned long base;
	unsigned long rounds;
};

/* On addresses of its own, but in the same table, and on one that all of them want. */
static int add_and_remove(void *data)
{
	struct worker *worker = data;
	int ret = 0;

	while (!kthread_should_stop()) {
		unsigned long at = worker->base + (worker->rounds++ % 64) * 0x400;
		struct nooks_object *a, *b;

		if (!add(worker->driver, &also_calls, at, 0x400, 3) ||
		    !add(worker->driver, &embedded, at + 8, 8, 0))
			ret = -EEXIST;
		a = nooks_object_get(worker->driver, &also_calls, AT(at));
		if (!a || around(worker->driver, (unsigned long)AT(at + 0x10)) != a->start)
			ret = -ENOENT;
		nooks_objects_forget(worker->driver, AT(at), 0x400);
		if (nooks_object_find(worker->driver, &embedded, AT(at + 8)))
			ret = -EBUSY;
		b = nooks_object_remove(worker->driver, &also_calls, AT(at));
		if (a != b)
			ret = -EIO;
		if (b)
			nooks_object_free(b);
		if (a)
			nooks_object_free(a);
		add(worker->driver, &memory, 0, 8, 4);
		a = nooks_object_remove(worker->driver, &memory, AT(0));
		if (a)
			nooks_object_free(a);
		cond_resched();
	}
	return ret;
}

static void threads_share_the_table(struct kunit *test)
{
	struct nooks_driver *driver = test->priv;
	struct worker workers[4];
	struct task_struct *threads[4];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(workers); i++) {
		workers[i] = (struct worker) { driver, 0x100000 * (i + 1) };
		threads[i] = kthread_run(add_and_remove, &workers[i], "nooks_object/%u", i);
		KUNIT_ASSERT_FALSE(test, IS_ERR(threads[i]));
	}
	msleep(500);
	for (i = 0; i < ARRAY_SIZE(workers); i++) {
		KUNIT_EXPECT_EQ(test, 0, kthread_stop(threads[i]));
		KUNIT_EXPECT_GT(test, workers[i].rounds, 0);
	}
	KUNIT_EXPECT_EQ(test, 0, driver->objects.count);
}

static int object_init(struct kunit *test)
{
	struct nooks_driver *driver = kunit_kzalloc(test, sizeof(*driver), GFP_KERNEL);

	if (!driver)
		return -ENOMEM;
	nooks_objects_init(&driver->objects);
	test->priv = driver;
	return 0;
}

static void object_exit(struct kunit *test)
{
	struct nooks_driver *driver = test->priv;
	enum nooks_release_phase phase;

	for (phase = 0; driver && phase < NOOKS_NR_PHASES; phase++)
		nooks_objects_release(driver, phase);
}

static void a_driver_has_so_many_objects(struct kunit *test)
{
	struct nooks_driver *driver = test->priv;
	const unsigned int limit = nooks_limits.objects;

	nooks_limits.objects = 3;
	KUNIT_EXPECT_NOT_NULL(test, add(driver, &memory, 0x1000, 1, 0));
	KUNIT_EXPECT_NOT_NULL(test, add(driver, &memory, 0x2000, 1, 0));
	KUNIT_EXPECT_NOT_NULL(test, add(driver, &calls, 0x2000, 1, 0));
	KUNIT_EXPECT_NULL(test, add(driver, &memory, 0x3000, 1, 0));
	KUNIT_EXPECT_EQ(test, driver->objects.count, 3u);
	KUNIT_EXPECT_EQ(test, driver->objects.refused, 1ul);
	/* One that is there already is not refused for their number. */
	KUNIT_EXPECT_NULL(test, add(driver, &memory, 0x2000, 1, 0));
	KUNIT_EXPECT_EQ(test, driver->objects.refused, 1ul);
	nooks_object_free(nooks_object_remove(driver, &memory, AT(0x1000)));
	KUNIT_EXPECT_NOT_NULL(test, add(driver, &memory, 0x3000, 1, 0));
	nooks_limits.objects = limit;
}

static void and_so_many_timers(struct kunit *test)
{
	struct nooks_driver *driver = test->priv;
	const unsigned int limit = nooks_limits.timers;

	nooks_limits.timers = 2;
	KUNIT_EXPECT_NOT_NULL(test, add(driver, &timer, 0x1000, 1, 0));
	KUNIT_EXPECT_NOT_NULL(test, add(driver, &timer, 0x2000, 1, 0));
	KUNIT_EXPECT_NULL(test, add(driver, &timer, 0x3000, 1, 0));
	KUNIT_EXPECT_NOT_NULL(test, add(driver, &memory, 0x3000, 1, 0));
	nooks_object_free(nooks_object_remove(driver, &timer, AT(0x1000)));
	KUNIT_EXPECT_EQ(test, driver->objects.timers, 1u);
	KUNIT_EXPECT_NOT_NULL(test, add(driver, &timer, 0x3000, 1, 0));
	nooks_limits.timers = limit;
}

static struct kunit_case object_cases[] = {
	KUNIT_CASE(what_was_added_is_found_by_class_and_start),
	KUNIT_CASE(the_same_is_not_added_twice),
	KUNIT_CASE(init_runs_before_anybody_finds_it),
	KUNIT_CASE(who_removes_it_owns_it),
	KUNIT_CASE(a_reference_keeps_it_after_its_removal),
	KUNIT_CASE(the_smallest_object_around_an_address_counts),
	KUNIT_CASE(an_object_is_found_from_all_of_its_pages),
	KUNIT_CASE(freed_memory_takes_embedded_objects_with_it),
	KUNIT_CASE(a_phase_is_released_newest_first),
	KUNIT_CASE(drivers_do_not_see_each_others_objects),
	KUNIT_CASE(many_objects_are_all_found),
	KUNIT_CASE(threads_share_the_table),
	KUNIT_CASE(a_driver_has_so_many_objects),
	KUNIT_CASE(and_so_many_timers),
	{}
};

static struct kunit_suite object_suite = {
	.name = "nooks_object",
	.init = object_init,
	.exit = object_exit,
	.test_cases = object_cases,
};

kunit_test_suite(object_suite);

MODULE_DESCRIPTION("Tests of the table of tracked objects");
MODULE_IMPORT_NS(NOOKS_TESTS);
MODULE_LICENSE("GPL");
