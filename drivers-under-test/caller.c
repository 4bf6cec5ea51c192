// SPDX-License-Identifier: GPL-2.0
/*
 * Calls an address from the kernel's view: of a driver function, say, without its entry stub. Not a driver:
 * it is loaded natively.
 */
#include <linux/module.h>

static unsigned long addr;
module_param(addr, ulong, 0444);
MODULE_PARM_DESC(addr, "what to call, with NULL as its argument");

static int __init caller_init(void)
{
	((void (*)(void *))addr)(NULL);
	return -EAGAIN;			/* nothing stays */
}

module_init(caller_init);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Calls an address");
