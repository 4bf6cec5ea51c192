/* SPDX-License-Identifier: GPL-2.0 */
/* A network driver that is given packets to send and never has one for the kernel. */
#ifndef NOOKS_SILENCE_H
#define NOOKS_SILENCE_H

#include <linux/compiler.h>
#include <linux/spinlock.h>
#include <linux/types.h>

struct nooks_crossing;
struct nooks_driver;

/**
 * struct nooks_silence - of a driver; see silence.c
 * @lock: protects the rest; innermost, taken in any context but NMI
 * @incarnation: of the domain, that the rest is about
 * @asked: seconds in which it was given packets, since it last had one for the kernel; 0: none. Read without
 *	the lock to find out whether there is anything to forget
 * @since: jiffies of the first of these packets
 * @last: jiffies at which the last second of these began
 * @row: failures by silence in a row
 * @count: ditto, in all
 */
struct nooks_silence {
	spinlock_t lock;
	unsigned long incarnation;
	unsigned int asked;
	unsigned long since;
	unsigned long last;
	unsigned int row;
	unsigned long count;
};

void nooks_silence_init(struct nooks_silence *silence);
bool nooks_silence_asked(struct nooks_crossing *x);
void nooks_silence_forget(struct nooks_silence *silence);

/* The driver has a packet for the kernel. Any context but NMI. */
static inline void nooks_silence_heard(struct nooks_silence *silence)
{
	if (unlikely(READ_ONCE(silence->asked) || READ_ONCE(silence->row)))
		nooks_silence_forget(silence);
}

#endif
