// SPDX-License-Identifier: GPL-2.0
/* nooksctl learned: the annotations that a driver in learn mode has been found to lack. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "debugfs.h"
#include "json.h"
#include "report.h"
#include "verb.h"

static int no_lines(const struct driver *driver, int err)
{
	const char *learn = driver->values[ATTRIBUTE_LEARN];

	if (!learn || strcmp(learn, "1"))
		return report_error("%s is not in learn mode: load it with nooks-load --learn",
				    driver->name);
	return debugfs_error(driver->name, "learned", err);
}

/* A statement, blanks, " # " and why, which may hold anything: the first one counts. */
static void print_json(char *line)
{
	char *note = strstr(line + 1, " # "), *end = note;

	json_begin(NULL, '{');
	if (note) {
		while (end > line && end[-1] == ' ')
			end--;
		*end = '\0';
	}
	json_string("line", line);
	json_string("note", note ? note + 3 : "");
	json_end('}');
}

/** verb_learned - learned DRIVER */
int verb_learned(const struct drivers *drivers, char **args)
{
	const struct driver *driver = drivers->list;
	FILE *f = debugfs_open(driver->name, "learned");
	char line[1024];

	(void)args;
	if (!f)
		return no_lines(driver, errno);
	if (report_is_json())
		json_begin(NULL, '[');
	while (fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\n")] = '\0';
		if (report_is_json())
			print_json(line);
		else
			puts(line);
	}
	if (report_is_json())
		json_end(']');
	fclose(f);
	return 0;
}
