// SPDX-License-Identifier: GPL-2.0
/* Functions of the kernel: how each is offered, and what its wrapper checks. */
#include <stdio.h>
#include <string.h>

#include "kernel.h"
#include "model.h"

struct function *function_find(const char *name)
{
	for (unsigned int i = 0; i < model.nr_functions; i++) {
		if (!strcmp(model.functions[i]->name, name))
			return model.functions[i];
	}
	return NULL;
}

bool function_is_method(const struct function *fn)
{
	return strchr(fn->name, '.');
}

const char *function_table(const struct function *fn)
{
	return print("%.*s", (int)(strchrnul(fn->name, '.') - fn->name), fn->name);
}

bool function_is_late(const struct function *fn)
{
	return fn->late && (fn->kind == FUNCTION_GENERATED || fn->kind == FUNCTION_MANUAL);
}

static bool is_bytes(const struct c_type *target)
{
	return target->class == TYPE_VOID || (target->class == TYPE_INT && target->size == 1);
}

/* Names that the wrapper itself uses. */
static bool is_taken(const char *name)
{
	static const char * const taken[] = { "x", "fn", "a0", "a1", "a2", "a3", "a4", "a5" };

	for (unsigned int i = 0; i < ARRAY_SIZE(taken); i++) {
		if (!strcmp(name, taken[i]))
			return true;
	}
	return false;
}

static const char *sizeof_target(const struct param *p)
{
	return print("sizeof(*%s)", p->local);
}

static const struct role *callback_of(const struct function *fn, const struct param *p)
{
	const struct role *role = role_find(print("%s.%s", fn->name, p->name));

	for (unsigned int i = 0; !role && i < model.nr_roles; i++) {
		if (kernel_is_typedef(p->id, model.roles[i]->name))
			role = model.roles[i];
	}
	return role;
}

/* What the type alone says; false: nothing. */
static bool check_by_type(const struct function *fn, struct param *p)
{
	struct c_type c = kernel_c_type(p->id), target;

	if (c.class != TYPE_POINTER)
		return true;
	target = kernel_target(p->id);
	if (target.class == TYPE_FUNCTION) {
		p->check = CHECK_CALLBACK;
		p->role = callback_of(fn, p);
		return p->role && !p->role->denied;
	}
	p->type = type_of(target.id);
	p->ops = ops_of(target.id);
	if (p->type) {
		p->check = CHECK_OBJECT;
	} else if (p->ops) {
		p->check = CHECK_OPS;
	} else if (target.is_const && target.name && !strcmp(target.name, "char")) {
		p->check = CHECK_STRING;
		p->size = STRING_MAX;
	} else {
		p->check = target.is_const ? CHECK_READABLE : CHECK_WRITABLE;
		p->size = sizeof_target(p);
		return target.size && !is_bytes(&target);
	}
	return true;
}

static void add_params(struct function *fn)
{
	const struct btf_type *proto = kernel_type(fn->proto);

	for (__u32 i = 0; i < btf_vlen(proto); i++) {
		const struct btf_param *bp = &btf_params(proto)[i];
		struct param *p = &ADD(fn->params, fn->nr_params);

		p->id = bp->type;
		p->name = kernel_name(bp->name_off);
		if (!*p->name)
			p->name = print("arg%u", i + 1);
		p->local = is_taken(p->name) ? print("%s_", p->name) : p->name;
	}
}

static struct param *find_param(struct function *fn, const char *name)
{
	for (unsigned int i = 0; i < fn->nr_params; i++) {
		if (!strcmp(fn->params[i].name, name))
			return &fn->params[i];
	}
	return NULL;
}

/* A length: the value of a parameter, or else C. */
static const char *length(struct function *fn, const char *text)
{
	struct param *p = find_param(fn, text);

	return p ? p->local : text;
}

static void set_memory(struct function *fn, struct param *p, const struct value *v)
{
	struct c_type target = kernel_target(p->id);
	const struct value *len = v->args;

	if (!strcmp(v->text, "in"))
		p->check = CHECK_READABLE;
	else if (!strcmp(v->text, "out"))
		p->check = CHECK_WRITABLE;
	else
		p->check = target.is_const ? CHECK_READABLE : CHECK_WRITABLE;

	if (!v->nr_args)
		p->size = target.size ? sizeof_target(p) : NULL;
	else if (v->nr_args == 1 && len->key && !strcmp(len->key, "len"))
		p->size = length(fn, len->text);
	else if (v->nr_args == 1 && len->key && !strcmp(len->key, "count") && target.size)
		p->size = print("array_size(%s, %s)", length(fn, len->text), sizeof_target(p));
	else
		p->size = NULL;
	if (!p->size)
		complain(v->pos, "'%s' takes (len=BYTES) or (count=ELEMENTS) here", v->text);
}

static void set_object(struct param *p, const struct value *v)
{
	const char *name = v->nr_args == 1 ? v->args[0].text : "";
	const char *dot = strchrnul(name, '.');

	p->check = CHECK_OBJECT;
	p->type = type_find(print("%.*s", (int)(dot - name), name));
	p->inside = *dot ? dot + 1 : NULL;
	if (!p->type)
		complain(v->pos, "'object' takes a declared (TYPE) or (TYPE.FIELD)");
	else if (p->type->shadow && p->inside)
		complain(v->pos, "a field of a type with shadows is nowhere to point to");
}

static void set_range(struct param *p, const struct value *v)
{
	p->check = CHECK_RANGE;
	if (v->nr_args != 2) {
		complain(v->pos, "'range' takes (MIN,MAX)");
		return;
	}
	p->min = v->args[0].text;
	p->max = v->args[1].text;
}

/* False: the parameter can't be that. */
static bool set_check(struct function *fn, struct param *p, const struct value *v)
{
	const char *arg = v->nr_args == 1 ? v->args[0].text : "";
	bool pointer = kernel_c_type(p->id).class == TYPE_POINTER;

	if (!strcmp(v->text, "check")) {
		p->check = CHECK_BY_HAND;
		p->by_hand = arg;
		return *arg;
	}
	/* Numbers have a range; all else is of pointers. */
	if (pointer == !strcmp(v->text, "range"))
		return false;
	if (!pointer) {
		set_range(p, v);
	} else if (!strcmp(v->text, "opaque")) {
		p->check = CHECK_NONE;
	} else if (!strcmp(v->text, "string")) {
		p->check = CHECK_STRING;
		p->size = *arg ? length(fn, arg) : STRING_MAX;
	} else if (!strcmp(v->text, "in") || !strcmp(v->text, "out") ||
		   !strcmp(v->text, "buffer")) {
		set_memory(fn, p, v);
	} else if (!strcmp(v->text, "object")) {
		set_object(p, v);
	} else if (!strcmp(v->text, "callback")) {
		p->check = CHECK_CALLBACK;
		p->role = role_find(arg);
		return p->role && !p->role->denied;
	} else if (!strcmp(v->text, "ops")) {
		p->check = CHECK_OPS;
		p->ops = ops_find(arg);
		return p->ops;
	} else {
		return false;
	}
	return true;
}

static void set_param(struct function *fn, struct param *p, const struct clause *cl)
{
	bool known = check_by_type(fn, p);

	for (unsigned int i = 0; i < cl->nr_values; i++) {
		const struct value *v = &cl->values[i];

		if (!strcmp(v->text, "null") && !v->nr_args)
			p->null_ok = true;
		else if (set_check(fn, p, v))
			known = true;
		else
			complain(v->pos, "%s can't be '%s%s'", p->name, v->text,
				 v->nr_args ? "(...)" : "");
	}
	if (!known)
		complain(cl->pos, "the type of %s does not say how to check it", p->name);
	if (p->null_ok && (p->check == CHECK_NONE || p->inside))
		complain(cl->pos, "'null' says nothing of %s", p->name);
}

/* Clauses of a generated wrapper, beside those that every function may have. */
static void set_clause(struct function *fn, const struct clause *cl)
{
	struct param *p = find_param(fn, cl->name);

	if (!strcmp(cl->name, "sleeps") && !cl->nr_values) {
		fn->sleeps = true;
	} else if (!strcmp(cl->name, "require")) {
		const struct value *v = clause_value(cl);

		if (v)
			ADD(fn->requires, fn->nr_requires) = v->text;
	} else if (!p) {
		complain(cl->pos, "%s has no parameter '%s'", fn->name, cl->name);
	} else if (!cl->nr_values) {
		complain(cl->pos, "expected %s=...", cl->name);
	} else {
		set_param(fn, p, cl);
	}
}

/* Clauses about the function as a whole. */
static bool is_general(const struct clause *cl)
{
	static const char * const general[] = {
		"manual", "inside", "copied", "denied", "asm", "noargs", "optional", "through",
		"also",
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(general); i++) {
		if (!strcmp(cl->name, general[i]))
			return true;
	}
	return false;
}

static void set_kind(struct function *fn, const struct clause *cl)
{
	enum function_kind kind = FUNCTION_GENERATED;
	const struct value *v;

	while (kind < NR_FUNCTION_KINDS && strcmp(cl->name, function_kinds[kind]))
		kind++;
	if (kind == NR_FUNCTION_KINDS)
		return;
	/* Both: what runs inside calls the wrapper. */
	fn->enters_inside |= kind == FUNCTION_INSIDE;
	if (fn->kind == FUNCTION_INSIDE && kind == FUNCTION_MANUAL)
		fn->kind = FUNCTION_GENERATED;
	if (fn->kind != FUNCTION_GENERATED)
		complain(cl->pos, "%s() is %s already", fn->name, function_kinds[fn->kind]);
	fn->kind = kind;
	if (kind == FUNCTION_MANUAL) {
		if (cl->nr_values == 1 && *cl->values[0].text)
			fn->contract = cl->values[0].text;
		else
			complain(cl->pos, "say in a string what nooks_w_%s() checks", fn->ident);
		return;
	}
	if (kind != FUNCTION_DENIED)
		return;
	v = clause_value(cl);
	fn->reason = v ? v->text : "";
}

static bool is_variadic(const struct param *p)
{
	struct c_type c = kernel_c_type(p->id);

	if (c.class != TYPE_POINTER)
		return c.class == TYPE_VOID;
	c = kernel_target(p->id);
	return c.name && !strcmp(c.name, "__va_list_tag");
}

/* Why the function can't have a generated wrapper, or NULL. */
static const char *not_generated(const struct function *fn, const struct statement *s)
{
	struct c_type ret = kernel_c_type(kernel_type(fn->proto)->type);

	if (!fn->nr_params && ret.class == TYPE_VOID && !statement_has(s, "noargs"))
		return "may be assembly, of which BTF tells nothing: say noargs, or write it by hand";
	if (ret.class == TYPE_RECORD || ret.size > sizeof(long))
		return "returns a struct";
	if (ret.class == TYPE_POINTER && type_of(kernel_target(ret.id).id))
		return "returns an object";
	for (unsigned int i = 0; i < fn->nr_params; i++) {
		struct c_type c = kernel_c_type(fn->params[i].id);

		if (is_variadic(&fn->params[i]))
			return "is variadic";
		if (c.size > sizeof(long) || (c.class == TYPE_RECORD && i > 5))
			return "has an argument that does not fit a register";
	}
	return NULL;
}

static void generate(struct function *fn, const struct statement *s)
{
	const char *problem;

	add_params(fn);
	problem = not_generated(fn, s);
	if (problem) {
		complain(s->pos, "%s() %s", fn->name, problem);
		return;
	}
	for (unsigned int i = 0; i < fn->nr_params; i++) {
		struct param *p = &fn->params[i];

		if (!statement_has(s, p->name) && !check_by_type(fn, p))
			complain(s->pos, "%s(): the type of %s does not say how to check it",
				 fn->name, p->name);
	}
	for (unsigned int i = 0; i < s->nr_clauses; i++) {
		if (!is_general(&s->clauses[i]))
			set_clause(fn, &s->clauses[i]);
	}
}

struct function *function_sketch(const char *name, const char **problem)
{
	const struct statement bare = {};
	struct function *fn = NEW(struct function);
	bool many;

	*problem = NULL;
	fn->name = name;
	fn->proto = kernel_function(name, &many);
	if (!fn->proto)
		return NULL;
	add_params(fn);
	fn->may_be_asm = !fn->nr_params && !kernel_type(fn->proto)->type;
	if (fn->may_be_asm)
		return fn;
	*problem = many ? "is there more than once" : not_generated(fn, &bare);
	for (unsigned int i = 0; !*problem && i < fn->nr_params; i++)
		fn->params[i].unknown = !check_by_type(fn, &fn->params[i]);
	return fn;
}

static bool among(const char *file, const char * const *files, unsigned int nr)
{
	for (unsigned int i = 0; i < nr; i++) {
		if (!strcmp(files[i], file))
			return true;
	}
	return false;
}

/* Code by hand calls it by a pointer, because it is a module's elsewhere. */
static bool in_built_in(const struct function *fn)
{
	return fn->proto && among(fn->pos.file, model.built_in, model.nr_built_in) &&
	       !among(fn->pos.file, model.modular, model.nr_modular);
}

static void find_function(struct function *fn, bool *many)
{
	*many = false;
	if (function_is_method(fn)) {
		fn->proto = find_prototype(fn->name);
	} else {
		fn->proto = kernel_function(fn->name, many);
		fn->late = kernel_is_modular(fn->name) || in_built_in(fn);
	}
}

static void set_through(struct function *fn, const struct clause *cl)
{
	const struct value *v = strcmp(cl->name, "through") ? NULL : clause_value(cl);

	if (v)
		fn->through = v->text;
}

/* One name of a statement's. False: the kernel has no such function. */
static bool declare(const struct statement *s, const char *name)
{
	struct function *fn = function_find(name);
	bool many;

	if (fn) {
		complain(s->pos, "fn %s is declared twice; first at %s:%u", name,
			 fn->pos.file, fn->pos.line);
		return true;
	}
	fn = NEW(struct function);
	fn->pos = s->pos;
	fn->name = name;
	fn->ident = identifier(name);
	find_function(fn, &many);
	for (unsigned int i = 0; i < s->nr_clauses; i++) {
		set_kind(fn, &s->clauses[i]);
		set_through(fn, &s->clauses[i]);
	}
	fn->wrapper = fn->kind == FUNCTION_MANUAL || fn->kind == FUNCTION_INSIDE ?
		      identifier(s->name) : fn->ident;
	if (fn->kind == FUNCTION_GENERATED && function_is_method(fn) != !!fn->through)
		complain(s->pos, "%s: through=TABLE is for methods, and they need it", fn->name);

	if (!fn->proto && !(statement_has(s, "asm") && fn->kind != FUNCTION_GENERATED))
		return false;
	if (fn->kind == FUNCTION_GENERATED && many)
		complain(s->pos, "the kernel has more than one %s()", fn->name);
	else if (fn->kind == FUNCTION_GENERATED)
		generate(fn, s);
	for (unsigned int i = 0; fn->kind != FUNCTION_GENERATED && i < s->nr_clauses; i++) {
		if (!is_general(&s->clauses[i]))
			complain(s->clauses[i].pos, "only a generated wrapper takes '%s'",
				 s->clauses[i].name);
	}
	ADD(model.functions, model.nr_functions) = fn;
	return true;
}

/* The kernel need have one of the names only. */
void function_declare(const struct statement *s)
{
	bool found = declare(s, s->name);
	bool hand_made = false;

	for (unsigned int i = 0; i < s->nr_clauses; i++) {
		const struct clause *cl = &s->clauses[i];

		for (unsigned int kind = FUNCTION_MANUAL; kind < NR_FUNCTION_KINDS; kind++)
			hand_made |= !strcmp(cl->name, function_kinds[kind]);
		if (strcmp(cl->name, "also"))
			continue;
		if (!cl->nr_values)
			complain(cl->pos, "expected also=NAME");
		for (unsigned int n = 0; n < cl->nr_values; n++)
			found |= declare(s, cl->values[n].text);
	}
	if (!found && !statement_has(s, "optional"))
		complain(s->pos, "the kernel has no function %s()%s", s->name,
			 hand_made ? "; say asm if it is assembly" : "");
}
