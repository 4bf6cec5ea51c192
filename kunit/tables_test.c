// SPDX-License-Identifier: GPL-2.0
/* What the generator has written, and how imports and entry stubs are found. */

#include <kunit/test.h>
#include <linux/err.h>
#include <linux/kallsyms.h>
#include <linux/module.h>
#include <linux/string.h>

#include "../nooks/driver.h"
#include "../nooks/imports.h"
#include "../nooks/symbols.h"

#define STUBS		100
#define FIRST_STUB	0xffffffffc0123000ul

static bool in_domain_text(const void *p)
{
	return p >= (void *)nooks_domain_text_start && p < (void *)nooks_domain_text_end;
}

static void imports_are_sorted_and_unique(struct kunit *test)
{
	unsigned int i;

	KUNIT_ASSERT_GT(test, nooks_nr_imports, 0);
	for (i = 1; i < nooks_nr_imports; i++)
		KUNIT_EXPECT_LT_MSG(test, strcmp(nooks_imports[i - 1].name, nooks_imports[i].name), 0,
				    "%s, %s", nooks_imports[i - 1].name, nooks_imports[i].name);
	kunit_info(test, "%u imports", nooks_nr_imports);
}

static void imports_have_what_their_kind_needs(struct kunit *test)
{
	unsigned int i;

	for (i = 0; i < nooks_nr_imports; i++) {
		const struct nooks_import *import = &nooks_imports[i];
		bool wrapped = import->kind == NOOKS_IMPORT_GENERATED ||
			       import->kind == NOOKS_IMPORT_MANUAL || import->kind == NOOKS_IMPORT_BOTH;
		bool denied = import->kind == NOOKS_IMPORT_DENIED;

		KUNIT_EXPECT_LE_MSG(test, import->kind, NOOKS_IMPORT_DENIED, "%s", import->name);
		KUNIT_EXPECT_EQ_MSG(test, wrapped || denied, !!import->wrapper, "%s", import->name);
		KUNIT_EXPECT_EQ_MSG(test, denied, !!import->reason, "%s", import->name);
		KUNIT_EXPECT_TRUE_MSG(test, in_domain_text(import->stub), "%s", import->name);
		if (import->wrapper)
			KUNIT_EXPECT_FALSE_MSG(test, in_domain_text(import->wrapper), "%s", import->name);
	}
}

/* movl $index, %r11d; jmp nooks_leave */
static void stubs_pass_the_index_of_their_import(struct kunit *test)
{
	unsigned int i, n = 0;

	for (i = 0; i < nooks_nr_imports; i++) {
		const u8 *code = nooks_imports[i].stub;

		if (!nooks_imports[i].wrapper || nooks_imports[i].kind == NOOKS_IMPORT_BOTH)
			continue;
		n++;
		KUNIT_EXPECT_EQ_MSG(test, 0xbb41, *(u16 *)code, "%s", nooks_imports[i].name);
		KUNIT_EXPECT_EQ_MSG(test, i, *(u32 *)(code + 2), "%s", nooks_imports[i].name);
		KUNIT_EXPECT_TRUE_MSG(test, code[6] == 0xe9 || code[6] == 0xeb, "%s",
				      nooks_imports[i].name);
	}
	KUNIT_EXPECT_GT(test, n, 0);
}

static void every_import_is_found_by_its_name(struct kunit *test)
{
	static const char * const absent[] = { "", "A", "no_such_function", "~", "\xff", "__kmallo" };
	char longer[KSYM_NAME_LEN];
	unsigned int i;

	for (i = 0; i < nooks_nr_imports; i++) {
		KUNIT_EXPECT_PTR_EQ(test, &nooks_imports[i], nooks_import_find(nooks_imports[i].name));
		snprintf(longer, sizeof(longer), "%s\x01", nooks_imports[i].name);
		KUNIT_EXPECT_NULL(test, nooks_import_find(longer));
	}
	for (i = 0; i < ARRAY_SIZE(absent); i++)
		KUNIT_EXPECT_NULL_MSG(test, nooks_import_find(absent[i]), "%s", absent[i]);
}

static void functions_are_found_by_their_address_only(struct kunit *test)
{
	unsigned long addr = nooks_lookup("__kmalloc");
	const struct nooks_import *import = nooks_import_find("__kmalloc");

	KUNIT_ASSERT_NOT_NULL(test, import);
	KUNIT_ASSERT_NE(test, 0, addr);
	KUNIT_EXPECT_PTR_EQ(test, import, nooks_import_at(addr));
	KUNIT_EXPECT_NULL(test, nooks_import_at(addr + 1));
	KUNIT_EXPECT_NULL(test, nooks_import_at(addr - 1));
	KUNIT_EXPECT_NULL(test, nooks_import_at(0));
	KUNIT_EXPECT_NULL(test, nooks_import_at(-1UL));
	KUNIT_EXPECT_NULL(test, nooks_import_at((unsigned long)test));
	KUNIT_EXPECT_NULL(test, nooks_import_at(nooks_lookup("jiffies")));
}

static void fields_of_types_are_sorted_and_inside(struct kunit *test)
{
	unsigned int i, f;

	KUNIT_ASSERT_GT(test, nooks_nr_types, 1);
	KUNIT_EXPECT_EQ(test, 0, nooks_types[0].nr_fields);
	for (i = 1; i < nooks_nr_types; i++) {
		const struct nooks_type *type = &nooks_types[i];
		u32 offset = 0;

		KUNIT_ASSERT_NOT_NULL(test, type->name);
		KUNIT_EXPECT_GT_MSG(test, type->size, 0, "%s", type->name);
		KUNIT_EXPECT_GT_MSG(test, type->nr_fields, 0, "%s", type->name);
		for (f = 0; f < type->nr_fields; f++) {
			const struct nooks_field *field = &type->fields[f];
			u8 checked = field->policy ?: field->learn;

			KUNIT_ASSERT_NOT_NULL(test, field->name);
			KUNIT_EXPECT_GE_MSG(test, field->offset, offset, "%s.%s", type->name, field->name);
			KUNIT_EXPECT_LE_MSG(test, (u64)field->offset + field->size, type->size, "%s.%s",
					    type->name, field->name);
			KUNIT_EXPECT_LE_MSG(test, field->policy, NOOKS_FIELD_CHECKED, "%s.%s",
					    type->name, field->name);
			if (field->policy != NOOKS_FIELD_CALLBACKS && field->policy != NOOKS_FIELD_ANY)
				KUNIT_EXPECT_EQ_MSG(test, field->policy == NOOKS_FIELD_CHECKED,
						    !!field->check, "%s.%s", type->name, field->name);
			KUNIT_EXPECT_TRUE_MSG(test, type->shadow ||
					      field->policy != NOOKS_FIELD_PRIVATE, "%s.%s",
					      type->name, field->name);
			KUNIT_EXPECT_LE_MSG(test, field->learn, NOOKS_FIELD_FUNCTION, "%s.%s",
					    type->name, field->name);
			KUNIT_EXPECT_EQ_MSG(test, field->policy != NOOKS_FIELD_DENIED && field->learn,
					    false, "%s.%s", type->name, field->name);
			KUNIT_EXPECT_EQ_MSG(test, checked == NOOKS_FIELD_CALLBACKS, !!field->ops,
					    "%s.%s", type->name, field->name);
			KUNIT_EXPECT_EQ_MSG(test, checked >= NOOKS_FIELD_OWN, !!field->target,
					    "%s.%s", type->name, field->name);
			KUNIT_EXPECT_LT_MSG(test, field->ops, nooks_nr_ops_tables, "%s.%s", type->name,
					    field->name);
			KUNIT_EXPECT_EQ_MSG(test, checked == NOOKS_FIELD_OBJECT, !!field->type,
					    "%s.%s", type->name, field->name);
			KUNIT_EXPECT_LT_MSG(test, field->type, nooks_nr_types, "%s.%s", type->name,
					    field->name);
			if (field->ops || field->type)
				KUNIT_EXPECT_EQ_MSG(test, sizeof(void *), field->size, "%s.%s",
						    type->name, field->name);
			offset = field->offset;
		}
	}
}

static void members_of_ops_tables_are_inside_and_have_roles(struct kunit *test)
{
	unsigned int i, m;

	KUNIT_ASSERT_GT(test, nooks_nr_ops_tables, 1);
	KUNIT_EXPECT_EQ(test, 0, nooks_ops_tables[0].nr_members);
	for (i = 1; i < nooks_nr_ops_tables; i++) {
		const struct nooks_ops_table *table = &nooks_ops_tables[i];
		u32 end = 0;

		KUNIT_ASSERT_NOT_NULL(test, table->name);
		KUNIT_EXPECT_GT_MSG(test, table->nr_members, 0, "%s", table->name);
		for (m = 0; m < table->nr_members; m++) {
			const struct nooks_ops_member *member = &table->members[m];

			KUNIT_ASSERT_NOT_NULL(test, member->name);
			KUNIT_EXPECT_GE_MSG(test, member->offset, end, "%s.%s", table->name, member->name);
			end = member->offset + sizeof(void *);
			KUNIT_EXPECT_LE_MSG(test, end, table->size, "%s.%s", table->name, member->name);
			KUNIT_EXPECT_LT_MSG(test, member->role, nooks_nr_roles, "%s.%s", table->name,
					    member->name);
			KUNIT_EXPECT_LT_MSG(test, member->ops, nooks_nr_ops_tables, "%s.%s", table->name,
					    member->name);
			KUNIT_EXPECT_FALSE_MSG(test, member->role && member->ops, "%s.%s", table->name,
					       member->name);
		}
	}
}

static void check_argument(struct kunit *test, const struct nooks_role *role, unsigned int n)
{
	const struct nooks_arg *arg = &role->args[n];

	KUNIT_EXPECT_LE_MSG(test, arg->kind, NOOKS_ARG_CONST, "%s, argument %u", role->name, n);
	KUNIT_EXPECT_LT_MSG(test, arg->type, nooks_nr_types, "%s, argument %u", role->name, n);
	KUNIT_EXPECT_LE_MSG(test, arg->len_arg, role->nr_args, "%s, argument %u", role->name, n);
	if (arg->kind == NOOKS_ARG_OBJECT)
		KUNIT_EXPECT_NE_MSG(test, 0, arg->type, "%s, argument %u", role->name, n);
	if (arg->kind == NOOKS_ARG_BUFFER)
		KUNIT_EXPECT_NE_MSG(test, 0, arg->size, "%s, argument %u", role->name, n);
	if (arg->len_size)
		KUNIT_EXPECT_NE_MSG(test, 0, arg->len_arg, "%s, argument %u", role->name, n);
	KUNIT_EXPECT_TRUE_MSG(test, !arg->len_size || is_power_of_2(arg->len_size), "%s, argument %u",
			      role->name, n);
	KUNIT_EXPECT_LE_MSG(test, arg->len_size, 8, "%s, argument %u", role->name, n);
}

/* What the kernel gets of a dead domain is something that a living one may return. */
static bool fail_is_allowed(const struct nooks_role *role)
{
	switch (role->ret) {
	case NOOKS_RETURN_VOID:
		return !role->fail;
	case NOOKS_RETURN_ERRNO:
		return role->fail <= 0 && role->fail >= -MAX_ERRNO;
	case NOOKS_RETURN_RANGE:
		return role->fail >= role->ret_min && role->fail <= role->ret_max;
	default:
		return true;
	}
}

static void roles_are_consistent(struct kunit *test)
{
	unsigned int i, n;

	KUNIT_ASSERT_GT(test, nooks_nr_roles, 1);
	for (i = 1; i < nooks_nr_roles; i++) {
		const struct nooks_role *role = &nooks_roles[i];

		KUNIT_ASSERT_NOT_NULL(test, role->name);
		KUNIT_ASSERT_LE_MSG(test, role->nr_args, ARRAY_SIZE(role->args), "%s", role->name);
		KUNIT_EXPECT_LE_MSG(test, role->ret, NOOKS_RETURN_POINTER, "%s", role->name);
		KUNIT_EXPECT_LE_MSG(test, role->ret_size, 8, "%s", role->name);
		KUNIT_EXPECT_EQ_MSG(test, role->ret == NOOKS_RETURN_VOID, !role->ret_size, "%s",
				    role->name);
		KUNIT_EXPECT_LE_MSG(test, role->ret_min, role->ret_max, "%s", role->name);
		KUNIT_EXPECT_TRUE_MSG(test, fail_is_allowed(role), "%s fails with %ld", role->name,
				      role->fail);
		for (n = 0; n < role->nr_args; n++)
			check_argument(test, role, n);
	}
}

/* As much of a driver as has entry stubs. */
static struct nooks_driver *driver_with_stubs(struct kunit *test)
{
	struct nooks_driver *driver = kunit_kzalloc(test, sizeof(*driver), GFP_KERNEL);
	struct nooks_image *image = kunit_kzalloc(test, sizeof(*image), GFP_KERNEL);
	struct nooks_stub *stubs = kunit_kcalloc(test, STUBS, sizeof(*stubs), GFP_KERNEL);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, driver);
	KUNIT_ASSERT_NOT_NULL(test, image);
	KUNIT_ASSERT_NOT_NULL(test, stubs);
	for (i = 0; i < STUBS; i++)
		stubs[i].stub = FIRST_STUB + i * NOOKS_STUB_SIZE;
	image->nr_stubs = STUBS;
	driver->image = image;
	driver->stubs = stubs;
	return driver;
}

static void a_stub_is_found_by_its_first_byte_only(struct kunit *test)
{
	struct nooks_driver *driver = driver_with_stubs(test);
	unsigned int i, at;

	for (i = 0; i < STUBS; i++) {
		unsigned long stub = FIRST_STUB + i * NOOKS_STUB_SIZE;

		KUNIT_EXPECT_PTR_EQ(test, &driver->stubs[i], nooks_stub_find(driver, (void *)stub));
		for (at = 1; at < NOOKS_STUB_SIZE; at++)
			KUNIT_EXPECT_NULL(test, nooks_stub_find(driver, (void *)(stub + at)));
	}
}

static void what_lies_around_the_stubs_is_none(struct kunit *test)
{
	struct nooks_driver *driver = driver_with_stubs(test);
	const unsigned long wild[] = {
		0, NOOKS_STUB_SIZE, FIRST_STUB - NOOKS_STUB_SIZE, FIRST_STUB - 1,
		FIRST_STUB + STUBS * NOOKS_STUB_SIZE, FIRST_STUB + STUBS * NOOKS_STUB_SIZE + 1,
		FIRST_STUB ^ (1UL << 63), FIRST_STUB ^ (1UL << 32), -1UL, -(unsigned long)NOOKS_STUB_SIZE,
		(unsigned long)test,
	};
	struct nooks_image *image = (struct nooks_image *)driver->image;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(wild); i++)
		KUNIT_EXPECT_NULL_MSG(test, nooks_stub_find(driver, (void *)wild[i]), "%lx", wild[i]);
	image->nr_stubs = 0;
	KUNIT_EXPECT_NULL(test, nooks_stub_find(driver, (void *)FIRST_STUB));
	driver->image = NULL;
	KUNIT_EXPECT_NULL(test, nooks_stub_find(driver, (void *)FIRST_STUB));
}

static void a_function_gets_roles_of_one_shape_only(struct kunit *test)
{
	struct nooks_driver *driver = driver_with_stubs(test);
	unsigned int first, second, allowed = 0, refused = 0;

	for (first = 1; first < nooks_nr_roles; first++) {
		struct nooks_stub *stub = &driver->stubs[first % STUBS];
		void *addr = (void *)(unsigned long)stub->stub;

		stub->role = 0;
		KUNIT_EXPECT_TRUE(test, nooks_stub_bind(driver, addr, first));
		for (second = 1; second < nooks_nr_roles; second++) {
			bool fits = nooks_roles_alike(&nooks_roles[first], &nooks_roles[second]);

			KUNIT_EXPECT_EQ_MSG(test, fits, nooks_stub_bind(driver, addr, second),
					    "%s, %s", nooks_roles[first].name, nooks_roles[second].name);
			allowed += fits;
			refused += !fits;
		}
		KUNIT_EXPECT_EQ(test, first, stub->role);
	}
	KUNIT_EXPECT_GT(test, allowed, nooks_nr_roles);
	KUNIT_EXPECT_GT(test, refused, nooks_nr_roles);
	KUNIT_EXPECT_FALSE(test, nooks_stub_bind(driver, (void *)(FIRST_STUB + 1), 1));
}

static struct kunit_case tables_cases[] = {
	KUNIT_CASE(imports_are_sorted_and_unique),
	KUNIT_CASE(imports_have_what_their_kind_needs),
	KUNIT_CASE(stubs_pass_the_index_of_their_import),
	KUNIT_CASE(every_import_is_found_by_its_name),
	KUNIT_CASE(functions_are_found_by_their_address_only),
	KUNIT_CASE(fields_of_types_are_sorted_and_inside),
	KUNIT_CASE(members_of_ops_tables_are_inside_and_have_roles),
	KUNIT_CASE(roles_are_consistent),
	KUNIT_CASE(a_stub_is_found_by_its_first_byte_only),
	KUNIT_CASE(what_lies_around_the_stubs_is_none),
	KUNIT_CASE(a_function_gets_roles_of_one_shape_only),
	{}
};

static struct kunit_suite tables_suite = {
	.name = "nooks_tables",
	.test_cases = tables_cases,
};

kunit_test_suite(tables_suite);

MODULE_DESCRIPTION("Tests of nooks' generated tables");
MODULE_IMPORT_NS(NOOKS_TESTS);
MODULE_LICENSE("GPL");
