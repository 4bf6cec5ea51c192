// SPDX-License-Identifier: GPL-2.0
/* nooksctl status: one line for each driver. */
#include <stdio.h>
#include <string.h>

#include "json.h"
#include "report.h"
#include "verb.h"

#define NAME	NR_ATTRIBUTES		/* is no attribute */

static const struct column {
	const char *title;
	enum attribute attribute;
} columns[] = {
	{ "DRIVER", NAME },
	{ "STATE", ATTRIBUTE_STATE },
	{ "FAILURES", ATTRIBUTE_FAILURES },
	{ "RESTARTS", ATTRIBUTE_RESTARTS },
	{ "ENTRIES", ATTRIBUTE_ENTRIES },
	{ "CHECKED STORES", ATTRIBUTE_CHECKED_STORES },
	{ "MISSED CALLS", ATTRIBUTE_MISSED_CALLS },
	{ "MEMORY", ATTRIBUTE_MEMORY },
	{ "LAST FAILURE", ATTRIBUTE_LAST_FAILURE },
};

#define NR_COLUMNS	(sizeof(columns) / sizeof(*columns))

/* Text is flush left, numbers are flush right. */
static bool is_text(const struct column *column)
{
	return column->attribute == NAME || attributes[column->attribute].kind == ATTRIBUTE_TEXT;
}

static const char *cell(const struct driver *driver, const struct column *column)
{
	return column->attribute == NAME ? driver->name : driver_text(driver, column->attribute);
}

/* As printf wants it: negative for what is flush left. */
static int width(const struct drivers *drivers, const struct column *column)
{
	size_t widest = strlen(column->title);

	for (size_t i = 0; i < drivers->count; i++) {
		size_t length = strlen(cell(&drivers->list[i], column));

		if (length > widest)
			widest = length;
	}
	return is_text(column) ? -(int)widest : (int)widest;
}

/* The line of a driver, or with NULL the heading. */
static void print_line(const struct driver *driver, const int *widths)
{
	for (size_t c = 0; c < NR_COLUMNS; c++) {
		const char *text = driver ? cell(driver, &columns[c]) : columns[c].title;

		if (c == NR_COLUMNS - 1)
			puts(text);
		else
			printf("%*s  ", widths[c], text);
	}
}

static void print_table(const struct drivers *drivers)
{
	int widths[NR_COLUMNS];

	for (size_t c = 0; c < NR_COLUMNS; c++)
		widths[c] = width(drivers, &columns[c]);
	print_line(NULL, widths);
	for (size_t i = 0; i < drivers->count; i++)
		print_line(&drivers->list[i], widths);
}

/** verb_status - status [DRIVER] */
int verb_status(const struct drivers *drivers, char **args)
{
	(void)args;
	if (report_is_json()) {
		json_begin(NULL, '[');
		for (size_t i = 0; i < drivers->count; i++)
			driver_print_json(&drivers->list[i]);
		json_end(']');
	} else if (drivers->count) {
		print_table(drivers);
	} else {
		puts("No driver is in a domain; nooks-load NAME brings one there.");
	}
	return 0;
}
