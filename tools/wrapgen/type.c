// SPDX-License-Identifier: GPL-2.0
/* Tracked types and their fields. */
#include <string.h>

#include "kernel.h"
#include "model.h"

struct type *type_find(const char *name)
{
	for (unsigned int i = 0; i < model.nr_types; i++) {
		if (!strcmp(model.types[i]->name, name))
			return model.types[i];
	}
	return NULL;
}

struct type *type_of(__u32 record_id)
{
	for (unsigned int i = 0; i < model.nr_types; i++) {
		if (model.types[i]->id == record_id)
			return model.types[i];
	}
	return NULL;
}

static void add_field(struct type *type, const char *name, const struct c_type *c, __u32 bit,
		      __u32 nr_bits)
{
	struct field f = { .name = name, .offset = bit / 8, .size = c->size, .bits = nr_bits };

	if (nr_bits)
		f.size = (bit % 8 + nr_bits + 7) / 8;
	if (f.size)
		ADD(type->fields, type->nr_fields) = f;
}

static void flatten(struct type *type, __u32 id, const char *prefix, __u32 start)
{
	const struct btf_type *t = kernel_type(id);

	for (__u32 i = 0; i < btf_vlen(t); i++) {
		const struct btf_member *m = &btf_members(t)[i];
		__u32 bit = start + btf_member_bit_offset(t, i);
		__u32 nr_bits = btf_member_bitfield_size(t, i);
		struct c_type c = kernel_c_type(m->type);
		const char *name = kernel_name(m->name_off);

		if (*prefix && *name)
			name = print("%s.%s", prefix, name);
		else if (*prefix)
			name = prefix;
		if (c.class == TYPE_RECORD)
			flatten(type, c.id, name, bit);
		else
			add_field(type, name, &c, bit, nr_bits);
	}
}

/* Large fields before their parts, so that a search by offset meets both. */
static int compare_fields(const void *a, const void *b)
{
	const struct field *x = a, *y = b;

	if (x->offset != y->offset)
		return x->offset < y->offset ? -1 : 1;
	if (x->size != y->size)
		return x->size > y->size ? -1 : 1;
	return strcmp(x->name, y->name);
}

const struct field *record_field(__u32 record_id, const char *path)
{
	struct type record = {};

	flatten(&record, record_id, "", 0);
	for (unsigned int i = 0; i < record.nr_fields; i++) {
		if (!strcmp(record.fields[i].name, path))
			return &record.fields[i];
	}
	return NULL;
}

void type_declare(const struct statement *s)
{
	struct type *type = type_find(s->name);
	__u32 id;

	if (type) {
		complain(s->pos, "type %s is declared twice; first at %s:%u", s->name,
			 type->pos.file, type->pos.line);
		return;
	}
	id = declared_struct(s);
	if (!id)
		return;
	type = ADD(model.types, model.nr_types) = NEW(struct type);
	*type = (struct type){
		.pos = s->pos, .name = s->name, .id = id, .size = kernel_type(id)->size,
	};
	flatten(type, id, "", 0);
	if (type->nr_fields)
		qsort(type->fields, type->nr_fields, sizeof(*type->fields), compare_fields);
}

bool field_denied(const struct field *field)
{
	return !field->any && !field->ops && !field->type;
}

static bool set_policy(struct field *policy, const struct clause *cl)
{
	const struct value *v;

	if (!strcmp(cl->name, "denied") || !strcmp(cl->name, "optional"))
		return true;
	if (!strcmp(cl->name, "any")) {
		policy->any = true;
		return true;
	}
	if (strcmp(cl->name, "callbacks") && strcmp(cl->name, "object")) {
		complain(cl->pos, "field takes no '%s'", cl->name);
		return false;
	}
	v = clause_value(cl);
	if (!v)
		return false;
	if (!strcmp(cl->name, "callbacks"))
		policy->ops = ops_find(v->text);
	else
		policy->type = type_find(v->text);
	if (field_denied(policy))
		complain(v->pos, "no %s %s is declared", *cl->name == 'c' ? "ops" : "type", v->text);
	return !field_denied(policy);
}

static bool field_policy(const struct statement *s, struct field *policy)
{
	for (unsigned int i = 0; i < s->nr_clauses; i++) {
		if (!set_policy(policy, &s->clauses[i]))
			return false;
	}
	if (policy->any + !!policy->ops + !!policy->type + statement_has(s, "denied") == 1)
		return true;
	complain(s->pos, "a field is any, callbacks=OPS, object=TYPE or denied");
	return false;
}

void field_declare(const struct statement *s)
{
	const char *dot = strchrnul(s->name, '.');
	const char *type_name = print("%.*s", (int)(dot - s->name), s->name);
	const char *pattern = *dot ? dot + 1 : "";
	struct type *type = type_find(type_name);
	struct field policy = {};
	bool matched = false;

	if (!field_policy(s, &policy))
		return;
	for (unsigned int i = 0; type && i < type->nr_fields; i++) {
		struct field *f = &type->fields[i];

		if (!name_matches(f->name, pattern))
			continue;
		matched = true;
		f->any = policy.any;
		f->ops = policy.ops;
		f->type = policy.type;
		if ((f->ops || f->type) && f->size != sizeof(__u64))
			complain(s->pos, "%s.%s is not a pointer", type_name, f->name);
	}
	if (matched || statement_has(s, "optional"))
		return;
	if (!type)
		complain(s->pos, "no type %s is declared", type_name);
	else
		complain(s->pos, "struct %s has no field '%s'", type_name, pattern);
}
