// SPDX-License-Identifier: GPL-2.0
/* A plan: its making, and its printing. */
#include <stdio.h>
#include <string.h>

#include "memory.h"
#include "plan.h"
#include "random.h"
#include "report.h"

#define TRIES		64	/* places until a kind is given up */
#define RESYNC		12	/* instructions after which changed code should be as it was again */

/**
 * patch_begin - a patch that changes nothing yet
 * @patch: out
 * @text: where it is
 * @offset: in the section
 * @size: bytes, at most MAX_PATCH
 */
void patch_begin(struct patch *patch, const struct text *text, uint32_t offset, uint32_t size)
{
	memset(patch, 0, sizeof(*patch));
	patch->offset = offset;
	patch->size = size;
	memcpy(patch->bytes, text->code + offset, size);
	for (uint32_t i = 0; i < text->nr_places; i++) {
		const struct place *place = &text->places[i];
		uint32_t field = place->offset + place->field;

		for (uint32_t b = field; b < field + place->width; b++)
			if (b >= offset && b < offset + size)
				patch->keep[b - offset] = patch->any[b - offset] = true;
	}
}

/** patch_overlaps - has the plan a patch there already? */
bool patch_overlaps(const struct plan *plan, uint32_t offset, uint32_t size)
{
	for (uint32_t i = 0; i < plan->nr; i++) {
		for (uint32_t p = 0; p < plan->faults[i].nr_patches; p++) {
			const struct patch *patch = &plan->faults[i].patches[p];

			if (offset < patch->offset + patch->size && patch->offset < offset + size)
				return true;
		}
	}
	return false;
}

static bool is_candidate(const struct plan *plan, const struct kind *kind, const struct place *place)
{
	return !place->fixed && place_function(plan->text, place)->wanted &&
	       kind->eligible(kind, plan, place);
}

/**
 * plan_add - one more fault
 * @plan: to which
 * @kind: of which kind
 * @seed: in and out: decides where
 *
 * Return: false if there is no place for it.
 */
bool plan_add(struct plan *plan, const struct kind *kind, uint64_t *seed)
{
	const struct place **candidates = xcalloc(plan->text->nr_places, sizeof(*candidates));
	uint32_t nr = 0;
	bool done = false;

	for (uint32_t i = 0; i < plan->text->nr_places; i++)
		if (is_candidate(plan, kind, &plan->text->places[i]))
			candidates[nr++] = &plan->text->places[i];
	for (int i = 0; i < TRIES && nr && !done; i++) {
		const struct place *place = candidates[random_below(seed, nr)];
		struct fault fault = { .kind = kind->name, .place = place, .nr_patches = 1 };

		if (patch_overlaps(plan, place->offset, place->length))
			continue;
		patch_begin(&fault.patches[0], plan->text, place->offset, place->length);
		if (!kind->mutate(kind, plan, &fault, seed))
			continue;
		plan->faults = xrealloc(plan->faults, plan->nr + 1, sizeof(*plan->faults));
		plan->faults[plan->nr++] = fault;
		done = true;
	}
	free(candidates);
	return done;
}

/* --- printing */

static void print_bytes(const unsigned char *bytes, const bool *hidden, uint32_t size)
{
	for (uint32_t i = 0; i < size; i++) {
		if (hidden[i])
			fputs("..", stdout);
		else
			printf("%02x", bytes[i]);
	}
	putchar('\t');
}

static void print_decoded(const struct decoded *d, uint32_t offset)
{
	ZydisFormatter formatter;
	char text[160];

	ZydisFormatterInit(&formatter, ZYDIS_FORMATTER_STYLE_INTEL);
	if (ZYAN_SUCCESS(ZydisFormatterFormatInstruction(&formatter, &d->insn, d->operands,
							 d->insn.operand_count_visible, text,
							 sizeof(text), offset, NULL)))
		fputs(text, stdout);
}

/*
 * The instructions in @code, which is the section's from @offset on, until they are as they were. Those
 * are printed if @print. Return: is any of them privileged?
 */
static bool walk(const struct text *text, const unsigned char *code, uint32_t offset, uint32_t size,
		 uint32_t changed, bool print)
{
	struct decoded d;
	bool privileged = false;
	uint32_t at = 0;

	for (int n = 0; n < RESYNC && at < changed; n++) {
		if (at && print)
			fputs("; ", stdout);
		if (!text_decode(text, code + at, size - at, &d)) {
			if (print)
				fputs("(bad)", stdout);
			break;
		}
		privileged |= decoded_is_privileged(&d);
		if (print)
			print_decoded(&d, offset + at);
		at += d.insn.length;
		/* What is behind the change and no instruction's start is decoded otherwise now. */
		if (at > changed && at < size) {
			uint32_t i;

			for (i = 0; i < text->nr_places; i++)
				if (text->places[i].offset == offset + at)
					break;
			if (i == text->nr_places)
				changed = at + 1;
		}
	}
	return privileged;
}

/* The section's bytes around a patch, with the patch in them. */
static unsigned char *changed_code(const struct text *text, const struct patch *patch, uint32_t *size)
{
	unsigned char *code;

	*size = patch->size + RESYNC * MAX_LENGTH;
	if (*size > text->size - patch->offset)
		*size = text->size - patch->offset;
	code = xcalloc(*size, 1);
	memcpy(code, text->code + patch->offset, *size);
	for (uint32_t i = 0; i < patch->size; i++)
		if (!patch->keep[i])
			code[i] = patch->bytes[i];
	return code;
}

static void print_patch(const struct plan *plan, const struct fault *fault, uint32_t number,
			uint32_t index)
{
	const struct patch *patch = &fault->patches[index];
	const struct text *text = plan->text;
	const struct function *function = place_function(text, fault->place);
	const char *target = fault->place->target;
	uint32_t size;
	unsigned char *code = changed_code(text, patch, &size);

	printf("%u\t%s\t%s\t%#x\t", number, fault->kind, text->section, patch->offset);
	print_bytes(text->code + patch->offset, patch->any, patch->size);
	print_bytes(patch->bytes, patch->keep, patch->size);
	for (uint32_t i = 0; i < patch->nr_fixes; i++)
		printf("%s%u:%#x", i ? "," : "", patch->fixes[i].at, patch->fixes[i].site);
	printf("%s\t%s\t", patch->nr_fixes ? "" : "-",
	       walk(text, code, patch->offset, size, patch->size, false) ? "privileged" : "-");
	printf("%s+%#x\t", function->name, fault->place->offset - function->offset);
	if (index)
		fputs("(unused code)", stdout);
	else
		walk(text, text->code + patch->offset, patch->offset, patch->size, patch->size, true);
	if (!index && target && *target)
		printf(" <%s>", target);
	putchar('\t');
	walk(text, code, patch->offset, size, patch->size, true);
	putchar('\n');
	free(code);
}

/* What is not about bytes is empty. */
static void print_device(const struct fault *fault, uint32_t number)
{
	printf("%u\t%s\tdevice\t%#x\t-\t-\t-\t-\tdevice\t(PCI command)\tno%s%s\n", number, fault->kind,
	       fault->device, fault->device & 3 ? " registers" : "", fault->device & 4 ? " DMA" : "");
}

/**
 * plan_print - print a plan, a line for each patch, with tabs between
 * @plan: the plan
 *
 * Return: false if that failed.
 */
bool plan_print(const struct plan *plan)
{
	for (uint32_t i = 0; i < plan->nr; i++) {
		if (plan->faults[i].device)
			print_device(&plan->faults[i], i + 1);
		for (uint32_t p = 0; p < plan->faults[i].nr_patches; p++)
			print_patch(plan, &plan->faults[i], i + 1, p);
	}
	return !fflush(stdout) && !ferror(stdout);
}
