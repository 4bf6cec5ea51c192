// SPDX-License-Identifier: GPL-2.0
/*
 * DMA. A device is an arm of its driver: it may read whatever is mapped for it, but what it may
 * write must be writable in the driver's domain already. Mappings are tracked, so that a driver
 * unmaps only its own, and recovery unmaps what is left.
 */
#include <linux/dma-mapping.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/pfn.h>
#include <linux/slab.h>
#include "../nooks/driver.h"
#include "args.h"
#include "devres.h"
#include "dma.h"
#include "generated.h"
#include "walk.h"

/* Attributes that change nothing but speed or noise. */
#define ATTRS_ALLOWED	(DMA_ATTR_WEAK_ORDERING | DMA_ATTR_WRITE_COMBINE | \
			 DMA_ATTR_SKIP_CPU_SYNC | DMA_ATTR_ALLOC_SINGLE_PAGES | DMA_ATTR_NO_WARN)

/**
 * struct nooks_coherent - memory shared with a device
 * @object: start is the kernel's address
 * @dev: the device, with a reference
 * @handle: the device's address
 * @attrs: of the allocation
 * @pooled: a DMA pool gives it out in blocks: only that may free it
 */
struct nooks_coherent {
	struct nooks_object object;
	struct device *dev;
	dma_addr_t handle;
	unsigned long attrs;
	bool pooled;
};

/**
 * struct nooks_mapping - a streaming mapping
 * @object: start is the device's address, of the device, with a reference
 * @dir: direction
 * @attrs: of the mapping
 * @count: times that this address was mapped: without an IOMMU, one page may be in several packets
 */
struct nooks_mapping {
	struct nooks_object object;
	enum dma_data_direction dir;
	unsigned long attrs;
	unsigned int count;
};

/* Protects the count of mappings; interrupts off, outside the tracker's lock. */
static DEFINE_RAW_SPINLOCK(mapping_lock);

static struct nooks_coherent *to_coherent(struct nooks_object *object)
{
	return container_of(object, struct nooks_coherent, object);
}

static struct nooks_mapping *to_mapping(struct nooks_object *object)
{
	return container_of(object, struct nooks_mapping, object);
}

static struct device *device_of(const struct nooks_mapping *m)
{
	return (struct device *)m->object.of;
}

/**
 * struct nooks_remnant - coherent memory of a failed driver
 * @list: of all
 * @driver: whose
 * @dev: the device, with a reference
 * @start: the kernel's address
 * @size: in bytes
 * @handle: the device's address
 * @attrs: of the allocation
 */
struct nooks_remnant {
	struct list_head list;
	struct nooks_driver *driver;
	struct device *dev;
	void *start;
	size_t size;
	dma_addr_t handle;
	unsigned long attrs;
};

static LIST_HEAD(remnants);
static DEFINE_MUTEX(remnants_lock);

/* The sum of coherent memory. False: it would be too much. */
static bool charge(struct nooks_driver *driver, size_t size)
{
	if (size <= nooks_limits.dma &&
	    atomic_long_add_return(size, &driver->dma) <= nooks_limits.dma)
		return true;
	if (size <= nooks_limits.dma)
		atomic_long_sub(size, &driver->dma);
	atomic_long_inc(&driver->nr_dma_refused);
	return false;
}

/* Give memory back. Context: may sleep; interrupts on. */
static void give_back(struct nooks_driver *driver, struct device *dev, size_t size, void *p,
		      dma_addr_t handle, unsigned long attrs)
{
	dma_free_attrs(dev, size, p, handle, attrs);
	atomic_long_sub(size, &driver->dma);
}

static void withdraw(struct nooks_object *object)
{
	struct nooks_domain *domain = object->driver->domain;

	nooks_revoke(domain, (void *)object->start, object->size);
	nooks_revoke_flush(domain);
}

/* The device may still write there: see nooks_dma_settle(). Lost without memory. */
static void release_coherent(struct nooks_object *object)
{
	struct nooks_coherent *c = to_coherent(object);
	struct nooks_remnant *remnant = kmalloc(sizeof(*remnant), GFP_KERNEL);

	/* The restarted driver allocates anew, before this memory is settled. */
	atomic_long_sub(object->size, &object->driver->dma);
	withdraw(object);
	if (!remnant)
		return;
	remnant->driver = object->driver;
	remnant->dev = c->dev;
	remnant->start = (void *)object->start;
	remnant->size = object->size;
	remnant->handle = c->handle;
	remnant->attrs = c->attrs;
	mutex_lock(&remnants_lock);
	list_add_tail(&remnant->list, &remnants);
	mutex_unlock(&remnants_lock);
}

/** nooks_dma_settle - free what was released while a device was running; see dma.h */
void nooks_dma_settle(struct nooks_driver *driver)
{
	struct nooks_remnant *remnant, *next;

	mutex_lock(&remnants_lock);
	list_for_each_entry_safe(remnant, next, &remnants, list) {
		if (remnant->driver != driver)
			continue;
		list_del(&remnant->list);
		dma_free_attrs(remnant->dev, remnant->size, remnant->start, remnant->handle,
			       remnant->attrs);
		put_device(remnant->dev);
		kfree(remnant);
	}
	mutex_unlock(&remnants_lock);
}

static const struct nooks_object_class coherent_class = {
	.name = "coherent DMA memory",
	.phase = NOOKS_PHASE_MAPPINGS,
	.release = release_coherent,
	.size = sizeof(struct nooks_coherent),
	.device = true,
};

/* 1: the device may write there */
static int receives(const struct nooks_mapping *m)
{
	return m->dir != DMA_TO_DEVICE;
}

static void release_mapping(struct nooks_object *object)
{
	struct nooks_mapping *m = to_mapping(object);

	atomic_sub(receives(m), &object->driver->health.receiving);
	while (m->count--)
		dma_unmap_page_attrs(device_of(m), object->start, object->size, m->dir, m->attrs);
	put_device(device_of(m));
}

static const struct nooks_object_class mapping_class = {
	.name = "DMA mapping",
	.phase = NOOKS_PHASE_MAPPINGS,
	.release = release_mapping,
	.size = sizeof(struct nooks_mapping),
};

static struct nooks_object *take_mapping(struct nooks_driver *driver, const struct device *dev)
{
	struct nooks_object *object, *found = NULL;
	unsigned long flags;

	raw_spin_lock_irqsave(&mapping_lock, flags);
	raw_spin_lock(&driver->objects.lock);
	nooks_for_each_object(object, driver, &mapping_class) {
		if (object->of == dev) {
			found = object;
			break;
		}
	}
	raw_spin_unlock(&driver->objects.lock);
	if (found)
		nooks_object_take(found);
	raw_spin_unlock_irqrestore(&mapping_lock, flags);
	return found;
}

/** nooks_dma_unbind - undo a driver's mappings for a device that it has left; see dma.h */
void nooks_dma_unbind(struct nooks_driver *driver, struct device *dev)
{
	struct nooks_object *object;
	unsigned int n = 0;

	for (; (object = take_mapping(driver, dev)); n++) {
		release_mapping(object);
		nooks_object_free(object);
	}
	if (n)
		dev_warn(dev, "%s has left %u DMA mappings behind\n", driver->name, n);
}

/**
 * nooks_dma_alloc - coherent memory for a driver; see dma.h
 * @driver: whose it is going to be
 * @dev: a device that the driver holds
 * @size: in bytes
 * @handle: gets the device's address
 * @gfp: what may be done to get it
 * @attrs: DMA_ATTR_*; those that matter to others are ignored
 * @pooled: the driver may not free it by itself
 *
 * Context: as @gfp says. Return: NULL without memory, or beyond the limit.
 */
void *nooks_dma_alloc(struct nooks_driver *driver, struct device *dev, size_t size,
		      dma_addr_t *handle, gfp_t gfp, unsigned long attrs, bool pooled)
{
	struct nooks_object *object;
	void *p;

	if (!size || !charge(driver, size))
		return NULL;
	attrs &= ATTRS_ALLOWED;
	p = dma_alloc_attrs(dev, size, handle, gfp, attrs);
	if (!p) {
		atomic_long_sub(size, &driver->dma);
		return NULL;
	}
	object = nooks_object_add(driver, &coherent_class, p, size, NOOKS_TYPE_none,
				  gfp & ~(GFP_ZONEMASK | __GFP_ZERO));
	if (!object) {
		/* The kernel frees such memory with interrupts on only; else it is lost, and counts on. */
		if (!irqs_disabled())
			give_back(driver, dev, size, p, *handle, attrs);
		return NULL;
	}
	to_coherent(object)->dev = get_device(dev);
	to_coherent(object)->handle = *handle;
	to_coherent(object)->attrs = attrs;
	to_coherent(object)->pooled = pooled;
	/* What is granted in part, if that fails, is revoked when the object is released. */
	if (nooks_grant_write(driver->domain, p, size, gfp & ~(GFP_ZONEMASK | __GFP_ZERO)))
		return NULL;
	return p;
}

/** nooks_dma_free - give coherent memory back, unless that has been done; see dma.h. May sleep */
void nooks_dma_free(struct nooks_driver *driver, void *start)
{
	struct nooks_object *object = nooks_object_remove(driver, &coherent_class, start);
	struct nooks_coherent *c;

	if (!object)
		return;
	c = to_coherent(object);
	withdraw(object);
	give_back(driver, c->dev, object->size, start, c->handle, c->attrs);
	put_device(c->dev);
	nooks_object_free(object);
}

static unsigned long allocate(struct nooks_crossing *x, struct device *dev, size_t size,
			      dma_addr_t *out, gfp_t gfp, unsigned long attrs, const char *fn)
{
	dma_addr_t handle;
	void *p;

	gfp &= ~(__GFP_NOFAIL | __GFP_COMP);
	if (!nooks_arg_object(x, dev, NOOKS_TYPE_device, false, fn, "dev") ||
	    !nooks_arg_writable(x, out, sizeof(*out), false, fn, "dma_handle") ||
	    !nooks_arg_gfp(x, gfp, fn))
		return 0;
	p = nooks_dma_alloc(nooks_driver_of(x), dev, size, &handle, gfp, attrs, false);
	if (p)
		*out = handle;
	return (unsigned long)p;
}

/* Is this what the driver has allocated? If not, its domain has failed. */
static bool check_allocation(struct nooks_crossing *x, const struct device *dev, size_t size,
			     const void *p, dma_addr_t handle, const char *fn)
{
	struct nooks_object *object = nooks_object_find(nooks_driver_of(x), &coherent_class, p);

	if (object && !to_coherent(object)->pooled && to_coherent(object)->dev == dev &&
	    object->size == size && to_coherent(object)->handle == handle)
		return true;
	nooks_fail(x, NOOKS_BAD_ARGUMENT, (unsigned long)p, "%s: %s", fn,
		   object ? "device, size or handle is not that of the allocation" :
		   "not an allocation of this domain, or freed already");
	return false;
}

/* void *dma_alloc_attrs(struct device *dev, size_t size, dma_addr_t *handle, gfp_t gfp, attrs) */
NOOKS_WRAPPER(dma_alloc_attrs)
{
	return allocate(x, (struct device *)a0, a1, (dma_addr_t *)a2, (__force gfp_t)a3, a4,
			"dma_alloc_attrs");
}

/* void dma_free_attrs(struct device *dev, size_t size, void *p, dma_addr_t handle, ulong attrs) */
NOOKS_WRAPPER(dma_free_attrs)
{
	static const char fn[] = "dma_free_attrs";

	/* The kernel's function wants interrupts on; ours has to wait for other CPUs, too. */
	if (a2 && nooks_may_sleep(x, fn) &&
	    check_allocation(x, (struct device *)a0, a1, (void *)a2, a3, fn))
		nooks_dma_free(nooks_driver_of(x), (void *)a2);
	return 0;
}

/* void *dmam_alloc_attrs(dev, size, handle, gfp, attrs): freed when the driver leaves the device */
NOOKS_WRAPPER(dmam_alloc_attrs)
{
	struct nooks_driver *driver = nooks_driver_of(x);
	struct device *dev = (struct device *)a0;
	void *p;

	if (!nooks_may_sleep(x, "dmam_alloc_attrs"))
		return 0;
	p = (void *)allocate(x, dev, a1, (dma_addr_t *)a2, (__force gfp_t)a3, a4,
			     "dmam_alloc_attrs");
	if (!p || nooks_devres_add(driver, dev, nooks_dma_free, p))
		return (unsigned long)p;
	nooks_dma_free(driver, p);
	return 0;
}

/* void dmam_free_coherent(struct device *dev, size_t size, void *p, dma_addr_t handle) */
NOOKS_WRAPPER(dmam_free_coherent)
{
	static const char fn[] = "dmam_free_coherent";
	struct nooks_driver *driver = nooks_driver_of(x);

	if (!nooks_may_sleep(x, fn) ||
	    !check_allocation(x, (struct device *)a0, a1, (void *)a2, a3, fn))
		return 0;
	nooks_devres_forget(driver, (struct device *)a0, nooks_dma_free, (void *)a2);
	nooks_dma_free(driver, (void *)a2);
	return 0;
}

const char *nooks_dma_fault(struct nooks_driver *driver, const struct page *page, size_t offset,
			    size_t size, enum dma_data_direction dir)
{
	unsigned long byte = (unsigned long)page - (unsigned long)vmemmap;
	unsigned long pfn = byte / sizeof(*page);
	phys_addr_t start;

	if ((unsigned long)page < (unsigned long)vmemmap || byte % sizeof(*page) ||
	    !pfn_valid(pfn))
		return "not a page";
	if (!size || size > INT_MAX || offset > INT_MAX)
		return "bad size or offset";
	start = PFN_PHYS(pfn) + offset;
	if (!pfn_valid(PHYS_PFN(start)) || !pfn_valid(PHYS_PFN(start + size - 1)))
		return "beyond the end of memory";
	if (dir != DMA_TO_DEVICE && !nooks_may_write(driver->domain, phys_to_virt(start), size))
		return "the device would write what the driver may not";
	return NULL;
}

/* Count one more mapping of an address. Return: false without memory. */
static bool track(struct nooks_driver *driver, struct device *dev, dma_addr_t addr, size_t size,
		  enum dma_data_direction dir, unsigned long attrs)
{
	struct nooks_object *object;
	unsigned long flags;

	raw_spin_lock_irqsave(&mapping_lock, flags);
	object = nooks_object_add_of(driver, &mapping_class, (void *)addr, size, dev,
				     GFP_ATOMIC | __GFP_NOWARN);
	if (object) {
		struct nooks_mapping *m = to_mapping(object);

		get_device(dev);
		m->dir = dir;
		m->attrs = attrs;
		m->count = 1;
		atomic_add(receives(m), &driver->health.receiving);
	} else {
		object = nooks_object_find_of(driver, &mapping_class, (void *)addr, dev);
		if (object)
			to_mapping(object)->count++;
	}
	/* Of several mappings at one address, the largest is what may be synchronised. */
	if (object)
		object->size = max(object->size, size);
	raw_spin_unlock_irqrestore(&mapping_lock, flags);
	return object;
}

/** nooks_dma_map - a streaming mapping for a driver; see dma.h */
dma_addr_t nooks_dma_map(struct nooks_driver *driver, struct device *dev, struct page *page,
			 size_t offset, size_t size, enum dma_data_direction dir,
			 unsigned long attrs)
{
	dma_addr_t addr = dma_map_page_attrs(dev, page, offset, size, dir, attrs);

	if (dma_mapping_error(dev, addr) || track(driver, dev, addr, size, dir, attrs))
		return addr;
	dma_unmap_page_attrs(dev, addr, size, dir, attrs);
	return DMA_MAPPING_ERROR;
}

/* dma_addr_t dma_map_page_attrs(dev, page, size_t offset, size_t size, dir, unsigned long attrs) */
NOOKS_WRAPPER(dma_map_page_attrs)
{
	static const char fn[] = "dma_map_page_attrs";
	struct nooks_driver *driver = nooks_driver_of(x);
	enum dma_data_direction dir = (unsigned int)a4;
	unsigned long attrs = a5 & ATTRS_ALLOWED;
	struct device *dev = (struct device *)a0;
	struct page *page = (struct page *)a1;
	const char *why;

	if (!nooks_arg_object(x, dev, NOOKS_TYPE_device, false, fn, "dev"))
		return DMA_MAPPING_ERROR;
	why = valid_dma_direction(dir) ? nooks_dma_fault(driver, page, a2, a3, dir) :
					 "bad direction";
	if (why) {
		nooks_fail(x, NOOKS_BAD_ARGUMENT, a1, "%s: %s", fn, why);
		return DMA_MAPPING_ERROR;
	}
	return nooks_dma_map(driver, dev, page, a2, a3, dir, attrs);
}

/** nooks_dma_unmap - undo a streaming mapping of a driver's; see dma.h */
const char *nooks_dma_unmap(struct nooks_driver *driver, struct device *dev, dma_addr_t addr,
			    size_t size, unsigned long attrs)
{
	struct nooks_object *object;
	struct nooks_mapping *m;
	const char *why = NULL;
	unsigned long flags;

	raw_spin_lock_irqsave(&mapping_lock, flags);
	object = nooks_object_find_of(driver, &mapping_class, (void *)addr, dev);
	m = object ? to_mapping(object) : NULL;
	if (!m)
		why = "not mapped by this domain for this device, or unmapped already";
	else if (size > object->size)
		why = "larger than the mapping";
	else if (--m->count)
		object = NULL;
	else
		object = nooks_object_take(object);
	raw_spin_unlock_irqrestore(&mapping_lock, flags);

	if (!why && object) {
		/* What was mapped is unmapped, whatever the driver says that it was. */
		dma_unmap_page_attrs(device_of(m), addr, object->size, m->dir, m->attrs | attrs);
		atomic_sub(receives(m), &driver->health.receiving);
		put_device(device_of(m));
		nooks_object_free(object);
	}
	return why;
}

/* void dma_unmap_page_attrs(struct device *dev, dma_addr_t addr, size_t size, dir, ulong attrs) */
NOOKS_WRAPPER(dma_unmap_page_attrs)
{
	const char *why = nooks_dma_unmap(nooks_driver_of(x), (struct device *)a0, a1, a2,
					  a4 & ATTRS_ALLOWED);

	if (why)
		nooks_fail(x, NOOKS_BAD_ARGUMENT, a1, "dma_unmap_page_attrs: %s", why);
	return 0;
}

/* The mapping for a device that contains a range. A driver may synchronise a part: then all are looked at. */
static struct nooks_mapping *find_range(struct nooks_driver *driver, const struct device *dev,
					dma_addr_t addr, size_t size)
{
	struct nooks_object *object, *found = NULL;

	lockdep_assert_held(&mapping_lock);
	object = nooks_object_find_of(driver, &mapping_class, (void *)addr, dev);
	if (object && size <= object->size)
		return to_mapping(object);
	/* Whole pages are mapped by those who use them in parts. */
	object = nooks_object_find_of(driver, &mapping_class, (void *)(addr & PAGE_MASK), dev);
	if (object && addr - object->start < object->size &&
	    size <= object->size - (addr - object->start))
		return to_mapping(object);

	raw_spin_lock(&driver->objects.lock);
	nooks_for_each_object(object, driver, &mapping_class) {
		if (object->of == dev && addr >= object->start && addr - object->start < object->size &&
		    size <= object->size - (addr - object->start)) {
			found = object;
			break;
		}
	}
	raw_spin_unlock(&driver->objects.lock);
	return found ? to_mapping(found) : NULL;
}

/** nooks_dma_sync_for_device - a part of a streaming mapping is the device's again; see dma.h */
bool nooks_dma_sync_for_device(struct nooks_driver *driver, struct device *dev, dma_addr_t addr, size_t size)
{
	enum dma_data_direction dir = DMA_NONE;
	struct nooks_mapping *m;
	unsigned long flags;

	raw_spin_lock_irqsave(&mapping_lock, flags);
	m = find_range(driver, dev, addr, size);
	if (m)
		dir = m->dir;
	raw_spin_unlock_irqrestore(&mapping_lock, flags);
	if (m)
		dma_sync_single_for_device(dev, addr, size, dir);
	return m;
}

static void sync_single(struct nooks_crossing *x, struct device *dev, dma_addr_t addr, size_t size,
			enum dma_data_direction dir, bool for_cpu, const char *fn)
{
	struct nooks_mapping *m;
	unsigned long flags;
	bool good;

	raw_spin_lock_irqsave(&mapping_lock, flags);
	m = find_range(nooks_driver_of(x), dev, addr, size);
	good = m && valid_dma_direction(dir);
	if (good && m->dir != DMA_BIDIRECTIONAL)
		dir = m->dir;
	raw_spin_unlock_irqrestore(&mapping_lock, flags);

	if (!good)
		nooks_fail(x, NOOKS_BAD_ARGUMENT, addr, "%s: %s", fn,
			   m ? "bad direction" : "not mapped by this domain for this device");
	else if (for_cpu)
		dma_sync_single_for_cpu(dev, addr, size, dir);
	else
		dma_sync_single_for_device(dev, addr, size, dir);
}

/* void dma_sync_single_for_cpu(struct device *dev, dma_addr_t addr, size_t size, dir) */
NOOKS_WRAPPER(dma_sync_single_for_cpu)
{
	sync_single(x, (struct device *)a0, a1, a2, (unsigned int)a3, true,
		    "dma_sync_single_for_cpu");
	return 0;
}

/* void dma_sync_single_for_device(struct device *dev, dma_addr_t addr, size_t size, dir) */
NOOKS_WRAPPER(dma_sync_single_for_device)
{
	sync_single(x, (struct device *)a0, a1, a2, (unsigned int)a3, false,
		    "dma_sync_single_for_device");
	return 0;
}
