// SPDX-License-Identifier: GPL-2.0
/*
 * nooksctl top: what a driver and the kernel call of each other, how often, and how long that takes.
 * The kernel counts: a histogram on nooks.ko's tracepoints, in an instance of tracefs of its own, which
 * costs nothing once it is gone.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "json.h"
#include "memory.h"
#include "report.h"
#include "verb.h"

#define MAX_SECONDS	3600

/* The two directions: the event that tells the end of a call. */
static const struct {
	const char *event;
	const char *direction;
} sources[] = {
	{ "nooks_exit", "enter" },
	{ "nooks_return", "call" },
};

#define NR_SOURCES	(sizeof(sources) / sizeof(*sources))

/**
 * struct row - a function
 * @direction: "enter": of the driver; "call": of the kernel
 * @function: its name
 * @calls: in all the time
 * @ns: inside, in all
 */
struct row {
	const char *direction;
	char *function;
	unsigned long long calls, ns;
};

struct rows {
	struct row *list;
	size_t count;
};

static char instance[PATH_MAX];
static volatile sig_atomic_t is_interrupted;

static void interrupt(int signal)
{
	(void)signal;
	is_interrupted = 1;
}

/* $NOOKS_TRACEFS stands in for it, in tests. */
static const char *root(void)
{
	const char *given = getenv("NOOKS_TRACEFS");

	return given ? given : "/sys/kernel/tracing";
}

static int failed(const char *driver, const char *what, int err)
{
	if (err == EACCES || err == EPERM)
		return report_error("%s: top: only root may do that: run nooksctl as root", driver);
	return report_error("%s: top: %s: %s; is tracefs there? mount -t tracefs none /sys/kernel/tracing",
			    driver, what, strerror(err));
}

static int event_file(char *path, size_t size, const char *event, const char *file)
{
	int length = snprintf(path, size, "%s/events/nooks/%s/%s", instance, event, file);

	return length < (int)size ? 0 : -1;
}

static int write_trigger(const char *event, const char *text)
{
	char path[PATH_MAX];
	int fd, err = 0;

	if (event_file(path, sizeof(path), event, "trigger"))
		return ENAMETOOLONG;
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return errno;
	if (write(fd, text, strlen(text)) < 0)
		err = errno;
	close(fd);
	return err;
}

/* Nothing is left behind: neither histograms nor the instance. */
static void stop(const char *trigger)
{
	char text[260];

	snprintf(text, sizeof(text), "!%s", trigger);
	for (size_t i = 0; i < NR_SOURCES; i++)
		write_trigger(sources[i].event, text);
	rmdir(instance);
}

static int start(const char *driver, const char *trigger)
{
	if (snprintf(instance, sizeof(instance), "%s/instances/nooksctl-%d", root(), getpid()) >=
		    (int)sizeof(instance) || mkdir(instance, 0700))
		return failed(driver, "no instance of tracefs", errno);
	for (size_t i = 0; i < NR_SOURCES; i++) {
		int err = write_trigger(sources[i].event, trigger);

		if (err) {
			stop(trigger);
			return failed(driver, "no histogram", err);
		}
	}
	return 0;
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

/* "{ function: kfree      } hitcount:   12  ns:   3456" */
static void parse(struct rows *rows, const char *direction, const char *line)
{
	struct row row = { .direction = direction };
	char function[128];

	if (sscanf(line, "{ function: %127[^ ] } hitcount: %llu ns: %llu", function, &row.calls,
		   &row.ns) != 3)
		return;
	rows->list = check_memory(realloc(rows->list, (rows->count + 1) * sizeof(row)));
	row.function = check_memory(strdup(function));
	rows->list[rows->count++] = row;
}

static int read_rows(const char *driver, struct rows *rows)
{
	char path[PATH_MAX], line[1024];

	for (size_t i = 0; i < NR_SOURCES; i++) {
		FILE *f = event_file(path, sizeof(path), sources[i].event, "hist") ? NULL :
			  fopen(path, "re");

		if (!f)
			return failed(driver, "no histogram", errno);
		while (fgets(line, sizeof(line), f))
			parse(rows, sources[i].direction, line);
		fclose(f);
	}
	return 0;
}

static int by_time(const void *a, const void *b)
{
	const struct row *x = a, *y = b;

	return x->ns < y->ns ? 1 : x->ns > y->ns ? -1 : strcmp(x->function, y->function);
}

static void json_real(const char *key, double value)
{
	char digits[64];

	snprintf(digits, sizeof(digits), "%.3f", value);
	json_number(key, digits);
}

static void print_json(const char *driver, const struct rows *rows, double seconds)
{
	char digits[32];

	json_begin(NULL, '{');
	json_string("name", driver);
	json_real("seconds", seconds);
	json_begin("functions", '[');
	for (size_t i = 0; i < rows->count; i++) {
		const struct row *row = &rows->list[i];

		json_begin(NULL, '{');
		json_string("direction", row->direction);
		json_string("function", row->function);
		snprintf(digits, sizeof(digits), "%llu", row->calls);
		json_number("calls", digits);
		snprintf(digits, sizeof(digits), "%llu", row->ns);
		json_number("ns", digits);
		json_end('}');
	}
	json_end(']');
	json_end('}');
}

static void print_table(const char *driver, const struct rows *rows, double seconds)
{
	unsigned long long enter = 0, call = 0;

	for (size_t i = 0; i < rows->count; i++)
		*(strcmp(rows->list[i].direction, "enter") ? &call : &enter) += rows->list[i].calls;
	printf("%s, %.1f s: %.0f entries and %.0f kernel calls per second; times include what is called\n",
	       driver, seconds, enter / seconds, call / seconds);
	printf("%-5s  %10s  %10s  %10s  %s\n", "", "PER SECOND", "us EACH", "% OF TIME",
	       "FUNCTION");
	for (size_t i = 0; i < rows->count; i++) {
		const struct row *row = &rows->list[i];

		printf("%-5s  %10.1f  %10.2f  %10.2f  %s\n", row->direction, row->calls / seconds,
		       row->ns / 1e3 / row->calls, row->ns / 1e7 / seconds, row->function);
	}
}

static int measure(const char *driver, unsigned int limit)
{
	const struct sigaction action = { .sa_handler = interrupt };
	const struct timespec tick = { .tv_nsec = 10000000 };
	struct rows rows = {};
	char trigger[256];
	double begin, seconds;
	int err;

	snprintf(trigger, sizeof(trigger),
		 "hist:keys=function:vals=ns:size=2048 if driver == \"%s\"", driver);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGHUP, &action, NULL);
	sigaction(SIGQUIT, &action, NULL);
	err = start(driver, trigger);
	if (err)
		return err;
	for (begin = now(); !is_interrupted && now() - begin < limit;)
		nanosleep(&tick, NULL);
	seconds = now() - begin;
	err = read_rows(driver, &rows);
	stop(trigger);
	if (!err) {
		qsort(rows.list, rows.count, sizeof(*rows.list), by_time);
		if (report_is_json())
			print_json(driver, &rows, seconds);
		else
			print_table(driver, &rows, seconds);
	}
	for (size_t i = 0; i < rows.count; i++)
		free(rows.list[i].function);
	free(rows.list);
	return err;
}

/** verb_top - top DRIVER [SECONDS] */
int verb_top(const struct drivers *drivers, char **args)
{
	const char *driver = drivers->list->name;
	unsigned long limit = 1;
	char *end = "";

	if (*args)
		limit = strtoul(*args, &end, 10);
	if (*end || !limit || limit > MAX_SECONDS)
		return report_error("top: it takes 1 to %d seconds, not %s", MAX_SECONDS, *args);
	return measure(driver, limit);
}
