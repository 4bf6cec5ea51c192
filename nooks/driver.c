// SPDX-License-Identifier: GPL-2.0
/* The life of a driver in its domain, from the loader's first word to the end of its module. */
#define pr_fmt(fmt) "nooks: " fmt
#include <linux/ctype.h>
#include <linux/module.h>
#include <linux/slab.h>
#include "../recovery/evidence.h"
#include "../recovery/recover.h"
#include "../wrappers/net.h"
#include "../wrappers/unplug.h"
#include "debugfs.h"
#include "driver.h"
#include "export.h"
#include "generated.h"
#include "image.h"
#include "imports.h"
#include "learn.h"
#include "life.h"
#include "symbols.h"
#include "sysfs.h"
#include "tracepoints.h"

/* All drivers. The mutex is outside every driver's lock. */
static LIST_HEAD(drivers);
static DEFINE_MUTEX(drivers_mutex);

static struct nooks_driver *find_locked(const char *name)
{
	struct nooks_driver *driver;

	lockdep_assert_held(&drivers_mutex);
	list_for_each_entry(driver, &drivers, list)
		if (!strcmp(driver->name, name))
			return driver;
	return NULL;
}

static bool valid_name(const char *name)
{
	if (!*name || strnlen(name, NOOKS_NAME_LEN) == NOOKS_NAME_LEN)
		return false;
	for (; *name; name++)
		if (!isalnum(*name) && *name != '_')
			return false;
	return true;
}

/** nooks_driver_may_log - see driver.h; the kernel says later how many lines are missing */
bool nooks_driver_may_log(struct nooks_driver *driver, struct ratelimit_state *limit)
{
	if (___ratelimit(limit, driver->name))
		return true;
	atomic_long_inc(&driver->nr_lines_dropped);
	return false;
}

/**
 * nooks_driver_create - make a domain for a module that is about to be loaded
 * @name: the module's
 * @flags: NOOKS_CREATE_...
 *
 * Context: may sleep. Return: the driver, offline, or an ERR_PTR(): -EINVAL for a bad name,
 * -EEXIST if there is one.
 */
struct nooks_driver *nooks_driver_create(const char *name, u32 flags)
{
	struct nooks_driver *driver;
	int ret;

	if (!valid_name(name))
		return ERR_PTR(-EINVAL);
	driver = kzalloc(sizeof(*driver), GFP_KERNEL);
	if (!driver)
		return ERR_PTR(-ENOMEM);
	strscpy(driver->name, name, sizeof(driver->name));
	driver->loader = current->tgid;
	mutex_init(&driver->lock);
	nooks_silence_init(&driver->silence);
	nooks_health_init(driver);
	nooks_objects_init(&driver->objects);
	INIT_LIST_HEAD(&driver->fs.changes);
	nooks_shadows_init(&driver->shadows);
	nooks_recovery_init(driver);
	ratelimit_state_init(&driver->log, NOOKS_LOG_SECONDS * HZ, NOOKS_LOG_LINES);
	ratelimit_state_init(&driver->warnings, NOOKS_LOG_SECONDS * HZ, NOOKS_LOG_WARNINGS);
	ret = nooks_evidence_create(driver);
	if (ret)
		goto free;

	mutex_lock(&drivers_mutex);
	ret = -EEXIST;
	if (find_locked(name))
		goto unlock;
	driver->domain = nooks_domain_create();
	ret = PTR_ERR_OR_ZERO(driver->domain);
	if (ret)
		goto unlock;
	ret = nooks_heap_create(&driver->heap, driver->domain);
	if (ret)
		goto domain;
	nooks_debugfs_add(driver);
	if (flags & NOOKS_CREATE_LEARN) {
		ret = nooks_learn_start(driver);
		if (ret)
			goto debugfs;
	}
	ret = nooks_watchdog_start();
	if (ret)
		goto debugfs;
	WRITE_ONCE(driver->domain->private, driver);
	ret = nooks_sysfs_add(driver);
	if (ret)
		goto watchdog;
	list_add_tail(&driver->list, &drivers);
	trace_nooks_domain_create(driver->name, driver->domain->id);
	__module_get(THIS_MODULE);
	nooks_health_start(driver);
	mutex_unlock(&drivers_mutex);
	return driver;
watchdog:
	nooks_watchdog_stop();
debugfs:
	nooks_debugfs_remove(driver);
	nooks_learn_stop(driver);
	nooks_heap_destroy(&driver->heap);
domain:
	nooks_domain_destroy(driver->domain);
unlock:
	mutex_unlock(&drivers_mutex);
	kvfree(driver->evidence);
free:
	kfree(driver);
	return ERR_PTR(ret);
}
NOOKS_EXPORT_FOR_TESTS(nooks_driver_create);

/**
 * nooks_driver_destroy - take an offline driver and its domain away
 * @driver: without an image and without objects
 *
 * Context: may sleep.
 */
void nooks_driver_destroy(struct nooks_driver *driver)
{
	unsigned int i;

	/* Others may have the name when it is to be seen nowhere any more. */
	nooks_debugfs_remove(driver);
	nooks_sysfs_remove(driver);
	mutex_lock(&drivers_mutex);
	list_del_init(&driver->list);
	mutex_unlock(&drivers_mutex);
	trace_nooks_domain_free(driver->name, driver->domain->id);
	nooks_health_stop(driver);
	irq_work_sync(&driver->kick);
	cancel_work_sync(&driver->quiet);
	cancel_work_sync(&driver->recovery);
	nooks_unplug_forget(driver);
	for (i = 0; i < NOOKS_MAX_MODULES; i++)
		module_put(driver->modules[i]);
	nooks_net_forget(driver);
	nooks_watchdog_stop();
	nooks_learn_stop(driver);
	nooks_heap_destroy(&driver->heap);
	nooks_domain_destroy(driver->domain);
	kvfree(driver->scribble);
	kvfree(driver->evidence);
	nooks_dump_free(&driver->dump);
	kfree(driver);
	module_put(THIS_MODULE);
}
NOOKS_EXPORT_FOR_TESTS(nooks_driver_destroy);

/**
 * nooks_driver_use - a driver's image is going to use a symbol
 * @name: of the driver
 * @addr: of the symbol
 *
 * The rewritten image imports by address, so the module loader does not know that it needs the module
 * that the symbol is in: hold that. Context: may sleep. Return: 0, -ENOENT if the module or the
 * driver is going, -EMFILE.
 */
int nooks_driver_use(const char *name, unsigned long addr)
{
	struct nooks_driver *driver;
	struct module *owner;
	unsigned int i;
	int ret = -ENOENT;

	mutex_lock(&drivers_mutex);
	driver = find_locked(name);
	preempt_disable();
	owner = nooks_sym.__module_address(addr);
	if (!owner)
		ret = 0;
	for (i = 0; driver && owner && ret; i++) {
		if (i == NOOKS_MAX_MODULES) {
			ret = -EMFILE;
			break;
		}
		if (!driver->modules[i] && try_module_get(owner))
			driver->modules[i] = owner;
		if (!driver->modules[i])
			break;
		if (driver->modules[i] == owner)
			ret = 0;
	}
	preempt_enable();
	mutex_unlock(&drivers_mutex);
	return ret;
}

/**
 * nooks_driver_abandon - the loader has closed its file
 * @name: of the driver that it made
 * @loader: process that made it
 *
 * A driver that never got its module, or whose init has failed, goes. Context: may sleep.
 */
void nooks_driver_abandon(const char *name, pid_t loader)
{
	struct nooks_driver *driver;

	mutex_lock(&drivers_mutex);
	driver = find_locked(name);
	if (driver && driver->loader == loader && !driver->module && !driver->loaded &&
	    !driver->going)
		driver->going = true;
	else
		driver = NULL;
	mutex_unlock(&drivers_mutex);
	if (driver)
		nooks_driver_destroy(driver);
}

/* The kernel calls module init through its stub: the first time, keep what a restart begins with. */
unsigned long nooks_r_module_init(struct nooks_stub *stub, const struct nooks_role *role,
				  unsigned long *args)
{
	struct nooks_driver *driver = (struct nooks_driver *)stub->domain;
	long ret;

	ret = nooks_image_save(driver);
	if (ret)
		return ret;
	nooks_domain_open(driver->domain);
	ret = nooks_image_init(driver);
	if (ret)
		return ret;
	mutex_lock(&driver->lock);
	driver->loaded = true;
	/* It may have failed, in a callback, as soon as it had registered something. */
	if (cmpxchg(&driver->state, NOOKS_OFFLINE, NOOKS_RUNNING) == NOOKS_OFFLINE)
		nooks_image_seal(driver);
	else
		nooks_recovery_start(driver);
	mutex_unlock(&driver->lock);
	nooks_sysfs_state_changed(driver);
	return 0;
}

/* The kernel calls module exit through its stub. */
unsigned long nooks_r_module_exit(struct nooks_stub *stub, const struct nooks_role *role,
				  unsigned long *args)
{
	nooks_image_exit((struct nooks_driver *)stub->domain, stub);
	return 0;
}

static int coming(struct module *mod)
{
	struct nooks_driver *driver;
	int ret = 0;

	mutex_lock(&drivers_mutex);
	driver = find_locked(mod->name);
	if (driver && driver->loader == current->tgid && !driver->module && !driver->going) {
		ret = nooks_image_adopt(driver, mod);
		/* The chain does not call back with GOING whoever has refused. */
		if (ret)
			nooks_image_drop(driver);
	} else if (driver) {
		ret = -EBUSY;
	} else if (nooks_image_of(mod)) {
		pr_err("%s: made by nooks-load, and has no domain any more\n", mod->name);
		ret = -ENOEXEC;
	}
	mutex_unlock(&drivers_mutex);
	return ret;
}

/*
 * The module goes: its exit has run, or its init has failed, or it is dead. Nobody may enter any more, and
 * what it still holds is released.
 */
static void going(struct module *mod)
{
	struct nooks_driver *driver;

	mutex_lock(&drivers_mutex);
	driver = find_locked(mod->name);
	mutex_unlock(&drivers_mutex);
	if (!driver || driver->module != mod)
		return;
	nooks_recovery_finish(driver);
	nooks_image_drop(driver);
	if (driver->loaded)
		nooks_driver_destroy(driver);
}

static int notify(struct notifier_block *nb, unsigned long action, void *data)
{
	switch (action) {
	case MODULE_STATE_COMING:
		return notifier_from_errno(coming(data));
	case MODULE_STATE_GOING:
		going(data);
		nooks_imports_unbind(data);
		break;
	}
	return NOTIFY_DONE;
}

static struct notifier_block notifier = {
	.notifier_call = notify,
	.priority = -1,			/* after jump labels */
};

int __init nooks_drivers_init(void)
{
	return register_module_notifier(&notifier);
}

void nooks_drivers_exit(void)
{
	unregister_module_notifier(&notifier);
}
