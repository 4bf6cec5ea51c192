// SPDX-License-Identifier: GPL-2.0
/*
 * Load on a file system that may fail meanwhile, and what must be there afterwards.
 * usage: fsload run DIRECTORY NOTES SEED WORKERS	until it gets SIGTERM; then it looks at what is there
 *	  fsload check DIRECTORY NOTES			look once more, after it was mounted again, say
 *
 * Each byte of a file follows from the file's number and its place. A worker knows of each of its files what
 * has been confirmed: what fsync() has, and what operations on names have returned. When an operation
 * fails with an error, what it was about may be or not. Whatever is there, all bytes must be the file's own.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "seed.h"

#define MAX_FILES 40
#define MAX_SIZE (96 * 1024)

/* What may be said of a name. */
enum { ABSENT, PRESENT, UNSURE };

/*
 * A file: its number; names that it has or has had; that it is there under the first; how many bytes are confirmed, and how
 * many it has at most.
 */
struct file {
	unsigned int id;
	char name[64], old[64];
	int there, old_there;
	off_t confirmed, most;
	/* No error has come between: it has all of them, even without fsync(). */
	int whole;
};

static struct file files[MAX_FILES];
static unsigned int nr_files, last_id, worker;
static volatile sig_atomic_t stopped;
static unsigned long operations, errors;

static unsigned char byte(unsigned int id, off_t at)
{
	uint32_t v = (uint32_t)(at >> 2) * 2654435761u ^ id * 40503u;

	return (v >> 8 ^ at * 7) | 1;	/* never 0 */
}

static int wrong(const char *format, ...)
{
	va_list args;

	printf("fsload: worker %u: ", worker);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	printf("\n");
	fflush(stdout);
	return 1;
}

/* Look at what a file has. Return: 0; 1 if it is not its own, or if there is less than is confirmed. */
static int look(const struct file *f, const char *name, int fd)
{
	static unsigned char buf[8192];
	off_t at = 0;
	ssize_t n;

	while ((n = pread(fd, buf, sizeof(buf), at)) > 0) {
		for (ssize_t i = 0; i < n; i++) {
			if (buf[i] == byte(f->id, at + i))
				continue;
			/* What was never written is 0, but not before the end of what was. */
			if (at + i < f->confirmed || buf[i])
				return wrong("%s: byte %lld is %02x, not %02x; confirmed %lld, most %lld",
					     name, (long long)(at + i), buf[i], byte(f->id, at + i),
					     (long long)f->confirmed, (long long)f->most);
		}
		at += n;
	}
	if (n < 0)
		return -errno;
	if (at < f->confirmed)
		return wrong("%s: has %lld bytes, confirmed are %lld", name, (long long)at,
			     (long long)f->confirmed);
	if (at > f->most)
		return wrong("%s: has %lld bytes, most are %lld", name, (long long)at,
			     (long long)f->most);
	return 0;
}

/* One name of a file, as it must be when all is at rest. */
static int look_at(const struct file *f, const char *name, int there)
{
	int fd = open(name, O_RDONLY), ret;

	if (fd < 0 && errno == ENOENT)
		return there == PRESENT ? wrong("%s is not there", name) : 0;
	if (fd < 0)
		return wrong("%s: %s", name, strerror(errno));
	if (there == ABSENT) {
		close(fd);
		return wrong("%s is there", name);
	}
	ret = look(f, name, fd);
	if (ret < 0)
		ret = wrong("%s: can't be read: %s", name, strerror(-ret));
	close(fd);
	return ret;
}

static int look_at_all(void)
{
	int ret = 0;

	for (unsigned int i = 0; i < nr_files; i++) {
		ret |= look_at(&files[i], files[i].name, files[i].there);
		if (*files[i].old)
			ret |= look_at(&files[i], files[i].old, files[i].old_there);
	}
	return ret;
}

/* An operation has failed; any error but that of a failed driver is a failure of the test. */
static int failed(const char *what, const char *name)
{
	errors++;
	if (errno == EIO || errno == EROFS) {
		usleep(20000);	/* or all that there is becomes unsure */
		return 0;
	}
	return wrong("%s %s: %s", what, name, strerror(errno));
}

static int append(struct file *f, int fd, off_t size)
{
	static unsigned char buf[MAX_SIZE];
	off_t at = f->most;
	struct stat st;

	/* Where it ends now: after an error it may be shorter than it could be. */
	if (fstat(fd, &st))
		return failed("fstat", f->name);
	at = st.st_size;
	if (at + size > MAX_SIZE)
		return 0;
	for (off_t i = 0; i < size; i++)
		buf[i] = byte(f->id, at + i);
	if (f->most < at + size)
		f->most = at + size;
	for (off_t done = 0; done < size;) {
		ssize_t n = pwrite(fd, buf + done, size - done, at + done);

		if (n < 0) {
			f->whole = 0;
			return failed("write", f->name);
		}
		done += n;
	}
	if (any(2))
		return 0;
	if (fsync(fd)) {
		f->whole = 0;
		return failed("fsync", f->name);
	}
	/* What lies before an error is not sure to be there: a gap has zeros. */
	if (f->whole)
		f->confirmed = at + size;
	return 0;
}

static int create(void)
{
	struct file *f;
	int fd, ret;

	if (nr_files == MAX_FILES)
		return 0;
	f = &files[nr_files++];
	memset(f, 0, sizeof(*f));
	f->id = worker << 20 | ++last_id;
	f->whole = 1;
	snprintf(f->name, sizeof(f->name), "%s%s %u", any(2) ? "sub/" : "",
		 any(2) ? "f" : "a longer name for the file", last_id);
	f->there = UNSURE;
	fd = open(f->name, O_RDWR | O_CREAT | O_EXCL, 0644);
	if (fd < 0)
		return failed("create", f->name);
	f->there = PRESENT;
	ret = append(f, fd, any(40000));
	close(fd);
	return ret;
}

static int more(struct file *f)
{
	int fd = open(f->name, O_RDWR), ret;

	if (fd < 0)
		return f->there == UNSURE && errno == ENOENT ? 0 : failed("open", f->name);
	ret = append(f, fd, any(20000));
	close(fd);
	return ret;
}

static int change_name(struct file *f)
{
	if (f->there != PRESENT || (*f->old && f->old_there != ABSENT))
		return 0;
	strcpy(f->old, f->name);
	snprintf(f->name, sizeof(f->name), "%sr %u", any(2) ? "sub/" : "", ++last_id);
	f->there = f->old_there = UNSURE;
	if (rename(f->old, f->name))
		return failed("rename", f->old);
	f->there = PRESENT;
	f->old_there = ABSENT;
	return 0;
}

static int cut(struct file *f)
{
	off_t size = any(2) ? 0 : any(f->most + 1);

	if (f->there != PRESENT || !f->whole || size > f->most)
		return 0;
	if (f->confirmed > size)
		f->confirmed = size;
	if (truncate(f->name, size)) {
		f->whole = 0;
		return failed("truncate", f->name);
	}
	f->most = size;
	return 0;
}

/* It leaves the list when it is gone for sure. */
static int away(struct file *f)
{
	if (*f->old && f->old_there != ABSENT)
		return 0;
	if (unlink(f->name)) {
		int missing = errno == ENOENT && f->there == UNSURE;

		f->there = UNSURE;
		return missing ? 0 : failed("unlink", f->name);
	}
	if (!access(f->name, F_OK))
		return wrong("%s is there after its removal", f->name);
	*f = files[--nr_files];
	return 0;
}

static int by_mapping(struct file *f)
{
	int fd = open(f->name, O_RDONLY), ret;

	if (fd < 0)
		return f->there == UNSURE && errno == ENOENT ? 0 : failed("open", f->name);
	ret = look(f, f->name, fd);
	close(fd);
	if (ret >= 0)
		return ret;
	errno = -ret;
	return failed("read", f->name);
}

static int operation(void)
{
	struct file *f = nr_files ? &files[any(nr_files)] : NULL;

	operations++;
	switch (f ? any(16) : 0) {
	case 0 ... 4:
		return create();
	case 5 ... 7:
		return more(f);
	case 8 ... 9:
		return change_name(f);
	case 10:
		return cut(f);
	case 11 ... 12:
		return nr_files > MAX_FILES / 2 ? away(f) : 0;
	default:
		return by_mapping(f);
	}
}

/* Of the parent. */
static pid_t pids[64];
static unsigned int nr_pids;

static void on_term(int signal)
{
	(void)signal;
	stopped = 1;
	for (unsigned int i = 0; i < nr_pids; i++)
		kill(pids[i], SIGTERM);
}

static int work(const char *directory, const char *notes, unsigned int seed)
{
	char name[256];
	FILE *note;
	int ret = 0;

	state = ((uint64_t)seed << 32 | (worker + 1)) * 0x9e3779b97f4a7c15;
	for (int i = 0; i < 8; i++)
		any(2);
	snprintf(name, sizeof(name), "%s/w%u", directory, worker);
	if (mkdir(name, 0755) || chdir(name) || mkdir("sub", 0755))
		return wrong("%s: %s", name, strerror(errno));
	while (!ret && !stopped)
		ret = operation();
	if (!ret)
		ret = look_at_all();
	/* All that is there now is to be there after umount, too. */
	for (unsigned int i = 0; i < nr_files; i++) {
		struct stat st;

		if (!stat(files[i].name, &st)) {
			files[i].there = PRESENT;
			files[i].most = st.st_size;
			if (files[i].whole)
				files[i].confirmed = st.st_size;
		} else {
			files[i].there = ABSENT;
		}
		if (*files[i].old)
			files[i].old_there = stat(files[i].old, &st) ? ABSENT : UNSURE;
	}
	snprintf(name, sizeof(name), "%s.%u", notes, worker);
	note = fopen(name, "w");
	if (!note || fwrite(files, sizeof(*files), nr_files, note) != nr_files || fclose(note))
		return wrong("%s: %s", name, strerror(errno));
	printf("fsload: worker %u: %lu operations, %lu errors, %u files\n", worker, operations,
	       errors, nr_files);
	fflush(stdout);
	return ret;
}

static int run(const char *directory, const char *notes, unsigned int seed, unsigned int workers)
{
	int ret = 0, status;

	signal(SIGTERM, on_term);
	for (worker = 0; worker < workers; worker++) {
		pids[worker] = fork();
		if (!pids[worker]) {
			nr_pids = 0;
			_exit(work(directory, notes, seed));
		}
		nr_pids++;
	}
	for (unsigned int i = 0; i < workers; i++)
		ret |= waitpid(pids[i], &status, 0) < 0 || status;
	return ret;
}

static int check(const char *directory, const char *notes)
{
	char name[256];
	int ret = 0;

	for (worker = 0;; worker++) {
		FILE *note;

		snprintf(name, sizeof(name), "%s.%u", notes, worker);
		note = fopen(name, "r");
		if (!note)
			return worker ? ret : wrong("%s: %s", name, strerror(errno));
		nr_files = fread(files, sizeof(*files), MAX_FILES, note);
		fclose(note);
		snprintf(name, sizeof(name), "%s/w%u", directory, worker);
		if (chdir(name))
			return wrong("%s: %s", name, strerror(errno));
		ret |= look_at_all();
	}
}

int main(int argc, char **argv)
{
	if (argc == 6 && !strcmp(argv[1], "run") && atoi(argv[5]) > 0 && atoi(argv[5]) <= 64)
		return run(argv[2], argv[3], atoi(argv[4]), atoi(argv[5]));
	if (argc == 4 && !strcmp(argv[1], "check"))
		return check(argv[2], argv[3]);
	fprintf(stderr, "usage: fsload run DIRECTORY NOTES SEED WORKERS\n"
		"       fsload check DIRECTORY NOTES\n");
	return 2;
}
