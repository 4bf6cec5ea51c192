// SPDX-License-Identifier: GPL-2.0
/*
 * Mounts step by step, by fsopen() and what belongs to it: each line of the standard input is a step, of which the
 * number and its errno are printed; "run COMMAND" is one, too, for what is to happen in between.
 *
 *	open TYPE, pick PATH, set KEY VALUE, flag KEY, create, reconfigure, mount, move PATH, close, run COMMAND
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <linux/mount.h>

static int context = -1, mounted = -1;

static int configure(unsigned int command, const char *key, const char *value)
{
	return syscall(SYS_fsconfig, context, command, key, value, 0);
}

static int step(const char *what, const char *first, const char *second)
{
	if (!strcmp(what, "open"))
		return context = syscall(SYS_fsopen, first, FSOPEN_CLOEXEC);
	if (!strcmp(what, "pick"))
		return context = syscall(SYS_fspick, AT_FDCWD, first, FSPICK_CLOEXEC);
	if (!strcmp(what, "set"))
		return configure(FSCONFIG_SET_STRING, first, second);
	if (!strcmp(what, "flag"))
		return configure(FSCONFIG_SET_FLAG, first, NULL);
	if (!strcmp(what, "create"))
		return configure(FSCONFIG_CMD_CREATE, NULL, NULL);
	if (!strcmp(what, "reconfigure"))
		return configure(FSCONFIG_CMD_RECONFIGURE, NULL, NULL);
	if (!strcmp(what, "mount"))
		return mounted = syscall(SYS_fsmount, context, FSMOUNT_CLOEXEC, 0);
	if (!strcmp(what, "move"))
		return syscall(SYS_move_mount, mounted, "", AT_FDCWD, first, MOVE_MOUNT_F_EMPTY_PATH);
	if (!strcmp(what, "close")) {
		close(mounted);
		mounted = -1;
		return close(context);
	}
	fprintf(stderr, "no step '%s'\n", what);
	exit(2);
}

int main(void)
{
	char line[512], what[32], first[256], second[256];
	unsigned int number = 0;

	setlinebuf(stdout);
	while (fgets(line, sizeof(line), stdin)) {
		*first = *second = '\0';
		if (sscanf(line, "%31s %255s %255s", what, first, second) < 1)
			continue;
		number++;
		errno = 0;
		if (!strcmp(what, "run"))
			printf("%u run %d\n", number, WEXITSTATUS(system(strstr(line, "run") + 4)));
		else
			printf("%u %s %s\n", number, what,
			       step(what, first, second) < 0 ? strerrorname_np(errno) : "0");
	}
	return 0;
}
