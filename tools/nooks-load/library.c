// SPDX-License-Identifier: GPL-2.0
/*
 * The modules that a driver needs. If nooks.ko has wrappers, or the like, for all that is imported
 * from one, it is used natively, by everyone. Otherwise the domain gets a copy of its own, which
 * is linked into the driver's image: calls between the two are plain calls, and what is loaded
 * natively of that name has nothing to do with it.
 */
#include <stdio.h>
#include <string.h>

#include "library.h"
#include "link.h"
#include "memory.h"
#include "report.h"
#include "rewrite.h"
#include "unpack.h"

/**
 * struct search - for libraries
 * @libs: found so far
 * @m: module that they are for
 * @img: its image
 * @control: who knows what there are wrappers for
 */
struct search {
	struct libraries *libs;
	const struct module *m;
	const struct image *img;
	struct control *control;
};

static int read_library(const struct search *search, struct library *lib, const char *path)
{
	const char *ours = image_modinfo(search->img, "vermagic") ?: "", *its;
	unsigned char *file;
	size_t size;
	int err;

	file = unpack(path, &size);
	if (!file)
		return -1;
	err = image_read(&lib->img, file, size);
	free(file);
	if (err || rewrite_check(&lib->img) || !image_module_name(&lib->img))
		return -1;
	its = image_modinfo(&lib->img, "vermagic") ?: "";
	if (strcmp(its, ours))
		return report_error("built for kernel \"%s\", but what needs it for \"%s\"", its, ours);
	return 0;
}

static struct library *find_library(const struct libraries *libs, const char *name)
{
	size_t i;

	for (i = 0; i < libs->nr; i++) {
		if (!strcmp(libs->library[i]->name, name))
			return libs->library[i];
	}
	return NULL;
}

static struct library *add_library(const struct search *search, const char *name)
{
	struct libraries *libs = search->libs;
	struct library *lib = xcalloc(1, sizeof(*lib));
	char *path = module_dependency(search->m, name);
	const char *about;
	int failed;

	libs->library = xrealloc(libs->library, libs->nr + 1, sizeof(*libs->library));
	libs->library[libs->nr++] = lib;
	lib->name = strdup(name);
	if (!lib->name)
		err(EXIT_FAILURE, "out of memory");
	if (!path)
		return NULL;
	about = report_about(lib->name);
	failed = read_library(search, lib, path);
	report_about(about);
	free(path);
	if (!failed)
		return lib;
	report_error("can't be without %s, which it depends on", name);
	return NULL;
}

static bool has_export(const struct image *lib, const char *wanted)
{
	const char *name;
	size_t i;

	for (i = 1; i < image_nr_symbols(lib); i++) {
		if (link_is_export(lib, i, &name) && !strcmp(name, wanted))
			return true;
	}
	return false;
}

/* Does the user import from the library what has no wrapper? */
static int decide(const struct search *search, const struct image *user, struct library *lib)
{
	size_t i;

	for (i = 1; i < image_nr_symbols(user) && !lib->is_linked; i++) {
		const char *name = image_symbol_name(user, i);
		bool is_known;

		if (image_symbol(user, i)->st_shndx != SHN_UNDEF || !has_export(&lib->img, name))
			continue;
		if (control_peek(search->control, name, &is_known))
			return -1;
		if (is_known)
			continue;
		report_detail("%s comes into the domain: no wrapper for %s", lib->name, name);
		lib->is_linked = true;
	}
	return 0;
}

/* The next of the names that an image depends on, NULL after the last; @list: from image_depends() */
static char *next_name(char **list)
{
	char *name;

	do
		name = strsep(list, ",");
	while (name && !*name);
	return name;
}

static char *image_depends(const struct image *img)
{
	char *list = strdup(image_modinfo(img, "depends") ?: "");

	if (!list)
		err(EXIT_FAILURE, "out of memory");
	return list;
}

/* Decide about all that an image in the domain depends on. */
static int search_for(const struct search *search, const struct image *user)
{
	char *list = image_depends(user), *next = list, *name;
	int err = 0;

	while (!err && (name = next_name(&next))) {
		struct library *lib = find_library(search->libs, name);

		if (!lib)
			lib = add_library(search, name);
		if (!lib)
			err = -1;
		else if (!lib->is_linked)
			err = decide(search, user, lib) ||
			      (lib->is_linked && search_for(search, &lib->img)) ? -1 : 0;
	}
	free(list);
	return err;
}

/* Put what an image needs into the order of initialisation. */
static void order(struct libraries *libs, const struct image *user)
{
	char *list = image_depends(user), *next = list, *name;

	while ((name = next_name(&next))) {
		struct library *lib = find_library(libs, name);

		if (!lib || !lib->is_linked || lib->is_ordered)
			continue;
		lib->is_ordered = true;
		order(libs, &lib->img);
		libs->linked = xrealloc(libs->linked, libs->nr_linked + 1, sizeof(*libs->linked));
		libs->linked[libs->nr_linked++] = lib;
	}
	free(list);
}

/**
 * libraries_find - find out what comes into the domain with a driver
 * @libs: zeroed; to be freed by libraries_free() whatever the result
 * @m: the driver
 * @img: its image as it was read
 * @control: whom to ask; if there is nobody, nothing is found
 *
 * Return: 0, or -1 after a message.
 */
int libraries_find(struct libraries *libs, const struct module *m, const struct image *img,
		   struct control *control)
{
	struct search search = { .libs = libs, .m = m, .img = img, .control = control };

	if (!control_can_bind(control))
		return 0;
	if (search_for(&search, img))
		return -1;
	order(libs, img);
	return 0;
}

static void add_native(const struct libraries *libs, const struct image *user, char **names)
{
	char *list = image_depends(user), *next = list, *name, *old;

	while ((name = next_name(&next))) {
		const struct library *lib = find_library(libs, name);

		if (lib && lib->is_linked)
			continue;
		old = *names;
		if (asprintf(names, "%s%s%s", old, *old ? "," : "", name) < 0)
			err(EXIT_FAILURE, "out of memory");
		free(old);
	}
	free(list);
}

/**
 * libraries_native - what the modules in the domain need outside of it
 * @libs: found
 * @img: the driver's image
 *
 * Return: names with commas between them, some of them twice; to be freed.
 */
char *libraries_native(const struct libraries *libs, const struct image *img)
{
	char *names = xcalloc(1, 1);
	size_t i;

	add_native(libs, img, &names);
	for (i = 0; i < libs->nr_linked; i++)
		add_native(libs, &libs->linked[i]->img, &names);
	return names;
}

/**
 * libraries_link - make one image of a driver and its libraries
 * @libs: found
 * @img: the driver's image as it was read
 *
 * Return: 0, or -1 after a message.
 */
int libraries_link(const struct libraries *libs, struct image *img)
{
	struct link link = {};
	size_t i;
	int err = 0;

	if (!libs->nr_linked)
		return 0;
	link_begin(&link, img, libs->nr_linked);
	for (i = 0; i < libs->nr_linked && !err; i++)
		err = link_add(&link, &libs->linked[i]->img,
			       image_module_name(&libs->linked[i]->img));
	link_end(&link);
	return err;
}

/**
 * libraries_free - give back what belongs to libraries
 * @libs: the libraries
 */
void libraries_free(struct libraries *libs)
{
	size_t i;

	for (i = 0; i < libs->nr; i++) {
		image_free(&libs->library[i]->img);
		free(libs->library[i]->name);
		free(libs->library[i]);
	}
	free(libs->library);
	free(libs->linked);
	*libs = (struct libraries){};
}
