/* SPDX-License-Identifier: GPL-2.0 */
/* The files of nooks.ko's sysfs class. */
#ifndef NOOKSCTL_SYSFS_H
#define NOOKSCTL_SYSFS_H

#include <stddef.h>

#define SYSFS_VALUE_MAX	4096		/* of an attribute: a page, in sysfs */

const char *sysfs_root(void);
int sysfs_read(const char *driver, const char *attribute, char *value, size_t size);
int sysfs_read_all(const char *driver, const char *attribute, char **text);
int sysfs_write(const char *driver, const char *attribute, const char *value);

#endif
