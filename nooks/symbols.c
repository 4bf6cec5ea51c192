// SPDX-License-Identifier: GPL-2.0
/*
 * The one place that finds unexported kernel symbols. kallsyms_lookup_name() itself is found by the
 * address that a kprobe on it is given; the probe is taken away at once.
 */
#define pr_fmt(fmt) "nooks: " fmt
#include <linux/kprobes.h>
#include <linux/module.h>
#include "../wrappers/args.h"
#include "export.h"
#include "symbols.h"

struct nooks_symbols nooks_sym __ro_after_init;
NOOKS_EXPORT_FOR_TESTS(nooks_sym);

static const struct {
	const char *name;
	size_t offset;
} wanted[] __initconst = {
#define SYMBOL(s) { #s, offsetof(struct nooks_symbols, s) }
	SYMBOL(init_top_pgt),
	SYMBOL(idt_table),
	SYMBOL(native_flush_tlb_global),
	SYMBOL(set_memory_nx),
	SYMBOL(set_memory_x),
	SYMBOL(poke_int3_handler),
	SYMBOL(insn_decode),
	SYMBOL(find_bug),
	SYMBOL(report_bug),
	SYMBOL(kallsyms_lookup_size_offset),
	SYMBOL(rtnl_mutex),
	SYMBOL(dev_set_rx_mode),
#ifdef CONFIG_NETPOLL
	SYMBOL(netpoll_poll_disable),
	SYMBOL(netpoll_poll_enable),
#endif
	SYMBOL(__start_rodata),
	SYMBOL(__end_rodata),
	SYMBOL(core_kernel_text),
	SYMBOL(__module_address),
	SYMBOL(__module_text_address),
	SYMBOL(module_kallsyms_lookup_name),
#undef SYMBOL
};

/**
 * nooks_lookup - address of any kernel symbol
 * @name: the symbol, of vmlinux or a module
 *
 * Context: may sleep. Return: the address, 0 if there is none. A per-CPU symbol gives its offset.
 */
unsigned long nooks_lookup(const char *name)
{
	return nooks_sym.kallsyms_lookup_name(name);
}
NOOKS_EXPORT_FOR_TESTS(nooks_lookup);

/** nooks_symbols_init - resolve all; -ENOENT with a message that names the missing symbol */
int __init nooks_symbols_init(void)
{
	struct kprobe kp = { .symbol_name = "kallsyms_lookup_name" };
	unsigned int i;
	int ret;

	ret = register_kprobe(&kp);
	if (ret) {
		pr_err("kprobes do not work here (%d): boot a kernel with CONFIG_KPROBES and without a lockdown that forbids them\n",
		       ret);
		return ret;
	}
	nooks_sym.kallsyms_lookup_name = (void *)kp.addr;
	unregister_kprobe(&kp);

	for (i = 0; i < ARRAY_SIZE(wanted); i++) {
		unsigned long addr = nooks_lookup(wanted[i].name);

		if (!addr) {
			pr_err("this kernel has no symbol %s: not supported\n", wanted[i].name);
			return -ENOENT;
		}
		*(unsigned long *)((char *)&nooks_sym + wanted[i].offset) = addr;
	}
	return 0;
}

/** nooks_kernel_text - is it an address of kernel or module code? Any context. */
bool nooks_kernel_text(unsigned long addr)
{
	bool text;

	if (nooks_sym.core_kernel_text(addr))
		return true;
	preempt_disable();
	text = nooks_sym.__module_text_address(addr);
	preempt_enable();
	return text;
}

/** nooks_kernel_rodata - does all of a range lie in the kernel's own read-only data? */
bool nooks_kernel_rodata(const void *p, size_t size)
{
	return (char *)p >= nooks_sym.__start_rodata &&
	       (char *)p + size <= nooks_sym.__end_rodata && (char *)p + size > (char *)p;
}
