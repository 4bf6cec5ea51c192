// SPDX-License-Identifier: GPL-2.0
/* A driver that does nothing: what it holds is for attacker.c, in another domain, to go for. */
#include <linux/module.h>

static unsigned long treasure = 0x600d;
module_param(treasure, ulong, 0444);
MODULE_PARM_DESC(treasure, "what others must not change");

static int __init victim_init(void)
{
	return 0;
}

static void __exit victim_exit(void)
{
}

module_init(victim_init);
module_exit(victim_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("A driver that others attack");
