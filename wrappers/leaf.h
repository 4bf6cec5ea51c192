/* SPDX-License-Identifier: GPL-2.0 */
/* Copied leaf functions: kernel functions of which domains run a copy of their own. */
#ifndef NOOKS_LEAF_H
#define NOOKS_LEAF_H

#include <linux/types.h>

/* Once, before there is a domain. A function that can't be copied is left out, with a warning. */
int nooks_leaves_init(void);
void nooks_leaves_exit(void);
unsigned long nooks_leaf_copy(unsigned long addr);
/* Was this import (NOOKS_IMPORT_COPIED) copied? Any context. */
bool nooks_leaf_copied(const void *stub);
/* Of an instruction in a copy: where the kernel's own is. Any other address is returned as it is. Any context. */
unsigned long nooks_leaf_origin(unsigned long ip);

#endif
