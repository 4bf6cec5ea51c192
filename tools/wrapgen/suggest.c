// SPDX-License-Identifier: GPL-2.0
/*
 * Annotations that are missing, as far as BTF can write them. What a person must decide is '?', which
 * wrapgen does not accept.
 */
#include <stdio.h>

#include "kernel.h"
#include "model.h"
#include "suggest.h"

static void suggest_callback(const struct function *fn, const struct param *p)
{
	printf("callback %s.%s\t\t# what it returns (returns=, fail=), what it is lent (argN=)\n",
	       fn->name, p->name);
}

static void suggest_param(const struct param *p)
{
	struct c_type target = kernel_target(p->id);

	if (p->unknown && target.class == TYPE_RECORD)
		printf("\t%s=?\t\t# the headers hide it: opaque, or write the wrapper by hand\n",
		       p->name);
	else if (p->unknown && target.class != TYPE_FUNCTION)
		printf("\t%s=?\t\t# %s: buffer(len=...), string or opaque\n", p->name,
		       kernel_declare(p->id, ""));
	else if (!p->unknown && target.class == TYPE_RECORD &&
		 (p->check == CHECK_WRITABLE || p->check == CHECK_READABLE))
		printf("\t\t\t# %s: taken to lie in the driver's memory; if not: type %s\n",
		       p->name, target.name);
}

void suggest_function(const char *name)
{
	const char *problem;
	struct function *fn = function_sketch(name, &problem);

	putchar('\n');
	if (!fn) {
		printf("# %s() is not in this BTF: it is assembly, or a module's: then say 'module'.\n"
		       "fn %s ? asm\t\t# inside, or manual\n", name, name);
		return;
	}
	printf("# %s;\n", kernel_declare(fn->proto, name));
	if (fn->may_be_asm) {
		printf("fn %s ?\t\t# noargs; or if it is assembly: inside asm, manual asm\n", name);
		return;
	}
	if (problem) {
		printf("fn %s manual ?\t\t# %s: write nooks_w_%s(), and in a string what it checks\n",
		       name, problem, name);
		return;
	}
	for (unsigned int i = 0; i < fn->nr_params; i++) {
		if (fn->params[i].unknown &&
		    kernel_target(fn->params[i].id).class == TYPE_FUNCTION)
			suggest_callback(fn, &fn->params[i]);
	}
	printf("fn %s\n", name);
	for (unsigned int i = 0; i < fn->nr_params; i++) {
		if (kernel_c_type(fn->params[i].id).class == TYPE_POINTER)
			suggest_param(&fn->params[i]);
	}
}
