/* SPDX-License-Identifier: GPL-2.0 */
/* Sizes and limits of domains, shared by C and assembly. */
#ifndef NOOKS_LIMITS_H
#define NOOKS_LIMITS_H

#define NOOKS_DOMAINS_ORDER	6		/* top-level tables lie in one block of pages */
#define NOOKS_MAX_DOMAINS	(1 << NOOKS_DOMAINS_ORDER)
#define NOOKS_FIRST_PCID	7		/* the kernel uses 1-6; bit 11 is PTI's; 0 is special */

#define NOOKS_STACK_SIZE	16384		/* as a kernel stack */
#define NOOKS_STACK_RESERVED	784		/* at its top: these three */
#define NOOKS_STACK_FRAME	64		/* the frame that leaves an IST handler, ... */
#define NOOKS_MAX_SPINS		23		/* ... the spinning locks that the thread holds: struct nooks_spins, and ... */
#define NOOKS_MAX_KEPT		64		/* ... buffers that it has put: struct nooks_kept */
#define NOOKS_STACKS_MIN	8		/* per domain, made beforehand */
#define NOOKS_STACKS_PER_CPU	2
#define NOOKS_STACKS_RESERVE	16		/* of a domain that threads sleep in: more are made below that */
#define NOOKS_STACKS_MAX	512		/* of such a domain */

#define NOOKS_MAX_ROUTES	32		/* looked through one by one */

/*
 * What a domain may have of the kernel, beside its heap (NOOKS_HEAP_PER_CPU): defaults of module
 * parameters. A driver that gets no more is told what it is told when memory is short.
 */
#define NOOKS_MAX_OBJECTS	32768		/* rings have some thousand; 8 MiB of the kernel's */
#define NOOKS_MAX_TIMERS	4096		/* of these: they may expire all at once */
#define NOOKS_MAX_PACKETS	16384		/* as transmit rings hold; 4 MiB of its heap */
#define NOOKS_MAX_PACKET_MEMORY	(16UL << 20)	/* bytes, of copies: 200 of the longest */
#define NOOKS_MAX_DMA		(32UL << 20)	/* bytes: rings of a hundred queues */
/* In so many seconds, so many lines of the log, which keeps some thousand, and WARNs: long ones. */
#define NOOKS_LOG_SECONDS	5
#define NOOKS_LOG_LINES		500
#define NOOKS_LOG_WARNINGS	10

#define NOOKS_TRAIL_LENGTH	16		/* crossings remembered for each CPU; a power of two */

#define NOOKS_GATE_SIZE		64		/* one gate stub */
#define NOOKS_NR_GATES		256

#endif
