// SPDX-License-Identifier: GPL-2.0
/*
 * Linking: library modules become part of a driver's image.
 *
 * The kernel's module loader finds each table of a module by its name, takes one section of that
 * name, and sysfs makes a file of each name. So sections of one name become one: the library's
 * bytes are appended to the driver's, and its symbols and relocations move along. Left out is
 * what would make a module of the library: struct module, exports, versions, module info, notes.
 * Its references to its struct module lead to the driver's, and its parameters get its name in
 * front: no two parameters of a module may have one name.
 */
#include <stdio.h>
#include <string.h>

#include "abi.h"
#include "link.h"
#include "memory.h"
#include "relocs.h"
#include "report.h"

#define THIS_MODULE_SECTION	".gnu.linkonce.this_module"
#define GONE			SIZE_MAX

/* What the library was when it was a module of its own, or all that start so. */
static const char * const left_out[] = { "__ksymtab", "__kcrctab" };
static const char * const left_out_names[] = { ".modinfo", "__versions", ".BTF" };

/* Sections of code's data, which only the module's own code finds its way about. */
static const char * const own_data[] = { ".bss", ".data", ".exit", ".init", ".ref", ".rodata" };

/**
 * struct move - from a library to the image
 * @link: the image
 * @lib: the library
 * @name: of the library
 * @shndx: by section of the library: where it is now, 0 if it is left out
 * @offset: by section of the library: at which offset
 * @sym: by symbol of the library: what it is now, GONE if it is left out
 */
struct move {
	struct link *link;
	const struct image *lib;
	const char *name;
	unsigned int *shndx;
	uint64_t *offset;
	size_t *sym;
};

static bool starts_with(const char *name, const char *start)
{
	return !strncmp(name, start, strlen(start));
}

static bool starts_with_one_of(const char *name, const char * const *starts, size_t nr)
{
	size_t i;

	for (i = 0; i < nr; i++) {
		if (starts_with(name, starts[i]))
			return true;
	}
	return false;
}

#define STARTS_WITH_ONE_OF(name, starts) \
	starts_with_one_of(name, starts, sizeof(starts) / sizeof(*(starts)))

static bool is_left_out(const struct section *sec)
{
	size_t i;

	if (!(sec->hdr.sh_flags & SHF_ALLOC) || sec->hdr.sh_type == SHT_NOTE)
		return true;
	for (i = 0; i < sizeof(left_out_names) / sizeof(*left_out_names); i++) {
		if (!strcmp(sec->name, left_out_names[i]))
			return true;
	}
	return STARTS_WITH_ONE_OF(sec->name, left_out);
}

/**
 * link_is_export - is a symbol an entry in a module's table of exports?
 * @img: an image as it was read
 * @index: of the symbol
 * @name: out: name of what is exported, valid until a symbol is added
 *
 * Return: true if it is.
 */
bool link_is_export(const struct image *img, size_t index, const char **name)
{
	static const char prefix[] = "__ksymtab_";
	const Elf64_Sym *sym = image_symbol(img, index);
	const char *symbol = image_symbol_name(img, index);

	if (sym->st_shndx == SHN_UNDEF || sym->st_shndx >= img->nr_sec ||
	    !starts_with(img->sec[sym->st_shndx].name, "__ksymtab") || !starts_with(symbol, prefix))
		return false;
	*name = symbol + strlen(prefix);
	return true;
}

/* Sections that the kernel would see as alike. */
static bool is_like(const struct section *a, const struct section *b)
{
	const Elf64_Xword flags = SHF_ALLOC | SHF_WRITE | SHF_EXECINSTR;

	return a->hdr.sh_type == b->hdr.sh_type &&
	       (a->hdr.sh_flags & flags) == (b->hdr.sh_flags & flags);
}

static unsigned int find_section(const struct image *img, const char *name)
{
	const struct section *sec = image_find_section(img, name);

	return sec ? sec - img->sec : 0;
}

static unsigned int add_section(struct image *img, const struct section *like, const char *name)
{
	return image_add_section(img, name, like->hdr.sh_type, like->hdr.sh_flags,
				 like->hdr.sh_addralign);
}

/* Return: the section of the image that takes in one of the library; 0 after a message. */
static unsigned int choose_section(struct move *m, const struct section *sec)
{
	struct image *img = m->link->img;
	unsigned int shndx = find_section(img, sec->name);
	char *name;

	if (!shndx)
		return add_section(img, sec, sec->name);
	if (is_like(&img->sec[shndx], sec))
		return shndx;
	if (!STARTS_WITH_ONE_OF(sec->name, own_data)) {
		report_error("its section %s is not like that of %s, and the kernel takes only one",
			     sec->name, m->name);
		return 0;
	}
	if (asprintf(&name, "%s.%s", sec->name, m->name) < 0)
		err(EXIT_FAILURE, "out of memory");
	shndx = find_section(img, name);
	if (!shndx)
		shndx = add_section(img, sec, name);
	else if (!is_like(&img->sec[shndx], sec))
		shndx = report_error("%s is damaged: several sections %s", m->name, sec->name) + 1;
	free(name);
	return shndx;
}

/*
 * How many bytes to leave in front of what is appended. A table is an array, which has no holes; the
 * alignment of its section is for its start, and may be more than its entries have.
 */
static uint64_t padding(const struct section *to, const struct section *sec)
{
	bool is_code = to->hdr.sh_flags & SHF_EXECINSTR;

	if (!sec->hdr.sh_size || (!is_code && !STARTS_WITH_ONE_OF(sec->name, own_data)))
		return 0;
	/* The end of the driver's code is not to be the start of a function of the library's. */
	return -(to->hdr.sh_size + is_code) % (sec->hdr.sh_addralign ?: 1) + is_code;
}

/* Return: the offset at which the bytes now are. */
static uint64_t append_section(struct section *to, const struct section *sec)
{
	uint64_t end = to->hdr.sh_size, pad = padding(to, sec);

	if (to->hdr.sh_addralign < sec->hdr.sh_addralign)
		to->hdr.sh_addralign = sec->hdr.sh_addralign;
	if (to->hdr.sh_type == SHT_NOBITS) {
		to->hdr.sh_size += pad + sec->hdr.sh_size;
		return end + pad;
	}
	section_append(to, NULL, pad);
	memset(to->data + end, to->hdr.sh_flags & SHF_EXECINSTR ? 0xcc : 0, pad);
	return section_append(to, sec->data, sec->hdr.sh_size);
}

static int move_sections(struct move *m)
{
	struct image *img = m->link->img;
	unsigned int i, this_module = find_section(img, THIS_MODULE_SECTION);

	for (i = 1; i < m->lib->nr_sec; i++) {
		const struct section *sec = &m->lib->sec[i];

		if (is_left_out(sec))
			continue;
		if (!strcmp(sec->name, THIS_MODULE_SECTION)) {
			if (sec->hdr.sh_size != img->sec[this_module].hdr.sh_size)
				return report_error("its struct module is not like that of %s",
						    m->name);
			m->shndx[i] = this_module;
			continue;
		}
		m->shndx[i] = choose_section(m, sec);
		if (!m->shndx[i])
			return -1;
		m->offset[i] = append_section(&img->sec[m->shndx[i]], sec);
	}
	return 0;
}

/* Return: the image's undefined symbol of that name, 0 if there is none. */
static size_t find_undefined(const struct image *img, const char *name)
{
	size_t i;

	for (i = 1; i < image_nr_symbols(img); i++) {
		if (image_symbol(img, i)->st_shndx == SHN_UNDEF &&
		    !strcmp(image_symbol_name(img, i), name))
			return i;
	}
	return 0;
}

static size_t add_symbol(struct image *img, const Elf64_Sym *sym, const char *name)
{
	size_t index = image_add_symbol(img, *name ? name : NULL, ELF64_ST_TYPE(sym->st_info),
					sym->st_shndx, sym->st_value, sym->st_size);

	if (ELF64_ST_BIND(sym->st_info) == STB_WEAK)
		image_symbol(img, index)->st_info = sym->st_info;
	return index;
}

/* Whoever needs it to be there decides. */
static size_t move_undefined(struct image *img, const Elf64_Sym *sym, const char *name)
{
	size_t index = *name ? find_undefined(img, name) : 0;
	Elf64_Sym *found;

	if (!index)
		return add_symbol(img, sym, name);
	found = image_symbol(img, index);
	if (ELF64_ST_BIND(sym->st_info) != STB_WEAK)
		found->st_info = ELF64_ST_INFO(STB_GLOBAL, ELF64_ST_TYPE(found->st_info));
	return index;
}

static void move_symbols(struct move *m)
{
	struct image *img = m->link->img;
	size_t i;

	for (i = 1; i < image_nr_symbols(m->lib); i++) {
		Elf64_Sym sym = *image_symbol(m->lib, i);
		const char *name = image_symbol_name(m->lib, i);

		m->sym[i] = GONE;
		if (sym.st_shndx == SHN_UNDEF) {
			m->sym[i] = move_undefined(img, &sym, name);
			continue;
		}
		if (sym.st_shndx != SHN_ABS) {
			if (!m->shndx[sym.st_shndx])
				continue;
			sym.st_value += m->offset[sym.st_shndx];
			sym.st_shndx = m->shndx[sym.st_shndx];
		}
		/* It may stand for the middle of a section now. */
		if (ELF64_ST_TYPE(sym.st_info) == STT_SECTION)
			sym.st_info = ELF64_ST_INFO(STB_GLOBAL, STT_NOTYPE);
		m->sym[i] = add_symbol(img, &sym, name);
	}
}

/* Return: the string at a parameter's name, NULL if the relocation leads to none. */
static const char *parameter_name(const struct image *lib, const Elf64_Rela *rela)
{
	const Elf64_Sym *sym = image_symbol(lib, ELF64_R_SYM(rela->r_info));
	uint64_t value = sym->st_value + rela->r_addend;
	const struct section *sec;
	size_t i;

	if (sym->st_shndx == SHN_UNDEF || sym->st_shndx >= lib->nr_sec ||
	    ELF64_R_TYPE(rela->r_info) != R_X86_64_64)
		return NULL;
	sec = &lib->sec[sym->st_shndx];
	for (i = 1; i < image_nr_symbols(lib); i++) {
		const Elf64_Sym *s = image_symbol(lib, i);

		if (s->st_shndx == sym->st_shndx && s->st_value == value &&
		    starts_with(image_symbol_name(lib, i), "__param_str_"))
			break;
	}
	if (i == image_nr_symbols(lib) || !sec->data || value >= sec->hdr.sh_size ||
	    !memchr(sec->data + value, '\0', sec->hdr.sh_size - value))
		return NULL;
	return (const char *)sec->data + value;
}

static size_t append_string(struct link *link, const char *string)
{
	return section_append(&link->img->sec[link->table], string, strlen(string) + 1);
}

/* The relocation, if it is that of a parameter's name, leads to another name. */
static void rename_parameter(struct move *m, const Elf64_Rela *old, Elf64_Rela *rela)
{
	const char *name = parameter_name(m->lib, old);
	char *new_name;

	if (!name)
		return;
	if (asprintf(&new_name, "%s.%s", m->name, name) < 0)
		err(EXIT_FAILURE, "out of memory");
	report_detail("rename parameter %s of %s to %s", name, m->name, new_name);
	rela->r_addend = append_string(m->link, new_name);
	reloc_set_symbol(rela, image_anchor(m->link->img, m->link->table));
	free(new_name);
}

static unsigned int rela_section(struct image *img, unsigned int target)
{
	unsigned int i;

	for (i = 1; i < img->nr_sec; i++) {
		if (img->sec[i].hdr.sh_type == SHT_RELA && img->sec[i].hdr.sh_info == target)
			return i;
	}
	return image_add_rela_section(img, target);
}

static int move_rela_section(struct move *m, const struct section *rel)
{
	const struct section *sec = &m->lib->sec[rel->hdr.sh_info];
	bool is_param = !strcmp(sec->name, "__param");
	unsigned int to = rela_section(m->link->img, m->shndx[rel->hdr.sh_info]);
	size_t i;

	for (i = 0; i < rel->hdr.sh_size / sizeof(Elf64_Rela); i++) {
		const Elf64_Rela *old = (const Elf64_Rela *)rel->data + i;
		Elf64_Rela rela = *old;

		if (m->sym[ELF64_R_SYM(old->r_info)] == GONE)
			return report_error("%s refers in %s to what is left out of it", m->name,
					    sec->name);
		rela.r_offset += m->offset[rel->hdr.sh_info];
		reloc_set_symbol(&rela, m->sym[ELF64_R_SYM(old->r_info)]);
		if (is_param)
			rename_parameter(m, old, &rela);
		section_append(&m->link->img->sec[to], &rela, sizeof(rela));
	}
	return 0;
}

static int move_relocs(struct move *m)
{
	unsigned int i;

	for (i = 1; i < m->lib->nr_sec; i++) {
		const struct section *rel = &m->lib->sec[i];

		if (rel->hdr.sh_type != SHT_RELA || !m->shndx[rel->hdr.sh_info] ||
		    !strcmp(m->lib->sec[rel->hdr.sh_info].name, THIS_MODULE_SECTION))
			continue;
		if (move_rela_section(m, rel))
			return -1;
	}
	return 0;
}

/* Return: the library's own symbol of that name, 0 if it defines none that is kept. */
static size_t find_global(const struct move *m, const char *name)
{
	size_t i;

	for (i = 1; i < image_nr_symbols(m->lib); i++) {
		const Elf64_Sym *sym = image_symbol(m->lib, i);

		if (sym->st_shndx != SHN_UNDEF && ELF64_ST_BIND(sym->st_info) != STB_LOCAL &&
		    m->sym[i] != GONE && !strcmp(image_symbol_name(m->lib, i), name))
			return m->sym[i];
	}
	return 0;
}

static void note_exports(struct move *m)
{
	struct link *link = m->link;
	size_t i, sym;

	for (i = 1; i < image_nr_symbols(m->lib); i++) {
		const char *name;

		sym = link_is_export(m->lib, i, &name) ? find_global(m, name) : 0;
		if (!sym)
			continue;
		link->exports = xrealloc(link->exports, link->nr_exports + 1, sizeof(sym));
		link->exports[link->nr_exports++] = sym;
	}
}

/* The entry in the table; that its addresses are taken gives init and exit their stubs. */
static void write_library(struct move *m)
{
	struct image *img = m->link->img;
	unsigned int rel = rela_section(img, m->link->table);
	uint64_t at = m->link->nr * sizeof(struct nooks_library);
	size_t init = find_global(m, "init_module"), exit = find_global(m, "cleanup_module");

	image_add_reloc(img, rel, at + offsetof(struct nooks_library, name), R_X86_64_64,
			image_anchor(img, m->link->table), append_string(m->link, m->name));
	if (init)
		image_add_reloc(img, rel, at + offsetof(struct nooks_library, init), R_X86_64_64,
				init, 0);
	if (exit)
		image_add_reloc(img, rel, at + offsetof(struct nooks_library, exit), R_X86_64_64,
				exit, 0);
}

/**
 * link_begin - make an image ready to take in libraries
 * @link: zeroed; to be ended by link_end()
 * @img: the driver's image as it was read, which is a module's
 * @nr: number of libraries to come
 */
void link_begin(struct link *link, struct image *img, unsigned int nr)
{
	link->img = img;
	link->table = image_add_section(img, NOOKS_SECTION_LIBRARIES, SHT_PROGBITS, SHF_ALLOC, 8);
	section_append(&img->sec[link->table], NULL, nr * sizeof(struct nooks_library));
}

/**
 * link_add - take a library into the image
 * @link: begun
 * @lib: the library's image as it was read, which is a module's
 * @name: its name
 *
 * Libraries are initialised in the order in which they are added.
 *
 * Return: 0, or -1 after a message.
 */
int link_add(struct link *link, const struct image *lib, const char *name)
{
	struct move m = {
		.link = link,
		.lib = lib,
		.name = name,
		.shndx = xcalloc(lib->nr_sec, sizeof(*m.shndx)),
		.offset = xcalloc(lib->nr_sec, sizeof(*m.offset)),
		.sym = xcalloc(image_nr_symbols(lib), sizeof(*m.sym)),
	};
	int err;

	report_detail("link %s", name);
	err = move_sections(&m);
	if (!err) {
		move_symbols(&m);
		err = move_relocs(&m);
	}
	if (!err) {
		note_exports(&m);
		write_library(&m);
		link->nr++;
	}
	free(m.shndx);
	free(m.offset);
	free(m.sym);
	return err;
}

/**
 * link_end - bind what the image imports from the libraries in it
 * @link: all libraries have been added, or one could not be
 */
void link_end(struct link *link)
{
	size_t i, index;

	for (i = 0; i < link->nr_exports; i++) {
		Elf64_Sym sym = *image_symbol(link->img, link->exports[i]);
		const char *name = image_symbol_name(link->img, link->exports[i]);

		while ((index = find_undefined(link->img, name))) {
			sym.st_name = image_symbol(link->img, index)->st_name;
			*image_symbol(link->img, index) = sym;
		}
	}
	free(link->exports);
	*link = (struct link){};
}
