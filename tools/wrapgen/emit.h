/* SPDX-License-Identifier: GPL-2.0 */
/* The files that wrapgen writes. */
#ifndef WRAPGEN_EMIT_H
#define WRAPGEN_EMIT_H

#include <stdio.h>

/*
 * Write every file of the model to @dir; their headers name @from, what they were made of. A file that is so already
 * keeps its time: make need not build again what includes it.
 */
void emit_all(const char *dir, const char *from);

/* One file. */
void emit_header(FILE *f);
void emit_have(FILE *f);
void emit_wrappers(FILE *f);
void emit_imports(FILE *f);
void emit_stubs(FILE *f);
void emit_types(FILE *f);
void emit_roles(FILE *f);
void emit_devices(FILE *f);
void emit_coverage(FILE *f);

/* A number in C; constants may be of a type that sparse restricts. */
const char *emit_number(const char *text);

/* The names of the hand-written hooks of roles and checks of arguments and of fields, each once. */
struct names {
	const char **names;
	unsigned int nr;
};

struct names hook_names(void);
struct names check_names(void);
struct names field_check_names(void);

#endif
