/* SPDX-License-Identifier: GPL-2.0 */
/* What a module takes from the kernel and from other modules. */
#ifndef NOOKS_LOAD_IMPORTS_H
#define NOOKS_LOAD_IMPORTS_H

#include "control.h"
#include "image.h"

/**
 * struct import - an undefined symbol that the image refers to
 * @sym: index of the symbol
 * @is_called: there are branches to it
 * @is_data: there are other references
 * @is_narrow: some of these have 32 bits
 * @resolve: what it is bound to
 */
struct import {
	size_t sym;
	bool is_called;
	bool is_data;
	bool is_narrow;
	struct nooks_resolve resolve;
};

/**
 * struct imports - all of them
 * @import: in the order of the symbol table
 * @nr: their number
 * @nr_unbound: how many of them can't be bound
 */
struct imports {
	struct import *import;
	size_t nr;
	size_t nr_unbound;
};

void imports_find(struct imports *imports, struct image *img);
int imports_resolve(struct imports *imports, const struct image *img, struct control *control);
int imports_check(const struct imports *imports, const struct image *img);
void imports_print_denied(const struct imports *imports, const struct image *img);
void imports_bind(struct imports *imports, struct image *img);
void imports_free(struct imports *imports);

#endif
