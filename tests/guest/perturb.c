// SPDX-License-Identifier: GPL-2.0
/*
 * Disturb a program at one of its system calls, which are counted from 1.
 *
 *	perturb steps COMMAND...	run it; print the number of each call that differs in kind from
 *					the one before it
 *	perturb kill-before N COMMAND...	kill it when it is about to make its Nth call
 *	perturb kill-after N COMMAND...		kill it when it has just made it
 *
 * Exit status: 0 disturbed (steps: it succeeded), 1 it ended undisturbed, 2 trouble.
 */
#include <err.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

enum { DISTURBED, UNDISTURBED, TROUBLE };

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

int main(int argc, char **argv)
{
	if (argc > 2 && !strcmp(argv[1], "steps"))
		return steps(argv + 2);
	if (argc > 3 && !strcmp(argv[1], "kill-before"))
		return kill_at(atoi(argv[2]), false, argv + 3);
	if (argc > 3 && !strcmp(argv[1], "kill-after"))
		return kill_at(atoi(argv[2]), true, argv + 3);
	errx(TROUBLE, "usage: perturb steps|kill-before N|kill-after N COMMAND...");
}
