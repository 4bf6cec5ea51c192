// SPDX-License-Identifier: GPL-2.0
/* Checked stores against the processor: same instruction, registers and memory, same outcome? */

#include <kunit/test.h>
#include <linux/kprobes.h>
#include <linux/module.h>
#include <linux/percpu.h>
#include <linux/string.h>

#include "../domains/emulate.c"
#include "emulate_native.h"

#define ROUNDS		48		/* for each form, with new random values */
#define MEMORY_SIZE	1024
#define OPERAND		384		/* where operands lie, or up to 320 bytes from there */

static u8 memory[MEMORY_SIZE] __aligned(64);
static u8 before[MEMORY_SIZE];
static u8 expected[MEMORY_SIZE];

static long read_memory(void *dst, const void *src, size_t size)
{
	memcpy(dst, src, size);
	return 0;
}

static long read_nothing(void *dst, const void *src, size_t size)
{
	return -EFAULT;
}

static struct nooks_decoder decoder = { .read = read_memory };

static int decode_at(const struct pt_regs *regs, const void *code, size_t len, unsigned long gs_base,
		     struct nooks_store *store)
{
	struct nooks_form form;

	return nooks_form_decode(&decoder, code, len, &form) ?:
	       nooks_form_apply(&form, &decoder, regs, gs_base, store);
}

static int decode(const struct pt_regs *regs, const u8 *code, size_t len, struct nooks_store *store)
{
	return decode_at(regs, code, len, 0, store);
}

/* Random, and the same in each run */
static u64 next_random(void)
{
	static u64 state = 0x9e3779b97f4a7c15ull;

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

/* From -limit to limit - 1 */
static s64 random_around_zero(s64 limit)
{
	return (s64)(next_random() % (2 * limit)) - limit;
}

/* See emulate_native.S for what the forms expect. */
static void prepare(const struct form *form, struct pt_regs *regs, unsigned long gs_base)
{
	bool rep = !strncmp(form->text, "rep", 3);
	bool locked = !strncmp(form->text, "lock", 4) || !strncmp(form->text, "xchg", 4);
	unsigned long operand = (unsigned long)memory + OPERAND + next_random() % 64;
	int i;

	if (locked)		/* Crossing a cache line is not for the processor to try. */
		operand = round_down(operand, 8);
	for (i = 0; i < MEMORY_SIZE; i++)
		memory[i] = next_random();
	for (i = 0; i < 16; i++)
		*register_slot(regs, i) = next_random();
	regs->di = operand;
	regs->r12 = operand;
	regs->r13 = operand;
	regs->r9 = operand - gs_base;
	regs->si = operand + random_around_zero(256);
	regs->r11 = random_around_zero(16);
	regs->bx = random_around_zero(512);
	regs->r14 = next_random() << 32 | (u32)random_around_zero(512);
	regs->r15 = next_random() << 16 | (u16)random_around_zero(512);
	if (rep)
		regs->cx = 1 + next_random() % 32;
	if (next_random() % 2)	/* so that cmpxchg succeeds */
		memcpy(&regs->ax, (void *)operand, sizeof(regs->ax));
	regs->ip = (unsigned long)form->insn;
	regs->flags = X86_EFLAGS_FIXED | X86_EFLAGS_IF | X86_EFLAGS_RF |
		      X86_EFLAGS_AC | (next_random() & STATUS_FLAGS);
}

static bool same_as_processor(struct kunit *test, const struct form *form)
{
	struct pt_regs regs = {}, native;
	struct nooks_store store = {};
	struct nooks_effect effect;
	unsigned long irq_flags, gs_base;
	int err;

	local_irq_save(irq_flags);
	gs_base = this_cpu_read(this_cpu_off);
	prepare(form, &regs, gs_base);

	memcpy(before, memory, MEMORY_SIZE);
	native = regs;
	native_run(&native, form->insn);
	native.ip = (unsigned long)form->end;
	native.flags = (native.flags & STATUS_FLAGS) |
		       (regs.flags & ~(STATUS_FLAGS | X86_EFLAGS_RF));
	memcpy(expected, memory, MEMORY_SIZE);
	memcpy(memory, before, MEMORY_SIZE);

	err = decode_at(&regs, form->insn, MAX_INSN_SIZE, gs_base, &store);
	if (!err && (store.addr < (unsigned long)memory ||
		     store.addr + store.width * store.count > (unsigned long)memory + MEMORY_SIZE))
		err = -ERANGE;
	if (!err)
		err = nooks_store_compute(&store, &regs, (void *)store.addr, &effect);
	if (!err)
		err = nooks_store_perform(&store, &regs, (void *)store.addr);
	local_irq_restore(irq_flags);

	if (err)
		KUNIT_FAIL(test, "%s: error %d", form->text, err);
	else if (memcmp(memory, expected, MEMORY_SIZE))
		KUNIT_FAIL(test, "%s: memory differs", form->text);
	else if (store.count == 1 && effect.new != get_memory((void *)store.addr, store.width))
		KUNIT_FAIL(test, "%s: not what was computed", form->text);
	else if (native.flags != regs.flags)
		KUNIT_FAIL(test, "%s: flags %lx, not %lx", form->text, regs.flags, native.flags);
	else if (memcmp(&native, &regs, sizeof(regs)))
		KUNIT_FAIL(test, "%s: registers differ", form->text);
	else
		return true;
	return false;
}

static void stores_do_what_the_processor_does(struct kunit *test)
{
	const struct form *form;
	int i;

	for (form = native_forms; form < native_forms_end; form++)
		for (i = 0; i < ROUNDS && same_as_processor(test, form); i++)
			;
	kunit_info(test, "%td forms, %d rounds each", form - native_forms, ROUNDS);
}

static void truncated_text_is_no_store(struct kunit *test)
{
	const struct form *form;
	struct pt_regs regs = {};
	struct nooks_store store;
	size_t len;

	for (form = native_forms; form < native_forms_end; form++)
		for (len = 0; len < form->end - form->insn; len++)
			KUNIT_EXPECT_NE_MSG(test, 0,
					    decode(&regs, form->insn, len, &store),
					    "%zu bytes of %s", len, form->text);
}

/* Machine code, and its length */
#define CODE(string)	(const u8 *)(string), sizeof(string) - 1

/* Addresses that can't be tried natively: around the stack, and absolute ones */
static void addresses_are_computed(struct kunit *test)
{
	const struct pt_regs regs = {
		.sp = 0x1000, .bp = 0x2000, .cx = 0x30, .r12 = 0x4000, .r13 = 0x5000,
		.ip = 0xffffffffc0000000,
	};
	const unsigned long gs_base = 0xffff888000000000;
	static const struct {
		const char *text;
		unsigned long addr;
		const u8 *code;
		size_t len;
	} cases[] = {
		{ "mov %eax, (%rsp)", 0x1000, CODE("\x89\x04\x24") },
		{ "mov %eax, -8(%rsp)", 0xff8, CODE("\x89\x44\x24\xf8") },
		{ "mov %eax, (%rsp,%r12)", 0x5000, CODE("\x42\x89\x04\x24") },
		{ "mov %eax, (%r12,%r12)", 0x8000, CODE("\x43\x89\x04\x24") },
		{ "mov %eax, (%rbp)", 0x2000, CODE("\x89\x45\x00") },
		{ "mov %eax, (%r13)", 0x5000, CODE("\x41\x89\x45\x00") },
		{ "mov %eax, 0x100(,%rcx,8)", 0x280, CODE("\x89\x04\xcd\x00\x01\x00\x00") },
		{ "mov %eax, -0x1000", -0x1000, CODE("\x89\x04\x25\x00\xf0\xff\xff") },
		{ "mov %eax, 0x10(%rip)", 0xffffffffc0000016, CODE("\x89\x05\x10\x00\x00\x00") },
		{ "movl $1, -1(%rip)", 0xffffffffc0000009,
		  CODE("\xc7\x05\xff\xff\xff\xff\x01\x00\x00\x00") },
		{ "incl %gs:0x20", 0xffff888000000020, CODE("\x65\xff\x04\x25\x20\x00\x00\x00") },
		{ "incl %gs:0x20(%rip)", 0xffff888000000000 + 0xffffffffc0000027,
		  CODE("\x65\xff\x05\x20\x00\x00\x00") },
	};
	struct nooks_store store;
	int i, err;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		err = decode_at(&regs, cases[i].code, cases[i].len, gs_base, &store);
		KUNIT_EXPECT_EQ_MSG(test, 0, err, "%s", cases[i].text);
		KUNIT_EXPECT_EQ_MSG(test, cases[i].addr, store.addr, "%s", cases[i].text);
	}
}

static void what_is_not_modelled_is_refused(struct kunit *test)
{
	const struct pt_regs regs = { .di = 0xffff888000000000, .flags = X86_EFLAGS_FIXED };
	const struct pt_regs down = { .di = 0xffff888000000100, .flags = X86_EFLAGS_DF };
	static const struct {
		const char *text;
		const u8 *code;
		size_t len;
	} cases[] = {
		{ "mov (%rdi), %eax", CODE("\x8b\x07") },
		{ "add (%rdi), %eax", CODE("\x03\x07") },
		{ "mov %eax, %edi", CODE("\x89\xc7") },
		{ "xchg %eax, %edi", CODE("\x87\xc7") },
		{ "cmp %eax, (%rdi)", CODE("\x39\x07") },
		{ "cmpl $1, (%rdi)", CODE("\x83\x3f\x01") },
		{ "test %eax, (%rdi)", CODE("\x85\x07") },
		{ "testb $1, (%rdi)", CODE("\xf6\x07\x01") },
		{ "mull (%rdi)", CODE("\xf7\x27") },
		{ "btl $1, (%rdi)", CODE("\x0f\xba\x27\x01") },
		{ "bt %eax, (%rdi)", CODE("\x0f\xa3\x07") },
		{ "sall $1, (%rdi) by its undocumented code", CODE("\xd1\x37") },
		{ "push (%rdi)", CODE("\xff\x37") },
		{ "pop (%rdi)", CODE("\x8f\x07") },
		{ "shld $1, %eax, (%rdi)", CODE("\x0f\xa4\x07\x01") },
		{ "cmpxchg8b (%rdi)", CODE("\x0f\xc7\x0f") },
		{ "cmpxchg16b (%rdi)", CODE("\x48\x0f\xc7\x0f") },
		{ "movabs %al, 0x1", CODE("\xa2\x01\x00\x00\x00\x00\x00\x00\x00") },
		{ "movaps %xmm0, (%rdi)", CODE("\x0f\x29\x07") },
		{ "movd %xmm0, (%rdi)", CODE("\x66\x0f\x7e\x07") },
		{ "insb", CODE("\x6c") },
		{ "movbe %eax, (%rdi)", CODE("\x0f\x38\xf1\x07") },
		{ "vmovaps %xmm0, (%rdi)", CODE("\xc5\xf8\x29\x07") },
		{ "mov %eax, %fs:(%rdi)", CODE("\x64\x89\x07") },
		{ "mov %eax, (%edi)", CODE("\x67\x89\x07") },
		{ "repz mov %eax, (%rdi)", CODE("\xf3\x89\x07") },
		{ "movsb %gs:(%rsi), (%rdi)", CODE("\x65\xa4") },
		{ "rep stosb with rcx = 0", CODE("\xf3\xaa") },
		{ "lock mov %eax, (%rdi)", CODE("\xf0\x89\x07") },
		{ "lock shll $1, (%rdi)", CODE("\xf0\xd1\x27") },
		{ "lock incl 0x3d(%rdi) across a cache line", CODE("\xf0\xff\x47\x3d") },
		{ "xchg %eax, 0x3d(%rdi) across a cache line", CODE("\x87\x47\x3d") },
		{ "c7 /1", CODE("\xc7\x0f\x01\x00\x00\x00") },
		{ "ud2", CODE("\x0f\x0b") },
		{ "nop", CODE("\x90") },
	};
	struct nooks_store store;
	int i, err;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		err = decode(&regs, cases[i].code, cases[i].len, &store);
		KUNIT_EXPECT_EQ_MSG(test, -EOPNOTSUPP, err, "%s", cases[i].text);
	}
	KUNIT_EXPECT_EQ_MSG(test, -EOPNOTSUPP, decode(&down, CODE("\xaa"), &store),
			    "stosb, downwards");
}

static void locked_store_notices_a_change(struct kunit *test)
{
	u32 word = 5;
	struct pt_regs regs = { .di = (unsigned long)&word, .ax = 2, .ip = 100 };
	const struct pt_regs unchanged = regs;
	struct nooks_effect effect;
	struct nooks_store store;

	KUNIT_EXPECT_EQ(test, 0, decode(&regs, CODE("\xf0\x01\x07"), &store));
	KUNIT_EXPECT_EQ(test, 0, nooks_store_compute(&store, &regs, &word, &effect));
	KUNIT_EXPECT_EQ(test, 5ull, effect.old);
	KUNIT_EXPECT_EQ(test, 7ull, effect.new);

	word = 6;
	KUNIT_EXPECT_EQ(test, -EAGAIN, nooks_store_commit(&store, &effect, &regs, &word));
	KUNIT_EXPECT_EQ(test, 6u, word);
	KUNIT_EXPECT_EQ(test, 0, memcmp(&regs, &unchanged, sizeof(regs)));

	KUNIT_EXPECT_EQ(test, 0, nooks_store_perform(&store, &regs, &word));
	KUNIT_EXPECT_EQ(test, 8u, word);
	KUNIT_EXPECT_EQ(test, 103ul, regs.ip);
}

static void the_value_computed_is_the_value_stored(struct kunit *test)
{
	u32 word = 5, source = 1;
	struct pt_regs regs = { .di = (unsigned long)&word, .si = (unsigned long)&source, .ax = 2 };
	struct nooks_effect effect;
	struct nooks_store store;

	KUNIT_EXPECT_EQ(test, 0, decode(&regs, CODE("\x01\x07"), &store));
	KUNIT_EXPECT_EQ(test, 0, nooks_store_compute(&store, &regs, &word, &effect));
	word = 60;
	KUNIT_EXPECT_EQ(test, 0, nooks_store_commit(&store, &effect, &regs, &word));
	KUNIT_EXPECT_EQ(test, 7u, word);

	/* movsl, whose source lies in the driver's memory */
	KUNIT_EXPECT_EQ(test, 0, decode(&regs, CODE("\xa5"), &store));
	KUNIT_EXPECT_EQ(test, 0, nooks_store_compute(&store, &regs, &word, &effect));
	source = 666;
	KUNIT_EXPECT_EQ(test, 0, nooks_store_commit(&store, &effect, &regs, &word));
	KUNIT_EXPECT_EQ(test, 1u, word);
}

static void string_store_stops_where_policy_says(struct kunit *test)
{
	u16 words[4] = { };
	struct pt_regs regs = { .di = (unsigned long)words, .ax = 0x1234, .cx = ~0ul, .ip = 100 };
	struct nooks_store store;

	KUNIT_EXPECT_EQ(test, 0, decode(&regs, CODE("\xf3\x66\xab"), &store));
	KUNIT_EXPECT_EQ(test, 2u, store.width);
	KUNIT_EXPECT_EQ_MSG(test, (unsigned int)PAGE_SIZE / 2, store.count, "not a page at once");

	store.count = 3;
	KUNIT_EXPECT_EQ(test, 0, nooks_store_perform(&store, &regs, words));
	KUNIT_EXPECT_EQ(test, 0x1234, (int)words[2]);
	KUNIT_EXPECT_EQ(test, 0, (int)words[3]);
	KUNIT_EXPECT_EQ(test, (unsigned long)(words + 3), regs.di);
	KUNIT_EXPECT_EQ(test, ~0ul - 3, regs.cx);
	KUNIT_EXPECT_EQ_MSG(test, 100ul, regs.ip, "passed an instruction that is not done");
}

static void unreadable_source_is_reported(struct kunit *test)
{
	u8 byte = 1;
	struct pt_regs regs = { .di = (unsigned long)&byte, .cx = 2, .ip = 100 };
	const struct pt_regs unchanged = regs;
	struct nooks_store store;

	KUNIT_EXPECT_EQ(test, 0, decode(&regs, CODE("\xf3\xa4"), &store));
	store.read = read_nothing;
	KUNIT_EXPECT_EQ(test, -EFAULT, nooks_store_perform(&store, &regs, &byte));
	KUNIT_EXPECT_EQ(test, 1, (int)byte);
	KUNIT_EXPECT_EQ(test, 0, memcmp(&regs, &unchanged, sizeof(regs)));
}

/* The decoder isn't exported, but a probe can be put on it, and knows then where it is. */
static int find_decoder(struct kunit_suite *suite)
{
	struct kprobe probe = { .symbol_name = "insn_decode" };
	int err;

	err = register_kprobe(&probe);
	if (err)
		return err;
	decoder.decode = (void *)probe.addr;
	unregister_kprobe(&probe);
	return 0;
}

static struct kunit_case emulate_cases[] = {
	KUNIT_CASE(stores_do_what_the_processor_does),
	KUNIT_CASE(truncated_text_is_no_store),
	KUNIT_CASE(addresses_are_computed),
	KUNIT_CASE(what_is_not_modelled_is_refused),
	KUNIT_CASE(locked_store_notices_a_change),
	KUNIT_CASE(the_value_computed_is_the_value_stored),
	KUNIT_CASE(string_store_stops_where_policy_says),
	KUNIT_CASE(unreadable_source_is_reported),
	{}
};

static struct kunit_suite emulate_suite = {
	.name = "nooks_emulate",
	.suite_init = find_decoder,
	.test_cases = emulate_cases,
};

kunit_test_suite(emulate_suite);

MODULE_DESCRIPTION("Tests of nooks' checked stores");
MODULE_LICENSE("GPL");
