// SPDX-License-Identifier: GPL-2.0
/* A driver that needs another module, library.ko. It tells of its life. */
#define pr_fmt(fmt) "reader: " fmt
#include <linux/module.h>
#include "library.h"

static bool fail;
module_param(fail, bool, 0444);
MODULE_PARM_DESC(fail, "do not start");

static int visiting(int visit)
{
	pr_info("visit %d\n", visit);
	return visit;
}

static int __init reader_init(void)
{
	pr_info("init\n");
	return library_visit(visiting) != 101 || fail ? -EDOM : 0;
}
module_init(reader_init);

static void __exit reader_exit(void)
{
	library_visit(visiting);
	pr_info("exit\n");
}
module_exit(reader_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("A driver under test that needs a library");
