/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Files that are hidden: while one is looked up or written again after a restart, its size and its pages are not what users
 * know. The kernel's functions that read and map files look at both without a lock, and ask no driver. So drivers that
 * have them in their tables get others, which call them: these wait while the file is hidden, and whatever was read
 * while it became so is read again.
 */
#ifndef NOOKS_FSHIDE_H
#define NOOKS_FSHIDE_H

struct inode;
struct nooks_driver;
struct nooks_inode;

/*
 * From here on its size, and what it has, are not what users know. Recovery only, which has a reference on the inode. One
 * that is hidden already stays so, through the next recovery, too. Who reads or maps it, and does not know yet, will do so once more; but
 * pages that are about to be mapped around another one are mapped until a grace period of RCU has passed.
 */
void nooks_fshide_begin(struct nooks_driver *driver, struct inode *inode);
/* They are, or calls with it fail for good. Of one that is not hidden nothing happens. Any context. */
void nooks_fshide_end(struct nooks_driver *driver, struct inode *inode);
/* The inode is gone. Any context. */
void nooks_fshide_forget(struct nooks_inode *n);
/* A recovery has come to its end: who waits looks whether that was for nothing. Any context. */
void nooks_fshide_wake(void);

/* What drivers get for a function of the kernel's that they hand on to it, or 0: the function itself. Any context. */
unsigned long nooks_fshide_stand_in(const char *name);

#endif
