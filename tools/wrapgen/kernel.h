/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the BTF of the kernel and of its modules says. Types are named by their BTF ids; 0 is void, or
 * nothing found.
 */
#ifndef WRAPGEN_KERNEL_H
#define WRAPGEN_KERNEL_H

#include <bpf/btf.h>
#include <stdbool.h>

enum type_class {
	TYPE_VOID,
	TYPE_INT,			/* and enums */
	TYPE_BOOL,
	TYPE_POINTER,
	TYPE_RECORD,			/* a struct or a union */
	TYPE_FUNCTION,
	TYPE_OTHER,
};

/**
 * struct c_type - what a type is behind its typedefs and qualifiers
 * @id: the type itself
 * @size: bytes; 0 when the kernel's headers keep it to themselves
 * @name: of a struct, union or integer
 */
struct c_type {
	__u32 id;
	enum type_class class;
	bool is_const;
	bool is_signed;
	__u32 size;
	const char *name;
};

void kernel_read(const char *path);
/* A module, from NAME.btf beside the kernel's; before all below. False, with errno: there is none. */
bool kernel_read_module(const char *name);

/* The prototype of a function; *@many tells whether the kernel has several by this name. */
__u32 kernel_function(const char *name, bool *many);
/* Whether only modules have this function. */
bool kernel_is_modular(const char *function);
__u32 kernel_struct(const char *name, bool *many);
__u32 kernel_typedef(const char *name);

const struct btf_type *kernel_type(__u32 id);
const char *kernel_name(__u32 offset);
struct c_type kernel_c_type(__u32 id);
/* What a pointer points to. */
struct c_type kernel_target(__u32 id);
/* The prototype behind a function, a pointer to one or a typedef of either, or 0. */
__u32 kernel_prototype(__u32 id);
/* Whether the type is that typedef, directly or through others. */
bool kernel_is_typedef(__u32 id, const char *name);
/* A declaration in C, of @name or (when empty) abstract. */
char *kernel_declare(__u32 id, const char *name);

#endif
