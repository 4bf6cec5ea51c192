// SPDX-License-Identifier: GPL-2.0
/* imports.c and stubs.S: what a driver's import binds to. */
#include "emit.h"
#include "model.h"

static bool has_stub(const struct function *fn)
{
	return fn->kind != FUNCTION_INSIDE && fn->kind != FUNCTION_COPIED;
}

static void import(FILE *f, const struct function *fn)
{
	fprintf(f, "\t{ .name = \"%s\", ", fn->name);
	switch (fn->kind) {
	case FUNCTION_INSIDE:
		fprintf(f, ".kind = NOOKS_IMPORT_INSIDE, .stub = nooks_in_%s },\n", fn->wrapper);
		break;
	case FUNCTION_COPIED:
		fprintf(f, ".kind = NOOKS_IMPORT_COPIED, .stub = nooks_in_%s },\n", fn->name);
		break;
	case FUNCTION_DENIED:
		fprintf(f, ".kind = NOOKS_IMPORT_DENIED,\n"
			"\t  .wrapper = nooks_w_%s, .stub = nooks_stub_%s,\n"
			"\t  .reason = \"%s\" },\n", fn->ident, fn->ident, fn->reason);
		break;
	default:
		fprintf(f, ".kind = NOOKS_IMPORT_%s,\n"
			"\t  .wrapper = nooks_w_%s, .stub = nooks_%s_%s",
			fn->kind != FUNCTION_MANUAL ? "GENERATED" : fn->enters_inside ? "BOTH" : "MANUAL",
			fn->wrapper,
			fn->enters_inside ? "in" : "stub", fn->enters_inside ? fn->wrapper : fn->ident);
		if (function_is_late(fn))
			fprintf(f, ",\n\t  .late = &nooks_late_%s", fn->name);
		fputs(" },\n", f);
	}
}

void emit_imports(FILE *f)
{
	fputs("#include <linux/kernel.h>\n\n#include \"wrapper.h\"\n#include \"generated.h\"\n\n", f);
	for (unsigned int i = 0; i < model.nr_functions; i++) {
		const struct function *fn = model.functions[i];
		bool inside = fn->enters_inside || fn->kind == FUNCTION_COPIED;

		fprintf(f, "extern const u8 nooks_%s_%s[];\n", inside ? "in" : "stub",
			inside ? fn->wrapper : fn->ident);
		/* Of another type elsewhere: the header of each module's function is not needed here. */
		if (function_is_late(fn))
			fprintf(f, "extern void *nooks_late_%s;\n", fn->name);
	}
	fputs("\nconst struct nooks_import nooks_imports[] = {\n", f);
	for (unsigned int i = 0; i < model.nr_functions; i++)
		import(f, model.functions[i]);
	fputs("};\n\nconst unsigned int nooks_nr_imports = ARRAY_SIZE(nooks_imports);\n", f);
}

/* The number in %r11d is the function's index in nooks_imports[]. */
void emit_stubs(FILE *f)
{
	fputs("\n#include <linux/objtool.h>\n"
	      "\n\t.macro\tSTUB name, index\n"
	      "\t.balign\t16, 0xcc\n"
	      "\t.globl\tnooks_stub_\\name\n"
	      "\t.hidden\tnooks_stub_\\name\n"
	      "\t.type\tnooks_stub_\\name, @function\n"
	      "nooks_stub_\\name:\n"
	      "\tANNOTATE_NOENDBR\n"
	      "\tmovl\t$\\index, %r11d\n"
	      "\tjmp\tnooks_leave\n"
	      "\t.size\tnooks_stub_\\name, . - nooks_stub_\\name\n"
	      "\t.endm\n\n"
	      "\t/* A copied function: what becomes a jump to the copy (leaf.c). */\n"
	      "\t.macro\tLEAF name\n"
	      "\t.balign\t16, 0xcc\n"
	      "\t.globl\tnooks_in_\\name\n"
	      "\t.hidden\tnooks_in_\\name\n"
	      "\t.type\tnooks_in_\\name, @function\n"
	      "nooks_in_\\name:\n"
	      "\tANNOTATE_NOENDBR\n"
	      "\tud2\n"
	      "\t.fill\t3, 1, 0xcc\n"
	      "\t.size\tnooks_in_\\name, . - nooks_in_\\name\n"
	      "\t.endm\n\n"
	      "\t/* Domain's CR3 and stack; so at nooks_leave. */\n"
	      "\t.section .text.nooks_domain, \"ax\"\n", f);
	for (unsigned int i = 0; i < model.nr_functions; i++) {
		if (has_stub(model.functions[i]))
			fprintf(f, "\tSTUB\t%s, %u\n", model.functions[i]->ident, i);
		else if (model.functions[i]->kind == FUNCTION_COPIED)
			fprintf(f, "\tLEAF\t%s\n", model.functions[i]->ident);
	}
	fputs("\t.balign\t16, 0xcc\n", f);
}
