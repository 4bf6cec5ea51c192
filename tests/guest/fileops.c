// SPDX-License-Identifier: GPL-2.0
/*
 * Random operations on files, by seed: what each has returned, and the tree that they leave, goes to stdout.
 * Two file systems of one kind that are sane say the same of one seed.
 * usage: fileops run DIRECTORY SEED OPERATIONS
 *	  fileops tree DIRECTORY		only what is there
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <linux/falloc.h>
#include <linux/msdos_fs.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>
#include "seed.h"

#define MAX_SIZE (300 * 1024)

/* Short ones, long ones, ones that differ in case only, and ones beyond ASCII. */
static const char * const names[] = {
	"A", "b.txt", "FILE.DAT", "file.dat", "Mixed.Case", "no_extension_at_all", "two.dots.here",
	"a name with blanks.txt", "x.y", "long_name_that_takes_more_than_one_slot_of_a_directory.text",
	"gr\xc3\xbc\xc3\x9f""e.txt", "\xe6\x96\x87\xe4\xbb\xb6", "trailing", "tilde~1", "lower.ext",
	"0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890",
};
static const char * const directories[] = { ".", "D", "sub directory", "D/deep", "\xc3\xa4" };

static const char *path(char *to)
{
	sprintf(to, "%s/%s", directories[any(5)], names[any(sizeof(names) / sizeof(*names))]);
	return to;
}

static void fill(char *to, size_t n)
{
	for (size_t i = 0; i < n; i++)
		to[i] = any(256);
}

static uint64_t hash(uint64_t h, const void *p, size_t n)
{
	for (const unsigned char *c = p; n--; c++)
		h = (h ^ *c) * 0x100000001b3;
	return h;
}

static uint64_t contents(const char *name)
{
	static char buf[65536];
	uint64_t h = 0xcbf29ce484222325;
	ssize_t n;
	int fd = open(name, O_RDONLY);

	if (fd < 0)
		return errno;
	while ((n = read(fd, buf, sizeof(buf))) > 0)
		h = hash(h, buf, n);
	if (n < 0)
		h = errno;
	close(fd);
	return h;
}

static int visit(const char *name, const struct stat *st, int type, struct FTW *ftw)
{
	__u32 attr = 0;
	int fd;

	(void)ftw;
	if (type == FTW_F) {
		fd = open(name, O_RDONLY);
		if (fd < 0 || ioctl(fd, FAT_IOCTL_GET_ATTRIBUTES, &attr))
			attr = -errno;
		close(fd);
	}
	printf("%s mode %o size %lld blocks %lld links %d owner %d:%d attributes %x contents %llx\n",
	       name, st->st_mode, type == FTW_D ? 0LL : (long long)st->st_size,
	       (long long)st->st_blocks, (int)st->st_nlink, (int)st->st_uid, (int)st->st_gid, attr,
	       type == FTW_F ? (unsigned long long)contents(name) : 0ULL);
	return 0;
}

/* What nftw() meets comes in the order of the directory, which is the same, too. */
static int tree(void)
{
	struct statfs fs;

	if (nftw(".", visit, 16, FTW_PHYS) || statfs(".", &fs))
		return 1;
	printf("free %lld of %lld\n", (long long)fs.f_bfree, (long long)fs.f_blocks);
	return 0;
}

static int result(long value)
{
	return value < 0 ? -errno : (int)value;
}

static int map_write(int fd, off_t at, const char *data, size_t n)
{
	struct stat st;
	char *p;

	if (fstat(fd, &st) || at + (off_t)n > st.st_size)
		return 0;
	p = mmap(NULL, st.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (p == MAP_FAILED)
		return -errno;
	memcpy(p + at, data, n);
	if (any(2))
		msync(p, st.st_size, MS_SYNC);
	munmap(p, st.st_size);
	return n;
}

static int set_times(const char *name, uint32_t when)
{
	struct timespec times[2] = { { 1000000000 + when, 0 }, { 1000000000 + when, 0 } };
	struct stat st;

	if (utimensat(AT_FDCWD, name, times, 0) || stat(name, &st))
		return -errno;
	return st.st_mtime - 1000000000;
}

static int on_file(const char *name)
{
	static char data[70000];
	uint32_t how = any(12), at = any(MAX_SIZE), n = any(sizeof(data));
	int fd = open(name, any(3) ? O_RDWR : O_RDWR | O_CREAT, 0644), ret;
	__u32 attr;

	if (any(4))
		n %= 3000;
	fill(data, n);
	if (fd < 0)
		return -errno;
	switch (how) {
	case 0 ... 2:
		ret = result(pwrite(fd, data, n, at % 40000));
		break;
	case 3:
		ret = result(pwrite(fd, data, n, at));
		break;
	case 4:
		lseek(fd, 0, SEEK_END);
		ret = lseek(fd, 0, SEEK_CUR) < MAX_SIZE ? result(write(fd, data, n)) : 0;
		break;
	case 5:
		ret = result(ftruncate(fd, any(2) ? at : at % 5000));
		break;
	case 6:
		ret = map_write(fd, at % 20000, data, n % 8000);
		break;
	case 7:
		ret = result(fsync(fd));
		break;
	case 8:
		ret = result(fallocate(fd, any(2) ? FALLOC_FL_KEEP_SIZE : 0, at % 100000, n + 1));
		break;
	case 9:
		attr = any(2) ? ATTR_RO | ATTR_ARCH : any(2) ? ATTR_HIDDEN : ATTR_ARCH;
		ret = result(ioctl(fd, FAT_IOCTL_SET_ATTRIBUTES, &attr));
		break;
	case 10:
		ret = result(fchmod(fd, any(2) ? 0444 : 0755));
		break;
	default:
		ret = hash(0, data, pread(fd, data, n, at % 60000) > 0 ? n : 0);
	}
	close(fd);
	return ret;
}

static int count_entries(const char *name)
{
	DIR *dir = opendir(name);
	struct dirent *entry;
	uint64_t h = 0;

	if (!dir)
		return -errno;
	while ((entry = readdir(dir)))
		h = hash(h, entry->d_name, strlen(entry->d_name));
	closedir(dir);
	return (int)(h & 0xffffff);
}

static int operate(void)
{
	char a[512], b[512];
	struct stat st;

	path(a);
	switch (any(20)) {
	case 0:
		return result(mkdir(directories[1 + any(4)], 0755));
	case 1:
		return any(4) ? 0 : result(rmdir(directories[1 + any(4)]));
	case 2 ... 3:
		return result(unlink(a));
	case 4 ... 5:
		return result(rename(a, path(b)));
	case 6:
		return count_entries(directories[any(5)]);
	case 7:
		return stat(a, &st) ? -errno : (int)(st.st_mode ^ st.st_size);
	case 8:
		return set_times(a, any(100000000) & ~1);
	case 9:
		if (!any(30))
			sync();
		return 0;
	case 10:
		return any(8) ? 0 : result(rename(directories[1 + any(4)], directories[1 + any(4)]));
	default:
		return on_file(a);
	}
}

int main(int argc, char **argv)
{
	unsigned long n, i;

	setvbuf(stdout, NULL, _IOFBF, 1 << 16);
	if (argc >= 3 && !strcmp(argv[1], "tree"))
		return chdir(argv[2]) || tree();
	if (argc != 5 || strcmp(argv[1], "run") || chdir(argv[2])) {
		fprintf(stderr, "usage: fileops run DIRECTORY SEED OPERATIONS | tree DIRECTORY\n");
		return 2;
	}
	state = strtoul(argv[3], NULL, 0) * 0x9e3779b97f4a7c15 + 1;
	n = strtoul(argv[4], NULL, 0);
	for (i = 0; i < n; i++)
		printf("%lu %d\n", i, operate());
	return tree();
}
