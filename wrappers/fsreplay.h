/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What users have written to a file, and its driver had not, when it failed: kept, and written again by the restarted
 * driver. Pages of files are the kernel's, which no domain can write to: unlike all that the driver has, they
 * can be trusted.
 */
#ifndef NOOKS_FSREPLAY_H
#define NOOKS_FSREPLAY_H

#include <linux/list.h>
#include <linux/time64.h>
#include <linux/xarray.h>

struct dentry;
struct inode;

/**
 * struct nooks_replay - what is to be written again to a file
 * @list: in that of its mount
 * @inode: the file, with a reference
 * @dentry: its name, ditto
 * @size: that users have given to it
 * @disk_size: that the restarted driver has found, which has made the inode its own
 * @mtime: when
 * @pages: copies of pages; page_private() says which of their sectors are valid
 * @lost: not all of it could be kept
 * @begun: it is being written, or was when the driver failed once more: the page cache says nothing of it any more
 */
struct nooks_replay {
	struct list_head list;
	struct inode *inode;
	struct dentry *dentry;
	loff_t size;
	loff_t disk_size;
	struct timespec64 mtime;
	struct xarray pages;
	bool lost;
	bool begun;
};

/* Does a file have what its driver should write? Any context. */
bool nooks_replay_needed(const struct inode *inode);
/* A note of a file; NULL without memory. May sleep, as all of these. */
struct nooks_replay *nooks_replay_new(struct inode *inode);
/* Keep what is dirty of its pages, which are clean then. Nobody gets into the driver with the inode. */
void nooks_replay_keep(struct nooks_replay *r);
/*
 * The restarted driver has made the inode its own, with the size that it has on the disk, which is noted: write what was
 * kept. Only the caller gets into the driver with it, and holds its lock and that of its pages. Return: 0, or an error: its contents can't be right any more.
 */
int nooks_replay_write(struct nooks_replay *r);
/* Keep what is behind the end that the disk knows of: clean pages, which nobody can read again. */
void nooks_replay_keep_behind(struct nooks_replay *r);
void nooks_replay_free(struct nooks_replay *r);

#endif
