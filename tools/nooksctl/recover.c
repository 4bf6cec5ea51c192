// SPDX-License-Identifier: GPL-2.0
/* nooksctl restart and stop. */
#include <stdio.h>

#include "json.h"
#include "order.h"
#include "report.h"
#include "sysfs.h"
#include "verb.h"

static int recover(const struct driver *driver, const char *verb, const char *done)
{
	char value[SYSFS_VALUE_MAX];
	const char *state = NULL;	/* unknown, if it is unloaded meanwhile */

	if (order_give(driver, verb, "1"))
		return -1;
	if (!sysfs_read(driver->name, attributes[ATTRIBUTE_STATE].name, value, sizeof(value)))
		state = value;
	if (report_is_json()) {
		json_begin(NULL, '{');
		json_string("name", driver->name);
		json_string("state", state);
		json_end('}');
	} else {
		printf("%s: %s; state: %s\n", driver->name, done, state ? state : "-");
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
