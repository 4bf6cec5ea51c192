// SPDX-License-Identifier: GPL-2.0
/* coverage.txt: what the annotations cover, and what they expect to be written by hand. */
#include "emit.h"
#include "model.h"

static void functions(FILE *f)
{
	unsigned int nr[NR_FUNCTION_KINDS] = {};

	for (unsigned int i = 0; i < model.nr_functions; i++)
		nr[model.functions[i]->kind]++;
	fprintf(f, "functions: %u:", model.nr_functions);
	for (unsigned int k = 0; k < NR_FUNCTION_KINDS; k++)
		fprintf(f, "%s %u %s", k ? "," : "", nr[k], function_kinds[k]);
	fputc('\n', f);
}

static void types(FILE *f)
{
	for (unsigned int i = 0; i < model.nr_types; i++) {
		const struct type *t = model.types[i];
		unsigned int denied = 0;

		for (unsigned int n = 0; n < t->nr_fields; n++)
			denied += field_denied(&t->fields[n]);
		fprintf(f, "type %s: %u fields: %u writable, %u denied\n", t->name, t->nr_fields,
			t->nr_fields - denied, denied);
	}
}

static void roles(FILE *f)
{
	unsigned int denied = 0, hooked = 0;

	for (unsigned int i = 0; i < model.nr_roles; i++) {
		denied += !!model.roles[i]->denied;
		hooked += model.roles[i]->hook && !model.roles[i]->denied;
	}
	fprintf(f, "roles: %u: %u generic, %u with a hook, %u denied\n", model.nr_roles,
		model.nr_roles - denied - hooked, hooked, denied);
}

static void by_hand(FILE *f)
{
	struct names hooks = hook_names(), checks = check_names(), fields = field_check_names();

	fputs("\nBy hand:\n", f);
	for (unsigned int i = 0; i < model.nr_functions; i++) {
		const struct function *fn = model.functions[i];

		if (fn->kind == FUNCTION_MANUAL)
			fprintf(f, "nooks_w_%s\n", fn->wrapper);
		if (fn->enters_inside)
			fprintf(f, "nooks_in_%s\n", fn->wrapper);
	}
	for (unsigned int i = 0; i < hooks.nr; i++)
		fprintf(f, "nooks_r_%s\n", hooks.names[i]);
	for (unsigned int i = 0; i < checks.nr; i++)
		fprintf(f, "nooks_check_%s\n", checks.names[i]);
	for (unsigned int i = 0; i < fields.nr; i++)
		fprintf(f, "nooks_field_%s\n", fields.names[i]);
	for (unsigned int i = 0; i < model.nr_types; i++) {
		if (model.types[i]->shadow)
			fprintf(f, "nooks_shadow_%s\n", model.types[i]->shadow);
	}
}

void emit_coverage(FILE *f)
{
	fputc('\n', f);
	functions(f);
	types(f);
	roles(f);
	fprintf(f, "ops tables: %u\n", model.nr_ops);
	by_hand(f);
}
