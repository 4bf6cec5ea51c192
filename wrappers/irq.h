/* SPDX-License-Identifier: GPL-2.0 */
/* Interrupts of drivers: what other files need of them. */
#ifndef NOOKS_IRQ_H
#define NOOKS_IRQ_H

#include <linux/types.h>
#include "../nooks/driver.h"

/* Has the driver requested this interrupt? Any context but NMI. */
bool nooks_irq_requested(struct nooks_driver *driver, unsigned int irq);

/*
 * The interrupt goes, and the driver's domain has failed: free what the driver has requested of it, and wait
 * for whoever does the same. Nobody else has requested it. May sleep.
 */
void nooks_irq_abandon(struct nooks_driver *driver, unsigned int irq);

/*
 * Disable the line of the driver's handler that runs on this CPU until nooks_irqs_let_go(). False: none
 * runs, or it is disabled already. Any context but NMI.
 */
bool nooks_irq_hold(struct nooks_driver *driver);

/* A poll of the driver's is over: its lines may raise interrupts again. Any context but NMI. */
void __nooks_irqs_let_go(struct nooks_driver *driver);

static inline void nooks_irqs_let_go(struct nooks_driver *driver)
{
	if (unlikely(READ_ONCE(driver->held_irqs)))
		__nooks_irqs_let_go(driver);
}

#endif
