// SPDX-License-Identifier: GPL-2.0
/* What wrappers need before the first domain. */
#include <linux/init.h>
#include "init.h"
#include "leaf.h"
#include "net.h"

/** nooks_wrappers_init - 0 or a negative errno, logged, with everything as before */
int __init nooks_wrappers_init(void)
{
	return nooks_leaves_init() ?: nooks_work_init() ?: nooks_skb_init() ?: nooks_net_init();
}

void nooks_wrappers_exit(void)
{
	nooks_net_exit();
	nooks_leaves_exit();
}
