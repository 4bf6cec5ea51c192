// SPDX-License-Identifier: GPL-2.0
/*
 * Copied leaf functions (`fn NAME copied`): a domain can't execute the kernel's text, but a function
 * that touches only its arguments needs none of the kernel's rights. Its machine code is copied to
 * where domains execute, once, when nooks.ko is loaded: as the kernel has patched it for this CPU by
 * then, to run with the driver's rights.
 *
 * What a copy refers to is moved with it: data relative to the instruction pointer stays where it is;
 * a call of a function that drivers may import leads to what an import of it leads to; one of any other
 * function leads to a copy of that. Code that only the kernel may run is refused. A copy is not
 * patched again: no static keys, probes or tracing.
 */
#define pr_fmt(fmt) "nooks: " fmt
#include <linux/kallsyms.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/vmalloc.h>
#include <asm/insn.h>
#include "../domains/gates.h"
#include "../nooks/imports.h"
#include "../nooks/symbols.h"
#include "generated.h"
#include "leaf.h"

#define MAX_COPIES	128
#define MAX_DEPTH	6
#define MAX_THUNKS	32
#define MAX_MODULES	16
#define ENTRY_NOP	"\x0f\x1f\x44\x00\x00"	/* in place of the call of ftrace */
#define JMP_REL32	0xe9
#define CALL_REL32	0xe8
#define INT3		0xcc

/* Room for the copies, in the text of domains: thunks.S. */
extern u8 nooks_leaves[], nooks_leaves_end[];

/**
 * struct copy - a function that has been copied
 * @start: of the kernel's
 * @size: bytes
 * @at: where the copy is, in nooks_leaves
 */
struct copy {
	unsigned long start, size;
	u8 *at;
};

/**
 * struct work - what has been copied
 * @copies: the functions
 * @nr: how many
 * @used: bytes of nooks_leaves
 * @alias: of nooks_leaves, writable, while something is copied
 * @problem: why the last one can't be
 * @thunks: of the compiler
 * @nr_thunks: how many
 * @modules: with code that was copied: it refers to their data, so they stay
 * @nr_modules: how many
 */
struct work {
	struct copy copies[MAX_COPIES];
	unsigned int nr;
	size_t used;
	u8 *alias;
	const char *problem;
	struct {
		unsigned long addr;
		const void *stub;
	} thunks[MAX_THUNKS];
	unsigned int nr_thunks;
	struct module *modules[MAX_MODULES];
	unsigned int nr_modules;
};

/* Written by nooks_leaves_init(), and later under the mutex. */
static struct work *leaves;
static DEFINE_MUTEX(leaves_mutex);

static void add_thunk(struct work *w, unsigned long addr, const void *stub)
{
	if (w->nr_thunks == MAX_THUNKS)
		return;
	w->thunks[w->nr_thunks].addr = addr;
	w->thunks[w->nr_thunks++].stub = stub;
}

/*
 * The compiler's thunks share their addresses with other symbols: an address does not give the name. Returns jump to what the
 * kernel has chosen for this CPU, which is no function that could be copied (srso_return_thunk calls something, and the
 * call does not return).
 */
static void find_thunks(struct work *w)
{
	const struct nooks_import *returns = nooks_import_find("__x86_return_thunk");
	unsigned long chosen = nooks_lookup("x86_return_thunk");
	unsigned int i;

	if (returns && chosen)
		add_thunk(w, *(unsigned long *)chosen, returns->stub);
	for (i = 0; i < nooks_nr_imports; i++)
		if (!strncmp(nooks_imports[i].name, "__x86_", 6))
			add_thunk(w, nooks_lookup(nooks_imports[i].name), nooks_imports[i].stub);
}

static bool copy_symbol(struct work *w, unsigned long addr, unsigned int depth);

/* Where something that the copy jumps to is, for a domain; 0 if nowhere. */
static unsigned long translate(struct work *w, unsigned long target, unsigned int depth)
{
	const struct nooks_import *import;
	unsigned int i, tries;

	for (i = 0; i < w->nr_thunks; i++)
		if (w->thunks[i].addr == target)
			return (unsigned long)w->thunks[i].stub;
	for (tries = 0; tries < 2; tries++) {
		for (i = 0; i < w->nr; i++) {
			unsigned long offset = target - w->copies[i].start;

			if (offset < w->copies[i].size)
				return (unsigned long)w->copies[i].at + offset;
		}
		import = tries ? NULL : nooks_import_at(target);
		if (import)
			return (unsigned long)import->stub;
		if (tries || !copy_symbol(w, target, depth + 1))
			return 0;
	}
	return 0;
}

/* An instruction that would not fault in a domain, where it has no business. */
static bool is_privileged(const struct insn *insn)
{
	const u8 *op = insn->opcode.bytes;

	switch (op[0]) {
	case 0x6c ... 0x6f:		/* ins, outs */
	case 0x9d:			/* popf */
	case 0xca ... 0xcb:		/* far returns */
	case 0xcd ... 0xcf:		/* int, iret */
	case 0xe4 ... 0xe7:		/* in, out */
	case 0xec ... 0xef:
	case 0xf1:
	case 0xf4:			/* hlt */
	case 0xfa ... 0xfb:		/* cli, sti */
		return true;
	case 0x0f:
		switch (op[1]) {
		case 0x00 ... 0x09:	/* descriptor tables, system calls, caches */
		case 0x20 ... 0x23:	/* control and debug registers */
		case 0x30:		/* wrmsr */
		case 0x32 ... 0x37:
			return true;
		}
		return false;
	default:
		return false;
	}
}

/* A displacement of 32 bits, at @offset into the copy, is to lead to @target. */
static bool set_rel32(struct work *w, const struct copy *copy, unsigned long offset,
		      unsigned long next, unsigned long target)
{
	long displacement = target - ((unsigned long)copy->at + next);
	s32 value = displacement;

	if (!target || value != displacement)
		return false;
	memcpy(w->alias + (copy->at - nooks_leaves) + offset, &value, sizeof(value));
	return true;
}

/* Is a memory operand given relative to the instruction pointer? */
static bool is_rip_relative(const struct insn *insn)
{
	return insn->modrm.nbytes && (insn->modrm.value & 0xc7) == 0x05;
}

/* Move one instruction, @offset bytes into the function. NULL, or what is wrong with it. */
static const char *move(struct work *w, const struct copy *copy, struct insn *insn,
			unsigned long offset, bool entry, unsigned int depth)
{
	unsigned long next = offset + insn->length, target;
	const u8 *op = insn->opcode.bytes;
	bool rel32 = op[0] == CALL_REL32 || op[0] == JMP_REL32 ||
		     (op[0] == 0x0f && (op[1] & 0xf0) == 0x80);
	bool rel8 = (op[0] & 0xf0) == 0x70 || op[0] == 0xeb || (op[0] & 0xfc) == 0xe0;

	if (is_privileged(insn))
		return "an instruction that only the kernel may execute";
	if (rel32 || rel8) {
		target = copy->start + next + insn->immediate.value;
		if (target - copy->start < copy->size)
			return NULL;
		if (entry && op[0] == CALL_REL32) {
			memcpy(w->alias + (copy->at - nooks_leaves) + offset, ENTRY_NOP,
			       insn->length);
			return NULL;
		}
		if (rel8 ||
		    !set_rel32(w, copy, offset + insn_offset_immediate(insn), next,
			       translate(w, target, depth)))
			return "a jump to what can't be copied";
		return NULL;
	}
	if (is_rip_relative(insn)) {
		target = copy->start + next + insn->displacement.value;
		if (!set_rel32(w, copy, offset + insn_offset_displacement(insn), next, target))
			return "data that is too far away";
	}
	return NULL;
}

/* Copy the function that @addr is in, and what it needs. */
static bool copy_symbol(struct work *w, unsigned long addr, unsigned int depth)
{
	unsigned long size, within, offset = 0;
	struct copy *copy = &w->copies[w->nr];
	struct insn insn;
	bool entry = true;

	if (depth > MAX_DEPTH || w->nr == MAX_COPIES ||
	    !nooks_sym.kallsyms_lookup_size_offset(addr, &size, &within) ||
	    size > nooks_leaves_end - nooks_leaves - w->used) {
		w->problem = "it, or what it calls, is too long";
		return false;
	}
	*copy = (struct copy) { addr - within, size, nooks_leaves + w->used };
	memcpy(w->alias + w->used, (void *)copy->start, size);
	w->used = ALIGN(w->used + size, 16);
	w->nr++;

	while (offset < size) {
		const void *text = (void *)(copy->start + offset);

		if (nooks_sym.insn_decode(&insn, text, size - offset, INSN_MODE_KERN))
			w->problem = "an instruction that is not known";
		else
			w->problem = move(w, copy, &insn, offset, entry, depth);
		if (w->problem)
			return false;
		entry = entry && insn.opcode.bytes[0] == 0x0f && insn.opcode.bytes[1] == 0x1e;
		offset += insn.length;
	}
	return true;
}

/* Copy an import, and let its stub jump there. */
static bool copy_import(struct work *w, const struct nooks_import *import)
{
	unsigned long addr = nooks_lookup(import->name), at;
	void *base;
	u8 *stub;
	s32 rel;

	w->problem = "there is no such function";
	if (!addr || (!copy_symbol(w, addr, 0)))
		return false;
	at = translate(w, addr, 0);
	rel = at - ((unsigned long)import->stub + 5);
	stub = nooks_map_alias(import->stub, 5, &base);
	w->problem = "no memory";
	if (!stub)
		return false;
	memcpy(stub + 1, &rel, sizeof(rel));
	WRITE_ONCE(*stub, JMP_REL32);
	vunmap(base);
	return true;
}

bool nooks_leaf_copied(const void *stub)
{
	return *(const u8 *)stub == JMP_REL32;
}

unsigned long nooks_leaf_origin(unsigned long ip)
{
	unsigned int i, nr = READ_ONCE(leaves->nr);

	for (i = 0; i < nr; i++) {
		const struct copy *copy = &leaves->copies[i];

		if (ip - (unsigned long)copy->at < copy->size)
			return copy->start + (ip - (unsigned long)copy->at);
	}
	return ip;
}

/* The module that a function is in stays from now on. Return: false: it goes, or there are too many. */
static bool hold_module(struct work *w, unsigned long addr)
{
	struct module *mod;
	unsigned int i;
	bool held;

	preempt_disable();
	mod = nooks_sym.__module_text_address(addr);
	for (i = 0; i < w->nr_modules && w->modules[i] != mod; i++)
		;
	held = !mod || i < w->nr_modules || (i < MAX_MODULES && try_module_get(mod));
	preempt_enable();
	if (held && mod && i == w->nr_modules)
		w->modules[w->nr_modules++] = mod;
	return held;
}

/**
 * nooks_leaf_copy - have domains run a function of the kernel's that no annotation names
 * @addr: the function, which the caller keeps from going
 *
 * For functions that drivers find in tables. What has been copied stays, and so does its module, as
 * long as nooks.ko. Context: may sleep. Return: where domains execute it; 0 if it can't be copied,
 * which the log tells.
 */
unsigned long nooks_leaf_copy(unsigned long addr)
{
	struct work *w = leaves;
	unsigned long at = 0;
	unsigned int nr;
	size_t used;
	void *base;

	mutex_lock(&leaves_mutex);
	nr = w->nr;
	used = w->used;
	w->problem = "no memory";
	w->alias = nooks_map_alias(nooks_leaves, nooks_leaves_end - nooks_leaves, &base);
	if (w->alias) {
		w->problem = "its module goes, or there are too many";
		if (hold_module(w, addr))
			at = translate(w, addr, 0);
		if (!at) {
			memset(w->alias + used, INT3, w->used - used);
			w->nr = nr;
			w->used = used;
		}
		vunmap(base);
	}
	if (!at)
		pr_warn("%pS can't be copied into domains: %s\n", (void *)addr, w->problem);
	mutex_unlock(&leaves_mutex);
	return at;
}

/** nooks_leaves_exit - no domain is left */
void nooks_leaves_exit(void)
{
	while (leaves->nr_modules)
		module_put(leaves->modules[--leaves->nr_modules]);
	kfree(leaves);
}

int __init nooks_leaves_init(void)
{
	struct work *w = kzalloc(sizeof(*w), GFP_KERNEL);
	size_t size = nooks_leaves_end - nooks_leaves;
	unsigned int i, nr;
	void *base;

	if (!w)
		return -ENOMEM;
	w->alias = nooks_map_alias(nooks_leaves, size, &base);
	if (!w->alias) {
		kfree(w);
		return -ENOMEM;
	}
	find_thunks(w);
	for (i = 0; i < nooks_nr_imports; i++) {
		size_t used = w->used;

		if (nooks_imports[i].kind != NOOKS_IMPORT_COPIED ||
		    nooks_leaf_copied(nooks_imports[i].stub))
			continue;
		nr = w->nr;
		if (copy_import(w, &nooks_imports[i]))
			continue;
		pr_warn("%s() can't be copied into domains: %s\n", nooks_imports[i].name,
			w->problem);
		memset(w->alias + used, INT3, w->used - used);
		w->nr = nr;
		w->used = used;
	}
	vunmap(base);
	leaves = w;
	return 0;
}
