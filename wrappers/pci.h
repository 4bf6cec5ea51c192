/* SPDX-License-Identifier: GPL-2.0 */
/* PCI devices of drivers: what other files need of them. */
#ifndef NOOKS_PCI_H
#define NOOKS_PCI_H

#include <linux/types.h>

struct nooks_driver;

/*
 * The driver's domain has failed: keep its devices from raising a level interrupt that nobody would
 * acknowledge. Any context but NMI; interrupts may be off.
 */
void nooks_pci_quiet(struct nooks_driver *driver);

/* Is this the interrupt of a device that the driver is bound to? May sleep. */
bool nooks_pci_owns_irq(struct nooks_driver *driver, unsigned int irq);

#endif
