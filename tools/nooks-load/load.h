/* SPDX-License-Identifier: GPL-2.0 */
/* Loading one module into a domain. */
#ifndef NOOKS_LOAD_LOAD_H
#define NOOKS_LOAD_LOAD_H

#include <stdbool.h>
#include <stdint.h>

/**
 * struct load_options - how to load
 * @is_dry: change nothing, say what would be done
 * @is_verbose: say every step
 * @is_learning: put the domain into learn mode, and print what was learned
 * @output: with @is_dry: file for the image, or NULL
 * @root: with @is_dry: directory that stands for /, or NULL
 * @release: with @is_dry: kernel whose modules to use; NULL: the running one
 * @config: modprobe's configuration file or directory; NULL: the system's
 * @fake_base: with @is_dry: bind to made-up addresses from here on; 0: do not
 */
struct load_options {
	bool is_dry;
	bool is_verbose;
	bool is_learning;
	const char *output;
	const char *root;
	const char *release;
	const char *config;
	uint64_t fake_base;
};

int load(const struct load_options *opt, const char *name, char **args);

#endif
