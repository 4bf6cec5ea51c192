// SPDX-License-Identifier: GPL-2.0
/*
 * A file of a file system that may fail meanwhile.
 * usage: mapped store FILE PAGES	stores to it by a mapping until it gets SIGTERM; then the file must have all of that
 *	  mapped longer FILE		what is written to it is on the disk, but not its size, and not in memory; it
 *					stays open until standard input ends
 *	  mapped sync FILE		has it open; when standard input ends, syncs its file system until that succeeds
 *	  mapped private FILE PAGES	a new one, not synced; every second page of a private mapping is stored to, and must
 *					be as it was when standard input ends, as the file must
 *	  mapped flush FILE MIB	stores to all pages of a file that has them on the disk; when standard input ends, syncs
 *					its file system until that succeeds: nothing may be dirty then
 *	  mapped read FILE PAGES	a new one, not synced, is read, asked for its size, and looked at by a mapping until standard
 *					input ends: it must be as it is, or there is an error
 *	  mapped msync FILE PAGES	stores to all pages of a file that has them on the disk, not in memory; when standard input
 *					ends, has them written; when it gets SIGTERM the file must have all of that
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
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

/* A new file of zeroes, which are on the disk, and in memory if @cached; @map: shared. Return: as fails(). */
static int map_zeroes(const char *name, bool cached, int *fd, volatile uint64_t **map)
{
	static const char zeroes[PAGE];

	*fd = open(name, O_RDWR | O_CREAT | O_TRUNC, 0644);
	if (*fd < 0)
		return fails(name);
	for (size_t i = 0; i < pages; i++)
		if (write(*fd, zeroes, PAGE) != PAGE)
			return fails("write");
	if (fsync(*fd) || (!cached && posix_fadvise(*fd, 0, 0, POSIX_FADV_DONTNEED)))
		return fails("fsync");
	*map = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, *fd, 0);
	return *map == MAP_FAILED ? fails("mmap") : 0;
}

static int store(const char *name)
{
	uint64_t *wanted = calloc(pages, PAGE);
	volatile uint64_t *map;
	int fd;

	if (!wanted)
		return fails(name);
	if (map_zeroes(name, true, &fd, &map))
		return 1;
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

static void wait_for_end(void)
{
	char c;

	printf("ready\n");
	fflush(stdout);
	while (read(0, &c, 1) > 0)
		;
}

static int longer(const char *name)
{
	static char data[256 * 1024];
	int fd = open(name, O_RDWR | O_CREAT | O_TRUNC, 0644);

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
	wait_for_end();
	errno = 0;
	if (pread(fd, data, 1, 0) == 1)
		return fails("it can be read");
	return errno == EIO ? 0 : fails("read");
}

static int sync_later(const char *name)
{
	int fd = open(name, O_RDONLY), errors = 0;

	if (fd < 0)
		return fails(name);
	wait_for_end();
	while (syncfs(fd)) {
		if (errors++ == 1000)
			return fails("syncfs");
		usleep(10000);
	}
	printf("mapped: syncfs has succeeded, after %d errors\n", errors);
	return 0;
}

/* How many pages are not what they must be: every second one is the process's own. */
static unsigned long other_pages(const volatile uint64_t *map)
{
	unsigned long other = 0;

	for (size_t i = 0; i < pages; i++)
		for (size_t w = 0; w < WORDS; w++)
			if (map[i * WORDS + w] != (i % 2 ? ~(uint64_t)i : i)) {
				other++;
				break;
			}
	return other;
}

static int private_pages(const char *name)
{
	int fd = open(name, O_RDWR | O_CREAT | O_TRUNC, 0644);
	volatile uint64_t *map;
	uint64_t page[WORDS];

	if (fd < 0)
		return fails(name);
	for (size_t i = 0; i < pages; i++) {
		for (size_t w = 0; w < WORDS; w++)
			page[w] = i;
		if (write(fd, page, PAGE) != PAGE)
			return fails("write");
	}
	map = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	if (map == MAP_FAILED)
		return fails("mmap");
	for (size_t i = 1; i < pages; i += 2)
		for (size_t w = 0; w < WORDS; w++)
			map[i * WORDS + w] = ~(uint64_t)i;
	wait_for_end();
	for (size_t i = 0; i < pages; i++) {
		if (pread(fd, page, PAGE, i * PAGE) != PAGE)
			return fails("read");
		for (size_t w = 0; w < WORDS; w++)
			if (page[w] != i)
				return fails("the file has what is private");
	}
	if (other_pages(map)) {
		printf("mapped: %lu pages are not what was stored\n", other_pages(map));
		return 1;
	}
	return 0;
}

static bool at_end(void)
{
	struct pollfd in = { .fd = 0, .events = POLLIN };
	char c;

	return poll(&in, 1, 0) == 1 && read(0, &c, 1) <= 0;
}

/* Some of a file of which each word tells its place. */
static int read_some(int fd, const volatile uint64_t *map)
{
	static uint64_t data[64 * WORDS];
	size_t first = any(pages * WORDS), words = 1 + any(64 * WORDS);
	size_t length = words * sizeof(*data), place = first * sizeof(*data);
	size_t wanted = length < pages * PAGE - place ? length : pages * PAGE - place;
	ssize_t got = pread(fd, data, length, place);
	struct stat st;
	off_t end;

	stores++;
	if (got < 0) {
		failed++;
		if (errno != EIO)
			return fails("read");
		usleep(1000);
	}
	end = lseek(fd, 0, SEEK_END);
	if (got >= 0 && (size_t)got != wanted) {
		printf("mapped: %zd bytes instead of %zu at %zu\n", got, wanted, place);
		return 1;
	}
	for (size_t w = 0; got > 0 && w < (size_t)got / sizeof(*data); w++) {
		if (data[w] == first + w)
			continue;
		printf("mapped: %#llx is read at word %zu\n", (unsigned long long)data[w], first + w);
		return 1;
	}
	if ((size_t)end != pages * PAGE) {
		printf("mapped: it ends at %lld\n", (long long)end);
		return 1;
	}
	if (!fstat(fd, &st) && (size_t)st.st_size != pages * PAGE) {
		printf("mapped: its size is %lld\n", (long long)st.st_size);
		return 1;
	}
	if (sigsetjmp(lost, 1)) {
		printf("mapped: there is no page at word %zu\n", first);
		return 1;
	}
	if (map[first] != first) {
		printf("mapped: %#llx is mapped at word %zu\n", (unsigned long long)map[first], first);
		return 1;
	}
	return 0;
}

static int read_on(const char *name)
{
	int fd = open(name, O_RDWR | O_CREAT | O_TRUNC, 0644);
	volatile uint64_t *map;
	uint64_t page[WORDS];

	if (fd < 0)
		return fails(name);
	for (size_t i = 0; i < pages; i++) {
		for (size_t w = 0; w < WORDS; w++)
			page[w] = i * WORDS + w;
		if (write(fd, page, PAGE) != PAGE)
			return fails("write");
	}
	map = mmap(NULL, pages * PAGE, PROT_READ, MAP_SHARED, fd, 0);
	if (map == MAP_FAILED)
		return fails("mmap");
	signal(SIGBUS, no_page);
	printf("ready\n");
	fflush(stdout);
	while (!at_end())
		if (read_some(fd, map))
			return 1;
	printf("mapped: read %lu times, %lu errors\n", stores, failed);
	return 0;
}

static int write_mapped(const char *name)
{
	uint64_t *wanted = calloc(pages, PAGE);
	volatile uint64_t *map;
	int fd;

	if (!wanted)
		return fails(name);
	if (map_zeroes(name, false, &fd, &map))
		return 1;
	signal(SIGTERM, stop);
	for (size_t i = 0; i < pages; i++)
		map[i * WORDS] = wanted[i * WORDS] = i + 1;
	wait_for_end();
	/* The driver is to fail in that. */
	printf("mapped: msync says %s\n", msync((void *)map, pages * PAGE, MS_SYNC) ? strerror(errno) : "nothing");
	fflush(stdout);
	while (!stopped)
		usleep(1000);
	return compare(fd, wanted);
}

/* KiB that are not on the disk, of all that is mounted. */
static long dirty(void)
{
	FILE *file = fopen("/proc/meminfo", "r");
	long kib, sum = 0;
	char line[128];

	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "Dirty: %ld", &kib) == 1 || sscanf(line, "Writeback: %ld", &kib) == 1)
			sum += kib;
	if (file)
		fclose(file);
	return sum;
}

static int flush(const char *name)
{
	int fd = open(name, O_RDWR), errors = 0;
	volatile uint64_t *map;
	long left;

	map = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (fd < 0 || map == MAP_FAILED)
		return fails(name);
	for (size_t i = 0; i < pages; i++)
		map[i * WORDS] = i + 1;
	printf("mapped: %ld KiB are dirty\n", dirty());
	wait_for_end();
	while (syncfs(fd)) {
		if (errors++ == 10000)
			return fails("syncfs");
		usleep(1000);
	}
	left = dirty();
	printf("mapped: syncfs has succeeded, after %d errors, with %ld KiB dirty\n", errors, left);
	/* The kernel's own count is exact to some hundred pages of each CPU. */
	return left > 4096;
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
	if (argc == 4 && !strcmp(argv[1], "private")) {
		pages = strtoul(argv[3], NULL, 0);
		return private_pages(argv[2]);
	}
	if (argc == 4 && !strcmp(argv[1], "read")) {
		pages = strtoul(argv[3], NULL, 0);
		return read_on(argv[2]);
	}
	if (argc == 4 && !strcmp(argv[1], "msync")) {
		pages = strtoul(argv[3], NULL, 0);
		return write_mapped(argv[2]);
	}
	if (argc == 4 && !strcmp(argv[1], "flush")) {
		pages = strtoul(argv[3], NULL, 0) << 8;
		return flush(argv[2]);
	}
	fprintf(stderr, "usage: mapped store FILE PAGES | mapped longer FILE | mapped sync FILE |\n"
	       "       mapped private FILE PAGES | mapped flush FILE MIB | mapped read FILE PAGES |\n"
	       "       mapped msync FILE PAGES\n");
	return 2;
}
