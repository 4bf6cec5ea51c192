// SPDX-License-Identifier: GPL-2.0
/* The model: statements carried out in an order in which each finds what it refers to. */
#include <errno.h>
#include <string.h>

#include "kernel.h"
#include "model.h"

struct model model;

const char * const function_kinds[NR_FUNCTION_KINDS] = {
	[FUNCTION_GENERATED]	= "generated",
	[FUNCTION_MANUAL]	= "manual",
	[FUNCTION_INSIDE]	= "inside",
	[FUNCTION_COPIED]	= "copied",
	[FUNCTION_DENIED]	= "denied",
};

/* A module whose functions and types later steps may name. */
static void module_declare(const struct statement *s)
{
	for (unsigned int i = 0; i < s->nr_clauses; i++) {
		if (strcmp(s->clauses[i].name, "optional"))
			complain(s->clauses[i].pos, "module takes no '%s'", s->clauses[i].name);
	}
	if (kernel_read_module(s->name)) {
		ADD(model.modular, model.nr_modular) = s->pos.file;
		return;
	}
	if (!statement_has(s, "optional"))
		complain(s->pos, "no BTF of module %s: %s", s->name, strerror(errno));
	ADD(model.built_in, model.nr_built_in) = s->pos.file;
}

static const struct step {
	const char *verb;
	void (*carry_out)(const struct statement *s);
} steps[] = {
	{ "module",	module_declare },
	{ "type",	type_declare },
	{ "ops",	ops_declare },
	{ "ops",	ops_fill },
	{ "callback",	callback_declare },
	{ "role",	role_annotate },
	{ "field",	field_declare },
	{ "fn",		function_declare },
	{ "have",	have_declare },
	{ "device",	device_declare },
};

bool name_matches(const char *name, const char *pattern)
{
	size_t len = strlen(pattern);

	if (len && pattern[len - 1] == '*')
		return !strncmp(name, pattern, len - 1);
	return !strcmp(name, pattern);
}

char *identifier(const char *name)
{
	char *ident = print("%s", name);

	for (char *p = ident; (p = strchr(p, '.')); )
		*p = '_';
	return ident;
}

__u32 declared_struct(const struct statement *s)
{
	bool many;
	__u32 id = kernel_struct(s->name, &many);

	for (unsigned int i = 0; i < s->nr_clauses; i++) {
		const char *name = s->clauses[i].name;

		if (strcmp(name, "optional") && (strcmp(s->verb, "type") || strcmp(name, "shadow")))
			complain(s->clauses[i].pos, "%s takes no '%s'", s->verb, name);
	}
	if (!id && !statement_has(s, "optional"))
		complain(s->pos, "the kernel has no struct %s", s->name);
	if (many)
		complain(s->pos, "the kernel has more than one struct %s", s->name);
	return id;
}

static int compare_functions(const void *a, const void *b)
{
	struct function * const *x = a, * const *y = b;

	return strcmp((*x)->name, (*y)->name);
}

static void check_verbs(const struct source *source)
{
	for (unsigned int i = 0; i < source->nr_statements; i++) {
		const struct statement *s = &source->statements[i];
		unsigned int n;

		for (n = 0; n < ARRAY_SIZE(steps); n++) {
			if (!strcmp(s->verb, steps[n].verb))
				break;
		}
		if (n == ARRAY_SIZE(steps))
			complain(s->pos, "no verb '%s'", s->verb);
	}
}

static void carry_out(const struct source *source, const struct step *step)
{
	for (unsigned int i = 0; i < source->nr_statements; i++) {
		if (!strcmp(source->statements[i].verb, step->verb))
			step->carry_out(&source->statements[i]);
	}
}

void model_build(struct source *source)
{
	unsigned int nr = 0;

	check_verbs(source);
	/* What the kernel and its modules have is known once these are read. */
	carry_out(source, &steps[0]);
	for (unsigned int i = 0; i < source->nr_statements; i++) {
		if (statement_applies(&source->statements[i]))
			source->statements[nr++] = source->statements[i];
	}
	source->nr_statements = nr;
	for (unsigned int n = 1; n < ARRAY_SIZE(steps); n++)
		carry_out(source, &steps[n]);
	for (unsigned int i = 0; i < model.nr_roles; i++)
		role_check(model.roles[i]);
	if (model.nr_functions)
		qsort(model.functions, model.nr_functions, sizeof(*model.functions),
		      compare_functions);
}
