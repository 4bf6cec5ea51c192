/* SPDX-License-Identifier: GPL-2.0 */
/* Memory that is there or ends the program. */
#ifndef NOOKS_LOAD_MEMORY_H
#define NOOKS_LOAD_MEMORY_H

#include <err.h>
#include <stdlib.h>

/**
 * xrealloc - resize an array
 * @array: the array or NULL
 * @nr: members that it shall have; new ones are not initialised
 * @size: of a member
 *
 * Return: the array.
 */
static inline void *xrealloc(void *array, size_t nr, size_t size)
{
	array = reallocarray(array, nr + !nr, size + !size);
	if (!array)
		err(EXIT_FAILURE, "out of memory");
	return array;
}

/**
 * xcalloc - allocate a zeroed array
 * @nr: members
 * @size: of a member
 *
 * Return: the array.
 */
static inline void *xcalloc(size_t nr, size_t size)
{
	void *array = calloc(nr + !nr, size + !size);

	if (!array)
		err(EXIT_FAILURE, "out of memory");
	return array;
}

#endif
