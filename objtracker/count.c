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
	struct nooks_object *object =
		nooks_object_get_or_add(driver, &count_class, counter, sizeof(atomic_t), 0,
					GFP_ATOMIC | __GFP_NOWARN);
	unsigned long flags;

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

bool nooks_reference_add(struct nooks_driver *driver, const struct nooks_object_class *class,
			 const void *start, size_t size, unsigned int type, gfp_t gfp)
{
	struct nooks_object *object;
	unsigned long flags;
	bool counted;

	do {
		object = nooks_object_get_or_add(driver, class, start, size, type,
						 gfp | __GFP_NOWARN);
		if (!object)
			return false;
		raw_spin_lock_irqsave(&driver->objects.lock, flags);
		counted = nooks_object_tracked(object);
		object->data[0] += counted;
		raw_spin_unlock_irqrestore(&driver->objects.lock, flags);
		nooks_object_free(object);
	} while (!counted);
	return true;
}

bool nooks_reference_drop(struct nooks_driver *driver, const struct nooks_object_class *class,
			  const void *start)
{
	struct nooks_object *object = nooks_object_get(driver, class, start);
	unsigned long flags, left;
	bool had;

	if (!object)
		return false;
	raw_spin_lock_irqsave(&driver->objects.lock, flags);
	had = object->data[0];
	object->data[0] -= had;
	left = object->data[0];
	raw_spin_unlock_irqrestore(&driver->objects.lock, flags);
	/* An entry that counts nothing may stay, if another thread counts in it right now. */
	if (!left && refcount_read(&object->refs) == 2) {
		struct nooks_object *removed = nooks_object_remove(driver, class, start);

		left = removed ? removed->data[0] : 0;
		if (removed)
			nooks_object_free(removed);
		while (left--)
			nooks_reference_add(driver, class, start, object->size, object->type,
					    GFP_ATOMIC);
	}
	nooks_object_free(object);
	return had;
}
