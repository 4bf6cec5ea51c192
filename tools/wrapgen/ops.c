// SPDX-License-Identifier: GPL-2.0
/* Ops tables: structs of function pointers that drivers hand to the kernel. */
#include <string.h>

#include "kernel.h"
#include "model.h"

struct ops *ops_find(const char *name)
{
	for (unsigned int i = 0; i < model.nr_ops; i++) {
		if (!strcmp(model.ops[i]->name, name))
			return model.ops[i];
	}
	return NULL;
}

struct ops *ops_of(__u32 record_id)
{
	for (unsigned int i = 0; i < model.nr_ops; i++) {
		if (model.ops[i]->id == record_id)
			return model.ops[i];
	}
	return NULL;
}

void ops_declare(const struct statement *s)
{
	struct ops *ops = ops_find(s->name);
	__u32 id;

	if (ops) {
		complain(s->pos, "ops %s is declared twice; first at %s:%u", s->name,
			 ops->pos.file, ops->pos.line);
		return;
	}
	id = declared_struct(s);
	if (!id)
		return;
	ops = ADD(model.ops, model.nr_ops) = NEW(struct ops);
	*ops = (struct ops){
		.pos = s->pos, .name = s->name, .id = id, .size = kernel_type(id)->size,
	};
}

static void fill(struct ops *ops, __u32 id, const char *prefix, __u32 start)
{
	const struct btf_type *t = kernel_type(id);

	for (__u32 i = 0; i < btf_vlen(t); i++) {
		const struct btf_member *m = &btf_members(t)[i];
		__u32 offset = start + btf_member_bit_offset(t, i) / 8;
		struct c_type c = kernel_c_type(m->type);
		const char *name = kernel_name(m->name_off);
		struct member member;

		if (*prefix)
			name = print("%s.%s", prefix, name);
		if (c.class == TYPE_RECORD)
			fill(ops, c.id, name, offset);
		if (c.class != TYPE_POINTER)
			continue;

		member = (struct member){ .name = name, .offset = offset };
		c = kernel_target(m->type);
		if (c.class == TYPE_FUNCTION)
			member.role = role_new(ops->pos, print("%s.%s", ops->name, name), c.id);
		else if (c.class == TYPE_RECORD)
			member.ops = ops_of(c.id);
		if (member.role || member.ops)
			ADD(ops->members, ops->nr_members) = member;
	}
}

void ops_fill(const struct statement *s)
{
	struct ops *ops = ops_find(s->name);

	if (ops && !ops->nr_members)
		fill(ops, ops->id, "", 0);
}
