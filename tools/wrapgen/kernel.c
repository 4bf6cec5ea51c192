// SPDX-License-Identifier: GPL-2.0
/* What the BTF of the kernel and of its modules says. */
#include <bpf/btf.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "diag.h"
#include "kernel.h"

static struct btf *base;		/* the kernel's own */
static struct btf *btf;			/* that, and on top of it the modules' */
static const char *base_path;
static struct btf_dump *dump;
static FILE *dump_file;

/* The functions, structs and typedefs, sorted by kind and name, the kernel's own first. */
struct entry {
	__u32 kind;
	const char *name;
	__u32 id;
};

static struct entry *entries;
static unsigned int nr_entries;

static int compare_entries(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	return x->kind != y->kind ? (x->kind < y->kind ? -1 : 1) : strcmp(x->name, y->name);
}

static int compare_all(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	return compare_entries(a, b) ?: (x->id > y->id) - (x->id < y->id);
}

static void dump_text(void *ctx, const char *fmt, va_list args)
{
	(void)ctx;
	vfprintf(dump_file, fmt, args);
}

void kernel_read(const char *path)
{
	base = btf = btf__parse(path, NULL);
	if (!base)
		die("%s: no BTF: %s", path, strerror(errno));
	base_path = path;
}

/* Make a type's references to others of its module's lead to where they are now. */
static void shift_references(struct btf_type *t, __u32 shift)
{
	const __u32 nr_base = btf__type_cnt(base);
	__u32 i;

#define SHIFT(id) ((id) += (id) >= nr_base ? shift : 0)
	switch (btf_kind(t)) {
	case BTF_KIND_ARRAY:
		SHIFT(btf_array(t)->type);
		SHIFT(btf_array(t)->index_type);
		break;
	case BTF_KIND_STRUCT:
	case BTF_KIND_UNION:
		for (i = 0; i < btf_vlen(t); i++)
			SHIFT(btf_members(t)[i].type);
		break;
	case BTF_KIND_FUNC_PROTO:
		SHIFT(t->type);
		for (i = 0; i < btf_vlen(t); i++)
			SHIFT(btf_params(t)[i].type);
		break;
	case BTF_KIND_DATASEC:
		for (i = 0; i < btf_vlen(t); i++)
			SHIFT(btf_var_secinfos(t)[i].type);
		break;
	case BTF_KIND_PTR:
	case BTF_KIND_TYPEDEF:
	case BTF_KIND_VOLATILE:
	case BTF_KIND_CONST:
	case BTF_KIND_RESTRICT:
	case BTF_KIND_FUNC:
	case BTF_KIND_VAR:
	case BTF_KIND_DECL_TAG:
	case BTF_KIND_TYPE_TAG:
		SHIFT(t->type);
		break;
	}
#undef SHIFT
}

/*
 * A module's BTF goes on where the kernel's ends, and so does that of each other one. What they
 * have in common becomes one type when all are read: see kernel_index().
 */
bool kernel_read_module(const char *name)
{
	const char *slash = strrchr(base_path, '/');
	const char *path = print("%.*s%s.btf", slash ? (int)(slash + 1 - base_path) : 0, base_path,
				 name);
	struct btf *module = btf__parse_split(path, base);
	__u32 nr_base = btf__type_cnt(base), shift;

	if (!module)
		return false;
	if (btf == base)
		btf = btf__new_empty_split(base);
	if (!btf)
		die("%s: %s", path, strerror(errno));
	shift = btf__type_cnt(btf) - nr_base;
	for (__u32 id = nr_base; id < btf__type_cnt(module); id++) {
		int copy = btf__add_type(btf, module, btf__type_by_id(module, id));

		if (copy < 0)
			die("%s: type %u: %s", path, id, strerror(-copy));
		shift_references((struct btf_type *)btf__type_by_id(btf, copy), shift);
	}
	btf__free(module);
	return true;
}

/* All is read: make it searchable. */
static void kernel_index(void)
{
	__u32 nr;

	if (btf != base && btf__dedup(btf, NULL))
		die("the BTF of the modules is no addition to the kernel's: %s", strerror(errno));
	dump = btf_dump__new(btf, dump_text, NULL, NULL);
	if (!dump)
		die("%s: %s", base_path, strerror(errno));

	nr = btf__type_cnt(btf);
	entries = calloc(nr, sizeof(*entries));
	if (!entries)
		die("out of memory");
	for (__u32 id = 1; id < nr; id++) {
		const struct btf_type *t = kernel_type(id);

		if (btf_is_func(t) || btf_is_struct(t) || btf_is_typedef(t))
			entries[nr_entries++] = (struct entry){
				btf_kind(t), kernel_name(t->name_off), id,
			};
	}
	qsort(entries, nr_entries, sizeof(*entries), compare_all);
}

const struct btf_type *kernel_type(__u32 id)
{
	return btf__type_by_id(btf, id);
}

const char *kernel_name(__u32 offset)
{
	return btf__name_by_offset(btf, offset);
}

static const struct entry *find(__u32 kind, const char *name)
{
	struct entry key = { .kind = kind, .name = name };
	const struct entry *e;

	if (!entries)
		kernel_index();
	e = bsearch(&key, entries, nr_entries, sizeof(key), compare_entries);
	while (e && e > entries && !compare_entries(e - 1, e))
		e--;
	return e;
}

/* Another one of the name: what modules have does not count beside what the kernel has. */
static const struct entry *next(const struct entry *e)
{
	const __u32 nr_base = btf__type_cnt(base);

	if (!e || e + 1 == entries + nr_entries || compare_entries(e, e + 1) ||
	    (e->id < nr_base) != (e[1].id < nr_base))
		return NULL;
	return e + 1;
}

__u32 kernel_function(const char *name, bool *many)
{
	const struct entry *e = find(BTF_KIND_FUNC, name);
	__u32 proto = e ? kernel_type(e->id)->type : 0;

	*many = false;
	while ((e = next(e)))
		*many |= kernel_type(e->id)->type != proto;
	return proto;
}

bool kernel_is_modular(const char *function)
{
	const struct entry *e = find(BTF_KIND_FUNC, function);

	return e && e->id >= btf__type_cnt(base);
}

__u32 kernel_struct(const char *name, bool *many)
{
	const struct entry *e = find(BTF_KIND_STRUCT, name);

	*many = next(e);
	return e ? e->id : 0;
}

__u32 kernel_typedef(const char *name)
{
	const struct entry *e = find(BTF_KIND_TYPEDEF, name);

	return e ? e->id : 0;
}

struct c_type kernel_c_type(__u32 id)
{
	struct c_type c = {};
	const struct btf_type *t;

	for (t = kernel_type(id); btf_is_mod(t) || btf_is_typedef(t); t = kernel_type(id)) {
		c.is_const |= btf_is_const(t);
		id = t->type;
	}
	c.id = id;
	c.name = kernel_name(t->name_off);
	switch (btf_kind(t)) {
	case BTF_KIND_UNKN:
		c.class = TYPE_VOID;
		return c;
	case BTF_KIND_INT:
		c.class = btf_int_encoding(t) & BTF_INT_BOOL ? TYPE_BOOL : TYPE_INT;
		c.is_signed = btf_int_encoding(t) & BTF_INT_SIGNED;
		break;
	case BTF_KIND_ENUM:
	case BTF_KIND_ENUM64:
		c.class = TYPE_INT;
		break;
	case BTF_KIND_PTR:
		c.class = TYPE_POINTER;
		break;
	case BTF_KIND_STRUCT:
	case BTF_KIND_UNION:
		c.class = TYPE_RECORD;
		break;
	case BTF_KIND_FWD:
		c.class = TYPE_RECORD;
		return c;
	case BTF_KIND_FUNC_PROTO:
		c.class = TYPE_FUNCTION;
		return c;
	default:
		c.class = TYPE_OTHER;
	}
	c.size = btf__resolve_size(btf, id);
	return c;
}

struct c_type kernel_target(__u32 id)
{
	return kernel_c_type(kernel_type(kernel_c_type(id).id)->type);
}

__u32 kernel_prototype(__u32 id)
{
	struct c_type c = kernel_c_type(id);

	if (c.class == TYPE_POINTER)
		c = kernel_target(id);
	return c.class == TYPE_FUNCTION ? c.id : 0;
}

bool kernel_is_typedef(__u32 id, const char *name)
{
	const struct btf_type *t;

	/* A typedef may be of the function, too, and what is passed a pointer to that. */
	for (t = kernel_type(id); btf_is_mod(t) || btf_is_typedef(t) || btf_is_ptr(t);
	     t = kernel_type(id)) {
		if (btf_is_typedef(t) && !strcmp(kernel_name(t->name_off), name))
			return true;
		id = t->type;
	}
	return false;
}

char *kernel_declare(__u32 id, const char *name)
{
	LIBBPF_OPTS(btf_dump_emit_type_decl_opts, opts, .field_name = name);
	char *text;
	size_t len;

	dump_file = open_memstream(&text, &len);
	if (!dump_file)
		die("out of memory");
	if (btf_dump__emit_type_decl(dump, id, &opts))
		die("BTF type %u can't be written in C", id);
	fclose(dump_file);
	while (len && text[len - 1] == ' ')
		text[--len] = '\0';
	return text;
}
