/* SPDX-License-Identifier: GPL-2.0 */
/* What nooks.ko shows of a driver in debugfs. */
#ifndef NOOKSCTL_DEBUGFS_H
#define NOOKSCTL_DEBUGFS_H

#include <stdio.h>

FILE *debugfs_open(const char *driver, const char *file);
int debugfs_error(const char *driver, const char *file, int err);

#endif
