/* SPDX-License-Identifier: GPL-2.0 */
/* Memory: a program of this size can't go on without. */
#ifndef NOOKSCTL_MEMORY_H
#define NOOKSCTL_MEMORY_H

#include <err.h>
#include <stdlib.h>

/** check_memory - pass an allocation on, or exit if there is none */
static inline void *check_memory(void *p)
{
	if (!p)
		err(EXIT_FAILURE, "no memory");
	return p;
}

#endif
