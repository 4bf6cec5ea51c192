// SPDX-License-Identifier: GPL-2.0
/*
 * Files by handle, as an NFS server has them.
 * usage: handle save PATH HANDLE	writes the file's handle to the file HANDLE
 *	  handle cat MOUNT HANDLE	writes what the file has that is in this mount, or the names if it is a directory
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static union {
	struct file_handle handle;
	char room[sizeof(struct file_handle) + MAX_HANDLE_SZ];
} h;

static int fails(const char *what)
{
	fprintf(stderr, "handle: %s: %s\n", what, strerror(errno));
	return 1;
}

static int save(const char *path, const char *to)
{
	int fd = open(to, O_WRONLY | O_CREAT | O_TRUNC, 0600), mount;

	h.handle.handle_bytes = MAX_HANDLE_SZ;
	if (name_to_handle_at(AT_FDCWD, path, &h.handle, &mount, 0))
		return fails(path);
	return fd < 0 || write(fd, &h, sizeof(h)) != sizeof(h) ? fails(to) : 0;
}

static int names(int fd)
{
	DIR *dir = fdopendir(fd);
	struct dirent *entry;

	while (dir && (entry = readdir(dir)))
		puts(entry->d_name);
	return 0;
}

static int cat(const char *at, const char *from)
{
	int mount = open(at, O_RDONLY), saved = open(from, O_RDONLY), fd;
	static char data[65536];
	ssize_t n;

	if (mount < 0 || saved < 0 || read(saved, &h, sizeof(h)) != sizeof(h))
		return fails(from);
	fd = open_by_handle_at(mount, &h.handle, O_RDONLY);
	if (fd < 0)
		return fails("open_by_handle_at");
	while ((n = read(fd, data, sizeof(data))) > 0)
		if (write(1, data, n) != n)
			return fails("write");
	if (n < 0 && errno == EISDIR)
		return names(fd);
	return n < 0 ? fails("read") : 0;
}

int main(int argc, char **argv)
{
	if (argc == 4 && !strcmp(argv[1], "save"))
		return save(argv[2], argv[3]);
	if (argc == 4 && !strcmp(argv[1], "cat"))
		return cat(argv[2], argv[3]);
	fprintf(stderr, "usage: handle save PATH HANDLE | handle cat MOUNT HANDLE\n");
	return 2;
}
