/* SPDX-License-Identifier: GPL-2.0 */
/* Drivers in their domains, as sysfs shows them. */
#ifndef NOOKSCTL_DRIVER_H
#define NOOKSCTL_DRIVER_H

#include <stddef.h>

#include "attribute.h"

/**
 * struct driver - what was read of a driver
 * @name: of its module
 * @values: of its attributes; NULL: there is none, or not a sane one
 */
struct driver {
	char *name;
	char *values[NR_ATTRIBUTES];
};

/** struct drivers - all of them, by name */
struct drivers {
	struct driver *list;
	size_t count;
};

int drivers_read(struct drivers *drivers);
void drivers_free(struct drivers *drivers);
struct driver *drivers_find(const struct drivers *drivers, const char *name);
const char *driver_text(const struct driver *driver, enum attribute attribute);
void driver_print_json(const struct driver *driver);

#endif
