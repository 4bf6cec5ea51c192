// SPDX-License-Identifier: GPL-2.0
/* Complaints, and the allocations that can't fail. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "diag.h"

static unsigned int complaints;

void complain(struct pos pos, const char *fmt, ...)
{
	va_list ap;

	fprintf(stderr, "%s:%u:%u: ", pos.file, pos.line, pos.column);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	complaints++;
}

unsigned int nr_complaints(void)
{
	return complaints;
}

void die(const char *fmt, ...)
{
	va_list ap;

	fputs("wrapgen: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	exit(1);
}

void *grow(void *array, size_t nr, size_t size)
{
	array = reallocarray(array, nr + 1, size);
	if (!array)
		die("out of memory");
	memset((char *)array + nr * size, 0, size);
	return array;
}

char *print(const char *fmt, ...)
{
	va_list ap;
	char *s;

	va_start(ap, fmt);
	if (vasprintf(&s, fmt, ap) < 0)
		die("out of memory");
	va_end(ap);
	return s;
}
