/* SPDX-License-Identifier: GPL-2.0 */
/* Counters in kernel objects that a driver raises and lowers. */
#ifndef NOOKS_COUNT_H
#define NOOKS_COUNT_H

#include <linux/gfp.h>
#include <linux/types.h>

struct nooks_driver;

/*
 * Note that the driver has changed a counter (an atomic_t) by @delta, which may be 0. When the driver dies
 * the sum is taken back. Any context but NMI. Return: false without memory for the note.
 */
bool nooks_count(struct nooks_driver *driver, const void *counter, int delta);
/* The driver is done with an object: take back what it has left in the counters there. */
void nooks_counts_drop(struct nooks_driver *driver, const void *start, size_t size);

struct nooks_object_class;

/*
 * References that a driver holds on an object of the kernel's: data[0] of its entry counts them, for
 * @class->release to put. Any context but NMI, as @gfp says. False: there is no memory.
 */
bool nooks_reference_add(struct nooks_driver *driver, const struct nooks_object_class *class,
			 const void *start, size_t size, unsigned int type, gfp_t gfp);
/* One goes. False: there is none. */
bool nooks_reference_drop(struct nooks_driver *driver, const struct nooks_object_class *class,
			  const void *start);

#endif
