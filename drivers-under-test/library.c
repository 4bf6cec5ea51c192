// SPDX-License-Identifier: GPL-2.0
/* A module that another one, reader.ko, needs: what mii is to a network driver. It tells of its life. */
#define pr_fmt(fmt) "library: " fmt
#include <linux/module.h>
#include "library.h"

static bool fail;
module_param(fail, bool, 0444);
MODULE_PARM_DESC(fail, "do not start");

static int nr_visits;

int library_visit(int (*reader)(int visit))
{
	return reader(++nr_visits);
}
EXPORT_SYMBOL_GPL(library_visit);

static int __init library_init(void)
{
	pr_info("init\n");
	nr_visits = 100;
	return fail ? -EDOM : 0;
}
module_init(library_init);

static void __exit library_exit(void)
{
	pr_info("exit after %d visits\n", nr_visits - 100);
}
module_exit(library_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("A library of drivers under test");
