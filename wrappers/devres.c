// SPDX-License-Identifier: GPL-2.0
/*
 * Resources that a driver ties to its device, and which go when it is no longer bound to that. The kernel's
 * own lists of them would undo things behind the tracker's back. So what these functions make are tracked
 * objects like those of the functions that they stand for, and a note is added that tells how to undo
 * it. At recovery the objects go in their own order, and the notes are dropped.
 */
#include <linux/device.h>
#include "../nooks/driver.h"
#include "devres.h"
#include "generated.h"
#include "walk.h"

/**
 * struct nooks_note - something to undo
 * @object: start is a number of its own: one thing may have several notes
 * @dev: to which it is tied; compared only
 * @undo: how
 * @what: to be undone
 */
struct nooks_note {
	struct nooks_object object;
	struct device *dev;
	nooks_undo_fn undo;
	void *what;
};

static atomic_long_t next_number = ATOMIC_LONG_INIT(0);

static const struct nooks_object_class note_class = {
	.name = "managed resource",
	.phase = NOOKS_PHASE_MEMORY,
	.size = sizeof(struct nooks_note),
};

static struct nooks_note *to_note(struct nooks_object *object)
{
	return container_of(object, struct nooks_note, object);
}

bool nooks_devres_add(struct nooks_driver *driver, struct device *dev, nooks_undo_fn undo,
		      void *what)
{
	const void *key = (void *)atomic_long_inc_return(&next_number);
	struct nooks_object *object = nooks_object_add(driver, &note_class, key, 1,
						       NOOKS_TYPE_none, GFP_KERNEL);

	if (!object)
		return false;
	to_note(object)->undo = undo;
	to_note(object)->what = what;
	smp_store_release(&to_note(object)->dev, dev);	/* from here on it is found */
	return true;
}

/* Take out the newest note of a device; of a certain kind if there is an @undo. */
static struct nooks_object *take(struct nooks_driver *driver, struct device *dev,
				 nooks_undo_fn undo, void *what)
{
	struct nooks_object *object;
	const void *key = NULL;
	unsigned long flags;

	raw_spin_lock_irqsave(&driver->objects.lock, flags);
	nooks_for_each_object(object, driver, &note_class) {
		struct nooks_note *note = to_note(object);

		if (smp_load_acquire(&note->dev) == dev &&
		    (!undo || (note->undo == undo && note->what == what))) {
			key = (void *)object->start;
			break;
		}
	}
	raw_spin_unlock_irqrestore(&driver->objects.lock, flags);
	return key ? nooks_object_remove(driver, &note_class, key) : NULL;
}

bool nooks_devres_forget(struct nooks_driver *driver, struct device *dev, nooks_undo_fn undo,
			 void *what)
{
	struct nooks_object *object = take(driver, dev, undo, what);

	if (object)
		nooks_object_free(object);
	return object;
}

bool nooks_devres_release(struct nooks_stub *stub, struct device *dev)
{
	struct nooks_driver *driver = (struct nooks_driver *)stub->domain;
	struct nooks_object *object;
	struct nooks_crossing x;
	bool whole;

	/* A crossing, so that recovery of another device of the driver's does not undo the same meanwhile. */
	if (!nooks_call_begin(&x, stub))
		return false;
	WRITE_ONCE(x.calls, 1);		/* to the watchdog: in a kernel call */
	/* To undo something may call the driver, which may fail in that. */
	while (!nooks_crossing_stale(&x) && (object = take(driver, dev, NULL, NULL))) {
		to_note(object)->undo(driver, to_note(object)->what);
		nooks_object_free(object);
	}
	whole = !nooks_crossing_stale(&x);
	nooks_call_end(&x);
	return whole;
}
