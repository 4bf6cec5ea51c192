/* SPDX-License-Identifier: GPL-2.0 */
/* Source lines of a module, from its debug information. */
#ifndef NOOKSCTL_SOURCE_H
#define NOOKSCTL_SOURCE_H

#include <stdbool.h>

struct source;

struct source *source_open(const char *module, const char *kernel, const char *build_id);
char *source_of(struct source *source, const char *symbol, bool is_return);
void source_close(struct source *source);

#endif
