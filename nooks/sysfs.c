// SPDX-License-Identifier: GPL-2.0
/*
 * /sys/class/nooks/<driver>/
 *	state			offline, running, crashed, recovering or failed; pollable
 *	restart			write 1: restart now
 *	stop			write 1: stop until a restart
 *	inject			write "KIND [CONTEXT]": a fault at the driver's next call
 *	recovery		restart or stop: what follows a failure
 *	max_failures, window	give up after so many failures within so many seconds; 0: never
 *	last_failure		kind and function of the last failure
 *	learn			1 in learn mode
 *	entries, unwindings, checked_stores, missed_calls, missed_entries, faults, refills,
 *	failures, restarts, objects, memory
 *				counters; memory in bytes
 * and for all drivers together, of the class:
 *	crossings, interrupts	calls from domains into the kernel, interrupts taken in domains
 *
 * Documentation/ABI form: docs/abi/sysfs-class-nooks.
 */
#include <linux/device.h>
#include <linux/kstrtox.h>
#include <linux/slab.h>
#include "../recovery/recover.h"
#include "driver.h"
#include "inject.h"
#include "sysfs.h"

static const char * const state_names[] = {
	[NOOKS_OFFLINE] = "offline",
	[NOOKS_RUNNING] = "running",
	[NOOKS_CRASHED] = "crashed",
	[NOOKS_RECOVERING] = "recovering",
	[NOOKS_FAILED] = "failed",
};

static const char * const policy_names[] = {
	[NOOKS_RECOVERY_RESTART] = "restart",
	[NOOKS_RECOVERY_STOP] = "stop",
};

static struct nooks_driver *to_driver(struct device *dev)
{
	return container_of(dev, struct nooks_driver, dev);
}

static ssize_t state_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%s\n", state_names[READ_ONCE(to_driver(dev)->state)]);
}
static DEVICE_ATTR_RO(state);

static ssize_t wish_store(struct device *dev, const char *buf, size_t count, enum nooks_wish wish)
{
	if (!sysfs_streq(buf, "1"))	/* kstrtobool() would take "1nonsense", too */
		return -EINVAL;
	return nooks_recovery_wish(to_driver(dev), wish) ?: count;
}

static ssize_t restart_store(struct device *dev, struct device_attribute *attr, const char *buf,
			     size_t count)
{
	return wish_store(dev, buf, count, NOOKS_WISH_RESTART);
}
static DEVICE_ATTR_WO(restart);

static ssize_t stop_store(struct device *dev, struct device_attribute *attr, const char *buf,
			  size_t count)
{
	return wish_store(dev, buf, count, NOOKS_WISH_STOP);
}
static DEVICE_ATTR_WO(stop);

static ssize_t inject_store(struct device *dev, struct device_attribute *attr, const char *buf,
			    size_t count)
{
	return nooks_inject_request(to_driver(dev), buf) ?: count;
}
static DEVICE_ATTR_WO(inject);

static ssize_t recovery_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%s\n", policy_names[READ_ONCE(to_driver(dev)->policy)]);
}

static ssize_t recovery_store(struct device *dev, struct device_attribute *attr, const char *buf,
			      size_t count)
{
	int policy = sysfs_match_string(policy_names, buf);

	if (policy < 0)
		return policy;
	WRITE_ONCE(to_driver(dev)->policy, policy);
	return count;
}
static DEVICE_ATTR_RW(recovery);

static ssize_t limit_store(unsigned int *limit, unsigned int max, const char *buf, size_t count)
{
	unsigned int value;
	int ret = kstrtouint(buf, 0, &value);

	if (ret)
		return ret;
	if (value > max)
		return -ERANGE;
	WRITE_ONCE(*limit, value);
	return count;
}

#define LIMIT_ATTRIBUTE(name, max)							\
static ssize_t name##_show(struct device *dev, struct device_attribute *attr, char *buf)	\
{											\
	return sysfs_emit(buf, "%u\n", READ_ONCE(to_driver(dev)->name));		\
}											\
static ssize_t name##_store(struct device *dev, struct device_attribute *attr,		\
			    const char *buf, size_t count)				\
{											\
	return limit_store(&to_driver(dev)->name, max, buf, count);			\
}											\
static DEVICE_ATTR_RW(name)

LIMIT_ATTRIBUTE(max_failures, NOOKS_MAX_FAILURES);
LIMIT_ATTRIBUTE(window, 86400);

static ssize_t last_failure_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	struct nooks_driver *driver = to_driver(dev);

	if (!READ_ONCE(driver->nr_failures))
		return sysfs_emit(buf, "none\n");
	return sysfs_emit(buf, "%s in %s\n", nooks_failure_name(driver->last.kind),
			  driver->last_function);
}
static DEVICE_ATTR_RO(last_failure);

#define COUNTER_ATTRIBUTE(name, value)							\
static ssize_t name##_show(struct device *dev, struct device_attribute *attr, char *buf)	\
{											\
	const struct nooks_driver *driver = to_driver(dev);				\
											\
	return sysfs_emit(buf, "%lu\n", (unsigned long)(value));			\
}											\
static DEVICE_ATTR_RO(name)

COUNTER_ATTRIBUTE(learn, !!driver->learned);
COUNTER_ATTRIBUTE(entries, atomic_long_read(&driver->domain->entries));
COUNTER_ATTRIBUTE(unwindings, atomic_long_read(&driver->domain->unwindings));
COUNTER_ATTRIBUTE(checked_stores, atomic_long_read(&driver->nr_stores));
COUNTER_ATTRIBUTE(missed_calls, atomic_long_read(&driver->nr_missed_calls));
COUNTER_ATTRIBUTE(missed_entries, atomic_long_read(&driver->nr_missed_entries));
COUNTER_ATTRIBUTE(faults, atomic_long_read(&driver->nr_faults));
COUNTER_ATTRIBUTE(refills, READ_ONCE(driver->domain->refills));
COUNTER_ATTRIBUTE(failures, READ_ONCE(driver->nr_failures));
COUNTER_ATTRIBUTE(restarts, READ_ONCE(driver->nr_restarts));
COUNTER_ATTRIBUTE(objects, READ_ONCE(driver->objects.count));
COUNTER_ATTRIBUTE(memory, (atomic_long_read(&driver->heap.pages) +
			   READ_ONCE(driver->domain->nr_tables)) * PAGE_SIZE +
			  READ_ONCE(driver->domain->nr_stacks) * NOOKS_STACK_SIZE);

static struct attribute *driver_attrs[] = {
	&dev_attr_state.attr,
	&dev_attr_restart.attr,
	&dev_attr_stop.attr,
	&dev_attr_inject.attr,
	&dev_attr_recovery.attr,
	&dev_attr_max_failures.attr,
	&dev_attr_window.attr,
	&dev_attr_last_failure.attr,
	&dev_attr_learn.attr,
	&dev_attr_entries.attr,
	&dev_attr_unwindings.attr,
	&dev_attr_checked_stores.attr,
	&dev_attr_missed_calls.attr,
	&dev_attr_missed_entries.attr,
	&dev_attr_faults.attr,
	&dev_attr_refills.attr,
	&dev_attr_failures.attr,
	&dev_attr_restarts.attr,
	&dev_attr_objects.attr,
	&dev_attr_memory.attr,
	NULL
};
ATTRIBUTE_GROUPS(driver);

static ssize_t crossings_show(struct class *class, struct class_attribute *attr, char *buf)
{
	unsigned long sum = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		sum += READ_ONCE(per_cpu(nooks_cpu.crossings, cpu));
	return sysfs_emit(buf, "%lu\n", sum);
}
static CLASS_ATTR_RO(crossings);

static ssize_t interrupts_show(struct class *class, struct class_attribute *attr, char *buf)
{
	unsigned long sum = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		sum += READ_ONCE(per_cpu(nooks_cpu.interrupts, cpu));
	return sysfs_emit(buf, "%lu\n", sum);
}
static CLASS_ATTR_RO(interrupts);

static struct attribute *class_attrs[] = {
	&class_attr_crossings.attr,
	&class_attr_interrupts.attr,
	NULL
};
ATTRIBUTE_GROUPS(class);

static void release(struct device *dev)
{
	kfree(to_driver(dev));
}

static struct class nooks_class = {
	.name = "nooks",
	.class_groups = class_groups,
	.dev_groups = driver_groups,
	.dev_release = release,
};

/** nooks_sysfs_add - show a driver. Context: may sleep. On failure the driver is still the caller's. */
int nooks_sysfs_add(struct nooks_driver *driver)
{
	struct device *dev = &driver->dev;
	int ret;

	device_initialize(dev);
	dev->class = &nooks_class;
	ret = dev_set_name(dev, "%s", driver->name);
	if (!ret)
		ret = device_add(dev);
	if (ret)
		kfree_const(dev->kobj.name);
	return ret;
}

/** nooks_sysfs_remove - hide a driver; waits for readers and writers. Context: may sleep. */
void nooks_sysfs_remove(struct nooks_driver *driver)
{
	device_del(&driver->dev);
}

/** nooks_sysfs_put - drop the reference of nooks_sysfs_add(); frees the driver */
void nooks_sysfs_put(struct nooks_driver *driver)
{
	put_device(&driver->dev);
}

/** nooks_sysfs_state_changed - tell pollers and udev. Context: may sleep. */
void nooks_sysfs_state_changed(struct nooks_driver *driver)
{
	char state[32];
	char *env[] = { state, NULL };

	snprintf(state, sizeof(state), "STATE=%s", state_names[READ_ONCE(driver->state)]);
	sysfs_notify(&driver->dev.kobj, NULL, "state");
	kobject_uevent_env(&driver->dev.kobj, KOBJ_CHANGE, env);
}

int __init nooks_sysfs_init(void)
{
	return class_register(&nooks_class);
}

void nooks_sysfs_exit(void)
{
	class_unregister(&nooks_class);
}
