// SPDX-License-Identifier: GPL-2.0
/* wrapgen: writes the wrappers of nooks from the kernel's BTF and annotations. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "contracts.h"
#include "diag.h"
#include "emit.h"
#include "kernel.h"
#include "model.h"
#include "module.h"

static const char usage[] =
	"usage: wrapgen --btf FILE -o DIR ANNOTATIONS.nooks...\n"
	"       wrapgen --btf FILE --contracts DIR ANNOTATIONS.nooks...\n"
	"       wrapgen --btf FILE {--check-imports|--suggest} MODULE.ko... ANNOTATIONS.nooks...\n"
	"\n"
	"  -b, --btf FILE       the kernel's BTF, raw or in an ELF file\n"
	"  -o, --output DIR     where to write; it must exist\n"
	"  -d, --contracts DIR  write pages to it that say in words what is enforced\n"
	"  -c, --check-imports  list the imports of modules by kind instead; exit with 1\n"
	"                       when a function is denied or missing\n"
	"  -s, --suggest        write skeletons of the annotations for what is missing;\n"
	"                       exit with 1 when there is any\n"
	"  -h, --help           this\n";

static const struct option options[] = {
	{ "btf",		required_argument,	NULL, 'b' },
	{ "output",		required_argument,	NULL, 'o' },
	{ "contracts",		required_argument,	NULL, 'd' },
	{ "check-imports",	no_argument,		NULL, 'c' },
	{ "suggest",		no_argument,		NULL, 's' },
	{ "help",		no_argument,		NULL, 'h' },
	{}
};

static bool is_module(const char *path)
{
	size_t len = strlen(path);

	return len > 3 && !strcmp(path + len - 3, ".ko");
}

int main(int argc, char **argv)
{
	const char *btf = NULL, *dir = NULL, *contracts = NULL, *from;
	const char **files = NULL;
	unsigned int nr_files = 0;
	struct source source = {};
	bool (*check)(const char *path) = NULL;
	bool good = true;
	int opt;

	while ((opt = getopt_long(argc, argv, "b:o:d:csh", options, NULL)) != -1) {
		switch (opt) {
		case 'b':
			btf = optarg;
			break;
		case 'o':
			dir = optarg;
			break;
		case 'd':
			contracts = optarg;
			break;
		case 'c':
			check = module_check_imports;
			break;
		case 's':
			check = module_suggest;
			break;
		case 'h':
			fputs(usage, stdout);
			return 0;
		default:
			fputs(usage, stderr);
			return 2;
		}
	}
	if (!btf || !!dir + !!check + !!contracts != 1 || optind == argc) {
		fputs(usage, stderr);
		return 2;
	}

	kernel_read(btf);
	from = basename(btf);
	for (int i = optind; i < argc; i++) {
		if (check && is_module(argv[i]))
			continue;
		source_read(&source, argv[i]);
		ADD(files, nr_files) = argv[i];
		from = print("%s, %s", from, basename(argv[i]));
	}
	if (!nr_complaints())
		model_build(&source);
	if (nr_complaints())
		return 1;
	if (dir)
		emit_all(dir, from);
	if (contracts)
		contracts_write(contracts, files, nr_files);
	for (int i = optind; check && i < argc; i++) {
		if (is_module(argv[i]))
			good &= check(argv[i]);
	}
	return !good;
}
