// SPDX-License-Identifier: GPL-2.0
/* wrappers.c: the generated wrappers. */
#include <string.h>

#include "emit.h"
#include "kernel.h"
#include "model.h"

/* The build fails unless the kernel's headers declare the function as BTF does. */
static void type_check(FILE *f, const struct function *fn)
{
	const char *name = fn->name;

	if (function_is_method(fn))
		name = print("*((struct %s *)0)->%s", function_table(fn), strchr(name, '.') + 1);
	fprintf(f, "static_assert(__same_type(%s, %s (", name,
		kernel_declare(kernel_type(fn->proto)->type, ""));
	for (unsigned int i = 0; i < fn->nr_params; i++)
		fprintf(f, "%s%s", i ? ", " : "", kernel_declare(fn->params[i].id, ""));
	fprintf(f, "%s)));\n", fn->nr_params ? "" : "void");
}

static void local(FILE *f, const struct param *p, unsigned int n)
{
	const char *arg = n < 6 ? print("a%u", n) : print("nooks_stack_arg(x, %u)", n - 6);

	fprintf(f, "\t%s = ", kernel_declare(p->id, p->local));
	switch (kernel_c_type(p->id).class) {
	case TYPE_POINTER:
		fprintf(f, "(void *)%s;\n", arg);
		break;
	case TYPE_BOOL:
		/* Its register's other bits are anything. */
		fprintf(f, "(u8)%s;\n", arg);
		break;
	case TYPE_RECORD:
		fprintf(f, "*(typeof(%s) *)&%s;\n", p->local, arg);
		break;
	default:
		fprintf(f, "(__force typeof(%s))%s;\n", p->local, arg);
	}
}

static void check(FILE *f, const struct param *p)
{
	const char *null = p->null_ok ? "true" : "false";

	switch (p->check) {
	case CHECK_NONE:
		break;
	case CHECK_OBJECT:
		if (p->type->shadow)
			fprintf(f, "nooks_arg_shadow(x, &%s, &%s_shadow, NOOKS_TYPE_%s, ",
				p->local, p->local, p->type->name);
		else if (p->inside)
			fprintf(f, "nooks_arg_object(x, container_of(%s, struct %s, %s), "
				"NOOKS_TYPE_%s, ", p->local, p->type->name, p->inside,
				p->type->name);
		else
			fprintf(f, "nooks_arg_object(x, %s, NOOKS_TYPE_%s, ", p->local,
				p->type->name);
		fprintf(f, "%s, fn, \"%s\")", null, p->name);
		break;
	case CHECK_WRITABLE:
		fprintf(f, "nooks_arg_writable(x, %s, %s, %s, fn, \"%s\")", p->local, p->size,
			null, p->name);
		break;
	case CHECK_READABLE:
		fprintf(f, "nooks_arg_readable(x, %s, %s, %s, fn, \"%s\")", p->local, p->size,
			null, p->name);
		break;
	case CHECK_STRING:
		fprintf(f, "nooks_arg_string(x, %s, %s, %s, fn, \"%s\")", p->local, p->size,
			null, p->name);
		break;
	case CHECK_CALLBACK:
		fprintf(f, "nooks_arg_callback(x, %s, NOOKS_ROLE_%s, %s, fn, \"%s\")", p->local,
			p->role->ident, null, p->name);
		break;
	case CHECK_OPS:
		fprintf(f, "nooks_arg_ops(x, %s, NOOKS_OPS_%s, %s, fn, \"%s\")", p->local,
			p->ops->name, null, p->name);
		break;
	case CHECK_RANGE:
		fprintf(f, "nooks_arg_range(x, (__force long)%s, %s, %s, fn, \"%s\")", p->local,
			emit_number(p->min), emit_number(p->max), p->name);
		break;
	case CHECK_BY_HAND:
		fprintf(f, "nooks_check_%s(x, (unsigned long)%s, fn, \"%s\")", p->by_hand,
			p->local, p->name);
		break;
	}
}

/* What the wrapper calls. In parentheses: not a macro of that name. */
static const char *callee(const struct function *fn)
{
	if (fn->through)
		return print("(%s)->%s", fn->through, strchr(fn->name, '.') + 1);
	return print("(%s%s)", fn->late ? "*nooks_late_" : "", fn->name);
}

static void checks(FILE *f, const struct function *fn, const char *failed)
{
	const char *sep = "\n\tif (!";

	if (fn->sleeps) {
		fprintf(f, "%snooks_may_sleep(x, fn)", sep);
		sep = " ||\n\t    !";
	}
	for (unsigned int i = 0; i < fn->nr_params; i++) {
		if (fn->params[i].check == CHECK_NONE)
			continue;
		fputs(sep, f);
		check(f, &fn->params[i]);
		sep = " ||\n\t    !";
	}
	if (fn->late) {
		fprintf(f, "%snooks_late_bound(x, nooks_late_%s, fn)", sep, fn->name);
		sep = " ||\n\t    !";
	}
	if (fn->through) {
		fprintf(f, "%snooks_late_bound(x, %s, fn)", sep, callee(fn));
		sep = " ||\n\t    !";
	}
	for (unsigned int i = 0; i < fn->nr_requires; i++) {
		fprintf(f, "%snooks_arg_require(x, %s, fn, \"%s\")", sep, fn->requires[i],
			fn->requires[i]);
		sep = " ||\n\t    !";
	}
	fputs(*sep == '\n' ? "\n" : print(")\n\t\t%s;\n", failed), f);
}

static bool is_shadow(const struct param *p)
{
	return p->check == CHECK_OBJECT && p->type->shadow;
}

static unsigned int nr_shadows(const struct function *fn)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < fn->nr_params; i++)
		n += is_shadow(&fn->params[i]);
	return n;
}

static bool has_checks(const struct function *fn)
{
	for (unsigned int i = 0; i < fn->nr_params; i++) {
		if (fn->params[i].check != CHECK_NONE)
			return true;
	}
	return fn->sleeps || fn->nr_requires || fn->late || fn->through;
}

/* Set @result to what the function returns: "return", or a variable's name and " =". */
static void call(FILE *f, const struct function *fn, const char *result)
{
	bool is_void = !kernel_type(fn->proto)->type;

	fprintf(f, "\t%s%s(", is_void ? "" : print("%s (__force unsigned long)", result), callee(fn));
	for (unsigned int i = 0; i < fn->nr_params; i++)
		fprintf(f, "%s%s", i ? ", " : "", fn->params[i].local);
	fputs(");\n", f);
	if (is_void && !strcmp(result, "return"))
		fputs("\treturn 0;\n", f);
}

/* What was borrowed is given back, also if a later check fails. */
static void body_with_shadows(FILE *f, const struct function *fn)
{
	fputs("\tunsigned long ret = 0;\n", f);
	checks(f, fn, "goto out");
	call(f, fn, "ret =");
	fputs("out:\n", f);
	for (unsigned int i = fn->nr_params; i--;) {
		if (is_shadow(&fn->params[i]))
			fprintf(f, "\tnooks_shadow_return(%s_shadow);\n", fn->params[i].local);
	}
	fputs("\treturn ret;\n", f);
}

static void wrapper(FILE *f, const struct function *fn)
{
	fputc('\n', f);
	type_check(f, fn);
	fprintf(f, "NOOKS_WRAPPER(%s)\n{\n", fn->ident);
	if (has_checks(fn))
		fprintf(f, "\tstatic const char fn[] = \"%s\";\n", fn->name);
	for (unsigned int i = 0; i < fn->nr_params; i++)
		local(f, &fn->params[i], i);
	for (unsigned int i = 0; i < fn->nr_params; i++) {
		if (is_shadow(&fn->params[i]))
			fprintf(f, "\tstruct nooks_shadow *%s_shadow = NULL;\n",
				fn->params[i].local);
	}
	if (nr_shadows(fn)) {
		body_with_shadows(f, fn);
	} else {
		if (has_checks(fn))
			checks(f, fn, "return 0");
		else if (fn->nr_params)
			fputc('\n', f);
		call(f, fn, "return");
	}
	fputs("}\n", f);
}

static void denial(FILE *f, const struct function *fn)
{
	fprintf(f, "\nNOOKS_WRAPPER(%s)\n{\n"
		"\treturn nooks_denied(x, \"%s\", \"%s\");\n}\n", fn->ident, fn->name,
		fn->reason);
}

void emit_wrappers(FILE *f)
{
	fputs("#include \"prelude.h\"\n#include \"wrapper.h\"\n#include \"generated.h\"\n", f);
	for (unsigned int i = 0; i < model.nr_functions; i++) {
		const struct function *fn = model.functions[i];

		if (function_is_late(fn))
			fprintf(f, "\nNOOKS_LATE(%s);\ntypeof(%s) *nooks_late_%s;\n", fn->name,
				fn->name, fn->name);
		if (fn->kind == FUNCTION_GENERATED)
			wrapper(f, fn);
		else if (fn->kind == FUNCTION_DENIED)
			denial(f, fn);
	}
}
