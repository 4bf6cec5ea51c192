/* SPDX-License-Identifier: GPL-2.0 */
/* Complaints, and the allocations that can't fail. wrapgen is short-lived: nothing is freed. */
#ifndef WRAPGEN_DIAG_H
#define WRAPGEN_DIAG_H

#include <stddef.h>
#include <stdlib.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/** struct pos - a place in an annotation file; lines and columns count from 1 */
struct pos {
	const char *file;
	unsigned int line;
	unsigned int column;
};

/* An error in the annotations: reported and counted; nothing is written when there was one. */
void complain(struct pos pos, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
unsigned int nr_complaints(void);

/* Any other error: reported, and the end. */
void die(const char *fmt, ...) __attribute__((format(printf, 1, 2), noreturn));

void *grow(void *array, size_t nr, size_t size);
char *print(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Append to an array kept as a pointer and a count: the new element, zeroed. */
#define ADD(array, nr) \
	(*({ (array) = grow((array), (nr), sizeof(*(array))); &(array)[(nr)++]; }))
/* One zeroed object. */
#define NEW(type) ((type *)grow(NULL, 0, sizeof(type)))

#endif
