/* SPDX-License-Identifier: GPL-2.0 */
/* File systems: what the files of this family need of each other. fs.c tells the whole. */
#ifndef NOOKS_FS_H
#define NOOKS_FS_H

#include <linux/atomic.h>
#include <linux/fs.h>
#include <linux/mutex.h>
#include "../nooks/driver.h"

struct nooks_crossing;
struct nooks_undo;

/** enum nooks_inode_state - of an inode that lies in a driver's object */
enum nooks_inode_state {
	NOOKS_INODE_MAKING,	/* its constructor runs */
	NOOKS_INODE_FRESH,	/* allocated, not yet the VFS's: the driver may free it */
	NOOKS_INODE_LIVE,	/* the VFS's */
	NOOKS_INODE_DYING,	/* given back to the driver, to be freed */
	NOOKS_INODE_PARKED,	/* the VFS's; the driver that made it has failed */
	NOOKS_INODE_ADOPTED,	/* the restarted one is making it its own */
	NOOKS_INODE_UNWRITTEN,	/* ditto, a file whose data are to be written again */
	NOOKS_INODE_SPOILED,	/* the VFS's; it has not been made the restarted one's */
};

/**
 * struct nooks_inode - an inode of a driver's: slab.c
 * @object: in the driver's table; start is the inode, which only the kernel can write
 * @cache: that its object is from
 * @slot: number of the object's place in its chunk; data[0] of @object is the chunk
 * @state: enum nooks_inode_state
 * @refs: references on the inode that the driver holds, and has to put or to pass on
 * @tries: how often the driver has failed while it was adopted
 * @own: the driver, as it runs now, has made its part of the object
 * @size: of one that is spoiled: what the driver has for it
 * @shorter: the file got shorter, and its driver has not been told to write that
 * @hidden: its size and contents are not what users know: fshide.c
 * @hiding: which of all hidings was its last one
 * @placed: where the driver writes it to stays: held by who writes it, and by calls that change its name: fsnames.c. Outside of
 *	the driver's locks, inside of those of the VFS
 * @placer: who holds @placed to change its name
 */
struct nooks_inode {
	struct nooks_object object;
	struct nooks_cache *cache;
	unsigned int slot;
	int state;
	atomic_t refs;
	unsigned int tries;
	loff_t size;
	bool own;
	bool shorter;
	bool hidden;
	long hiding;
	struct mutex placed;
	struct task_struct *placer;
};

/*
 * The inode at an address, with a reference on the entry that nooks_object_free() gives back; NULL: no
 * inode of the driver's. Any context but NMI.
 */
struct nooks_inode *nooks_inode_get(struct nooks_driver *driver, const void *inode);
static inline void nooks_inode_put(struct nooks_inode *n)
{
	if (n)
		nooks_object_free(&n->object);
}

/*
 * Have the driver write an inode to where it is now, as a part of what @undo has, or NULL. It stays dirty. @x: storage. May sleep.
 * Return: enum nooks_call_status; DONE if it has no function for that.
 */
int nooks_inode_write(struct nooks_crossing *x, struct nooks_driver *driver, struct inode *inode,
		      struct nooks_undo *undo);

/* Tell @fn of the driver's own part of each of its inodes that is in use, with a lock held. Any context but NMI. */
void nooks_inodes_each_part(struct nooks_driver *driver,
			    void (*fn)(void *data, unsigned long start, size_t size), void *data);
/* The driver has not come to write it. Shall it be written when it has started again? Any context but NMI. */
bool nooks_inode_stays_dirty(struct nooks_driver *driver, const struct inode *inode);

/* The driver has got a reference on an inode of its own; NULL is good. Any context but NMI. */
void nooks_inode_ref(struct nooks_driver *driver, const struct inode *inode);
/* It passes one on, or puts it. False: it has none. */
bool nooks_inode_unref(struct nooks_driver *driver, const struct inode *inode);
/* Put what a driver still holds on inodes of a file system, which makes no new ones. May sleep. Return: how many references these were. */
unsigned int nooks_inodes_drop(struct nooks_driver *driver, struct super_block *sb);
/* Does it hold any? Any context but NMI. */
bool nooks_inodes_held(struct nooks_driver *driver, const struct super_block *sb);
/* enum nooks_inode_state; LIVE of one that is no driver's. Any context but NMI. */
int nooks_inode_state(struct nooks_driver *driver, const struct inode *inode);
/* Return: false: it was not in the state @from. Ditto. */
bool nooks_inode_move(struct nooks_driver *driver, const struct inode *inode, int from, int to);
/* Are all of them the driver's own, none parked or spoiled? Ditto. */
bool nooks_inodes_live(struct nooks_driver *driver);
/* Does the driver, as it runs now, know this inode of its? Ditto. */
bool nooks_inode_own(struct nooks_driver *driver, const struct inode *inode);
/* Has the driver failed too often while it adopted this one? Ditto. */
bool nooks_inode_hopeless(struct nooks_driver *driver, const struct inode *inode);
/* Calls with it fail from now on, but those by which it goes. Ditto. */
void nooks_inode_spoil(struct nooks_driver *driver, const struct inode *inode);
/* It goes: the driver finds it as it was. Ditto. */
void nooks_inode_leaves(struct nooks_driver *driver, struct inode *inode);
/* The driver has failed and starts anew: the inodes that the VFS has stay, what is the driver's of them goes. May sleep. */
void nooks_inodes_park(struct nooks_driver *driver);
/* The VFS has done with an inode that the driver can't free. Any context but NMI. */
void nooks_inode_abandon(struct nooks_driver *driver, const struct inode *inode);

/* The same of dentries: dentry.c */
bool nooks_dentry_ref(struct nooks_driver *driver, const struct dentry *dentry);
bool nooks_dentry_unref(struct nooks_driver *driver, const struct dentry *dentry);
/* At most @most of them. */
unsigned int nooks_dentries_drop(struct nooks_driver *driver, const struct super_block *sb, unsigned int most);
/* The dentry of a file that a call lends, if @addr lies in it; or NULL. Any context. */
const struct dentry *nooks_dentry_of_file(const struct nooks_crossing *x, unsigned long addr);
/* What a function returns to the kernel: NULL, an error, or a dentry whose reference is passed on. */
unsigned long nooks_dentry_returned(struct nooks_stub *stub, unsigned long value,
				    unsigned long fail);

/* Its file systems stay registered through its restart: fs.c. May sleep. */
void nooks_types_park(struct nooks_driver *driver);
/* Do they, and what belongs to them? For nooks_object_class.stays. */
static inline bool nooks_fs_stays(const struct nooks_object *object)
{
	return object->driver->restarting && object->driver->fs.parked;
}

/* After the driver's put_super(), or in its place if it has none. */
void nooks_fs_put_super(struct super_block *sb);

/* Whose a type is that the kernel has, and the stub of its init_fs_context(), if that is how it is mounted. Any context. */
struct nooks_driver *nooks_fs_driver(const struct file_system_type *type, struct nooks_stub **init);
/* Its driver, and it stays whose it is until the release, registered or not; NULL: it is nobody's. May sleep. */
struct nooks_driver *nooks_fs_hold(const struct file_system_type *type);
void nooks_fs_release(const struct file_system_type *type);

/* File systems of a driver that are mounted: fs.c. Any context. */
unsigned int nooks_fs_mounted(struct nooks_driver *driver);

#endif
