/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The driver's part of an inode, guarded. The domain may write to it at any time, but a driver has reason to only in calls that
 * are about that inode. So when the last of them ends the kernel keeps a copy, on the inode's page, which the domain can't write
 * to; when the next one begins, the part must be as it was left. If it is not, something has written to it wildly: the
 * driver has failed, before it does with it what can't be undone, as writing to a place on the disk that it finds there.
 *
 * Links of lists may change meanwhile, for these are changed when a neighbour comes or goes: words that are, and were, NULL or an
 * address that the domain may write to.
 */
#ifndef NOOKS_FSGUARD_H
#define NOOKS_FSGUARD_H

#include "../nooks/driver.h"

struct dentry;
struct nooks_role;
struct nooks_stub;

#define NOOKS_GUARD_INODES	4	/* rename() has no more */

/**
 * struct nooks_guard - what a call is about: on its stack
 * @nr: how many of @pages
 * @nr_dentries: how many of @dentries
 * @pages: inodes whose driver's part is guarded, each once
 * @dentries: that have no inode yet, and may get one
 */
struct nooks_guard {
	unsigned int nr;
	unsigned int nr_dentries;
	const void *pages[NOOKS_GUARD_INODES];
	const struct dentry *dentries[NOOKS_GUARD_INODES];
};

/* An object that embeds an inode is made, or used anew: nothing is known of its part, which has @size bytes. Any context. */
void nooks_fsguard_init(struct nooks_driver *driver, void *inode, size_t size);
void nooks_fsguard_reset(void *inode);
/* A call that is not about an inode has got at it otherwise: it may change its part. Any context. */
void nooks_fsguard_reach(struct nooks_driver *driver, void *inode);
/* Its memory goes. Any context. */
void nooks_fsguard_exit(void *inode);

/* These two for nooks_fsguard_begin() and nooks_fsguard_end() */
bool nooks_fsguard_take(struct nooks_driver *driver, const struct nooks_stub *stub, const struct nooks_role *role,
			const unsigned long *args, struct nooks_guard *guard);
void nooks_fsguard_give(struct nooks_driver *driver, struct nooks_guard *guard);

/*
 * A call of @stub's function with these arguments begins, inside a crossing. Any context but NMI. Return: false: the driver
 * has failed, and must not be called; then, too, nooks_fsguard_end() has to follow.
 */
static inline bool nooks_fsguard_begin(struct nooks_driver *driver, const struct nooks_stub *stub,
				       const struct nooks_role *role, const unsigned long *args,
				       struct nooks_guard *guard)
{
	guard->nr = 0;
	guard->nr_dentries = 0;
	return !READ_ONCE(driver->fs.embeds) || nooks_fsguard_take(driver, stub, role, args, guard);
}

/* It has ended, however. Inside of the same crossing; any context but NMI. */
static inline void nooks_fsguard_end(struct nooks_driver *driver, struct nooks_guard *guard)
{
	if (guard->nr || guard->nr_dentries)
		nooks_fsguard_give(driver, guard);
}

#endif
