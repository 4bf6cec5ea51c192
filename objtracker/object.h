/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Tracked objects: what a driver holds of the kernel's, and the kernel instances of what the
 * driver embeds in its own memory. One table per driver.
 */
#ifndef NOOKS_OBJECT_H
#define NOOKS_OBJECT_H

#include <linux/hashtable.h>
#include <linux/list.h>
#include <linux/refcount.h>
#include <linux/spinlock.h>
#include <linux/types.h>

struct nooks_driver;
struct nooks_object;

/**
 * enum nooks_release_phase - when recovery releases an object; lower ones first
 * @NOOKS_PHASE_QUIET: the device is stopped: no DMA, no interrupts from it
 * @NOOKS_PHASE_REFERENCES: what keeps others' objects from going: dentries, buffers
 * @NOOKS_PHASE_CALLS: nothing calls the driver any more: irq, timers, work, registrations
 * @NOOKS_PHASE_DEVICES: interfaces to the rest of the kernel: net devices
 * @NOOKS_PHASE_MAPPINGS: DMA and MMIO
 * @NOOKS_PHASE_MEMORY: everything that is only memory: buffers, skbs, heap, locks
 */
enum nooks_release_phase {
	NOOKS_PHASE_QUIET,
	NOOKS_PHASE_REFERENCES,
	NOOKS_PHASE_CALLS,
	NOOKS_PHASE_DEVICES,
	NOOKS_PHASE_MAPPINGS,
	NOOKS_PHASE_MEMORY,
	NOOKS_NR_PHASES,
};

/**
 * struct nooks_object_class - a kind of tracked object
 * @name: for reports
 * @phase: when recovery releases objects of this class
 * @release: undo what made the object, without calling the driver; the object has left the table
 *	and is freed after it. In process context, may sleep, holds no lock. NULL: nothing to undo
 * @size: of the structure that begins with struct nooks_object
 * @init: sets up the rest of a new object before it is in the table. In any context. NULL:
 *	zeroes do
 * @free: gives the memory back, if kfree() of the structure is not the way
 * @timer: counts as a timer, too
 * @forget: lies in the driver's memory, or is the kernel instance of what does: dropped when that
 *	is freed
 * @kernel_made: the kernel decides how many there are: they are not limited, and each brings room for
 *	NOOKS_OBJECTS_BROUGHT others, for what is embedded beside it
 * @device: memory of a device, or that it takes orders from: a scribble spares it
 * @stays: recovery leaves an object alone of which this is true: it outlives a restart. Under
 *	nooks_objects.lock. NULL: none
 */
struct nooks_object_class {
	const char *name;
	enum nooks_release_phase phase;
	void (*release)(struct nooks_object *object);
	size_t size;
	void (*init)(struct nooks_object *object);
	void (*free)(struct nooks_object *object);
	bool timer;
	bool forget;
	bool kernel_made;
	bool device;
	bool (*stays)(const struct nooks_object *object);
};

/**
 * struct nooks_object - an object in a driver's table
 * @node: in nooks_objects.table
 * @list: in nooks_objects.phases, newest first
 * @class: its class; several objects of different classes may have one address
 * @refs: one of the table or of who has removed it, one of each nooks_object_get()
 * @driver: whose it is
 * @of: which of several of a class at one address; NULL where there is one only
 * @start: address; of a kernel instance, the address of the embedded object in driver memory
 * @size: bytes
 * @type: enum nooks_type_id; decides which fields the driver may store to
 * @site: where the driver made it: a return address in the driver, or 0
 * @data: for the class
 *
 * Lifetime: from nooks_object_add() to nooks_object_remove() or its release. Who finds an object
 * by address relies on the driver not freeing it at the same time in another thread; where a wrong
 * driver could do damage by that, the wrapper removes first and acts afterwards.
 */
struct nooks_object {
	struct hlist_node node;
	struct list_head list;
	const struct nooks_object_class *class;
	refcount_t refs;
	struct nooks_driver *driver;
	const void *of;
	unsigned long start;
	size_t size;
	unsigned int type;
	unsigned long site;
	unsigned long data[3];
};

#define NOOKS_OBJECTS_BITS	12
#define NOOKS_OBJECTS_BROUGHT	4
/* Interior addresses are found in objects of up to this many pages. */
#define NOOKS_OBJECT_SPAN	4

/* All objects of a table, by phase; under its lock. No break: that leaves its phase only. */
#define nooks_for_each_phase_object(object, phase, objects)			\
	for ((phase) = 0; (phase) < NOOKS_NR_PHASES; (phase)++)			\
		list_for_each_entry(object, &(objects)->phases[phase], list)

/**
 * struct nooks_objects - a driver's table
 * @lock: protects all of it; interrupts off; innermost but for nooks_domain's
 * @table: by number of the page that holds the start
 * @phases: every object, by the phase of its class, newest first
 * @count: how many, those that the kernel makes excepted
 * @kernel_made: how many of these
 * @timers: of these, timers
 * @refused: how often there were too many
 * @span: no object with a type, of those so far, ends more pages behind the one where it begins; at most
 *	NOOKS_OBJECT_SPAN
 */
struct nooks_objects {
	raw_spinlock_t lock;
	DECLARE_HASHTABLE(table, NOOKS_OBJECTS_BITS);
	struct list_head phases[NOOKS_NR_PHASES];
	unsigned int count;
	unsigned int kernel_made;
	unsigned int timers;
	unsigned long refused;
	unsigned int span;
};

/* Limits of each driver: module parameters, by these names behind "max_"; see domains/limits.h. */
struct nooks_limits {
	unsigned int objects;
	unsigned int timers;
	unsigned int packets;
	unsigned long packet_memory;
	unsigned long dma;
};

extern struct nooks_limits nooks_limits;

void nooks_objects_init(struct nooks_objects *objects);

/*
 * All of these: any context but NMI. add returns NULL without memory (@gfp), if there are too many,
 * or, for an address and class that is in the table already, too: then it logs nothing and the
 * caller decides.
 */
struct nooks_object *nooks_object_add(struct nooks_driver *driver,
				      const struct nooks_object_class *class, const void *start,
				      size_t size, unsigned int type, gfp_t gfp);
/* The one that is there, or a new one; with a reference that nooks_object_free() gives back. */
struct nooks_object *nooks_object_get_or_add(struct nooks_driver *driver,
					     const struct nooks_object_class *class,
					     const void *start, size_t size, unsigned int type,
					     gfp_t gfp);
struct nooks_object *nooks_object_find(struct nooks_driver *driver,
				       const struct nooks_object_class *class, const void *start);
/* Of classes of which there may be several objects at one address: that of @of. */
struct nooks_object *nooks_object_add_of(struct nooks_driver *driver,
					 const struct nooks_object_class *class, const void *start,
					 size_t size, const void *of, gfp_t gfp);
struct nooks_object *nooks_object_find_of(struct nooks_driver *driver,
					  const struct nooks_object_class *class,
					  const void *start, const void *of);
/* As above, with a reference that nooks_object_free() gives back: it stays, in the table or not. */
struct nooks_object *nooks_object_get(struct nooks_driver *driver,
				      const struct nooks_object_class *class, const void *start);
struct nooks_object *nooks_object_find_type(struct nooks_driver *driver, unsigned int type,
					    const void *start);
/* The object with a type that contains an address; the smallest one. */
bool nooks_object_containing(struct nooks_driver *driver, unsigned long addr,
			     struct nooks_object *copy);
/* The object of any kind that contains an address, the smallest one: for reports, it looks at all. */
bool nooks_object_covering(struct nooks_driver *driver, unsigned long addr,
			   struct nooks_object *copy);
/*
 * Take it out of the table; the caller then owns it and calls nooks_object_free(). NULL if absent.
 */
struct nooks_object *nooks_object_remove(struct nooks_driver *driver,
					 const struct nooks_object_class *class, const void *start);
/* Ditto, one that was found before. NULL if it is gone from the table. */
struct nooks_object *nooks_object_take(struct nooks_object *object);
/* Give back a reference; the last one frees the object. */
void nooks_object_free(struct nooks_object *object);
/*
 * A driver's memory was freed: drop what began in it, of the classes that say so, without release;
 * but not what is in use. @size may be 0.
 */
void nooks_objects_forget(struct nooks_driver *driver, const void *start, size_t size);
/* Recovery: release all objects of a phase, newest first. May sleep. */
void nooks_objects_release(struct nooks_driver *driver, enum nooks_release_phase phase);

/* Is it still in the table? The answer may be outdated at once. */
static inline bool nooks_object_tracked(const struct nooks_object *object)
{
	return !hlist_unhashed_lockless(&object->node);
}

#endif
