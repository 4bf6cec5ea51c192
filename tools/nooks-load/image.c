// SPDX-License-Identifier: GPL-2.0
/*
 * A module image. The reader checks everything that the rest of the program relies on, so that
 * no offset, index or size from a file is used unchecked; libelf lays out what is written.
 */
#include <ctype.h>
#include <errno.h>
#include <libelf.h>
#include <string.h>

#include "image.h"
#include "memory.h"
#include "relocs.h"
#include "report.h"

#define MAX_SECTION_SIZE	(1u << 30)	/* all of the kernel's module space */

static bool inside(uint64_t offset, uint64_t size, uint64_t limit)
{
	return offset <= limit && size <= limit - offset;
}

static int check_header(const Elf64_Ehdr *ehdr, size_t size)
{
	if (ehdr->e_ident[EI_CLASS] != ELFCLASS64 || ehdr->e_machine != EM_X86_64)
		return report_error("not built for a 64-bit x86 kernel");
	if (ehdr->e_ident[EI_DATA] != ELFDATA2LSB || ehdr->e_type != ET_REL)
		return report_error("not a kernel module: its ELF header names another type of file");
	if (ehdr->e_shentsize != sizeof(Elf64_Shdr) || ehdr->e_shnum == 0 ||
	    ehdr->e_shnum >= SHN_LORESERVE || ehdr->e_shstrndx >= ehdr->e_shnum)
		return report_error("damaged: bad number of sections in the ELF header");
	if (!inside(ehdr->e_shoff, (uint64_t)ehdr->e_shnum * sizeof(Elf64_Shdr), size))
		return report_error("truncated: its section headers are missing");
	return 0;
}

static bool is_table(const Elf64_Shdr *hdr)
{
	return hdr->sh_type == SHT_SYMTAB || hdr->sh_type == SHT_STRTAB ||
	       hdr->sh_type == SHT_RELA;
}

static int read_section(struct section *sec, const unsigned char *file, size_t size)
{
	const Elf64_Shdr *hdr = &sec->hdr;

	if (hdr->sh_type == SHT_NULL) {
		section_drop(sec);
		return 0;
	}
	if (hdr->sh_addralign & (hdr->sh_addralign - 1) || hdr->sh_addralign > IMAGE_PAGE_SIZE)
		return report_error("damaged: a section has alignment %#lx", hdr->sh_addralign);
	if (hdr->sh_size > MAX_SECTION_SIZE)
		return report_error("damaged: a section has size %#lx", hdr->sh_size);
	if ((hdr->sh_flags & SHF_WRITE) && (hdr->sh_flags & SHF_EXECINSTR))
		return report_error("a section is both writable and executable; no kernel loads that");
	/* If they were, a relocation could change what has been checked. */
	if (is_table(hdr) && (hdr->sh_flags & SHF_ALLOC))
		return report_error("damaged: a table of the linker is to be loaded");
	if (hdr->sh_type == SHT_NOBITS)
		return 0;
	if (!inside(hdr->sh_offset, hdr->sh_size, size))
		return report_error("truncated: a section's contents are missing");
	sec->data = xcalloc(hdr->sh_size, 1);
	memcpy(sec->data, file + hdr->sh_offset, hdr->sh_size);
	return 0;
}

static bool is_string_table(const struct image *img, unsigned int shndx)
{
	const struct section *sec = &img->sec[shndx];

	return sec->hdr.sh_type == SHT_STRTAB && sec->hdr.sh_size > 0 &&
	       sec->data[sec->hdr.sh_size - 1] == '\0';
}

static int read_sections(struct image *img, const unsigned char *file, size_t size)
{
	const struct section *names;
	uint64_t total = 0;
	unsigned int i;

	img->nr_sec = img->ehdr.e_shnum;
	img->sec = xcalloc(img->nr_sec, sizeof(*img->sec));
	for (i = 0; i < img->nr_sec; i++) {
		memcpy(&img->sec[i].hdr, file + img->ehdr.e_shoff + i * sizeof(Elf64_Shdr),
		       sizeof(Elf64_Shdr));
		if (read_section(&img->sec[i], file, size))
			return -1;
		/* Each has a copy of its bytes, so many on the same ones would take all memory. */
		total += img->sec[i].data ? img->sec[i].hdr.sh_size : 0;
		if (total > size)
			return report_error("damaged: its sections overlap");
	}
	if (img->sec[0].hdr.sh_type != SHT_NULL)
		return report_error("damaged: section 0 is in use");

	img->shstrtab = img->ehdr.e_shstrndx;
	if (!is_string_table(img, img->shstrtab))
		return report_error("damaged: bad section name table");
	names = &img->sec[img->shstrtab];
	for (i = 0; i < img->nr_sec; i++) {
		if (img->sec[i].hdr.sh_name >= names->hdr.sh_size)
			return report_error("damaged: the name of section %u is missing", i);
		section_rename(&img->sec[i], (char *)names->data + img->sec[i].hdr.sh_name);
	}
	return 0;
}

static int find_symtab(struct image *img)
{
	const Elf64_Shdr *hdr;
	unsigned int i;

	for (i = 1; i < img->nr_sec; i++) {
		hdr = &img->sec[i].hdr;
		if (hdr->sh_type == SHT_SYMTAB_SHNDX)
			return report_error("has more sections than the kernel can load");
		if (hdr->sh_type != SHT_SYMTAB)
			continue;
		if (img->symtab)
			return report_error("damaged: two symbol tables");
		if (hdr->sh_size == 0 || hdr->sh_size % sizeof(Elf64_Sym) ||
		    hdr->sh_link >= img->nr_sec || !is_string_table(img, hdr->sh_link))
			return report_error("damaged: bad symbol table");
		img->symtab = i;
		img->strtab = hdr->sh_link;
	}
	if (!img->symtab)
		return report_error("has no symbol table; was it stripped? Install the original");
	return 0;
}

static int check_symbols(const struct image *img)
{
	size_t i;

	for (i = 0; i < image_nr_symbols(img); i++) {
		const Elf64_Sym *sym = image_symbol(img, i);

		if (sym->st_name >= img->sec[img->strtab].hdr.sh_size)
			return report_error("damaged: the name of symbol %zu is missing", i);
		if (sym->st_shndx == SHN_UNDEF || sym->st_shndx == SHN_ABS)
			continue;
		/* Common symbols and those of live patches are among these. */
		if (sym->st_shndx >= img->nr_sec)
			return report_error("symbol %s is in section %#x, which can't be loaded",
					    image_symbol_name(img, i), sym->st_shndx);
		if (!inside(sym->st_value, 0, img->sec[sym->st_shndx].hdr.sh_size))
			return report_error("damaged: symbol %s is outside of its section",
					    image_symbol_name(img, i));
	}
	return 0;
}

static int check_rela_section(const struct image *img, const struct section *rel)
{
	const struct section *sec;
	size_t i;

	if (rel->hdr.sh_info >= img->nr_sec || rel->hdr.sh_link != img->symtab ||
	    rel->hdr.sh_size % sizeof(Elf64_Rela))
		return report_error("damaged: bad relocation section %s", rel->name);
	sec = &img->sec[rel->hdr.sh_info];
	for (i = 0; i < rel->hdr.sh_size / sizeof(Elf64_Rela); i++) {
		const Elf64_Rela *rela = (Elf64_Rela *)rel->data + i;

		if (ELF64_R_SYM(rela->r_info) >= image_nr_symbols(img))
			return report_error("damaged: a relocation in %s has no symbol", rel->name);
		if (!(sec->hdr.sh_flags & SHF_ALLOC))
			continue;
		if (reloc_width(rela) < 0)
			return report_error("relocation type %lu in %s is unknown to the kernel",
					    ELF64_R_TYPE(rela->r_info), rel->name);
		if (!sec->data || !inside(rela->r_offset, reloc_width(rela), sec->hdr.sh_size))
			return report_error("damaged: a relocation in %s is out of range",
					    rel->name);
	}
	return 0;
}

static int check_relocs(const struct image *img)
{
	const struct section *sec;

	for (sec = img->sec; sec < img->sec + img->nr_sec; sec++) {
		if (sec->hdr.sh_type == SHT_REL)
			return report_error("relocation section %s has no addends; no x86-64 kernel loads that",
					    sec->name);
		if (sec->hdr.sh_type == SHT_RELA && check_rela_section(img, sec))
			return -1;
	}
	return 0;
}

/**
 * image_read - make an image of a module file
 * @img: zeroed; to be freed by image_free() whatever the result
 * @file: the file's bytes
 * @size: their number
 *
 * What follows the sections, such as a signature, does not become part of the image.
 *
 * Return: 0, or -1 after a message when a byte of the file can't be what it should be.
 */
int image_read(struct image *img, const unsigned char *file, size_t size)
{
	if (size < SELFMAG || memcmp(file, ELFMAG, SELFMAG))
		return report_error("not an ELF file; a compressed module must be unpacked first");
	if (size < sizeof(img->ehdr))
		return report_error("truncated: its ELF header is missing");
	memcpy(&img->ehdr, file, sizeof(img->ehdr));
	if (check_header(&img->ehdr, size) || read_sections(img, file, size) ||
	    find_symtab(img) || check_symbols(img) || check_relocs(img))
		return -1;
	return 0;
}

static int write_section(Elf *elf, struct section *sec)
{
	Elf_Scn *scn = elf_newscn(elf);
	Elf64_Shdr *hdr = scn ? elf64_getshdr(scn) : NULL;
	Elf_Data *data;

	if (!hdr)
		return -1;
	*hdr = sec->hdr;
	if (sec->hdr.sh_type == SHT_NULL)
		return 0;
	data = elf_newdata(scn);
	if (!data)
		return -1;
	data->d_buf = sec->data;
	data->d_size = sec->hdr.sh_size;
	data->d_align = 1;
	data->d_type = ELF_T_BYTE;
	return 0;
}

static int write_elf(const struct image *img, Elf *elf)
{
	Elf64_Ehdr *ehdr = elf64_newehdr(elf);
	unsigned int i;

	if (!ehdr)
		return -1;
	*ehdr = img->ehdr;
	for (i = 1; i < img->nr_sec; i++) {
		if (write_section(elf, &img->sec[i]))
			return -1;
	}
	return elf_update(elf, ELF_C_WRITE) < 0 ? -1 : 0;
}

/**
 * image_write - write an image as an ELF file
 * @img: the image; its section name table is brought up to date
 * @fd: a file open for reading and writing
 *
 * Return: 0, or -1 after a message.
 */
int image_write(struct image *img, int fd)
{
	struct section *names = &img->sec[img->shstrtab];
	unsigned int i;
	Elf *elf;
	int err;

	/* The table may be the symbols' string table, too: only append to it. */
	for (i = 1; i < img->nr_sec; i++) {
		const char *name = img->sec[i].name;

		img->sec[i].hdr.sh_name = section_append(names, name, strlen(name) + 1);
	}

	if (elf_version(EV_CURRENT) == EV_NONE)
		return report_error("libelf is too old");
	elf = elf_begin(fd, ELF_C_WRITE, NULL);
	err = elf ? write_elf(img, elf) : -1;
	if (err)
		report_error("can't write the image: %s", elf_errmsg(-1));
	elf_end(elf);
	return err;
}

/**
 * image_free - give back what image_read() took
 * @img: the image
 */
void image_free(struct image *img)
{
	unsigned int i;

	for (i = 0; img->sec && i < img->nr_sec; i++) {
		free(img->sec[i].name);
		free(img->sec[i].data);
	}
	free(img->sec);
	*img = (struct image){};
}

/**
 * image_next_reloc - the step of for_each_reloc()
 * @r: where it stands
 *
 * Return: false at the end.
 */
bool image_next_reloc(struct reloc *r)
{
	for (; r->rel < r->img->nr_sec; r->rel++, r->next = 0) {
		const struct section *rel = &r->img->sec[r->rel];

		if (rel->hdr.sh_type != SHT_RELA ||
		    r->next >= rel->hdr.sh_size / sizeof(Elf64_Rela))
			continue;
		r->sec = &r->img->sec[rel->hdr.sh_info];
		if (!(r->sec->hdr.sh_flags & SHF_ALLOC))
			continue;
		r->rela = (Elf64_Rela *)rel->data + r->next++;
		r->sym = ELF64_R_SYM(r->rela->r_info);
		return true;
	}
	return false;
}

/**
 * image_symbol - a symbol by its index
 * @img: the image
 * @index: less than image_nr_symbols()
 *
 * Return: the symbol, valid until one is added.
 */
Elf64_Sym *image_symbol(const struct image *img, size_t index)
{
	return (Elf64_Sym *)img->sec[img->symtab].data + index;
}

/**
 * image_nr_symbols - number of symbols, the null symbol included
 * @img: the image
 *
 * Return: the number.
 */
size_t image_nr_symbols(const struct image *img)
{
	return img->sec[img->symtab].hdr.sh_size / sizeof(Elf64_Sym);
}

/**
 * image_symbol_name - name of a symbol
 * @img: the image
 * @index: of the symbol
 *
 * Return: the name, valid until a symbol is added.
 */
const char *image_symbol_name(const struct image *img, size_t index)
{
	return (const char *)img->sec[img->strtab].data + image_symbol(img, index)->st_name;
}

/**
 * image_find_section - first section of a name that is loaded
 * @img: the image
 * @name: what the kernel's module loader looks for
 *
 * Return: the section, or NULL.
 */
struct section *image_find_section(const struct image *img, const char *name)
{
	unsigned int i;

	for (i = 1; i < img->nr_sec; i++) {
		if ((img->sec[i].hdr.sh_flags & SHF_ALLOC) && !strcmp(img->sec[i].name, name))
			return &img->sec[i];
	}
	return NULL;
}

/**
 * image_next_modinfo - go through the entries of .modinfo with a key
 * @img: the image
 * @key: what stands before the '='
 * @value: of the last one, or NULL to begin
 *
 * Return: the next one's value, or NULL if there is none.
 */
const char *image_next_modinfo(const struct image *img, const char *key, const char *value)
{
	const struct section *sec = image_find_section(img, ".modinfo");
	size_t len = strlen(key);
	const char *p, *end;

	if (!sec || !sec->data || !sec->hdr.sh_size || sec->data[sec->hdr.sh_size - 1])
		return NULL;
	end = (const char *)sec->data + sec->hdr.sh_size;
	p = value ? value + strlen(value) + 1 : (const char *)sec->data;
	for (; p < end; p += strlen(p) + 1) {
		if (!strncmp(p, key, len) && p[len] == '=')
			return p + len + 1;
	}
	return NULL;
}

/**
 * image_modinfo - look up an entry of .modinfo
 * @img: the image
 * @key: what stands before the '='
 *
 * Return: the first one's value, or NULL if there is none.
 */
const char *image_modinfo(const struct image *img, const char *key)
{
	return image_next_modinfo(img, key, NULL);
}

/**
 * image_module_name - the name that the kernel gives the module
 * @img: the image
 *
 * The kernel goes by what .modinfo says, not by the file's name.
 *
 * Return: the name; NULL after a message if it has none that can be one.
 */
const char *image_module_name(const struct image *img)
{
	const char *name = image_modinfo(img, "name"), *p;

	for (p = name ?: ""; isalnum((unsigned char)*p) || *p == '_'; p++)
		;
	if (name && p != name && !*p)
		return name;
	report_error("damaged: no proper module name in .modinfo");
	return NULL;
}

/**
 * image_add_section - append an empty section
 * @img: the image; pointers to its sections become invalid
 * @name: its name
 * @type: SHT_*
 * @flags: SHF_*
 * @align: in bytes
 *
 * Return: the index of the section.
 */
unsigned int image_add_section(struct image *img, const char *name, Elf64_Word type,
			       Elf64_Xword flags, Elf64_Xword align)
{
	struct section *sec;

	img->sec = xrealloc(img->sec, img->nr_sec + 1, sizeof(*img->sec));
	sec = &img->sec[img->nr_sec];
	*sec = (struct section){
		.hdr = { .sh_type = type, .sh_flags = flags, .sh_addralign = align },
	};
	section_rename(sec, name);
	return img->nr_sec++;
}

/**
 * image_add_rela_section - append a section for the relocations of another one
 * @img: the image; pointers to its sections become invalid
 * @target: index of the other section
 *
 * Return: the index of the section.
 */
unsigned int image_add_rela_section(struct image *img, unsigned int target)
{
	unsigned int rel = image_add_section(img, "", SHT_RELA, SHF_INFO_LINK, 8);
	struct section *sec = &img->sec[rel];
	const char *name = img->sec[target].name;

	free(sec->name);
	sec->name = xcalloc(strlen(".rela") + strlen(name) + 1, 1);
	strcat(strcpy(sec->name, ".rela"), name);
	sec->hdr.sh_link = img->symtab;
	sec->hdr.sh_info = target;
	sec->hdr.sh_entsize = sizeof(Elf64_Rela);
	return rel;
}

/**
 * image_add_symbol - append a global symbol
 * @img: the image; pointers to its symbols become invalid
 * @name: its name; NULL: none, which keeps it out of kallsyms
 * @type: STT_*
 * @shndx: its section
 * @value: offset in the section
 * @size: of what it stands for
 *
 * All added symbols are global ones: local ones would have to come before those that there are.
 *
 * Return: the index of the symbol.
 */
size_t image_add_symbol(struct image *img, const char *name, unsigned char type,
			unsigned int shndx, uint64_t value, uint64_t size)
{
	Elf64_Sym sym = {
		.st_info = ELF64_ST_INFO(STB_GLOBAL, type),
		.st_shndx = shndx,
		.st_value = value,
		.st_size = size,
	};

	if (name)
		sym.st_name = section_append(&img->sec[img->strtab], name, strlen(name) + 1);
	section_append(&img->sec[img->symtab], &sym, sizeof(sym));
	return image_nr_symbols(img) - 1;
}

/**
 * image_add_reloc - append a relocation
 * @img: the image; pointers to its relocations become invalid
 * @rel: index of a section made by image_add_rela_section()
 * @offset: of the field
 * @type: R_X86_64_*
 * @sym: index of the symbol
 * @addend: added to it
 */
void image_add_reloc(struct image *img, unsigned int rel, uint64_t offset, unsigned int type,
		     size_t sym, int64_t addend)
{
	Elf64_Rela rela = {
		.r_offset = offset,
		.r_info = ELF64_R_INFO(sym, type),
		.r_addend = addend,
	};

	section_append(&img->sec[rel], &rela, sizeof(rela));
}

/**
 * image_anchor - symbol that stands for the start of a section
 * @img: the image; pointers to its symbols become invalid
 * @shndx: index of the section
 *
 * Return: the index of the symbol.
 */
size_t image_anchor(struct image *img, unsigned int shndx)
{
	size_t i;

	for (i = 1; i < image_nr_symbols(img); i++) {
		const Elf64_Sym *sym = image_symbol(img, i);

		if (ELF64_ST_TYPE(sym->st_info) == STT_SECTION && sym->st_shndx == shndx &&
		    sym->st_value == 0)
			return i;
	}
	return image_add_symbol(img, NULL, STT_NOTYPE, shndx, 0, 0);
}

/**
 * section_append - append bytes to a section
 * @sec: the section; pointers to its data become invalid
 * @data: the bytes; NULL: zeros
 * @size: their number
 *
 * Return: the offset at which they start.
 */
size_t section_append(struct section *sec, const void *data, size_t size)
{
	size_t offset = sec->hdr.sh_size;

	sec->data = xrealloc(sec->data, offset + size, 1);
	if (data)
		memcpy(sec->data + offset, data, size);
	else
		memset(sec->data + offset, 0, size);
	sec->hdr.sh_size += size;
	return offset;
}

/**
 * section_pad - let a section begin on a page and fill whole pages
 * @sec: the section; pointers to its data become invalid
 * @fill: what it is filled up with
 */
void section_pad(struct section *sec, unsigned char fill)
{
	size_t pad = -sec->hdr.sh_size % IMAGE_PAGE_SIZE;
	size_t end = sec->hdr.sh_size;

	sec->hdr.sh_addralign = IMAGE_PAGE_SIZE;
	if (sec->hdr.sh_type == SHT_NOBITS) {
		sec->hdr.sh_size += pad;
	} else {
		section_append(sec, NULL, pad);
		memset(sec->data + end, fill, pad);
	}
}

/**
 * section_rename - give a section another name
 * @sec: the section
 * @name: may point into its old name
 */
void section_rename(struct section *sec, const char *name)
{
	char *copy = strdup(name);

	if (!copy)
		err(EXIT_FAILURE, "out of memory");
	free(sec->name);
	sec->name = copy;
}

/**
 * section_drop - empty a section
 * @sec: the section; its index stays taken by an unused header
 */
void section_drop(struct section *sec)
{
	section_rename(sec, "");
	free(sec->data);
	sec->data = NULL;
	sec->hdr = (Elf64_Shdr){ .sh_type = SHT_NULL };
}
