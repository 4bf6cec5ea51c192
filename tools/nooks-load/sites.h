/* SPDX-License-Identifier: GPL-2.0 */
/* Instructions that a domain does without. */
#ifndef NOOKS_LOAD_SITES_H
#define NOOKS_LOAD_SITES_H

#include "image.h"

void sites_patch(struct image *img);

#endif
