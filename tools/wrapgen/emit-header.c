// SPDX-License-Identifier: GPL-2.0
/* generated.h: numbers of types, roles and ops tables; prototypes. */
#include <string.h>

#include "emit.h"
#include "model.h"

static void prototypes(FILE *f, enum function_kind kind, const char *title)
{
	fprintf(f, "\n/* %s */\n", title);
	for (unsigned int i = 0; i < model.nr_functions; i++) {
		if (model.functions[i]->kind == kind)
			fprintf(f, "NOOKS_WRAPPER(%s);\n", model.functions[i]->wrapper);
	}
}

static void hooks(FILE *f)
{
	struct names hooks = hook_names(), checks = check_names(), fields = field_check_names();

	fputs("\n/* Roles by hand. */\n", f);
	for (unsigned int i = 0; i < hooks.nr; i++)
		fprintf(f, "unsigned long nooks_r_%s(struct nooks_stub *stub,\n"
			"\t\tconst struct nooks_role *role, unsigned long *args);\n",
			hooks.names[i]);
	fputs("\n/* Checks of single arguments by hand: like nooks_arg_object() and its kin. */\n", f);
	for (unsigned int i = 0; i < checks.nr; i++)
		fprintf(f, "bool nooks_check_%s(struct nooks_crossing *x, unsigned long value,\n"
			"\t\tconst char *fn, const char *arg);\n", checks.names[i]);
	fputs("\n/* Checks of single fields by hand: see nooks_field_check_fn. */\n", f);
	for (unsigned int i = 0; i < fields.nr; i++)
		fprintf(f, "const char *nooks_field_%s(struct nooks_crossing *x, unsigned long addr,\n"
			"\t\tu64 old, u64 new, bool done);\n", fields.names[i]);
}

void emit_header(FILE *f)
{
	fputs("#ifndef NOOKS_GENERATED_H\n#define NOOKS_GENERATED_H\n\n", f);
	fputs("#include \"wrapper.h\"\n", f);

	fputs("\nenum nooks_type_id {\n\tNOOKS_TYPE_none,\n", f);
	for (unsigned int i = 0; i < model.nr_types; i++)
		fprintf(f, "\tNOOKS_TYPE_%s,\n", model.types[i]->name);
	fputs("};\n", f);
	for (unsigned int i = 0; i < model.nr_types; i++) {
		if (model.types[i]->shadow)
			fprintf(f, "\nextern const struct nooks_shadow_class nooks_shadow_%s;\n",
				model.types[i]->shadow);
	}
	fputs("\nenum nooks_role_id {\n\tNOOKS_ROLE_none,\n", f);
	for (unsigned int i = 0; i < model.nr_roles; i++) {
		if (role_callable(model.roles[i]))
			fprintf(f, "\tNOOKS_ROLE_%s,\n", model.roles[i]->ident);
	}
	fputs("};\n\nenum nooks_ops_id {\n\tNOOKS_OPS_none,\n", f);
	for (unsigned int i = 0; i < model.nr_ops; i++)
		fprintf(f, "\tNOOKS_OPS_%s,\n", model.ops[i]->name);
	fputs("};\n\nenum nooks_methods_id {\n\tNOOKS_METHODS_none,\n", f);
	for (unsigned int i = 0; i < model.nr_functions; i++) {
		const struct function *fn = model.functions[i];

		/* Sorted by name: those of one table are together. */
		if (function_is_method(fn) &&
		    (!i || strcmp(function_table(model.functions[i - 1]), function_table(fn))))
			fprintf(f, "\tNOOKS_METHODS_%s,\n", function_table(fn));
	}
	fputs("};\n", f);

	prototypes(f, FUNCTION_GENERATED, "Generated wrappers.");
	prototypes(f, FUNCTION_MANUAL, "Wrappers by hand.");
	prototypes(f, FUNCTION_DENIED, "Calls that fail the domain.");
	hooks(f);
	fputs("\n#endif\n", f);
}

/* What nooks/compat.h goes by. */
void emit_have(FILE *f)
{
	fputs("#ifndef NOOKS_HAVE_H\n#define NOOKS_HAVE_H\n\n", f);
	for (unsigned int i = 0; i < model.nr_have; i++)
		fprintf(f, "#define HAVE_%s 1\n", model.have[i]);
	fputs("\n#endif\n", f);
}
