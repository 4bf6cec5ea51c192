// SPDX-License-Identifier: GPL-2.0
/*
 * Instructions of a module's that no page table stops: a domain runs at the kernel's privilege level, so
 * they do not fault there. They are reported, never refused.
 *
 * Each function is decoded from its start by itself, so that data between functions does no harm. What no
 * symbol of a function covers is not looked at.
 */
#include <Zydis/Zydis.h>
#include <stdio.h>
#include <string.h>

#include "insn.h"
#include "privileged.h"
#include "report.h"

#define PARAVIRT_SITE_SIZE	16	/* of struct paravirt_patch_site, padded */

/**
 * struct tally - what was found
 * @nr: instructions
 * @nr_functions: that have any
 * @nr_unknown: functions with bytes that are no instruction
 * @by_mnemonic: @nr, by what it is
 */
struct tally {
	size_t nr;
	size_t nr_functions;
	size_t nr_unknown;
	size_t by_mnemonic[ZYDIS_MNEMONIC_MAX_VALUE + 1];
};

static void print_instruction(const char *function, size_t offset,
			      const ZydisDecodedInstruction *insn,
			      const ZydisDecodedOperand *operands)
{
	ZydisFormatter formatter;
	char text[128];

	ZydisFormatterInit(&formatter, ZYDIS_FORMATTER_STYLE_INTEL);
	ZydisFormatterFormatInstruction(&formatter, insn, operands,
					insn->operand_count_visible, text, sizeof(text),
					ZYDIS_RUNTIME_ADDRESS_NONE, NULL);
	report_detail("privileged %s+%#zx: %s", function, offset, text);
}

static void scan_function(const ZydisDecoder *decoder, const char *name,
			  const unsigned char *code, size_t size, struct tally *tally)
{
	ZydisDecodedOperand operands[ZYDIS_MAX_OPERAND_COUNT];
	ZydisDecodedInstruction insn;
	size_t before = tally->nr, at;

	for (at = 0; at < size; at += insn.length) {
		if (!ZYAN_SUCCESS(ZydisDecoderDecodeFull(decoder, code + at, size - at, &insn,
							 operands))) {
			report_detail("privileged %s+%#zx: not known, nor what follows", name, at);
			tally->nr_unknown++;
			break;
		}
		if (!insn_is_privileged(&insn))
			continue;
		print_instruction(name, at, &insn, operands);
		tally->by_mnemonic[insn.mnemonic]++;
		tally->nr++;
	}
	tally->nr_functions += tally->nr != before;
}

/* Aliases and symbols of other sizes lead to the same code: only the first one counts. */
static bool is_alias(const struct image *img, size_t index)
{
	const Elf64_Sym *sym = image_symbol(img, index);

	for (size_t i = 1; i < index; i++) {
		const Elf64_Sym *other = image_symbol(img, i);

		if (ELF64_ST_TYPE(other->st_info) == STT_FUNC &&
		    other->st_shndx == sym->st_shndx && other->st_value == sym->st_value &&
		    other->st_size == sym->st_size)
			return true;
	}
	return false;
}

/* The code of a function, or NULL. */
static const unsigned char *function_code(const struct image *img, const Elf64_Sym *sym)
{
	const struct section *sec;

	if (ELF64_ST_TYPE(sym->st_info) != STT_FUNC || sym->st_shndx == SHN_UNDEF ||
	    sym->st_shndx >= img->nr_sec)
		return NULL;
	sec = &img->sec[sym->st_shndx];
	if (!(sec->hdr.sh_flags & SHF_ALLOC) || !(sec->hdr.sh_flags & SHF_EXECINSTR) ||
	    !sec->data || sym->st_value > sec->hdr.sh_size ||
	    sym->st_size > sec->hdr.sh_size - sym->st_value)
		return NULL;
	return sec->data + sym->st_value;
}

static void summarize(const struct tally *tally, size_t nr_sites)
{
	char list[256] = "";

	for (size_t m = 0; m <= ZYDIS_MNEMONIC_MAX_VALUE; m++) {
		size_t len = strlen(list);

		if (tally->by_mnemonic[m])
			snprintf(list + len, sizeof(list) - len, "%s%zu %s", len ? ", " : "",
				 tally->by_mnemonic[m], ZydisMnemonicGetString(m));
	}
	if (tally->nr)
		report_note("%zu privileged instruction%s in %zu function%s, which nothing stops: %s",
			    tally->nr, tally->nr == 1 ? "" : "s", tally->nr_functions,
			    tally->nr_functions == 1 ? "" : "s", list);
	if (nr_sites)
		report_note("%zu places that the kernel may patch into such, as it sees fit", nr_sites);
	if (tally->nr_unknown)
		report_note("%zu functions could not be searched to their end for such",
			    tally->nr_unknown);
}

/**
 * privileged_report - tell what is in a module's text that no page table stops
 * @img: the image, as it was read, with what was linked to it
 *
 * One line with the counts; with -v each instruction, too. Nothing if there is none.
 */
void privileged_report(const struct image *img)
{
	const struct section *sites = image_find_section(img, ".parainstructions");
	struct tally tally = {};
	ZydisDecoder decoder;

	ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
	for (size_t i = 1; i < image_nr_symbols(img); i++) {
		const Elf64_Sym *sym = image_symbol(img, i);
		const unsigned char *code = function_code(img, sym);

		if (code && !is_alias(img, i))
			scan_function(&decoder, image_symbol_name(img, i), code, sym->st_size,
				      &tally);
	}
	summarize(&tally, sites ? sites->hdr.sh_size / PARAVIRT_SITE_SIZE : 0);
}
