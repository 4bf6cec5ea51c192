/* SPDX-License-Identifier: GPL-2.0 */
/* Entry stubs: what the kernel gets to see instead of the driver's own functions. */
#ifndef NOOKS_LOAD_STUBS_H
#define NOOKS_LOAD_STUBS_H

#include "image.h"

/**
 * struct function - a function of the driver
 * @sym: index of its first symbol
 * @shndx: section that it is in
 * @value: offset in the section
 * @size: in bytes, 0 when not known
 * @is_taken: its address is taken, so that it has a stub
 * @stub: index of the symbol of its stub
 */
struct function {
	size_t sym;
	unsigned int shndx;
	uint64_t value;
	uint64_t size;
	bool is_taken;
	size_t stub;
};

/**
 * struct stubs - the functions that have entry stubs
 * @function: in the order of their addresses, which is that of the stubs
 * @nr: their number
 * @shndx: section of the stubs; 0 if there are none
 */
struct stubs {
	struct function *function;
	size_t nr;
	unsigned int shndx;
};

void stubs_find(struct stubs *stubs, struct image *img);
void stubs_redirect(struct stubs *stubs, struct image *img);
void stubs_bind(const struct stubs *stubs, struct image *img, size_t table, uint64_t first,
		uint64_t entry);
void stubs_free(struct stubs *stubs);

#endif
