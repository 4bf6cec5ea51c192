// SPDX-License-Identifier: GPL-2.0
/*
 * What a relocation says about the bytes that it fills in.
 *
 * In code a 32-bit PC-relative field is either the displacement of a call or jump or that of a
 * memory operand. The bytes before it tell them apart without a disassembler: in 64-bit mode
 * a PC-relative operand has mod = 00, r/m = 101 in the ModRM byte just before the field, and
 * none of e8 (call), e9 (jmp) and 80...8f after 0f (jcc) looks like that.
 */
#include "relocs.h"

/**
 * reloc_width - size of the field
 * @rela: the relocation
 *
 * Return: number of bytes, or -1 for a type that the kernel does not load.
 */
int reloc_width(const Elf64_Rela *rela)
{
	switch (ELF64_R_TYPE(rela->r_info)) {
	case R_X86_64_NONE:
		return 0;
	case R_X86_64_32:
	case R_X86_64_32S:
	case R_X86_64_PC32:
	case R_X86_64_PLT32:
		return 4;
	case R_X86_64_64:
	case R_X86_64_PC64:
		return 8;
	default:
		return -1;
	}
}

static bool is_code_relative(const struct section *sec, const Elf64_Rela *rela)
{
	unsigned int type = ELF64_R_TYPE(rela->r_info);

	return (sec->hdr.sh_flags & SHF_EXECINSTR) &&
	       (type == R_X86_64_PC32 || type == R_X86_64_PLT32);
}

/**
 * reloc_use - what the relocated place does with the target
 * @sec: the section that is relocated
 * @rela: the relocation
 *
 * Return: the use.
 */
enum reloc_use reloc_use(const struct section *sec, const Elf64_Rela *rela)
{
	const unsigned char *field = sec->data + rela->r_offset;

	if (ELF64_R_TYPE(rela->r_info) == R_X86_64_NONE)
		return RELOC_UNUSED;
	if (!is_code_relative(sec, rela))
		return RELOC_ADDRESS;
	if (ELF64_R_TYPE(rela->r_info) == R_X86_64_PLT32)
		return RELOC_BRANCH;
	if (rela->r_offset >= 1 && (field[-1] == 0xe8 || field[-1] == 0xe9))
		return RELOC_BRANCH;
	if (rela->r_offset >= 2 && field[-2] == 0x0f && (field[-1] & 0xf0) == 0x80)
		return RELOC_BRANCH;
	if (rela->r_offset >= 2 && field[-2] == 0x8d && (field[-1] & 0xc7) == 0x05)
		return RELOC_ADDRESS;	/* lea */
	return RELOC_ACCESS;
}

/**
 * reloc_bias - what to add to symbol + addend to get at the target
 * @sec: the section that is relocated
 * @rela: the relocation
 *
 * The CPU adds a PC-relative field to the address of the next instruction, so the addend
 * makes up for the bytes from the field to there: 4 for call, jmp, jcc and lea, which end with
 * the field. (An operand followed by an immediate has more; it is an access, never an
 * address.) In data the field itself is the reference point and there is nothing to make up
 * for.
 *
 * Return: a number of bytes.
 */
int reloc_bias(const struct section *sec, const Elf64_Rela *rela)
{
	return is_code_relative(sec, rela) ? 4 : 0;
}

/**
 * reloc_branch_reaches - can any module branch to an address?
 * @addr: the address
 *
 * Modules are in the top 2 GiB, wherever there; the kernel may not check the displacement.
 *
 * Return: true if it can.
 */
bool reloc_branch_reaches(uint64_t addr)
{
	return addr >= -(1ull << 31);
}

/**
 * reloc_set_symbol - change what a relocation refers to
 * @rela: the relocation
 * @sym: index of the symbol
 */
void reloc_set_symbol(Elf64_Rela *rela, size_t sym)
{
	rela->r_info = ELF64_R_INFO(sym, ELF64_R_TYPE(rela->r_info));
}
