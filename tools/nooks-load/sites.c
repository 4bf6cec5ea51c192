// SPDX-License-Identifier: GPL-2.0
/*
 * Instructions that a domain does without: `call __fentry__`, which only ftrace would ever make
 * use of, and `jmp __x86_return_thunk`, which the kernel itself makes a plain ret where no
 * return thunk is wanted. Both take 5 bytes.
 */
#include <string.h>

#include "relocs.h"
#include "sites.h"

#define SITE_SIZE	5

/**
 * struct site - an instruction and what takes its place
 * @symbol: its target
 * @opcode: its first byte
 * @code: the new bytes
 */
struct site {
	const char *symbol;
	unsigned char opcode;
	unsigned char code[SITE_SIZE];
};

static const struct site sites[] = {
	{ "__fentry__", 0xe8, { 0x0f, 0x1f, 0x44, 0x00, 0x00 } },		/* nop */
	{ "__x86_return_thunk", 0xe9, { 0xc3, 0xcc, 0xcc, 0xcc, 0xcc } },	/* ret; int3 */
};

static const struct site *find_site(const struct reloc *r)
{
	const char *name = image_symbol_name(r->img, r->sym);
	size_t i;

	if (image_symbol(r->img, r->sym)->st_shndx != SHN_UNDEF ||
	    reloc_use(r->sec, r->rela) != RELOC_BRANCH ||
	    r->rela->r_offset < 1 || r->rela->r_addend != -4)
		return NULL;
	for (i = 0; i < sizeof(sites) / sizeof(*sites); i++) {
		if (!strcmp(name, sites[i].symbol) &&
		    r->sec->data[r->rela->r_offset - 1] == sites[i].opcode)
			return &sites[i];
	}
	return NULL;
}

/**
 * sites_patch - replace the instructions and drop their relocations
 * @img: the image
 *
 * Other references to the two symbols, such as conditional jumps, stay and get bound.
 */
void sites_patch(struct image *img)
{
	for_each_reloc(r, img) {
		const struct site *site = find_site(&r);

		if (!site)
			continue;
		memcpy(r.sec->data + r.rela->r_offset - 1, site->code, SITE_SIZE);
		*r.rela = (Elf64_Rela){ .r_info = ELF64_R_INFO(0, R_X86_64_NONE) };
	}
}
