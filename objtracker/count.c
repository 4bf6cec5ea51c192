// SPDX-License-Identifier: GPL-2.0
/*
 * Counters in kernel objects. A driver changes them by one at a time, by wrappers or by checked stores;
 * the sum of what it has done to each is a tracked object, and undone when that is released.
 */
#include <linux/atomic.h>
#include "../nooks/driver.h"
#include "../wrappers/walk.h"
#include "count.h"

/* data[0] is the sum, under nooks_objects.lock. Before registrations, which look at the counters. */
static void release_count(struct nooks_object *object)
{
	atomic_sub((int)object->data[0], (atomic_t *)object->start);
}

static const struct nooks_object_class count_class = {
	.name = "count",
	.phase = NOOKS_PHASE_MAPPINGS,
	.release = release_count,
	.size = sizeof(struct nooks_object),
};

bool nooks_count(struct nooks_driver *driver, const void *counter, int delta)
{
	struct nooks_object *object = nooks_object_get(driver, &count_class, counter);
	unsigned long flags;

	if (!object) {
		nooks_object_add(driver, &count_class, counter, sizeof(atomic_t), 0,
				 GFP_ATOMIC | __GFP_NOWARN);
		object = nooks_object_get(driver, &count_class, counter);
	}
	if (!object)
		return false;
	raw_spin_lock_irqsave(&driver->objects.lock, flags);
	object->data[0] += delta;
	raw_spin_unlock_irqrestore(&driver->objects.lock, flags);
	nooks_object_free(object);
	return true;
}

static struct nooks_object *take(struct nooks_driver *driver, unsigned long start, size_t size)
{
	struct nooks_object *object;
	const void *counter = NULL;
	unsigned long flags;

	raw_spin_lock_irqsave(&driver->objects.lock, flags);
	nooks_for_each_object(object, driver, &count_class)
		if (object->start - start < size)
			counter = (void *)object->start;
	raw_spin_unlock_irqrestore(&driver->objects.lock, flags);
	return counter ? nooks_object_remove(driver, &count_class, counter) : NULL;
}

void nooks_counts_drop(struct nooks_driver *driver, const void *start, size_t size)
{
	struct nooks_object *object;

	while ((object = take(driver, (unsigned long)start, size))) {
		release_count(object);
		nooks_object_free(object);
	}
}
