/* SPDX-License-Identifier: GPL-2.0 */
/* Linking: library modules become part of a driver's image. */
#ifndef NOOKS_LOAD_LINK_H
#define NOOKS_LOAD_LINK_H

#include "image.h"

/**
 * struct link - a driver's image while libraries are added to it
 * @img: the image
 * @table: its section of struct nooks_library and their strings; 0 before link_begin()
 * @nr: libraries added
 * @exports: symbols of @img that libraries export
 * @nr_exports: their number
 */
struct link {
	struct image *img;
	unsigned int table;
	unsigned int nr;
	size_t *exports;
	size_t nr_exports;
};

bool link_is_export(const struct image *img, size_t index, const char **name);
void link_begin(struct link *link, struct image *img, unsigned int nr);
int link_add(struct link *link, const struct image *lib, const char *name);
void link_end(struct link *link);

#endif
