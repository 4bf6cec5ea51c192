// SPDX-License-Identifier: GPL-2.0
/*
 * The tables by which nooks.ko finds its way about a rewritten image: struct nooks_image, the
 * sections and the stubs' descriptors in one section, the strings in another. All addresses in
 * them are relocations.
 */
#include <string.h>

#include "abi.h"
#include "sections.h"
#include "table.h"

/**
 * struct table - the tables while they are written
 * @img: the image
 * @shndx: index of their section
 * @rel: index of its relocation section
 * @strings: index of the strings' section, the last one that is loaded
 * @strings_sym: symbol at its start
 * @sections: offset of the first struct nooks_section
 * @stubs: offset of the first struct nooks_stub
 */
struct table {
	struct image *img;
	unsigned int shndx;
	unsigned int rel;
	unsigned int strings;
	size_t strings_sym;
	uint64_t sections;
	uint64_t stubs;
};

static void write_addr(const struct table *t, uint64_t offset, size_t sym, int64_t addend)
{
	image_add_reloc(t->img, t->rel, offset, R_X86_64_64, sym, addend);
}

static void write_string(const struct table *t, uint64_t offset, const char *string)
{
	size_t at = section_append(&t->img->sec[t->strings], string, strlen(string) + 1);

	write_addr(t, offset, t->strings_sym, at);
}

static void write_section(const struct table *t, uint64_t at, unsigned int shndx)
{
	const struct section *sec = &t->img->sec[shndx];
	struct nooks_section *entry = (void *)(t->img->sec[t->shndx].data + at);

	write_addr(t, at + offsetof(struct nooks_section, addr), image_anchor(t->img, shndx), 0);
	write_string(t, at + offsetof(struct nooks_section, name), sec->name);
	/* Now that its own name is in it, this is true for the strings' section, too. */
	entry->size = sec->hdr.sh_size;
	entry->kind = section_kind(sec);
}

static void write_stub(const struct table *t, uint64_t at, const struct function *function)
{
	struct nooks_stub *entry = (void *)(t->img->sec[t->shndx].data + at);

	write_addr(t, at + offsetof(struct nooks_stub, fn), function->sym, 0);
	write_addr(t, at + offsetof(struct nooks_stub, stub), function->stub, 0);
	write_string(t, at + offsetof(struct nooks_stub, name),
		     image_symbol_name(t->img, function->sym));
	entry->size = function->size;
}

static unsigned int count_loaded(const struct image *img)
{
	unsigned int i, nr = 0;

	for (i = 1; i < img->nr_sec; i++)
		nr += section_is_loaded(&img->sec[i]);
	return nr;
}

/* Sections of their final sizes, the strings' one apart. */
static void add_sections(struct table *t, struct image *img, unsigned int nr_sections,
			 size_t nr_stubs)
{
	t->img = img;
	t->shndx = image_add_section(img, NOOKS_SECTION_TABLE, SHT_PROGBITS,
				     SHF_ALLOC | SHF_WRITE, IMAGE_PAGE_SIZE);
	t->strings = image_add_section(img, NOOKS_SECTION_STRINGS, SHT_PROGBITS, SHF_ALLOC, 1);
	t->rel = image_add_rela_section(img, t->shndx);
	t->strings_sym = image_anchor(img, t->strings);
	t->sections = sizeof(struct nooks_image);
	t->stubs = t->sections + nr_sections * sizeof(struct nooks_section);
	section_append(&img->sec[t->shndx], NULL,
		       t->stubs + nr_stubs * sizeof(struct nooks_stub));
	section_pad(&img->sec[t->shndx], 0);
}

/**
 * table_emit - append the tables and finish the stubs
 * @img: the image, in which nothing else is missing
 * @stubs: redirected
 * @nr_libraries: entries in NOOKS_SECTION_LIBRARIES
 * @domain: the domain
 */
void table_emit(struct image *img, const struct stubs *stubs, unsigned int nr_libraries,
		const struct nooks_create *domain)
{
	unsigned int i, nr_sections = count_loaded(img) + 2;
	struct nooks_image *head;
	struct table t;
	size_t n, sym;

	add_sections(&t, img, nr_sections, stubs->nr);
	head = (void *)img->sec[t.shndx].data;
	*head = (struct nooks_image){
		.magic = NOOKS_IMAGE_MAGIC,
		.abi = NOOKS_ABI_VERSION,
		.domain = domain->id,
		.nr_sections = nr_sections,
		.nr_stubs = stubs->nr,
		.nr_libraries = nr_libraries,
	};
	sym = image_add_symbol(img, NOOKS_IMAGE_SYMBOL, STT_OBJECT, t.shndx, 0, sizeof(*head));
	write_addr(&t, offsetof(struct nooks_image, sections), sym, t.sections);
	write_addr(&t, offsetof(struct nooks_image, stubs), sym, t.stubs);
	if (nr_libraries) {
		i = image_find_section(img, NOOKS_SECTION_LIBRARIES) - img->sec;
		write_addr(&t, offsetof(struct nooks_image, libraries), image_anchor(img, i), 0);
	}

	for (n = 0; n < stubs->nr; n++)
		write_stub(&t, t.stubs + n * sizeof(struct nooks_stub), &stubs->function[n]);
	for (i = 1, n = 0; i < img->nr_sec; i++) {
		/* The strings' section may still be empty. */
		if (section_is_loaded(&img->sec[i]) || i == t.strings)
			write_section(&t, t.sections + n++ * sizeof(struct nooks_section), i);
	}
	stubs_bind(stubs, img, sym, t.stubs, domain->entry);
}
