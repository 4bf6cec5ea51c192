/* SPDX-License-Identifier: GPL-2.0 */
/* What becomes of a module's sections. */
#ifndef NOOKS_LOAD_SECTIONS_H
#define NOOKS_LOAD_SECTIONS_H

#include "abi.h"
#include "image.h"

unsigned int sections_drop(struct image *img);
void sections_keep_init(struct image *img);
void sections_separate(struct image *img);
bool section_is_loaded(const struct section *sec);
enum nooks_section_kind section_kind(const struct section *sec);

#endif
