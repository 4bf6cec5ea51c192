// SPDX-License-Identifier: GPL-2.0
/*
 * Are the parameters that a user gives parameters of the module? The kernel only logs that it ignores
 * what it does not know: a word that was mistyped would do nothing, and nobody would see it. What
 * modprobe.d sets is left to the kernel, because it may be meant for another release of the module.
 */
#include <stdio.h>
#include <string.h>

#include "parameters.h"
#include "report.h"

#define TYPE_KEY	"parmtype"	/* NAME:TYPE of a parameter, in .modinfo */
#define TEXT_KEY	"parm"		/* NAME:DESCRIPTION; those with functions of their own have no type */

/* What the kernel takes for any module (kernel/module/main.c). */
static const char * const generic[] = { "async_probe", "dyndbg" };

/* Is it the name, if '-' and '_' are the same, as they are to the kernel? */
static bool same(const char *name, const char *given, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++) {
		char a = name[i] == '-' ? '_' : name[i], b = given[i] == '-' ? '_' : given[i];

		if (a != b)
			return false;
	}
	return true;
}

static bool has_parameter(const struct image *img, const char *given, size_t len)
{
	static const char * const keys[] = { TYPE_KEY, TEXT_KEY };
	const char *value = NULL;
	size_t i;

	for (i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
		while ((value = image_next_modinfo(img, keys[i], value))) {
			if (strcspn(value, ":") == len && same(value, given, len))
				return true;
		}
	}
	return false;
}

static bool is_generic(const char *given, size_t len)
{
	size_t i;

	for (i = 0; i < sizeof(generic) / sizeof(*generic); i++) {
		if (strlen(generic[i]) == len && same(generic[i], given, len))
			return true;
	}
	return false;
}

/*
 * A parameter of what is linked in has the library's name and a dot in front. Without a nooks.ko to ask it
 * is not known yet what will be.
 */
static bool is_of_library(const struct libraries *libs, const char *given, size_t len)
{
	size_t i;

	for (i = 0; i < libs->nr; i++) {
		const struct image *img = &libs->library[i]->img;
		const char *name = image_modinfo(img, "name") ?: "";
		size_t skip = strlen(name) + 1;

		if (len > skip && given[skip - 1] == '.' && same(name, given, skip - 1) &&
		    has_parameter(img, given + skip, len - skip))
			return true;
	}
	return false;
}

static void print_parameters(const struct image *img, const char *prefix, const char *dot)
{
	const char *value = NULL;

	while ((value = image_next_modinfo(img, TYPE_KEY, value)))
		fprintf(stderr, "  %s%s%.*s (%s)\n", prefix, dot, (int)strcspn(value, ":"), value,
			strchr(value, ':') ? strchr(value, ':') + 1 : "");
}

/**
 * parameters_check - look for each parameter in the module and its libraries
 * @img: the module
 * @libs: what is linked into it
 * @args: parameters of the command line, NULL-terminated
 *
 * Return: 0, or -1 after a message that lists those that there are.
 */
int parameters_check(const struct image *img, const struct libraries *libs, char **args)
{
	size_t i;

	for (; *args; args++) {
		size_t len = strcspn(*args, "=");

		if (has_parameter(img, *args, len) || is_generic(*args, len) ||
		    is_of_library(libs, *args, len))
			continue;
		report_error("has no parameter \"%.*s\"; it has:", (int)len, *args);
		print_parameters(img, "", "");
		for (i = 0; i < libs->nr_linked; i++)
			print_parameters(&libs->linked[i]->img,
					 image_modinfo(&libs->linked[i]->img, "name") ?: "", ".");
		return -1;
	}
	return 0;
}
