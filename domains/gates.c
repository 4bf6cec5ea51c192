// SPDX-License-Identifier: GPL-2.0
/*
 * Interrupt gates. The kernel's entry code does not switch CR3 when it interrupts kernel mode, so each
 * of the 256 gates leads to a stub first (switch.S) that does if CR3 is a domain's, and jumps on
 * to the native handler otherwise.
 *
 * Gates are changed in place, by one 8-byte store each: kernel and module text share the upper 32
 * address bits, which the other half of a gate holds. IDTR never changes, so KVM, CPU hotplug
 * and resume, which load or cache it, are not concerned.
 */
#define pr_fmt(fmt) "nooks: " fmt
#include <linux/mm.h>
#include <linux/vmalloc.h>
#include <asm/desc.h>
#ifndef __has_include		/* sparse does not know it */
#include <asm/unaligned.h>
#elif __has_include(<linux/unaligned.h>)
#include <linux/unaligned.h>
#else
#include <asm/unaligned.h>
#endif
#include "../nooks/symbols.h"
#include "domain.h"
#include "gates.h"

unsigned long nooks_native_gates[NOOKS_NR_GATES] __ro_after_init;

/* Protected by module init and exit, the only users. */
static u64 saved_gates[NOOKS_NR_GATES], our_gates[NOOKS_NR_GATES];

/* A second mapping of the IDT. Kept, since giving the gates back must not need memory. */
static u64 *idt_alias;
static void *idt_base;

static struct page *page_of(const void *addr)
{
	if (is_vmalloc_addr(addr) ||
	    ((unsigned long)addr >= MODULES_VADDR && (unsigned long)addr < MODULES_END))
		return vmalloc_to_page(addr);
	return pfn_to_page(__pa_symbol(addr) >> PAGE_SHIFT);
}

/**
 * nooks_map_alias - a writable second mapping of read-only kernel memory
 * @addr: address in vmlinux or in a module
 * @size: bytes
 * @base: what to vunmap() afterwards
 *
 * Context: may sleep. Return: the alias of @addr, NULL without memory.
 */
void *nooks_map_alias(const void *addr, size_t size, void **base)
{
	unsigned int offset = offset_in_page(addr);
	unsigned int i, n = DIV_ROUND_UP(offset + size, PAGE_SIZE);
	struct page **pages = kmalloc_array(n, sizeof(*pages), GFP_KERNEL);

	*base = NULL;
	if (!pages)
		return NULL;
	for (i = 0; i < n; i++)
		pages[i] = page_of(addr - offset + i * PAGE_SIZE);
	*base = vmap(pages, n, VM_MAP, PAGE_KERNEL);
	kfree(pages);
	return *base ? *base + offset : NULL;
}

/* Fill in the stubs' jumps to the native handlers. */
static int link_stubs(void)
{
	size_t size = NOOKS_NR_GATES * NOOKS_GATE_SIZE;
	void *base, *alias = nooks_map_alias(nooks_gate_stubs, size, &base);
	unsigned int i;
	int ret = 0;

	if (!alias)
		return -ENOMEM;
	for (i = 0; i < NOOKS_NR_GATES; i++) {
		unsigned long field = (unsigned long)nooks_gate_stubs + nooks_gate_jumps[i];
		long displacement = nooks_native_gates[i] - (field + sizeof(s32));

		if (displacement != (s32)displacement) {
			pr_err("gate %u leads out of reach of modules\n", i);
			ret = -ERANGE;
			break;
		}
		put_unaligned((s32)displacement, (s32 *)(alias + nooks_gate_jumps[i]));
	}
	vunmap(base);
	return ret;
}

/**
 * nooks_gates_init - interpose the stubs
 *
 * Context: module init. Return: 0 or a negative errno, logged; then no gate has changed.
 */
int __init nooks_gates_init(void)
{
	const gate_desc *idt = nooks_sym.idt_table;
	unsigned int i;
	int ret;

	for (i = 0; i < NOOKS_NR_GATES; i++) {
		unsigned long stub = (unsigned long)nooks_gate_stubs + i * NOOKS_GATE_SIZE;
		gate_desc gate = idt[i];

		nooks_native_gates[i] = gate_offset(&gate);
		saved_gates[i] = *(u64 *)&gate;
		if (!gate.bits.p || upper_32_bits(stub) != gate.offset_high) {
			pr_err("interrupt gate %u has an unknown form\n", i);
			return -EOPNOTSUPP;
		}
		gate.offset_low = stub;
		gate.offset_middle = stub >> 16;
		our_gates[i] = *(u64 *)&gate;
	}
	ret = link_stubs();
	if (ret)
		return ret;
	idt_alias = nooks_map_alias(idt, NOOKS_NR_GATES * sizeof(*idt), &idt_base);
	if (!idt_alias)
		return -ENOMEM;
	for (i = 0; i < NOOKS_NR_GATES; i++)
		WRITE_ONCE(idt_alias[2 * i], our_gates[i]);
	return 0;
}

/**
 * nooks_gates_exit - give the gates back
 *
 * Waits until no CPU is on its way through a stub. A gate that someone has changed since is left
 * alone, loudly. Context: may sleep; no domain exists.
 */
void nooks_gates_exit(void)
{
	const gate_desc *idt = nooks_sym.idt_table;
	unsigned int i;

	for (i = 0; i < NOOKS_NR_GATES; i++) {
		unsigned long stub = (unsigned long)nooks_gate_stubs + i * NOOKS_GATE_SIZE;
		gate_desc gate = idt[i];

		if (!WARN_ON_ONCE(gate_offset(&gate) != stub))
			WRITE_ONCE(idt_alias[2 * i], saved_gates[i]);
	}
	vunmap(idt_base);
	/* A CPU inside a stub has interrupts off: once it has taken one, it is out. */
	nooks_domain_kick();
}
