// SPDX-License-Identifier: GPL-2.0
/*
 * Entry stubs: what the kernel gets to see instead of the driver's own functions.
 *
 * Wherever the module holds the address of one of its functions, in a table of operations, in
 * an instruction that passes it on, in struct module or in an export, the address of the
 * function's stub takes its place. Branches inside of the module stay as they are.
 */
#include <stdio.h>
#include <string.h>

#include "abi.h"
#include "memory.h"
#include "relocs.h"
#include "report.h"
#include "stubs.h"

/*
 * Sections in which an address of code names a place in it, for the kernel to look at or to
 * patch. Nothing calls it, tracepoints apart: the kernel makes their trampolines, which are
 * inside of the module, jump to what __tracepoints says.
 */
static const char * const place_sections[] = {
	"__bug_table", "__ex_table", "__jump_table", "__kcfi_traps",
	"__patchable_function_entries", "__tracepoints", "_error_injection_whitelist",
	"_kprobe_blacklist", ".altinstructions", ".ibt_endbr_seal", ".orc_unwind",
	".orc_unwind_ip", ".parainstructions", ".smp_locks", ".static_call_tramp_key",
};

/* Trampolines of static calls; their address, too, is for patching. */
#define TRAMPOLINE_SECTION	".static_call.text"

static bool is_place_section(const struct section *sec)
{
	size_t i;

	for (i = 0; i < sizeof(place_sections) / sizeof(*place_sections); i++) {
		if (!strcmp(sec->name, place_sections[i]))
			return true;
	}
	return false;
}

static bool is_function(const struct image *img, const Elf64_Sym *sym)
{
	return ELF64_ST_TYPE(sym->st_info) == STT_FUNC && sym->st_shndx != SHN_UNDEF &&
	       sym->st_shndx < img->nr_sec &&
	       (img->sec[sym->st_shndx].hdr.sh_flags & SHF_EXECINSTR) &&
	       strcmp(img->sec[sym->st_shndx].name, TRAMPOLINE_SECTION);
}

static int compare_places(const struct function *a, const struct function *b)
{
	if (a->shndx != b->shndx)
		return a->shndx < b->shndx ? -1 : 1;
	if (a->value != b->value)
		return a->value < b->value ? -1 : 1;
	return 0;
}

static int compare(const void *key, const void *member)
{
	return compare_places(key, member);
}

static int compare_with_symbols(const void *key, const void *member)
{
	const struct function *a = key, *b = member;

	return compare_places(a, b) ?: (a->sym > b->sym) - (a->sym < b->sym);
}

/* All functions by address; of several symbols the first one, so local before global. */
static size_t find_functions(struct function *function, const struct image *img)
{
	size_t i, nr = 0, kept = 0;

	for (i = 1; i < image_nr_symbols(img); i++) {
		const Elf64_Sym *sym = image_symbol(img, i);

		if (is_function(img, sym))
			function[nr++] = (struct function){
				.sym = i,
				.shndx = sym->st_shndx,
				.value = sym->st_value,
				.size = sym->st_size,
			};
	}
	qsort(function, nr, sizeof(*function), compare_with_symbols);
	for (i = 0; i < nr; i++) {
		if (!kept || compare_places(&function[kept - 1], &function[i]))
			function[kept++] = function[i];
	}
	return kept;
}

/* The function whose address is taken here, if any. */
static struct function *taken_function(const struct stubs *stubs, const struct reloc *r)
{
	const Elf64_Sym *sym = image_symbol(r->img, r->sym);
	struct function key = {
		.shndx = sym->st_shndx,
		.value = sym->st_value + r->rela->r_addend + reloc_bias(r->sec, r->rela),
	};

	if (reloc_use(r->sec, r->rela) != RELOC_ADDRESS || is_place_section(r->sec))
		return NULL;
	return bsearch(&key, stubs->function, stubs->nr, sizeof(key), compare);
}

/**
 * stubs_find - list the functions whose address is taken
 * @stubs: zeroed; to be freed by stubs_free()
 * @img: the image
 *
 * The address of the middle of a function is a label, not an entry, and stays.
 */
void stubs_find(struct stubs *stubs, struct image *img)
{
	size_t i, kept = 0;

	stubs->function = xcalloc(image_nr_symbols(img), sizeof(*stubs->function));
	stubs->nr = find_functions(stubs->function, img);
	for_each_reloc(r, img) {
		struct function *function = taken_function(stubs, &r);

		if (!function)
			continue;
		function->is_taken = true;
		report_detail("redirect %s+%#lx to the stub of %s", r.sec->name,
			      r.rela->r_offset, image_symbol_name(img, function->sym));
	}
	for (i = 0; i < stubs->nr; i++) {
		if (stubs->function[i].is_taken)
			stubs->function[kept++] = stubs->function[i];
	}
	stubs->nr = kept;
}

static size_t add_stub_symbol(struct image *img, const struct function *function,
			      unsigned int shndx, size_t number)
{
	const char *name = image_symbol_name(img, function->sym);
	char *stub_name;
	size_t sym;

	if (asprintf(&stub_name, "nooks_stub.%s", name) < 0)
		err(EXIT_FAILURE, "out of memory");
	sym = image_add_symbol(img, stub_name, STT_FUNC, shndx, number * NOOKS_STUB_SIZE,
			       NOOKS_STUB_SIZE);
	free(stub_name);
	return sym;
}

/**
 * stubs_redirect - make the addresses of functions those of their stubs
 * @stubs: from stubs_find()
 * @img: the image; gets the stubs' code, with its addresses missing
 */
void stubs_redirect(struct stubs *stubs, struct image *img)
{
	static const unsigned char code[NOOKS_STUB_SIZE] = {
		0x49, 0xc7, 0xc3, 0, 0, 0, 0,	/* movq $descriptor, %r11 */
		0xe9, 0, 0, 0, 0,		/* jmp entry */
		0xcc, 0xcc, 0xcc, 0xcc,		/* int3 */
	};
	size_t i;

	if (!stubs->nr)
		return;
	stubs->shndx = image_add_section(img, NOOKS_SECTION_STUBS, SHT_PROGBITS,
					 SHF_ALLOC | SHF_EXECINSTR, IMAGE_PAGE_SIZE);
	for (i = 0; i < stubs->nr; i++) {
		stubs->function[i].stub = add_stub_symbol(img, &stubs->function[i],
							  stubs->shndx, i);
		section_append(&img->sec[stubs->shndx], code, sizeof(code));
	}
	section_pad(&img->sec[stubs->shndx], 0xcc);

	for_each_reloc(r, img) {
		const struct function *function = taken_function(stubs, &r);

		if (!function)
			continue;
		reloc_set_symbol(r.rela, function->stub);
		r.rela->r_addend = -reloc_bias(r.sec, r.rela);
	}
}

/**
 * stubs_bind - fill in the addresses in the stubs' code
 * @stubs: redirected
 * @img: the image
 * @table: symbol in front of the stubs' descriptors
 * @first: offset of the first descriptor from there
 * @entry: address that all stubs go to
 */
void stubs_bind(const struct stubs *stubs, struct image *img, size_t table, uint64_t first,
		uint64_t entry)
{
	unsigned int rel;
	size_t i, sym;

	if (!stubs->nr)
		return;
	rel = image_add_rela_section(img, stubs->shndx);
	sym = image_add_symbol(img, "nooks_entry", STT_NOTYPE, SHN_ABS, entry, 0);
	for (i = 0; i < stubs->nr; i++) {
		image_add_reloc(img, rel, i * NOOKS_STUB_SIZE + 3, R_X86_64_32S, table,
				first + i * sizeof(struct nooks_stub));
		image_add_reloc(img, rel, i * NOOKS_STUB_SIZE + 8, R_X86_64_PLT32, sym, -4);
	}
}

/**
 * stubs_free - give back what stubs_find() took
 * @stubs: the stubs
 */
void stubs_free(struct stubs *stubs)
{
	free(stubs->function);
	*stubs = (struct stubs){};
}
