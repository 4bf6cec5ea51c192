// SPDX-License-Identifier: GPL-2.0
/* Roles: the places from which the kernel calls into drivers. */
#include <stdio.h>
#include <string.h>

#include "kernel.h"
#include "model.h"

struct role *role_find(const char *name)
{
	for (unsigned int i = 0; i < model.nr_roles; i++) {
		if (!strcmp(model.roles[i]->name, name))
			return model.roles[i];
	}
	return NULL;
}

static struct role_arg default_arg(const struct btf_param *p, unsigned int n)
{
	struct c_type c = kernel_c_type(p->type), target;
	struct role_arg arg = { .name = kernel_name(p->name_off), .id = p->type };

	if (!*arg.name)
		arg.name = print("arg%u", n);
	if (c.class != TYPE_POINTER)
		return arg;
	target = kernel_target(p->type);
	arg.type = type_of(target.id);
	if (arg.type) {
		arg.kind = ROLE_OBJECT;
	} else if (target.size && target.is_const) {
		arg.kind = ROLE_CONST;
	} else if (target.size) {
		arg.kind = ROLE_BUFFER;
		/* Bytes come in any number: role_check() wants to be told. */
		arg.size = target.size > 1 ? print("%u", target.size) : NULL;
	}
	return arg;
}

static void default_returns(struct role *role, __u32 id)
{
	struct c_type c = kernel_c_type(id);

	role->ret_size = c.size;
	role->fail = c.class == TYPE_INT && c.is_signed && c.size >= 4 ? "-EIO" : "0";
	switch (c.class) {
	case TYPE_VOID:
		role->returns = "VOID";
		break;
	case TYPE_POINTER:
		role->returns = "POINTER";
		break;
	default:
		role->returns = "SCALAR";
	}
}

struct role *role_new(struct pos pos, const char *name, __u32 proto)
{
	const struct btf_type *t = kernel_type(proto);
	struct role *role = ADD(model.roles, model.nr_roles) = NEW(struct role);

	*role = (struct role){
		.pos = pos, .name = name, .ident = identifier(name), .proto = proto,
	};
	for (__u32 i = 0; i < btf_vlen(t); i++)
		ADD(role->args, role->nr_args) = default_arg(&btf_params(t)[i], i + 1);
	default_returns(role, t->type);
	return role;
}

bool role_callable(const struct role *role)
{
	if (role->nr_args > MAX_ROLE_ARGS || role->ret_size > sizeof(long))
		return false;
	for (unsigned int i = 0; i < role->nr_args; i++) {
		struct c_type c = kernel_c_type(role->args[i].id);

		if (c.class == TYPE_VOID || c.size > sizeof(long))
			return false;
	}
	return true;
}

void role_check(const struct role *role)
{
	if (role->denied)
		return;
	if (role->nr_args > MAX_ROLE_ARGS)
		complain(role->pos, "%s has %u arguments, more than %u: it must be denied",
			 role->name, role->nr_args, MAX_ROLE_ARGS);
	if (role->ret_size > sizeof(long))
		complain(role->pos, "%s returns %u bytes: it must be denied", role->name,
			 role->ret_size);
	for (unsigned int i = 0; i < role->nr_args; i++) {
		const struct role_arg *arg = &role->args[i];
		struct c_type c = kernel_c_type(arg->id);

		if (arg->kind == ROLE_BUFFER && !arg->size)
			complain(role->pos, "%s: how many bytes does %s point to?", role->name,
				 arg->name);
		if (c.class == TYPE_VOID)
			complain(role->pos, "%s is variadic: it must be denied", role->name);
		else if (c.size > sizeof(long))
			complain(role->pos, "%s: %s does not fit a register: it must be denied",
				 role->name, arg->name);
	}
}

/* An argument by BTF's name for it, or as "argN"; its number, or 0. */
static unsigned int find_arg(const struct role *role, const char *name)
{
	for (unsigned int i = 0; i < role->nr_args; i++) {
		if (!strcmp(role->args[i].name, name) || !strcmp(print("arg%u", i + 1), name))
			return i + 1;
	}
	return 0;
}

/* "argN", or "argN.field" for a field of what it points to. */
static bool length_in_arg(const struct role *role, struct role_arg *arg, const struct value *v)
{
	const char *dot = strchrnul(v->text, '.');
	const struct field *field;
	__u32 id;

	arg->len_arg = find_arg(role, print("%.*s", (int)(dot - v->text), v->text));
	if (!arg->len_arg)
		return false;
	if (!*dot)
		return true;
	id = role->args[arg->len_arg - 1].id;
	if (kernel_c_type(id).class != TYPE_POINTER || kernel_target(id).class != TYPE_RECORD) {
		complain(v->pos, "'%s' is not in a struct", v->text);
		return true;
	}
	field = record_field(kernel_target(id).id, dot + 1);
	if (!field || field->bits) {
		complain(v->pos, "struct %s has no field '%s' to hold a length",
			 kernel_target(id).name, dot + 1);
		return true;
	}
	arg->len_offset = field->offset;
	arg->len_size = field->size;
	return true;
}

static void set_buffer(const struct role *role, struct role_arg *arg, const struct value *v)
{
	struct c_type c = kernel_c_type(arg->id);
	const struct value *len = v->args;
	__u32 element;
	bool bytes;

	if (c.class != TYPE_POINTER) {
		complain(v->pos, "%s is not a pointer", arg->name);
		return;
	}
	arg->kind = ROLE_BUFFER;
	arg->type = NULL;
	element = kernel_target(arg->id).size;
	if (!v->nr_args && element) {
		arg->size = print("%u", element);
		return;
	}
	bytes = v->nr_args == 1 && len->key && !strcmp(len->key, "len");
	if (!bytes && !(v->nr_args == 1 && element && len->key && !strcmp(len->key, "count"))) {
		complain(v->pos, "'buffer' takes (len=BYTES) or (count=ELEMENTS)");
		return;
	}
	if (length_in_arg(role, arg, len))
		arg->size = print("%u", bytes ? 1 : element);
	else
		arg->size = bytes ? len->text : print("%s * %u", len->text, element);
}

static void set_arg(const struct role *role, struct role_arg *arg, const struct value *v)
{
	if (!strcmp(v->text, "scalar")) {
		arg->kind = ROLE_SCALAR;
		arg->type = NULL;
	} else if (!strcmp(v->text, "const")) {
		arg->kind = ROLE_CONST;
		arg->type = NULL;
	} else if (!strcmp(v->text, "object") && v->nr_args == 1) {
		arg->kind = ROLE_OBJECT;
		arg->type = type_find(v->args[0].text);
		if (!arg->type)
			complain(v->pos, "no type %s is declared", v->args[0].text);
	} else if (!strcmp(v->text, "buffer")) {
		set_buffer(role, arg, v);
	} else {
		complain(v->pos, "an argument of a role is a scalar, const, object(TYPE) or buffer");
	}
}

static void set_returns(struct role *role, const struct value *v)
{
	if (!strcmp(role->returns, "VOID") || !strcmp(role->returns, "POINTER")) {
		complain(v->pos, "%s returns no number", role->name);
	} else if (!strcmp(v->text, "errno")) {
		role->returns = "ERRNO";
	} else if (!strcmp(v->text, "range") && v->nr_args == 2) {
		role->returns = "RANGE";
		role->min = v->args[0].text;
		role->max = v->args[1].text;
	} else {
		complain(v->pos, "a role returns errno or range(MIN,MAX)");
	}
}

static void set_clause(struct role *role, const struct clause *cl)
{
	unsigned int arg = find_arg(role, cl->name);
	const struct value *v;

	if (!strcmp(cl->name, "optional"))
		return;
	v = clause_value(cl);
	if (!v)
		return;
	if (!strcmp(cl->name, "fail"))
		role->fail = v->text;
	else if (!strcmp(cl->name, "hook"))
		role->hook = v->text;
	else if (!strcmp(cl->name, "denied"))
		role->denied = v->text;
	else if (!strcmp(cl->name, "returns"))
		set_returns(role, v);
	else if (arg)
		set_arg(role, &role->args[arg - 1], v);
	else
		complain(cl->pos, "%s has no argument '%s'", role->name, cl->name);
}

__u32 find_prototype(const char *name)
{
	const char *dot = strchr(name, '.');
	const char *owner;
	const struct btf_type *t;
	__u32 id = 0;
	bool many;

	if (!dot)
		return (id = kernel_typedef(name)) ? kernel_prototype(id) : 0;
	owner = print("%.*s", (int)(dot - name), name);
	t = kernel_type(kernel_function(owner, &many));
	for (__u32 i = 0; btf_is_func_proto(t) && i < btf_vlen(t); i++) {
		if (!strcmp(kernel_name(btf_params(t)[i].name_off), dot + 1))
			id = btf_params(t)[i].type;
	}
	t = kernel_type(kernel_struct(owner, &many));
	for (__u32 i = 0; btf_is_struct(t) && i < btf_vlen(t); i++) {
		if (!strcmp(kernel_name(btf_members(t)[i].name_off), dot + 1))
			id = btf_members(t)[i].type;
	}
	return id ? kernel_prototype(id) : 0;
}

void callback_declare(const struct statement *s)
{
	struct role *role = role_find(s->name);
	__u32 proto;

	if (role) {
		complain(s->pos, "role %s is declared twice; first at %s:%u", s->name,
			 role->pos.file, role->pos.line);
		return;
	}
	proto = find_prototype(s->name);
	if (!proto) {
		if (!statement_has(s, "optional"))
			complain(s->pos, "the kernel has no function type %s", s->name);
		return;
	}
	role = role_new(s->pos, s->name, proto);
	for (unsigned int i = 0; i < s->nr_clauses; i++)
		set_clause(role, &s->clauses[i]);
}

/*
 * Statements apply in their order, so that a single role may differ from its family; one that
 * does not deny a role offers it.
 */
void role_annotate(const struct statement *s)
{
	bool matched = false;

	for (unsigned int i = 0; i < model.nr_roles; i++) {
		struct role *role = model.roles[i];

		if (!name_matches(role->name, s->name))
			continue;
		matched = true;
		role->pos = s->pos;
		role->denied = NULL;
		for (unsigned int n = 0; n < s->nr_clauses; n++)
			set_clause(role, &s->clauses[n]);
	}
	if (!matched && !statement_has(s, "optional"))
		complain(s->pos, "no role %s", s->name);
}
