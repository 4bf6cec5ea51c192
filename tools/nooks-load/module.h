/* SPDX-License-Identifier: GPL-2.0 */
/* A module as the running system knows it. */
#ifndef NOOKS_LOAD_MODULE_H
#define NOOKS_LOAD_MODULE_H

#include <libkmod.h>
#include <stdbool.h>
#include <stddef.h>

/**
 * struct module - a module file and what goes with it
 * @ctx: of libkmod
 * @release: the kernel that it is for
 * @is_elsewhere: which is not the running one, of which nothing is asked then
 * @mod: found by name or alias; NULL for a file
 * @path: the file; NULL for @mod
 * @needed: modules that are not loaded yet, in the order in which to load them
 * @nr_needed: their number
 * @nr_loaded: how many of these have been loaded
 */
struct module {
	struct kmod_ctx *ctx;
	const char *release;
	bool is_elsewhere;
	struct kmod_module *mod;
	const char *path;
	struct kmod_module **needed;
	size_t nr_needed;
	size_t nr_loaded;
};

int module_find(struct module *m, const char *name, const char *root, const char *release,
		const char *config);
const char *module_path(const struct module *m);
bool module_is_loaded(const struct module *m, const char *name);
char *module_parameters(const struct module *m, const char *name, char **args);
char *module_add_options(const struct module *m, const char *name, char *parameters);
char *module_dependency(const struct module *m, const char *name);
int module_find_needed(struct module *m, const char *depends);
int module_load_needed(struct module *m);
void module_unload_needed(struct module *m);
void module_load_companions(const struct module *m);
bool module_nooks_is_off(void);
int module_load_native(const struct module *m, char **args);
int module_insert(int image, const char *parameters);
int module_remove(struct module *m, const char *name, bool is_dry);
void module_free(struct module *m);

#endif
