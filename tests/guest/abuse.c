// SPDX-License-Identifier: GPL-2.0
/*
 * Use the control device of nooks.ko as nobody should. Prints a line for each thing that does not end as
 * it must; exit status 0 if all does.
 *
 *	abuse [SEED]
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "abi.h"

#define DEVICE	"/dev/" NOOKS_DEVICE_NAME
#define ROUNDS	20000
#define THREADS	4

static int complaints;

static void expect(const char *what, bool is_so)
{
	if (is_so)
		return;
	printf("%s: %s\n", what, strerror(errno));
	complaints++;
}

static int open_device(void)
{
	int fd = open(DEVICE, O_RDWR | O_CLOEXEC);

	if (fd < 0)
		err(2, "%s", DEVICE);
	return fd;
}

/* Return: 0, or the error. */
static int call(int fd, unsigned long request, void *arg)
{
	return ioctl(fd, request, arg) ? errno : 0;
}

static int create(int fd, const char *name, uint32_t abi, uint32_t flags)
{
	struct nooks_create request = { .abi = abi, .flags = flags };

	snprintf(request.name, sizeof(request.name), "%s", name);
	return call(fd, NOOKS_IOC_CREATE, &request);
}

static bool has_domain(const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), "/sys/class/nooks/%s", name);
	return !access(path, F_OK);
}

/* Opened twice, closed half-way, handed to others. */
static void check_files(void)
{
	int a = open_device(), b = open_device(), copy;
	pid_t pid;

	expect("a domain is made", !create(a, "first", NOOKS_ABI_VERSION, 0) && has_domain("first"));
	expect("one by each file", create(a, "second", NOOKS_ABI_VERSION, 0) == EBUSY);
	expect("one of each name", create(b, "first", NOOKS_ABI_VERSION, 0) == EEXIST);
	expect("another one by another file", !create(b, "second", NOOKS_ABI_VERSION, 0));
	close(b);
	expect("it goes with its file", !has_domain("second") && has_domain("first"));
	copy = dup(a);
	close(a);
	expect("a copy of the file keeps it", has_domain("first"));
	pid = fork();
	if (!pid) {
		/* The file is the parent's, and so is the domain. */
		_exit(create(copy, "third", NOOKS_ABI_VERSION, 0) == EBUSY ? 0 : 1);
	}
	close(copy);
	waitpid(pid, &a, 0);
	expect("a child's copy makes no other one", WIFEXITED(a) && !WEXITSTATUS(a));
	expect("the last copy takes it away", !has_domain("first"));
}

static void check_arguments(void)
{
	struct nooks_create request = { .abi = NOOKS_ABI_VERSION };
	struct nooks_resolve resolve;
	char *edge = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int fd = open_device();
	char c;

	expect("it is not to be read", read(fd, &c, 1) < 0 && errno == EINVAL);
	expect("nor written", write(fd, "x", 1) < 0 && errno == EINVAL);
	expect("nor mapped", mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0) == MAP_FAILED);
	expect("another ABI", create(fd, "x", NOOKS_ABI_VERSION + 1, 0) == EPROTO);
	expect("an unknown flag", create(fd, "x", NOOKS_ABI_VERSION, 1u << 31) == EINVAL);
	expect("no name", create(fd, "", NOOKS_ABI_VERSION, 0) == EINVAL);
	expect("a name that is a path", create(fd, "../x", NOOKS_ABI_VERSION, 0) == EINVAL);
	memset(request.name, 'x', sizeof(request.name));
	expect("a name without end is cut", !call(fd, NOOKS_IOC_CREATE, &request));
	close(fd);
	fd = open_device();
	request.reserved = 1;
	expect("what is reserved", call(fd, NOOKS_IOC_CREATE, &request) == EINVAL);
	expect("no argument", call(fd, NOOKS_IOC_CREATE, NULL) == EFAULT);
	expect("no argument again", call(fd, NOOKS_IOC_RESOLVE, NULL) == EFAULT);
	expect("one of the kernel's", call(fd, NOOKS_IOC_CREATE, (void *)0xffffffff81000000) == EFAULT);
	munmap(edge + 4096, 4096);
	expect("half an argument", call(fd, NOOKS_IOC_CREATE, edge + 4096 - 8) == EFAULT);
	mprotect(edge, 4096, PROT_READ);
	expect("one that can't be written", call(fd, NOOKS_IOC_RESOLVE, edge) == EFAULT);
	expect("an unknown call", call(fd, _IO('N', 99), NULL) == ENOTTY);
	expect("one of another size",
	       call(fd, _IOWR('N', 1, char[8]), &request) == ENOTTY &&
	       call(fd, _IOWR('N', 2, char[8191]), &request) == ENOTTY);
	memset(&resolve, 0xff, sizeof(resolve));
	expect("a symbol's name without end is cut", !call(fd, NOOKS_IOC_RESOLVE, &resolve));
	expect("and is not there", resolve.kind == NOOKS_SYMBOL_MISSING);
	close(fd);
	munmap(edge, 4096);
}

/* Anything at all, from several threads that share a file, and with files of their own. */
static int shared;

static void *throw_anything(void *arg)
{
	unsigned int seed = (uintptr_t)arg, i, j;
	union {
		struct nooks_create create;
		struct nooks_resolve resolve;
		unsigned char bytes[512];
	} u;

	for (i = 0; i < ROUNDS / THREADS; i++) {
		int fd = rand_r(&seed) % 4 ? shared : open_device();

		for (j = 0; j < sizeof(u); j++)
			u.bytes[j] = rand_r(&seed) % 3 ? rand_r(&seed) : 0;
		if (rand_r(&seed) % 2) {
			u.create.abi = NOOKS_ABI_VERSION;
			u.create.flags = rand_r(&seed) % 2;
			u.create.reserved = 0;
			snprintf(u.create.name, sizeof(u.create.name), "any%d", rand_r(&seed) % 8);
		}
		switch (rand_r(&seed) % 4) {
		case 0:
			ioctl(fd, NOOKS_IOC_CREATE, &u);
			break;
		case 1:
			ioctl(fd, NOOKS_IOC_RESOLVE, &u);
			break;
		case 2:
			strcpy(u.resolve.name, rand_r(&seed) % 2 ? "kfree" : "jiffies");
			ioctl(fd, NOOKS_IOC_RESOLVE, &u);
			break;
		default:
			ioctl(fd, rand_r(&seed), &u);
		}
		if (fd != shared)
			close(fd);
	}
	return NULL;
}

static void check_anything(unsigned int seed)
{
	pthread_t threads[THREADS];
	unsigned int i;

	shared = open_device();
	for (i = 0; i < THREADS; i++) {
		if (pthread_create(&threads[i], NULL, throw_anything, (void *)(uintptr_t)(seed + i)))
			err(2, "thread");
	}
	for (i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	close(shared);
}

int main(int argc, char **argv)
{
	check_files();
	check_arguments();
	check_anything(argc > 1 ? atoi(argv[1]) : 1);
	return complaints ? 1 : 0;
}
