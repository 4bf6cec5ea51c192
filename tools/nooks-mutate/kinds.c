// SPDX-License-Identifier: GPL-2.0
/*
 * The classic faults: small changes of one instruction, as a programmer's mistake or a flipped bit would make
 * them. All but the bit flip leave an instruction of the same length, or none, so that what follows is
 * as it was.
 */
#include <string.h>

#include "plan.h"
#include "random.h"

#define PROLOGUE	24	/* instructions in which variables get their first values */
#define BEFORE_CALL	8	/* instructions in which a call gets its arguments */

static bool is_general(ZydisRegister reg)
{
	switch (ZydisRegisterGetClass(reg)) {
	case ZYDIS_REGCLASS_GPR8:
	case ZYDIS_REGCLASS_GPR16:
	case ZYDIS_REGCLASS_GPR32:
	case ZYDIS_REGCLASS_GPR64:
		return true;
	default:
		return false;
	}
}

static ZydisRegister whole(ZydisRegister reg)
{
	return ZydisRegisterGetLargestEnclosing(ZYDIS_MACHINE_MODE_LONG_64, reg);
}

static bool is_argument(ZydisRegister reg)
{
	switch (whole(reg)) {
	case ZYDIS_REGISTER_RDI:
	case ZYDIS_REGISTER_RSI:
	case ZYDIS_REGISTER_RDX:
	case ZYDIS_REGISTER_RCX:
	case ZYDIS_REGISTER_R8:
	case ZYDIS_REGISTER_R9:
		return true;
	default:
		return false;
	}
}

static bool writes(const ZydisDecodedOperand *operand)
{
	return operand->actions & ZYDIS_OPERAND_ACTION_MASK_WRITE;
}

static bool is_padding(const struct decoded *d)
{
	return d->insn.mnemonic == ZYDIS_MNEMONIC_NOP || d->insn.mnemonic == ZYDIS_MNEMONIC_INT3 ||
	       d->insn.mnemonic == ZYDIS_MNEMONIC_ENDBR64;
}

static bool is_jump(const struct decoded *d)
{
	return d->insn.meta.category == ZYDIS_CATEGORY_COND_BR ||
	       d->insn.meta.category == ZYDIS_CATEGORY_UNCOND_BR;
}

/* --- bytes */

static const unsigned char nops[][9] = {
	{ 0x90 },
	{ 0x66, 0x90 },
	{ 0x0f, 0x1f, 0x00 },
	{ 0x0f, 0x1f, 0x40, 0x00 },
	{ 0x0f, 0x1f, 0x44, 0x00, 0x00 },
	{ 0x66, 0x0f, 0x1f, 0x44, 0x00, 0x00 },
	{ 0x0f, 0x1f, 0x80, 0x00, 0x00, 0x00, 0x00 },
	{ 0x0f, 0x1f, 0x84, 0x00, 0x00, 0x00, 0x00, 0x00 },
	{ 0x66, 0x0f, 0x1f, 0x84, 0x00, 0x00, 0x00, 0x00, 0x00 },
};

static void fill_nops(unsigned char *to, uint32_t size)
{
	while (size) {
		uint32_t n = size < 9 ? size : 9;

		memcpy(to, nops[n - 1], n);
		to += n;
		size -= n;
	}
}

/*
 * The instruction becomes nothing. What a relocation fills in becomes the displacement of a nop; of a call, the
 * constant of "test eax, imm32", for flags mean nothing after a call.
 */
static bool can_delete(const struct place *place, const struct decoded *d)
{
	if (place->field == place->length)
		return true;
	if (place->width != 4)
		return false;
	if (d->insn.meta.category == ZYDIS_CATEGORY_CALL && place->field == 1)
		return true;
	return place->field >= 3;
}

static void delete(const struct place *place, struct patch *patch)
{
	unsigned char *to = patch->bytes;
	uint32_t after = place->field + place->width;

	if (place->field == place->length) {
		fill_nops(to, place->length);
		return;
	}
	if (place->field == 1) {
		to[0] = 0xa9;
	} else {
		fill_nops(to, place->field - 3);
		memcpy(to + place->field - 3, "\x0f\x1f\x80", 3);
	}
	fill_nops(to + after, place->length - after);
}

static bool mutate_delete(const struct kind *kind, const struct plan *plan, struct fault *fault,
			  uint64_t *seed)
{
	(void)kind, (void)plan, (void)seed;
	delete(fault->place, &fault->patches[0]);
	return true;
}

/* Does it decode to one other instruction of the same length? */
static bool check(const struct plan *plan, const struct fault *fault, struct decoded *now)
{
	const struct patch *patch = &fault->patches[0];

	return text_decode(plan->text, patch->bytes, patch->size, now) &&
	       now->insn.length == patch->size &&
	       memcmp(patch->bytes, plan->text->code + patch->offset, patch->size);
}

/* --- bit flip */

static bool any_eligible(const struct kind *kind, const struct plan *plan, const struct place *place)
{
	(void)kind, (void)plan, (void)place;
	return true;
}

/* The only one that may leave no instruction at all, or of another length. */
static bool flip(const struct kind *kind, const struct plan *plan, struct fault *fault, uint64_t *seed)
{
	struct patch *patch = &fault->patches[0];
	uint32_t byte;

	(void)kind, (void)plan;
	do
		byte = random_below(seed, patch->size);
	while (patch->keep[byte]);
	patch->bytes[byte] ^= 1 << random_below(seed, 8);
	return true;
}

/* --- instruction deleted */

static bool instruction_eligible(const struct kind *kind, const struct plan *plan,
				 const struct place *place)
{
	struct decoded d;

	(void)kind;
	text_decode_place(plan->text, place, &d);
	return !is_padding(&d) && can_delete(place, &d);
}

/* --- registers */

static const ZydisDecodedOperand *find_register(const struct decoded *d, bool written)
{
	for (int i = 0; i < d->insn.operand_count_visible; i++) {
		const ZydisDecodedOperand *operand = &d->operands[i];

		if (operand->type == ZYDIS_OPERAND_TYPE_REGISTER &&
		    operand->visibility == ZYDIS_OPERAND_VISIBILITY_EXPLICIT &&
		    is_general(operand->reg.value) && writes(operand) == written &&
		    (operand->encoding == ZYDIS_OPERAND_ENCODING_MODRM_REG ||
		     operand->encoding == ZYDIS_OPERAND_ENCODING_MODRM_RM ||
		     operand->encoding == ZYDIS_OPERAND_ENCODING_OPCODE))
			return operand;
	}
	return NULL;
}

static bool register_eligible(const struct kind *kind, const struct plan *plan,
			      const struct place *place)
{
	struct decoded d;

	text_decode_place(plan->text, place, &d);
	return !is_padding(&d) && find_register(&d, kind->data);
}

/* Where the last byte of the opcode is. */
static uint32_t opcode_at(const struct decoded *d)
{
	return d->insn.raw.prefix_count + (d->insn.opcode_map == ZYDIS_OPCODE_MAP_0F);
}

static bool change_register(const struct kind *kind, const struct plan *plan, struct fault *fault,
			    uint64_t *seed)
{
	struct patch *patch = &fault->patches[0];
	const ZydisDecodedOperand *operand;
	struct decoded d, now;
	uint32_t at, shift = 0, by;

	text_decode_place(plan->text, fault->place, &d);
	operand = find_register(&d, kind->data);
	if (operand->encoding == ZYDIS_OPERAND_ENCODING_OPCODE) {
		at = opcode_at(&d);
	} else {
		at = d.insn.raw.modrm.offset;
		shift = operand->encoding == ZYDIS_OPERAND_ENCODING_MODRM_REG ? 3 : 0;
	}
	by = 1 + random_below(seed, 7);
	patch->bytes[at] ^= by << shift;
	return check(plan, fault, &now) && now.insn.mnemonic == d.insn.mnemonic;
}

/* --- address calculation */

static const ZydisDecodedOperand *find_address(const struct decoded *d)
{
	for (int i = 0; i < d->insn.operand_count_visible; i++) {
		const ZydisDecodedOperand *operand = &d->operands[i];

		if (operand->type == ZYDIS_OPERAND_TYPE_MEMORY &&
		    is_general(operand->mem.base) && whole(operand->mem.base) != ZYDIS_REGISTER_RSP)
			return operand;
	}
	return NULL;
}

static bool pointer_eligible(const struct kind *kind, const struct plan *plan,
			     const struct place *place)
{
	struct decoded d;

	(void)kind;
	text_decode_place(plan->text, place, &d);
	return !is_padding(&d) && find_address(&d) && d.insn.raw.modrm.offset;
}

/* Another base register, or another displacement. */
static bool change_pointer(const struct kind *kind, const struct plan *plan, struct fault *fault,
			   uint64_t *seed)
{
	struct patch *patch = &fault->patches[0];
	struct decoded d, now;
	uint32_t by = 1 + random_below(seed, 7), bit = random_below(seed, 8);
	bool displace = random_below(seed, 2);

	(void)kind;
	text_decode_place(plan->text, fault->place, &d);
	if (displace && d.insn.raw.disp.size && !patch->keep[d.insn.raw.disp.offset])
		patch->bytes[d.insn.raw.disp.offset] ^= 1 << bit;
	else if (d.insn.raw.sib.offset)
		patch->bytes[d.insn.raw.sib.offset] ^= by;
	else
		patch->bytes[d.insn.raw.modrm.offset] ^= by;
	return check(plan, fault, &now) && now.insn.mnemonic == d.insn.mnemonic;
}

/* --- what is stored first, and for whom */

/* Does it give a register or a variable a value? The register, or NONE. */
static ZydisRegister loaded(const struct decoded *d)
{
	const ZydisDecodedOperand *to = &d->operands[0], *from = &d->operands[1];

	switch (d->insn.mnemonic) {
	case ZYDIS_MNEMONIC_MOV:
	case ZYDIS_MNEMONIC_MOVZX:
	case ZYDIS_MNEMONIC_MOVSX:
	case ZYDIS_MNEMONIC_MOVSXD:
	case ZYDIS_MNEMONIC_LEA:
		break;
	case ZYDIS_MNEMONIC_XOR:
		if (to->type != ZYDIS_OPERAND_TYPE_REGISTER ||
		    from->type != ZYDIS_OPERAND_TYPE_REGISTER || to->reg.value != from->reg.value)
			return ZYDIS_REGISTER_NONE;
		break;
	default:
		return ZYDIS_REGISTER_NONE;
	}
	return to->type == ZYDIS_OPERAND_TYPE_REGISTER && is_general(to->reg.value) ?
	       to->reg.value : ZYDIS_REGISTER_NONE;
}

/* Does a call that follows take what was loaded into the register? */
static bool reaches_call(const struct plan *plan, const struct place *place, ZydisRegister reg)
{
	const struct function *function = place_function(plan->text, place);
	const struct place *end = plan->text->places + function->first + function->nr;
	struct decoded d;

	for (int i = 0; i < BEFORE_CALL && ++place < end; i++) {
		text_decode_place(plan->text, place, &d);
		if (d.insn.meta.category == ZYDIS_CATEGORY_CALL)
			return true;
		if (is_jump(&d) || d.insn.meta.category == ZYDIS_CATEGORY_RET ||
		    whole(loaded(&d)) == whole(reg))
			return false;
	}
	return false;
}

static bool interface_eligible(const struct kind *kind, const struct plan *plan,
			       const struct place *place)
{
	struct decoded d;
	ZydisRegister reg;

	(void)kind;
	text_decode_place(plan->text, place, &d);
	reg = loaded(&d);
	return is_argument(reg) && can_delete(place, &d) && reaches_call(plan, place, reg);
}

/* A constant, early in the function, to a register or to a variable on the stack. */
static bool initialisation_eligible(const struct kind *kind, const struct plan *plan,
				    const struct place *place)
{
	const struct function *function = place_function(plan->text, place);
	struct decoded d;
	ZydisRegister reg;
	bool is_constant, is_variable;

	text_decode_place(plan->text, place, &d);
	if ((size_t)(place - plan->text->places) - function->first >= PROLOGUE ||
	    !can_delete(place, &d))
		return false;
	reg = loaded(&d);
	is_constant = d.insn.mnemonic == ZYDIS_MNEMONIC_XOR ||
		      d.operands[1].type == ZYDIS_OPERAND_TYPE_IMMEDIATE;
	is_variable = d.insn.mnemonic == ZYDIS_MNEMONIC_MOV &&
		      d.operands[0].type == ZYDIS_OPERAND_TYPE_MEMORY &&
		      whole(d.operands[0].mem.base) == ZYDIS_REGISTER_RSP;
	return is_variable || (reg != ZYDIS_REGISTER_NONE && is_constant &&
			       !interface_eligible(kind, plan, place));
}

/* --- branches */

static bool branch_eligible(const struct kind *kind, const struct plan *plan,
			    const struct place *place)
{
	struct decoded d;

	(void)kind;
	text_decode_place(plan->text, place, &d);
	return is_jump(&d) && can_delete(place, &d);
}

/* A conditional branch backwards is what ends a loop. */
static bool loop_eligible(const struct kind *kind, const struct plan *plan,
			  const struct place *place)
{
	struct decoded d;
	uint32_t at;
	int64_t to;

	(void)kind;
	text_decode_place(plan->text, place, &d);
	at = opcode_at(&d);
	if (d.insn.meta.category != ZYDIS_CATEGORY_COND_BR || place->field != place->length ||
	    d.operands[0].type != ZYDIS_OPERAND_TYPE_IMMEDIATE)
		return false;
	if ((plan->text->code[place->offset + at] & 0xf0) !=
	    (d.insn.opcode_map == ZYDIS_OPCODE_MAP_0F ? 0x80 : 0x70))
		return false;
	to = (int64_t)place->offset + place->length + d.operands[0].imm.value.s;
	return to <= place->offset && to >= place_function(plan->text, place)->offset;
}

/* The last bit of the opcode is the condition's sense. */
static bool invert(const struct kind *kind, const struct plan *plan, struct fault *fault,
		   uint64_t *seed)
{
	struct decoded d, now;

	(void)kind, (void)seed;
	text_decode_place(plan->text, fault->place, &d);
	fault->patches[0].bytes[opcode_at(&d)] ^= 1;
	return check(plan, fault, &now) && now.insn.meta.category == ZYDIS_CATEGORY_COND_BR;
}

#define DESTINATION	"destination"	/* any pointer: it is written */

const struct kind classic_kinds[] = {
	{ "bit-flip", "a bit of an instruction is another one", any_eligible, flip, false, NULL },
	{ "instruction", "an instruction is missing", instruction_eligible, mutate_delete, false, NULL },
	{ "destination", "the result goes to another register", register_eligible,
	  change_register, false, DESTINATION },
	{ "source", "an operand comes from another register", register_eligible, change_register,
	  false, NULL },
	{ "pointer", "an address has another base or displacement", pointer_eligible,
	  change_pointer, false, NULL },
	{ "initialisation", "a variable has no first value", initialisation_eligible,
	  mutate_delete, false, NULL },
	{ "branch", "a jump is missing", branch_eligible, mutate_delete, false, NULL },
	{ "loop", "a loop's condition is the opposite", loop_eligible, invert, false, NULL },
	{ "interface", "an argument of a call is not loaded", interface_eligible, mutate_delete,
	  false, NULL },
};
const size_t nr_classic_kinds = sizeof(classic_kinds) / sizeof(*classic_kinds);
