/* SPDX-License-Identifier: GPL-2.0 */
/* Checks beside those that generated wrappers use (wrapper.h). */
#ifndef NOOKS_ARGS_H
#define NOOKS_ARGS_H

#include <linux/preempt.h>
#include <linux/rcupdate.h>
#include <linux/types.h>

struct nooks_crossing;
struct nooks_driver;

const char *nooks_ops_bind(struct nooks_driver *driver, const void *table, unsigned int ops);
const char *nooks_members_bind(struct nooks_driver *driver, const void *table, unsigned int ops);
bool nooks_arg_gfp(struct nooks_crossing *x, gfp_t gfp, const char *fn);
long nooks_copy_string(char *to, const char *from, size_t size);
bool nooks_kernel_text(unsigned long addr);
bool nooks_kernel_rodata(const void *p, size_t size);

/* May this thread not sleep, be it for the driver's doing or for the kernel's? */
static inline bool nooks_is_atomic(void)
{
	return in_atomic() || irqs_disabled() || rcu_preempt_depth();
}

#endif
