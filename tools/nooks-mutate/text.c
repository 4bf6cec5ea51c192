// SPDX-License-Identifier: GPL-2.0
/*
 * The instructions of a module's text section, and which bytes of them are not to be touched: what a
 * relocation fills in differs between a native and an isolated module, and so does what the
 * kernel patches by its lists of places in code.
 */
#include <string.h>

#include "insn.h"
#include "memory.h"
#include "relocs.h"
#include "report.h"
#include "text.h"

/**
 * struct patched - a list of places in code that the kernel, or nooks-load in its stead, patches
 * @section: its name
 * @entry: size of an entry
 * @at: where in an entry the place is, ...
 * @length_at: ... and the number of bytes, if that can be more than one instruction; 0 if not
 *
 * As in <asm/alternative.h>, <asm/paravirt_types.h>, <asm/jump_label.h>, <linux/static_call_types.h>.
 */
static const struct patched {
	const char *section;
	uint32_t entry;
	uint32_t at;
	uint32_t length_at;
} patched[] = {
	{ "__mcount_loc", 8, 0, 0 },
	{ ".call_sites", 4, 0, 0 },
	{ ".retpoline_sites", 4, 0, 0 },
	{ ".return_sites", 4, 0, 0 },
	{ ".ibt_endbr_seal", 4, 0, 0 },
	{ ".static_call_sites", 8, 0, 0 },
	{ "__jump_table", 16, 0, 0 },
	{ ".smp_locks", 4, 0, 0 },
	{ ".altinstructions", 12, 0, 10 },
	{ ".parainstructions", 16, 0, 9 },
};

/**
 * text_decode - decode one instruction
 * @text: for its decoder
 * @code: its bytes
 * @size: how many there are
 * @decoded: out
 *
 * Return: false if it is none.
 */
bool text_decode(const struct text *text, const unsigned char *code, uint32_t size,
		 struct decoded *decoded)
{
	return ZYAN_SUCCESS(ZydisDecoderDecodeFull(&text->decoder, code, size, &decoded->insn,
						   decoded->operands));
}

/** text_decode_place - decode a place, which has been decoded before */
void text_decode_place(const struct text *text, const struct place *place, struct decoded *decoded)
{
	text_decode(text, text->code + place->offset, place->length, decoded);
}

/** text_function - the function of that name, NULL if there is none */
struct function *text_function(const struct text *text, const char *name)
{
	for (uint32_t i = 0; i < text->nr_functions; i++)
		if (!strcmp(text->functions[i].name, name))
			return &text->functions[i];
	return NULL;
}

/**
 * decoded_is_privileged - does no page table stop what it does?
 * @decoded: the instruction
 *
 * Beside what nooks-load looks for in a driver, what only a fault makes: no compiler does.
 */
bool decoded_is_privileged(const struct decoded *decoded)
{
	if (insn_is_privileged(&decoded->insn))
		return true;
	switch (decoded->insn.mnemonic) {
	case ZYDIS_MNEMONIC_IRET:
	case ZYDIS_MNEMONIC_SYSRET:
	case ZYDIS_MNEMONIC_SYSEXIT:
	case ZYDIS_MNEMONIC_SYSCALL:
	case ZYDIS_MNEMONIC_LFS:
	case ZYDIS_MNEMONIC_LGS:
	case ZYDIS_MNEMONIC_LSS:
		return true;
	default:
		break;
	}
	/* A far return or jump, and a segment register, which it can load with the null selector. */
	if (decoded->insn.meta.branch_type == ZYDIS_BRANCH_TYPE_FAR)
		return true;
	for (int i = 0; i < decoded->insn.operand_count_visible; i++)
		if (decoded->operands[i].type == ZYDIS_OPERAND_TYPE_REGISTER &&
		    (decoded->operands[i].actions & ZYDIS_OPERAND_ACTION_MASK_WRITE) &&
		    ZydisRegisterGetClass(decoded->operands[i].reg.value) == ZYDIS_REGCLASS_SEGMENT)
			return true;
	return false;
}

/* By offset; of two at one offset the larger one comes first, then the one that has the name. */
static int compare_functions(const void *a, const void *b)
{
	const struct function *x = a, *y = b;

	if (x->offset != y->offset)
		return x->offset < y->offset ? -1 : 1;
	if (x->size != y->size)
		return x->size > y->size ? -1 : 1;
	return strcmp(x->name, y->name);
}

static void find_functions(struct text *text, const struct image *img, uint32_t shndx)
{
	size_t nr_symbols = image_nr_symbols(img);
	uint32_t nr = 0;

	text->functions = xcalloc(nr_symbols, sizeof(*text->functions));
	for (size_t i = 1; i < nr_symbols; i++) {
		const Elf64_Sym *sym = image_symbol(img, i);

		if (ELF64_ST_TYPE(sym->st_info) != STT_FUNC || sym->st_shndx != shndx ||
		    !sym->st_size || sym->st_value > text->size ||
		    sym->st_size > text->size - sym->st_value)
			continue;
		text->functions[nr++] = (struct function) {
			.name = image_symbol_name(img, i),
			.offset = sym->st_value,
			.size = sym->st_size,
			.wanted = true,
		};
	}
	qsort(text->functions, nr, sizeof(*text->functions), compare_functions);
	for (uint32_t i = 0; i < nr; i++) {
		const struct function *last = text->functions + text->nr_functions - 1;

		if (!text->nr_functions ||
		    text->functions[i].offset >= last->offset + last->size)
			text->functions[text->nr_functions++] = text->functions[i];
	}
}

static void find_places(struct text *text)
{
	uint32_t room = 0;

	for (uint32_t f = 0; f < text->nr_functions; f++) {
		struct function *function = &text->functions[f];
		uint32_t at = function->offset, end = at + function->size;
		struct decoded decoded;

		function->first = text->nr_places;
		for (; at < end; at += decoded.insn.length) {
			if (!text_decode(text, text->code + at, end - at, &decoded))
				break;
			if (text->nr_places == room) {
				room = room ? 2 * room : 4096;
				text->places = xrealloc(text->places, room, sizeof(*text->places));
			}
			text->places[text->nr_places++] = (struct place) {
				.offset = at,
				.function = f,
				.length = decoded.insn.length,
				.field = decoded.insn.length,
				.to = NOWHERE,
			};
		}
		function->nr = text->nr_places - function->first;
	}
}

/* The place that covers an offset, or NULL. */
static struct place *place_at(const struct text *text, uint64_t offset)
{
	uint32_t low = 0, high = text->nr_places;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		struct place *place = &text->places[middle];

		if (offset < place->offset)
			high = middle;
		else if (offset >= place->offset + place->length)
			low = middle + 1;
		else
			return place;
	}
	return NULL;
}

static void fix(struct text *text, uint64_t offset, uint32_t size)
{
	for (uint64_t at = offset; at < offset + size; at++) {
		struct place *place = place_at(text, at);

		if (place)
			place->fixed = true;
	}
}

/* A relocation in the text itself. */
static void mark_field(struct text *text, const struct reloc *r, uint32_t shndx)
{
	struct place *place = place_at(text, r->rela->r_offset);
	const Elf64_Sym *sym = image_symbol(r->img, r->sym);
	int width = reloc_width(r->rela);

	if (!place || !width)
		return;
	if (width < 0 || place->width ||
	    r->rela->r_offset + width > place->offset + place->length) {
		place->fixed = true;
		return;
	}
	place->field = r->rela->r_offset - place->offset;
	place->width = width;
	place->target = image_symbol_name(r->img, r->sym);
	if (sym->st_shndx == shndx && ELF64_R_TYPE(r->rela->r_info) == R_X86_64_32S)
		place->to = sym->st_value + r->rela->r_addend;
	if (!strcmp(place->target, "__fentry__") || !strcmp(place->target, "__x86_return_thunk") ||
	    !strncmp(place->target, "__x86_indirect_thunk_", 21) ||
	    !strncmp(place->target, "__SCT__", 7))
		place->fixed = true;
}

/* A relocation in one of the lists. */
static void mark_patched(struct text *text, const struct reloc *r, const struct patched *list,
			 uint32_t shndx)
{
	const Elf64_Sym *sym = image_symbol(r->img, r->sym);
	uint64_t in_entry = r->rela->r_offset % list->entry;
	uint64_t entry = r->rela->r_offset - in_entry;

	if (sym->st_shndx != shndx || in_entry != list->at ||
	    entry + list->entry > r->sec->hdr.sh_size)
		return;
	fix(text, sym->st_value + r->rela->r_addend,
	    list->length_at ? r->sec->data[entry + list->length_at] : 1);
}

/**
 * text_read - find a section's instructions
 * @text: out
 * @img: the module; stays in use
 * @section: name of the section
 *
 * Return: 0, or -1 after a message.
 */
int text_read(struct text *text, struct image *img, const char *section)
{
	struct section *sec = image_find_section(img, section);
	uint32_t shndx;

	memset(text, 0, sizeof(*text));
	if (!sec || !sec->data || !(sec->hdr.sh_flags & SHF_EXECINSTR))
		return report_error("has no code in a section %s", section);
	shndx = sec - img->sec;
	text->section = section;
	text->code = sec->data;
	text->size = sec->hdr.sh_size;
	ZydisDecoderInit(&text->decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
	find_functions(text, img, shndx);
	find_places(text);
	for_each_reloc(r, img) {
		if (r.sec == sec)
			mark_field(text, &r, shndx);
		for (size_t i = 0; i < sizeof(patched) / sizeof(*patched); i++)
			if (!strcmp(r.sec->name, patched[i].section))
				mark_patched(text, &r, &patched[i], shndx);
	}
	return 0;
}

/** text_free - give back what text_read() has allocated */
void text_free(struct text *text)
{
	free(text->functions);
	free(text->places);
}
