// SPDX-License-Identifier: GPL-2.0
/* Loading one module into a domain, from its name to its running init. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "control.h"
#include "file.h"
#include "library.h"
#include "load.h"
#include "module.h"
#include "parameters.h"
#include "privileged.h"
#include "relocs.h"
#include "report.h"
#include "rewrite.h"
#include "sections.h"
#include "unpack.h"

/**
 * struct load - a module that is being loaded
 * @opt: how
 * @module: as the system knows it
 * @libs: what it needs of other modules
 * @rw: its image
 * @name: its name in the kernel; belongs to @rw
 * @args: parameters of the command line
 * @parameters: for its init: what modprobe.d sets, then these
 * @control: what it is bound by
 * @domain: what it will run in
 */
struct load {
	const struct load_options *opt;
	struct module module;
	struct libraries libs;
	struct rewrite rw;
	const char *name;
	char **args;
	char *parameters;
	struct control control;
	struct nooks_create domain;
};

static int read_image(struct load *load)
{
	unsigned char *file;
	size_t size;
	int err;

	file = unpack(module_path(&load->module), &size);
	if (!file)
		return -1;
	err = image_read(&load->rw.img, file, size);
	free(file);
	return err;
}

static int find_name(struct load *load)
{
	load->name = image_module_name(&load->rw.img);
	if (!load->name)
		return -1;
	report_about(load->name);
	return 0;
}

/* What speaks against it here and now; a dry run goes on. */
static int check_kernel(const struct load *load)
{
	int (*report)(const char *fmt, ...) = load->opt->is_dry ? report_warning : report_error;
	const char *magic = image_modinfo(&load->rw.img, "vermagic") ?: "";
	const char *release = load->module.release;
	int len = strcspn(magic, " ");

	if (strlen(release) != (size_t)len || strncmp(magic, release, len))
		return report("built for kernel \"%.*s\", not for %s: name a module of that kernel",
			      len, magic, release);
	if (module_is_loaded(&load->module, load->name))
		return report("loaded already: unload it first: modprobe -r %s, or nooks-load -r %s",
			      load->name, load->name);
	return 0;
}

static int prepare(struct load *load, const char *name)
{
	const struct load_options *opt = load->opt;

	report_setup(name, opt->is_verbose);
	if (module_find(&load->module, name, opt->root, opt->release, opt->config) ||
	    read_image(load) || find_name(load) || check_kernel(load) ||
	    rewrite_check(&load->rw.img))
		return -1;
	load->parameters = module_parameters(&load->module, load->name, load->args);
	return 0;
}

/* With the device missing a dry run goes on without a domain. */
static int create_domain(struct load *load)
{
	bool is_dry = load->opt->is_dry;

	load->control.fake_base = load->opt->fake_base;
	if (!load->control.fake_base && control_open(&load->control, is_dry))
		return is_dry ? 0 : -1;
	if (control_create(&load->control, load->name,
			   load->opt->is_learning ? NOOKS_CREATE_LEARN : 0, &load->domain))
		return -1;
	if (!reloc_branch_reaches(load->domain.entry))
		return report_error("the domain's entry %#llx is out of reach", load->domain.entry);
	return 0;
}

/* What it depends on comes into the domain with it, or is loaded natively. */
static int link_libraries(struct load *load)
{
	struct libraries *libs = &load->libs;
	char *native;
	size_t i;
	int err;

	if (libraries_find(libs, &load->module, &load->rw.img, &load->control))
		return -1;
	native = libraries_native(libs, &load->rw.img);
	err = module_find_needed(&load->module, native);
	free(native);
	if (err || parameters_check(&load->rw.img, libs, load->args) ||
	    libraries_link(libs, &load->rw.img))
		return -1;
	privileged_report(&load->rw.img);
	/* They come first, so that arguments of the command line win. */
	for (i = 0; i < libs->nr_linked; i++)
		load->parameters = module_add_options(&load->module,
						      image_module_name(&libs->linked[i]->img),
						      load->parameters);
	load->rw.nr_libraries = libs->nr_linked;
	rewrite_prepare(&load->rw);
	return 0;
}

static int resolve(struct load *load)
{
	return imports_resolve(&load->rw.imports, &load->rw.img, &load->control);
}

/* Return: a file with the rewritten image, or -1. */
static int finish_image(struct load *load)
{
	int file;

	if (imports_check(&load->rw.imports, &load->rw.img))
		return -1;
	rewrite_finish(&load->rw, &load->domain);
	file = memfd_create(load->name, MFD_CLOEXEC);
	if (file < 0)
		return report_error("no memory for the image: %s", strerror(errno));
	if (image_write(&load->rw.img, file)) {
		close(file);
		return -1;
	}
	return file;
}

/* What it has learned so far; a domain whose init has failed is there until its control file closes. */
static void print_learned(const struct load *load)
{
	char path[NOOKS_NAME_LEN + 64], line[1024];
	FILE *f;

	snprintf(path, sizeof(path), "/sys/kernel/debug/nooks/%s/learned", load->name);
	f = fopen(path, "re");
	if (!f) {
		report_warning("can't open %s: %s; what is learned is in dmesg, too", path,
			       strerror(errno));
		return;
	}
	printf("# learned by %s up to now; later: nooksctl learned %s\n", load->name, load->name);
	while (fgets(line, sizeof(line), f))
		fputs(line, stdout);
	fclose(f);
}

static int insert(struct load *load)
{
	int file, err;

	file = finish_image(load);
	if (file < 0)
		return -1;
	if (load->opt->is_learning)
		report_warning("learn mode: protection is reduced until it is unloaded");
	err = module_insert(file, load->parameters);
	close(file);
	if (load->opt->is_learning)
		print_learned(load);
	return err;
}

static int run(struct load *load)
{
	if (create_domain(load) || link_libraries(load))
		return -1;
	if (module_load_needed(&load->module) || resolve(load) || insert(load)) {
		module_unload_needed(&load->module);
		return -1;
	}
	report_detail("loaded in domain %u", load->domain.id);
	module_load_companions(&load->module);
	return 0;
}

/* Why an import may be unresolved that will not be when it counts. */
static const char *resolve_hint(const struct load *load)
{
	if (!load->rw.imports.nr_unbound)
		return "";
	if (!control_can_bind(&load->control))
		return " (there is no nooks.ko to ask)";
	return load->module.nr_needed ? " (more is known when what it needs is loaded)" : "";
}

/* Where what it needs will be is not known. */
static const char *needs_hint(const struct load *load)
{
	const char *depends = image_modinfo(&load->rw.img, "depends") ?: "";

	return !*depends || control_can_bind(&load->control) ? "" :
	       " (or linked in: there is no nooks.ko to ask)";
}

static void print_plan(const struct load *load)
{
	static const char * const kinds[] = { "text", "rodata", "data", "init-ro", "kernel" };
	unsigned int nr[sizeof(kinds) / sizeof(*kinds)] = {};
	const struct rewrite *rw = &load->rw;
	size_t i;

	printf("%s: would be loaded in a domain, from %s\n", load->name,
	       module_path(&load->module));
	printf("  parameters   %s\n", *load->parameters ? load->parameters : "none");
	printf("  linked in   ");
	for (i = 0; i < load->libs.nr_linked; i++)
		printf(" %s", load->libs.linked[i]->name);
	printf("%s\n", i ? "" : " nothing");
	printf("  needs       ");
	for (i = 0; i < load->module.nr_needed; i++)
		printf(" %s", kmod_module_get_name(load->module.needed[i]));
	printf("%s\n", i ? needs_hint(load) : " nothing that is not loaded");
	printf("  imports      %zu, %zu unresolved%s\n", rw->imports.nr, rw->imports.nr_unbound,
	       resolve_hint(load));
	imports_print_denied(&rw->imports, &rw->img);
	printf("  entry stubs  %zu\n", rw->stubs.nr);

	for (i = 1; i < rw->img.nr_sec; i++)
		nr[section_kind(&rw->img.sec[i])] += section_is_loaded(&rw->img.sec[i]);
	printf("  sections    ");
	for (i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		printf(" %s %u,", kinds[i], nr[i]);
	printf(" dropped %u\n", rw->nr_dropped);
}

static int save_image(struct load *load)
{
	int file, err;

	file = finish_image(load);
	if (file < 0)
		return -1;
	err = file_copy(file, load->opt->output);
	close(file);
	return err;
}

static int show(struct load *load)
{
	if (create_domain(load) || link_libraries(load) || resolve(load))
		return -1;
	print_plan(load);
	if (load->opt->output)
		return control_can_bind(&load->control) ? save_image(load) :
			report_error("no image without addresses: modprobe nooks, or give --fake-base");
	return *resolve_hint(load) ? 0 : imports_check(&load->rw.imports, &load->rw.img);
}

/* The user has switched nooks off at boot, and wants the machine as it is without. */
static int load_native(const struct load_options *opt, const char *name, char **args)
{
	struct module module = {};
	int err;

	report_setup(name, opt->is_verbose);
	err = module_find(&module, name, NULL, NULL, opt->config);
	if (!err) {
		report_warning("nooks is switched off (nooks.enable=0): loaded natively, without a domain");
		err = module_load_native(&module, args);
	}
	module_free(&module);
	return err;
}

/**
 * load - load a module into a domain
 * @opt: how
 * @name: of the module, an alias or a path
 * @args: parameters of the module, NULL-terminated
 *
 * Return: 0, or -1 after a message; then nothing is left behind.
 */
int load(const struct load_options *opt, const char *name, char **args)
{
	struct load load = { .opt = opt, .args = args, .control = { .fd = -1 } };
	int err;

	if (!opt->is_dry && module_nooks_is_off())
		return load_native(opt, name, args);
	err = prepare(&load, name);
	if (!err)
		err = opt->is_dry ? show(&load) : run(&load);
	control_close(&load.control);
	module_free(&load.module);
	free(load.parameters);
	libraries_free(&load.libs);
	rewrite_free(&load.rw);
	return err;
}
