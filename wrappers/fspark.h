/* SPDX-License-Identifier: GPL-2.0 */
/*
 * File systems that stay mounted while their driver restarts. The VFS, mounts, working directories and open files hold
 * super blocks, dentries and inodes: these stay, parked, and what is not in use of them goes. Nobody gets into the
 * driver with one that is parked.
 *
 * When the restarted driver has run its init, it fills the super block again, from the disk, and the inodes that are
 * in use are looked up by their names. The driver gets its own objects where they were, around the inodes
 * that the kernel holds, but what was in its part of them is gone: it makes it anew. An inode that does
 * not come back is spoiled: calls with it fail for good.
 */
#ifndef NOOKS_FSPARK_H
#define NOOKS_FSPARK_H

#include <linux/types.h>

struct block_device;
struct dentry;
struct inode;
struct nooks_crossing;
struct nooks_driver;
struct nooks_role;
struct nooks_stub;
struct super_block;

/*
 * A driver is about to fill a super block for the first time, by the function behind @stub, with these options of
 * mount(), NULL or a string; @context: by a context, options are those of nooks_fscontext_options(). May sleep. Return:
 * 0 or -ENOMEM.
 */
int nooks_fspark_add(struct nooks_driver *driver, struct super_block *sb, struct nooks_stub *stub,
		     const char *options, bool context);
/* It is filled, or this has failed. */
void nooks_fspark_filled(struct super_block *sb);
/* It is unmounted: nothing of it is held any more. May sleep; s_umount is held. */
void nooks_fspark_close(struct super_block *sb);
/*
 * Put for the driver what it holds on dentries, before the VFS looks for those that are in use; and on inodes, when it has been told that
 * it goes: from then on calls with it are refused, if there are any. May sleep.
 */
void nooks_fspark_put_dentries(struct super_block *sb);
void nooks_fspark_put_inodes(struct super_block *sb);
/* It has gone. Return: how many references the driver had not put. */
unsigned int nooks_fspark_remove(struct super_block *sb);

/*
 * The driver has failed: what is mounted of it does not go until the recovery that begins has ended, so that nothing is
 * lost that it would have written. Any context but NMI. Recovery gives it back when it is done with it, or by
 * nooks_fspark_release(): @again: it begins once more, and only those who sync go on, with an error. The latter may sleep,
 * and wants the driver's lock.
 */
void nooks_fspark_hold(struct nooks_driver *driver);
void nooks_fspark_release(struct nooks_driver *driver, bool again);

/*
 * The driver is going to be restarted, and no thread is inside. May sleep, wants no s_umount. Return: false: one of
 * its file systems can't be parked, or is being unmounted. Those that are parked stay locked: who syncs them
 * waits until they are back, or nooks_fspark_release() is called.
 */
bool nooks_fspark_park(struct nooks_driver *driver);
/*
 * It has run its init: bring back what is parked. In the context of recovery. What the driver does not give back is
 * spoiled; if it fails, the rest stays parked.
 */
void nooks_fspark_restore(struct nooks_driver *driver);

/* Whose a super block is that can't go now; NULL: nobody's. Any context. */
struct nooks_driver *nooks_fspark_driver(const struct super_block *sb);

/* The driver wants a new inode, or makes one the root: NULL: nothing is being restored by that. May sleep. */
struct inode *nooks_fspark_new_inode(struct nooks_crossing *x, struct super_block *sb);
void nooks_fspark_made(struct super_block *sb, const struct inode *inode);
struct dentry *nooks_fspark_root(struct super_block *sb, const struct inode *inode);

/* The driver's umask: the thread's, or of who has mounted what the driver fills again. Any context. */
int nooks_fspark_umask(struct nooks_driver *driver);
/* A block of the device could not be read. Any context but NMI. */
void nooks_fspark_disk_failed(struct nooks_driver *driver, const struct block_device *bdev);
/*
 * The driver is about to make a file system read-only. Return: true: nobody has asked for that, and nothing was wrong with the disk: that is
 * taken for a failure of the driver's, once for each mount (nooks_driver.readonly_failure). Any context but NMI.
 */
bool nooks_fspark_is_damaged(struct nooks_driver *driver, struct super_block *sb);

/*
 * The super block that an argument of this type (NOOKS_TYPE_) of a call is about, or NULL; and its inode, or NULL. As long as
 * the call lasts. Any context.
 */
const struct super_block *nooks_fspark_subject(unsigned int type, unsigned long value,
					       const struct inode **inode);

/* May the driver not be called with these arguments? Any context but NMI, inside a crossing. */
bool nooks_fspark_refuses(struct nooks_driver *driver, const struct nooks_role *role,
			  const unsigned long *args);

#endif
