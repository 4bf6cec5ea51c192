// SPDX-License-Identifier: GPL-2.0
/* What nooks.ko shows of a driver in debugfs. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "debugfs.h"
#include "report.h"

/** debugfs_open - open a driver's file; $NOOKS_DEBUGFS stands in for the directory, in tests */
FILE *debugfs_open(const char *driver, const char *file)
{
	const char *root = getenv("NOOKS_DEBUGFS");
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s/%s", root ? root : "/sys/kernel/debug/nooks", driver,
		 file);
	return fopen(path, "re");
}

/** debugfs_error - say why that can't be done. Return: -1. */
int debugfs_error(const char *driver, const char *file, int err)
{
	if (err == EACCES)
		return report_error("%s: %s: only root may do that: run nooksctl as root", driver,
				    file);
	return report_error("%s: %s: %s; is debugfs there? mount -t debugfs none /sys/kernel/debug",
			    driver, file, strerror(err));
}
