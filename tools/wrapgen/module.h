/* SPDX-License-Identifier: GPL-2.0 */
/* A driver's imports, held against the annotations. */
#ifndef WRAPGEN_MODULE_H
#define WRAPGEN_MODULE_H

#include <stdbool.h>

/* List the imports of a module by kind; whether all of its functions are offered. */
bool module_check_imports(const char *path);
/* Write skeletons of the annotations that it lacks; whether it lacks none. */
bool module_suggest(const char *path);

#endif
