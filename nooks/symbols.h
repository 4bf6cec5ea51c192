/* SPDX-License-Identifier: GPL-2.0 */
/* Kernel symbols that are not exported to modules: resolved in symbols.c and nowhere else. */
#ifndef NOOKS_SYMBOLS_H
#define NOOKS_SYMBOLS_H

#include <linux/types.h>
#include <asm/insn.h>

struct bug_entry;
struct gate_struct;
struct module;
struct mutex;
struct net_device;
struct pt_regs;

/**
 * struct nooks_symbols - what nooks.ko needs of the kernel beyond the exported symbols
 *
 * Filled once at module init; constant afterwards. Types are those of the kernel's declarations.
 */
struct nooks_symbols {
	void *init_top_pgt;
	struct gate_struct *idt_table;
	void (*native_flush_tlb_global)(void);
	int (*set_memory_nx)(unsigned long addr, int numpages);
	int (*set_memory_x)(unsigned long addr, int numpages);
	int (*poke_int3_handler)(struct pt_regs *regs);
	int (*insn_decode)(struct insn *insn, const void *kaddr, int buf_len, enum insn_mode m);
	struct bug_entry *(*find_bug)(unsigned long addr);
	int (*report_bug)(unsigned long addr, struct pt_regs *regs);
	int (*kallsyms_lookup_size_offset)(unsigned long addr, unsigned long *size,
					   unsigned long *offset);
	struct mutex *rtnl_mutex;
	void (*dev_set_rx_mode)(struct net_device *dev);
	/* NULL without CONFIG_NETPOLL. */
	void (*netpoll_poll_disable)(struct net_device *dev);
	void (*netpoll_poll_enable)(struct net_device *dev);
	char *__start_rodata;
	char *__end_rodata;
	int (*core_kernel_text)(unsigned long addr);
	struct module *(*__module_address)(unsigned long addr);
	struct module *(*__module_text_address)(unsigned long addr);
	unsigned long (*kallsyms_lookup_name)(const char *name);
	unsigned long (*module_kallsyms_lookup_name)(const char *name);
};

extern struct nooks_symbols nooks_sym;

int nooks_symbols_init(void);
unsigned long nooks_lookup(const char *name);

#endif
