// SPDX-License-Identifier: GPL-2.0
/* The files of nooks.ko's sysfs class. Any of them may vanish at any time: a driver is unloaded. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "memory.h"
#include "sysfs.h"

/** sysfs_root - the class's directory; $NOOKS_SYSFS stands in for it, in tests */
const char *sysfs_root(void)
{
	const char *root = getenv("NOOKS_SYSFS");

	return root ? root : "/sys/class/nooks";
}

static int open_attribute(const char *driver, const char *attribute, int flags)
{
	char path[PATH_MAX];

	if (snprintf(path, sizeof(path), "%s/%s/%s", sysfs_root(), driver, attribute) >=
	    (int)sizeof(path))
		return -ENAMETOOLONG;
	/* Without O_CREAT: what is no attribute does not become one. */
	int fd = open(path, flags | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

/**
 * sysfs_read - read an attribute
 * @driver: its name
 * @attribute: ditto
 * @value: out: the value as one line of printable text, without the newline
 * @size: of @value
 *
 * Return: 0 or a negative errno.
 */
int sysfs_read(const char *driver, const char *attribute, char *value, size_t size)
{
	int fd = open_attribute(driver, attribute, O_RDONLY);

	if (fd < 0)
		return fd;
	/* sysfs gives a value in one piece. */
	ssize_t length = read(fd, value, size - 1);
	int err = -errno;

	close(fd);
	if (length < 0)
		return err;
	value[length] = '\0';
	value[strcspn(value, "\n")] = '\0';
	for (; *value; value++)
		if (*value < ' ' || *value > '~')
			*value = '?';
	return 0;
}

/**
 * sysfs_read_all - read an attribute of any length
 * @driver: its name
 * @attribute: ditto
 * @text: out: all of it, to be freed; NUL characters in it are replaced
 *
 * Return: 0 or a negative errno.
 */
int sysfs_read_all(const char *driver, const char *attribute, char **text)
{
	int fd = open_attribute(driver, attribute, O_RDONLY);
	size_t size = 0, length = 0;
	ssize_t n;
	int err;

	*text = NULL;
	if (fd < 0)
		return fd;
	do {
		if (size - length < 2)
			*text = check_memory(realloc(*text, size += 16384));
		n = read(fd, *text + length, size - length - 1);
		if (n > 0)
			length += n;
	} while (n > 0);
	err = n ? -errno : 0;
	close(fd);
	(*text)[length] = '\0';
	for (size_t i = 0; i < length; i++)
		if (!(*text)[i])
			(*text)[i] = '?';
	return err;
}

/**
 * sysfs_write - write an attribute
 * @driver: its name
 * @attribute: ditto
 * @value: the value
 *
 * Return: 0 or a negative errno.
 */
int sysfs_write(const char *driver, const char *attribute, const char *value)
{
	int fd = open_attribute(driver, attribute, O_WRONLY);
	int err = 0;

	if (fd < 0)
		return fd;
	if (write(fd, value, strlen(value)) < 0)
		err = -errno;
	close(fd);
	return err;
}
