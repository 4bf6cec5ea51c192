// SPDX-License-Identifier: GPL-2.0
/* nooks-load: load a stock module into a domain, or unload it. */
#include <err.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "abi.h"
#include "load.h"
#include "module.h"
#include "report.h"

enum {
	OPT_FAKE_BASE = 256,
	OPT_LEARN,
	OPT_VERSION,
};

static const char usage[] =
	"usage: nooks-load [-nv] [--learn] [-C CONFIG] NAME [PARAMETER=VALUE ...]\n"
	"       nooks-load -r [-nv] NAME\n"
	"Load a stock kernel module into a domain of its own, or unload it.\n"
	"\n"
	"NAME is a module's name, an alias, or the path of a .ko file.\n"
	"  -r, --remove          unload a module that is in a domain\n"
	"  -n, --dry-run         change nothing, show what would be done\n"
	"  -v, --verbose         show each section, import and reference that is changed\n"
	"      --learn           let the driver store to fields that no annotation lists, and\n"
	"                        print what to add; for bringing a driver up, not for use\n"
	"  -o, --output=FILE     with -n: write the rewritten image to FILE\n"
	"  -C, --config=PATH     configuration instead of modprobe.d\n"
	"  -d, --dirname=DIR     with -n: take the modules in DIR/lib/modules\n"
	"  -S, --set-version=REL with -n: take the modules of kernel REL\n"
	"      --fake-base=ADDR  with -n: bind to made-up addresses (for tests)\n"
	"  -h, --help            show this\n"
	"      --version         show the version\n";

static const struct option long_options[] = {
	{ "remove", no_argument, NULL, 'r' },
	{ "dry-run", no_argument, NULL, 'n' },
	{ "verbose", no_argument, NULL, 'v' },
	{ "learn", no_argument, NULL, OPT_LEARN },
	{ "output", required_argument, NULL, 'o' },
	{ "config", required_argument, NULL, 'C' },
	{ "dirname", required_argument, NULL, 'd' },
	{ "set-version", required_argument, NULL, 'S' },
	{ "fake-base", required_argument, NULL, OPT_FAKE_BASE },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, OPT_VERSION },
	{ }
};

static uint64_t parse_address(const char *arg)
{
	char *end;
	uint64_t addr = strtoull(arg, &end, 16);

	if (!addr || *end)
		errx(EXIT_FAILURE, "--fake-base takes an address in hexadecimal, not %s", arg);
	return addr;
}

static int unload(const char *name, const struct load_options *opt)
{
	struct module module = {};
	int err;

	report_setup(name, opt->is_verbose);
	err = module_remove(&module, name, opt->is_dry);
	module_free(&module);
	return err;
}

int main(int argc, char **argv)
{
	struct load_options opt = {};
	bool is_remove = false;
	int c, err;

	while ((c = getopt_long(argc, argv, "rnvo:C:d:S:h", long_options, NULL)) != -1) {
		switch (c) {
		case 'r':
			is_remove = true;
			break;
		case 'n':
			opt.is_dry = true;
			break;
		case 'v':
			opt.is_verbose = true;
			break;
		case OPT_LEARN:
			opt.is_learning = true;
			break;
		case 'o':
			opt.output = optarg;
			break;
		case 'C':
			opt.config = optarg;
			break;
		case 'd':
			opt.root = optarg;
			break;
		case 'S':
			opt.release = optarg;
			break;
		case OPT_FAKE_BASE:
			opt.fake_base = parse_address(optarg);
			break;
		case 'h':
			fputs(usage, stdout);
			return EXIT_SUCCESS;
		case OPT_VERSION:
			printf("nooks-load %s, ABI %u\n", NOOKS_LOAD_VERSION, NOOKS_ABI_VERSION);
			return EXIT_SUCCESS;
		default:
			fputs(usage, stderr);
			return EXIT_FAILURE;
		}
	}
	argv += optind;

	if (!*argv)
		errx(EXIT_FAILURE, "name a module; nooks-load -h shows how");
	if (!opt.is_dry && (opt.output || opt.root || opt.release || opt.fake_base))
		errx(EXIT_FAILURE, "-o, -d, -S and --fake-base go with -n only");
	if (is_remove && (argv[1] || opt.is_learning || opt.output || opt.root || opt.release ||
			  opt.config || opt.fake_base))
		errx(EXIT_FAILURE, "-r takes a module's name and no more than -n and -v");

	err = is_remove ? unload(*argv, &opt) : load(&opt, *argv, argv + 1);
	return err ? EXIT_FAILURE : EXIT_SUCCESS;
}
