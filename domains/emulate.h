/* SPDX-License-Identifier: GPL-2.0 */
/* Checked stores: perform a driver's store instruction on a kernel object, in the kernel's view. */
#ifndef NOOKS_EMULATE_H
#define NOOKS_EMULATE_H

#include <linux/types.h>
#include <asm/insn.h>

struct pt_regs;

/*
 * A driver's store to memory that its domain maps read-only traps. The fault handler then does
 *
 *	nooks_form_decode()		what kind of instruction is it? The same whenever it traps
 *	nooks_form_apply()		which bytes does it store now?
 *	  policy: may this domain write there?
 *	nooks_store_compute()		what will the memory hold afterwards?
 *	  policy: is the value sane?
 *	nooks_store_commit()		store exactly that; if -EAGAIN, compute again
 *
 * or, where any value will do, nooks_store_perform() for the last two steps.
 *
 * The results, flags included, are the processor's own: arithmetic is done by the same instruction,
 * on a copy, with the driver's flags loaded. What is not modelled is refused with -EOPNOTSUPP:
 * SSE and AVX stores, pop to memory, ins, cmpxchg8b and cmpxchg16b, shld and shrd, movbe, mov to an
 * absolute 64-bit address, fs and 32-bit addressing, string stores downwards, and locked accesses
 * that cross a cache line (they could raise #AC in the kernel's hands). Of the stores in Debian's
 * NIC and file system modules that leaves out ins alone.
 *
 * Any context: nothing here sleeps, allocates or takes a lock.
 */

/**
 * struct nooks_decoder - what the kernel doesn't export and what only the caller knows
 * @decode: the kernel's insn_decode()
 * @read: reads @size bytes at the driver's address @src, as the driver sees them, for string moves;
 *	returns 0 or -EFAULT. copy_from_kernel_nofault() will do where both views agree.
 */
struct nooks_decoder {
	int (*decode)(struct insn *insn, const void *text, int text_len, enum insn_mode mode);
	long (*read)(void *dst, const void *src, size_t size);
};

/* Named as the instructions; ADD to CMP and ROL to SAR in the order of their encoding. */
enum nooks_store_op {
	NOOKS_STORE_ADD,
	NOOKS_STORE_OR,
	NOOKS_STORE_ADC,
	NOOKS_STORE_SBB,
	NOOKS_STORE_AND,
	NOOKS_STORE_SUB,
	NOOKS_STORE_XOR,
	NOOKS_STORE_CMP,	/* stores nothing: never in a struct nooks_store */
	NOOKS_STORE_ROL,
	NOOKS_STORE_ROR,
	NOOKS_STORE_RCL,
	NOOKS_STORE_RCR,
	NOOKS_STORE_SHL,
	NOOKS_STORE_SHR,
	NOOKS_STORE_SAL,	/* undocumented alias of SHL: ditto */
	NOOKS_STORE_SAR,
	NOOKS_STORE_BTS,
	NOOKS_STORE_BTR,
	NOOKS_STORE_BTC,
	NOOKS_STORE_INC,
	NOOKS_STORE_DEC,
	NOOKS_STORE_NOT,
	NOOKS_STORE_NEG,
	NOOKS_STORE_MOV,	/* also movnti and setcc */
	NOOKS_STORE_XCHG,
	NOOKS_STORE_XADD,
	NOOKS_STORE_CMPXCHG,
	NOOKS_STORE_STOS,
	NOOKS_STORE_MOVS,
};

/* Where the source operand of a store comes from. */
enum nooks_source {
	NOOKS_SOURCE_NONE,
	NOOKS_SOURCE_IMMEDIATE,
	NOOKS_SOURCE_REGISTER,		/* nooks_form.reg */
	NOOKS_SOURCE_AX,
	NOOKS_SOURCE_CL,
	NOOKS_SOURCE_CONDITION,		/* whether the condition nooks_form.reg holds */
};

#define NOOKS_BASE_NONE		16
#define NOOKS_BASE_IP		17	/* the next instruction */

/**
 * struct nooks_form - a decoded store instruction, without what depends on registers
 * @op: enum nooks_store_op
 * @width: bytes stored at once: 1, 2, 4 or 8
 * @length: of the instruction, in bytes
 * @source: enum nooks_source
 * @reg: register operand, as numbered by get_register(); or a condition
 * @base: register, NOOKS_BASE_NONE or NOOKS_BASE_IP
 * @index: register, or NOOKS_BASE_NONE
 * @scale: of the index: a shift
 * @locked: lock prefix, or xchg
 * @reads: the new value depends on the old one
 * @rep: rep prefix
 * @gs: the address is relative to the gs segment
 * @bits: the source is the number of a bit, which may lie anywhere behind and before the address
 * @displacement: of the address
 * @immediate: the source
 */
struct nooks_form {
	u8 op;
	u8 width;
	u8 length;
	u8 source;
	u8 reg;
	u8 base;
	u8 index;
	u8 scale;
	bool locked;
	bool reads;
	bool rep;
	bool gs;
	bool bits;
	s32 displacement;
	u64 immediate;
};

/**
 * struct nooks_store - what a store instruction stores now
 * @addr: address of the first byte stored; bit offsets in registers are accounted for
 * @width: bytes stored at once: 1, 2, 4 or 8
 * @count: how often, upwards from @addr: 1, or the iterations that a repeated string store has
 *	left, at most a page's worth. The caller may lower it to what policy permits: the
 *	instruction then stays pending, and traps again at the next element that is read-only.
 * @op: the operation
 * @locked: the store is atomic: lock prefix, or xchg
 * @reads: the new value depends on the old one
 * @rep: a string store with rep prefix
 * @reg: register operand, as numbered by get_register()
 * @length: of the instruction, in bytes
 * @source: value of the source operand; for shifts the count, for bit operations the bit's number,
 *	of which the processor uses the lowest bits
 * @read: nooks_decoder.read
 */
struct nooks_store {
	unsigned long addr;
	unsigned int width;
	unsigned int count;
	enum nooks_store_op op;
	bool locked;
	bool reads;
	bool rep;
	u8 reg;
	u8 length;
	u64 source;
	long (*read)(void *dst, const void *src, size_t size);
};

/**
 * struct nooks_effect - what a store will do, computed but not yet done
 * @old: the memory's value
 * @new: the value that it will get
 * @flags: the driver's flags afterwards
 */
struct nooks_effect {
	u64 old;
	u64 new;
	unsigned long flags;
};

int nooks_form_decode(const struct nooks_decoder *decoder, const void *text, size_t text_len,
		      struct nooks_form *form);
int nooks_form_apply(const struct nooks_form *form, const struct nooks_decoder *decoder,
		     const struct pt_regs *regs, unsigned long gs_base, struct nooks_store *store);
int nooks_store_compute(const struct nooks_store *store, const struct pt_regs *regs,
			const void *mem, struct nooks_effect *effect);
int __must_check nooks_store_commit(const struct nooks_store *store,
				    const struct nooks_effect *effect,
				    struct pt_regs *regs, void *mem);
int nooks_store_perform(const struct nooks_store *store, struct pt_regs *regs, void *mem);

#endif
