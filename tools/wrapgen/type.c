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

static void add_field(struct type *type, const struct field *template, __u32 bit, __u32 nr_bits)
{
	struct field f = *template;

	f.offset = bit / 8;
	f.bits = nr_bits;
	f.first_bit = bit % 8;
	f.size = kernel_c_type(f.id).size;
	if (nr_bits)
		f.size = (bit % 8 + nr_bits + 7) / 8;
	if (f.size)
		ADD(type->fields, type->nr_fields) = f;
}

/* Words that the kernel spins or sleeps on. */
static bool is_lock(__u32 id)
{
	static const char * const locks[] = { "qspinlock", "qrwlock", "mutex", "rw_semaphore" };
	const char *name = kernel_name(kernel_type(id)->name_off);

	for (unsigned int i = 0; i < ARRAY_SIZE(locks); i++) {
		if (!strcmp(name, locks[i]))
			return true;
	}
	return false;
}

static void flatten(struct type *type, __u32 id, const char *prefix, __u32 start, bool lock)
{
	const struct btf_type *t = kernel_type(id);

	lock |= is_lock(id);
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
			flatten(type, c.id, name, bit, lock);
		else
			add_field(type, &(struct field){ .name = name, .id = m->type, .lock = lock },
				  bit, nr_bits);
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

	flatten(&record, record_id, "", 0, false);
	for (unsigned int i = 0; i < record.nr_fields; i++) {
		if (!strcmp(record.fields[i].name, path))
			return &record.fields[i];
	}
	return NULL;
}

bool record_has(__u32 record_id, const char *path)
{
	struct type record = {};
	size_t len = strlen(path);

	flatten(&record, record_id, "", 0, false);
	for (unsigned int i = 0; i < record.nr_fields; i++) {
		const char *name = record.fields[i].name;

		/* The field itself, or one that it has inside. */
		if (!strncmp(name, path, len) && (!name[len] || name[len] == '.'))
			return true;
	}
	return false;
}

static void set_shadow(struct type *type, const struct clause *cl)
{
	const struct value *v = clause_value(cl);

	if (!v)
		return;
	if (type->size > SHADOW_SLOT || type->size % sizeof(__u64))
		complain(cl->pos, "struct %s can't have shadows: it has %u bytes", type->name,
			 type->size);
	type->shadow = v->text;
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
	flatten(type, id, "", 0, false);
	if (type->nr_fields)
		qsort(type->fields, type->nr_fields, sizeof(*type->fields), compare_fields);
	for (unsigned int i = 0; i < s->nr_clauses; i++) {
		if (!strcmp(s->clauses[i].name, "shadow"))
			set_shadow(type, &s->clauses[i]);
	}
}

bool field_denied(const struct field *field)
{
	return !field->any && !field->own && !field->counted && !field->ignored && !field->check &&
	       !field->ops && !field->type;
}

const char *field_learned(const struct field *field)
{
	struct c_type c = kernel_c_type(field->id);

	if (field->lock)
		return "DENIED";
	/* An array is one field: its elements can't be looked at. */
	for (; c.class == TYPE_OTHER && btf_is_array(kernel_type(c.id)); ) {
		c = kernel_c_type(btf_array(kernel_type(c.id))->type);
		if (c.class == TYPE_POINTER || c.class == TYPE_RECORD)
			return "DENIED";
	}
	if (c.class != TYPE_POINTER)
		return "ANY";
	c = kernel_target(c.id);
	if (ops_of(c.id))
		return "CALLBACKS";
	if (type_of(c.id))
		return "OBJECT";
	return c.class == TYPE_FUNCTION ? "FUNCTION" : "OWN";
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
	if (!strcmp(cl->name, "counted")) {
		policy->counted = true;
		return true;
	}
	if (!strcmp(cl->name, "private")) {
		policy->own = true;
		return true;
	}
	if (!strcmp(cl->name, "ignored")) {
		policy->ignored = true;
		return true;
	}
	if (!strcmp(cl->name, "check")) {
		v = clause_value(cl);
		policy->check = v ? v->text : NULL;
		return v;
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
	if (policy->any + policy->own + policy->counted + policy->ignored +
	    (policy->check && !policy->ops && !policy->any) + !!policy->ops + !!policy->type +
	    statement_has(s, "denied") == 1)
		return true;
	complain(s->pos,
		 "a field is any [check=NAME], counted, ignored, callbacks=OPS [check=NAME], object=TYPE, check=NAME, private or denied");
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
		f->counted = policy.counted;
		f->ignored = policy.ignored;
		f->own = policy.own;
		f->check = policy.check;
		f->ops = policy.ops;
		f->type = policy.type;
		if ((f->ops || f->type) && f->size != sizeof(__u64))
			complain(s->pos, "%s.%s is not a pointer", type_name, f->name);
		if (f->counted && f->size != sizeof(__u32))
			complain(s->pos, "%s.%s is no counter", type_name, f->name);
	}
	if (matched && (type->shadow ? policy.ops || policy.check : policy.own))
		complain(s->pos, "'%s' is for types %s shadows",
			 policy.own ? "private" : policy.ops ? "callbacks" : "check",
			 policy.own ? "with" : "without");
	if (matched || statement_has(s, "optional"))
		return;
	if (!type)
		complain(s->pos, "no type %s is declared", type_name);
	else
		complain(s->pos, "struct %s has no field '%s'", type_name, pattern);
}
