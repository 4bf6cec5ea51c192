// SPDX-License-Identifier: GPL-2.0
/*
 * Copies from and to user space, which a domain doesn't map. The kernel's functions check the user's
 * address, and their faults are the kernel's; the driver's side is checked here.
 */
#include <linux/sched.h>
#include <linux/sizes.h>
#include <linux/uaccess.h>
#include "../nooks/driver.h"
#include "generated.h"

/*
 * May the caller be put to sleep by a page that is not there? With page faults disabled the copy ends there
 * instead. A kernel thread has no user: what it would find is some process' memory.
 */
static bool check_user(struct nooks_crossing *x, unsigned long n, const char *fn)
{
	if (!nooks_arg_range(x, n, 0, SZ_16M, fn, "n") ||
	    (!pagefault_disabled() && !nooks_may_sleep(x, fn)))
		return false;
	if (!current->mm)
		nooks_fail(x, NOOKS_BAD_ARGUMENT, 0, "%s: in a kernel thread", fn);
	return current->mm;
}

/* unsigned long _copy_from_user(void *to, const void __user *from, unsigned long n) */
NOOKS_WRAPPER(_copy_from_user)
{
	if (!check_user(x, a2, "_copy_from_user") ||
	    !nooks_arg_writable(x, (void *)a0, a2, false, "_copy_from_user", "to"))
		return 0;
	return _copy_from_user((void *)a0, (const void __user *)a1, a2);
}

/* unsigned long _copy_to_user(void __user *to, const void *from, unsigned long n) */
NOOKS_WRAPPER(_copy_to_user)
{
	if (!check_user(x, a2, "_copy_to_user") ||
	    !nooks_arg_readable(x, (void *)a1, a2, false, "_copy_to_user", "from"))
		return 0;
	return _copy_to_user((void __user *)a0, (const void *)a1, a2);
}
