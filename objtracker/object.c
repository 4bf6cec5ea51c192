// SPDX-License-Identifier: GPL-2.0
/* The table of a driver's tracked objects. */
#include <linux/mm.h>
#include <linux/slab.h>
#include "../nooks/driver.h"
#include "../nooks/tracepoints.h"

struct nooks_limits nooks_limits = {
	.objects = NOOKS_MAX_OBJECTS,
	.timers = NOOKS_MAX_TIMERS,
	.packets = NOOKS_MAX_PACKETS,
	.packet_memory = NOOKS_MAX_PACKET_MEMORY,
	.dma = NOOKS_MAX_DMA,
};

static unsigned long page_of(unsigned long addr)
{
	return addr >> PAGE_SHIFT;
}

/**
 * nooks_objects_init - make an empty table
 * @objects: the table
 */
void nooks_objects_init(struct nooks_objects *objects)
{
	unsigned int phase;

	raw_spin_lock_init(&objects->lock);
	hash_init(objects->table);
	for (phase = 0; phase < NOOKS_NR_PHASES; phase++)
		INIT_LIST_HEAD(&objects->phases[phase]);
	objects->count = 0;
	objects->kernel_made = 0;
	objects->timers = 0;
	objects->refused = 0;
	objects->span = 0;
}

static struct nooks_object *find(struct nooks_objects *objects,
				 const struct nooks_object_class *class, unsigned long start,
				 const void *of)
{
	struct nooks_object *object;

	lockdep_assert_held(&objects->lock);
	hash_for_each_possible(objects->table, object, node, page_of(start)) {
		if (object->start == start && object->class == class && object->of == of)
			return object;
	}
	return NULL;
}

static void unlink(struct nooks_objects *objects, struct nooks_object *object)
{
	lockdep_assert_held(&objects->lock);
	hash_del(&object->node);
	list_del(&object->list);
	objects->count -= !object->class->kernel_made;
	objects->kernel_made -= object->class->kernel_made;
	objects->timers -= object->class->timer;
	trace_nooks_object_remove(object->driver->name, object->class->name, object->start,
				  object->size);
}

static bool has_room(const struct nooks_objects *objects, const struct nooks_object_class *class)
{
	lockdep_assert_held(&objects->lock);
	return (class->kernel_made ||
		objects->count < nooks_limits.objects +
				 NOOKS_OBJECTS_BROUGHT * objects->kernel_made) &&
	       (!class->timer || objects->timers < nooks_limits.timers);
}

static void hold(struct nooks_objects *objects, struct nooks_object *object)
{
	refcount_inc(&object->refs);
}

static struct nooks_object *make(struct nooks_driver *driver,
				 const struct nooks_object_class *class, const void *start,
				 size_t size, unsigned int type, gfp_t gfp)
{
	struct nooks_object *object;

	if (WARN_ON_ONCE(class->size < sizeof(*object)))
		return NULL;
	object = kzalloc(class->size, gfp);
	if (!object)
		return NULL;
	object->class = class;
	refcount_set(&object->refs, 1);
	object->driver = driver;
	object->start = (unsigned long)start;
	object->size = size;
	object->type = type;
	object->site = nooks_call_site(driver->domain);
	if (class->init)
		class->init(object);
	return object;
}

/* Put a new object into the table, unless there are too many. */
static bool link_object(struct nooks_objects *objects, struct nooks_object *object)
{
	const struct nooks_object_class *class = object->class;

	lockdep_assert_held(&objects->lock);
	if (!has_room(objects, class)) {
		objects->refused++;
		return false;
	}
	if (object->type && object->size)
		objects->span = clamp_t(unsigned long,
					page_of(object->start + object->size - 1) - page_of(object->start),
					objects->span, NOOKS_OBJECT_SPAN);
	hash_add(objects->table, &object->node, page_of(object->start));
	list_add(&object->list, &objects->phases[class->phase]);
	objects->count += !class->kernel_made;
	objects->kernel_made += class->kernel_made;
	objects->timers += class->timer;
	trace_nooks_object_add(object->driver->name, class->name, object->start, object->size);
	return true;
}

/* Track a new object; it is freed if that can't be. */
static struct nooks_object *track(struct nooks_driver *driver, struct nooks_object *object)
{
	struct nooks_objects *objects = &driver->objects;
	unsigned long flags;
	bool added;

	if (!object)
		return NULL;
	raw_spin_lock_irqsave(&objects->lock, flags);
	added = !find(objects, object->class, object->start, object->of) &&
		link_object(objects, object);
	raw_spin_unlock_irqrestore(&objects->lock, flags);
	if (added)
		return object;		/* another thread may remove it at once */
	nooks_object_free(object);
	return NULL;
}

/**
 * nooks_object_add - track an object
 * @driver: whose it is
 * @class: its class
 * @start: its address
 * @size: bytes
 * @type: enum nooks_type_id
 * @gfp: for the entry
 *
 * Context: any but NMI, as @gfp says. Return: the object, NULL without memory, when there are too
 * many, or when there is one of that address and class already.
 */
struct nooks_object *nooks_object_add(struct nooks_driver *driver,
				      const struct nooks_object_class *class, const void *start,
				      size_t size, unsigned int type, gfp_t gfp)
{
	return track(driver, make(driver, class, start, size, type, gfp));
}

/**
 * nooks_object_add_of - track one of several objects of a class that may have one address
 * @driver: whose it is
 * @class: its class
 * @start: its address
 * @size: bytes
 * @of: which one
 * @gfp: for the entry
 *
 * As nooks_object_add(), without a type.
 */
struct nooks_object *nooks_object_add_of(struct nooks_driver *driver,
					 const struct nooks_object_class *class, const void *start,
					 size_t size, const void *of, gfp_t gfp)
{
	struct nooks_object *object = make(driver, class, start, size, 0, gfp);

	if (object)
		object->of = of;
	return track(driver, object);
}

/**
 * nooks_object_get_or_add - the object of a class at an address, made if there is none
 * @driver: whose it is
 * @class: its class
 * @start: its address
 * @size: bytes
 * @type: enum nooks_type_id
 * @gfp: for a new entry
 *
 * Context: any but NMI, as @gfp says. Return: the object, with a reference that nooks_object_free() gives
 * back; NULL without memory, or when there are too many.
 */
struct nooks_object *nooks_object_get_or_add(struct nooks_driver *driver,
					     const struct nooks_object_class *class,
					     const void *start, size_t size, unsigned int type,
					     gfp_t gfp)
{
	struct nooks_object *object = nooks_object_get(driver, class, start), *made;
	struct nooks_objects *objects = &driver->objects;
	unsigned long flags;
	bool added = false;

	if (object)
		return object;
	made = make(driver, class, start, size, type, gfp);
	if (!made)
		return NULL;
	raw_spin_lock_irqsave(&objects->lock, flags);
	object = find(objects, class, made->start, NULL);
	if (!object && link_object(objects, made)) {
		object = made;
		added = true;
	}
	if (object)
		hold(objects, object);
	raw_spin_unlock_irqrestore(&objects->lock, flags);
	if (!added)
		nooks_object_free(made);
	return object;
}

/* Find an object and do something about it, if that is not NULL, before the lock is released. */
static __always_inline
struct nooks_object *look_up(struct nooks_driver *driver, const struct nooks_object_class *class,
			     const void *start, const void *of,
			     void (*then)(struct nooks_objects *, struct nooks_object *))
{
	struct nooks_objects *objects = &driver->objects;
	struct nooks_object *object;
	unsigned long flags;

	raw_spin_lock_irqsave(&objects->lock, flags);
	object = find(objects, class, (unsigned long)start, of);
	if (object && then)
		then(objects, object);
	raw_spin_unlock_irqrestore(&objects->lock, flags);
	return object;
}

/** nooks_object_find - the object of a class at an address, or NULL. Any context but NMI. */
struct nooks_object *nooks_object_find(struct nooks_driver *driver,
				       const struct nooks_object_class *class, const void *start)
{
	return look_up(driver, class, start, NULL, NULL);
}

/** nooks_object_find_of - as nooks_object_find(), of several. Any context but NMI. */
struct nooks_object *nooks_object_find_of(struct nooks_driver *driver,
					  const struct nooks_object_class *class,
					  const void *start, const void *of)
{
	return look_up(driver, class, start, of, NULL);
}

/** nooks_object_get - as nooks_object_find(), with a reference. Any context but NMI. */
struct nooks_object *nooks_object_get(struct nooks_driver *driver,
				      const struct nooks_object_class *class, const void *start)
{
	return look_up(driver, class, start, NULL, hold);
}

/** nooks_object_find_type - the object of a type at an address, or NULL. Any context but NMI. */
struct nooks_object *nooks_object_find_type(struct nooks_driver *driver, unsigned int type,
					    const void *start)
{
	struct nooks_objects *objects = &driver->objects;
	unsigned long addr = (unsigned long)start;
	struct nooks_object *object, *found = NULL;
	unsigned long flags;

	raw_spin_lock_irqsave(&objects->lock, flags);
	hash_for_each_possible(objects->table, object, node, page_of(addr)) {
		if (object->start == addr && object->type == type) {
			found = object;
			break;
		}
	}
	raw_spin_unlock_irqrestore(&objects->lock, flags);
	return found;
}

/**
 * nooks_object_containing - the smallest object with a type that an address lies in
 * @driver: whose objects
 * @addr: the address; in objects of more than NOOKS_OBJECT_SPAN pages only the first ones count
 * @copy: NULL, or gets what the object was: another thread may free it at any time
 *
 * Context: any but NMI. Return: true if there is one.
 */
bool nooks_object_containing(struct nooks_driver *driver, unsigned long addr,
			     struct nooks_object *copy)
{
	struct nooks_objects *objects = &driver->objects;
	struct nooks_object *object, *found = NULL;
	unsigned long flags;
	unsigned int i;

	raw_spin_lock_irqsave(&objects->lock, flags);
	/* An object that is not aligned ends one page further on. */
	for (i = 0; i <= objects->span; i++) {
		hash_for_each_possible(objects->table, object, node, page_of(addr) - i) {
			if (object->type && addr - object->start < object->size &&
			    (!found || object->size < found->size))
				found = object;
		}
	}
	if (found && copy)
		*copy = *found;
	raw_spin_unlock_irqrestore(&objects->lock, flags);
	return found;
}

/**
 * nooks_object_covering - the smallest object, of whatever kind, that an address lies in
 * @driver: whose objects
 * @addr: the address
 * @copy: gets what the object was
 *
 * Looks at all objects with interrupts off: for reports. Context: any but NMI. Return: true if there is
 * one.
 */
bool nooks_object_covering(struct nooks_driver *driver, unsigned long addr,
			   struct nooks_object *copy)
{
	struct nooks_objects *objects = &driver->objects;
	struct nooks_object *object, *found = NULL;
	unsigned int phase;
	unsigned long flags;

	raw_spin_lock_irqsave(&objects->lock, flags);
	nooks_for_each_phase_object(object, phase, objects) {
		if (addr - object->start >= object->size)
			continue;
		/* Of two in one place, that which says more. */
		if (!found || object->size < found->size ||
		    (object->size == found->size && object->type && !found->type))
			found = object;
	}
	if (found)
		*copy = *found;
	raw_spin_unlock_irqrestore(&objects->lock, flags);
	return found;
}

/** nooks_object_remove - take an object out of the table, for the caller. Any context but NMI. */
struct nooks_object *nooks_object_remove(struct nooks_driver *driver,
					 const struct nooks_object_class *class, const void *start)
{
	return look_up(driver, class, start, NULL, unlink);
}

/** nooks_object_take - as nooks_object_remove(), for one that nobody else frees. Any context but NMI. */
struct nooks_object *nooks_object_take(struct nooks_object *object)
{
	struct nooks_objects *objects = &object->driver->objects;
	unsigned long flags;
	bool tracked;

	raw_spin_lock_irqsave(&objects->lock, flags);
	tracked = nooks_object_tracked(object);
	if (tracked)
		unlink(objects, object);
	raw_spin_unlock_irqrestore(&objects->lock, flags);
	return tracked ? object : NULL;
}

/** nooks_object_free - give back a reference to an object. Any context but NMI. */
void nooks_object_free(struct nooks_object *object)
{
	if (!refcount_dec_and_test(&object->refs))
		return;
	WARN_ON_ONCE(nooks_object_tracked(object));
	if (object->class->free)
		object->class->free(object);
	else
		kfree(object);
}

/**
 * nooks_objects_forget - drop what lay in freed memory
 * @driver: whose memory
 * @start: address
 * @size: bytes, may be 0
 *
 * What is locked, armed or queued stays in the table: recovery and unloading must find it.
 * Context: any but NMI; the memory is not in other use yet.
 */
void nooks_objects_forget(struct nooks_driver *driver, const void *start, size_t size)
{
	struct nooks_objects *objects = &driver->objects;
	unsigned long first = (unsigned long)start, page;
	struct nooks_object *object, *next;
	struct hlist_node *tmp;
	unsigned long flags;
	LIST_HEAD(dropped);

	if (!size)
		return;
	raw_spin_lock_irqsave(&objects->lock, flags);
	for (page = page_of(first); page <= page_of(first + size - 1); page++) {
		hash_for_each_possible_safe(objects->table, object, tmp, node, page) {
			if (!object->class->forget || object->start - first >= size ||
			    refcount_read(&object->refs) > 1)
				continue;
			unlink(objects, object);
			list_add(&object->list, &dropped);
		}
	}
	raw_spin_unlock_irqrestore(&objects->lock, flags);
	list_for_each_entry_safe(object, next, &dropped, list)
		nooks_object_free(object);
}

static struct nooks_object *take_newest(struct nooks_objects *objects,
					enum nooks_release_phase phase)
{
	struct nooks_object *object, *found = NULL;
	unsigned long flags;

	raw_spin_lock_irqsave(&objects->lock, flags);
	list_for_each_entry(object, &objects->phases[phase], list) {
		if (!(object->class->stays && object->class->stays(object))) {
			unlink(objects, object);
			found = object;
			break;
		}
	}
	raw_spin_unlock_irqrestore(&objects->lock, flags);
	return found;
}

/**
 * nooks_objects_release - undo all that a driver has made of a phase's classes, newest first
 * @driver: closed to new entries
 * @phase: the phase
 *
 * Context: may sleep.
 */
void nooks_objects_release(struct nooks_driver *driver, enum nooks_release_phase phase)
{
	struct nooks_object *object;

	might_sleep();
	while ((object = take_newest(&driver->objects, phase))) {
		if (object->class->release)
			object->class->release(object);
		nooks_object_free(object);
		cond_resched();
	}
}
