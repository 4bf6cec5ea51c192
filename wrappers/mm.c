// SPDX-License-Identifier: GPL-2.0
/*
 * Memory: all that a driver allocates comes from its domain's heap, and only that can it free.
 *
 * Receive buffers (__netdev_alloc_frag_align) end in the skb_shared_info of the packet that the
 * kernel will build around them, which it trusts. So a buffer is laid out in a compound page such
 * that this part begins on the last page, which the domain can't write:
 *
 *	| ... data of the buffer | skb_shared_info ... |
 *	  writable in the domain ^ page boundary; read-only from here
 *
 * The packet's end puts the page, in the kernel and unseen; domains/heap.c tells how the page is
 * found and used again.
 */
#include <linux/cpumask.h>
#include <linux/gfp.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/printk.h>
#include <linux/sizes.h>
#include <linux/skbuff.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>
#include "../nooks/compat.h"
#include "../nooks/driver.h"
#include "args.h"
#include "devres.h"
#include "generated.h"
#include "mm.h"
#include "pagepool.h"

#define SHARED_INFO_SIZE	SKB_DATA_ALIGN(sizeof(struct skb_shared_info))
#define FRAG_MAX		(8 * PAGE_SIZE)
#define STRING_MAX		4096
#define FRAG_REFILL_ORDER	get_order(SZ_32K)

static unsigned long allocate(struct nooks_crossing *x, size_t size, gfp_t gfp, const char *fn)
{
	if (!nooks_arg_gfp(x, gfp, fn))
		return 0;
	if (!size)
		return (unsigned long)ZERO_SIZE_PTR;
	return (unsigned long)nooks_heap_alloc(&nooks_driver_of(x)->heap, size, gfp);
}

static unsigned long allocate_vmalloc(struct nooks_crossing *x, size_t size, gfp_t gfp,
				      const char *fn)
{
	if (!nooks_may_sleep(x, fn))
		return 0;
	return (unsigned long)nooks_heap_alloc_vmalloc(&nooks_driver_of(x)->heap, size, gfp);
}

/* Free an object of the heap, and what the tracker knows to lie in it. Return: false: it is none. */
static bool free_object(struct nooks_driver *driver, const void *p, bool vmalloc)
{
	size_t size = is_vmalloc_addr(p) == vmalloc ? nooks_heap_size(&driver->heap, p) : 0;

	if (size)
		nooks_objects_forget(driver, p, size);
	return size && nooks_heap_free(&driver->heap, p);
}

static void release(struct nooks_crossing *x, const void *p, bool vmalloc, const char *fn)
{
	if (!ZERO_OR_NULL_PTR(p) && !free_object(nooks_driver_of(x), p, vmalloc))
		nooks_fail(x, NOOKS_BAD_ARGUMENT, (unsigned long)p,
			   "%s: not an allocation of this domain, or freed already", fn);
}

/* void *__kmalloc(size_t size, gfp_t flags) */
NOOKS_WRAPPER(__kmalloc)
{
	return allocate(x, a0, (__force gfp_t)a1, "__kmalloc");
}

/* void *kmalloc_trace(struct kmem_cache *s, gfp_t flags, size_t size) */
NOOKS_WRAPPER(kmalloc_trace)
{
	return allocate(x, a2, (__force gfp_t)a1, "kmalloc_trace");
}

/* void *kmalloc_large(size_t size, gfp_t flags) */
NOOKS_WRAPPER(kmalloc_large)
{
	return allocate(x, a0, (__force gfp_t)a1, "kmalloc_large");
}

/* void *kmemdup(const void *src, size_t len, gfp_t gfp) */
NOOKS_WRAPPER(kmemdup)
{
	void *p;

	if (!nooks_arg_readable(x, (void *)a0, a1, false, "kmemdup", "src"))
		return 0;
	p = (void *)allocate(x, a1, (__force gfp_t)a2, "kmemdup");
	if (!ZERO_OR_NULL_PTR(p))
		memcpy(p, (void *)a0, a1);
	return (unsigned long)p;
}

/* bool alloc_cpumask_var_node(cpumask_var_t *mask, gfp_t flags, int node) */
NOOKS_WRAPPER(alloc_cpumask_var_node)
{
	static const char fn[] = "alloc_cpumask_var_node";
	unsigned long p;

	if (!nooks_arg_writable(x, (void *)a0, sizeof(void *), false, fn, "mask"))
		return 0;
	p = allocate(x, cpumask_size(), (__force gfp_t)a1, fn);
	*(unsigned long *)a0 = p;
	return !!p;
}

/* void free_cpumask_var(cpumask_var_t mask) */
NOOKS_WRAPPER(free_cpumask_var)
{
	release(x, (void *)a0, false, "free_cpumask_var");
	return 0;
}

/* void kfree(const void *p) */
NOOKS_WRAPPER(kfree)
{
	release(x, (void *)a0, false, "kfree");
	return 0;
}

static void undo_kmalloc(struct nooks_driver *driver, void *p)
{
	free_object(driver, p, false);
}

/* void *devm_kmalloc(struct device *dev, size_t size, gfp_t gfp) */
NOOKS_WRAPPER(devm_kmalloc)
{
	static const char fn[] = "devm_kmalloc";
	struct nooks_driver *driver = nooks_driver_of(x);
	void *p;

	if (!nooks_may_sleep(x, fn) ||
	    !nooks_arg_object(x, (void *)a0, NOOKS_TYPE_device, false, fn, "dev"))
		return 0;
	p = (void *)allocate(x, a1, (__force gfp_t)a2, fn);
	if (ZERO_OR_NULL_PTR(p) || nooks_devres_add(driver, (struct device *)a0, undo_kmalloc, p))
		return (unsigned long)p;
	free_object(driver, p, false);
	return 0;
}

/* void devm_kfree(struct device *dev, const void *p) */
NOOKS_WRAPPER(devm_kfree)
{
	struct nooks_driver *driver = nooks_driver_of(x);

	if (ZERO_OR_NULL_PTR((void *)a1))
		return 0;
	if (nooks_devres_forget(driver, (struct device *)a0, undo_kmalloc, (void *)a1))
		free_object(driver, (void *)a1, false);
	else
		nooks_fail(x, NOOKS_BAD_ARGUMENT, a1, "devm_kfree: not allocated for this device");
	return 0;
}

/* void *__kmalloc_node(size_t size, [bucket,] gfp_t flags, int node): on whatever node */
NOOKS_WRAPPER(__kmalloc_node)
{
	unsigned long flags = NOOKS_KMALLOC_NODE_FLAGS == 1 ? a1 : a2;

	return allocate(x, a0, (__force gfp_t)flags, "__kmalloc_node");
}

/* void *kvmalloc_node(size_t size, [bucket,] gfp_t flags, int node): ditto */
NOOKS_WRAPPER(kvmalloc_node)
{
	gfp_t gfp = (__force gfp_t)(NOOKS_KMALLOC_NODE_FLAGS == 1 ? a1 : a2);

	if (a0 > PAGE_SIZE << PAGE_ALLOC_COSTLY_ORDER)
		return allocate_vmalloc(x, a0, gfp, "kvmalloc_node");
	return allocate(x, a0, gfp, "kvmalloc_node");
}

/* void kvfree(const void *addr) */
NOOKS_WRAPPER(kvfree)
{
	release(x, (void *)a0, is_vmalloc_addr((void *)a0), "kvfree");
	return 0;
}

/* char *kstrdup(const char *s, gfp_t gfp) */
NOOKS_WRAPPER(kstrdup)
{
	const char *s = (const char *)a0;
	size_t size;
	char *copy;

	if (!nooks_arg_string(x, s, STRING_MAX, true, "kstrdup", "s") || !s)
		return 0;
	size = strnlen(s, STRING_MAX - 1) + 1;
	copy = (char *)allocate(x, size, (__force gfp_t)a1, "kstrdup");
	if (copy)		/* the driver may be changing the string */
		strscpy(copy, s, size);
	return (unsigned long)copy;
}

/* void *vzalloc(unsigned long size) */
NOOKS_WRAPPER(vzalloc)
{
	return allocate_vmalloc(x, a0, GFP_KERNEL | __GFP_ZERO, "vzalloc");
}

/* void *vmalloc(unsigned long size) */
NOOKS_WRAPPER(vmalloc)
{
	return allocate_vmalloc(x, a0, GFP_KERNEL, "vmalloc");
}

/* void vfree(const void *addr) */
NOOKS_WRAPPER(vfree)
{
	release(x, (void *)a0, true, "vfree");
	return 0;
}

/*
 * A page's struct, whose reference count the driver changes inline. It stays known while the page
 * is the heap's, in use or not.
 */
static const struct nooks_object_class page_class = {
	.name = "page",
	.phase = NOOKS_PHASE_MEMORY,
	.size = sizeof(struct nooks_object),
	.forget = true,
};

static void forget_pages(struct nooks_heap *heap, void *start, unsigned long pages)
{
	struct nooks_driver *driver = container_of(heap, struct nooks_driver, heap);

	nooks_page_pools_forget(driver, virt_to_page(start));
	nooks_objects_forget(driver, virt_to_page(start), pages * sizeof(struct page));
}

/** nooks_pages_alloc - pages for a driver; see mm.h */
struct page *nooks_pages_alloc(struct nooks_driver *driver, gfp_t gfp, unsigned int order)
{
	struct page *page;
	void *p;

	WRITE_ONCE(driver->heap.gone, forget_pages);
	p = nooks_heap_alloc_shared(&driver->heap, order, false, gfp);
	if (!p)
		return NULL;
	page = virt_to_page(p);
	if (!nooks_object_find(driver, &page_class, page) &&
	    !nooks_object_add(driver, &page_class, page, sizeof(*page) << order, NOOKS_TYPE_page,
			      gfp & ~(GFP_ZONEMASK | __GFP_ZERO))) {
		nooks_heap_put_shared(&driver->heap, p);
		return NULL;
	}
	return page;
}

/* get_page() and put_page() of a page that the domain may write. */
const char *nooks_field_page_count(struct nooks_crossing *x, unsigned long addr, u64 old, u64 new, bool done)
{
	const void *p = page_address(container_of((atomic_t *)addr, struct page, _refcount));
	struct nooks_heap *heap = &nooks_driver_of(x)->heap;
	int change = (u32)new - (u32)old;

	if (done)
		nooks_heap_counted(heap, p, change);
	else if (change && !nooks_heap_may_count(heap, p, change))
		return "more references than the driver has, or too many";
	return NULL;
}

/* struct page *alloc_pages(gfp_t gfp, unsigned int order) */
NOOKS_WRAPPER(alloc_pages)
{
	gfp_t gfp = (__force gfp_t)a0;

	if (!nooks_arg_gfp(x, gfp, "alloc_pages"))
		return 0;
	return (unsigned long)nooks_pages_alloc(nooks_driver_of(x), gfp, a1);
}

/** nooks_pages_put - put a reference on a driver's pages; see mm.h */
bool nooks_pages_put(struct nooks_driver *driver, const struct page *page)
{
	return nooks_object_find(driver, &page_class, page) &&
	       nooks_heap_put_shared(&driver->heap, page_address(page));
}

/* Ditto; else the domain fails. */
static bool put_pages(struct nooks_crossing *x, const struct page *page, const char *fn)
{
	if (nooks_pages_put(nooks_driver_of(x), page))
		return true;
	nooks_fail(x, NOOKS_BAD_ARGUMENT, (unsigned long)page,
		   "%s: no page that this domain has allocated, or put too often", fn);
	return false;
}

/* void __free_pages(struct page *page, unsigned int order): what was allocated goes in one piece */
NOOKS_WRAPPER(__free_pages)
{
	put_pages(x, (struct page *)a0, "__free_pages");
	return 0;
}

/*
 * bool skb_page_frag_refill(unsigned int sz, struct page_frag *pfrag, gfp_t gfp): as the kernel's,
 * with pages of the heap
 */
NOOKS_WRAPPER(skb_page_frag_refill)
{
	static const char fn[] = "skb_page_frag_refill";
	struct nooks_driver *driver = nooks_driver_of(x);
	gfp_t gfp = (__force gfp_t)a2, high = gfp & ~__GFP_DIRECT_RECLAIM;
	struct page_frag *theirs = (struct page_frag *)a1, frag;
	unsigned int size = a0;

	if (!nooks_arg_gfp(x, gfp, fn) ||
	    !nooks_arg_writable(x, theirs, sizeof(*theirs), false, fn, "pfrag"))
		return false;
	frag = *theirs;
	if (frag.page) {
		if (nooks_object_find(driver, &page_class, frag.page) &&
		    nooks_heap_shared_references(&driver->heap, page_address(frag.page)) == 1)
			frag.offset = 0;
		theirs->offset = frag.offset;
		if (size <= frag.size && frag.offset <= frag.size - size)
			return true;
		if (!put_pages(x, frag.page, fn))
			return false;
	}
	frag.offset = 0;
	frag.size = PAGE_SIZE << FRAG_REFILL_ORDER;
	frag.page = nooks_pages_alloc(driver, high | __GFP_NOWARN | __GFP_NORETRY, FRAG_REFILL_ORDER);
	if (!frag.page) {
		frag.size = PAGE_SIZE;
		frag.page = nooks_pages_alloc(driver, gfp, 0);
	}
	*theirs = frag;
	return frag.page != NULL;
}

/*
 * void __folio_put(struct folio *folio): the last reference was put. Of the pages that a domain
 * may put that is one of the heap's own.
 */
NOOKS_WRAPPER(__folio_put)
{
	nooks_fail(x, NOOKS_BAD_ARGUMENT, a0, "__folio_put: page put too often");
	return 0;
}

static void *allocate_frag(struct nooks_heap *heap, unsigned int size)
{
	unsigned int data, order;
	void *p;

	if (!size || size > FRAG_MAX)
		return NULL;
	size = SKB_DATA_ALIGN(size);
	if (size <= SHARED_INFO_SIZE)	/* no packet can be built around this */
		return nooks_heap_alloc_shared(heap, 0, false, GFP_ATOMIC);

	data = size - SHARED_INFO_SIZE;
	order = order_base_2(DIV_ROUND_UP(data, PAGE_SIZE) + 1);
	p = nooks_heap_alloc_shared(heap, order, true, GFP_ATOMIC | __GFP_NOWARN);
	return p ? p + (PAGE_SIZE << order) - PAGE_SIZE - data : NULL;
}

/* void *__netdev_alloc_frag_align(unsigned int fragsz, unsigned int align_mask) */
NOOKS_WRAPPER(__netdev_alloc_frag_align)
{
	struct nooks_heap *heap = &nooks_driver_of(x)->heap;
	unsigned long misaligned = ~(unsigned long)(int)a1;
	unsigned long p = (unsigned long)allocate_frag(heap, a0);

	if (p & misaligned) {
		pr_warn_once("nooks: receive buffers aligned to %u are not supported\n",
			     -(unsigned int)a1);
		nooks_heap_put_shared(heap, (void *)p);
		return 0;
	}
	return p;
}

/* void *__napi_alloc_frag_align(unsigned int fragsz, unsigned int align_mask) */
NOOKS_WRAPPER(__napi_alloc_frag_align)
{
	return nooks_w___netdev_alloc_frag_align(a0, a1, 0, 0, 0, 0, x);
}

/* void page_frag_free(void *addr) */
NOOKS_WRAPPER(page_frag_free)
{
	if (!nooks_heap_put_shared(&nooks_driver_of(x)->heap, (void *)a0))
		nooks_fail(x, NOOKS_BAD_ARGUMENT, a0,
			   "page_frag_free: not a buffer that this domain holds");
	return 0;
}

/*
 * A receive buffer whose end, too, the driver can write: pages that hold several buffers are like that.
 * What is in it moves to one of ours.
 */
static void *copy_frag(struct nooks_driver *driver, const void *data, unsigned int size)
{
	void *p;

	if (!nooks_may_write(driver->domain, data, size))
		return ERR_PTR(-EINVAL);
	p = allocate_frag(&driver->heap, size);
	if (!p)
		return ERR_PTR(-ENOMEM);
	memcpy(p, data, size - SHARED_INFO_SIZE);
	if (!nooks_heap_put_shared(&driver->heap, data)) {
		nooks_heap_put_shared(&driver->heap, p);
		return ERR_PTR(-EINVAL);
	}
	return p;
}

void *nooks_frag_lend(struct nooks_driver *driver, void *data, unsigned int frag_size)
{
	const void *info = data + frag_size - SHARED_INFO_SIZE;

	if (frag_size <= SHARED_INFO_SIZE || frag_size > FRAG_MAX)
		return ERR_PTR(-EINVAL);
	if (!PAGE_ALIGNED(info) || nooks_may_write(driver->domain, info, 1)) {
		data = copy_frag(driver, data, frag_size);
		if (IS_ERR(data))
			return data;
	}
	return nooks_heap_lend(&driver->heap, data, frag_size) ? data : ERR_PTR(-EINVAL);
}
