/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Shadows: of a kernel object whose type is annotated "shadow" a driver sees a copy, in a slot of its
 * domain's memory. It reads and writes that as it likes; what the kernel's object gets of it, and
 * when, is decided at the crossings:
 *
 * - borrowing, for the length of a kernel call: fields that the driver may write go to the object, and
 *   afterwards all fields but the private ones come back;
 * - taking: the driver gives the object away, with what it has written, or to be freed.
 *
 * A field is the driver's to write (any, object=), private (the two sides have values of their own), or
 * denied: then a value in the slot that is not the object's is a failure.
 */
#ifndef NOOKS_SHADOW_H
#define NOOKS_SHADOW_H

#include <linux/hashtable.h>
#include <linux/list.h>
#include <linux/spinlock.h>
#include <linux/types.h>

struct nooks_crossing;
struct nooks_driver;
struct nooks_shadow;

#define NOOKS_SHADOW_CHUNK_BITS	7
#define NOOKS_SHADOW_SLOT	256UL		/* bytes; types that have shadows are not larger */

/**
 * struct nooks_shadow_class - what is special about a type that has shadows
 * @show: sets private fields of a new shadow's slot; they are 0 otherwise. Any context
 * @keep: puts back into @merged, which @check gets, what of @object the driver may not change now; NULL: nothing. Any context
 * @check: what is wrong with the object as the driver would have it: @merged is a copy of it with
 *	the driver's fields. NULL: nothing. Any context
 * @spoil: makes a slot that is given up one that the functions which run inside trap on; NULL: there are none. Any context
 * @release: recovery frees the object, which the driver owned. In process context, may sleep
 */
struct nooks_shadow_class {
	void (*show)(struct nooks_shadow *shadow);
	void (*keep)(void *merged, const void *object);
	const char *(*check)(const struct nooks_shadow *shadow, const void *merged);
	void (*spoil)(void *slot);
	void (*release)(struct nooks_driver *driver, const struct nooks_shadow *shadow);
};

/** enum nooks_shadow_state - of a shadow; changed under nooks_shadows.lock */
enum nooks_shadow_state {
	NOOKS_SHADOW_FREE,
	NOOKS_SHADOW_OWNED,		/* the driver may give the object away or free it */
	NOOKS_SHADOW_LENT,		/* it may not */
	NOOKS_SHADOW_BUSY,		/* a kernel call works on the object */
};

/**
 * struct nooks_shadow - the kernel's side of a slot
 * @list: in nooks_shadows.held, newest first, or .free; under the lock
 * @slot: what the driver sees, NOOKS_SHADOW_SLOT bytes
 * @object: the kernel's; valid unless the state is FREE
 * @data: for the class
 * @type: of the object: enum nooks_type_id
 * @charged: bytes of the kernel's memory that the object has on the driver's account; under the lock
 * @state: enum nooks_shadow_state
 * @lent: the state to return to from BUSY is LENT
 * @made: for the class: the driver makes the object, of its own memory
 *
 * Lifetime: as long as its driver's heap is not reset; which is only done to a domain that is idle,
 * so whoever is in a crossing may use what it has added or found.
 */
struct nooks_shadow {
	struct list_head list;
	void *slot;
	void *object;
	unsigned long data;
	unsigned int charged;
	u16 type;
	u8 state;
	bool lent;
	bool made;
};

/**
 * struct nooks_shadows - a driver's shadows
 * @lock: protects the lists and the shadows' states, and what is added to @chunks; interrupts off; innermost but for
 *	nooks_domain's
 * @chunks: slots with their shadows, by address; none goes before the domain is idle
 * @held: all that are not free, newest first
 * @free: all others
 * @count: how many are held
 * @charged: what they are charged, in all: bytes
 * @refused: how often there were too many
 */
struct nooks_shadows {
	raw_spinlock_t lock;
	DECLARE_HASHTABLE(chunks, NOOKS_SHADOW_CHUNK_BITS);
	struct list_head held;
	struct list_head free;
	unsigned int count;
	unsigned long charged;
	unsigned long refused;
};

void nooks_shadows_init(struct nooks_shadows *shadows);
/* Recovery: release what the driver owned, and forget all slots. The domain is idle; may sleep. */
void nooks_shadows_release(struct nooks_driver *driver);

/* All of these: any context but NMI, between nooks_crossing_begin() and _end(). */
struct nooks_shadow *nooks_shadow_add(struct nooks_driver *driver, unsigned int type, void *object,
				      bool lent, bool made, unsigned int bytes);
bool nooks_shadow_hold(struct nooks_driver *driver, struct nooks_shadow *shadow);
bool nooks_shadow_charge(struct nooks_driver *driver, struct nooks_shadow *shadow, int bytes);
struct nooks_shadow *nooks_shadow_find(struct nooks_driver *driver, unsigned int type,
				       unsigned long slot);
bool nooks_shadow_borrow(struct nooks_crossing *x, unsigned int type, unsigned long slot,
			 struct nooks_shadow **shadow, const char *fn, const char *arg);
/* nooks_shadow_return(): wrappers/wrapper.h */
void *nooks_shadow_take(struct nooks_crossing *x, struct nooks_shadow *shadow, unsigned int type,
			unsigned long slot, bool *made, const char *fn);
bool nooks_shadow_check(struct nooks_crossing *x, struct nooks_shadow *shadow, const char *fn,
			const char *arg);
bool nooks_shadow_commit(struct nooks_crossing *x, struct nooks_shadow *shadow, const char *fn,
			 const char *arg);
void nooks_shadow_remove(struct nooks_driver *driver, struct nooks_shadow *shadow);

#endif
