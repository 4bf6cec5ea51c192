/* SPDX-License-Identifier: GPL-2.0 */
/* DMA memory of drivers: what recovery needs of it. */
#ifndef NOOKS_DMA_H
#define NOOKS_DMA_H

#include <linux/dma-direction.h>
#include <linux/types.h>

struct device;
struct nooks_driver;
struct page;

/*
 * Coherent memory that a driver shares with a device that it holds: tracked, and granted to its domain. NULL
 * without memory. As @gfp says. @pooled: it is not the driver's to free. It is freed, if it has not been, in process context; may sleep.
 */
void *nooks_dma_alloc(struct nooks_driver *driver, struct device *dev, size_t size,
		      dma_addr_t *handle, gfp_t gfp, unsigned long attrs, bool pooled);
void nooks_dma_free(struct nooks_driver *driver, void *start);

/* What is wrong with a device's use of a piece of memory; NULL if nothing is. Any context but NMI. */
const char *nooks_dma_fault(struct nooks_driver *driver, const struct page *page, size_t offset,
			    size_t size, enum dma_data_direction dir);

/*
 * A streaming mapping of the driver's, as if it had made it itself; undone by that or by recovery. DMA_MAPPING_ERROR without
 * memory. Any context but NMI.
 */
dma_addr_t nooks_dma_map(struct nooks_driver *driver, struct device *dev, struct page *page,
			 size_t offset, size_t size, enum dma_data_direction dir,
			 unsigned long attrs);
/* Give bytes of a streaming mapping to the device. Any context but NMI. False: the driver has no such mapping. */
bool nooks_dma_sync_for_device(struct nooks_driver *driver, struct device *dev, dma_addr_t addr, size_t size);
/* Undo it once. What is wrong, if there is none such that has @size bytes; else NULL. */
const char *nooks_dma_unmap(struct nooks_driver *driver, struct device *dev, dma_addr_t addr,
			    size_t size, unsigned long attrs);

/* The driver is bound to @dev no longer: undo what it has not of its streaming mappings. May sleep. */
void nooks_dma_unbind(struct nooks_driver *driver, struct device *dev);

/*
 * Free the coherent memory that recovery has taken from the driver. A device of a driver that failed
 * was never told to stop. It can't reach memory while bus mastering is off, but the driver switches that
 * on again at its restart, most likely before it resets the device, which meanwhile goes on
 * where it was: its rings and buffers must still be there, and nobody else's. So to be called when the
 * driver has started again, or goes for good. May sleep.
 */
void nooks_dma_settle(struct nooks_driver *driver);

#endif
