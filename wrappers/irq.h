/* SPDX-License-Identifier: GPL-2.0 */
/* Interrupts of drivers: what other files need of them. */
#ifndef NOOKS_IRQ_H
#define NOOKS_IRQ_H

#include <linux/types.h>

struct nooks_driver;

/* Has the driver requested this interrupt? Any context but NMI. */
bool nooks_irq_requested(struct nooks_driver *driver, unsigned int irq);

/*
 * The interrupt goes, and the driver's domain has failed: free what the driver has requested of it, and wait
 * for whoever does the same. Nobody else has requested it. May sleep.
 */
void nooks_irq_abandon(struct nooks_driver *driver, unsigned int irq);

#endif
