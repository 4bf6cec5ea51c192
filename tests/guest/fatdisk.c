// SPDX-License-Identifier: GPL-2.0
/*
 * Disks with a FAT file system that nobody should have.
 * usage: fatdisk spoil SEED IMAGE	changes the image, by the seed, and says how
 *	  fatdisk large IMAGE MIB	the root directory gets one more file, LARGE, of zeros, its clusters near the end
 *	  fatdisk use DIRECTORY		does all that users do with what is mounted there, and says what comes of it
 *
 * What `use` says follows from what the driver does only: no times, no addresses.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>
#include "seed.h"

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))
#define MAX_DEPTH 4
#define MAX_NAMES 120		/* that are looked at, of a tree with loops, say */
#define MAX_READ (128 * 1024)

/* --- spoil */

/* Numbers at which code goes wrong. */
static uint32_t bad_number(void)
{
	static const uint32_t numbers[] = {
		0, 1, 2, 3, 7, 0x7f, 0x80, 0xff, 0x100, 0x1ff, 0x200, 0x7fff, 0x8000, 0xfff7, 0xffff,
		0x10000, 0x0ffffff7, 0x0fffffff, 0x7fffffff, 0x80000000, 0xfffffff0, 0xffffffff,
	};

	return any(3) ? numbers[any(ARRAY_SIZE(numbers))] : any(UINT32_MAX);
}

struct image {
	int fd;
	uint8_t boot[512];
	off_t size;
	unsigned int sector, cluster, reserved, fats, fat_length, dir_entries, bits;
	off_t fat, root, data;
};

static unsigned int word(const uint8_t *p)
{
	return p[0] | p[1] << 8;
}

static int layout(struct image *m, const char *name)
{
	struct stat st;

	m->fd = open(name, O_RDWR);
	if (m->fd < 0 || fstat(m->fd, &st) || pread(m->fd, m->boot, 512, 0) != 512)
		return -1;
	m->size = st.st_size;
	m->sector = word(m->boot + 11);
	m->cluster = m->boot[13] * m->sector;
	m->reserved = word(m->boot + 14);
	m->fats = m->boot[16];
	m->dir_entries = word(m->boot + 17);
	m->fat_length = word(m->boot + 22);
	m->bits = !m->fat_length ? 32 : !memcmp(m->boot + 54, "FAT12", 5) ? 12 : 16;
	if (!m->fat_length)
		m->fat_length = word(m->boot + 36) | word(m->boot + 38) << 16;
	m->fat = (off_t)m->reserved * m->sector;
	m->root = m->fat + (off_t)m->fats * m->fat_length * m->sector;
	m->data = m->root + m->dir_entries * 32;
	if (m->bits == 32)
		m->root = m->data;
	return m->sector && m->cluster ? 0 : -1;
}

static void put(const struct image *m, off_t at, uint32_t value, unsigned int bytes)
{
	uint8_t b[4] = { value, value >> 8, value >> 16, value >> 24 };

	if (at >= 0 && at + bytes <= m->size && pwrite(m->fd, b, bytes, at) != bytes)
		perror("pwrite");
}

static void spoil_boot(const struct image *m)
{
	/* Fields of the boot sector: place and bytes. */
	static const uint8_t fields[][2] = {
		{ 11, 2 }, { 13, 1 }, { 14, 2 }, { 16, 1 }, { 17, 2 }, { 19, 2 }, { 21, 1 }, { 22, 2 }, { 28, 4 },
		{ 32, 4 }, { 36, 4 }, { 37, 1 }, { 40, 2 }, { 42, 2 }, { 44, 4 }, { 48, 2 }, { 50, 2 }, { 65, 1 },
	};
	unsigned int i = any(ARRAY_SIZE(fields));
	uint32_t value = bad_number();

	printf("boot sector: %u bytes at %u: %#x\n", fields[i][1], fields[i][0], value);
	put(m, fields[i][0], value, fields[i][1]);
}

/* The free counts that FAT32 keeps. */
static void spoil_info(const struct image *m)
{
	static const uint16_t fields[] = { 0, 484, 488, 492 };
	unsigned int i = any(ARRAY_SIZE(fields));
	uint32_t value = bad_number();

	printf("info sector: at %u: %#x\n", fields[i], value);
	put(m, m->sector + fields[i], value, 4);
}

/* Entries lead to themselves, to each other, to what is free or not there. */
static void spoil_fat(const struct image *m)
{
	unsigned int n = 1 + any(6), entries = 60;

	while (n--) {
		unsigned int entry = any(entries), bytes = m->bits == 32 ? 4 : 2;
		uint32_t value = any(4) ? any(entries) : bad_number();
		unsigned int i;

		if (!any(3))
			value = entry;
		printf("FAT: entry %u: %#x\n", entry, value);
		for (i = 0; i < m->fats; i++)
			put(m, m->fat + (off_t)i * m->fat_length * m->sector + entry * m->bits / 8, value, bytes);
	}
}

/* Of a directory: the root's, or one of the first clusters. */
static void spoil_directory(const struct image *m)
{
	static const uint8_t fields[][2] = {
		{ 0, 1 }, { 0, 4 }, { 8, 4 }, { 11, 1 }, { 12, 1 }, { 13, 1 }, { 20, 2 }, { 26, 2 }, { 28, 4 },
	};
	off_t start = any(2) ? m->root : m->data + (off_t)any(12) * m->cluster;
	unsigned int n = 1 + any(6);

	while (n--) {
		unsigned int i = any(ARRAY_SIZE(fields)), entry = any(16);
		uint32_t value = any(2) ? bad_number() : any(24);

		printf("directory at %lld: entry %u, at %u: %#x\n", (long long)start, entry, fields[i][0], value);
		put(m, start + entry * 32 + fields[i][0], value, fields[i][1]);
	}
}

static void spoil_bytes(const struct image *m)
{
	off_t end = m->data + 12 * m->cluster;
	unsigned int n = 1 + any(64);

	printf("%u bytes\n", n);
	while (n--)
		put(m, any(end), any(256), 1);
}

static void spoil_length(const struct image *m)
{
	off_t length = any(2) ? any(m->data + 8 * m->cluster) : any(m->size);

	printf("length: %lld\n", (long long)length);
	if (ftruncate(m->fd, length & ~511ll))
		perror("ftruncate");
}

static int spoil(uint64_t seed, const char *name)
{
	struct image m;
	unsigned int n;

	state = seed * 0x9e3779b97f4a7c15ull | 1;
	for (n = 0; n < 8; n++)
		any(2);
	if (layout(&m, name)) {
		perror(name);
		return 1;
	}
	for (n = 1 + any(3); n; n--) {
		switch (any(8)) {
		case 0: spoil_boot(&m); break;
		case 1: spoil_info(&m); break;
		case 2: case 3: spoil_fat(&m); break;
		case 4: case 5: spoil_directory(&m); break;
		case 6: spoil_bytes(&m); break;
		case 7: spoil_length(&m); break;
		}
	}
	return 0;
}

/* --- large: of FAT32, whose root directory is one cluster with room at its end */

static int large(const char *name, uint32_t mib)
{
	uint8_t entry[32] = "LARGE      \x20";
	struct image m;
	uint32_t clusters, first, i, *chain;
	off_t at;

	if (layout(&m, name) || m.bits != 32) {
		fprintf(stderr, "%s: no FAT32\n", name);
		return 1;
	}
	/* A block device has no size that stat() tells. */
	m.size = lseek(m.fd, 0, SEEK_END);
	clusters = ((uint64_t)mib << 20) / m.cluster;
	first = (m.size - m.data) / m.cluster - 8 - clusters;
	chain = malloc(clusters * sizeof(*chain));
	for (i = 0; chain && i < clusters; i++)
		chain[i] = i + 1 < clusters ? first + i + 1 : 0x0fffffff;
	for (i = 0; chain && i < m.fats; i++) {
		at = m.fat + (off_t)i * m.fat_length * m.sector + (off_t)first * 4;
		if (pwrite(m.fd, chain, clusters * 4, at) != (ssize_t)clusters * 4)
			return 1;
	}
	entry[20] = first >> 16;
	entry[21] = first >> 24;
	entry[26] = first;
	entry[27] = first >> 8;
	for (i = 0; i < 4; i++)
		entry[28 + i] = (mib << 20) >> 8 * i;
	put(&m, m.sector + 488, UINT32_MAX, 4);		/* how many are free is not known */
	for (at = m.root; at < m.root + m.cluster; at += 32) {
		uint8_t used;

		if (pread(m.fd, &used, 1, at) != 1)
			return 1;
		if (!used)
			return pwrite(m.fd, entry, 32, at) != 32;
	}
	return 1;
}

/* --- use */

static unsigned int nr_names;

static const char *result(long ret)
{
	return ret < 0 ? strerror(errno) : "ok";
}

/* Names that are none are said byte by byte. */
static void say_name(const char *name)
{
	for (; *name; name++)
		printf(*name > ' ' && *name < 127 ? "%c" : "\\x%02x", (unsigned char)*name);
}

static void read_file(const char *path)
{
	static unsigned char buf[8192];
	unsigned int sum = 0, total = 0;
	int fd = open(path, O_RDONLY | O_NONBLOCK);
	ssize_t n = -1;

	while (fd >= 0 && total < MAX_READ && (n = read(fd, buf, sizeof(buf))) > 0) {
		total += n;
		while (n--)
			sum = sum * 31 + buf[n];
	}
	printf(" %u bytes, %08x, %s\n", total, sum, result(n));
	if (fd >= 0)
		close(fd);
}

static void walk(const char *path, unsigned int depth)
{
	char names[64][NAME_MAX + 1];
	unsigned int nr = 0, i;
	DIR *dir = opendir(path);
	struct dirent *entry;

	if (!dir) {
		printf("opendir: %s\n", strerror(errno));
		return;
	}
	errno = 0;
	while (nr < ARRAY_SIZE(names) && (entry = readdir(dir)))
		if (strcmp(entry->d_name, ".") && strcmp(entry->d_name, ".."))
			strcpy(names[nr++], entry->d_name);
	printf("%u names, %s\n", nr, strerror(errno));
	closedir(dir);
	for (i = 0; i < nr && nr_names++ < MAX_NAMES; i++) {
		char name[PATH_MAX];
		struct stat st;

		if (snprintf(name, sizeof(name), "%s/%s", path, names[i]) >= (int)sizeof(name))
			continue;
		say_name(names[i]);
		if (stat(name, &st)) {
			printf(" %s\n", strerror(errno));
			continue;
		}
		printf(" %o %lld", st.st_mode, (long long)st.st_size);
		if (S_ISREG(st.st_mode)) {
			read_file(name);
		} else {
			printf("\n");
			if (S_ISDIR(st.st_mode) && depth < MAX_DEPTH)
				walk(name, depth + 1);
		}
	}
}

static void write_file(const char *name, unsigned int bytes, int flags)
{
	static char data[4096];
	int fd = open(name, O_RDWR | O_CREAT | flags, 0644);
	ssize_t n = 0;

	memset(data, 'w', sizeof(data));
	for (; fd >= 0 && n >= 0 && bytes >= sizeof(data); bytes -= sizeof(data))
		n = write(fd, data, sizeof(data));
	printf("write %s: %s, %s\n", name, fd < 0 ? "not opened" : result(n), result(fd < 0 ? -1 : fsync(fd)));
	if (fd >= 0)
		close(fd);
}

/* What is there already: longer, shorter, renamed, removed. */
static void change(void)
{
	struct dirent *entry;
	char names[24][NAME_MAX + 1], other[NAME_MAX + 16];
	unsigned int nr = 0, i;
	DIR *dir = opendir(".");

	while (dir && nr < ARRAY_SIZE(names) && (entry = readdir(dir)))
		if (strcmp(entry->d_name, ".") && strcmp(entry->d_name, ".."))
			strcpy(names[nr++], entry->d_name);
	if (dir)
		closedir(dir);
	for (i = 0; i < nr; i++) {
		struct stat st;

		say_name(names[i]);
		if (stat(names[i], &st)) {
			printf(": %s\n", strerror(errno));
			continue;
		}
		printf(":");
		if (S_ISREG(st.st_mode)) {
			printf(" longer %s,", result(truncate(names[i], 70000)));
			printf(" shorter %s,", result(truncate(names[i], 100)));
		}
		snprintf(other, sizeof(other), "renamed %u", i);
		printf(" renamed %s,", result(rename(names[i], other)));
		printf(" removed %s\n", result(i % 2 ? unlink(other) : rmdir(other)));
	}
}

static int use(const char *path)
{
	struct statfs sfs;
	char name[32];
	unsigned int i;

	if (chdir(path)) {
		printf("chdir: %s\n", strerror(errno));
		return 0;
	}
	printf("statfs: %s\n", result(statfs(".", &sfs)));
	walk(".", 0);
	printf("mkdir: %s\n", result(mkdir("a new directory", 0755)));
	write_file("a new directory/and a file", 20000, 0);
	write_file("a file with a long name", 100000, 0);
	write_file("SHORT.TXT", 5000, O_SYNC);
	for (i = 0; i < 20; i++) {
		snprintf(name, sizeof(name), "many_%u", i);
		write_file(name, 4096, 0);
	}
	change();
	walk(".", 0);
	printf("syncfs: %s\n", result(syncfs(open(".", O_RDONLY))));
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 4 && !strcmp(argv[1], "spoil"))
		return spoil(strtoul(argv[2], NULL, 0), argv[3]);
	if (argc == 4 && !strcmp(argv[1], "large"))
		return large(argv[2], strtoul(argv[3], NULL, 0));
	if (argc == 3 && !strcmp(argv[1], "use"))
		return use(argv[2]);
	fprintf(stderr, "usage: fatdisk spoil SEED IMAGE | fatdisk large IMAGE MIB | fatdisk use DIRECTORY\n");
	return 2;
}
