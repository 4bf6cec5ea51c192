/* SPDX-License-Identifier: GPL-2.0 */
/* Counters in kernel objects that a driver raises and lowers. */
#ifndef NOOKS_COUNT_H
#define NOOKS_COUNT_H

#include <linux/types.h>

struct nooks_driver;

/*
 * Note that the driver has changed a counter (an atomic_t) by @delta, which may be 0. When the driver dies
 * the sum is taken back. Any context but NMI. Return: false without memory for the note.
 */
bool nooks_count(struct nooks_driver *driver, const void *counter, int delta);
/* The driver is done with an object: take back what it has left in the counters there. */
void nooks_counts_drop(struct nooks_driver *driver, const void *start, size_t size);

#endif
