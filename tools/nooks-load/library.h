/* SPDX-License-Identifier: GPL-2.0 */
/* The modules that a driver needs, and which of them come into its domain. */
#ifndef NOOKS_LOAD_LIBRARY_H
#define NOOKS_LOAD_LIBRARY_H

#include <stdbool.h>
#include <stddef.h>

#include "control.h"
#include "image.h"
#include "module.h"

/**
 * struct library - a module that the driver, or one of its libraries, depends on
 * @name: as it is depended on
 * @img: its image as it was read
 * @is_linked: it comes into the domain; else it is used natively
 * @is_ordered: it is in struct libraries.linked
 */
struct library {
	char *name;
	struct image img;
	bool is_linked;
	bool is_ordered;
};

/**
 * struct libraries - all of them
 * @library: in the order in which they were found
 * @nr: their number
 * @linked: those that come into the domain, each after those that it needs itself
 * @nr_linked: their number
 */
struct libraries {
	struct library **library;
	size_t nr;
	struct library **linked;
	size_t nr_linked;
};

int libraries_find(struct libraries *libs, const struct module *m, const struct image *img,
		   struct control *control);
char *libraries_native(const struct libraries *libs, const struct image *img);
int libraries_link(const struct libraries *libs, struct image *img);
void libraries_free(struct libraries *libs);

#endif
