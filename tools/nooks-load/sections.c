// SPDX-License-Identifier: GPL-2.0
/*
 * What becomes of a module's sections: which ones the kernel must not see, which must outlive
 * init, and who may write to which.
 *
 * Why no page holds data of the driver and of the kernel: layout_sections() in
 * kernel/module/main.c puts the sections one after the other in groups (code, read-only, ro
 * after init, writable), aligns each to its sh_addralign and starts each group on a page; the
 * symbol table that follows the last group starts on a page, too. A section with alignment and
 * size in whole pages therefore has its pages for itself wherever it comes. Those are the DATA,
 * INIT_RO and ENTRY sections and our own table; what is left on common pages is all code, or all
 * read-only, or all the kernel's. Newer kernels allocate each group apart, which changes nothing.
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report.h"
#include "sections.h"

#define INIT_PREFIX	".init"
#define INIT_SUFFIX	".nooks_init"

/*
 * Lists of places in the code where the kernel would patch in branches to its own text. It must
 * not, as the domain can't execute that; what these branches call is bound by import instead. And
 * lists of the driver's tracepoints, which would be called there: so nobody can switch them on.
 */
static const char * const dropped[] = {
	"__mcount_loc", ".call_sites", ".retpoline_sites", ".return_sites", ".static_call_sites",
	"__bpf_raw_tp_map", "__tracepoints_ptrs", "_ftrace_eval_map", "_ftrace_events",
};

/* Writable sections that belong to the driver, and all that start with these and a dot. */
static const char * const driver_data[] = { ".bss", ".data", ".exit", ".ref.data" };

/* SHF_ALLOC sections that the kernel reads from the file or copies elsewhere. */
static const char * const not_loaded[] = { "__versions", ".data..percpu", ".modinfo" };

static bool is_one_of(const char *name, const char * const *names, size_t nr)
{
	size_t i;

	for (i = 0; i < nr; i++) {
		if (!strcmp(name, names[i]))
			return true;
	}
	return false;
}

#define IS_ONE_OF(name, names)	is_one_of(name, names, sizeof(names) / sizeof(*(names)))

/**
 * sections_drop - remove the sections by which the kernel would patch the driver's code
 * @img: the image
 *
 * Return: how many there were.
 */
unsigned int sections_drop(struct image *img)
{
	unsigned int i, nr = 0;

	for (i = 1; i < img->nr_sec; i++) {
		if (img->sec[i].hdr.sh_type == SHT_RELA &&
		    IS_ONE_OF(img->sec[img->sec[i].hdr.sh_info].name, dropped))
			section_drop(&img->sec[i]);
	}
	for (i = 1; i < img->nr_sec; i++) {
		struct section *sec = &img->sec[i];

		if (sec->hdr.sh_type != SHT_PROGBITS || !IS_ONE_OF(sec->name, dropped))
			continue;
		report_detail("drop %s", sec->name);
		section_drop(sec);
		nr++;
	}
	return nr;
}

/**
 * sections_keep_init - let the kernel keep what it would free after init
 * @img: the image
 *
 * A restart runs init again. The kernel goes by the first letters of the name.
 */
void sections_keep_init(struct image *img)
{
	unsigned int i;

	for (i = 1; i < img->nr_sec; i++) {
		struct section *sec = &img->sec[i];
		const char *rest = sec->name;
		char *name;

		while (!strncmp(rest, INIT_PREFIX, strlen(INIT_PREFIX)))
			rest += strlen(INIT_PREFIX);
		if (!(sec->hdr.sh_flags & SHF_ALLOC) || rest == sec->name)
			continue;
		if (asprintf(&name, "%s" INIT_SUFFIX, rest) < 0)
			err(EXIT_FAILURE, "out of memory");
		report_detail("rename %s to %s", sec->name, name);
		section_rename(sec, name);
		free(name);
	}
}

/**
 * section_is_loaded - does the kernel keep the section at an address of its own?
 * @sec: the section
 *
 * Return: true if it does.
 */
bool section_is_loaded(const struct section *sec)
{
	return (sec->hdr.sh_flags & SHF_ALLOC) && sec->hdr.sh_size &&
	       !IS_ONE_OF(sec->name, not_loaded);
}

static bool is_driver_data(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(driver_data) / sizeof(*driver_data); i++) {
		size_t len = strlen(driver_data[i]);

		if (!strncmp(name, driver_data[i], len) && (!name[len] || name[len] == '.'))
			return true;
	}
	return strlen(name) >= strlen(INIT_SUFFIX) &&
	       !strcmp(name + strlen(name) - strlen(INIT_SUFFIX), INIT_SUFFIX);
}

/**
 * section_kind - who uses a section
 * @sec: a section that is loaded, under its final name
 *
 * Writable sections that are not known to be the driver's are the kernel's: a driver that
 * writes to one after all is stopped, not the kernel misled.
 *
 * Return: the kind.
 */
enum nooks_section_kind section_kind(const struct section *sec)
{
	if (sec->hdr.sh_flags & SHF_EXECINSTR)
		return strcmp(sec->name, NOOKS_SECTION_STUBS) ? NOOKS_SECTION_TEXT :
								 NOOKS_SECTION_ENTRY;
	if (!(sec->hdr.sh_flags & SHF_WRITE))
		return NOOKS_SECTION_RODATA;
	if (!strcmp(sec->name, ".data..ro_after_init"))
		return NOOKS_SECTION_INIT_RO;
	if (!strcmp(sec->name, NOOKS_SECTION_TABLE))
		return NOOKS_SECTION_KERNEL;
	return is_driver_data(sec->name) ? NOOKS_SECTION_DATA : NOOKS_SECTION_KERNEL;
}

/**
 * sections_separate - give the driver's writable sections pages of their own
 * @img: the image, with all names final
 */
void sections_separate(struct image *img)
{
	unsigned int i;

	for (i = 1; i < img->nr_sec; i++) {
		struct section *sec = &img->sec[i];
		enum nooks_section_kind kind = section_kind(sec);

		if (section_is_loaded(sec) &&
		    (kind == NOOKS_SECTION_DATA || kind == NOOKS_SECTION_INIT_RO))
			section_pad(sec, 0);
	}
}
