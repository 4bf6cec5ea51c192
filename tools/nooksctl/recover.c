// SPDX-License-Identifier: GPL-2.0
/* nooksctl restart and stop: ask for it, and wait until it is done. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "json.h"
#include "report.h"
#include "sysfs.h"
#include "verb.h"

/* Why it was not done. @verb is the attribute's name, too. */
static int refused(const char *name, const char *verb, int err)
{
	switch (err) {
	case EACCES:
	case EPERM:
		return report_error("only root may %s a driver: run nooksctl as root", verb);
	case ENOENT:
		return report_error("%s is not in its domain any more: it was unloaded just now",
				    name);
	case ENODEV:
		return report_error("%s is just being loaded or unloaded: see nooksctl status",
				    name);
	case EIO:
		return report_error("%s: %s failed: dmesg says why", name, verb);
	default:
		return report_error("%s: %s: %s; see dmesg", name, verb, strerror(err));
	}
}

/* The write returns when it is done, or has failed. */
static int recover(const struct driver *driver, const char *verb, const char *done)
{
	char state[SYSFS_VALUE_MAX];
	int err = sysfs_write(driver->name, verb, "1");

	if (err)
		return refused(driver->name, verb, -err);
	if (sysfs_read(driver->name, attributes[ATTRIBUTE_STATE].name, state, sizeof(state)))
		strcpy(state, "unloaded");
	if (report_is_json()) {
		json_begin(NULL, '{');
		json_string("name", driver->name);
		json_string("state", state);
		json_end('}');
	} else {
		printf("%s: %s; state: %s\n", driver->name, done, state);
	}
	return 0;
}

/** verb_restart - restart DRIVER */
int verb_restart(const struct drivers *drivers, char **args)
{
	(void)args;
	return recover(drivers->list, "restart", "restarted");
}

/** verb_stop - stop DRIVER */
int verb_stop(const struct drivers *drivers, char **args)
{
	(void)args;
	return recover(drivers->list, "stop", "stopped until nooksctl restart");
}
