/* SPDX-License-Identifier: GPL-2.0 */
/* Formats and their arguments, as drivers pass them: a checked copy that the kernel can print. */
#ifndef NOOKS_PRINT_H
#define NOOKS_PRINT_H

#include <linux/printk.h>
#include <linux/stdarg.h>

struct nooks_crossing;

#define NOOKS_PRINT_FORMAT	512	/* bytes of a format; the rest is not printed */
#define NOOKS_PRINT_STRINGS	1024	/* bytes of all strings in its arguments; ditto */
#define NOOKS_PRINT_VALUES	24	/* arguments, widths and precisions included */

/**
 * struct nooks_print - something to print: "%pV" with @vaf
 * @vaf: @format and @args
 * @args: @values
 * @length: of @format
 * @used: bytes of @strings
 * @count: valid entries of @values
 * @full: what follows does not fit and is left out
 * @format: copy of the driver's, without %pV: what that would print is inserted
 * @strings: copies of strings among the arguments
 * @values: arguments that @format consumes; strings are in @strings
 *
 * Nothing in it can be changed by the driver. What %p with an extension points to is the driver's;
 * it is mapped, and its bytes are numbers to the kernel.
 */
struct nooks_print {
	struct va_format vaf;
	va_list args;
	unsigned int length;
	unsigned int used;
	unsigned int count;
	bool full;
	char format[NOOKS_PRINT_FORMAT];
	char strings[NOOKS_PRINT_STRINGS];
	unsigned long values[NOOKS_PRINT_VALUES];
};

/*
 * The format at address @format, whose arguments begin after @fixed ones of the call. @regs: a0 to
 * a5. Free it by kfree(). NULL: there is no memory, or the domain has failed. Any context but NMI.
 */
struct nooks_print *nooks_print_get(struct nooks_crossing *x, unsigned long format,
				    const unsigned long regs[6], unsigned int fixed,
				    const char *fn);

/* The same in a wrapper. */
#define NOOKS_GET_PRINT(format, fixed, fn)						\
	nooks_print_get(x, format, (unsigned long[]){ a0, a1, a2, a3, a4, a5 }, fixed, fn)
/* For the log, where a line too many is dropped. */
#define NOOKS_GET_LINE(format, fixed, fn)						\
	(nooks_driver_may_log(nooks_driver_of(x), &nooks_driver_of(x)->log) ?		\
	 NOOKS_GET_PRINT(format, fixed, fn) : NULL)

#endif
