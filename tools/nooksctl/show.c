// SPDX-License-Identifier: GPL-2.0
/* nooksctl show: everything about one driver. */
#include <stdio.h>

#include "report.h"
#include "verb.h"

/** verb_show - show DRIVER */
int verb_show(const struct drivers *drivers, char **args)
{
	const struct driver *driver = drivers->list;

	(void)args;
	if (report_is_json()) {
		driver_print_json(driver);
		return 0;
	}
	puts(driver->name);
	for (int i = 0; i < NR_ATTRIBUTES; i++)
		printf("  %-19s%s\n", attributes[i].name, driver_text(driver, i));
	return 0;
}
