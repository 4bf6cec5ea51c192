// SPDX-License-Identifier: GPL-2.0
/* The files that wrapgen writes: opening, heading and closing them, and leaving alone what has not changed. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "emit.h"
#include "model.h"

static const struct file {
	const char *name;
	const char *spdx;
	const char *head;
	void (*emit)(FILE *f);
} files[] = {
	{ "generated.h", "/* %s */", "/* %s */\n", emit_header },
	{ "have.h", "/* %s */", "/* %s */\n", emit_have },
	{ "wrappers.c", "// %s", "/* %s */\n", emit_wrappers },
	{ "imports.c", "// %s", "/* %s */\n", emit_imports },
	{ "stubs.S", "/* %s */", "/* %s */\n", emit_stubs },
	{ "types.c", "// %s", "/* %s */\n", emit_types },
	{ "roles.c", "// %s", "/* %s */\n", emit_roles },
	{ "devices.c", "// %s", "/* %s */\n", emit_devices },
	{ "coverage.txt", NULL, "%s\n", emit_coverage },
};

/* Is that what the file at @path holds? */
static bool holds(const char *path, const char *text, size_t len)
{
	FILE *f = fopen(path, "r");
	char *found;
	bool same;

	if (!f)
		return false;
	found = malloc(len + 1);
	if (!found)
		die("out of memory");
	same = fread(found, 1, len + 1, f) == len && !memcmp(found, text, len);
	free(found);
	fclose(f);
	return same;
}

static void write_file(const char *path, const char *text, size_t len)
{
	FILE *f = fopen(path, "w");

	if (!f)
		die("%s: %m", path);
	fwrite(text, 1, len, f);
	if (ferror(f) | fclose(f))
		die("%s: %m", path);
}

void emit_all(const char *dir, const char *from)
{
	const char *origin = print("Written by wrapgen from %s: do not edit.", from);

	for (unsigned int i = 0; i < ARRAY_SIZE(files); i++) {
		const char *path = print("%s/%s", dir, files[i].name);
		char *text;
		size_t len;
		FILE *f = open_memstream(&text, &len);

		if (!f)
			die("out of memory");
		if (files[i].spdx) {
			fprintf(f, files[i].spdx, "SPDX-License-Identifier: GPL-2.0");
			fputc('\n', f);
		}
		fprintf(f, files[i].head, origin);
		files[i].emit(f);
		if (ferror(f) | fclose(f))
			die("out of memory");
		if (!holds(path, text, len))
			write_file(path, text, len);
		free(text);
	}
}

const char *emit_number(const char *text)
{
	return isalpha((unsigned char)*text) ? print("(__force long)%s", text) : text;
}

static void add_name(struct names *names, const char *name)
{
	for (unsigned int i = 0; i < names->nr; i++) {
		if (!strcmp(names->names[i], name))
			return;
	}
	ADD(names->names, names->nr) = name;
}

struct names hook_names(void)
{
	struct names names = {};

	for (unsigned int i = 0; i < model.nr_roles; i++) {
		if (model.roles[i]->hook && !model.roles[i]->denied)
			add_name(&names, model.roles[i]->hook);
	}
	return names;
}

struct names check_names(void)
{
	struct names names = {};

	for (unsigned int i = 0; i < model.nr_functions; i++) {
		for (unsigned int n = 0; n < model.functions[i]->nr_params; n++) {
			if (model.functions[i]->params[n].check == CHECK_BY_HAND)
				add_name(&names, model.functions[i]->params[n].by_hand);
		}
	}
	return names;
}

struct names field_check_names(void)
{
	struct names names = {};

	for (unsigned int i = 0; i < model.nr_types; i++) {
		for (unsigned int n = 0; n < model.types[i]->nr_fields; n++) {
			if (model.types[i]->fields[n].check)
				add_name(&names, model.types[i]->fields[n].check);
		}
	}
	return names;
}
