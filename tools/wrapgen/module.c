// SPDX-License-Identifier: GPL-2.0
/* A driver's imports, held against the annotations. */
#include <fcntl.h>
#include <gelf.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "kernel.h"
#include "model.h"
#include "module.h"
#include "suggest.h"

struct import {
	const char *name;
	bool branch;			/* a call or jump refers to it: a function */
};

/* An import is of a function's kind, or one of these. */
enum { DATA = NR_FUNCTION_KINDS, MISSING, NR_KINDS };

static const char *kind_name(unsigned int kind)
{
	return kind < NR_FUNCTION_KINDS ? function_kinds[kind] :
	       kind == DATA ? "data" : "missing";
}

static Elf_Scn *find_section(Elf *elf, unsigned int type, Elf_Scn *after, GElf_Shdr *header)
{
	Elf_Scn *s = after;

	while ((s = elf_nextscn(elf, s))) {
		if (gelf_getshdr(s, header) && header->sh_type == type)
			return s;
	}
	return NULL;
}

/* Indexed like the symbol table; entries without a name are no imports. */
static struct import *read_imports(const char *path, unsigned int *nr)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct import *imports = NULL;
	GElf_Shdr header;
	Elf_Scn *section;
	Elf_Data *data;
	Elf *elf;

	if (fd < 0)
		die("%s: %m", path);
	elf_version(EV_CURRENT);
	elf = elf_begin(fd, ELF_C_READ, NULL);
	section = elf ? find_section(elf, SHT_SYMTAB, NULL, &header) : NULL;
	data = section ? elf_getdata(section, NULL) : NULL;
	if (!data || !header.sh_entsize)
		die("%s: no module", path);
	for (*nr = 0; *nr < header.sh_size / header.sh_entsize; ) {
		struct import *import = &ADD(imports, *nr);
		GElf_Sym sym;

		if (gelf_getsym(data, *nr - 1, &sym) && sym.st_shndx == SHN_UNDEF && sym.st_name)
			import->name = elf_strptr(elf, header.sh_link, sym.st_name);
	}

	for (section = NULL; (section = find_section(elf, SHT_RELA, section, &header)); ) {
		data = elf_getdata(section, NULL);
		for (unsigned int i = 0; data && i < header.sh_size / header.sh_entsize; i++) {
			GElf_Rela rela;

			if (gelf_getrela(data, i, &rela) && GELF_R_SYM(rela.r_info) < *nr &&
			    GELF_R_TYPE(rela.r_info) == R_X86_64_PLT32)
				imports[GELF_R_SYM(rela.r_info)].branch = true;
		}
	}
	return imports;
}

static unsigned int import_kind(const struct import *import)
{
	const struct function *fn = function_find(import->name);

	if (fn)
		return fn->kind;
	/* A function that is only handed on to the kernel needs no wrapper. */
	return import->branch ? MISSING : DATA;
}

static int compare_imports(const void *a, const void *b)
{
	const struct import *x = a, *y = b;

	if (!x->name || !y->name)
		return !x->name - !y->name;
	return strcmp(x->name, y->name);
}

static struct import *sorted_imports(const char *path, unsigned int *nr)
{
	struct import *imports = read_imports(path, nr);

	qsort(imports, *nr, sizeof(*imports), compare_imports);
	return imports;
}

bool module_check_imports(const char *path)
{
	unsigned int nr_imports, nr[NR_KINDS] = {};
	struct import *imports = sorted_imports(path, &nr_imports);

	for (unsigned int kind = 0; kind < NR_KINDS; kind++) {
		for (unsigned int i = 0; i < nr_imports && imports[i].name; i++) {
			if (import_kind(&imports[i]) != kind)
				continue;
			nr[kind]++;
			printf("%-9s %s\n", kind_name(kind), imports[i].name);
		}
	}
	printf("%s:", basename(path));
	for (unsigned int kind = 0; kind < NR_KINDS; kind++)
		printf("%s %u %s", kind ? "," : "", nr[kind], kind_name(kind));
	putchar('\n');
	return !nr[FUNCTION_DENIED] && !nr[MISSING];
}

bool module_suggest(const char *path)
{
	unsigned int nr_imports, nr = 0;
	struct import *imports = sorted_imports(path, &nr_imports);

	for (unsigned int i = 0; i < nr_imports && imports[i].name; i++) {
		if (import_kind(&imports[i]) != MISSING)
			continue;
		if (!nr++)
			printf("# What %s imports and no annotation offers. Put each in its subsystem's file; say\n"
			       "# 'sleeps' where it may sleep, what goes for '?', and what else must hold.\n",
			       basename(path));
		suggest_function(imports[i].name);
	}
	return !nr;
}
