// SPDX-License-Identifier: GPL-2.0
/*
 * Do with files what scripts/bench-files measures, and print how many microseconds it took; between the marks
 * that tests/plugin/count.c looks for.
 *
 *	fswork create DIRECTORY COUNT		empty files with long names, 100 to a directory
 *	fswork stat DIRECTORY COUNT
 *	fswork unlink DIRECTORY COUNT		and the directories
 *	fswork write FILE MIB			in pieces of 64 KiB, and fsync
 *	fswork read FILE MIB
 *	fswork random-write FILE MIB COUNT	4 KiB each, and fsync
 *	fswork random-read FILE MIB COUNT
 *	fswork sources DIRECTORY COUNT		files of C, for a compiler to read; not measured
 *	fswork tree DIRECTORY COUNT		files of up to some KiB, 100 to a directory; not measured
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "../plugin/mark.h"
#include "seed.h"

#define PIECE		65536
#define BLOCK		4096
#define PER_DIRECTORY	100

static char buffer[PIECE];
static struct timespec began;

static void begin(void)
{
	clock_gettime(CLOCK_MONOTONIC, &began);
	mark_begin();
}

static void end(void)
{
	struct timespec now;

	mark_end();
	clock_gettime(CLOCK_MONOTONIC, &now);
	printf("%ld\n", (now.tv_sec - began.tv_sec) * 1000000 + (now.tv_nsec - began.tv_nsec) / 1000);
}

static unsigned long number(const char *word)
{
	char *rest;
	unsigned long n = strtoul(word, &rest, 10);

	if (!*word || *rest || !n)
		errx(2, "no number: %s", word);
	return n;
}

static const char *name_of(const char *top, unsigned long i)
{
	static char name[4096];

	snprintf(name, sizeof(name), "%s/directory %lu/a file of several slots %lu.txt", top, i / PER_DIRECTORY, i);
	return name;
}

static void directories(const char *top, unsigned long count, int (*fn)(const char *name))
{
	char name[4096];

	for (unsigned long i = 0; i < count; i += PER_DIRECTORY) {
		snprintf(name, sizeof(name), "%s/directory %lu", top, i / PER_DIRECTORY);
		if (fn(name))
			err(1, "%s", name);
	}
}

static int make_directory(const char *name)
{
	return mkdir(name, 0777);
}

static void create(char **args)
{
	unsigned long n = number(args[1]);

	directories(args[0], n, make_directory);
	begin();
	for (unsigned long i = 0; i < n; i++) {
		int fd = open(name_of(args[0], i), O_CREAT | O_EXCL | O_WRONLY, 0666);

		if (fd < 0 || close(fd))
			err(1, "%s", name_of(args[0], i));
	}
	end();
}

static void stat_all(char **args)
{
	unsigned long n = number(args[1]);
	struct stat about;

	begin();
	for (unsigned long i = 0; i < n; i++)
		if (stat(name_of(args[0], i), &about))
			err(1, "%s", name_of(args[0], i));
	end();
}

static void unlink_all(char **args)
{
	unsigned long n = number(args[1]);

	begin();
	for (unsigned long i = 0; i < n; i++)
		if (unlink(name_of(args[0], i)))
			err(1, "%s", name_of(args[0], i));
	end();
	directories(args[0], n, rmdir);
}

static int open_file(const char *name, int flags)
{
	int fd = open(name, flags, 0666);

	if (fd < 0)
		err(1, "%s", name);
	return fd;
}

static void finish(int fd, const char *name)
{
	if (fsync(fd) || close(fd))
		err(1, "%s", name);
	end();
}

static void write_all(char **args)
{
	unsigned long pieces = number(args[1]) * (1048576 / PIECE);
	int fd = open_file(args[0], O_CREAT | O_TRUNC | O_WRONLY);

	begin();
	while (pieces--)
		if (write(fd, buffer, PIECE) != PIECE)
			err(1, "%s", args[0]);
	finish(fd, args[0]);
}

static void read_all(char **args)
{
	unsigned long pieces = number(args[1]) * (1048576 / PIECE);
	int fd = open_file(args[0], O_RDONLY);

	begin();
	while (pieces--)
		if (read(fd, buffer, PIECE) != PIECE)
			err(1, "%s", args[0]);
	close(fd);
	end();
}

/* The same places each time. */
static off_t place(unsigned long blocks)
{
	return (off_t)any(blocks) * BLOCK;
}

static void random_write(char **args)
{
	unsigned long blocks = number(args[1]) * (1048576 / BLOCK), n = number(args[2]);
	int fd = open_file(args[0], O_WRONLY);

	begin();
	while (n--)
		if (pwrite(fd, buffer, BLOCK, place(blocks)) != BLOCK)
			err(1, "%s", args[0]);
	finish(fd, args[0]);
}

static void random_read(char **args)
{
	unsigned long blocks = number(args[1]) * (1048576 / BLOCK), n = number(args[2]);
	int fd = open_file(args[0], O_RDONLY);

	begin();
	while (n--)
		if (pread(fd, buffer, BLOCK, place(blocks)) != BLOCK)
			err(1, "%s", args[0]);
	close(fd);
	end();
}

/* Enough to do for a compiler: some functions each, and no header. */
static void sources(char **args)
{
	unsigned long n = number(args[1]);
	char name[4096];

	for (unsigned long i = 0; i < n; i++) {
		FILE *f;

		snprintf(name, sizeof(name), "%s/source_%lu.c", args[0], i);
		f = fopen(name, "w");
		if (!f)
			err(1, "%s", name);
		for (int fn = 0; fn < 50; fn++)
			fprintf(f, "int function_%lu_%d(int a, int b)\n{\n\tint i, sum = %d;\n\n"
				"\tfor (i = a; i < b; i++)\n\t\tsum += i %% 3 ? i * a : sum ^ b;\n\treturn sum;\n}\n\n",
				i, fn, fn);
		if (fclose(f))
			err(1, "%s", name);
	}
}

static void tree(char **args)
{
	unsigned long n = number(args[1]);

	directories(args[0], n, make_directory);
	for (unsigned long i = 0; i < n; i++) {
		int fd = open(name_of(args[0], i), O_CREAT | O_EXCL | O_WRONLY, 0666);
		ssize_t size = i % 7 * 700;

		if (fd < 0 || write(fd, buffer, size) != size || close(fd))
			err(1, "%s", name_of(args[0], i));
	}
}

static const struct {
	const char *name;
	int args;
	void (*fn)(char **args);
} works[] = {
	{ "create", 2, create },
	{ "stat", 2, stat_all },
	{ "unlink", 2, unlink_all },
	{ "write", 2, write_all },
	{ "read", 2, read_all },
	{ "random-write", 3, random_write },
	{ "random-read", 3, random_read },
	{ "sources", 2, sources },
	{ "tree", 2, tree },
};

int main(int argc, char **argv)
{
	memset(buffer, 'x', sizeof(buffer));
	for (size_t i = 0; i < sizeof(works) / sizeof(works[0]); i++) {
		if (argc == works[i].args + 2 && !strcmp(argv[1], works[i].name)) {
			works[i].fn(argv + 2);
			return 0;
		}
	}
	errx(2, "usage: see the source");
}
