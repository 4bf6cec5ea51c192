// SPDX-License-Identifier: GPL-2.0
/*
 * /sys/class/nooks/<driver>/
 *	state			offline, running, crashed, recovering or failed; pollable
 *	restart			write 1: restart now
 *	stop			write 1: stop until a restart
 *	inject			write "KIND [CONTEXT]": a fault at the driver's next call
 *	recovery		restart or stop: what follows a failure
 *	max_failures, window	give up after so many failures within so many seconds; 0: never
 *	backoff_ms		how long the second restart in a row waits, at first; 0: none
 *	readonly_failure	1: a file system that the driver makes read-only, unasked, is a failure; 0: not
 *	inode_check		1: its part of an inode may change in calls about that inode only; 0: at any time
 *	silent_seconds		so many seconds of packets sent and none received are a failure; 0: never
 *	silences		failures of that kind
 *	max_warnings		so many WARNs in its code are a failure; 0: never
 *	warnings		WARNs so far
 *	stuck_seconds, max_tx_timeouts, starved_seconds, max_bad_lengths, max_error_percent, max_contradictions,
 *	max_failed_calls, dead_seconds
 *				what else is a failure; 0: is none
 *	stuck_queues, tx_timeouts, starvations, bad_lengths, errors, contradictions, failed_calls,
 *	dead_devices
 *				how much of each there was
 *	last_failure		kind and function of the last failure
 *	report			all about it: docs/report-format.md
 *	learn			1 in learn mode
 *	entries, unwindings, checked_stores, missed_calls, missed_entries, faults, refills,
 *	failures, restarts, objects, timers, packets, packet_memory, memory, dma_memory, refused, lines_dropped
 *				counters; memory in bytes
 * and for all drivers together, of the class:
 *	crossings, interrupts	calls from domains into the kernel, interrupts taken in domains
 *
 * Documentation/ABI form: docs/abi/sysfs-class-nooks.
 */
#include <linux/device.h>
#include <linux/kstrtox.h>
#include <linux/moduleparam.h>
#include <linux/slab.h>
#include "../recovery/recover.h"
#include "compat.h"
#include "driver.h"
#include "inject.h"
#include "sysfs.h"

module_param_named(max_objects, nooks_limits.objects, uint, 0444);
MODULE_PARM_DESC(max_objects, "kernel objects that a driver may hold");
module_param_named(max_timers, nooks_limits.timers, uint, 0444);
MODULE_PARM_DESC(max_timers, "timers that a driver may have");
module_param_named(max_packets, nooks_limits.packets, uint, 0444);
MODULE_PARM_DESC(max_packets, "packets whose headers a driver may see at once");
module_param_named(max_packet_memory, nooks_limits.packet_memory, ulong, 0444);
MODULE_PARM_DESC(max_packet_memory, "bytes of copies of packets that a driver may have");
module_param_named(max_dma, nooks_limits.dma, ulong, 0444);
MODULE_PARM_DESC(max_dma, "bytes of coherent DMA memory that a driver may have");

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
	return dev_get_drvdata(dev);
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

#define LIMIT_ATTRIBUTE(name, max) LIMIT_ATTRIBUTE_AT(name, name, max)
#define HEALTH_ATTRIBUTE(name, max) LIMIT_ATTRIBUTE_AT(name, health.name, max)

#define LIMIT_ATTRIBUTE_AT(name, field, max)						\
static ssize_t name##_show(struct device *dev, struct device_attribute *attr, char *buf)	\
{											\
	return sysfs_emit(buf, "%u\n", READ_ONCE(to_driver(dev)->field));		\
}											\
static ssize_t name##_store(struct device *dev, struct device_attribute *attr,		\
			    const char *buf, size_t count)				\
{											\
	return limit_store(&to_driver(dev)->field, max, buf, count);			\
}											\
static DEVICE_ATTR_RW(name)

LIMIT_ATTRIBUTE(max_failures, NOOKS_MAX_FAILURES);
LIMIT_ATTRIBUTE(window, 86400);
LIMIT_ATTRIBUTE_AT(backoff_ms, backoff.backoff_ms, 5000);
LIMIT_ATTRIBUTE(readonly_failure, 1);
LIMIT_ATTRIBUTE(inode_check, 1);
LIMIT_ATTRIBUTE(silent_seconds, 86400);
LIMIT_ATTRIBUTE(max_warnings, UINT_MAX);
HEALTH_ATTRIBUTE(stuck_seconds, 86400);
HEALTH_ATTRIBUTE(max_tx_timeouts, UINT_MAX);
HEALTH_ATTRIBUTE(starved_seconds, 86400);
HEALTH_ATTRIBUTE(max_bad_lengths, UINT_MAX);
HEALTH_ATTRIBUTE(max_error_percent, 100);
HEALTH_ATTRIBUTE(max_contradictions, UINT_MAX);
HEALTH_ATTRIBUTE(max_failed_calls, UINT_MAX);
HEALTH_ATTRIBUTE(dead_seconds, 86400);

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
COUNTER_ATTRIBUTE(silences, READ_ONCE(driver->silence.count));
COUNTER_ATTRIBUTE(warnings, atomic_long_read(&driver->nr_warnings));
COUNTER_ATTRIBUTE(stuck_queues, READ_ONCE(driver->health.nr_stuck));
COUNTER_ATTRIBUTE(tx_timeouts, atomic_long_read(&driver->health.nr_tx_timeouts));
COUNTER_ATTRIBUTE(starvations, READ_ONCE(driver->health.nr_starved));
COUNTER_ATTRIBUTE(bad_lengths, atomic_long_read(&driver->health.nr_bad_lengths));
COUNTER_ATTRIBUTE(errors, READ_ONCE(driver->health.nr_errors));
COUNTER_ATTRIBUTE(contradictions, atomic_long_read(&driver->health.nr_contradictions));
COUNTER_ATTRIBUTE(failed_calls, atomic_long_read(&driver->health.nr_failed_calls));
COUNTER_ATTRIBUTE(dead_devices, READ_ONCE(driver->health.nr_dead));
COUNTER_ATTRIBUTE(objects, READ_ONCE(driver->objects.count));
COUNTER_ATTRIBUTE(timers, READ_ONCE(driver->objects.timers));
COUNTER_ATTRIBUTE(packets, READ_ONCE(driver->shadows.count));
COUNTER_ATTRIBUTE(packet_memory, READ_ONCE(driver->shadows.charged));
COUNTER_ATTRIBUTE(dma_memory, atomic_long_read(&driver->dma));
COUNTER_ATTRIBUTE(refused, atomic_long_read(&driver->heap.refused) +
			   atomic_long_read(&driver->nr_dma_refused) +
			   READ_ONCE(driver->objects.refused) + READ_ONCE(driver->shadows.refused));
COUNTER_ATTRIBUTE(lines_dropped, atomic_long_read(&driver->nr_lines_dropped));
COUNTER_ATTRIBUTE(memory, (atomic_long_read(&driver->heap.pages) +
			   READ_ONCE(driver->domain->nr_tables)) * PAGE_SIZE +
			  READ_ONCE(driver->domain->nr_stacks) * NOOKS_STACK_SIZE);

static ssize_t report_read(struct file *file, struct kobject *kobj, struct bin_attribute *attr,
			   char *buf, loff_t offset, size_t count)
{
	struct nooks_dump *dump = &to_driver(kobj_to_dev(kobj))->dump;
	ssize_t ret;

	mutex_lock(&dump->lock);
	ret = memory_read_from_buffer(buf, count, &offset, dump->text, dump->size);
	mutex_unlock(&dump->lock);
	return ret;
}
static struct bin_attribute bin_attr_report = {
	.attr = { .name = "report", .mode = 0400 },
	.read = report_read,
};

static struct attribute *driver_attrs[] = {
	&dev_attr_state.attr,
	&dev_attr_restart.attr,
	&dev_attr_stop.attr,
	&dev_attr_inject.attr,
	&dev_attr_recovery.attr,
	&dev_attr_max_failures.attr,
	&dev_attr_window.attr,
	&dev_attr_backoff_ms.attr,
	&dev_attr_readonly_failure.attr,
	&dev_attr_inode_check.attr,
	&dev_attr_silent_seconds.attr,
	&dev_attr_silences.attr,
	&dev_attr_max_warnings.attr,
	&dev_attr_warnings.attr,
	&dev_attr_stuck_seconds.attr,
	&dev_attr_stuck_queues.attr,
	&dev_attr_max_tx_timeouts.attr,
	&dev_attr_tx_timeouts.attr,
	&dev_attr_starved_seconds.attr,
	&dev_attr_starvations.attr,
	&dev_attr_max_bad_lengths.attr,
	&dev_attr_bad_lengths.attr,
	&dev_attr_max_error_percent.attr,
	&dev_attr_errors.attr,
	&dev_attr_max_contradictions.attr,
	&dev_attr_contradictions.attr,
	&dev_attr_max_failed_calls.attr,
	&dev_attr_failed_calls.attr,
	&dev_attr_dead_seconds.attr,
	&dev_attr_dead_devices.attr,
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
	&dev_attr_timers.attr,
	&dev_attr_packets.attr,
	&dev_attr_packet_memory.attr,
	&dev_attr_memory.attr,
	&dev_attr_dma_memory.attr,
	&dev_attr_refused.attr,
	&dev_attr_lines_dropped.attr,
	NULL
};

static struct bin_attribute *driver_bin_attrs[] = {
	&bin_attr_report,
	NULL
};

static const struct attribute_group driver_group = {
	.attrs = driver_attrs,
	.bin_attrs = driver_bin_attrs,
};
__ATTRIBUTE_GROUPS(driver);

static ssize_t crossings_show(nooks_class_const struct class *class,
			 nooks_class_const struct class_attribute *attr, char *buf)
{
	unsigned long sum = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		sum += READ_ONCE(per_cpu(nooks_cpu.crossings, cpu));
	return sysfs_emit(buf, "%lu\n", sum);
}
static CLASS_ATTR_RO(crossings);

static ssize_t interrupts_show(nooks_class_const struct class *class,
			 nooks_class_const struct class_attribute *attr, char *buf)
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

static struct class nooks_class = {
	.name = "nooks",
	.class_groups = class_groups,
	.dev_groups = driver_groups,
};

/** nooks_sysfs_add - show a driver. Context: may sleep. Return: 0 or a negative errno. */
int nooks_sysfs_add(struct nooks_driver *driver)
{
	struct device *dev;

	/* Freed by the kernel's own function: a device core dump may hold it when nooks.ko has gone. */
	dev = device_create(&nooks_class, NULL, MKDEV(0, 0), driver, "%s", driver->name);
	driver->dev = dev;
	return PTR_ERR_OR_ZERO(dev);
}

/** nooks_sysfs_remove - hide a driver; waits for readers and writers. Context: may sleep. */
void nooks_sysfs_remove(struct nooks_driver *driver)
{
	device_unregister(driver->dev);
}

/** nooks_sysfs_state_changed - tell pollers and udev. Context: may sleep. */
void nooks_sysfs_state_changed(struct nooks_driver *driver)
{
	char state[32];
	char *env[] = { state, NULL };

	snprintf(state, sizeof(state), "STATE=%s", state_names[READ_ONCE(driver->state)]);
	sysfs_notify(&driver->dev->kobj, NULL, "state");
	kobject_uevent_env(&driver->dev->kobj, KOBJ_CHANGE, env);
}

/**
 * nooks_sysfs_event - tell user space what has become of a driver
 * @driver: the driver
 * @event: failure, restart or give-up
 *
 * Context: may sleep.
 */
void nooks_sysfs_event(struct nooks_driver *driver, const char *event)
{
	char text[6][96];
	char *env[ARRAY_SIZE(text) + 1];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(text); i++)
		env[i] = text[i];
	env[i] = NULL;
	scnprintf(text[0], sizeof(text[0]), "NOOKS_EVENT=%s", event);
	scnprintf(text[1], sizeof(text[1]), "STATE=%s", state_names[READ_ONCE(driver->state)]);
	scnprintf(text[2], sizeof(text[2]), "FAILURES=%lu", READ_ONCE(driver->nr_failures));
	scnprintf(text[3], sizeof(text[3]), "RESTARTS=%lu", READ_ONCE(driver->nr_restarts));
	if (driver->nr_failures) {
		scnprintf(text[4], sizeof(text[4]), "KIND=%s",
			  nooks_failure_name(driver->last.kind));
		scnprintf(text[5], sizeof(text[5]), "FUNCTION=%s", driver->last_function);
	} else {
		env[4] = NULL;		/* restarted on request */
	}
	kobject_uevent_env(&driver->dev->kobj, KOBJ_CHANGE, env);
}

int __init nooks_sysfs_init(void)
{
	return class_register(&nooks_class);
}

void nooks_sysfs_exit(void)
{
	class_unregister(&nooks_class);
}
