// SPDX-License-Identifier: GPL-2.0
/*
 * A user of /dev/watchdog: `watchdog` tries all that there is to be told, and prints what comes of it;
 * `watchdog hold` opens it, and with each line of its input sends one more sign of life.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/watchdog.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define DEVICE "/dev/watchdog"

static const char *said(long ret)
{
	static char text[32];

	if (ret < 0)
		return strerrorname_np(errno);
	snprintf(text, sizeof(text), "%ld", ret);
	return text;
}

static void report(const char *what, long ret)
{
	printf("%s: %s\n", what, said(ret));
}

static int try_all(int fd)
{
	struct watchdog_info info = {};
	int value = -1, seconds = 20, none = 0;
	volatile unsigned long eight = 8;
	const void *nowhere = (const void *)eight;
	char byte;

	report("info", ioctl(fd, WDIOC_GETSUPPORT, &info));
	printf("identity %s, options %x\n", info.identity, info.options);
	report("status", ioctl(fd, WDIOC_GETSTATUS, &value));
	printf("%d\n", value);
	report("set timeout", ioctl(fd, WDIOC_SETTIMEOUT, &seconds));
	report("set no timeout", ioctl(fd, WDIOC_SETTIMEOUT, &none));
	report("timeout", ioctl(fd, WDIOC_GETTIMEOUT, &value));
	printf("%d\n", value);
	report("alive", ioctl(fd, WDIOC_KEEPALIVE, 0));
	report("unknown", ioctl(fd, 0x12345678, 0));
	report("bad pointer", ioctl(fd, WDIOC_GETTIMEOUT, 8));
	report("open twice", open(DEVICE, O_WRONLY));
	report("read", read(fd, &byte, 1));
	report("seek", lseek(fd, 1, SEEK_SET));
	report("write nothing", write(fd, "", 0));
	report("write much", write(fd, "alive, alive", 12));
	report("write from nowhere", write(fd, nowhere, 4));
	report("write the end", write(fd, "V", 1));
	report("close", close(fd));
	return 0;
}

static int hold(int fd)
{
	char line[16];

	for (puts("open"); fgets(line, sizeof(line), stdin); ) {
		report("write", write(fd, "x", 1));
		report("alive", ioctl(fd, WDIOC_KEEPALIVE, 0));
	}
	return 0;
}

int main(int argc, char **argv)
{
	int fd = open(DEVICE, O_WRONLY);

	setlinebuf(stdout);
	if (fd < 0) {
		report("open", fd);
		return 1;
	}
	return argc > 1 && !strcmp(argv[1], "hold") ? hold(fd) : try_all(fd);
}
