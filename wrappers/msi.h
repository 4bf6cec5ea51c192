/* SPDX-License-Identifier: GPL-2.0 */
/* Message signalled interrupts of drivers: what other files need of them. */
#ifndef NOOKS_MSI_H
#define NOOKS_MSI_H

#include <linux/types.h>

struct nooks_driver;
struct pci_dev;

/* Is this a vector that the driver has had allocated? Any context but NMI. */
bool nooks_msi_owns_irq(struct nooks_driver *driver, unsigned int irq);
/* The device is no longer the driver's: give its vectors back. May sleep. */
void nooks_msi_unbind(struct nooks_driver *driver, struct pci_dev *pdev);
/* As above, of a driver whose domain has failed, with the handlers that it has left. @device: pci_dev */
void nooks_msi_abandon(struct nooks_driver *driver, void *device);

#endif
