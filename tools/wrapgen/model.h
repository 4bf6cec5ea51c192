/* SPDX-License-Identifier: GPL-2.0 */
/* What the annotations say, bound to the kernel's types: all that the emitters need. */
#ifndef WRAPGEN_MODEL_H
#define WRAPGEN_MODEL_H

#include <linux/types.h>
#include <stdbool.h>

#include "diag.h"
#include "source.h"

#define MAX_ROLE_ARGS 8			/* of struct nooks_role */
#define STRING_MAX "4096"		/* bytes of a string, unless annotated */

struct ops;

/**
 * struct field - a leaf of a tracked type
 * @id: its type
 * @lock: a part of a lock
 * @bits: 0, or of how many bits a bit field is
 * @first_bit: of a bit field, from @offset
 * @any: any value may be stored
 * @counted: one more or one less than there is
 * @ignored: stores are performed nowhere
 * @own: of a shadow: the driver's copy has a value of its own
 * @check: any value that nooks_field_NAME(), written by hand, lets through
 * @ops: the address of such a table
 * @type: the address of such an object
 */
struct field {
	const char *name;
	__u32 offset;
	__u32 size;
	__u32 id;
	bool lock;
	__u32 bits;
	__u32 first_bit;
	bool any;
	bool counted;
	bool ignored;
	bool own;
	const char *check;
	const struct ops *ops;
	const struct type *type;
};

#define SHADOW_SLOT 256			/* NOOKS_SHADOW_SLOT */
#define SHADOW_OBJECTS 4		/* of struct nooks_shadow_layout */

/**
 * struct type - a kernel struct that domains handle by pointer
 * @shadow: NULL, or drivers see copies, for which there is nooks_shadow_NAME
 */
struct type {
	struct pos pos;
	const char *name;
	__u32 id;
	__u32 size;
	struct field *fields;
	unsigned int nr_fields;
	const char *shadow;
};

enum role_arg_kind { ROLE_SCALAR, ROLE_OBJECT, ROLE_BUFFER, ROLE_CONST };

/**
 * struct role_arg - an argument of a call from the kernel into a driver
 * @size: of memory: a constant in C
 * @len_arg: @size counts as often as the argument of this number (from 1) says, or the
 *	@len_size bytes at @len_offset behind it; 0: once
 */
struct role_arg {
	const char *name;
	__u32 id;
	enum role_arg_kind kind;
	const struct type *type;
	const char *size;
	unsigned int len_arg;
	__u32 len_offset;
	__u32 len_size;
};

/** struct role - a place from which the kernel calls into drivers */
struct role {
	struct pos pos;
	const char *name;
	const char *ident;		/* @name as a C identifier */
	__u32 proto;
	struct role_arg *args;
	unsigned int nr_args;
	const char *returns;		/* suffix of an enum nooks_return_kind */
	__u32 ret_size;
	const char *min, *max;		/* for RANGE */
	const char *fail;
	const char *hook;
	const char *denied;		/* why no domain may take this role */
};

/** struct member - a pointer in an ops table, to a function or to another ops table */
struct member {
	const char *name;
	__u32 offset;
	struct role *role;
	const struct ops *ops;
};

/** struct ops - a struct of function pointers that drivers hand to the kernel */
struct ops {
	struct pos pos;
	const char *name;
	__u32 id;
	__u32 size;
	struct member *members;
	unsigned int nr_members;
};

enum check {
	CHECK_NONE,
	CHECK_OBJECT,
	CHECK_WRITABLE,
	CHECK_READABLE,
	CHECK_STRING,
	CHECK_CALLBACK,
	CHECK_OPS,
	CHECK_RANGE,
	CHECK_BY_HAND,
};

/** struct param - a parameter of a kernel function, and the check that its wrapper makes */
struct param {
	const char *name;		/* BTF's; "argN" when that has none */
	const char *local;		/* in the wrapper */
	__u32 id;
	enum check check;
	bool null_ok;
	bool unknown;			/* of a sketch: the type does not say how to check it */
	const struct type *type;	/* OBJECT */
	const char *inside;		/* OBJECT: the pointer is to this field of it */
	const char *size;		/* WRITABLE, READABLE, STRING: in C */
	const struct role *role;	/* CALLBACK */
	const struct ops *ops;		/* OPS */
	const char *min, *max;		/* RANGE */
	const char *by_hand;		/* BY_HAND: nooks_check_... */
};

enum function_kind {
	FUNCTION_GENERATED,
	FUNCTION_MANUAL,
	FUNCTION_INSIDE,
	FUNCTION_COPIED,
	FUNCTION_DENIED,
	NR_FUNCTION_KINDS
};

extern const char * const function_kinds[NR_FUNCTION_KINDS];

/**
 * struct function - a kernel function and how it is offered to domains
 * @name: or "STRUCT.MEMBER", of a pointer in a table of the kernel's through which drivers call it
 * @ident: @name as a C identifier
 * @wrapper: of what is written by hand: the identifier that the statement's own name gives
 * @through: in C, the table by whose pointer the wrapper calls; NULL: by name
 */
struct function {
	struct pos pos;
	const char *name;
	const char *ident;
	const char *wrapper;
	const char *through;
	enum function_kind kind;
	bool enters_inside;		/* INSIDE; or MANUAL, and called by what runs in the domain */
	const char *reason;		/* DENIED */
	const char *contract;		/* MANUAL: what the wrapper checks and does, in words */
	__u32 proto;
	bool late;			/* a module's, which may not be there: called by a pointer */
	bool sleeps;
	bool may_be_asm;		/* of a sketch: assembly has this prototype in BTF, too */
	struct param *params;
	unsigned int nr_params;
	const char **requires;		/* conditions on the arguments, in C */
	unsigned int nr_requires;
};

/** struct device - one that recovery must treat otherwise: it needs its driver's stop function */
struct device {
	struct pos pos;
	const char *name;
	unsigned int vendor, device;	/* PCI's numbers */
};

struct model {
	struct type **types;
	unsigned int nr_types;
	struct ops **ops;
	unsigned int nr_ops;
	struct role **roles;
	unsigned int nr_roles;
	struct function **functions;	/* sorted by name once the model is built */
	unsigned int nr_functions;
	const char **modular;		/* files about modules that this kernel has */
	unsigned int nr_modular;
	const char **built_in;		/* files about such as it has built in, or not at all */
	unsigned int nr_built_in;
	const char **have;		/* what "have" statements name, of what this kernel has */
	unsigned int nr_have;
	struct device *devices;
	unsigned int nr_devices;
};

/* The one model; complaints are counted by diag.c. */
extern struct model model;

void model_build(struct source *source);

/* The struct that a statement names; 0, after a complaint unless it is optional: none. */
__u32 declared_struct(const struct statement *s);

/* type.c */
struct type *type_find(const char *name);
struct type *type_of(__u32 record_id);
void type_declare(const struct statement *s);
void field_declare(const struct statement *s);
bool field_denied(const struct field *field);
/* Of a denied field: the policy that learn mode gives it, the suffix of an enum nooks_policy. */
const char *field_learned(const struct field *field);
/* A field of any struct or union, or NULL. */
const struct field *record_field(__u32 record_id, const char *path);
bool record_has(__u32 record_id, const char *path);

/* ops.c */
struct ops *ops_find(const char *name);
struct ops *ops_of(__u32 record_id);
void ops_declare(const struct statement *s);
void ops_fill(const struct statement *s);

/* role.c */
struct role *role_find(const char *name);
struct role *role_new(struct pos pos, const char *name, __u32 proto);
void role_check(const struct role *role);
/* Whether nooks can call it at all, be it only in learn mode. */
bool role_callable(const struct role *role);
void callback_declare(const struct statement *s);
/* Of a typedef, STRUCT.MEMBER or FUNCTION.PARAMETER; 0: there is none. */
__u32 find_prototype(const char *name);
void role_annotate(const struct statement *s);

/* condition.c */
/* A function, struct or typedef; STRUCT.FIELD, a field of any depth; or FUNCTION.PARAMETER. */
bool kernel_has(const char *name);
/* Whether the conditions of a statement hold; they are taken out of it. */
bool statement_applies(struct statement *s);
void have_declare(const struct statement *s);

/* device.c */
void device_declare(const struct statement *s);

/* function.c */
struct function *function_find(const char *name);
/* Whether it is a method: a member of a table. */
bool function_is_method(const struct function *fn);
/* The struct that has the method. */
const char *function_table(const struct function *fn);
/* Whether it is called by a pointer, which is bound when a driver imports it. */
bool function_is_late(const struct function *fn);
void function_declare(const struct statement *s);
/*
 * What a statement with nothing but the name would make, and why there can't be a generated wrapper,
 * or NULL. The model is not changed. NULL if BTF does not know the function.
 */
struct function *function_sketch(const char *name, const char **problem);

/* Whether @name is @pattern, or begins with it up to a '*' at its end. */
bool name_matches(const char *name, const char *pattern);
/* Text with every '.' turned into '_'. */
char *identifier(const char *name);

#endif
