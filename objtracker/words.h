/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The words of objects that have shadows. Each type gets its own functions, of which the compiler knows the length and the
 * masks: straight code, three instructions for a word that has not changed. Packets pass here at every crossing.
 */
#ifndef NOOKS_WORDS_H
#define NOOKS_WORDS_H

#include <linux/bits.h>
#include <linux/compiler.h>
#include <linux/types.h>

#define NOOKS_SHADOW_WORDS	32

/**
 * struct nooks_shadow_masks - whose the bits of a type are
 * @nr_words: of eight bytes
 * @writable: bits that the driver may change, word by word
 * @private: bits that have a value of their own in the copy
 */
struct nooks_shadow_masks {
	u8 nr_words;
	u64 writable[NOOKS_SHADOW_WORDS];
	u64 private[NOOKS_SHADOW_WORDS];
};

struct nooks_shadow_class;

/**
 * struct nooks_shadow_layout - of a type that drivers see copies of
 * @class: what is special about it: "nooks_shadow_<name>", written by hand
 * @masks: of its words
 * @differ: in which words the object and its copy differ, private bits aside: a mask
 * @show: brings the copy up to date, private bits aside
 * @nr_objects: entries of @objects
 * @objects: indices of the fields of policy OBJECT
 */
struct nooks_shadow_layout {
	const struct nooks_shadow_class *class;
	const struct nooks_shadow_masks *masks;
	unsigned long (*differ)(const u64 *object, const u64 *copy);
	void (*show)(const u64 *object, u64 *copy);
	u8 nr_objects;
	u16 objects[4];
};

static __always_inline unsigned long nooks_words_differ(const struct nooks_shadow_masks *masks,
							const u64 *object, const u64 *copy)
{
	unsigned long differ = 0;
	unsigned int i;

#pragma GCC unroll 32
	for (i = 0; i < masks->nr_words; i++) {
		u64 mask = ~masks->private[i];

		if (mask && unlikely((object[i] ^ READ_ONCE(copy[i])) & mask)) {
			barrier();		/* a branch, for the compiler: it would make it six instructions without */
			differ |= BIT(i);
		}
	}
	return differ;
}

static __always_inline void nooks_words_show(const struct nooks_shadow_masks *masks, const u64 *object,
					     u64 *copy)
{
	unsigned int i;

#pragma GCC unroll 32
	for (i = 0; i < masks->nr_words; i++) {
		u64 private = masks->private[i], now = READ_ONCE(object[i]), shown;

		if (!private)
			WRITE_ONCE(copy[i], now);
		if (!private || !~private)
			continue;
		/* Other threads of the driver may count in the private half: it is written only if it has to be. */
		shown = READ_ONCE(copy[i]);
		if ((now ^ shown) & ~private)
			WRITE_ONCE(copy[i], (now & ~private) | (shown & private));
	}
}

/* The functions of a type, for its layout. @masks: static const. */
#define NOOKS_SHADOW_FUNCTIONS(type, masks)						\
	static unsigned long type##_differ(const u64 *object, const u64 *copy)		\
	{										\
		return nooks_words_differ(&(masks), object, copy);			\
	}										\
											\
	static void type##_show(const u64 *object, u64 *copy)				\
	{										\
		nooks_words_show(&(masks), object, copy);				\
	}

#endif
