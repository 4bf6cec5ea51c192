/* SPDX-License-Identifier: GPL-2.0 */
/* The tables by which nooks.ko finds its way about a rewritten image. */
#ifndef NOOKS_LOAD_TABLE_H
#define NOOKS_LOAD_TABLE_H

#include "abi.h"
#include "image.h"
#include "stubs.h"

void table_emit(struct image *img, const struct stubs *stubs, unsigned int nr_libraries,
		const struct nooks_create *domain);

#endif
