// SPDX-License-Identifier: GPL-2.0
/* Shadows: copies of kernel objects, in slots of a driver's memory. shadow.h tells the idea. */
#include <linux/kernel.h>
#include <linux/slab.h>
#include "../nooks/learn.h"
#include "generated.h"
#include "shadow.h"
#include "store.h"
#include "words.h"

#define CHUNK_SHIFT	14
#define CHUNK_SIZE	(1UL << CHUNK_SHIFT)
#define CHUNK_SLOTS	(CHUNK_SIZE / NOOKS_SHADOW_SLOT)

/**
 * struct chunk - slots side by side, and what the kernel knows about each
 * @node: in nooks_shadows.chunks, by number of @slots
 * @slots: the first one
 * @shadows: of each
 */
struct chunk {
	struct hlist_node node;
	void *slots;
	struct nooks_shadow shadows[CHUNK_SLOTS];
};

static unsigned long number_of(unsigned long slot)
{
	return slot >> CHUNK_SHIFT;
}

static struct nooks_shadows *shadows_of(struct nooks_driver *driver)
{
	return &driver->shadows;
}

static const struct nooks_shadow_layout *layout_of(const struct nooks_shadow *shadow)
{
	return nooks_types[shadow->type].shadow;
}

/** nooks_shadows_init - no shadows yet */
void nooks_shadows_init(struct nooks_shadows *shadows)
{
	raw_spin_lock_init(&shadows->lock);
	hash_init(shadows->chunks);
	INIT_LIST_HEAD(&shadows->held);
	INIT_LIST_HEAD(&shadows->free);
	shadows->count = 0;
	shadows->charged = 0;
	shadows->refused = 0;
}

/* Make more slots. Any context but NMI. */
static bool grow(struct nooks_driver *driver)
{
	struct nooks_shadows *shadows = shadows_of(driver);
	struct chunk *chunk = kzalloc(sizeof(*chunk), GFP_ATOMIC | __GFP_NOWARN);
	unsigned long flags;
	unsigned int i;

	if (!chunk)
		return false;
	/* Aligned to its size. The domain can't free it: it goes when the heap is reset. */
	chunk->slots = nooks_heap_alloc_fixed(&driver->heap, CHUNK_SIZE,
					      GFP_ATOMIC | __GFP_NOWARN);
	if (!chunk->slots) {
		kfree(chunk);
		return false;
	}
	raw_spin_lock_irqsave(&shadows->lock, flags);
	for (i = 0; i < CHUNK_SLOTS; i++) {
		chunk->shadows[i].slot = chunk->slots + i * NOOKS_SHADOW_SLOT;
		list_add_tail(&chunk->shadows[i].list, &shadows->free);
	}
	hash_add_rcu(shadows->chunks, &chunk->node, number_of((unsigned long)chunk->slots));
	raw_spin_unlock_irqrestore(&shadows->lock, flags);
	return true;
}

/* No lock: chunks stay until the domain is idle, and whoever asks is in it. */
static struct chunk *find_chunk(struct nooks_shadows *shadows, unsigned long slot)
{
	struct chunk *chunk;

	hash_for_each_possible_rcu_notrace(shadows->chunks, chunk, node, number_of(slot))
		if (number_of((unsigned long)chunk->slots) == number_of(slot))
			return chunk;
	return NULL;
}

/* Show the driver the object as it is now. Private fields are the driver's. */
static void show(const struct nooks_shadow *shadow)
{
	layout_of(shadow)->show(shadow->object, shadow->slot);
}

static bool has_room(const struct nooks_shadows *shadows, unsigned int bytes)
{
	lockdep_assert_held(&shadows->lock);
	return !bytes || shadows->charged + bytes <= nooks_limits.packet_memory;
}

/**
 * nooks_shadow_charge - the object of a shadow gets more of the kernel's memory, or gives it back
 * @driver: in a crossing of it
 * @shadow: that the caller has borrowed
 * @bytes: negative: given back, of what was charged
 *
 * The charge ends with the shadow. Any context but NMI. Return: false if that is too much, and nothing was charged.
 */
bool nooks_shadow_charge(struct nooks_driver *driver, struct nooks_shadow *shadow, int bytes)
{
	struct nooks_shadows *shadows = shadows_of(driver);
	unsigned long flags;
	bool ok;

	raw_spin_lock_irqsave(&shadows->lock, flags);
	ok = bytes <= 0 || has_room(shadows, bytes);
	if (ok) {
		shadow->charged += bytes;
		shadows->charged += bytes;
	} else {
		shadows->refused++;
	}
	raw_spin_unlock_irqrestore(&shadows->lock, flags);
	return ok;
}

/**
 * nooks_shadow_add - let a driver see an object
 * @driver: in a crossing of it
 * @type: of the object: enum nooks_type_id
 * @object: the kernel's
 * @lent: it stays the kernel's; else the driver owns it from now on
 * @made: for the class: see struct nooks_shadow
 * @bytes: of the kernel's memory, that have been allocated for it on behalf of the driver
 *
 * Any context but NMI. Return: the shadow; NULL without memory, or if there are too many.
 */
struct nooks_shadow *nooks_shadow_add(struct nooks_driver *driver, unsigned int type, void *object,
				      bool lent, bool made, unsigned int bytes)
{
	const struct nooks_shadow_class *class = nooks_types[type].shadow->class;
	struct nooks_shadows *shadows = shadows_of(driver);
	struct nooks_shadow *shadow;
	unsigned long flags;

	for (;;) {
		raw_spin_lock_irqsave(&shadows->lock, flags);
		if (shadows->count >= nooks_limits.packets || !has_room(shadows, bytes)) {
			shadows->refused++;
			raw_spin_unlock_irqrestore(&shadows->lock, flags);
			return NULL;
		}
		shadow = list_first_entry_or_null(&shadows->free, struct nooks_shadow, list);
		if (shadow) {
			/* BUSY: nobody takes it for theirs until all is written. */
			shadow->state = NOOKS_SHADOW_BUSY;
			shadow->object = object;
			shadow->type = type;
			shadow->lent = lent;
			shadow->made = made;
			shadow->data = 0;
			shadow->charged = bytes;
			shadows->charged += bytes;
			list_move(&shadow->list, &shadows->held);
			shadows->count++;
		}
		raw_spin_unlock_irqrestore(&shadows->lock, flags);
		if (shadow)
			break;
		if (!grow(driver))
			return NULL;
	}
	memset(shadow->slot, 0, NOOKS_SHADOW_SLOT);
	show(shadow);
	if (class->show)
		class->show(shadow);
	smp_store_release(&shadow->state, lent ? NOOKS_SHADOW_LENT : NOOKS_SHADOW_OWNED);
	return shadow;
}

/**
 * nooks_shadow_find - the shadow that the driver means
 * @driver: in a crossing of it
 * @type: enum nooks_type_id
 * @slot: what the driver says is its address
 *
 * Any context but NMI. Return: NULL if the driver holds no object of that type there.
 */
struct nooks_shadow *nooks_shadow_find(struct nooks_driver *driver, unsigned int type,
				       unsigned long slot)
{
	struct chunk *chunk = find_chunk(shadows_of(driver), slot);
	unsigned long offset = slot & (CHUNK_SIZE - 1);
	struct nooks_shadow *shadow;

	if (!chunk || offset % NOOKS_SHADOW_SLOT)
		return NULL;
	shadow = &chunk->shadows[offset / NOOKS_SHADOW_SLOT];
	if (smp_load_acquire(&shadow->state) == NOOKS_SHADOW_FREE || shadow->type != type)
		return NULL;
	return shadow;
}

/**
 * nooks_shadow_hold - a kernel function is going to work on the object, as it is
 * @driver: whose shadow it is
 * @shadow: to be given back to nooks_shadow_return(), or removed
 *
 * Any context but NMI. Return: false: it is not the driver's, or another function does.
 */
bool nooks_shadow_hold(struct nooks_driver *driver, struct nooks_shadow *shadow)
{
	struct nooks_shadows *shadows = shadows_of(driver);
	unsigned long flags;
	bool ok;

	raw_spin_lock_irqsave(&shadows->lock, flags);
	ok = shadow->state == NOOKS_SHADOW_OWNED || shadow->state == NOOKS_SHADOW_LENT;
	if (ok)
		shadow->state = NOOKS_SHADOW_BUSY;
	raw_spin_unlock_irqrestore(&shadows->lock, flags);
	return ok;
}

/* The slot is free for another object. */
static void forget(struct nooks_shadows *shadows, struct nooks_shadow *shadow)
{
	const struct nooks_shadow_class *class = layout_of(shadow)->class;

	lockdep_assert_held(&shadows->lock);
	if (class->spoil)
		class->spoil(shadow->slot);
	shadow->state = NOOKS_SHADOW_FREE;
	list_move(&shadow->list, &shadows->free);
	shadows->count--;
	shadows->charged -= shadow->charged;
}

static bool not_held(struct nooks_crossing *x, unsigned int type, unsigned long slot, const char *fn,
		     const char *arg)
{
	nooks_fail(x, NOOKS_BAD_ARGUMENT, slot, "%s: %s: no %s that the driver holds", fn, arg,
		   nooks_types[type].name);
	return false;
}

/* The driver has changed what it may not; @word and @bits say where. */
static bool denied(struct nooks_crossing *x, const struct nooks_shadow *shadow, unsigned int word,
		   u64 bits)
{
	const struct nooks_type *type = &nooks_types[shadow->type];
	unsigned int offset = word * sizeof(u64) + __ffs64(bits) / BITS_PER_BYTE, i;
	const char *name = "?";

	for (i = 0; i < type->nr_fields; i++) {
		if (offset - type->fields[i].offset < type->fields[i].size &&
		    type->fields[i].policy == NOOKS_FIELD_DENIED) {
			name = type->fields[i].name;
			break;
		}
	}
	nooks_fail(x, NOOKS_DENIED_STORE, (unsigned long)shadow->slot + offset, "%s.%s", type->name,
		   name);
	return false;
}

/*
 * The field of a byte that has changed, which no annotation lists: the one of which learn mode
 * knows most, by its shorter name: headers of packets are there twice, once as a struct.
 */
static const struct nooks_field *unlisted_field(const struct nooks_type *type, unsigned int offset)
{
	const struct nooks_field *best = NULL;
	unsigned int i;

	for (i = 0; i < type->nr_fields; i++) {
		const struct nooks_field *field = &type->fields[i];

		if (offset - field->offset >= field->size || field->policy != NOOKS_FIELD_DENIED)
			continue;
		if (!best || field->learn > best->learn ||
		    (field->learn == best->learn && strlen(field->name) < strlen(best->name)))
			best = field;
	}
	return best;
}

/* May the driver change these @bits of a @word, to @value, in learn mode? Then that is noted. */
static bool learned(struct nooks_crossing *x, const struct nooks_shadow *shadow, unsigned int word,
		    u64 bits, u64 value, const char *fn)
{
	const struct nooks_type *type = &nooks_types[shadow->type];
	struct nooks_driver *driver = nooks_driver_of(x);
	const struct nooks_field *field, *last = NULL;
	unsigned int byte;

	for (byte = 0; byte < sizeof(u64); byte++) {
		if (!(u8)(bits >> (byte * BITS_PER_BYTE)))
			continue;
		field = unlisted_field(type, word * sizeof(u64) + byte);
		if (!field || nooks_learn_policy(driver, field) == NOOKS_FIELD_DENIED)
			return false;
		/* What is not a number is a pointer, which is a word. */
		if (field->learn != NOOKS_FIELD_ANY &&
		    (field->offset != word * sizeof(u64) || field->size != sizeof(u64) ||
		     nooks_value_wrong(x, field, value)))
			return false;
		if (field != last)
			nooks_learn_field(driver, shadow->type, field, 0, fn);
		last = field;
	}
	return true;
}

/**
 * struct draft - what an object would be with the driver's fields
 * @changed: the words that are not as the object's; only if there are any is the rest there
 * @words: all of them
 * @mask: of those that have changed: the bits that may
 */
struct draft {
	unsigned long changed;
	u64 words[NOOKS_SHADOW_WORDS];
	u64 mask[NOOKS_SHADOW_WORDS];
};

/* May the driver change the words as it did? The driver may go on to write: what counts is what is read here. */
static bool merge_words(struct nooks_crossing *x, const struct nooks_shadow *shadow, struct draft *draft,
			const char *fn)
{
	const struct nooks_type *type = &nooks_types[shadow->type];
	const struct nooks_shadow_layout *layout = type->shadow;
	const struct nooks_shadow_masks *masks = layout->masks;
	const u64 *slot = shadow->slot;
	unsigned int i;

	memcpy(draft->words, shadow->object, masks->nr_words * sizeof(u64));
	for_each_set_bit(i, &draft->changed, NOOKS_SHADOW_WORDS) {
		u64 ours = draft->words[i], differ = (READ_ONCE(slot[i]) ^ ours) & ~masks->private[i];
		u64 other = differ & ~masks->writable[i];

		if (unlikely(other) && !learned(x, shadow, i, other, ours ^ differ, fn))
			return denied(x, shadow, i, other);
		draft->mask[i] = masks->writable[i] | other;
		draft->words[i] = ours ^ differ;
	}
	for (i = 0; i < layout->nr_objects; i++) {
		const struct nooks_field *field = &type->fields[layout->objects[i]];
		void *p = *(void **)((void *)draft->words + field->offset);

		if (p && p != *(void **)(shadow->object + field->offset) &&
		    !nooks_object_find_type(nooks_driver_of(x), field->type, p)) {
			nooks_fail(x, NOOKS_DENIED_STORE,
				   (unsigned long)shadow->slot + field->offset,
				   "%s.%s = %px: no object that the driver holds", type->name,
				   field->name, p);
			return false;
		}
	}
	if (layout->class->keep)
		layout->class->keep(draft->words, shadow->object);
	return true;
}

/* What would the object be with the driver's fields? False: the domain has failed. */
static bool merge(struct nooks_crossing *x, const struct nooks_shadow *shadow, struct draft *draft,
		  const char *fn, const char *arg)
{
	const struct nooks_shadow_layout *layout = layout_of(shadow);
	const char *why;

	draft->changed = layout->differ(shadow->object, shadow->slot);
	if (draft->changed && !merge_words(x, shadow, draft, fn))
		return false;
	if (!layout->class->check)
		return true;
	why = layout->class->check(shadow, draft->changed ? draft->words : shadow->object);
	if (why)
		nooks_fail(x, NOOKS_BAD_ARGUMENT, (unsigned long)shadow->slot, "%s: %s: %s", fn,
			   arg, why);
	return !why;
}

/* Store the bits of @mask, and touch no byte that has none: it may change under us. */
static void store_word(u64 *to, u64 value, u64 mask)
{
	unsigned int i;

	if (mask == U64_MAX) {
		WRITE_ONCE(*to, value);
		return;
	}
	for (i = 0; i < sizeof(u64); i += 2) {
		u16 m = mask >> (i * BITS_PER_BYTE), v = value >> (i * BITS_PER_BYTE);
		u8 *bytes = (u8 *)to + i;

		if (m == U16_MAX) {
			WRITE_ONCE(*(u16 *)bytes, v);
			continue;
		}
		if ((u8)m)
			WRITE_ONCE(bytes[0], (READ_ONCE(bytes[0]) & ~m) | (v & m));
		if (m >> 8)
			WRITE_ONCE(bytes[1], (READ_ONCE(bytes[1]) & ~(m >> 8)) | ((v & m) >> 8));
	}
}

/**
 * nooks_shadow_commit - give the object what the driver has written
 * @x: a crossing of the driver's
 * @shadow: that nobody else works on: busy, or lent by the caller
 * @fn: for reports: on whose behalf
 * @arg: ditto: which argument
 *
 * Any context but NMI. Return: false if the driver has written what it may not; the object is as
 * it was, and the domain has failed.
 */
bool nooks_shadow_commit(struct nooks_crossing *x, struct nooks_shadow *shadow, const char *fn,
			 const char *arg)
{
	u64 *object = shadow->object;
	struct draft draft;
	unsigned int i;

	if (!merge(x, shadow, &draft, fn, arg))
		return false;
	for_each_set_bit(i, &draft.changed, NOOKS_SHADOW_WORDS) {
		if (draft.mask[i] && object[i] != draft.words[i])
			store_word(&object[i], draft.words[i], draft.mask[i]);
	}
	return true;
}

/**
 * nooks_shadow_check - look at what the driver has written to an object that it was only shown
 * @x: the crossing
 * @shadow: lent
 * @fn: for reports
 * @arg: ditto: which argument
 *
 * The object stays as it is. Any context but NMI. Return: false if the driver has written what it may not;
 * its domain has failed.
 */
bool nooks_shadow_check(struct nooks_crossing *x, struct nooks_shadow *shadow, const char *fn,
			const char *arg)
{
	struct draft draft;

	return merge(x, shadow, &draft, fn, arg);
}

/**
 * nooks_shadow_borrow - a kernel function is going to work on an object
 * @x: the crossing
 * @type: enum nooks_type_id
 * @slot: the driver's argument
 * @shadow: out: to be given back to nooks_shadow_return(), or removed
 * @fn: for reports: the function
 * @arg: ditto: its parameter
 *
 * The object has what the driver has written. No other thread can borrow or free it meanwhile. Any
 * context but NMI. Return: false, and nothing borrowed, if the domain has failed.
 */
bool nooks_shadow_borrow(struct nooks_crossing *x, unsigned int type, unsigned long slot,
			 struct nooks_shadow **shadow, const char *fn, const char *arg)
{
	struct nooks_driver *driver = nooks_driver_of(x);
	struct nooks_shadow *found = nooks_shadow_find(driver, type, slot);

	if (!found || !nooks_shadow_hold(driver, found))
		return not_held(x, type, slot, fn, arg);
	if (!nooks_shadow_commit(x, found, fn, arg)) {
		smp_store_release(&found->state, found->lent ? NOOKS_SHADOW_LENT :
							       NOOKS_SHADOW_OWNED);
		return false;
	}
	*shadow = found;
	return true;
}

/**
 * nooks_shadow_return - the kernel function is done: the driver sees what it has made of the object
 * @shadow: borrowed, or NULL
 *
 * Any context but NMI.
 */
void nooks_shadow_return(struct nooks_shadow *shadow)
{
	if (!shadow)
		return;
	show(shadow);
	smp_store_release(&shadow->state, shadow->lent ? NOOKS_SHADOW_LENT : NOOKS_SHADOW_OWNED);
}

/**
 * nooks_shadow_take - the driver gives up an object, as it is
 * @x: the crossing
 * @shadow: that nooks_shadow_find() has found for @slot, or NULL
 * @type: enum nooks_type_id
 * @slot: the driver's argument
 * @made: out: what the shadow said of the object, if that is returned
 * @fn: for reports: the function that it is given to
 *
 * What the driver has written is lost: it is to be freed. Any context but NMI. Return: the object,
 * now the caller's; NULL, with the domain failed, if the driver does not own it.
 */
void *nooks_shadow_take(struct nooks_crossing *x, struct nooks_shadow *shadow, unsigned int type,
			unsigned long slot, bool *made, const char *fn)
{
	struct nooks_shadows *shadows = shadows_of(nooks_driver_of(x));
	void *object = NULL;
	unsigned long flags;

	/* It may be another object's since it was found: what it is counts when it changes hands. */
	raw_spin_lock_irqsave(&shadows->lock, flags);
	if (shadow && shadow->state == NOOKS_SHADOW_OWNED && shadow->type == type) {
		object = shadow->object;
		*made = shadow->made;
		forget(shadows, shadow);
	}
	raw_spin_unlock_irqrestore(&shadows->lock, flags);
	if (object)
		return object;
	nooks_fail(x, NOOKS_BAD_ARGUMENT, slot, "%s: the driver does not own this %s", fn,
		   nooks_types[type].name);
	return NULL;
}

/**
 * nooks_shadow_remove - the driver no longer sees an object
 * @driver: whose shadow it is
 * @shadow: borrowed, or lent by the caller; the object is the caller's
 *
 * Any context but NMI.
 */
void nooks_shadow_remove(struct nooks_driver *driver, struct nooks_shadow *shadow)
{
	struct nooks_shadows *shadows = shadows_of(driver);
	unsigned long flags;

	raw_spin_lock_irqsave(&shadows->lock, flags);
	forget(shadows, shadow);
	raw_spin_unlock_irqrestore(&shadows->lock, flags);
}

/**
 * nooks_arg_shadow - check an argument and replace it by what it stands for
 * @x: the crossing
 * @pointer: the parameter: a pointer to the slot becomes one to the object
 * @shadow: see nooks_shadow_borrow(); NULL for NULL
 * @type: enum nooks_type_id
 * @null_ok: NULL is good
 * @fn: for reports
 * @arg: ditto
 */
bool nooks_arg_shadow(struct nooks_crossing *x, void *pointer, struct nooks_shadow **shadow,
		      unsigned int type, bool null_ok, const char *fn, const char *arg)
{
	void **p = pointer;

	*shadow = NULL;
	if (!*p && null_ok)
		return true;
	if (!nooks_shadow_borrow(x, type, (unsigned long)*p, shadow, fn, arg))
		return false;
	*p = (*shadow)->object;
	return true;
}

/**
 * nooks_shadows_release - recovery: a driver no longer sees anything
 * @driver: closed and idle
 *
 * What it owned is freed; what was lent is its lender's. The slots go with the heap. Context: may
 * sleep.
 */
void nooks_shadows_release(struct nooks_driver *driver)
{
	struct nooks_shadows *shadows = shadows_of(driver);
	struct nooks_shadow *shadow;
	struct hlist_node *next;
	struct chunk *chunk;
	unsigned int bucket;

	might_sleep();
	/* Nobody else uses them any more: no lock. */
	list_for_each_entry(shadow, &shadows->held, list)
		if (shadow->state == NOOKS_SHADOW_OWNED)
			layout_of(shadow)->class->release(driver, shadow);
	INIT_LIST_HEAD(&shadows->held);
	INIT_LIST_HEAD(&shadows->free);
	shadows->count = 0;
	shadows->charged = 0;
	hash_for_each_safe(shadows->chunks, bucket, next, chunk, node) {
		hash_del(&chunk->node);
		kfree(chunk);
	}
}
