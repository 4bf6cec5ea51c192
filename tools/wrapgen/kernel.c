// SPDX-License-Identifier: GPL-2.0
/* What the kernel's BTF says. */
#include <bpf/btf.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "diag.h"
#include "kernel.h"

static struct btf *btf;
static struct btf_dump *dump;
static FILE *dump_file;

/* The functions, structs and typedefs, sorted by kind and name. */
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

static void dump_text(void *ctx, const char *fmt, va_list args)
{
	(void)ctx;
	vfprintf(dump_file, fmt, args);
}

void kernel_read(const char *path)
{
	__u32 nr;

	btf = btf__parse(path, NULL);
	if (!btf)
		die("%s: no BTF: %s", path, strerror(errno));
	dump = btf_dump__new(btf, dump_text, NULL, NULL);
	if (!dump)
		die("%s: %s", path, strerror(errno));

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
	qsort(entries, nr_entries, sizeof(*entries), compare_entries);
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
	const struct entry *e = bsearch(&key, entries, nr_entries, sizeof(key), compare_entries);

	while (e && e > entries && !compare_entries(e - 1, e))
		e--;
	return e;
}

__u32 kernel_function(const char *name, bool *many)
{
	const struct entry *e = find(BTF_KIND_FUNC, name);
	__u32 proto = e ? kernel_type(e->id)->type : 0;

	*many = false;
	for (; e && e + 1 < entries + nr_entries && !compare_entries(e, e + 1); e++)
		*many |= kernel_type(e[1].id)->type != proto;
	return proto;
}

__u32 kernel_struct(const char *name, bool *many)
{
	const struct entry *e = find(BTF_KIND_STRUCT, name);

	*many = e && e + 1 < entries + nr_entries && !compare_entries(e, e + 1);
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

	for (t = kernel_type(id); btf_is_mod(t) || btf_is_typedef(t); t = kernel_type(id)) {
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
