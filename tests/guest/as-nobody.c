// SPDX-License-Identifier: GPL-2.0
/* Run a program as a user without any privilege: as-nobody COMMAND... */
#include <err.h>
#include <grp.h>
#include <unistd.h>

#define NOBODY	65534

int main(int argc, char **argv)
{
	if (argc < 2)
		errx(2, "usage: as-nobody COMMAND...");
	if (setgroups(0, NULL) || setgid(NOBODY) || setuid(NOBODY))
		err(2, "can't become nobody");
	execvp(argv[1], argv + 1);
	err(2, "%s", argv[1]);
}
