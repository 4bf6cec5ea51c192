/* SPDX-License-Identifier: GPL-2.0 */
/* A domain's memory: pages that it may write, with the books kept elsewhere. */
#ifndef NOOKS_HEAP_H
#define NOOKS_HEAP_H

#include <linux/list.h>
#include <linux/mm_types.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>

struct nooks_domain;

#define NOOKS_HEAP_GRAIN	64UL		/* small objects are multiples of it, so aligned */
#define NOOKS_HEAP_CHUNK	65536UL		/* small objects lie in blocks of this size */
#define NOOKS_HEAP_SMALL	16384UL		/* larger ones are blocks of their own */
#define NOOKS_HEAP_ORDERS	11		/* of shared blocks: 0 to 10 */
#define NOOKS_HEAP_PER_CPU	(16UL << 20)	/* bytes that a domain may have for each CPU, by default */

/**
 * struct nooks_heap - a domain's heap
 * @domain: whose
 * @blocks: struct nooks_block of all that is allocated, by page number of its start; its lock
 *	protects the lists below and the blocks' content. Interrupts off, outside the domain's locks
 * @chunks: blocks of small objects; they stay until the heap is reset
 * @shared: shared blocks by order, and by whether the last page is kept; the one that was
 *	allocated longest ago first
 * @dead: freed blocks that CPUs may still hold translations of
 * @reap: frees them, and shared blocks that nobody has wanted for a while
 * @remnants: blocks from before the last reset, no longer in the domain
 * @pages: in use by the heap, for the limit; dead blocks included
 * @limit: in pages
 * @refused: how often that was reached
 * @gone: NULL, or told of shared pages that are about to be given back; process context
 */
struct nooks_heap {
	struct nooks_domain *domain;
	struct xarray blocks;
	struct list_head chunks;
	struct list_head shared[NOOKS_HEAP_ORDERS][2];
	struct list_head dead;
	struct list_head remnants;
	struct delayed_work reap;
	atomic_long_t pages;
	long limit;
	atomic_long_t refused;
	void (*gone)(struct nooks_heap *heap, void *start, unsigned long pages);
};

/* Process context. */
int nooks_heap_create(struct nooks_heap *heap, struct nooks_domain *domain);
void nooks_heap_destroy(struct nooks_heap *heap);
void nooks_heap_reset(struct nooks_heap *heap);
void nooks_heap_settle(struct nooks_heap *heap);

/* Objects: as @gfp allows. */
void *nooks_heap_alloc(struct nooks_heap *heap, size_t size, gfp_t gfp);
void *nooks_heap_alloc_fixed(struct nooks_heap *heap, size_t size, gfp_t gfp);
void *nooks_heap_alloc_vmalloc(struct nooks_heap *heap, size_t size, gfp_t gfp);

/* Any context but NMI. */
size_t nooks_heap_size(struct nooks_heap *heap, const void *p);
bool nooks_heap_free(struct nooks_heap *heap, const void *p);

/* Shared blocks: pages that the kernel may hold references on. */
void *nooks_heap_alloc_shared(struct nooks_heap *heap, unsigned int order, bool keep_last,
			      gfp_t gfp);
bool nooks_heap_get_shared(struct nooks_heap *heap, const void *p);
bool nooks_heap_put_shared(struct nooks_heap *heap, const void *p);
bool nooks_heap_may_count(struct nooks_heap *heap, const void *p, int change);
void nooks_heap_counted(struct nooks_heap *heap, const void *p, int change);
int nooks_heap_shared_references(struct nooks_heap *heap, const void *p);
bool nooks_heap_lend(struct nooks_heap *heap, const void *p, size_t size);

#endif
