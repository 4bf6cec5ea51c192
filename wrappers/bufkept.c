// SPDX-License-Identifier: GPL-2.0
/*
 * Buffers that are put and got again. A driver that looks for a name gets each block of a directory and puts it, and
 * does so several times in one call of the kernel's. So what it puts is *kept*, in the domain: each crossing has a table of such
 * buffers on its domain stack (struct nooks_kept). If the same block is got again, it is taken from there, and no kernel is
 * asked. To the kernel a kept buffer is one that the driver holds: when the crossing ends they are put
 * (nooks_buffers_settle()), and recovery finds them as it finds all that is held.
 *
 * A buffer that was said to be dirty in this crossing is not kept: putting it commits what was stored to it since.
 *
 * What is asked of a buffer here is what the kernel's own cache of them asks, lookup_bh_lru(): a buffer whose device
 * or block has gone has lost its b_bdev.
 *
 * Compiled and placed as inside.c. The stubs lead out of the domain.
 */
#include <linux/buffer_head.h>
#include "../domains/domain.h"
#include "../domains/switch.h"
#include "../nooks/compat.h"
#include "inside.h"

/* A stub has the name that the kernel has for its function. */
#ifdef HAVE_bdev_getblk
#define nooks_stub___getblk_gfp	nooks_stub_bdev_getblk
#endif

struct buffer_head *nooks_stub___bread_gfp(struct block_device *bdev, sector_t block, unsigned int size,
					   gfp_t gfp);
struct buffer_head *nooks_stub___getblk_gfp(struct block_device *bdev, sector_t block, unsigned int size,
					    gfp_t gfp);
struct buffer_head *nooks_stub___find_get_block(struct block_device *bdev, sector_t block,
						unsigned int size);
void nooks_stub___brelse(struct buffer_head *bh);

static __always_inline struct nooks_kept *kept_here(void)
{
	return nooks_kept_of(this_cpu_read(nooks_cpu.crossing));
}

/* A kept buffer of this block, which is not kept any more; NULL: there is none. */
static __always_inline struct buffer_head *take(const struct block_device *bdev, sector_t block,
						unsigned int size)
{
	struct nooks_kept *kept = kept_here();
	unsigned int place = block % NOOKS_MAX_KEPT;
	struct buffer_head *bh = kept->buffers[place];

	if (!(kept->used & BIT(place)) || bh->b_blocknr != block || bh->b_bdev != bdev ||
	    bh->b_size != size)
		return NULL;
	kept->used &= ~BIT(place);
	return bh;
}

/* buffer_uptodate(), which kernels that look for mistakes make a call of. */
static __always_inline bool is_uptodate(const struct buffer_head *bh)
{
	return smp_load_acquire(&bh->b_state) & BIT(BH_Uptodate);
}

static __always_inline void keep(struct nooks_kept *kept, unsigned int place, struct buffer_head *bh)
{
	kept->buffers[place] = bh;
	barrier();
	kept->used |= BIT(place);
}

NOOKS_INSIDE struct buffer_head *nooks_in___bread_gfp(struct block_device *bdev, sector_t block,
						      unsigned int size, gfp_t gfp)
{
	struct buffer_head *bh = take(bdev, block, size);

	if (bh) {
		if (is_uptodate(bh))
			return bh;
		keep(kept_here(), block % NOOKS_MAX_KEPT, bh);
	}
	return nooks_stub___bread_gfp(bdev, block, size, gfp);
}

NOOKS_INSIDE struct buffer_head *nooks_in___getblk_gfp(struct block_device *bdev, sector_t block,
						       unsigned int size, gfp_t gfp)
{
	struct buffer_head *bh = take(bdev, block, size);

	return bh ? bh : nooks_stub___getblk_gfp(bdev, block, size, gfp);
}

NOOKS_INSIDE struct buffer_head *nooks_in___find_get_block(struct block_device *bdev, sector_t block,
							   unsigned int size)
{
	struct buffer_head *bh = take(bdev, block, size);

	return bh ? bh : nooks_stub___find_get_block(bdev, block, size);
}

NOOKS_INSIDE void nooks_in___brelse(struct buffer_head *bh)
{
	struct nooks_kept *kept = kept_here();
	unsigned int place = bh->b_blocknr % NOOKS_MAX_KEPT;
	struct buffer_head *other = kept->used & BIT(place) ? kept->buffers[place] : NULL;

	if (kept->dirtied & BIT(place) || other == bh) {
		nooks_stub___brelse(bh);
		return;
	}
	keep(kept, place, bh);
	if (other)
		nooks_stub___brelse(other);
}
