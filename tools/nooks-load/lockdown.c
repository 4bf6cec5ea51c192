// SPDX-License-Identifier: GPL-2.0
/* Is the kernel locked down? Then it takes signed modules only. */
#include <stdio.h>
#include <string.h>

#include "lockdown.h"

#define LEVELS_FILE	"/sys/kernel/security/lockdown"

/**
 * lockdown_level - how far the kernel is locked down
 *
 * Return: "integrity" or "confidentiality"; NULL if it is not, or if securityfs is not there to tell.
 */
const char *lockdown_level(void)
{
	static char levels[64];
	char *level = NULL, *end;
	FILE *f = fopen(LEVELS_FILE, "re");

	/* "none [integrity] confidentiality" */
	if (f && fgets(levels, sizeof(levels), f))
		level = strchr(levels, '[');
	if (f)
		fclose(f);
	end = level ? strchr(level, ']') : NULL;
	if (!end)
		return NULL;
	*end = '\0';
	return strcmp(level + 1, "none") ? level + 1 : NULL;
}
