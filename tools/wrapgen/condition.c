// SPDX-License-Identifier: GPL-2.0
/* What differs between kernels: statements for those that have something, and what the C by hand is told of it. */
#include <string.h>

#include "kernel.h"
#include "model.h"

static bool has_parameter(const char *function, const char *name)
{
	bool many;
	__u32 proto = kernel_function(function, &many);
	const struct btf_type *t = kernel_type(proto);

	for (__u32 i = 0; proto && i < btf_vlen(t); i++) {
		if (!strcmp(kernel_name(btf_params(t)[i].name_off), name))
			return true;
	}
	return false;
}

bool kernel_has(const char *name)
{
	const char *dot = strchr(name, '.'), *owner;
	bool many;
	__u32 id;

	if (!dot)
		return kernel_function(name, &many) || kernel_struct(name, &many) || kernel_typedef(name);
	owner = print("%.*s", (int)(dot - name), name);
	id = kernel_struct(owner, &many);
	return (id && record_has(id, dot + 1)) || has_parameter(owner, dot + 1);
}

bool statement_applies(struct statement *s)
{
	struct clause *left = NULL;
	unsigned int nr_left = 0;
	bool applies = true;

	for (unsigned int i = 0; i < s->nr_clauses; i++) {
		const struct clause *cl = &s->clauses[i];
		bool wanted = !strcmp(cl->name, "if");

		if (!wanted && strcmp(cl->name, "unless")) {
			ADD(left, nr_left) = *cl;
			continue;
		}
		if (!cl->nr_values)
			complain(cl->pos, "expected %s=NAME", cl->name);
		for (unsigned int n = 0; n < cl->nr_values; n++)
			applies &= kernel_has(cl->values[n].text) == wanted;
	}
	s->clauses = left;
	s->nr_clauses = nr_left;
	return applies;
}

void have_declare(const struct statement *s)
{
	if (s->nr_clauses)
		complain(s->clauses[0].pos, "have takes no '%s'", s->clauses[0].name);
	if (kernel_has(s->name))
		ADD(model.have, model.nr_have) = identifier(s->name);
}
