// SPDX-License-Identifier: GPL-2.0
/* roles.c: the roles and the ops tables. */
#include <string.h>

#include "emit.h"
#include "kernel.h"
#include "model.h"

static void arg(FILE *f, const struct role_arg *arg)
{
	/* Of how many bytes nobody has said: of a denied role only, see role_check(). */
	enum role_arg_kind kind = arg->kind == ROLE_BUFFER && !arg->size ? ROLE_SCALAR : arg->kind;
	static const char * const kinds[] = {
		[ROLE_SCALAR] = "SCALAR", [ROLE_OBJECT] = "OBJECT",
		[ROLE_BUFFER] = "BUFFER", [ROLE_CONST] = "CONST",
	};

	fprintf(f, "\t\t\t{ .name = \"%s\", .kind = NOOKS_ARG_%s", arg->name,
		kind == ROLE_OBJECT && arg->type->shadow ? "SHADOW" : kinds[kind]);
	if (kind == ROLE_OBJECT)
		fprintf(f, ", .type = NOOKS_TYPE_%s", arg->type->name);
	if (kind == ROLE_BUFFER)
		fprintf(f, ", .size = %s", arg->size);
	if (kind == ROLE_BUFFER && arg->len_arg)
		fprintf(f, ",\n\t\t\t  .len_arg = %u, .len_offset = %u, .len_size = %u",
			arg->len_arg, arg->len_offset, arg->len_size);
	fputs(" },\n", f);
}

static void role(FILE *f, const struct role *role)
{
	fprintf(f, "\t/* %s */\n", kernel_declare(role->proto, ""));
	fprintf(f, "\t[NOOKS_ROLE_%s] = {\n\t\t.name = \"%s\", .nr_args = %u,\n", role->ident,
		role->name, role->nr_args);
	fprintf(f, "\t\t.ret = NOOKS_RETURN_%s, .ret_size = %u, .fail = %s,\n", role->returns,
		role->ret_size, emit_number(role->fail));
	if (role->min)
		fprintf(f, "\t\t.ret_min = %s, .ret_max = %s,\n", emit_number(role->min),
			emit_number(role->max));
	if (role->denied)
		fprintf(f, "\t\t.denied = \"%s\",\n", role->denied);
	else if (role->hook)
		fprintf(f, "\t\t.hook = nooks_r_%s,\n", role->hook);
	if (role->nr_args) {
		fputs("\t\t.args = {\n", f);
		for (unsigned int i = 0; i < role->nr_args; i++)
			arg(f, &role->args[i]);
		fputs("\t\t},\n", f);
	}
	fputs("\t},\n", f);
}

static void members(FILE *f, const struct ops *ops)
{
	fprintf(f, "\nstatic_assert(sizeof(struct %s) == %u);\n", ops->name, ops->size);
	fprintf(f, "static const struct nooks_ops_member %s_members[] = {\n", ops->name);
	for (unsigned int i = 0; i < ops->nr_members; i++) {
		const struct member *m = &ops->members[i];

		fprintf(f, "\t{ \"%s\", offsetof(struct %s, %s), ", m->name, ops->name, m->name);
		if (m->ops)
			fprintf(f, "0, NOOKS_OPS_%s },\n", m->ops->name);
		else if (role_callable(m->role))
			fprintf(f, "NOOKS_ROLE_%s, 0 },%s\n", m->role->ident,
				m->role->denied ? " /* denied */" : "");
		else
			fprintf(f, "0, 0 }, /* denied: %s */\n", m->role->denied);
	}
	fputs("};\n", f);
}

static void methods(FILE *f)
{
	fputs("\nconst struct nooks_method nooks_methods[] = {\n", f);
	for (unsigned int i = 0; i < model.nr_functions; i++) {
		const struct function *fn = model.functions[i];
		const char *table = function_table(fn);

		if (function_is_method(fn) && fn->kind != FUNCTION_DENIED)
			fprintf(f, "\t{ NOOKS_METHODS_%s, offsetof(struct %s, %s), %u },\n", table,
				table, strchr(fn->name, '.') + 1, i);
	}
	fputs("\t{ NOOKS_METHODS_none, 0, 0 }\n};\n", f);
}

void emit_roles(FILE *f)
{
	fputs("#include \"prelude.h\"\n#include \"wrapper.h\"\n#include \"generated.h\"\n\n", f);

	fputs("const struct nooks_role nooks_roles[] = {\n"
	      "\t[NOOKS_ROLE_none] = { .name = \"none\" },\n", f);
	for (unsigned int i = 0; i < model.nr_roles; i++) {
		if (role_callable(model.roles[i]))
			role(f, model.roles[i]);
	}
	fputs("};\n\nconst unsigned int nooks_nr_roles = ARRAY_SIZE(nooks_roles);\n", f);

	for (unsigned int i = 0; i < model.nr_ops; i++)
		members(f, model.ops[i]);
	fputs("\nconst struct nooks_ops_table nooks_ops_tables[] = {\n"
	      "\t[NOOKS_OPS_none] = { .name = \"none\" },\n", f);
	for (unsigned int i = 0; i < model.nr_ops; i++) {
		const char *name = model.ops[i]->name;

		fprintf(f, "\t[NOOKS_OPS_%s] = {\n\t\t\"%s\", sizeof(struct %s), "
			"ARRAY_SIZE(%s_members), %s_members,\n\t},\n", name, name, name, name,
			name);
	}
	fputs("};\n\nconst unsigned int nooks_nr_ops_tables = ARRAY_SIZE(nooks_ops_tables);\n", f);
	methods(f);
}
