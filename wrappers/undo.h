/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Calls that are all or nothing: what they have committed to buffers is undone if they do not come to their end. A rename, say,
 * changes two directory entries; a driver that fails between them would leave both names, or none.
 */
#ifndef NOOKS_UNDO_H
#define NOOKS_UNDO_H

#include <linux/types.h>

struct buffer_head;
struct nooks_change;
struct nooks_crossing;
struct nooks_driver;

/**
 * struct nooks_undo - what calls have committed that belong together
 * @last: the last change, which leads to the older ones
 * @lost: there was no memory for one, or there were too many: none is undone
 * @undone: recovery has undone them
 * @shown: what they have made can be seen and used by others: it stays
 *
 * On the stack of the hook that makes the calls, nooks_crossing.undo of each, zeroed at first; the hook ends it by
 * nooks_undo_keep() or nooks_undo_leave(). Of its thread, but for @undone, and changes as long as recovery has not: these are
 * under a lock of undo.c.
 */
struct nooks_undo {
	struct nooks_change *last;
	bool lost;
	bool undone;
	bool shown;
};

/*
 * A call is about to change the data of a buffer from @before to @after, b_size bytes each, aligned to words. Any context but
 * NMI, with the lock of buffers held.
 */
void nooks_undo_note(struct nooks_crossing *x, struct buffer_head *bh, const void *before, const void *after);
/* What the calls have changed stays. Any context but NMI. Return: false: recovery has undone it. */
bool nooks_undo_keep(struct nooks_undo *undo);
/* They have not come to their end: recovery will undo it. Ditto. */
void nooks_undo_leave(struct nooks_undo *undo);
/* Recovery, no thread is in the driver: undo all that was not kept. May sleep. */
void nooks_undo_all(struct nooks_driver *driver);

#endif
