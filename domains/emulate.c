// SPDX-License-Identifier: GPL-2.0
/* Checked stores: decode a driver's store, compute its effect natively, commit it. */

#include <linux/atomic.h>
#include <linux/bits.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <asm/cache.h>
#include <asm/page.h>
#include <asm/processor-flags.h>
#include <asm/ptrace.h>

#include "emulate.h"

/* The flags that arithmetic changes. All others, IF above all, stay the kernel's. */
#define STATUS_FLAGS	(X86_EFLAGS_CF | X86_EFLAGS_PF | X86_EFLAGS_AF | \
			 X86_EFLAGS_ZF | X86_EFLAGS_SF | X86_EFLAGS_OF)

/* Numbers of ah, ch, dh and bh, after the 16 general registers in the processor's order */
#define REG_HIGH_BYTE	16
#define REG_AX		0
#define REG_CX		1
#define REG_SP		4
#define REG_BP		5

static u64 truncate(u64 value, unsigned int width)
{
	return value & GENMASK_ULL(width * 8 - 1, 0);
}

static unsigned long *register_slot(const struct pt_regs *regs, unsigned int reg)
{
	static const u8 offset[] = {
		offsetof(struct pt_regs, ax), offsetof(struct pt_regs, cx),
		offsetof(struct pt_regs, dx), offsetof(struct pt_regs, bx),
		offsetof(struct pt_regs, sp), offsetof(struct pt_regs, bp),
		offsetof(struct pt_regs, si), offsetof(struct pt_regs, di),
		offsetof(struct pt_regs, r8), offsetof(struct pt_regs, r9),
		offsetof(struct pt_regs, r10), offsetof(struct pt_regs, r11),
		offsetof(struct pt_regs, r12), offsetof(struct pt_regs, r13),
		offsetof(struct pt_regs, r14), offsetof(struct pt_regs, r15),
	};

	return (unsigned long *)((char *)regs + offset[reg % ARRAY_SIZE(offset)]);
}

static u64 get_register(const struct pt_regs *regs, unsigned int reg, unsigned int width)
{
	u64 value = *register_slot(regs, reg);

	return truncate(reg >= REG_HIGH_BYTE ? value >> 8 : value, width);
}

static void set_register(struct pt_regs *regs, unsigned int reg, unsigned int width, u64 value)
{
	unsigned long *slot = register_slot(regs, reg);

	if (reg >= REG_HIGH_BYTE)
		*slot = (*slot & ~0xff00ul) | value << 8;
	else if (width >= 4)		/* 32-bit results clear the upper half */
		*slot = value;
	else
		*slot = (*slot & ~truncate(~0ull, width)) | value;
}

static u64 get_memory(const void *mem, unsigned int width)
{
	switch (width) {
	case 1:
		return READ_ONCE(*(const u8 *)mem);
	case 2:
		return READ_ONCE(*(const u16 *)mem);
	case 4:
		return READ_ONCE(*(const u32 *)mem);
	default:
		return READ_ONCE(*(const u64 *)mem);
	}
}

static void set_memory(void *mem, unsigned int width, u64 value)
{
	switch (width) {
	case 1:
		WRITE_ONCE(*(u8 *)mem, value);
		break;
	case 2:
		WRITE_ONCE(*(u16 *)mem, value);
		break;
	case 4:
		WRITE_ONCE(*(u32 *)mem, value);
		break;
	default:
		WRITE_ONCE(*(u64 *)mem, value);
	}
}

static bool replace_memory(void *mem, unsigned int width, u64 old, u64 new)
{
	switch (width) {
	case 1:
		return cmpxchg((u8 *)mem, (u8)old, (u8)new) == (u8)old;
	case 2:
		return cmpxchg((u16 *)mem, (u16)old, (u16)new) == (u16)old;
	case 4:
		return cmpxchg((u32 *)mem, (u32)old, (u32)new) == (u32)old;
	default:
		return cmpxchg((u64 *)mem, old, new) == old;
	}
}

/*
 * Run one instruction on a copy of the operand with the driver's status flags, and take the flags
 * it leaves. The memory operand becomes a register: that changes neither result nor flags.
 */
#define RUN(insn)							\
	do {								\
		asm volatile("pushf\n\t"				\
			     "andq %[others], (%%rsp)\n\t"		\
			     "orq %[flags], (%%rsp)\n\t"		\
			     "popf\n\t"					\
			     insn "\n\t"				\
			     "pushf\n\t"				\
			     "popq %[flags]"				\
			     : [val] "+r" (val), [flags] "+r" (flags)	\
			     : [src] "c" (src), [others] "i" (~STATUS_FLAGS) \
			     : "cc", "memory");				\
	} while (0)

#define RUN_SIZED(b, w, l, q)						\
	do {								\
		switch (width) {					\
		case 1:							\
			RUN(b);						\
			break;						\
		case 2:							\
			RUN(w);						\
			break;						\
		case 4:							\
			RUN(l);						\
			break;						\
		default:						\
			RUN(q);						\
		}							\
	} while (0)

#define RUN_BINARY(op)							\
	RUN_SIZED(op "b %b[src], %b[val]", op "w %w[src], %w[val]",	\
		  op "l %k[src], %k[val]", op "q %q[src], %q[val]")
#define RUN_UNARY(op)							\
	RUN_SIZED(op "b %b[val]", op "w %w[val]", op "l %k[val]", op "q %q[val]")
#define RUN_SHIFT(op)							\
	RUN_SIZED(op "b %b[src], %b[val]", op "w %b[src], %w[val]",	\
		  op "l %b[src], %k[val]", op "q %b[src], %q[val]")
/* Bit operations have no byte form: nooks_form_decode() never says width 1. */
#define RUN_BIT(op)							\
	RUN_SIZED("", op "w %w[src], %w[val]",				\
		  op "l %k[src], %k[val]", op "q %q[src], %q[val]")

static u64 run(enum nooks_store_op op, unsigned int width, u64 val, u64 src,
	       unsigned long *driver_flags)
{
	unsigned long flags = *driver_flags & STATUS_FLAGS;

	switch (op) {
	case NOOKS_STORE_ADD:
		RUN_BINARY("add");
		break;
	case NOOKS_STORE_OR:
		RUN_BINARY("or");
		break;
	case NOOKS_STORE_ADC:
		RUN_BINARY("adc");
		break;
	case NOOKS_STORE_SBB:
		RUN_BINARY("sbb");
		break;
	case NOOKS_STORE_AND:
		RUN_BINARY("and");
		break;
	case NOOKS_STORE_SUB:
		RUN_BINARY("sub");
		break;
	case NOOKS_STORE_XOR:
		RUN_BINARY("xor");
		break;
	case NOOKS_STORE_CMP:
		RUN_BINARY("cmp");
		break;
	case NOOKS_STORE_ROL:
		RUN_SHIFT("rol");
		break;
	case NOOKS_STORE_ROR:
		RUN_SHIFT("ror");
		break;
	case NOOKS_STORE_RCL:
		RUN_SHIFT("rcl");
		break;
	case NOOKS_STORE_RCR:
		RUN_SHIFT("rcr");
		break;
	case NOOKS_STORE_SHL:
		RUN_SHIFT("shl");
		break;
	case NOOKS_STORE_SHR:
		RUN_SHIFT("shr");
		break;
	case NOOKS_STORE_SAR:
		RUN_SHIFT("sar");
		break;
	case NOOKS_STORE_BTS:
		RUN_BIT("bts");
		break;
	case NOOKS_STORE_BTR:
		RUN_BIT("btr");
		break;
	case NOOKS_STORE_BTC:
		RUN_BIT("btc");
		break;
	case NOOKS_STORE_INC:
		RUN_UNARY("inc");
		break;
	case NOOKS_STORE_DEC:
		RUN_UNARY("dec");
		break;
	case NOOKS_STORE_NOT:
		RUN_UNARY("not");
		break;
	case NOOKS_STORE_NEG:
		RUN_UNARY("neg");
		break;
	default:
		break;
	}

	*driver_flags = (*driver_flags & ~STATUS_FLAGS) | (flags & STATUS_FLAGS);
	return val;
}

/* Does condition code @cc, the low half of a setcc's opcode, hold? */
static bool condition(unsigned long flags, unsigned int cc)
{
	bool less = !(flags & X86_EFLAGS_SF) != !(flags & X86_EFLAGS_OF);
	bool holds;

	switch (cc >> 1) {
	case 0:
		holds = flags & X86_EFLAGS_OF;
		break;
	case 1:
		holds = flags & X86_EFLAGS_CF;
		break;
	case 2:
		holds = flags & X86_EFLAGS_ZF;
		break;
	case 3:
		holds = flags & (X86_EFLAGS_CF | X86_EFLAGS_ZF);
		break;
	case 4:
		holds = flags & X86_EFLAGS_SF;
		break;
	case 5:
		holds = flags & X86_EFLAGS_PF;
		break;
	case 6:
		holds = less;
		break;
	default:
		holds = less || flags & X86_EFLAGS_ZF;
	}
	return holds != (cc & 1);
}

static bool is_string(enum nooks_store_op op)
{
	return op == NOOKS_STORE_STOS || op == NOOKS_STORE_MOVS;
}

static bool is_lockable(const struct nooks_form *form)
{
	return form->reads && (form->op < NOOKS_STORE_ROL || form->op > NOOKS_STORE_SAR);
}

/* What the opcode says: operation, width and source. Two-byte opcodes count as 0x100 and up. */
static int decode_opcode(const struct insn *insn, struct nooks_form *form)
{
	unsigned int opcode = insn->opcode.bytes[0];
	unsigned int ext = X86_MODRM_REG(insn->modrm.bytes[0]);
	u8 rex = insn->rex_prefix.bytes[0];
	s64 immediate = insn->immediate.value;

	if (insn->opcode.nbytes == 2)
		opcode = 0x100 | insn->opcode.bytes[1];

	/* Bit 0 tells bytes from words in all forms below but a few of the two-byte ones. */
	form->width = opcode & 1 ? insn->opnd_bytes : 1;

	switch (opcode) {
	case 0x00 ... 0x3f:
		if ((opcode & 7) > 1)
			return -EOPNOTSUPP;
		form->op = opcode >> 3;
		form->source = NOOKS_SOURCE_REGISTER;
		break;
	case 0x80:
	case 0x81:
	case 0x83:
		form->op = ext;
		form->source = NOOKS_SOURCE_IMMEDIATE;
		break;
	case 0x86:
	case 0x87:
		form->op = NOOKS_STORE_XCHG;
		form->locked = true;
		form->source = NOOKS_SOURCE_REGISTER;
		break;
	case 0x88:
	case 0x89:
		form->op = NOOKS_STORE_MOV;
		form->source = NOOKS_SOURCE_REGISTER;
		break;
	case 0xc6:
	case 0xc7:
		if (ext != 0)
			return -EOPNOTSUPP;
		form->op = NOOKS_STORE_MOV;
		form->source = NOOKS_SOURCE_IMMEDIATE;
		break;
	case 0xa4:
	case 0xa5:
		form->op = NOOKS_STORE_MOVS;
		break;
	case 0xaa:
	case 0xab:
		form->op = NOOKS_STORE_STOS;
		form->source = NOOKS_SOURCE_AX;
		break;
	case 0xc0:
	case 0xc1:
		form->op = NOOKS_STORE_ROL + ext;
		form->source = NOOKS_SOURCE_IMMEDIATE;
		break;
	case 0xd0:
	case 0xd1:
		form->op = NOOKS_STORE_ROL + ext;
		form->source = NOOKS_SOURCE_IMMEDIATE;
		immediate = 1;
		break;
	case 0xd2:
	case 0xd3:
		form->op = NOOKS_STORE_ROL + ext;
		form->source = NOOKS_SOURCE_CL;
		break;
	case 0xf6:
	case 0xf7:
		if (ext != 2 && ext != 3)
			return -EOPNOTSUPP;
		form->op = ext == 2 ? NOOKS_STORE_NOT : NOOKS_STORE_NEG;
		break;
	case 0xfe:
	case 0xff:
		if (ext > 1)
			return -EOPNOTSUPP;
		form->op = ext == 0 ? NOOKS_STORE_INC : NOOKS_STORE_DEC;
		break;
	case 0x190 ... 0x19f:
		form->op = NOOKS_STORE_MOV;
		form->width = 1;
		form->source = NOOKS_SOURCE_CONDITION;
		form->reg = opcode & 0xf;
		break;
	case 0x1ab:
	case 0x1b3:
	case 0x1bb:
		form->op = NOOKS_STORE_BTS + ((opcode - 0x1ab) >> 3);
		form->source = NOOKS_SOURCE_REGISTER;
		break;
	case 0x1ba:
		if (ext < 5)
			return -EOPNOTSUPP;
		form->op = NOOKS_STORE_BTS + ext - 5;
		form->width = insn->opnd_bytes;
		form->source = NOOKS_SOURCE_IMMEDIATE;
		break;
	case 0x1b0:
	case 0x1b1:
		form->op = NOOKS_STORE_CMPXCHG;
		form->source = NOOKS_SOURCE_REGISTER;
		break;
	case 0x1c0:
	case 0x1c1:
		form->op = NOOKS_STORE_XADD;
		form->source = NOOKS_SOURCE_REGISTER;
		break;
	case 0x1c3:
		form->op = NOOKS_STORE_MOV;
		form->source = NOOKS_SOURCE_REGISTER;
		break;
	default:
		return -EOPNOTSUPP;
	}
	if (form->op == NOOKS_STORE_CMP || form->op == NOOKS_STORE_SAL)
		return -EOPNOTSUPP;
	form->reads = form->op != NOOKS_STORE_MOV && !is_string(form->op);

	if (form->source == NOOKS_SOURCE_REGISTER) {
		form->reg = ext | (X86_REX_R(rex) ? 8 : 0);
		if (form->width == 1 && !insn->rex_prefix.nbytes && ext >= 4)
			form->reg = REG_HIGH_BYTE + ext - 4;
	} else if (form->source == NOOKS_SOURCE_IMMEDIATE) {
		form->immediate = truncate(immediate, form->width);
	}
	return 0;
}

/* The parts of the address of the ModRM operand. See tables 2-2 and 2-3 of volume 2 of Intel's manual. */
static void decode_operand(const struct insn *insn, struct nooks_form *form)
{
	u8 modrm = insn->modrm.bytes[0], sib = insn->sib.bytes[0], rex = insn->rex_prefix.bytes[0];
	unsigned int mod = X86_MODRM_MOD(modrm), base = X86_MODRM_RM(modrm);

	form->displacement = insn->displacement.value;
	if (base == REG_SP) {		/* a SIB byte follows */
		unsigned int index = X86_SIB_INDEX(sib) | (X86_REX_X(rex) ? 8 : 0);

		if (index != REG_SP) {
			form->index = index;
			form->scale = X86_SIB_SCALE(sib);
		}
		base = X86_SIB_BASE(sib);
		if (mod == 0 && base == REG_BP)
			return;
	} else if (mod == 0 && base == REG_BP) {
		form->base = NOOKS_BASE_IP;
		return;
	}
	form->base = base | (X86_REX_B(rex) ? 8 : 0);
}

/**
 * nooks_form_decode() - find out what a store instruction does, whatever the registers
 * @decoder: see there
 * @text: the instruction
 * @text_len: bytes that may be read at @text
 * @form: the result
 *
 * Return: 0, -EOPNOTSUPP for what is not a store or not modelled, or what @decoder->decode says of
 * bytes that are no instruction.
 */
int nooks_form_decode(const struct nooks_decoder *decoder, const void *text, size_t text_len,
		      struct nooks_form *form)
{
	bool lock = false;
	struct insn insn;
	int i, err;

	err = decoder->decode(&insn, text, min_t(size_t, text_len, MAX_INSN_SIZE), INSN_MODE_64);
	if (err)
		return err;
	if (insn.vex_prefix.nbytes || insn.opcode.nbytes > 2 || insn.addr_bytes != 8)
		return -EOPNOTSUPP;
	*form = (struct nooks_form) {
		.length = insn.length, .base = NOOKS_BASE_NONE, .index = NOOKS_BASE_NONE,
	};
	for (i = 0; i < ARRAY_SIZE(insn.prefixes.bytes); i++) {
		switch (insn.prefixes.bytes[i]) {
		case 0xf0:
			lock = true;
			break;
		case 0xf2:
		case 0xf3:
			form->rep = true;
			break;
		case 0x64:
			return -EOPNOTSUPP;
		case 0x65:
			form->gs = true;
			break;
		}
	}
	err = decode_opcode(&insn, form);
	if (err)
		return err;
	if (lock && !is_lockable(form))
		return -EOPNOTSUPP;
	form->locked |= lock;
	if (is_string(form->op))
		return form->gs ? -EOPNOTSUPP : 0;

	if (form->rep || X86_MODRM_MOD(insn.modrm.bytes[0]) == 3)
		return -EOPNOTSUPP;
	form->bits = form->op >= NOOKS_STORE_BTS && form->op <= NOOKS_STORE_BTC &&
		     !insn.immediate.nbytes;
	decode_operand(&insn, form);
	return 0;
}

static u64 source_value(const struct nooks_form *form, const struct pt_regs *regs)
{
	switch (form->source) {
	case NOOKS_SOURCE_IMMEDIATE:
		return form->immediate;
	case NOOKS_SOURCE_REGISTER:
		return get_register(regs, form->reg, form->width);
	case NOOKS_SOURCE_AX:
		return get_register(regs, REG_AX, form->width);
	case NOOKS_SOURCE_CL:
		return get_register(regs, REG_CX, 1);
	case NOOKS_SOURCE_CONDITION:
		return condition(regs->flags, form->reg);
	default:
		return 0;
	}
}

static unsigned long operand_address(const struct nooks_form *form, const struct pt_regs *regs,
				     unsigned long gs_base)
{
	unsigned long addr = form->displacement;

	if (form->base == NOOKS_BASE_IP)
		addr += regs->ip + form->length;
	else if (form->base != NOOKS_BASE_NONE)
		addr += *register_slot(regs, form->base);
	if (form->index != NOOKS_BASE_NONE)
		addr += *register_slot(regs, form->index) << form->scale;
	return form->gs ? addr + gs_base : addr;
}

/**
 * nooks_form_apply() - find out what a store instruction would store, and where
 * @form: the instruction
 * @decoder: see there
 * @regs: the driver's registers at the instruction
 * @gs_base: what the driver's gs segment starts at
 * @store: the result
 *
 * The address comes from the registers alone. The faulting address that the processor reports lies
 * in the range stored, but not at its start if that crosses into a page that may not be written.
 *
 * Return: 0, or -EOPNOTSUPP for what is not modelled.
 */
int nooks_form_apply(const struct nooks_form *form, const struct nooks_decoder *decoder,
		     const struct pt_regs *regs, unsigned long gs_base, struct nooks_store *store)
{
	*store = (struct nooks_store) {
		.width = form->width, .count = 1, .op = form->op, .locked = form->locked,
		.reads = form->reads, .reg = form->reg, .length = form->length,
		.source = source_value(form, regs), .read = decoder->read,
	};
	if (is_string(form->op)) {
		if ((regs->flags & X86_EFLAGS_DF) || (form->rep && !regs->cx))
			return -EOPNOTSUPP;
		store->addr = regs->di;
		store->rep = form->rep;
		if (form->rep)
			store->count = min_t(unsigned long, regs->cx, PAGE_SIZE / store->width);
		return 0;
	}

	store->addr = operand_address(form, regs, gs_base);
	if (form->bits) {
		/* A bit number in a register is signed and may lie anywhere. */
		s64 bits = store->width * 8;
		s64 bit = (s64)(store->source << (64 - bits)) >> (64 - bits);

		store->addr += (bit & -bits) / 8;
	}
	if (store->locked && store->addr % L1_CACHE_BYTES + store->width > L1_CACHE_BYTES)
		return -EOPNOTSUPP;
	return 0;
}

/**
 * nooks_store_compute() - find out what a store will do, without doing it
 * @store: from nooks_form_apply()
 * @regs: the driver's registers, as they were then or as nooks_store_commit() left them
 * @mem: the memory at @store->addr, in the kernel's view; for a string store, of the next element
 * @effect: the result
 *
 * Return: 0, or -EFAULT if a string move's source can't be read.
 */
int nooks_store_compute(const struct nooks_store *store, const struct pt_regs *regs,
			const void *mem, struct nooks_effect *effect)
{
	effect->flags = regs->flags;
	effect->old = get_memory(mem, store->width);
	effect->new = store->source;

	switch (store->op) {
	case NOOKS_STORE_MOV:
	case NOOKS_STORE_XCHG:
	case NOOKS_STORE_STOS:
		return 0;
	case NOOKS_STORE_MOVS:
		return store->read(&effect->new, (const void *)regs->si, store->width);
	case NOOKS_STORE_XADD:
		effect->new = run(NOOKS_STORE_ADD, store->width, effect->old, store->source,
				  &effect->flags);
		return 0;
	case NOOKS_STORE_CMPXCHG:
		run(NOOKS_STORE_CMP, store->width, get_register(regs, REG_AX, store->width),
		    effect->old, &effect->flags);
		if (!(effect->flags & X86_EFLAGS_ZF))
			effect->new = effect->old;
		return 0;
	default:
		effect->new = run(store->op, store->width, effect->old, store->source,
				  &effect->flags);
		return 0;
	}
}

/**
 * nooks_store_commit() - do what nooks_store_compute() found
 * @store: from nooks_form_apply()
 * @effect: from nooks_store_compute()
 * @regs: the driver's registers: results and flags are set, and the instruction is passed, unless
 *	it is a repeated string store with elements left
 * @mem: the memory at @store->addr, in the kernel's view; it must be writable
 *
 * Stores @effect->new and nothing else, however the driver's other threads change its memory
 * meanwhile. Of a string store it does one element.
 *
 * Return: 0, or -EAGAIN if the store is locked and the memory has changed since it was computed:
 * compute it again. Nothing has been done then.
 */
int nooks_store_commit(const struct nooks_store *store, const struct nooks_effect *effect,
		       struct pt_regs *regs, void *mem)
{
	if (!store->locked)
		set_memory(mem, store->width, effect->new);
	else if (!replace_memory(mem, store->width, effect->old, effect->new))
		return -EAGAIN;

	regs->flags = effect->flags;
	if (store->op == NOOKS_STORE_XCHG || store->op == NOOKS_STORE_XADD)
		set_register(regs, store->reg, store->width, effect->old);
	else if (store->op == NOOKS_STORE_CMPXCHG && !(effect->flags & X86_EFLAGS_ZF))
		set_register(regs, REG_AX, store->width, effect->old);

	if (is_string(store->op)) {
		regs->di += store->width;
		if (store->op == NOOKS_STORE_MOVS)
			regs->si += store->width;
		if (store->rep && --regs->cx)
			return 0;
	}
	regs->ip += store->length;
	regs->flags &= ~X86_EFLAGS_RF;
	return 0;
}

/**
 * nooks_store_perform() - compute and commit, whatever the value
 * @store: from nooks_form_apply()
 * @regs: see nooks_store_commit()
 * @mem: the memory at @store->addr, in the kernel's view: @store->width * @store->count bytes
 *
 * Return: 0, or -EFAULT if a string move's source can't be read; the elements before are done, and
 * @regs say so.
 */
int nooks_store_perform(const struct nooks_store *store, struct pt_regs *regs, void *mem)
{
	struct nooks_effect effect;
	unsigned int i;
	int err;

	for (i = 0; i < store->count; i++) {
		do {
			err = nooks_store_compute(store, regs, mem, &effect);
			if (err)
				return err;
			err = nooks_store_commit(store, &effect, regs, mem);
		} while (err == -EAGAIN);
		mem += store->width;
	}
	return 0;
}
