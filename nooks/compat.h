/* SPDX-License-Identifier: GPL-2.0 */
/* What differs between kernels. */
#ifndef NOOKS_COMPAT_H
#define NOOKS_COMPAT_H

#include <linux/ftrace.h>

#ifndef ftrace_regs_get_argument
/* Argument @n (0 or 1) of the function that is traced. */
static inline unsigned long nooks_ftrace_argument(struct ftrace_regs *fregs, unsigned int n)
{
	return n ? fregs->regs.si : fregs->regs.di;
}
#else
#define nooks_ftrace_argument(fregs, n) ftrace_regs_get_argument(fregs, n)
#endif

#endif
