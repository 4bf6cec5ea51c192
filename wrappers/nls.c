// SPDX-License-Identifier: GPL-2.0
/*
 * Character sets. A table stays where it is, for drivers to read; its two functions convert one character
 * and touch nothing but their arguments, so the domain runs copies of them (leaf.c), to which the
 * driver's calls by the pointers in the table are routed.
 */
#include <linux/nls.h>
#include <linux/sched.h>
#include "../objtracker/count.h"
#include "args.h"
#include "generated.h"
#include "leaf.h"
#include "../nooks/driver.h"

static void release(struct nooks_object *object)
{
	while (object->data[0]--)
		unload_nls((struct nls_table *)object->start);
}

static const struct nooks_object_class nls_class = {
	.name = "nls_table",
	.phase = NOOKS_PHASE_MEMORY,
	.release = release,
	.size = sizeof(struct nooks_object),
};

static bool route(struct nooks_driver *driver, const void *fn)
{
	unsigned long target = (unsigned long)fn, at;

	if (!target || nooks_domain_routed(driver->domain, target))
		return true;
	at = nooks_leaf_copy(target);
	return at && nooks_domain_route(driver->domain, target, (void *)at);
}

/* struct nls_table *load_nls(const char *charset) */
NOOKS_WRAPPER(load_nls)
{
	static const char fn[] = "load_nls";
	struct nooks_driver *driver = nooks_driver_of(x);
	struct nls_table *table;
	char name[64];

	if (!nooks_may_sleep(x, fn) ||
	    !nooks_arg_string(x, (char *)a0, sizeof(name), false, fn, "charset"))
		return 0;
	nooks_copy_string(name, (char *)a0, sizeof(name));
	table = load_nls(name);
	if (!table)
		return 0;
	if (route(driver, table->uni2char) && route(driver, table->char2uni) &&
	    nooks_reference_add(driver, &nls_class, table, sizeof(*table), NOOKS_TYPE_none,
				GFP_KERNEL))
		return (unsigned long)table;
	pr_warn("nooks: %s can't have the character set %s\n", driver->name, name);
	unload_nls(table);
	return 0;
}

/* void unload_nls(struct nls_table *nls) */
NOOKS_WRAPPER(unload_nls)
{
	if (!a0)
		return 0;
	if (nooks_reference_drop(nooks_driver_of(x), &nls_class, (void *)a0))
		unload_nls((struct nls_table *)a0);
	else
		nooks_fail(x, NOOKS_BAD_ARGUMENT, a0, "unload_nls: no table that the driver holds");
	return 0;
}
