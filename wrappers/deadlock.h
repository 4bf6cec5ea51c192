/* SPDX-License-Identifier: GPL-2.0 */
/* Threads that wait for each other. */
#ifndef NOOKS_DEADLOCK_H
#define NOOKS_DEADLOCK_H

#include <linux/jiffies.h>

struct nooks_crossing;
struct task_struct;

/* Who sleeps for what another thread may have, and is able to stop doing so, looks that often whether that one waits for it. */
#define NOOKS_DEADLOCK_LOOK	(HZ / 10)

/*
 * This thread is going to sleep until @holder(@what), if that is not NULL, lets go of it. @holder is called with interrupts
 * off and a lock held, by any thread, until nooks_wait_end(): what it returns is only compared. Any context but NMI.
 */
void nooks_wait_begin(struct nooks_crossing *x, struct task_struct *(*holder)(const void *what), const void *what);
void nooks_wait_end(struct nooks_crossing *x);

/* Does the thread that this one waits for wait for this one, be it by others? Then the domain has failed. Any context but NMI. */
bool nooks_wait_is_endless(struct nooks_crossing *x, const char *fn);

#endif
