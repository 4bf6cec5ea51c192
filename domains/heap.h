/* SPDX-License-Identifier: GPL-2.0 */
/* A domain's memory: pages of the direct map that it may write, with the books kept elsewhere. */
#ifndef NOOKS_HEAP_H
#define NOOKS_HEAP_H

#include <linux/genalloc.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>

struct nooks_domain;

/**
 * struct nooks_heap - a domain's heap
 * @domain: whose
 * @pool: small objects, in chunks of NOOKS_HEAP_CHUNK bytes that stay until the heap is reset
 * @blocks: by address / NOOKS_HEAP_GRAIN: struct nooks_block of each live object; its lock is
 *	taken with interrupts off
 * @chunks: the chunks; under @blocks' lock
 * @dead: freed pages that CPUs may still hold translations of; ditto
 * @reap: frees them
 * @pages: in use by the heap, for the limit
 * @limit: in pages
 */
struct nooks_heap {
	struct nooks_domain *domain;
	struct gen_pool *pool;
	struct xarray blocks;
	struct list_head chunks;
	struct list_head dead;
	struct work_struct reap;
	atomic_long_t pages;
	long limit;
};

int nooks_heap_create(struct nooks_heap *heap, struct nooks_domain *domain);
void nooks_heap_destroy(struct nooks_heap *heap);
void *nooks_heap_alloc(struct nooks_heap *heap, size_t size, gfp_t gfp);
/* Pages of a compound of @order, writable in the domain but for the last @keep bytes' pages. */
void *nooks_heap_alloc_pages(struct nooks_heap *heap, unsigned int order, gfp_t gfp);
void *nooks_heap_alloc_vmalloc(struct nooks_heap *heap, size_t size, gfp_t gfp);
/* Size of the object that starts at @p; 0 if there is none. */
size_t nooks_heap_size(struct nooks_heap *heap, const void *p);
/* Free the object that starts at @p; false if there is none. Any context but NMI. */
bool nooks_heap_free(struct nooks_heap *heap, const void *p);
/* Free everything; the domain is closed and idle. May sleep. */
void nooks_heap_reset(struct nooks_heap *heap);

#endif
