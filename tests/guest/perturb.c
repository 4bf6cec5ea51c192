// SPDX-License-Identifier: GPL-2.0
/*
 * Disturb a program at one of its system calls, which are counted from 1.
 *
 *	perturb steps COMMAND...	run it; print the number of each call that differs in kind from
 *					the one before it
 *	perturb kill-before N COMMAND...	kill it when it is about to make its Nth call
 *	perturb kill-after N COMMAND...		kill it when it has just made it
 *	perturb fail CALL N COMMAND...		in each call of kind CALL ("finit_module", "ioctl", "openat"),
 *					let the Nth allocation of memory fail (CONFIG_FAULT_INJECTION)
 *
 * Exit status: 0 disturbed (steps: it succeeded), 1 it ended undisturbed, 2 trouble.
 */
#include <err.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

enum { DISTURBED, UNDISTURBED, TROUBLE };

static const struct {
	const char *name;
	unsigned long nr;
} calls[] = {
	{ "finit_module", SYS_finit_module },
	{ "ioctl", SYS_ioctl },
	{ "openat", SYS_openat },
	{ "delete_module", SYS_delete_module },
};

/* Run it, stopped before its first instruction. */
static pid_t start(char **command)
{
	pid_t pid = fork();
	int status;

	if (pid < 0)
		err(TROUBLE, "fork");
	if (!pid) {
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		execvp(*command, command);
		err(TROUBLE, "%s", *command);
	}
	if (waitpid(pid, &status, 0) != pid || !WIFSTOPPED(status))
		errx(TROUBLE, "%s does not start", *command);
	ptrace(PTRACE_SETOPTIONS, pid, NULL, PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL);
	return pid;
}

/* Let it run to the next entry or exit of a system call. Return: false when it has ended, with its status. */
static bool next(pid_t pid, int *status)
{
	int signal = 0;

	for (;;) {
		if (ptrace(PTRACE_SYSCALL, pid, NULL, signal))
			err(TROUBLE, "ptrace");
		if (waitpid(pid, status, 0) != pid)
			err(TROUBLE, "waitpid");
		if (!WIFSTOPPED(*status))
			return false;
		if (WSTOPSIG(*status) == (SIGTRAP | 0x80))
			return true;
		signal = WSTOPSIG(*status);
	}
}

static unsigned long call_of(pid_t pid)
{
	struct user_regs_struct regs;

	if (ptrace(PTRACE_GETREGS, pid, NULL, &regs))
		err(TROUBLE, "registers");
	return regs.orig_rax;
}

static int steps(char **command)
{
	pid_t pid = start(command);
	unsigned long last = -1UL;
	unsigned int n = 1;
	int status;

	for (; next(pid, &status); n++) {
		if (call_of(pid) != last)
			printf("%u\n", n);
		last = call_of(pid);
		if (!next(pid, &status))
			break;
	}
	return WIFEXITED(status) && !WEXITSTATUS(status) ? DISTURBED : UNDISTURBED;
}

static int kill_at(unsigned int n, bool is_after, char **command)
{
	pid_t pid = start(command);
	int status;

	while (next(pid, &status)) {
		if (!--n && !is_after)
			break;
		if (!next(pid, &status))
			return UNDISTURBED;
		if (!n)
			break;
	}
	if (!WIFSTOPPED(status))
		return UNDISTURBED;
	kill(pid, SIGKILL);
	if (waitpid(pid, &status, 0) != pid || !WIFSIGNALED(status))
		errx(TROUBLE, "%s does not die", *command);
	return DISTURBED;
}

/* How many more allocations until the one that fails; 0: it has failed, or none shall. */
static void set_fail(pid_t pid, unsigned int n)
{
	char path[64], text[16];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/fail-nth", pid);
	fd = open(path, O_WRONLY);
	snprintf(text, sizeof(text), "%u", n);
	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		err(TROUBLE, "%s", path);
	close(fd);
}

static unsigned int get_fail(pid_t pid)
{
	char path[64];
	unsigned int n;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/fail-nth", pid);
	f = fopen(path, "r");
	if (!f || fscanf(f, "%u", &n) != 1)
		err(TROUBLE, "%s", path);
	fclose(f);
	return n;
}

static int fail(const char *name, unsigned int n, char **command)
{
	unsigned long nr = -1UL;
	bool is_disturbed = false;
	unsigned int i;
	pid_t pid;
	int status;

	for (i = 0; i < sizeof(calls) / sizeof(*calls); i++) {
		if (!strcmp(calls[i].name, name))
			nr = calls[i].nr;
	}
	if (nr == -1UL)
		errx(TROUBLE, "no such call: %s", name);
	pid = start(command);
	while (next(pid, &status)) {
		bool is_it = call_of(pid) == nr;

		if (is_it)
			set_fail(pid, n);
		if (!next(pid, &status))
			break;
		if (is_it && !get_fail(pid))
			is_disturbed = true;
		if (is_it)
			set_fail(pid, 0);
	}
	return is_disturbed ? DISTURBED : UNDISTURBED;
}

int main(int argc, char **argv)
{
	if (argc > 2 && !strcmp(argv[1], "steps"))
		return steps(argv + 2);
	if (argc > 3 && !strcmp(argv[1], "kill-before"))
		return kill_at(atoi(argv[2]), false, argv + 3);
	if (argc > 3 && !strcmp(argv[1], "kill-after"))
		return kill_at(atoi(argv[2]), true, argv + 3);
	if (argc > 4 && !strcmp(argv[1], "fail"))
		return fail(argv[2], atoi(argv[3]), argv + 4);
	errx(TROUBLE, "usage: perturb steps|kill-before N|kill-after N|fail CALL N COMMAND...");
}
