/* SPDX-License-Identifier: GPL-2.0 */
/* Wrappers: what the generator emits and what hand-written bodies build on. */
#ifndef NOOKS_WRAPPER_H
#define NOOKS_WRAPPER_H

#include <linux/types.h>

struct nooks_crossing;
struct nooks_domain;
struct nooks_shadow;
struct nooks_stub;

/*
 * A wrapper runs in the kernel's view on the kernel stack of the crossing @x, with the six
 * argument registers of the driver's call. Arguments beyond the sixth stand on the domain's stack:
 * nooks_stack_arg(x, 0) is the seventh. The value returned goes to the driver; when the
 * wrapper has failed the domain, the thread is unwound instead and the value is not used.
 */
typedef unsigned long (*nooks_wrapper_fn)(unsigned long a0, unsigned long a1, unsigned long a2,
					  unsigned long a3, unsigned long a4, unsigned long a5,
					  struct nooks_crossing *x);

#define NOOKS_WRAPPER_PROTOTYPE(name)							\
	unsigned long nooks_w_##name(unsigned long a0, unsigned long a1,		\
				     unsigned long a2, unsigned long a3,		\
				     unsigned long a4, unsigned long a5,		\
				     struct nooks_crossing *x)
/* Declared here, too: some kernel may not have the function, and then generated.h does not. */
#define NOOKS_WRAPPER(name)								\
	NOOKS_WRAPPER_PROTOTYPE(name);							\
	NOOKS_WRAPPER_PROTOTYPE(name)

/**
 * enum nooks_import_kind - how a kernel function is offered to domains
 * @NOOKS_IMPORT_GENERATED: by a wrapper that the generator wrote
 * @NOOKS_IMPORT_MANUAL: by a hand-written wrapper
 * @NOOKS_IMPORT_BOTH: by code of the in-domain library, which calls a hand-written wrapper for what it can't do
 * @NOOKS_IMPORT_INSIDE: by code of the in-domain library, without a crossing
 * @NOOKS_IMPORT_COPIED: by a copy of the kernel's own code in the domain, without a crossing (leaf.c)
 * @NOOKS_IMPORT_DENIED: not at all: a call fails the domain
 */
enum nooks_import_kind {
	NOOKS_IMPORT_GENERATED,
	NOOKS_IMPORT_MANUAL,
	NOOKS_IMPORT_BOTH,
	NOOKS_IMPORT_INSIDE,
	NOOKS_IMPORT_COPIED,
	NOOKS_IMPORT_DENIED,
};

/**
 * struct nooks_import - one kernel function that a driver may import
 * @name: the symbol
 * @kind: see enum nooks_import_kind
 * @wrapper: called in the kernel's view; NULL for INSIDE and COPIED
 * @stub: what a driver's call binds to: the stub, or the in-domain function
 * @reason: for DENIED, why
 * @late: NULL, or for a function of a module, the pointer by which @wrapper calls it. That module may
 *	not be there: the pointer is bound when a driver imports the function, which holds the module
 *
 * nooks_imports[] is sorted by name (strcmp order); the index of an entry is the number that its stub
 * passes to nooks_leave.
 */
struct nooks_import {
	const char *name;
	enum nooks_import_kind kind;
	nooks_wrapper_fn wrapper;
	const void *stub;
	const char *reason;
	void **late;
};

/* Such a pointer, for hand-written code. */
#define NOOKS_LATE(fn) extern typeof(fn) *nooks_late_##fn

extern const struct nooks_import nooks_imports[];
extern const unsigned int nooks_nr_imports;

/**
 * enum nooks_policy - what a domain may store into a field of a kernel object
 * @NOOKS_FIELD_DENIED: nothing (default)
 * @NOOKS_FIELD_ANY: any value
 * @NOOKS_FIELD_CALLBACKS: the address of an ops table of the domain's image; binds its roles
 * @NOOKS_FIELD_OBJECT: NULL, or the address of a tracked object of the domain's
 * @NOOKS_FIELD_COUNTED: one more or one less; taken back when the driver dies (objtracker/count.h)
 * @NOOKS_FIELD_IGNORED: any value, which is dropped: what the field offers is not there for domains
 * @NOOKS_FIELD_PRIVATE: of a type with shadows: the driver's copy has a value of its own
 * @NOOKS_FIELD_CHECKED: what a function written by hand lets through: struct nooks_field.check
 * @NOOKS_FIELD_OWN: NULL, or the address of memory of the driver's; in learn mode only
 * @NOOKS_FIELD_FUNCTION: NULL, a function of the driver's or the kernel's; in learn mode only
 */
enum nooks_policy {
	NOOKS_FIELD_DENIED,
	NOOKS_FIELD_ANY,
	NOOKS_FIELD_CALLBACKS,
	NOOKS_FIELD_OBJECT,
	NOOKS_FIELD_COUNTED,
	NOOKS_FIELD_IGNORED,
	NOOKS_FIELD_PRIVATE,
	NOOKS_FIELD_CHECKED,
	NOOKS_FIELD_OWN,
	NOOKS_FIELD_FUNCTION,
};

/*
 * A hand-written check of a store to a field: "nooks_field_<name>". @addr is that of the field; @old and
 * @new are the bytes that the store covers, in their places in the field's little-endian word, the
 * others 0 in both. It is asked with @done false, maybe several times, and with @done true once
 * after the store was performed: to keep books. Context: fault handler, interrupts off.
 * Return: NULL, or what is wrong.
 */
typedef const char *(*nooks_field_check_fn)(struct nooks_crossing *x, unsigned long addr, u64 old,
					    u64 new, bool done);

/**
 * struct nooks_field - a leaf field of a tracked type (nested structs and unions are flattened; bit
 * fields are reported as the bytes that hold them; an array is one leaf)
 * @name: dotted path inside the type ("stats.rx_bytes")
 * @offset: bytes from the start of the object
 * @size: bytes
 * @policy: enum nooks_policy
 * @learn: for DENIED: the policy in learn mode
 * @ops: for CALLBACKS: index into nooks_ops_tables[]
 * @type: for OBJECT: enum nooks_type_id
 * @target: for OWN and FUNCTION: what the pointer leads to, in C
 * @check: for CHECKED; for CALLBACKS: NULL, or what is asked, too
 */
struct nooks_field {
	const char *name;
	u32 offset;
	u32 size;
	u8 policy;
	u8 learn;
	u16 ops;
	u16 type;
	const char *target;
	nooks_field_check_fn check;
};

struct nooks_shadow_layout;		/* objtracker/words.h */

/**
 * struct nooks_type - a kernel type that domains handle by pointer
 * @fields: sorted by offset
 * @shadow: NULL, or drivers see copies (objtracker/shadow.h)
 */
struct nooks_type {
	const char *name;
	u32 size;
	u32 nr_fields;
	const struct nooks_field *fields;
	const struct nooks_shadow_layout *shadow;
};

/*
 * Indexed by enum nooks_type_id (generated): NOOKS_TYPE_net_device, ...; entry 0 is
 * NOOKS_TYPE_none.
 */
extern const struct nooks_type nooks_types[];
extern const unsigned int nooks_nr_types;

/**
 * enum nooks_arg_kind - what an argument of a kernel-to-driver call is
 * @NOOKS_ARG_SCALAR: a number or an opaque pointer (cookies): passed as it is
 * @NOOKS_ARG_OBJECT: a kernel object of a tracked type, lent for the length of the call
 * @NOOKS_ARG_SHADOW: as before, of a type that drivers see copies of
 * @NOOKS_ARG_BUFFER: memory of the caller, @size bytes, that the driver may write during the call
 * @NOOKS_ARG_CONST: memory of the caller that the driver may only read
 */
enum nooks_arg_kind {
	NOOKS_ARG_SCALAR,
	NOOKS_ARG_OBJECT,
	NOOKS_ARG_SHADOW,
	NOOKS_ARG_BUFFER,
	NOOKS_ARG_CONST,
};

/**
 * struct nooks_arg - one argument of a role
 * @name: of the parameter
 * @kind: enum nooks_arg_kind
 * @type: for OBJECT and SHADOW: enum nooks_type_id
 * @size: for BUFFER: bytes
 * @len_arg: for BUFFER: if not 0, @size counts as often as the argument of this number (from 1)
 *	says: by its value, or if @len_size is not 0 by that many bytes at @len_offset behind it.
 *	They are read before the call: the driver may be able to write there
 */
struct nooks_arg {
	const char *name;
	u8 kind;
	u8 len_arg;
	u8 len_size;
	u16 len_offset;
	u16 type;
	u32 size;
};

/**
 * enum nooks_return_kind - how a role's return value is checked
 * @NOOKS_RETURN_VOID: none
 * @NOOKS_RETURN_SCALAR: any value, truncated to @ret_size
 * @NOOKS_RETURN_ERRNO: 0 or a negative errno
 * @NOOKS_RETURN_RANGE: @ret_min to @ret_max (signed)
 * @NOOKS_RETURN_POINTER: a pointer
 */
enum nooks_return_kind {
	NOOKS_RETURN_VOID,
	NOOKS_RETURN_SCALAR,
	NOOKS_RETURN_ERRNO,
	NOOKS_RETURN_RANGE,
	NOOKS_RETURN_POINTER,
};

#define NOOKS_MAX_ROLE_ARGS	8

/**
 * struct nooks_role - a place from which the kernel calls into drivers: a member of an ops table or a
 * callback parameter
 * @name: "net_device_ops.ndo_open" or "irq_handler_t"
 * @fail: what the kernel gets when the domain is dead or dies during the call
 * @denied: why no driver may take it, unless in learn mode; NULL: any may
 * @args: those beyond the sixth are not among the argument registers: nooks/stub.c
 * @hook: NULL, or a hand-written body that replaces the generic one: "nooks_r_<hook>"
 */
struct nooks_role {
	const char *name;
	u8 nr_args;
	u8 ret;
	u8 ret_size;
	long ret_min, ret_max;
	long fail;
	const char *denied;
	struct nooks_arg args[NOOKS_MAX_ROLE_ARGS];
	unsigned long (*hook)(struct nooks_stub *stub, const struct nooks_role *role,
			      unsigned long *args);
};

extern const struct nooks_role nooks_roles[];	/* indexed by enum nooks_role_id, 0 is none */
extern const unsigned int nooks_nr_roles;

/**
 * struct nooks_ops_member - a pointer in an ops table
 * @name: dotted path inside the table
 * @offset: bytes from its start
 * @role: of a function pointer: enum nooks_role_id; 0 or a denied one: drivers must leave it NULL
 * @ops: of a pointer to another ops table: enum nooks_ops_id, else 0
 */
struct nooks_ops_member {
	const char *name;
	u32 offset;
	u16 role;
	u16 ops;
};

/** struct nooks_ops_table - a struct of function pointers that drivers hand to the kernel */
struct nooks_ops_table {
	const char *name;
	u32 size;
	u32 nr_members;
	const struct nooks_ops_member *members;
};

extern const struct nooks_ops_table nooks_ops_tables[];	/* by enum nooks_ops_id, 0 is none */
extern const unsigned int nooks_nr_ops_tables;

/**
 * struct nooks_method - a function that drivers call by a pointer in a table of the kernel's
 * @table: enum nooks_methods_id: the kind of table; the last entry of nooks_methods[] has none
 * @offset: of the pointer in it
 * @import: index into nooks_imports[] of what a domain calls instead
 */
struct nooks_method {
	u16 table;
	u16 offset;
	u16 import;
};

extern const struct nooks_method nooks_methods[];

/*
 * Checks that generated wrappers call, in the kernel's view. Each returns true if the argument is good;
 * otherwise it has failed the domain (report: kind "bad argument", @fn, @arg, reason) and the
 * wrapper returns at once. Any context; none sleeps.
 */
bool nooks_arg_object(struct nooks_crossing *x, const void *p, unsigned int type, bool null_ok,
		      const char *fn, const char *arg);
/* As nooks_arg_object(), of a type with shadows: objtracker/shadow.c. To be given back. */
bool nooks_arg_shadow(struct nooks_crossing *x, void *pointer, struct nooks_shadow **shadow,
		      unsigned int type, bool null_ok, const char *fn, const char *arg);
void nooks_shadow_return(struct nooks_shadow *shadow);
bool nooks_arg_writable(struct nooks_crossing *x, const void *p, size_t size, bool null_ok,
			const char *fn, const char *arg);
bool nooks_arg_readable(struct nooks_crossing *x, const void *p, size_t size, bool null_ok,
			const char *fn, const char *arg);
bool nooks_arg_string(struct nooks_crossing *x, const char *p, size_t max, bool null_ok,
		      const char *fn, const char *arg);
bool nooks_arg_callback(struct nooks_crossing *x, const void *p, unsigned int role, bool null_ok,
			const char *fn, const char *arg);
bool nooks_arg_ops(struct nooks_crossing *x, const void *p, unsigned int ops, bool null_ok,
		   const char *fn, const char *arg);
bool nooks_arg_range(struct nooks_crossing *x, long value, long min, long max,
		     const char *fn, const char *arg);
/* @holds: what @fn's annotation requires of the arguments; @what: its text. */
bool nooks_arg_require(struct nooks_crossing *x, bool holds, const char *fn, const char *what);
/* The function of a module, which the driver's import has bound to @p, is there. */
bool nooks_late_bound(struct nooks_crossing *x, const void *p, const char *fn);
/* @fn is annotated as denied: fails the domain, and says @why. Return: 0, for the wrapper's own. */
unsigned long nooks_denied(struct nooks_crossing *x, const char *fn, const char *why);
/* The function may sleep: fails the domain if the caller may not. */
bool nooks_may_sleep(struct nooks_crossing *x, const char *fn);
unsigned long nooks_stack_arg(struct nooks_crossing *x, unsigned int n);

#endif
