// SPDX-License-Identifier: GPL-2.0
/* The driver's part of an inode, guarded; fsguard.h tells the idea. */
#include <linux/build_bug.h>
#include <linux/cache.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/page-flags.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include "../nooks/driver.h"
#include "../nooks/imports.h"
#include "fs.h"
#include "fsguard.h"
#include "fspark.h"
#include "generated.h"

/**
 * struct nooks_guarded - of an inode, behind it on its page
 * @driver: whose; tells it from inodes of others
 * @lock: protects what follows; innermost
 * @calls: how many calls are about it
 * @valid: @copy is what the last of them has left
 * @words: of @copy; 0: there is no room for it, nothing is guarded
 * @copy: of what precedes the inode
 *
 * Lives as long as the page. A call that is about the inode holds it.
 */
struct nooks_guarded {
	const struct nooks_driver *driver;
	raw_spinlock_t lock;
	unsigned int calls;
	bool valid;
	unsigned int words;
	u64 copy[];
};

static struct nooks_guarded *behind(const void *inode)
{
	return (void *)inode + ALIGN(sizeof(struct inode), L1_CACHE_BYTES);
}

static u64 *part(const void *inode, const struct nooks_guarded *g)
{
	return (u64 *)inode - g->words;
}

/* Of an inode that a call is about, which may be another's: that of a device's file, say, which is from a slab. */
static struct nooks_guarded *guarded(const struct nooks_driver *driver, const void *inode)
{
	struct nooks_guarded *g = behind(inode);

	if (!inode || offset_in_page(inode) || PageSlab(virt_to_page(inode)))
		return NULL;
	return READ_ONCE(g->driver) == driver && g->words ? g : NULL;
}

void nooks_fsguard_init(struct nooks_driver *driver, void *inode, size_t size)
{
	const size_t head = ALIGN(sizeof(struct inode), L1_CACHE_BYTES) + sizeof(struct nooks_guarded);
	struct nooks_guarded *g = behind(inode);

	BUILD_BUG_ON(ALIGN(sizeof(struct inode), L1_CACHE_BYTES) + sizeof(*g) > PAGE_SIZE);
	g->driver = driver;
	raw_spin_lock_init(&g->lock);
	g->calls = 0;
	g->valid = false;
	g->words = round_down(size, sizeof(u64)) <= PAGE_SIZE - head ? size / sizeof(u64) : 0;
}

void nooks_fsguard_reset(void *inode)
{
	struct nooks_guarded *g = behind(inode);
	unsigned long flags;

	raw_spin_lock_irqsave(&g->lock, flags);
	g->valid = false;
	raw_spin_unlock_irqrestore(&g->lock, flags);
}

void nooks_fsguard_reach(struct nooks_driver *driver, void *inode)
{
	if (READ_ONCE(driver->fs.embeds) && guarded(driver, inode))
		nooks_fsguard_reset(inode);
}

void nooks_fsguard_exit(void *inode)
{
	behind(inode)->driver = NULL;
}

static bool is_link(struct nooks_driver *driver, u64 word)
{
	return !word || nooks_may_write(driver->domain, (void *)word, sizeof(word));
}

/* The first word that has changed and may not, or NULL. */
static u64 *find_changed(struct nooks_driver *driver, const void *inode, const struct nooks_guarded *g)
{
	u64 *now = part(inode, g);
	unsigned int i;

	lockdep_assert_held(&g->lock);
	for (i = 0; i < g->words; i++) {
		u64 word = READ_ONCE(now[i]);

		if (unlikely(word != g->copy[i]) && !(is_link(driver, word) && is_link(driver, g->copy[i])))
			return &now[i];
	}
	return NULL;
}

/* The call is about this one, too. */
static bool take(struct nooks_driver *driver, const struct nooks_stub *stub, const void *inode,
		 struct nooks_guard *guard)
{
	struct nooks_guarded *g = guarded(driver, inode);
	unsigned long flags;
	u64 *changed = NULL;
	unsigned int i;

	for (i = 0; g && i < guard->nr; i++)
		if (guard->pages[i] == inode)
			return true;
	if (!g || WARN_ON_ONCE(guard->nr == NOOKS_GUARD_INODES))
		return true;
	guard->pages[guard->nr++] = inode;
	raw_spin_lock_irqsave(&g->lock, flags);
	if (!g->calls++ && g->valid && READ_ONCE(driver->inode_check))
		changed = find_changed(driver, inode, g);
	raw_spin_unlock_irqrestore(&g->lock, flags);
	if (likely(!changed))
		return true;
	nooks_fail_driver(driver, stub, NOOKS_WILD_WRITE, (unsigned long)changed,
			  "the driver's part of an inode has changed between calls, %zu bytes before the inode",
			  inode - (void *)changed);
	return false;
}

bool nooks_fsguard_take(struct nooks_driver *driver, const struct nooks_stub *stub, const struct nooks_role *role,
			const unsigned long *args, struct nooks_guard *guard)
{
	unsigned int i;
	bool ok = true;

	/* It ends with the object, which may be another inode's then. */
	if (role->hook == nooks_r_free_inode)
		return true;
	for (i = 0; ok && i < role->nr_args && i < 6; i++) {
		const struct inode *inode;

		if (role->args[i].kind != NOOKS_ARG_OBJECT || !args[i])
			continue;
		nooks_fspark_subject(role->args[i].type, args[i], &inode);
		if (inode)
			ok = take(driver, stub, inode, guard);
		else if (role->args[i].type == NOOKS_TYPE_dentry && guard->nr_dentries < NOOKS_GUARD_INODES)
			guard->dentries[guard->nr_dentries++] = (void *)args[i];
	}
	return ok;
}

/* Nobody may change it now. If that is not wanted it is not known any more what it was. */
static void keep(const struct nooks_driver *driver, const void *inode, struct nooks_guarded *g)
{
	lockdep_assert_held(&g->lock);
	g->valid = READ_ONCE(driver->inode_check);
	if (g->valid)
		memcpy(g->copy, part(inode, g), g->words * sizeof(u64));
}

void nooks_fsguard_give(struct nooks_driver *driver, struct nooks_guard *guard)
{
	unsigned int i;

	for (i = 0; i < guard->nr; i++) {
		struct nooks_guarded *g = behind(guard->pages[i]);
		unsigned long flags;

		raw_spin_lock_irqsave(&g->lock, flags);
		if (!--g->calls)
			keep(driver, guard->pages[i], g);
		raw_spin_unlock_irqrestore(&g->lock, flags);
	}
	/* An inode that was made, or found: if it is not new, others may have begun with it. */
	for (i = 0; i < guard->nr_dentries; i++) {
		const void *inode = READ_ONCE(guard->dentries[i]->d_inode);
		struct nooks_guarded *g = guarded(driver, inode);
		unsigned long flags;

		if (!g)
			continue;
		raw_spin_lock_irqsave(&g->lock, flags);
		if (!g->calls && !g->valid)
			keep(driver, inode, g);
		raw_spin_unlock_irqrestore(&g->lock, flags);
	}
}
