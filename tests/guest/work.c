// SPDX-License-Identifier: GPL-2.0
/*
 * Do what scripts/bench measures, and print how many microseconds it took. What is measured stands between
 * marks that tests/plugin/count.c looks for; that it needs a connection, or a child, does not count.
 *
 * "work unmarked ..." sets no marks.
 *
 *	work loop N			1 + 2 N instructions
 *	work strings N			1 + 6 N instructions, N of which copy 100 bytes each
 *	work clock N			a system call N times; prints how far the time stamp counter got instead
 *	work write FILE TEXT
 *	work system-call N		getppid()
 *	work page-fault N		the first touch of N pages
 *	work switch N			two processes on one CPU wait for each other, N times each
 *	work sleep N			N times until the next timer interrupt but one
 *	work tcp-send ADDRESS PORT BYTES
 *	work tcp-receive ADDRESS PORT BYTES
 *	work udp-send ADDRESS PORT COUNT	of 64 bytes each
 *	work udp-receive ADDRESS PORT COUNT
 *	work domain START END START END		tells the plugin which code runs in a domain
 */
#include <arpa/inet.h>
#include <err.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <x86intrin.h>

#include "../plugin/mark.h"

#define CHUNK		65536
#define DATAGRAM	64
#define WINDOW		32		/* datagrams that may be under way; adapters have room for 256 */
#define NAP_NS		200000

static char buffer[CHUNK];
static struct timespec began;
static bool unmarked;

static void begin(void)
{
	clock_gettime(CLOCK_MONOTONIC, &began);
	if (!unmarked)
		mark_begin();
}

static void end(void)
{
	struct timespec now;

	if (!unmarked)
		mark_end();
	clock_gettime(CLOCK_MONOTONIC, &now);
	printf("%ld\n", (now.tv_sec - began.tv_sec) * 1000000 + (now.tv_nsec - began.tv_nsec) / 1000);
}

static unsigned long number(const char *word)
{
	char *rest;
	unsigned long n = strtoul(word, &rest, 10);

	if (!*word || *rest)
		errx(2, "no number: %s", word);
	return n;
}

static void loop(char **args)
{
	unsigned long n = number(args[0]);

	begin();
	asm volatile("mov %0, %%rcx\n1: dec %%rcx\njnz 1b" : : "r"(n) : "rcx");
	end();
}

static void strings(char **args)
{
	unsigned long n = number(args[0]);

	begin();
	asm volatile("mov %0, %%r8\n"
		     "1: mov $100, %%ecx\n"
		     "mov %1, %%rsi\n"
		     "lea 4096(%%rsi), %%rdi\n"
		     "rep movsb\n"
		     "dec %%r8\n"
		     "jnz 1b"
		     : : "r"(n), "r"(buffer) : "rcx", "rsi", "rdi", "r8", "memory");
	end();
}

/* Without system calls that end() may make: just what lies between the two readings. */
static void read_clock(char **args)
{
	unsigned long n = number(args[0]);
	uint64_t from, to;

	mark_begin();
	from = __rdtsc();
	while (n--)
		syscall(SYS_getppid);
	to = __rdtsc();
	mark_end();
	printf("%lu\n", (unsigned long)(to - from));
}

static void write_file(char **args)
{
	size_t length = strlen(args[1]);
	int fd = open(args[0], O_WRONLY);

	if (fd < 0)
		err(1, "%s", args[0]);
	begin();
	if (write(fd, args[1], length) != (ssize_t)length)
		err(1, "%s", args[0]);
	end();
}

static void call_kernel(char **args)
{
	unsigned long n = number(args[0]);

	begin();
	while (n--)
		syscall(SYS_getppid);
	end();
}

static void touch(size_t size, bool measured)
{
	char *pages = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	size_t i;

	if (pages == MAP_FAILED || madvise(pages, size, MADV_NOHUGEPAGE))
		err(1, "%zu bytes of memory", size);
	if (measured)
		begin();
	for (i = 0; i < size; i += 4096)
		((volatile char *)pages)[i] = 1;
	if (measured)
		end();
	munmap(pages, size);
}

/* What the allocator has at hand depends on what was freed before: so the same is. */
static void touch_pages(char **args)
{
	size_t size = number(args[0]) * 4096;

	touch(size, false);
	touch(size, true);
}

/* Hand a byte from one to the other. */
static void pass(int in, int out, unsigned long n)
{
	char byte;

	while (n--) {
		if (write(out, "", 1) != 1 || read(in, &byte, 1) != 1)
			err(1, "pipe");
	}
}

static void switch_processes(char **args)
{
	unsigned long n = number(args[0]);
	int here[2], there[2];
	cpu_set_t one;
	char byte;
	pid_t child;

	CPU_ZERO(&one);
	CPU_SET(0, &one);
	if (sched_setaffinity(0, sizeof(one), &one))
		err(1, "cannot stay on one CPU");
	if (pipe(here) || pipe(there))
		err(1, "pipe");
	child = fork();
	if (child < 0)
		err(1, "fork");
	if (!child) {
		close(there[1]);
		while (read(there[0], &byte, 1) == 1 && write(here[1], "", 1) == 1)
			;
		_exit(0);
	}
	pass(here[0], there[1], 1);	/* the child is there */
	begin();
	pass(here[0], there[1], n);
	end();
	close(there[1]);
	waitpid(child, NULL, 0);
}

static void take_naps(char **args)
{
	struct timespec nap = { .tv_nsec = NAP_NS };
	unsigned long n = number(args[0]);

	begin();
	while (n--)
		clock_nanosleep(CLOCK_MONOTONIC, 0, &nap, NULL);
	end();
}

static int connect_to(char **args, int type)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(number(args[1])) };
	int fd = socket(AF_INET, type, 0);

	if (!inet_aton(args[0], &address.sin_addr))
		errx(2, "no address: %s", args[0]);
	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)))
		err(1, "%s port %s", args[0], args[1]);
	return fd;
}

static void send_all(int fd, size_t size)
{
	while (size) {
		ssize_t done = write(fd, buffer, size < CHUNK ? size : CHUNK);

		if (done < 0)
			err(1, "write");
		size -= done;
	}
}

/* One by one, so as not to read what follows. */
static void read_line(int fd)
{
	char c;

	do {
		if (read(fd, &c, 1) != 1)
			errx(1, "the peer has gone");
	} while (c != '\n');
}

static void tcp_send(char **args)
{
	size_t size = number(args[2]);
	int fd = connect_to(args, SOCK_STREAM);

	dprintf(fd, "sink %zu\n", size);
	begin();
	send_all(fd, size);
	read_line(fd);
	end();
}

static void tcp_receive(char **args)
{
	size_t size = number(args[2]);
	int fd = connect_to(args, SOCK_STREAM);

	dprintf(fd, "source %zu 1\n", size);
	read_line(fd);		/* now the peer has made the data */
	begin();
	while (size) {
		ssize_t done = read(fd, buffer, CHUNK);

		if (done <= 0)
			errx(1, "the peer has gone");
		size -= done;
	}
	end();
}

static void udp_send(char **args)
{
	unsigned long n = number(args[2]);
	int fd = connect_to(args, SOCK_DGRAM);

	begin();
	while (n--) {
		if (write(fd, buffer, DATAGRAM) != DATAGRAM)
			err(1, "write");
	}
	end();
}

/* A window at a time: the peer sends as many as it is told. */
static void udp_receive(char **args)
{
	struct timeval patience = { .tv_sec = 5 };
	unsigned long n = number(args[2]), i, window;
	int fd = connect_to(args, SOCK_DGRAM);

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	begin();
	for (; n; n -= window) {
		window = n < WINDOW ? n : WINDOW;
		dprintf(fd, "%lu %d", window, DATAGRAM);
		for (i = 0; i < window; i++) {
			if (read(fd, buffer, CHUNK) != DATAGRAM)
				err(1, "%lu datagrams of %lu are missing", window - i, window);
		}
	}
	end();
}

static char *put_range(char *to, unsigned long start, unsigned long end)
{
	uint32_t operands[2] = { start, end };

	to = mempcpy(to, MARK_RANGE, 8);
	for (int i = 0; i < 2; i++)
		to = mempcpy(mempcpy(to, MARK_OPERAND, 4), &operands[i], 4);
	return to;
}

/* The marks have the addresses in them, so they are made here; in place of those that were there before. */
static void tell_domain(char **args)
{
	char *code = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), *p;

	if (code == MAP_FAILED)
		err(1, "no memory for code");
	p = put_range(code, 0, 0);
	for (int i = 0; i < 4; i += 2)
		p = put_range(p, strtoul(args[i], NULL, 0), strtoul(args[i + 1], NULL, 0));
	*p = 0xc3;
	((void (*)(void))code)();
}

static const struct {
	const char *name;
	int args;
	void (*fn)(char **args);
} works[] = {
	{ "loop", 1, loop },
	{ "strings", 1, strings },
	{ "clock", 1, read_clock },
	{ "write", 2, write_file },
	{ "system-call", 1, call_kernel },
	{ "page-fault", 1, touch_pages },
	{ "switch", 1, switch_processes },
	{ "sleep", 1, take_naps },
	{ "tcp-send", 3, tcp_send },
	{ "tcp-receive", 3, tcp_receive },
	{ "udp-send", 3, udp_send },
	{ "udp-receive", 3, udp_receive },
	{ "domain", 4, tell_domain },
};

int main(int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], "unmarked")) {
		unmarked = true;
		argc--;
		argv++;
	}
	for (size_t i = 0; i < sizeof(works) / sizeof(works[0]); i++) {
		if (argc == works[i].args + 2 && !strcmp(argv[1], works[i].name)) {
			works[i].fn(argv + 2);
			return 0;
		}
	}
	errx(2, "usage: see the source");
}
