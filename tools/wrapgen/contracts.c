// SPDX-License-Identifier: GPL-2.0
/*
 * The annotations in words: what the generated wrappers enforce, written from the same model, and what those by
 * hand say of themselves.
 */
#include <stdio.h>
#include <string.h>

#include "contracts.h"
#include "kernel.h"
#include "model.h"

static bool is_of(struct pos pos, const char *file)
{
	return pos.file && !strcmp(pos.file, file);
}

/* net.nooks is on the page net. */
static const char *page_of(const char *file)
{
	const char *name = basename(file);

	return print("%.*s", (int)(strchrnul(name, '.') - name), name);
}

static const char *bytes(const struct param *p)
{
	return strstr(p->size, "sizeof") ? "as many bytes as `%s`" : "`%s` bytes";
}

static void param_check(FILE *f, const struct param *p)
{
	switch (p->check) {
	case CHECK_NONE:
		fputs(kernel_c_type(p->id).class == TYPE_POINTER ?
		      "anything: the kernel only keeps it" : "any value", f);
		break;
	case CHECK_OBJECT:
		if (p->inside)
			fprintf(f, "the field `%s` of a `struct %s` that the driver holds or was lent",
				p->inside, p->type->name);
		else
			fprintf(f, "a `struct %s` that the driver holds or was lent", p->type->name);
		break;
	case CHECK_WRITABLE:
		fputs("memory that the domain may write, ", f);
		fprintf(f, bytes(p), p->size);
		break;
	case CHECK_READABLE:
		fputs("memory that is mapped, ", f);
		fprintf(f, bytes(p), p->size);
		break;
	case CHECK_STRING:
		fprintf(f, "a string of fewer than `%s` bytes", p->size);
		break;
	case CHECK_CALLBACK:
		fprintf(f, "a function of the driver's, which takes the role `%s`", p->role->name);
		break;
	case CHECK_OPS:
		fprintf(f, "a table in the driver's read-only data, `struct %s`, whose functions take their roles",
			p->ops->name);
		break;
	case CHECK_RANGE:
		fprintf(f, "from `%s` to `%s`", p->min, p->max);
		break;
	case CHECK_BY_HAND:
		fprintf(f, "what `nooks_check_%s()`, by hand, lets through", p->by_hand);
		break;
	}
	fputs(p->null_ok ? "; or NULL\n" : "\n", f);
}

static void generated(FILE *f, const struct function *fn)
{
	if (fn->through)
		fprintf(f, "- calls through `%s`\n", fn->through);
	if (fn->sleeps)
		fputs("- may sleep: not to be called in atomic context\n", f);
	for (unsigned int i = 0; i < fn->nr_params; i++) {
		fprintf(f, "- `%s`: ", fn->params[i].name);
		param_check(f, &fn->params[i]);
	}
	for (unsigned int i = 0; i < fn->nr_requires; i++)
		fprintf(f, "- must hold: `%s`\n", fn->requires[i]);
	if (kernel_type(fn->proto)->type)
		fputs("- returns what the kernel returns\n", f);
}

static void function(FILE *f, const struct function *fn)
{
	static const char * const kinds[NR_FUNCTION_KINDS] = {
		[FUNCTION_GENERATED] = "generated",
		[FUNCTION_MANUAL] = "by hand",
		[FUNCTION_INSIDE] = "in the domain",
		[FUNCTION_DENIED] = "denied",
	};

	fprintf(f, "\n### %s: %s\n", fn->name,
		fn->kind == FUNCTION_MANUAL && fn->enters_inside ? "in the domain, and by hand" :
		kinds[fn->kind]);
	if (fn->proto)
		fprintf(f, "    %s;\n\n", kernel_declare(fn->proto, strrchr(fn->name, '.') ?
							 strrchr(fn->name, '.') + 1 : fn->name));
	else
		fputs("Assembly, or another kernel's: no prototype is known.\n\n", f);
	switch (fn->kind) {
	case FUNCTION_MANUAL:
		fprintf(f, "- %s\n", fn->contract);
		break;
	case FUNCTION_INSIDE:
		fputs("- runs as a part of the driver: what the driver may not touch, it may not\n", f);
		break;
	case FUNCTION_DENIED:
		fprintf(f, "- a call fails the domain: %s\n", fn->reason);
		break;
	default:
		generated(f, fn);
	}
}

static void functions(FILE *f, const char *file)
{
	bool any = false;

	for (unsigned int i = 0; i < model.nr_functions; i++) {
		if (!is_of(model.functions[i]->pos, file))
			continue;
		if (!any)
			fputs("\n## Functions that drivers call\n", f);
		any = true;
		function(f, model.functions[i]);
	}
}

static void type(FILE *f, const struct type *t)
{
	unsigned int nr = 0;

	for (unsigned int i = 0; i < t->nr_fields; i++)
		nr += !field_denied(&t->fields[i]);
	if (!nr) {
		fprintf(f, "\n### struct %s\nA driver may store to none of its %u fields.\n", t->name,
			t->nr_fields);
		return;
	}
	fprintf(f, "\n### struct %s\nA driver that holds one may store to %u of its %u fields:\n\n"
		"| field | value |\n| --- | --- |\n", t->name, nr, t->nr_fields);
	for (unsigned int i = 0; i < t->nr_fields; i++) {
		const struct field *field = &t->fields[i];

		if (field->ops && field->check)
			fprintf(f, "| %s | a table in the driver's read-only data, `struct %s`, whose functions take their roles, that `nooks_field_%s()`, by hand, lets through |\n",
				field->name, field->ops->name, field->check);
		else if (field->ops)
			fprintf(f, "| %s | NULL, or a table in the driver's read-only data, `struct %s`, whose functions take their roles |\n",
				field->name, field->ops->name);
		else if (field->type)
			fprintf(f, "| %s | NULL, or a `struct %s` that the driver holds |\n",
				field->name, field->type->name);
		else if (field->check)
			fprintf(f, "| %s | what `nooks_field_%s()`, by hand, lets through |\n",
				field->name, field->check);
		else if (field->any)
			fprintf(f, "| %s | any |\n", field->name);
	}
}

static void types(FILE *f, const char *file)
{
	bool any = false;

	for (unsigned int i = 0; i < model.nr_types; i++) {
		if (!is_of(model.types[i]->pos, file))
			continue;
		if (!any)
			fputs("\n## Objects of the kernel's\n", f);
		any = true;
		type(f, model.types[i]);
	}
}

static void role_arg(FILE *f, const struct role *role, const struct role_arg *arg)
{
	const char *unit = arg->size;

	switch (arg->kind) {
	case ROLE_OBJECT:
		fprintf(f, "- `%s`: a `struct %s`, lent for the call\n", arg->name, arg->type->name);
		break;
	case ROLE_BUFFER:
		if (arg->len_arg && arg->len_size)
			fprintf(f, "- `%s`: memory lent for writing, %s bytes as often as the field at offset %u of `%s` says\n",
				arg->name, unit, arg->len_offset, role->args[arg->len_arg - 1].name);
		else if (arg->len_arg)
			fprintf(f, "- `%s`: memory lent for writing, %s bytes as often as `%s` says\n",
				arg->name, unit, role->args[arg->len_arg - 1].name);
		else
			fprintf(f, "- `%s`: memory lent for writing, `%s` bytes\n", arg->name, unit);
		break;
	case ROLE_CONST:
		fprintf(f, "- `%s`: to be read only\n", arg->name);
		break;
	case ROLE_SCALAR:
		break;
	}
}

static void role(FILE *f, const struct role *role)
{
	fprintf(f, "\n### %s\n    %s\n\n", role->name, kernel_declare(role->proto, ""));
	if (role->denied) {
		fprintf(f, "- denied: %s\n", role->denied);
		return;
	}
	if (role->hook)
		fprintf(f, "- goes through `nooks_r_%s()`, by hand\n", role->hook);
	for (unsigned int i = 0; i < role->nr_args; i++)
		role_arg(f, role, &role->args[i]);
	if (!strcmp(role->returns, "VOID")) {
		fputs("- returns nothing; of a dead driver, nothing happens\n", f);
		return;
	}
	if (!strcmp(role->returns, "ERRNO"))
		fputs("- may return 0 or a negative errno", f);
	else if (!strcmp(role->returns, "RANGE"))
		fprintf(f, "- may return `%s` to `%s`", role->min, role->max);
	else
		fputs("- may return anything", f);
	fprintf(f, "; of a dead driver the kernel gets `%s`\n", role->fail);
}

/* Families that are denied are told in one line. */
static void roles(FILE *f, const char *file)
{
	bool any = false;

	for (unsigned int i = 0; i < model.nr_roles; i++) {
		if (!is_of(model.roles[i]->pos, file) || model.roles[i]->denied)
			continue;
		if (!any)
			fputs("\n## Functions of the driver's that the kernel calls\n", f);
		any = true;
		role(f, model.roles[i]);
	}
	for (unsigned int i = 0; i < model.nr_ops; i++) {
		const struct ops *ops = model.ops[i];
		bool denied = false;

		for (unsigned int n = 0; is_of(ops->pos, file) && n < ops->nr_members; n++) {
			const struct member *m = &ops->members[n];

			if (!m->role || !m->role->denied)
				continue;
			fprintf(f, "%s `%s`", denied ? "," : print("\nDenied in `struct %s`:",
								    ops->name), m->name);
			denied = true;
		}
		fputs(denied ? ".\n" : "", f);
	}
}

static void page(FILE *f, const char *file)
{
	fprintf(f, "# %s\n\nWritten by wrapgen from `wrappers/annotations/%s`: do not edit; `make docs` does.\n"
		"What is not as said here fails the domain.\n", page_of(file), basename(file));
	functions(f, file);
	types(f, file);
	roles(f, file);
}

static void write_page(const char *dir, const char *name, void (*emit)(FILE *f, const char *file),
		       const char *file)
{
	const char *path = print("%s/%s.md", dir, name);
	FILE *f = fopen(path, "w");

	if (!f)
		die("%s: %m", path);
	emit(f, file);
	if (ferror(f) | fclose(f))
		die("%s: %m", path);
}

void contracts_write(const char *dir, const char **files, unsigned int nr_files)
{
	for (unsigned int i = 0; i < nr_files; i++)
		write_page(dir, page_of(files[i]), page, files[i]);
}
