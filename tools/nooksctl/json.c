// SPDX-License-Identifier: GPL-2.0
/* JSON, written to stdout as it comes. */
#include <stdio.h>

#include "json.h"

#define INDENT	4

static bool is_pretty;
static unsigned int depth;
static bool is_first = true;		/* nothing stands before in this array or object */

/** json_setup - one line, or lines and indentation */
void json_setup(bool pretty)
{
	is_pretty = pretty;
}

static void new_line(void)
{
	if (is_pretty)
		printf("\n%*s", (int)(depth * INDENT), "");
}

static void print_quoted(const char *s)
{
	putchar('"');
	for (; *s; s++) {
		unsigned char c = *s;

		if (c == '"' || c == '\\')
			printf("\\%c", c);
		else if (c < ' ' || c > '~')	/* bytes of an unknown encoding: as in Latin-1 */
			printf("\\u%04x", c);
		else
			putchar(c);
	}
	putchar('"');
}

static void begin_item(const char *key)
{
	if (!is_first)
		putchar(',');
	is_first = false;
	if (depth)
		new_line();
	if (key) {
		print_quoted(key);
		fputs(is_pretty ? ": " : ":", stdout);
	}
}

/** json_begin - open an array ('[') or an object ('{') */
void json_begin(const char *key, char bracket)
{
	begin_item(key);
	putchar(bracket);
	depth++;
	is_first = true;
}

/** json_end - close it (']', '}') */
void json_end(char bracket)
{
	depth--;
	if (!is_first)
		new_line();
	putchar(bracket);
	is_first = false;
	if (!depth)
		putchar('\n');
}

/** json_string - a string; NULL becomes null */
void json_string(const char *key, const char *value)
{
	begin_item(key);
	if (value)
		print_quoted(value);
	else
		fputs("null", stdout);
}

/** json_number - a number, given as digits; NULL becomes null */
void json_number(const char *key, const char *digits)
{
	begin_item(key);
	fputs(digits ? digits : "null", stdout);
}
