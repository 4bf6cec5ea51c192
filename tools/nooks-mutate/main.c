// SPDX-License-Identifier: GPL-2.0
/*
 * nooks-mutate: plan faults in a driver's code. Reads a stock module, chooses places by a seed, and prints which
 * bytes become which; nooks_mutate.ko does that to the running module, native or in a domain.
 */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "memory.h"
#include "plan.h"
#include "random.h"
#include "report.h"
#include "unpack.h"

/**
 * struct options - of the command line
 * @seed: decides all
 * @count: faults
 * @kinds: names with commas between, or "classic", "behaviour" or "all"
 * @functions: file with a name on each line: faults go there only; NULL: anywhere
 * @section: where faults go
 * @module: file
 */
struct options {
	uint64_t seed;
	uint32_t count;
	const char *kinds;
	const char *functions;
	const char *section;
	const char *module;
};

static void usage(FILE *to)
{
	fputs("usage: nooks-mutate [OPTION]... MODULE.ko\n"
	      "Plan faults in a module's code: the same for the same seed, options and module.\n"
	      "\n"
	      "  -s, --seed=N            1\n"
	      "  -n, --count=N           faults, or as many as there are places for; 5\n"
	      "  -k, --kinds=KIND,...    of these kinds, each as likely as the others; classic, behaviour,\n"
	      "                          device or all for many at once; classic\n"
	      "  -f, --functions=FILE    in these functions only, one on a line\n"
	      "  -S, --section=NAME      .text\n"
	      "  -l, --list              list the functions there, and how many instructions\n"
	      "                          may be changed, instead\n"
	      "\n"
	      "Prints a line for each change: number of the fault, kind, section, offset, old bytes, new\n"
	      "bytes (\"..\" is what a relocation fills in), calls to be linked (place in the new bytes : offset\n"
	      "of a call that leads there), privileged or -, place, old code, new code; tabs between. What\n"
	      "becomes of the device has the section \"device\", and for an offset the bits of its PCI command\n"
	      "register that it loses.\n"
	      "\n"
	      "Kinds (classic ones change an instruction, behaviours replace a call):\n", to);
	for (size_t i = 0; i < nr_classic_kinds; i++)
		fprintf(to, "  %-22s  %s\n", classic_kinds[i].name, classic_kinds[i].what);
	for (size_t i = 0; i < nr_behaviour_kinds; i++)
		if (behaviour_kinds[i].what)
			fprintf(to, "  %-22s  %s\n", behaviour_kinds[i].name, behaviour_kinds[i].what);
	for (size_t i = 0; i < nr_device_kinds; i++)
		fprintf(to, "  %-22s  %s\n", device_kinds[i].name, device_kinds[i].what);
}

static int parse_number(const char *text, uint64_t max, uint64_t *number)
{
	char *end;

	*number = strtoull(text, &end, 0);
	if (!*text || *text == '-' || *end || *number > max)
		return report_error("%s is not a number from 0 to %lu", text, max);
	return 0;
}

/* Return: 0, 1 for a list, -1 after a message. */
static int parse(int argc, char **argv, struct options *options)
{
	static const struct option longs[] = {
		{ "seed", required_argument, NULL, 's' },
		{ "count", required_argument, NULL, 'n' },
		{ "kinds", required_argument, NULL, 'k' },
		{ "functions", required_argument, NULL, 'f' },
		{ "section", required_argument, NULL, 'S' },
		{ "list", no_argument, NULL, 'l' },
		{ "help", no_argument, NULL, 'h' },
		{ }
	};
	uint64_t number;
	int c, list = 0;

	while ((c = getopt_long(argc, argv, "s:n:k:f:S:lh", longs, NULL)) != -1) {
		switch (c) {
		case 's':
			if (parse_number(optarg, UINT64_MAX, &options->seed))
				return -1;
			break;
		case 'n':
			if (parse_number(optarg, 1000, &number))
				return -1;
			options->count = number;
			break;
		case 'k':
			options->kinds = optarg;
			break;
		case 'f':
			options->functions = optarg;
			break;
		case 'S':
			options->section = optarg;
			break;
		case 'l':
			list = 1;
			break;
		case 'h':
			usage(stdout);
			exit(EXIT_SUCCESS);
		default:
			return -1;
		}
	}
	if (optind + 1 != argc)
		return report_error("say which module; --help tells more");
	options->module = argv[optind];
	return list;
}

/* Append the kinds that a word means. Return: how many. */
static size_t add_kinds(const char *word, size_t length, const struct kind *all, size_t nr,
			const char *group, const struct kind **kinds)
{
	bool whole = (strlen(group) == length && !memcmp(word, group, length)) ||
		     (length == 3 && !memcmp(word, "all", 3));
	size_t found = 0;

	for (size_t i = 0; i < nr; i++)
		if (whole || (strlen(all[i].name) == length &&
			      !memcmp(all[i].name, word, length)))
			kinds[found++] = &all[i];
	return found;
}

/* Return: the number of kinds; 0 after a message. */
static size_t choose_kinds(const char *words, const struct kind **kinds, size_t max)
{
	size_t nr = 0;

	for (const char *word = words; word; word = strchr(word, ',')) {
		size_t length, before = nr;

		word += *word == ',';
		length = strcspn(word, ",");
		if (nr + nr_classic_kinds + nr_behaviour_kinds + nr_device_kinds > max)
			return report_error("too many kinds"), 0;
		nr += add_kinds(word, length, classic_kinds, nr_classic_kinds, "classic",
				kinds + nr);
		nr += add_kinds(word, length, behaviour_kinds, nr_behaviour_kinds, "behaviour",
				kinds + nr);
		nr += add_kinds(word, length, device_kinds, nr_device_kinds, "device", kinds + nr);
		if (nr == before)
			return report_error("no kind %.*s; --help lists them", (int)length, word), 0;
	}
	return nr;
}

/* Only functions that a file names are wanted. */
static int want(struct text *text, const char *path)
{
	char *line = NULL;
	size_t room = 0, nr = 0;
	FILE *file = fopen(path, "re");

	if (!file)
		return report_error("can't open %s: %m", path);
	for (uint32_t i = 0; i < text->nr_functions; i++)
		text->functions[i].wanted = false;
	while (getline(&line, &room, file) > 0) {
		struct function *function;

		line[strcspn(line, "\n")] = '\0';
		function = text_function(text, line);
		if (function) {
			function->wanted = true;
			nr++;
		}
	}
	free(line);
	fclose(file);
	return nr ? 0 : report_error("none of its functions in %s is named in %s", text->section, path);
}

static bool list_functions(const struct text *text)
{
	for (uint32_t f = 0; f < text->nr_functions; f++) {
		const struct function *function = &text->functions[f];
		uint32_t nr = 0;

		for (uint32_t i = 0; i < function->nr; i++)
			nr += !text->places[function->first + i].fixed;
		printf("%s\t%#x\t%u\t%u\t%u\n", function->name, function->offset, function->size,
		       function->nr, nr);
	}
	return !fflush(stdout) && !ferror(stdout);
}

/* A kind without a place gives way to another one. Fewer faults than wanted are a plan, too. */
static int make_plan(struct plan *plan, const struct options *options)
{
	const struct kind *kinds[256];
	size_t nr = choose_kinds(options->kinds, kinds, sizeof(kinds) / sizeof(*kinds));
	uint64_t seed = options->seed;

	if (!nr)
		return -1;
	while (plan->nr < options->count) {
		size_t i = random_below(&seed, nr);

		if (plan_add(plan, kinds[i], &seed))
			continue;
		kinds[i] = kinds[--nr];
		if (nr)
			continue;
		if (!plan->nr)
			return report_error("has no place for a fault of these kinds%s",
					    options->functions ? "" :
					    "; most behaviours need --functions");
		report_warning("has places for %u of %u faults of these kinds only", plan->nr,
			       options->count);
		break;
	}
	return plan_print(plan) ? 0 : report_error("can't write the plan");
}

int main(int argc, char **argv)
{
	struct options options = {
		.seed = 1, .count = 5, .kinds = "classic", .section = ".text",
	};
	unsigned char *file;
	struct image img = {};
	struct text text = {};
	struct plan plan = { .text = &text };
	const char *alias = NULL;
	size_t size;
	int list, ret;

	report_program("nooks-mutate");
	list = parse(argc, argv, &options);
	if (list < 0)
		return EXIT_FAILURE;
	report_setup(options.module, false);
	file = unpack(options.module, &size);
	if (!file)
		return EXIT_FAILURE;
	ret = image_read(&img, file, size);
	free(file);
	if (!ret)
		ret = text_read(&text, &img, options.section);
	if (!ret && options.functions)
		ret = want(&text, options.functions);
	if (!ret && list)
		ret = list_functions(&text) ? 0 : report_error("can't write the list");
	while (!ret && (alias = image_next_modinfo(&img, "alias", alias)) != NULL)
		plan.pci |= !strncmp(alias, "pci:", 4);
	if (!ret && !list)
		ret = make_plan(&plan, &options);
	free(plan.faults);
	text_free(&text);
	image_free(&img);
	return ret ? EXIT_FAILURE : EXIT_SUCCESS;
}
