// SPDX-License-Identifier: GPL-2.0
/* Orders to nooks.ko about a driver: a write to the attribute that has the verb's name. */
#include <errno.h>
#include <string.h>

#include "order.h"
#include "report.h"
#include "sysfs.h"

static int refused(const char *name, const char *verb, int err)
{
	switch (err) {
	case EACCES:
	case EPERM:
		return report_error("%s: %s: only root may do that: run nooksctl as root", name,
				    verb);
	case ENOENT:
		return report_error("%s: %s: it has just been unloaded", name, verb);
	case ENODEV:
		return report_error("%s: %s: it is just being loaded or unloaded; see nooksctl status",
				    name, verb);
	case EINVAL:
		return report_error("%s: %s: nooks.ko does not know this: install it and nooksctl from one release",
				    name, verb);
	case EIO:
		return report_error("%s: %s failed: dmesg says why", name, verb);
	default:
		return report_error("%s: %s: %s; see dmesg", name, verb, strerror(err));
	}
}

/**
 * order_give - have nooks.ko do something, and wait for it
 * @driver: to whom
 * @verb: what
 * @value: what to write
 *
 * Return: 0, or -1 after a message.
 */
int order_give(const struct driver *driver, const char *verb, const char *value)
{
	int err = sysfs_write(driver->name, verb, value);

	return err ? refused(driver->name, verb, -err) : 0;
}
