// SPDX-License-Identifier: GPL-2.0
/*
 * Shows what of each CPU nooks changes and has to give back: CR4, and the interrupt table. One line
 * for each CPU in the log, when loaded.
 */
#define pr_fmt(fmt) "state: " fmt
#include <linux/jhash.h>
#include <linux/module.h>
#include <linux/smp.h>
#include <asm/desc.h>
#include <asm/special_insns.h>

static void show(void *unused)
{
	struct desc_ptr idt;

	store_idt(&idt);
	pr_info("cpu %d cr4 %lx idt %lx+%x %08x\n", smp_processor_id(), native_read_cr4(),
		idt.address, idt.size, jhash((void *)idt.address, idt.size + 1, 0));
}

static int __init state_init(void)
{
	int cpu;

	for_each_online_cpu(cpu)
		smp_call_function_single(cpu, show, NULL, 1);
	return 0;
}

static void __exit state_exit(void)
{
}

module_init(state_init);
module_exit(state_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Shows each CPU's state");
