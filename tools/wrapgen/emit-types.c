// SPDX-License-Identifier: GPL-2.0
/* types.c: the tracked types and their fields. */
#include <string.h>

#include "emit.h"
#include "kernel.h"
#include "model.h"

/* With what learn mode needs. */
static void denied(FILE *f, const struct field *field)
{
	const char *policy = field_learned(field);
	struct c_type target;

	fprintf(f, "NOOKS_FIELD_DENIED, .learn = NOOKS_FIELD_%s", policy);
	target = kernel_target(field->id);
	if (!strcmp(policy, "CALLBACKS"))
		fprintf(f, ", .ops = NOOKS_OPS_%s", target.name);
	else if (!strcmp(policy, "OBJECT"))
		fprintf(f, ", .type = NOOKS_TYPE_%s", target.name);
	else if (!strcmp(policy, "OWN") && target.class == TYPE_RECORD && *target.name)
		fprintf(f, ", .target = \"struct %s\"", target.name);
	else if (!strcmp(policy, "OWN") || !strcmp(policy, "FUNCTION"))
		fprintf(f, ", .target = \"%s\"", kernel_declare(field->id, ""));
	fputs(" },\n", f);
}

static void field(FILE *f, const struct field *field)
{
	fprintf(f, "\t{ \"%s\", %u, %u, ", field->name, field->offset, field->size);
	if (field->ops && field->check)
		fprintf(f, "NOOKS_FIELD_CALLBACKS, .ops = NOOKS_OPS_%s, .check = nooks_field_%s },\n",
			field->ops->name, field->check);
	else if (field->ops)
		fprintf(f, "NOOKS_FIELD_CALLBACKS, .ops = NOOKS_OPS_%s },\n", field->ops->name);
	else if (field->type)
		fprintf(f, "NOOKS_FIELD_OBJECT, .type = NOOKS_TYPE_%s },\n", field->type->name);
	else if (field->any && field->check)
		fprintf(f, "NOOKS_FIELD_ANY, .check = nooks_field_%s },\n", field->check);
	else if (field->check)
		fprintf(f, "NOOKS_FIELD_CHECKED, .check = nooks_field_%s },\n", field->check);
	else if (field->any)
		fputs("NOOKS_FIELD_ANY },\n", f);
	else if (field->ignored)
		fputs("NOOKS_FIELD_IGNORED },\n", f);
	else if (field->counted)
		fputs("NOOKS_FIELD_COUNTED },\n", f);
	else if (field->own)
		fputs("NOOKS_FIELD_PRIVATE },\n", f);
	else
		denied(f, field);
}

/*
 * The build fails unless the kernel's headers lay the type out as BTF does. sparse has a layout of its
 * own for bit fields.
 */
static void layout_check(FILE *f, const struct type *type)
{
	fputs("#ifndef __CHECKER__\n", f);
	fprintf(f, "static_assert(sizeof(struct %s) == %u);\n", type->name, type->size);
	for (unsigned int i = 0; i < type->nr_fields; i++) {
		const struct field *field = &type->fields[i];

		if (!field_denied(field) && !field->bits)
			fprintf(f, "static_assert(offsetof(struct %s, %s) == %u);\n", type->name,
				field->name, field->offset);
	}
	fputs("#endif\n", f);
}

/* The bits of fields that are private, or that are the driver's to write. */
static void masks(FILE *f, const struct type *type, const char *name, bool private)
{
	unsigned char bytes[SHADOW_SLOT] = {};

	for (unsigned int i = 0; i < type->nr_fields; i++) {
		const struct field *field = &type->fields[i];

		if (field_denied(field) || field->own != private)
			continue;
		for (unsigned int b = 0; b < (field->bits ?: field->size * 8); b++) {
			unsigned int bit = field->offset * 8 + field->first_bit + b;

			bytes[bit / 8] |= 1 << bit % 8;
		}
	}
	fprintf(f, "\t.%s = {", name);
	for (unsigned int i = 0; i < type->size / 8; i++) {
		__u64 word = 0;

		for (unsigned int n = 8; n--;)
			word = word << 8 | bytes[i * 8 + n];
		fprintf(f, "%s0x%llx,", i % 4 ? " " : "\n\t\t", (unsigned long long)word);
	}
	fputs("\n\t},\n", f);
}

static bool overlap(const struct field *a, const struct field *b)
{
	__u32 a_bits = a->bits ?: a->size * 8, b_bits = b->bits ?: b->size * 8;
	__u32 a_first = a->offset * 8 + a->first_bit, b_first = b->offset * 8 + b->first_bit;

	return a_first < b_first + b_bits && b_first < a_first + a_bits;
}

/* The kernel takes a word as unchanged if it differs in private bits only. */
static void check_private(const struct type *type)
{
	for (unsigned int i = 0; i < type->nr_fields; i++) {
		const struct field *private = &type->fields[i];

		for (unsigned int n = 0; private->own && n < type->nr_fields; n++) {
			const struct field *field = &type->fields[n];

			if (!field_denied(field) && !field->own && overlap(private, field))
				complain(type->pos, "%s.%s is private, and shares bits with %s, which is not",
					 type->name, private->name, field->name);
		}
	}
}

static void layout(FILE *f, const struct type *type)
{
	unsigned int n = 0;

	check_private(type);
	fprintf(f, "static const struct nooks_shadow_masks %s_masks = {\n", type->name);
	fprintf(f, "\t.nr_words = %u,\n", type->size / 8);
	masks(f, type, "writable", false);
	masks(f, type, "private", true);
	fprintf(f, "};\nNOOKS_SHADOW_FUNCTIONS(%s, %s_masks)\n", type->name, type->name);
	fprintf(f, "static const struct nooks_shadow_layout %s_shadow = {\n", type->name);
	fprintf(f, "\t.class = &nooks_shadow_%s,\n\t.masks = &%s_masks,\n", type->shadow, type->name);
	fprintf(f, "\t.differ = %s_differ,\n\t.show = %s_show,\n\t.objects = {", type->name,
		type->name);
	for (unsigned int i = 0; i < type->nr_fields; i++) {
		if (!type->fields[i].type)
			continue;
		fprintf(f, " %u,", i);
		if (++n > SHADOW_OBJECTS)
			complain(type->pos, "more than %u fields are objects", SHADOW_OBJECTS);
	}
	fprintf(f, " },\n\t.nr_objects = %u,\n};\n", n);
}

void emit_types(FILE *f)
{
	fputs("#include \"prelude.h\"\n#include \"wrapper.h\"\n#include \"../objtracker/words.h\"\n"
	      "#include \"generated.h\"\n", f);
	for (unsigned int i = 0; i < model.nr_types; i++) {
		const struct type *type = model.types[i];

		fputc('\n', f);
		layout_check(f, type);
		fprintf(f, "static const struct nooks_field %s_fields[] = {\n", type->name);
		for (unsigned int n = 0; n < type->nr_fields; n++)
			field(f, &type->fields[n]);
		fputs("};\n", f);
		if (type->shadow)
			layout(f, type);
	}
	fputs("\nconst struct nooks_type nooks_types[] = {\n"
	      "\t[NOOKS_TYPE_none] = { .name = \"none\" },\n", f);
	for (unsigned int i = 0; i < model.nr_types; i++) {
		const char *name = model.types[i]->name;

		fprintf(f, "\t[NOOKS_TYPE_%s] = {\n\t\t\"%s\", sizeof(struct %s), "
			"ARRAY_SIZE(%s_fields), %s_fields,\n", name, name, name, name, name);
		if (model.types[i]->shadow)
			fprintf(f, "\t\t&%s_shadow,\n", name);
		fputs("\t},\n", f);
	}
	fputs("};\n\nconst unsigned int nooks_nr_types = ARRAY_SIZE(nooks_types);\n", f);
}
