// SPDX-License-Identifier: GPL-2.0
/* Checks of what a driver passes to the kernel. Each fails the domain if the argument is bad. */
#include <linux/gfp.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/uaccess.h>
#include "../nooks/driver.h"
#include "../nooks/image.h"
#include "../nooks/learn.h"
#include "../objtracker/store.h"
#include "args.h"
#include "generated.h"

static bool bad(struct nooks_crossing *x, const void *p, const char *fn, const char *arg,
		const char *why)
{
	nooks_fail(x, NOOKS_BAD_ARGUMENT, (unsigned long)p, "%s: %s: %s", fn, arg, why);
	return false;
}

/* Is @p an object of @type that the driver holds, or that this call lends? */
static bool holds(struct nooks_crossing *x, const void *p, unsigned int type)
{
	unsigned int i;

	for (i = 0; i < x->nr_arguments; i++)
		if (x->arguments[i].type == type && x->arguments[i].start == (unsigned long)p)
			return true;
	return nooks_object_find_type(nooks_driver_of(x), type, p);
}

/** nooks_arg_object - @p is an object of @type that the driver holds, or that this call lends */
bool nooks_arg_object(struct nooks_crossing *x, const void *p, unsigned int type, bool null_ok,
		      const char *fn, const char *arg)
{
	if (!p)
		return null_ok || bad(x, p, fn, arg, "NULL");
	if (holds(x, p, type))
		return true;
	nooks_fail(x, NOOKS_BAD_ARGUMENT, (unsigned long)p, "%s: %s: no %s that the driver holds",
		   fn, arg, nooks_types[type].name);
	return false;
}

/** nooks_arg_writable - @p leads to @size bytes that the domain may store to, or that this call lends */
bool nooks_arg_writable(struct nooks_crossing *x, const void *p, size_t size, bool null_ok,
			const char *fn, const char *arg)
{
	unsigned int i;

	if (!p)
		return null_ok || bad(x, p, fn, arg, "NULL");
	if (!size || nooks_may_write(x->domain, p, size))
		return true;
	for (i = 0; i < x->nr_arguments; i++) {
		unsigned long offset = (unsigned long)p - x->arguments[i].start;

		if (!x->arguments[i].type && offset < x->arguments[i].size &&
		    size <= x->arguments[i].size - offset)
			return true;
	}
	return nooks_store_allowed(x, (unsigned long)p, size) ||
	       bad(x, p, fn, arg, "the domain may not write there");
}

/** nooks_arg_readable - @p leads to @size bytes of mapped kernel memory */
bool nooks_arg_readable(struct nooks_crossing *x, const void *p, size_t size, bool null_ok,
			const char *fn, const char *arg)
{
	if (!p)
		return null_ok || bad(x, p, fn, arg, "NULL");
	return !size || nooks_may_read(p, size) || bad(x, p, fn, arg, "not mapped");
}

/** nooks_arg_string - @p is a string of fewer than @max bytes */
bool nooks_arg_string(struct nooks_crossing *x, const char *p, size_t max, bool null_ok,
		      const char *fn, const char *arg)
{
	const char *end = p + max;

	if (!p)
		return null_ok || bad(x, p, fn, arg, "NULL");
	while (p < end) {
		size_t n = min_t(size_t, end - p, PAGE_SIZE - offset_in_page(p));

		if (!nooks_may_read(p, n))
			return bad(x, p, fn, arg, "a string that is not mapped");
		if (strnlen(p, n) < n)
			return true;
		p += n;
	}
	return bad(x, end, fn, arg, "a string without an end");
}

/** nooks_arg_callback - @p is an entry stub of the driver's; gives it its role */
bool nooks_arg_callback(struct nooks_crossing *x, const void *p, unsigned int role, bool null_ok,
			const char *fn, const char *arg)
{
	if (!p)
		return null_ok || bad(x, p, fn, arg, "NULL");
	return nooks_stub_bind(nooks_driver_of(x), p, role) ||
	       bad(x, p, fn, arg, "no function of this driver's, or one with another role");
}

/**
 * nooks_ops_bind - a table of functions is about to be used by the kernel
 * @driver: whose it should be
 * @table: its address
 * @ops: enum nooks_ops_id
 *
 * Members are entry stubs, which get their roles, kernel functions, or NULL. The table lies where
 * nobody can change it: in a read-only section of the image, or in the kernel's own. Any context.
 * Return: NULL, or what is wrong.
 */
const char *nooks_ops_bind(struct nooks_driver *driver, const void *table, unsigned int ops)
{
	const struct nooks_ops_table *info = &nooks_ops_tables[ops];

	if (nooks_kernel_rodata(table, info->size))
		return NULL;
	if (!nooks_image_readonly(driver, table, info->size))
		return "a table of functions that is not in the driver's read-only data";
	return nooks_members_bind(driver, table, ops);
}

/**
 * nooks_members_bind - as nooks_ops_bind(), for a copy of a table that the kernel keeps
 * @driver: whose functions these should be
 * @table: the copy
 * @ops: enum nooks_ops_id
 */
const char *nooks_members_bind(struct nooks_driver *driver, const void *table, unsigned int ops)
{
	const struct nooks_ops_table *info = &nooks_ops_tables[ops];
	const struct nooks_ops_member *member = info->members;
	unsigned int i;

	for (i = 0; i < info->nr_members; i++, member++) {
		void *p = *(void **)(table + member->offset);
		const char *why;

		if (!p)
			continue;
		if (member->ops) {
			why = nooks_ops_bind(driver, p, member->ops);
			if (why)
				return why;
		} else if (nooks_stub_find(driver, p)) {
			if (!member->role || !nooks_stub_bind(driver, p, member->role) ||
			    (nooks_roles[member->role].denied &&
			     !nooks_learn_role(driver, p, member->role)))
				return member->name;
		} else if (!nooks_kernel_text((unsigned long)p)) {
			return member->name;
		}
	}
	return NULL;
}

/** nooks_arg_ops - @p is a table of functions; see nooks_ops_bind() */
bool nooks_arg_ops(struct nooks_crossing *x, const void *p, unsigned int ops, bool null_ok,
		   const char *fn, const char *arg)
{
	const char *why;

	if (!p)
		return null_ok || bad(x, p, fn, arg, "NULL");
	why = nooks_ops_bind(nooks_driver_of(x), p, ops);
	return !why || bad(x, p, fn, arg, why);
}

/** nooks_arg_require - a condition from the annotations holds */
bool nooks_arg_require(struct nooks_crossing *x, bool holds, const char *fn, const char *what)
{
	if (!holds)
		nooks_fail(x, NOOKS_BAD_ARGUMENT, 0, "%s: not true: %s", fn, what);
	return holds;
}

/** nooks_arg_range - @min <= @value <= @max */
bool nooks_arg_range(struct nooks_crossing *x, long value, long min, long max, const char *fn,
		     const char *arg)
{
	if (value >= min && value <= max)
		return true;
	nooks_fail(x, NOOKS_BAD_ARGUMENT, value, "%s: %s: %ld is not within %ld to %ld", fn, arg,
		   value, min, max);
	return false;
}

/** nooks_late_bound - a function that is called by a pointer is there: no wild jump has led to its stub */
bool nooks_late_bound(struct nooks_crossing *x, const void *p, const char *fn)
{
	if (!p)
		nooks_fail(x, NOOKS_BAD_JUMP, 0, "%s: nothing of this driver's has such a function", fn);
	return p;
}

/** nooks_denied - a function that no domain may call was called, by its import */
unsigned long nooks_denied(struct nooks_crossing *x, const char *fn, const char *why)
{
	nooks_fail(x, NOOKS_DENIED_CALL, 0, "%s: %s", fn, why);
	return 0;
}

/** nooks_may_sleep - the caller may call a function that sleeps */
bool nooks_may_sleep(struct nooks_crossing *x, const char *fn)
{
	if (!nooks_is_atomic())
		return true;
	nooks_fail(x, NOOKS_BAD_ARGUMENT, 0, "%s: called in %s", fn,
		   in_atomic() || irqs_disabled() ? "atomic context" : "an RCU read section");
	return false;
}

/** nooks_arg_gfp - these are flags of an allocation, which may sleep only if the caller may */
bool nooks_arg_gfp(struct nooks_crossing *x, gfp_t gfp, const char *fn)
{
	if (!(gfp & ~__GFP_BITS_MASK))
		return !gfpflags_allow_blocking(gfp) || nooks_may_sleep(x, fn);
	nooks_fail(x, NOOKS_BAD_ARGUMENT, (__force unsigned long)gfp, "%s: unknown GFP flags", fn);
	return false;
}

/**
 * nooks_stack_arg - an argument beyond the sixth
 * @x: the crossing
 * @n: 0 for the seventh
 *
 * On the domain stack: two registers that nooks_leave saved, the return address, then these.
 * Return: 0 if the stack pointer was wild.
 */
unsigned long nooks_stack_arg(struct nooks_crossing *x, unsigned int n)
{
	unsigned long *arg = (unsigned long *)x->domain_sp + 3 + n;

	return nooks_may_write(x->domain, arg, sizeof(*arg)) ? *arg : 0;
}

/**
 * nooks_copy_string - take a copy of a driver's string
 * @to: buffer of @size bytes, always terminated
 * @from: the string
 * @size: bytes
 *
 * Any context. Return: length of the copy, -EFAULT if the string is not mapped.
 */
long nooks_copy_string(char *to, const char *from, size_t size)
{
	size_t i;

	for (i = 0; i + 1 < size; i++) {
		if (copy_from_kernel_nofault(&to[i], &from[i], 1)) {
			*to = '\0';
			return -EFAULT;
		}
		if (!to[i])
			return i;
	}
	to[i] = '\0';
	return i;
}
