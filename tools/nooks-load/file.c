// SPDX-License-Identifier: GPL-2.0
/* Whole files in and out. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file.h"
#include "memory.h"
#include "report.h"

#define MAX_SIZE	(1l << 28)	/* far more than any module, far less than a disk */

static unsigned char *read_all(int fd, size_t size)
{
	unsigned char *bytes = xcalloc(size, 1);
	size_t done = 0;

	while (done < size) {
		ssize_t n = read(fd, bytes + done, size - done);

		if (n <= 0) {
			free(bytes);
			return NULL;
		}
		done += n;
	}
	return bytes;
}

/**
 * file_read - read a file
 * @path: of the file
 * @size: out: number of bytes
 *
 * Return: the bytes, to be freed; NULL after a message.
 */
unsigned char *file_read(const char *path, size_t *size)
{
	unsigned char *bytes = NULL;
	struct stat st;
	int fd;

	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0) {
		report_error("can't open %s: %s", path, strerror(errno));
		return NULL;
	}
	if (fstat(fd, &st) || !S_ISREG(st.st_mode) || st.st_size > MAX_SIZE) {
		report_error("%s can't be a module's file", path);
	} else {
		*size = st.st_size;
		bytes = read_all(fd, st.st_size);
		if (!bytes)
			report_error("can't read all of %s", path);
	}
	close(fd);
	return bytes;
}

static int copy_bytes(int from, int to)
{
	char buf[65536];
	ssize_t n;

	while ((n = read(from, buf, sizeof(buf))) > 0) {
		if (write(to, buf, n) != n)
			return -1;
	}
	return n;
}

/**
 * file_copy - make a file of the contents of an open one
 * @from: open for reading
 * @path: of the copy, which replaces what is there; gone on failure
 *
 * Return: 0, or -1 after a message.
 */
int file_copy(int from, const char *path)
{
	int to, err;

	to = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (to < 0)
		return report_error("can't create %s: %s", path, strerror(errno));
	err = lseek(from, 0, SEEK_SET) || copy_bytes(from, to);
	if (close(to) || err) {
		report_error("can't write %s: %s", path, strerror(errno));
		unlink(path);
		return -1;
	}
	return 0;
}
