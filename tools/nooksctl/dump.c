// SPDX-License-Identifier: GPL-2.0
/*
 * nooksctl dump: the full report of a driver's last failure. The kernel's lines are "key: value"
 * (docs/report-format.md); to addresses in the driver the source line is added, if there is debug
 * information of the module.
 */
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "memory.h"
#include "report.h"
#include "source.h"
#include "sysfs.h"
#include "verb.h"

#define VERSION	"1"

/* Keys that come any number of times: in JSON they are arrays. */
static const char * const lists[] = {
	"text", "library", "module", "register", "backtrace", "kernel-backtrace", "crossing",
	"thread", "counter", "stack", NULL
};

/* Those whose value begins with an address and its symbol. */
static const char * const places[] = {
	"instruction", "object-made-by", "backtrace", NULL
};

/**
 * struct line - of a report
 * @key: what it says
 * @value: ditto
 */
struct line {
	char *key;
	char *value;
};

/**
 * struct lines - a report
 * @text: what they point into
 * @list: in the order of the report, a line without a key behind the last one
 * @count: of them
 */
struct lines {
	char *text;
	struct line *list;
	size_t count;
};

static bool is_one_of(const char *key, const char * const *keys)
{
	while (*keys && strcmp(*keys, key))
		keys++;
	return *keys;
}

/* Lines that are none are left out: a program must be able to rely on the rest. */
static void split(struct lines *lines)
{
	char *next = lines->text, *line, *colon;
	size_t max = 1;

	for (const char *c = lines->text; *c; c++)
		max += *c == '\n';
	lines->list = check_memory(calloc(max + 1, sizeof(*lines->list)));
	while ((line = strsep(&next, "\n"))) {
		for (char *c = line; *c; c++)
			if (*c < ' ' || *c > '~')
				*c = '?';
		colon = strstr(line, ": ");
		if (!colon)
			continue;
		*colon = '\0';
		lines->list[lines->count++] = (struct line){ line, colon + 2 };
	}
}

static const char *value_of(const struct lines *lines, const char *key)
{
	for (size_t i = 0; i < lines->count; i++)
		if (!strcmp(lines->list[i].key, key))
			return lines->list[i].value;
	return NULL;
}

static int unreadable(const char *name, int err)
{
	switch (err) {
	case EACCES:
	case EPERM:
		return report_error("%s: dump: only root may do that: run nooksctl as root", name);
	case ENOENT:
		return report_error("%s: dump: this nooks.ko has no reports: install it and nooksctl from one release",
				    name);
	default:
		return report_error("%s: dump: %s", name, strerror(err));
	}
}

/*
 * The kernel gives a report out page by page, and may have made the next one meanwhile: it is whole when it
 * reads the same twice. Return: an errno; EAGAIN if it does not.
 */
static int read_report(const char *name, char **text)
{
	char *last = NULL;
	bool is_same;

	for (int i = 0; i < 10; i++) {
		int err = sysfs_read_all(name, "report", text);

		if (err) {
			free(last);
			return -err;
		}
		is_same = last && !strcmp(last, *text);
		free(last);
		if (is_same)
			return 0;
		last = *text;
	}
	free(last);
	return EAGAIN;
}

static int read_lines(const char *name, struct lines *lines)
{
	int err = read_report(name, &lines->text);
	const char *version;

	if (err == EAGAIN)
		return report_error("%s: dump: it fails faster than its report can be read: run nooksctl stop %s first",
				    name, name);
	if (err)
		return unreadable(name, err);
	split(lines);
	if (!lines->count)
		return report_error("%s has not failed: there is no report", name);
	version = value_of(lines, "nooks-report");
	if (!version || strcmp(version, VERSION))
		return report_error("%s: the report has format %s, which this nooksctl does not know: cat %s/%s/report",
				    name, version ? version : "?", sysfs_root(), name);
	if (!value_of(lines, "end"))
		return report_error("%s: dump: the report is not whole: cat %s/%s/report", name,
				    sysfs_root(), name);
	return 0;
}

/* Where a line's address is in the source, or NULL; to be freed. */
static char *line_source(const struct line *line, struct source *source)
{
	const char *symbol = strchr(line->value, ' ');

	return symbol && is_one_of(line->key, places) ?
	       source_of(source, symbol + 1, !strcmp(line->key, "backtrace") ||
					     !strcmp(line->key, "object-made-by")) : NULL;
}

static void print_text(const struct lines *lines, struct source *source)
{
	for (size_t i = 0; i < lines->count; i++) {
		const struct line *line = &lines->list[i];
		char *where = line_source(line, source);

		printf("%s: %s\n", line->key, line->value);
		if (where)
			printf("source: %s\n", where);
		free(where);
	}
}

static void print_value(const char *key, const struct line *line, struct source *source)
{
	char *where = line_source(line, source);

	if (is_one_of(line->key, places)) {
		json_begin(key, '{');
		json_string("place", line->value);
		json_string("source", where);
		json_end('}');
	} else {
		json_string(key, line->value);
	}
	free(where);
}

/* Lines of a list need not follow each other. */
static void print_json(const struct lines *lines, struct source *source)
{
	json_begin(NULL, '{');
	for (size_t i = 0; i < lines->count; i++)
		if (!is_one_of(lines->list[i].key, lists))
			print_value(lines->list[i].key, &lines->list[i], source);
	for (size_t n = 0; lists[n]; n++) {
		json_begin(lists[n], '[');
		for (size_t i = 0; i < lines->count; i++)
			if (!strcmp(lines->list[i].key, lists[n]))
				print_value(NULL, &lines->list[i], source);
		json_end(']');
	}
	json_end('}');
}

/** verb_dump - dump DRIVER */
int verb_dump(const struct drivers *drivers, char **args)
{
	const char *name = drivers->list->name;
	struct lines lines = {};
	int err = read_lines(name, &lines);

	(void)args;
	if (!err) {
		struct source *source = source_open(name, value_of(&lines, "kernel"),
						    value_of(&lines, "build-id"));

		if (report_is_json())
			print_json(&lines, source);
		else
			print_text(&lines, source);
		source_close(source);
	}
	free(lines.list);
	free(lines.text);
	return err;
}
