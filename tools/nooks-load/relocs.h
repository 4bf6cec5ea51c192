/* SPDX-License-Identifier: GPL-2.0 */
/* What a relocation says about the bytes that it fills in. */
#ifndef NOOKS_LOAD_RELOCS_H
#define NOOKS_LOAD_RELOCS_H

#include "image.h"

/**
 * enum reloc_use - what the relocated code or data does with the target
 * @RELOC_UNUSED: nothing, R_X86_64_NONE
 * @RELOC_BRANCH: calls it or jumps to it
 * @RELOC_ACCESS: reads or writes it relative to the instruction pointer
 * @RELOC_ADDRESS: holds its address
 */
enum reloc_use {
	RELOC_UNUSED,
	RELOC_BRANCH,
	RELOC_ACCESS,
	RELOC_ADDRESS,
};

int reloc_width(const Elf64_Rela *rela);
enum reloc_use reloc_use(const struct section *sec, const Elf64_Rela *rela);
int reloc_bias(const struct section *sec, const Elf64_Rela *rela);
bool reloc_branch_reaches(uint64_t addr);
void reloc_set_symbol(Elf64_Rela *rela, size_t sym);

#endif
