/* SPDX-License-Identifier: GPL-2.0 */
/* The instructions of a module's text section, and which bytes of them are not to be touched. */
#ifndef NOOKS_MUTATE_TEXT_H
#define NOOKS_MUTATE_TEXT_H

#include <Zydis/Zydis.h>
#include <stdbool.h>
#include <stdint.h>

#include "image.h"

#define MAX_LENGTH	15	/* of an instruction */
#define NOWHERE		UINT32_MAX

/**
 * struct function - a function in the section
 * @name: the first symbol's at its address
 * @offset: in the section
 * @size: bytes
 * @first: its first place
 * @nr: of its places; less than @size holds if not all of it can be decoded
 * @wanted: faults may go there
 */
struct function {
	const char *name;
	uint32_t offset;
	uint32_t size;
	uint32_t first;
	uint32_t nr;
	bool wanted;
};

/**
 * struct place - an instruction
 * @offset: in the section
 * @function: index
 * @length: bytes
 * @field: where in it a relocated field starts; @length without one
 * @width: bytes of that field
 * @fixed: the kernel or nooks-load writes to it, or it has more than one field: never changed
 * @target: name of the symbol that the field refers to, or NULL
 * @to: what the field refers to, as an offset in the section; NOWHERE if that is elsewhere, or no field
 */
struct place {
	uint32_t offset;
	uint32_t function;
	uint8_t length;
	uint8_t field;
	uint8_t width;
	bool fixed;
	const char *target;
	uint32_t to;
};

/**
 * struct text - a section
 * @section: its name
 * @code: its bytes as in the file
 * @size: of them
 * @functions: by offset, none of them overlap
 * @nr_functions: count
 * @places: by offset
 * @nr_places: count
 * @decoder: for it
 */
struct text {
	const char *section;
	const unsigned char *code;
	uint32_t size;
	struct function *functions;
	uint32_t nr_functions;
	struct place *places;
	uint32_t nr_places;
	ZydisDecoder decoder;
};

/** struct decoded - an instruction with its operands */
struct decoded {
	ZydisDecodedInstruction insn;
	ZydisDecodedOperand operands[ZYDIS_MAX_OPERAND_COUNT];
};

int text_read(struct text *text, struct image *img, const char *section);
void text_free(struct text *text);
bool text_decode(const struct text *text, const unsigned char *code, uint32_t size,
		 struct decoded *decoded);
void text_decode_place(const struct text *text, const struct place *place, struct decoded *decoded);
struct function *text_function(const struct text *text, const char *name);
bool decoded_is_privileged(const struct decoded *decoded);

static inline const struct function *place_function(const struct text *text,
						    const struct place *place)
{
	return &text->functions[place->function];
}

#endif
