// SPDX-License-Identifier: GPL-2.0
/* What nooks-load, or who uses its sources, tells its user: errors, warnings and, with -v, details. */
#include <stdarg.h>
#include <stdio.h>

#include "report.h"

static const char *program = "nooks-load";
static const char *subject = "";
static bool verbose;

static void complain(const char *prefix, const char *fmt, va_list args)
{
	fflush(stdout);
	fprintf(stderr, "%s: %s%s%s", program, subject, *subject ? ": " : "", prefix);
	vfprintf(stderr, fmt, args);
	fputc('\n', stderr);
}

/**
 * report_program - say who is speaking
 * @name: of the program; must stay valid
 */
void report_program(const char *name)
{
	program = name;
}

/**
 * report_setup - say what the messages that follow are about
 * @about: the module's name; must stay valid
 * @details: print what report_detail() is given
 */
void report_setup(const char *about, bool details)
{
	subject = about;
	verbose = details;
}

/**
 * report_about - change what the messages that follow are about
 * @about: a module's name; must stay valid
 *
 * Return: what they were about.
 */
const char *report_about(const char *about)
{
	const char *old = subject;

	subject = about;
	return old;
}

/**
 * report_error - say why it can't be done, and what to do next
 * @fmt: as for printf, without a newline
 *
 * Return: -1, so that a caller can fail with it.
 */
int report_error(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	complain("", fmt, args);
	va_end(args);
	return -1;
}

/**
 * report_warning - say what the user should know
 * @fmt: as for printf, without a newline
 *
 * Return: 0, so that it can stand for report_error().
 */
int report_warning(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	complain("warning: ", fmt, args);
	va_end(args);
	return 0;
}

/**
 * report_note - tell a fact about the module
 * @fmt: as for printf, without a newline
 */
void report_note(const char *fmt, ...)
{
	va_list args;

	printf("%s: ", subject);
	va_start(args, fmt);
	vprintf(fmt, args);
	va_end(args);
	putchar('\n');
}

/**
 * report_detail - print one step of the work, with -v only
 * @fmt: as for printf, without a newline
 */
void report_detail(const char *fmt, ...)
{
	va_list args;

	if (!verbose)
		return;
	va_start(args, fmt);
	vprintf(fmt, args);
	va_end(args);
	putchar('\n');
}
