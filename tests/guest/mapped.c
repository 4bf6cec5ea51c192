// SPDX-License-Identifier: GPL-2.0
/*
 * A file of a file system that may fail meanwhile.
 * usage: mapped store FILE PAGES	stores to it by a mapping until it gets SIGTERM; then the file must have all of that
 *	  mapped longer FILE		what is written to it is on the disk, but not its size, and not in memory; it
 *					stays open until standard input ends
 *	  mapped sync FILE		has it open; when standard input ends, syncs its file system until that succeeds
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "seed.h"

#define PAGE 4096
#define WORDS (PAGE / sizeof(uint64_t))

static volatile sig_atomic_t stopped;
static sigjmp_buf lost;
static size_t pages;
static unsigned long stores, failed;

static void stop(int number)
{
	(void)number;
	stopped = 1;
}

/* The store was not done: its page can't be had just now. */
static void no_page(int number)
{
	(void)number;
	siglongjmp(lost, 1);
}

static int fails(const char *what)
{
	printf("mapped: %s: %s\n", what, strerror(errno));
	return 1;
}

/* What the file has, and what it must have. */
static int compare(int fd, const uint64_t *wanted)
{
	static uint64_t page[WORDS];
	unsigned long missing = 0;

	for (size_t i = 0; i < pages; i++) {
		if (pread(fd, page, PAGE, i * PAGE) != PAGE)
			return fails("read");
		for (size_t w = 0; w < WORDS; w++)
			missing += page[w] != wanted[i * WORDS + w];
	}
	if (missing)
		printf("mapped: %lu words are not what was stored\n", missing);
	return missing != 0;
}

static int store(const char *name)
{
	int fd = open(name, O_RDWR | O_CREAT | O_TRUNC, 0644);
	uint64_t *wanted = calloc(pages, PAGE);
	volatile uint64_t *map;

	if (fd < 0 || !wanted)
		return fails(name);
	for (size_t i = 0; i < pages; i++)
		if (write(fd, wanted, PAGE) != PAGE)
			return fails("write");
	if (fsync(fd))
		return fails("fsync");
	map = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (map == MAP_FAILED)
		return fails("mmap");
	signal(SIGTERM, stop);
	signal(SIGBUS, no_page);
	printf("ready\n");
	fflush(stdout);
	while (!stopped) {
		size_t at = any(pages * WORDS);
		uint64_t value = stores + 1;

		if (sigsetjmp(lost, 1)) {
			failed++;
			usleep(1000);
			continue;
		}
		map[at] = value;
		wanted[at] = value;
		stores++;
	}
	printf("mapped: %lu stores, %lu without a page\n", stores, failed);
	return compare(fd, wanted);
}

static int longer(const char *name)
{
	static char data[256 * 1024];
	int fd = open(name, O_RDWR | O_CREAT | O_TRUNC, 0644);
	char c;

	memset(data, 'x', sizeof(data));
	if (fd < 0 || fsync(fd))
		return fails(name);
	if (write(fd, data, sizeof(data)) != sizeof(data))
		return fails("write");
	if (sync_file_range(fd, 0, 0, SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE |
			    SYNC_FILE_RANGE_WAIT_AFTER))
		return fails("sync_file_range");
	if (posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED))
		return fails("posix_fadvise");
	printf("ready\n");
	fflush(stdout);
	while (read(0, &c, 1) > 0)
		;
	errno = 0;
	if (pread(fd, data, 1, 0) == 1)
		return fails("it can be read");
	return errno == EIO ? 0 : fails("read");
}

static int sync_later(const char *name)
{
	int fd = open(name, O_RDONLY), errors = 0;
	char c;

	if (fd < 0)
		return fails(name);
	printf("ready\n");
	fflush(stdout);
	while (read(0, &c, 1) > 0)
		;
	while (syncfs(fd)) {
		if (errors++ == 1000)
			return fails("syncfs");
		usleep(10000);
	}
	printf("mapped: syncfs has succeeded, after %d errors\n", errors);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 4 && !strcmp(argv[1], "store")) {
		pages = strtoul(argv[3], NULL, 0);
		return store(argv[2]);
	}
	if (argc == 3 && !strcmp(argv[1], "longer"))
		return longer(argv[2]);
	if (argc == 3 && !strcmp(argv[1], "sync"))
		return sync_later(argv[2]);
	fprintf(stderr, "usage: mapped store FILE PAGES | mapped longer FILE | mapped sync FILE\n");
	return 2;
}
