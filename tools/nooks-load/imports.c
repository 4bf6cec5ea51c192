// SPDX-License-Identifier: GPL-2.0
/*
 * What a module takes from the kernel and from other modules.
 *
 * A branch goes to what stands for the function inside of the domain, a wrapper's stub or a
 * copy. Any other reference gets the kernel's own address: data to read, or a function to hand
 * on to the kernel, which compares and calls it. Both become absolute symbols, so the kernel's
 * module loader has nothing left to look up.
 */
#include <stdio.h>
#include <string.h>

#include "imports.h"
#include "memory.h"
#include "relocs.h"
#include "report.h"

static void add_import(struct imports *imports, const struct import *import)
{
	imports->import = xrealloc(imports->import, imports->nr + 1, sizeof(*import));
	imports->import[imports->nr++] = *import;
}

/**
 * imports_find - list the symbols that have to be bound
 * @imports: zeroed; to be freed by imports_free()
 * @img: the image, with what is to be dropped or patched gone
 */
void imports_find(struct imports *imports, struct image *img)
{
	enum { CALLED = 1, DATA = 2, NARROW = 4 };
	unsigned char *uses = xcalloc(image_nr_symbols(img), 1);
	size_t i;

	for_each_reloc(r, img) {
		enum reloc_use use = reloc_use(r.sec, r.rela);

		if (use == RELOC_BRANCH)
			uses[r.sym] |= CALLED;
		else if (use != RELOC_UNUSED)
			uses[r.sym] |= reloc_width(r.rela) == 4 ? DATA | NARROW : DATA;
	}

	/* Symbol 0 stands for no symbol. */
	for (i = 1; i < image_nr_symbols(img); i++) {
		struct import import = {
			.sym = i,
			.is_called = uses[i] & CALLED,
			.is_data = uses[i] & DATA,
			.is_narrow = uses[i] & NARROW,
		};

		if (uses[i] && image_symbol(img, i)->st_shndx == SHN_UNDEF)
			add_import(imports, &import);
	}
	free(uses);
}

/* All addresses of the kernel's image and modules, and per-CPU offsets, fit. */
static bool fits_s32(uint64_t addr)
{
	return (int64_t)addr == (int32_t)addr;
}

static bool is_weak(const struct image *img, const struct import *import)
{
	return ELF64_ST_BIND(image_symbol(img, import->sym)->st_info) == STB_WEAK;
}

/* Why it can't be bound; NULL if it can. */
static const char *import_problem(const struct image *img, const struct import *import)
{
	const struct nooks_resolve *resolve = &import->resolve;
	bool is_missing = resolve->kind == NOOKS_SYMBOL_MISSING;

	/* The driver tests for null, as with the kernel's own loader. */
	if (is_missing && is_weak(img, import))
		return NULL;
	/*
	 * A function that is only handed on to the kernel needs no wrapper. What is denied is not
	 * to get at the kernel's hands either; a call fails the domain, if one ever comes.
	 */
	if ((resolve->kind == NOOKS_SYMBOL_DENIED && import->is_data) ||
	    (is_missing && (import->is_called || !resolve->data)))
		return *resolve->reason ? resolve->reason : "unresolved";
	if (import->is_called && !reloc_branch_reaches(resolve->call))
		return "nooks.ko names no address in reach to call";
	if (import->is_data && resolve->kind != NOOKS_SYMBOL_DATA && !resolve->data)
		return "nooks.ko names no address";
	if (import->is_narrow && !fits_s32(resolve->data))
		return "its address is out of reach";
	return NULL;
}

/**
 * imports_resolve - ask what the imports are bound to
 * @imports: from imports_find()
 * @img: the image
 * @control: whom to ask
 *
 * That an import can't be bound is no error here: see imports_check().
 *
 * Return: 0, or -1 after a message.
 */
int imports_resolve(struct imports *imports, const struct image *img, struct control *control)
{
	struct import *import;

	imports->nr_unbound = 0;
	for (import = imports->import; import < imports->import + imports->nr; import++) {
		const char *name = image_symbol_name(img, import->sym);
		const char *problem;

		if (control_resolve(control, name, &import->resolve))
			return -1;
		problem = import_problem(img, import);
		imports->nr_unbound += !!problem;
		if (problem)
			report_detail("import %s: %s", name, problem);
		else if (import->resolve.kind == NOOKS_SYMBOL_DENIED)
			report_detail("import %s: a call fails the domain: %s", name,
				      import->resolve.reason);
		else
			report_detail("import %s: %s%#llx, %s%#llx", name,
				      import->is_called ? "calls to " : "no calls, ",
				      import->resolve.call,
				      import->is_data ? "address " : "no address, ",
				      import->resolve.data);
	}
	return 0;
}

/**
 * imports_check - list all imports that can't be bound
 * @imports: resolved
 * @img: the image
 *
 * Return: 0, or -1 if there are any.
 */
int imports_check(const struct imports *imports, const struct image *img)
{
	const struct import *import;

	if (!imports->nr_unbound)
		return 0;
	report_error("%zu of its %zu imports can't be bound:", imports->nr_unbound, imports->nr);
	for (import = imports->import; import < imports->import + imports->nr; import++) {
		const char *problem = import_problem(img, import);

		if (problem)
			fprintf(stderr, "  %s: %s\n", image_symbol_name(img, import->sym), problem);
	}
	fprintf(stderr, "docs/adding-a-driver.md shows how a driver gets the wrappers that it lacks\n");
	return -1;
}

/**
 * imports_print_denied - list the functions whose call fails the domain
 * @imports: resolved
 * @img: the image
 */
void imports_print_denied(const struct imports *imports, const struct image *img)
{
	const struct import *import;

	for (import = imports->import; import < imports->import + imports->nr; import++) {
		if (import->resolve.kind == NOOKS_SYMBOL_DENIED)
			printf("  denied       %s: %s\n", image_symbol_name(img, import->sym),
			       import->resolve.reason);
	}
}

static void bind_symbol(struct image *img, size_t index, uint64_t addr)
{
	Elf64_Sym *sym = image_symbol(img, index);

	sym->st_shndx = SHN_ABS;
	sym->st_value = addr;
}

/**
 * imports_bind - turn all undefined symbols into absolute ones
 * @imports: resolved
 * @img: the image
 *
 * A symbol that is both called and used as data is split in two of the same name.
 */
void imports_bind(struct imports *imports, struct image *img)
{
	size_t nr_symbols = image_nr_symbols(img);
	size_t *data_sym = xcalloc(nr_symbols, sizeof(*data_sym));
	struct import *import;
	size_t i;

	/* What is left over is unused. */
	for (i = 1; i < nr_symbols; i++) {
		if (image_symbol(img, i)->st_shndx == SHN_UNDEF)
			bind_symbol(img, i, 0);
	}

	for (import = imports->import; import < imports->import + imports->nr; import++) {
		const struct nooks_resolve *resolve = &import->resolve;
		Elf64_Sym copy;

		bind_symbol(img, import->sym,
			    import->is_called ? resolve->call : resolve->data);
		if (!import->is_called || !import->is_data || resolve->call == resolve->data)
			continue;
		copy = *image_symbol(img, import->sym);
		copy.st_value = resolve->data;
		section_append(&img->sec[img->symtab], &copy, sizeof(copy));
		data_sym[import->sym] = image_nr_symbols(img) - 1;
	}

	for_each_reloc(r, img) {
		if (r.sym < nr_symbols && data_sym[r.sym] &&
		    reloc_use(r.sec, r.rela) != RELOC_BRANCH)
			reloc_set_symbol(r.rela, data_sym[r.sym]);
	}
	free(data_sym);
}

/**
 * imports_free - give back what imports_find() took
 * @imports: the imports
 */
void imports_free(struct imports *imports)
{
	free(imports->import);
	*imports = (struct imports){};
}
