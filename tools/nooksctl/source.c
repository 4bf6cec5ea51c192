// SPDX-License-Identifier: GPL-2.0
/*
 * Source lines of a module, from its debug information, by libdw (elfutils). Built without it, or
 * without debug information, there are none, which is no error.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "memory.h"
#include "source.h"

#ifdef HAVE_LIBDW
#include <elfutils/libdwfl.h>
#include <fts.h>

/**
 * struct source - the debug information of a module
 * @dwfl: of libdwfl
 * @module: in it
 */
struct source {
	Dwfl *dwfl;
	Dwfl_Module *module;
};

static const Dwfl_Callbacks callbacks = {
	.find_elf = dwfl_build_id_find_elf,
	.find_debuginfo = dwfl_standard_find_debuginfo,
	.section_address = dwfl_offline_section_address,
};

/* As the kernel names modules: '-' is the same as '_'. */
static bool is_module(const char *file, const char *module)
{
	while (*module && (*file == '-' ? '_' : *file) == *module)
		file++, module++;
	return !*module && !strncmp(file, ".ko", 3);
}

static bool find_below(char *directory, const char *module, char *path, size_t size)
{
	char *roots[] = { directory, NULL };
	FTS *walk = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
	bool found = false;
	FTSENT *entry;

	while (walk && !found && (entry = fts_read(walk)))
		found = entry->fts_info == FTS_F && is_module(entry->fts_name, module) &&
			snprintf(path, size, "%s", entry->fts_path) < (int)size;
	if (walk)
		fts_close(walk);
	return found;
}

/* As Debian's linux-image-*-dbg has them: by build ID, or by the module's path. */
static bool find_file(char *path, size_t size, const char *module, const char *kernel,
		      const char *build_id)
{
	const char *given = getenv("NOOKS_DEBUG_FILE");
	int release = kernel ? (int)strcspn(kernel, " /") : 0;
	char directory[PATH_MAX];

	if (given)
		return snprintf(path, size, "%s", given) < (int)size;
	if (build_id && strlen(build_id) > 2) {
		snprintf(path, size, "/usr/lib/debug/.build-id/%.2s/%s.debug", build_id,
			 build_id + 2);
		if (!access(path, R_OK))
			return true;
	}
	snprintf(directory, sizeof(directory), "/usr/lib/debug/lib/modules/%.*s", release,
		 kernel ? kernel : "");
	return release && find_below(directory, module, path, size);
}

/**
 * source_open - find a module's debug information
 * @module: its name
 * @kernel: release it belongs to, then anything; may be NULL
 * @build_id: in hexadecimal, or NULL
 *
 * Return: NULL if there is none.
 */
struct source *source_open(const char *module, const char *kernel, const char *build_id)
{
	struct source *source;
	char path[PATH_MAX];

	if (!find_file(path, sizeof(path), module, kernel, build_id))
		return NULL;
	source = check_memory(calloc(1, sizeof(*source)));
	source->dwfl = check_memory(dwfl_begin(&callbacks));
	source->module = dwfl_report_offline(source->dwfl, module, path, -1);
	dwfl_report_end(source->dwfl, NULL, NULL);
	return source;
}

/* Address of a function in the file as libdwfl has laid it out; 0: not known. */
static Dwarf_Addr address_of(struct source *source, const char *name, size_t length)
{
	int n = source->module ? dwfl_module_getsymtab(source->module) : 0;

	for (int i = 0; i < n; i++) {
		GElf_Sym sym;
		GElf_Addr addr;
		const char *symbol = dwfl_module_getsym_info(source->module, i, &sym, &addr, NULL,
							     NULL, NULL);

		if (symbol && GELF_ST_TYPE(sym.st_info) == STT_FUNC && strlen(symbol) == length &&
		    !strncmp(symbol, name, length))
			return addr;
	}
	return 0;
}

/**
 * source_of - where an address is in the source
 * @source: of source_open(), may be NULL
 * @symbol: as the kernel prints it: "function+0x5f/0x8a0 [module]"
 * @is_return: it is a return address, so the call stands before it
 *
 * Return: "file:line", to be freed, or NULL.
 */
char *source_of(struct source *source, const char *symbol, bool is_return)
{
	size_t length = strcspn(symbol, "+ ");
	Dwarf_Addr addr = source ? address_of(source, symbol, length) : 0;
	const char *file = NULL;
	Dwfl_Line *line;
	char *text;
	int number = 0;

	if (!addr || symbol[length] != '+')
		return NULL;
	addr += strtoull(symbol + length + 1, NULL, 16) - is_return;
	line = dwfl_module_getsrc(source->module, addr);
	if (line)
		file = dwfl_lineinfo(line, NULL, &number, NULL, NULL, NULL);
	if (!file || asprintf(&text, "%s:%d", file, number) < 0)
		return NULL;
	return text;
}

/** source_close - undo source_open() */
void source_close(struct source *source)
{
	if (!source)
		return;
	dwfl_end(source->dwfl);
	free(source);
}

#else

struct source *source_open(const char *module, const char *kernel, const char *build_id)
{
	(void)module;
	(void)kernel;
	(void)build_id;
	return NULL;
}

char *source_of(struct source *source, const char *symbol, bool is_return)
{
	(void)source;
	(void)symbol;
	(void)is_return;
	return NULL;
}

void source_close(struct source *source)
{
	(void)source;
}

#endif
