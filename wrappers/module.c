// SPDX-License-Identifier: GPL-2.0
/* References that a driver takes on its own module, so that it is not unloaded: counted, and given back for it. */
#include <linux/module.h>
#include "../nooks/driver.h"
#include "args.h"
#include "generated.h"

#define MAX_REFERENCES	65536

static atomic_long_t *count_of(struct nooks_object *object)
{
	return (atomic_long_t *)&object->data[0];
}

static void release(struct nooks_object *object)
{
	long n = atomic_long_read(count_of(object));

	while (n--)
		module_put((struct module *)object->start);
}

/* data[0]: how many references there are. */
static const struct nooks_object_class module_class = {
	.name = "references on the module",
	.phase = NOOKS_PHASE_MEMORY,
	.release = release,
	.size = sizeof(struct nooks_object),
};

static bool get(struct nooks_crossing *x, struct module *module, const char *fn)
{
	struct nooks_driver *driver = nooks_driver_of(x);
	struct nooks_object *object;
	bool done = false;

	if (!nooks_arg_require(x, module == driver->module, fn, "module is the driver's own"))
		return false;
	object = nooks_object_get_or_add(driver, &module_class, module, 1, NOOKS_TYPE_none, GFP_ATOMIC);
	if (object && atomic_long_add_unless(count_of(object), 1, MAX_REFERENCES)) {
		done = try_module_get(module);
		if (!done)
			atomic_long_dec(count_of(object));
	}
	if (object)
		nooks_object_free(object);
	return done;
}

/* void __module_get(struct module *module): who is called has a reference on it already */
NOOKS_WRAPPER(__module_get)
{
	static const char fn[] = "__module_get";

	if (!get(x, (struct module *)a0, fn))
		nooks_fail(x, NOOKS_OUT_OF_RESOURCES, a0, "%s: no reference", fn);
	return 0;
}

/* bool try_module_get(struct module *module) */
NOOKS_WRAPPER(try_module_get)
{
	return !a0 || get(x, (struct module *)a0, "try_module_get");
}

/* void module_put(struct module *module) */
NOOKS_WRAPPER(module_put)
{
	static const char fn[] = "module_put";
	struct nooks_object *object;

	if (!a0)
		return 0;
	object = nooks_object_get(nooks_driver_of(x), &module_class, (void *)a0);
	if (nooks_arg_require(x, object && atomic_long_add_unless(count_of(object), -1, 0), fn,
			      "a reference that the driver has taken"))
		module_put((struct module *)a0);
	if (object)
		nooks_object_free(object);
	return 0;
}
