// SPDX-License-Identifier: GPL-2.0
/* What kernels built for debugging call from inline functions, in a driver's name. */
#include <linux/bottom_half.h>
#include <linux/uaccess.h>
#include <linux/workqueue.h>
#include "../nooks/driver.h"
#include "debug.h"
#include "generated.h"

/* Set-up of books on a driver's own lock or work: the kernel keeps them on its instance. */
NOOKS_WRAPPER(lockdep_init_map_type)
{
	return 0;
}

/* rcu_read_lock() and the like, inline in a domain: a thread that dies there could not take it back. */
NOOKS_WRAPPER(lock_acquire)
{
	return 0;
}

NOOKS_WRAPPER(rcu_read_lock_held)
{
	return true;
}

NOOKS_WRAPPER(lockdep_rcu_suspicious)
{
	return 0;
}

NOOKS_WRAPPER(__cant_migrate)
{
	return 0;
}

NOOKS_WRAPPER(__init_work)
{
	return 0;
}

NOOKS_WRAPPER(__this_cpu_preempt_check)
{
	return 0;
}

NOOKS_WRAPPER(__might_resched)
{
	nooks_may_sleep(x, "might_sleep");
	return 0;
}

NOOKS_WRAPPER(__might_sleep)
{
	nooks_may_sleep(x, "might_sleep");
	return 0;
}

NOOKS_WRAPPER(__might_fault)
{
	if (!pagefault_disabled())
		nooks_may_sleep(x, "might_fault");
	return 0;
}

NOOKS_WRAPPER(__local_bh_disable_ip)
{
	local_bh_disable();
	return 0;
}

/* Called on the way to a BUG. */
NOOKS_WRAPPER(dump_page)
{
	nooks_fail(x, NOOKS_DRIVER_BUG, a0, "dump_page");
	return 0;
}

/* KASAN's code in the copy of a leaf function (leaf.c) has found an address that nobody may use. */
NOOKS_WRAPPER(__asan_report_load_n_noabort)
{
	nooks_fail(x, NOOKS_WILD_READ, a0, "KASAN: a leaf function reads what is not valid");
	return 0;
}

NOOKS_WRAPPER(__asan_report_store_n_noabort)
{
	nooks_fail(x, NOOKS_WILD_WRITE, a0, "KASAN: a leaf function writes to what is not valid");
	return 0;
}

NOOKS_WRAPPER(alloc_pages);

/* The pages of a driver are of no special node: gfp and order are what counts. */
NOOKS_WRAPPER(__alloc_pages)
{
	return nooks_w_alloc_pages(a0, a1, 0, 0, 0, 0, x);
}
