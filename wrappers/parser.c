// SPDX-License-Identifier: GPL-2.0
/* Options of mounts: the kernel looks at a driver's tables and texts for it. */
#include <linux/fs.h>
#include <linux/parser.h>
#include <linux/slab.h>
#include <linux/string.h>
#include "../nooks/driver.h"
#include "args.h"
#include "generated.h"

#define MAX_PATTERNS	256
#define MAX_TEXT	4096

/* Each pattern of the table up to that which ends it can be read. */
static bool check_table(struct nooks_crossing *x, const struct match_token *t, const char *fn)
{
	unsigned int i;

	for (i = 0; i < MAX_PATTERNS; i++, t++) {
		if (!nooks_arg_readable(x, t, sizeof(*t), false, fn, "table"))
			return false;
		if (!t->pattern)
			return true;
		if (!nooks_arg_string(x, t->pattern, 256, false, fn, "pattern"))
			return false;
	}
	nooks_fail(x, NOOKS_BAD_ARGUMENT, (unsigned long)t, "%s: a table without an end", fn);
	return false;
}

/* int match_token(char *s, const match_table_t table, substring_t args[]) */
NOOKS_WRAPPER(match_token)
{
	static const char fn[] = "match_token";

	if (!nooks_arg_string(x, (char *)a0, MAX_TEXT, true, fn, "s") ||
	    !check_table(x, (void *)a1, fn) ||
	    !nooks_arg_writable(x, (void *)a2, MAX_OPT_ARGS * sizeof(substring_t), false, fn, "args"))
		return 0;
	return match_token((char *)a0, (const struct match_token *)a1, (substring_t *)a2);
}

/* A copy of the driver's, which leads to text that can be read. */
static bool get_substring(struct nooks_crossing *x, unsigned long addr, substring_t *s,
			  const char *fn)
{
	if (!nooks_arg_readable(x, (void *)addr, sizeof(*s), false, fn, "s"))
		return false;
	memcpy(s, (void *)addr, sizeof(*s));
	return nooks_arg_require(x, s->to >= s->from && s->to - s->from < MAX_TEXT, fn,
				 "s has an end") &&
	       nooks_arg_readable(x, s->from, s->to - s->from, false, fn, "s->from");
}

static unsigned long number(struct nooks_crossing *x, unsigned long addr, unsigned long result,
			    int (*match)(substring_t *s, int *result), const char *fn)
{
	substring_t s;
	int ret, value;

	if (!nooks_may_sleep(x, fn) || !get_substring(x, addr, &s, fn) ||
	    !nooks_arg_writable(x, (void *)result, sizeof(value), false, fn, "result"))
		return 0;
	ret = match(&s, &value);
	if (!ret)
		*(int *)result = value;
	return ret;
}

/* int match_int(substring_t *s, int *result) */
NOOKS_WRAPPER(match_int)
{
	return number(x, a0, a1, match_int, "match_int");
}

/* int match_octal(substring_t *s, int *result) */
NOOKS_WRAPPER(match_octal)
{
	return number(x, a0, a1, match_octal, "match_octal");
}

/* char *match_strdup(const substring_t *s) */
NOOKS_WRAPPER(match_strdup)
{
	static const char fn[] = "match_strdup";
	substring_t s;
	size_t size;
	char *copy;

	if (!nooks_may_sleep(x, fn) || !get_substring(x, a0, &s, fn))
		return 0;
	size = s.to - s.from;
	copy = nooks_heap_alloc(&nooks_driver_of(x)->heap, size + 1, GFP_KERNEL);
	if (!copy)
		return 0;
	memcpy(copy, s.from, size);
	copy[size] = '\0';
	return (unsigned long)copy;
}
