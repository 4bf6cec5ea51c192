/* SPDX-License-Identifier: GPL-2.0 */
/* The steps that make a stock module's image one for a domain. */
#ifndef NOOKS_LOAD_REWRITE_H
#define NOOKS_LOAD_REWRITE_H

#include "control.h"
#include "image.h"
#include "imports.h"
#include "stubs.h"

/**
 * struct rewrite - an image on its way into a domain
 * @img: the image
 * @imports: what it has to be bound to
 * @stubs: its functions whose address is taken
 * @nr_libraries: number of modules that have been linked into it
 * @nr_dropped: number of sections that were dropped
 */
struct rewrite {
	struct image img;
	struct imports imports;
	struct stubs stubs;
	unsigned int nr_libraries;
	unsigned int nr_dropped;
};

int rewrite_check(const struct image *img);
void rewrite_prepare(struct rewrite *rw);
void rewrite_finish(struct rewrite *rw, const struct nooks_create *domain);
void rewrite_free(struct rewrite *rw);

#endif
