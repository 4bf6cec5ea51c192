/* SPDX-License-Identifier: GPL-2.0 */
/* Sizes and limits of domains, shared by C and assembly. */
#ifndef NOOKS_LIMITS_H
#define NOOKS_LIMITS_H

#define NOOKS_DOMAINS_ORDER	6		/* top-level tables lie in one block of pages */
#define NOOKS_MAX_DOMAINS	(1 << NOOKS_DOMAINS_ORDER)
#define NOOKS_FIRST_PCID	7		/* the kernel uses 1-6; bit 11 is PTI's; 0 is special */

#define NOOKS_STACK_SIZE	16384		/* as a kernel stack */
#define NOOKS_STACK_RESERVED	64		/* at its top: the frame that leaves an IST handler */
#define NOOKS_STACKS_MIN	8		/* per domain, made beforehand */
#define NOOKS_STACKS_PER_CPU	2

#define NOOKS_MAX_ROUTES	32		/* looked through one by one */

#define NOOKS_TRAIL_LENGTH	16		/* crossings remembered for each CPU; a power of two */

#define NOOKS_GATE_SIZE		64		/* one gate stub */
#define NOOKS_NR_GATES		256

#endif
