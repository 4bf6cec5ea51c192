// SPDX-License-Identifier: GPL-2.0
/* nooksctl objects: the kernel objects that a driver holds. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "debugfs.h"
#include "json.h"
#include "memory.h"
#include "report.h"
#include "verb.h"

/* Columns of the file, which has tabs between them. */
enum { START, SIZE, KIND, TYPE, MADE_BY, NR_COLUMNS };
static const char * const titles[NR_COLUMNS] = { "START", "SIZE", "KIND", "TYPE", "MADE BY" };
static const char * const keys[NR_COLUMNS] = { "start", "size", "kind", "type", "made_by" };

/** struct object - one object: @cells: as text; "-" is what is not known */
struct object {
	char *cells[NR_COLUMNS];
};

static void parse(char *line, struct object *object)
{
	int i;

	line[strcspn(line, "\n")] = '\0';
	for (char *c = line; *c; c++)
		if (*c != '\t' && (*c < ' ' || *c > '~'))
			*c = '?';
	for (i = 0; i < NR_COLUMNS; i++) {
		char *cell = strsep(&line, "\t");

		object->cells[i] = check_memory(strdup(cell && *cell ? cell : "-"));
	}
}

static size_t read_objects(FILE *f, struct object **objects)
{
	char line[1024];
	size_t n = 0;

	*objects = NULL;
	while (fgets(line, sizeof(line), f)) {
		if (!(n & (n + 1)))
			*objects = check_memory(realloc(*objects, (2 * n + 2) * sizeof(**objects)));
		parse(line, &(*objects)[n++]);
	}
	return n;
}

static void print_json(const struct object *object)
{
	json_begin(NULL, '{');
	for (int i = 0; i < NR_COLUMNS; i++) {
		const char *cell = object->cells[i];

		if (!strcmp(cell, "-"))
			json_string(keys[i], NULL);
		else if (i == SIZE && !cell[strspn(cell, "0123456789")])
			json_number(keys[i], cell);
		else
			json_string(keys[i], cell);
	}
	json_end('}');
}

static void print_line(const char * const *cells, const int *widths)
{
	printf("%-*s  %*s  %-*s  %-*s  %s\n", widths[START], cells[START], widths[SIZE],
	       cells[SIZE], widths[KIND], cells[KIND], widths[TYPE], cells[TYPE], cells[MADE_BY]);
}

static void print_table(const struct object *objects, size_t n)
{
	int widths[NR_COLUMNS];

	for (int c = 0; c < NR_COLUMNS; c++) {
		widths[c] = strlen(titles[c]);
		for (size_t i = 0; i < n; i++)
			if ((int)strlen(objects[i].cells[c]) > widths[c])
				widths[c] = strlen(objects[i].cells[c]);
	}
	print_line(titles, widths);
	for (size_t i = 0; i < n; i++)
		print_line((const char * const *)objects[i].cells, widths);
}

/** verb_objects - objects DRIVER */
int verb_objects(const struct drivers *drivers, char **args)
{
	const struct driver *driver = drivers->list;
	FILE *f = debugfs_open(driver->name, "objects");
	struct object *objects;
	size_t n, i;
	int c;

	(void)args;
	if (!f)
		return debugfs_error(driver->name, "objects", errno);
	n = read_objects(f, &objects);
	fclose(f);
	if (report_is_json()) {
		json_begin(NULL, '[');
		for (i = 0; i < n; i++)
			print_json(&objects[i]);
		json_end(']');
	} else if (n) {
		print_table(objects, n);
	} else {
		printf("%s holds no objects.\n", driver->name);
	}
	for (i = 0; i < n; i++)
		for (c = 0; c < NR_COLUMNS; c++)
			free(objects[i].cells[c]);
	free(objects);
	return 0;
}
