/* SPDX-License-Identifier: GPL-2.0 */
/* A module image: the sections, symbols and relocations of a .ko, open to changes. */
#ifndef NOOKS_LOAD_IMAGE_H
#define NOOKS_LOAD_IMAGE_H

#include <elf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define IMAGE_PAGE_SIZE	4096

/**
 * struct section - one section of an image
 * @name: kept apart from the section name table until the image is written
 * @hdr: as in the file, but sh_name and sh_offset count only in a written image
 * @data: @hdr.sh_size bytes; NULL for SHT_NOBITS and SHT_NULL
 */
struct section {
	char *name;
	Elf64_Shdr hdr;
	unsigned char *data;
};

/**
 * struct image - a module image
 * @ehdr: as in the file
 * @sec: sections by index; indices never change
 * @nr_sec: their number
 * @symtab: index of the only symbol table
 * @strtab: index of its string table, NUL-terminated and not empty
 * @shstrtab: index of the section name table, which image_write() fills
 *
 * What image_read() has checked holds until the end: names are inside their tables; a
 * symbol's section exists; a relocation's symbol exists, and in SHF_ALLOC sections its field
 * lies inside of the section.
 */
struct image {
	Elf64_Ehdr ehdr;
	struct section *sec;
	unsigned int nr_sec;
	unsigned int symtab;
	unsigned int strtab;
	unsigned int shstrtab;
};

/**
 * struct reloc - a step of for_each_reloc()
 * @img: the image
 * @sec: SHF_ALLOC section that is relocated
 * @rela: the relocation; valid until a relocation is added
 * @sym: index of its symbol
 * @rel: index of the relocation section
 * @next: number of the next relocation in it
 */
struct reloc {
	struct image *img;
	struct section *sec;
	Elf64_Rela *rela;
	size_t sym;
	unsigned int rel;
	size_t next;
};

/* All relocations that the kernel will apply. */
#define for_each_reloc(r, image) \
	for (struct reloc r = { .img = (image) }; image_next_reloc(&r);)

int image_read(struct image *img, const unsigned char *file, size_t size);
int image_write(struct image *img, int fd);
void image_free(struct image *img);

bool image_next_reloc(struct reloc *r);
Elf64_Sym *image_symbol(const struct image *img, size_t index);
size_t image_nr_symbols(const struct image *img);
const char *image_symbol_name(const struct image *img, size_t index);
struct section *image_find_section(const struct image *img, const char *name);
const char *image_next_modinfo(const struct image *img, const char *key, const char *value);
const char *image_modinfo(const struct image *img, const char *key);
const char *image_module_name(const struct image *img);

unsigned int image_add_section(struct image *img, const char *name, Elf64_Word type,
			       Elf64_Xword flags, Elf64_Xword align);
unsigned int image_add_rela_section(struct image *img, unsigned int target);
size_t image_add_symbol(struct image *img, const char *name, unsigned char type,
			unsigned int shndx, uint64_t value, uint64_t size);
void image_add_reloc(struct image *img, unsigned int rel, uint64_t offset, unsigned int type,
		     size_t sym, int64_t addend);
size_t image_anchor(struct image *img, unsigned int shndx);

size_t section_append(struct section *sec, const void *data, size_t size);
void section_pad(struct section *sec, unsigned char fill);
void section_rename(struct section *sec, const char *name);
void section_drop(struct section *sec);

#endif
