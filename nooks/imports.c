// SPDX-License-Identifier: GPL-2.0
/* What drivers may import, and what an import binds to. */
#include <linux/bsearch.h>
#include <linux/kallsyms.h>
#include <linux/module.h>
#include <linux/slab.h>
#include "../domains/switch.h"
#include "../wrappers/args.h"
#include "../wrappers/fshide.h"
#include "../wrappers/leaf.h"
#include "compat.h"
#include "driver.h"
#include "export.h"
#include "imports.h"
#include "symbols.h"

/*
 * What nooks_leave in switch.S calls, by index of the import; one more for indices that no stub
 * passes.
 */
const nooks_wrapper_fn *nooks_wrapper_table;
/* The two that there are: the wrappers, and what traces them. */
static nooks_wrapper_fn *plain_table, *traced_table;

/* Generated tables and the text that domains execute have no file of their own to say this in. */
NOOKS_EXPORT_FOR_TESTS(nooks_imports);
NOOKS_EXPORT_FOR_TESTS(nooks_nr_imports);
NOOKS_EXPORT_FOR_TESTS(nooks_types);
NOOKS_EXPORT_FOR_TESTS(nooks_nr_types);
NOOKS_EXPORT_FOR_TESTS(nooks_roles);
NOOKS_EXPORT_FOR_TESTS(nooks_nr_roles);
NOOKS_EXPORT_FOR_TESTS(nooks_ops_tables);
NOOKS_EXPORT_FOR_TESTS(nooks_nr_ops_tables);
NOOKS_EXPORT_FOR_TESTS(nooks_domain_text_start);
NOOKS_EXPORT_FOR_TESTS(nooks_domain_text_end);
NOOKS_EXPORT_FOR_TESTS(nooks_switch_text_start);
NOOKS_EXPORT_FOR_TESTS(nooks_switch_text_end);

/* The driver has jumped into the switch code, or to a function that it may not call. */
static unsigned long no_wrapper(unsigned long a0, unsigned long a1, unsigned long a2,
				unsigned long a3, unsigned long a4, unsigned long a5,
				struct nooks_crossing *x)
{
	nooks_fail(x, NOOKS_BAD_JUMP, (unsigned long)nooks_leave, "no stub leads there");
	return 0;
}

static int compare(const void *key, const void *element)
{
	return strcmp(key, ((const struct nooks_import *)element)->name);
}

/** nooks_import_find - the import of a name, or NULL. Any context. */
const struct nooks_import *nooks_import_find(const char *name)
{
	return bsearch(name, nooks_imports, nooks_nr_imports, sizeof(*nooks_imports), compare);
}
NOOKS_EXPORT_FOR_TESTS(nooks_import_find);

/** nooks_import_at - the import that is the kernel's function at an address, or NULL. Any context. */
const struct nooks_import *nooks_import_at(unsigned long addr)
{
	char name[KSYM_SYMBOL_LEN], *offset;

	sprint_symbol(name, addr);
	offset = strchr(name, '+');
	if (!offset || strncmp(offset, "+0x0/", 5))
		return NULL;
	*offset = '\0';
	return nooks_import_find(name);
}
NOOKS_EXPORT_FOR_TESTS(nooks_import_at);

/**
 * nooks_import_resolve - answer the loader
 * @resolve: in: name; out: the rest
 *
 * Context: may sleep.
 */
void nooks_import_resolve(struct nooks_resolve *resolve)
{
	const struct nooks_import *import = nooks_import_find(resolve->name);
	unsigned long addr = nooks_lookup(resolve->name);
	const char *reason = "";

	resolve->call = 0;
	resolve->data = (addr ? nooks_fshide_stand_in(resolve->name) : 0) ?: addr;
	if (import)
		resolve->flags |= NOOKS_RESOLVE_KNOWN;
	if (import && import->kind == NOOKS_IMPORT_DENIED) {
		resolve->kind = NOOKS_SYMBOL_DENIED;
		/* A call that is left faults there, and fails the domain just as well. */
		resolve->call = nooks_measured_from(addr) ? addr : (unsigned long)import->stub;
		reason = import->reason;
	} else if (import && addr && import->kind == NOOKS_IMPORT_COPIED &&
		   !nooks_leaf_copied(import->stub)) {
		resolve->kind = NOOKS_SYMBOL_MISSING;
		reason = "this kernel's code for it can't run in a domain: see the log";
	} else if (import && addr) {
		resolve->kind = import->wrapper ? NOOKS_SYMBOL_WRAPPED : NOOKS_SYMBOL_INSIDE;
		resolve->call = (unsigned long)import->stub;
	} else if (!addr) {
		resolve->kind = NOOKS_SYMBOL_MISSING;
		reason = "the kernel has no such symbol: load the module that exports it";
	} else if (nooks_kernel_text(addr)) {
		resolve->kind = NOOKS_SYMBOL_MISSING;
		reason = "no wrapper: add a line 'fn NAME' to wrappers/annotations and rebuild nooks.ko";
	} else {
		resolve->kind = NOOKS_SYMBOL_DATA;
	}
	strscpy(resolve->reason, reason, sizeof(resolve->reason));
}

/**
 * nooks_import_bind - a driver is going to call a function of a module
 * @name: of the function
 * @addr: its address, in a module that the driver holds; or 0 if there is none
 *
 * Any context. All who bind a function at one time bind it to the same address.
 */
void nooks_import_bind(const char *name, unsigned long addr)
{
	const struct nooks_import *import = nooks_import_find(name);

	if (import && import->late && addr)
		WRITE_ONCE(*import->late, (void *)addr);
}

/**
 * nooks_methods_lend - a driver gets at a table of the kernel's and will call through its pointers
 * @driver: the driver
 * @table: enum nooks_methods_id
 * @start: the table
 *
 * Its calls lead to the stubs of their wrappers from now on. Those call the kernel by a pointer in an
 * object that they have checked, whatever the driver's was. Context: may sleep.
 */
void nooks_methods_lend(struct nooks_driver *driver, unsigned int table, const void *start)
{
	const struct nooks_method *method;

	for (method = nooks_methods; method->table; method++) {
		unsigned long target = *(unsigned long *)(start + method->offset);

		if (method->table != table || !target)
			continue;
		if (!nooks_domain_route(driver->domain, target,
					nooks_imports[method->import].stub))
			pr_warn_once("nooks: %s calls too many kernel functions by pointers\n",
				     driver->name);
	}
}

/** nooks_imports_unbind - a module goes, which no driver holds: forget where its functions are */
void nooks_imports_unbind(const struct module *mod)
{
	unsigned int i;

	for (i = 0; i < nooks_nr_imports; i++) {
		void **late = nooks_imports[i].late;

		if (late && within_module((unsigned long)READ_ONCE(*late), mod))
			WRITE_ONCE(*late, NULL);
	}
}

int __init nooks_imports_init(void)
{
	unsigned int i;

	plain_table = kcalloc(nooks_nr_imports + 1, sizeof(*plain_table), GFP_KERNEL);
	traced_table = kcalloc(nooks_nr_imports + 1, sizeof(*traced_table), GFP_KERNEL);
	if (!plain_table || !traced_table) {
		nooks_imports_exit();
		return -ENOMEM;
	}
	for (i = 0; i < nooks_nr_imports; i++) {
		plain_table[i] = nooks_imports[i].wrapper ?: no_wrapper;
		traced_table[i] = nooks_imports[i].wrapper ? nooks_traced_call : no_wrapper;
	}
	plain_table[i] = no_wrapper;
	traced_table[i] = no_wrapper;
	nooks_wrapper_table = plain_table;
	return 0;
}

/** nooks_imports_trace - have kernel calls traced, or not. Any context; calls under way stay as they are. */
void nooks_imports_trace(bool on)
{
	WRITE_ONCE(nooks_wrapper_table, on ? traced_table : plain_table);
}

void nooks_imports_exit(void)
{
	kfree(plain_table);
	kfree(traced_table);
}
