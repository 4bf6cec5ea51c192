// SPDX-License-Identifier: GPL-2.0
/*
 * nooks-load thousands of times in one process, which saves the start of a program with sanitizers each
 * time. Linked with nooks-load's objects, whose main() has become nooks_load_main().
 *
 * stdin: for each run the length of what follows (32 bits), and the arguments, each with its NUL.
 * stdout: the exit status (32 bits), the length of what was said on stderr (32 bits), and that. A run that
 * ends the process, or takes longer than SECONDS, has no answer; what the sanitizers say then
 * is on the stderr that the process was started with.
 */
#include <err.h>
#include <getopt.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define ARGS_MAX	32
#define SECONDS		60	/* then it hangs */

int nooks_load_main(int argc, char **argv);

static int run(char *args, uint32_t len)
{
	char *argv[ARGS_MAX + 2] = { "nooks-load" };
	int argc = 1;
	char *p;

	for (p = args; p < args + len && argc <= ARGS_MAX; p += strlen(p) + 1)
		argv[argc++] = p;
	optind = 0;			/* getopt() begins anew */
	return nooks_load_main(argc, argv);
}

static void reply(FILE *out, int status, int said)
{
	uint32_t head[2] = { status, lseek(said, 0, SEEK_CUR) };
	char *text = malloc(head[1] + 1);

	if (!text || pread(said, text, head[1], 0) != head[1])
		err(1, "what was said");
	if (fwrite(head, sizeof(head), 1, out) != 1 ||
	    (head[1] && fwrite(text, head[1], 1, out) != 1) || fflush(out))
		err(1, "stdout");
	free(text);
}

int main(void)
{
	FILE *out = fdopen(dup(STDOUT_FILENO), "w");
	int said = memfd_create("said", MFD_CLOEXEC), saved = dup(STDERR_FILENO);
	uint32_t len;

	if (!out || said < 0 || saved < 0 || !freopen("/dev/null", "w", stdout))
		err(1, "files");
	while (fread(&len, sizeof(len), 1, stdin) == 1) {
		char *args = malloc(len + 1);
		int status;

		if (!args || fread(args, len, 1, stdin) != 1)
			err(1, "a request");
		args[len] = '\0';
		if (ftruncate(said, 0) || lseek(said, 0, SEEK_SET) || dup2(said, STDERR_FILENO) < 0)
			err(1, "stderr");
		alarm(SECONDS);
		status = run(args, len);
		alarm(0);
		dup2(saved, STDERR_FILENO);
		reply(out, status, said);
		free(args);
	}
	return 0;
}
