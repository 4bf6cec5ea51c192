// SPDX-License-Identifier: GPL-2.0
/*
 * A plugin of QEMU's that counts the instructions that a guest executes, by their addresses and kinds,
 * between marks that a program in the guest sets (tests/guest/work.c). For one CPU.
 *
 *	-plugin file=count.so,out=PATH
 *
 * PATH gets, for each stretch between two marks, "section N", then a line "ADDRESS COUNT KIND" for each
 * instruction of the kernel's that was executed, the address in hex; all of the user's are "user COUNT -";
 * "tlb COUNT WHAT" (tlb.c); then ".". An instruction with a repeat prefix is counted once, however often it repeats, as the CPU's
 * own counters do; how often it does is in a second line, of kind "repeats". What faults and is executed
 * again counts as two.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mark.h"
#include "qemu.h"
#include "tlb.h"

QEMU_PLUGIN_EXPORT int qemu_plugin_version = QEMU_PLUGIN_VERSION;

#define BUCKETS		(1 << 16)
#define KERNEL		(1ULL << 63)

/**
 * struct counter - of one instruction
 * @next: in the same bucket
 * @address: where it is; two of different kind may be there, one after the other
 * @kind: what is special about it, "-" if nothing
 * @count: how often it was executed since the last mark; generated code adds to it
 * @repeats: how often what it repeats was done
 * @block: number of the block in which it was last executed
 *
 * Lives as long as QEMU: translated code has its address.
 */
struct counter {
	struct counter *next;
	uint64_t address;
	const char *kind;
	uint64_t count;
	uint64_t repeats;
	uint64_t block;
};

static struct counter *buckets[BUCKETS];
static struct counter user = { .kind = "-" };
static uint64_t blocks;			/* executed */
static unsigned int sections;
static bool active;			/* between two marks */
static FILE *out;

/* Code that runs in a domain only: by that we know whose page tables are in force. */
#define RANGES_MAX	4
struct range {
	uint64_t start, end;
};
static struct range ranges[RANGES_MAX];
static unsigned int nr_ranges;

static bool is_string(uint8_t opcode)
{
	return (opcode >= 0xa4 && opcode <= 0xa7) || (opcode >= 0xaa && opcode <= 0xaf) ||
	       (opcode >= 0x6c && opcode <= 0x6f);
}

/* Of the two-byte opcodes, the one that @code is at. */
static const char *kind_of_0f(const uint8_t *code, size_t size)
{
	uint8_t modrm = size > 1 ? code[1] : 0;
	uint8_t reg = (modrm >> 3) & 7;
	bool memory = modrm < 0xc0;

	switch (code[0]) {
	case 0x01:
		if (modrm == 0xf8)
			return "swapgs";
		if (modrm == 0xca || modrm == 0xcb)
			return "ac";
		return memory && reg == 7 ? "invlpg" : "-";
	case 0x05:
		return "syscall";
	case 0x07:
		return "sysret";
	case 0x20:
		return "read-cr";
	case 0x22:
		return reg == 3 ? "cr3" : "write-cr";
	case 0x30:
		return "wrmsr";
	case 0x31:
		return "rdtsc";
	case 0x32:
		return "rdmsr";
	case 0x38:
		return modrm == 0x82 ? "invpcid" : "-";
	case 0xa2:
		return "cpuid";
	case 0xae:
		return !memory && reg >= 5 ? "fence" : "-";
	}
	return "-";
}

/* What costs a CPU much more than others do. */
static const char *kind_of(const uint8_t *code, size_t size)
{
	bool lock = false, repeat = false;
	size_t i;

	for (i = 0; i < size; i++) {
		if (code[i] == 0xf0)
			lock = true;
		else if (code[i] == 0xf2 || code[i] == 0xf3)
			repeat = true;
		else if (code[i] != 0x66 && code[i] != 0x67 && code[i] != 0x2e && code[i] != 0x36 &&
			 code[i] != 0x3e && code[i] != 0x26 && code[i] != 0x64 && code[i] != 0x65)
			break;
	}
	if (i < size && (code[i] & 0xf0) == 0x40)
		i++;
	if (lock)
		return "lock";
	if (i >= size)
		return "-";
	if (repeat && is_string(code[i]))
		return "repeat";
	if (code[i] == 0x0f && i + 1 < size)
		return kind_of_0f(code + i + 1, size - i - 1);
	switch (code[i]) {
	case 0x86:
	case 0x87:
		return i + 1 < size && code[i + 1] < 0xc0 ? "lock" : "-";
	case 0x9c:
		return "pushf";
	case 0x9d:
		return "popf";
	case 0xcc:
		return "int3";
	case 0xcf:
		return "iret";
	case 0xe4 ... 0xe7:
	case 0xec ... 0xef:
		return "port";
	case 0xf4:
		return "hlt";
	case 0xfa:
		return "cli";
	case 0xfb:
		return "sti";
	}
	return "-";
}

static struct counter *counter_of(uint64_t address, const char *kind)
{
	struct counter **bucket = &buckets[(address ^ address >> 16) % BUCKETS], *c;

	for (c = *bucket; c; c = c->next) {
		if (c->address == address && c->kind == kind)
			return c;
	}
	c = calloc(1, sizeof(*c));
	if (!c)
		abort();
	c->address = address;
	c->kind = kind;
	c->next = *bucket;
	*bucket = c;
	return c;
}

static void forget(void)
{
	size_t i;

	user.count = 0;
	user.repeats = 0;
	for (i = 0; i < BUCKETS; i++) {
		for (struct counter *c = buckets[i]; c; c = c->next) {
			c->count = 0;
			c->repeats = 0;
		}
	}
}

static void tell(void)
{
	size_t i;

	fprintf(out, "section %u\nuser %" PRIu64 " -\nuser %" PRIu64 " repeats\n", sections++, user.count,
		user.repeats);
	for (i = 0; i < BUCKETS; i++) {
		for (struct counter *c = buckets[i]; c; c = c->next) {
			if (c->count)
				fprintf(out, "%" PRIx64 " %" PRIu64 " %s\n", c->address, c->count, c->kind);
			if (c->repeats)
				fprintf(out, "%" PRIx64 " %" PRIu64 " repeats\n", c->address, c->repeats);
		}
	}
	tlb_tell(out);
	fputs(".\n", out);
	if (fflush(out)) {
		perror("count: cannot write");
		exit(1);
	}
}

static void on_begin(unsigned int cpu, void *data)
{
	(void)cpu;
	(void)data;
	forget();
	tlb_forget();
	active = true;
}

static void on_end(unsigned int cpu, void *data)
{
	(void)cpu;
	(void)data;
	active = false;
	tell();
}

/* An empty range: forget them all. */
static void on_range(unsigned int cpu, void *data)
{
	const struct range *r = data;

	(void)cpu;
	if (r->start == r->end)
		nr_ranges = 0;
	else if (nr_ranges < RANGES_MAX)
		ranges[nr_ranges++] = *r;
}

static unsigned int tag_of(uint64_t code)
{
	for (unsigned int i = 0; i < nr_ranges; i++) {
		if (code >= ranges[i].start && code < ranges[i].end)
			return TLB_DOMAIN;
	}
	return TLB_KERNEL;
}

static void on_access(unsigned int cpu, qemu_plugin_meminfo_t info, uint64_t address, void *data)
{
	(void)cpu;
	(void)info;
	if (active)
		tlb_data(address, tag_of((uintptr_t)data));
}

static void on_code(unsigned int cpu, void *data)
{
	(void)cpu;
	if (active)
		tlb_code((uintptr_t)data, tag_of((uintptr_t)data));
}

static void on_cr3(unsigned int cpu, void *data)
{
	(void)cpu;
	(void)data;
	if (active)
		tlb_switched();
}

/* The 32 bits that one of mark.h's operands has; kernel addresses of code have the others all set. */
static uint64_t operand(const struct qemu_plugin_insn *insn)
{
	uint32_t low;

	memcpy(&low, (const uint8_t *)qemu_plugin_insn_data(insn) + 4, sizeof(low));
	return low ? low | 0xffffffffULL << 32 : 0;
}

/* Lives as long as QEMU, as translated code does. */
static struct range *range_in(const struct qemu_plugin_tb *tb, size_t i)
{
	struct range *r = calloc(1, sizeof(*r));

	if (!r)
		abort();
	r->start = operand(qemu_plugin_tb_get_insn(tb, i + 1));
	r->end = operand(qemu_plugin_tb_get_insn(tb, i + 2));
	return r;
}

/*
 * QEMU makes each step a block that consists of this instruction, and goes back to its start. So it is the same
 * instruction still if the last block was this one's, too. With -icount it comes here once more to see that nothing
 * is left to do, so there is one step less than it comes; but not if what was compared has ended it, which is one
 * step too few then.
 */
static void on_repeat(unsigned int cpu, void *data)
{
	struct counter *c = data;

	(void)cpu;
	if (c->block + 1 == blocks)
		c->repeats++;
	else
		c->count++;
	c->block = blocks;
}

static void on_block(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
	size_t i, n = qemu_plugin_tb_n_insns(tb);

	(void)id;
	qemu_plugin_register_vcpu_tb_exec_inline(tb, QEMU_PLUGIN_INLINE_ADD_U64, &blocks, 1);
	qemu_plugin_register_vcpu_tb_exec_cb(tb, on_code, QEMU_PLUGIN_CB_NO_REGS,
					     (void *)(uintptr_t)qemu_plugin_tb_vaddr(tb));
	for (i = 0; i < n; i++) {
		struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
		uint64_t address = qemu_plugin_insn_vaddr(insn);
		const uint8_t *code = qemu_plugin_insn_data(insn);
		size_t size = qemu_plugin_insn_size(insn);
		const char *kind = kind_of(code, size);
		struct counter *c = &user;

		if (size == 8 && !memcmp(code, MARK_BEGIN, 8)) {
			qemu_plugin_register_vcpu_insn_exec_cb(insn, on_begin, QEMU_PLUGIN_CB_NO_REGS, NULL);
			continue;
		}
		if (size == 8 && !memcmp(code, MARK_END, 8)) {
			qemu_plugin_register_vcpu_insn_exec_cb(insn, on_end, QEMU_PLUGIN_CB_NO_REGS, NULL);
			continue;
		}
		if (size == 8 && !memcmp(code, MARK_RANGE, 8) && i + 2 < n) {
			qemu_plugin_register_vcpu_insn_exec_cb(insn, on_range, QEMU_PLUGIN_CB_NO_REGS,
							       range_in(tb, i));
			continue;
		}
		qemu_plugin_register_vcpu_mem_cb(insn, on_access, QEMU_PLUGIN_CB_NO_REGS, QEMU_PLUGIN_MEM_RW,
						 (void *)(uintptr_t)address);
		if (!strcmp(kind, "cr3"))
			qemu_plugin_register_vcpu_insn_exec_cb(insn, on_cr3, QEMU_PLUGIN_CB_NO_REGS, NULL);
		if (address & KERNEL)
			c = counter_of(address, kind);
		if (!strcmp(kind, "repeat"))
			qemu_plugin_register_vcpu_insn_exec_cb(insn, on_repeat, QEMU_PLUGIN_CB_NO_REGS, c);
		else
			qemu_plugin_register_vcpu_insn_exec_inline(insn, QEMU_PLUGIN_INLINE_ADD_U64,
								   &c->count, 1);
	}
}

QEMU_PLUGIN_EXPORT int qemu_plugin_install(qemu_plugin_id_t id, const struct qemu_info *info, int argc,
					   char **argv)
{
	(void)info;
	if (argc != 1 || strncmp(argv[0], "out=", 4)) {
		fprintf(stderr, "count: want out=PATH\n");
		return 1;
	}
	out = fopen(argv[0] + 4, "w");
	if (!out) {
		perror(argv[0] + 4);
		return 1;
	}
	qemu_plugin_register_vcpu_tb_trans_cb(id, on_block);
	return 0;
}
