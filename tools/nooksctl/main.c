// SPDX-License-Identifier: GPL-2.0
/* nooksctl: look at and steer drivers that are in a domain. */
#include <err.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "report.h"
#include "verb.h"

#define OPTIONS	"jphV"

static const char usage[] =
	"usage: nooksctl [-jp] VERB [ARGUMENT ...]\n"
	"Look at and steer the drivers that nooks-load has put into domains.\n"
	"\n"
	"  status [DRIVER]       one line for each driver, or for this one\n"
	"  show DRIVER           everything about one driver\n"
	"  restart DRIVER        release what it holds and start it anew\n"
	"  stop DRIVER           the same, without the start\n"
	"  dump DRIVER           the full report of its last failure\n"
	"  objects DRIVER        the kernel objects that it holds now\n"
	"  top DRIVER [SECONDS]  what it calls, and how long that takes, for a second or more\n"
	"  learned DRIVER        the annotations that a driver lacks that was loaded with\n"
	"                        nooks-load --learn\n"
	"  inject DRIVER KIND [CONTEXT]\n"
	"                        have it do wrong at its next call; KIND is wild-write,\n"
	"                        denied-store, null, bad-jump, bad-instruction or bad-argument, CONTEXT any,\n"
	"                        process, softirq or hardirq\n"
	"  help, version\n"
	"\n"
	"  -j, --json            print JSON, errors too\n"
	"  -p, --pretty          print JSON for people\n"
	"  -h, --help            as help\n"
	"  -V, --version         as version\n";

static const struct option long_options[] = {
	{ "json", no_argument, NULL, 'j' },
	{ "pretty", no_argument, NULL, 'p' },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' },
	{ }
};

/**
 * struct verb - what can be done
 * @name: how it is called
 * @args: how its arguments are
 * @min: least number of arguments
 * @max: ditto most
 * @run: does it
 */
static const struct verb {
	const char *name;
	const char *args;
	int min, max;
	int (*run)(const struct drivers *drivers, char **args);
} verbs[] = {
	{ "status", "[DRIVER]", 0, 1, verb_status },
	{ "show", "DRIVER", 1, 1, verb_show },
	{ "restart", "DRIVER", 1, 1, verb_restart },
	{ "stop", "DRIVER", 1, 1, verb_stop },
	{ "dump", "DRIVER", 1, 1, verb_dump },
	{ "objects", "DRIVER", 1, 1, verb_objects },
	{ "top", "DRIVER [SECONDS]", 1, 2, verb_top },
	{ "learned", "DRIVER", 1, 1, verb_learned },
	{ "inject", "DRIVER KIND [CONTEXT]", 2, 3, verb_inject },
	{ }
};

static int help(void)
{
	fputs(usage, stdout);
	return 0;
}

static int version(void)
{
	if (report_is_json()) {
		json_begin(NULL, '{');
		json_string("version", NOOKSCTL_VERSION);
		json_end('}');
	} else {
		puts("nooksctl " NOOKSCTL_VERSION);
	}
	return 0;
}

/* @args: of the verb, the driver's name first. */
static int run(const struct verb *verb, char **args)
{
	struct drivers all, one;
	int ret = -1;

	if (drivers_read(&all))
		return -1;
	if (!*args) {
		ret = verb->run(&all, args);
	} else {
		one.list = drivers_find(&all, *args);
		one.count = 1;
		if (one.list)
			ret = verb->run(&one, args + 1);
	}
	drivers_free(&all);
	return ret;
}

static int command(int argc, char **argv)
{
	const struct verb *verb = verbs;

	if (!argc)
		return report_error("say what to do; nooksctl help shows how");
	if (!strcmp(*argv, "help"))
		return help();
	if (!strcmp(*argv, "version"))
		return version();
	while (verb->name && strcmp(*argv, verb->name))
		verb++;
	if (!verb->name)
		return report_error("%s is no verb; nooksctl help shows what there is", *argv);
	if (argc - 1 < verb->min || argc - 1 > verb->max)
		return report_error("usage: nooksctl %s %s", verb->name, verb->args);
	return run(verb, argv + 1);
}

/* getopt_long() tells unknown letters by themselves, words by the argument. */
static int bad_option(char **argv)
{
	if (optopt && !strchr(OPTIONS, optopt))
		return report_error("-%c is no option; nooksctl help shows what there is", optopt);
	return report_error("%s is no option; nooksctl help shows what there is",
			    argv[optind - 1]);
}

static int nooksctl(int argc, char **argv)
{
	bool is_json = false, is_pretty = false;
	int (*instead)(void) = NULL;
	bool is_bad = false;
	int c;

	opterr = 0;
	while (!is_bad && (c = getopt_long(argc, argv, OPTIONS, long_options, NULL)) != -1) {
		switch (c) {
		case 'p':
			is_pretty = true;
			is_json = true;
			break;
		case 'j':
			is_json = true;
			break;
		case 'h':
			instead = help;
			break;
		case 'V':
			instead = version;
			break;
		default:
			is_bad = true;
		}
	}
	json_setup(is_pretty);
	report_setup(is_json);
	if (is_bad)
		return bad_option(argv);
	return instead ? instead() : command(argc - optind, argv + optind);
}

int main(int argc, char **argv)
{
	int ret = nooksctl(argc, argv);

	if (fflush(stdout) || ferror(stdout))
		err(EXIT_FAILURE, "can't write the output");
	return ret ? EXIT_FAILURE : EXIT_SUCCESS;
}
