// SPDX-License-Identifier: GPL-2.0
/* What nooksctl tells its user beside the data asked for. */
#include <stdarg.h>
#include <stdio.h>

#include "json.h"
#include "report.h"

static bool is_json;

/** report_setup - who reads us: a program or a person */
void report_setup(bool json)
{
	is_json = json;
}

/** report_is_json - is the output JSON? */
bool report_is_json(void)
{
	return is_json;
}

/**
 * report_error - say why it can't be done, and what to do next
 * @fmt: as for printf, without a newline
 *
 * Once at most, and before any other output: JSON is one value. Return: -1, so that a caller can
 * fail with it.
 */
int report_error(const char *fmt, ...)
{
	char text[2048];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	if (is_json) {
		json_begin(NULL, '{');
		json_string("error", text);
		json_end('}');
	} else {
		fprintf(stderr, "nooksctl: %s\n", text);
	}
	return -1;
}
