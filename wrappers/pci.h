/* SPDX-License-Identifier: GPL-2.0 */
/* PCI devices of drivers: what annotations ask. */
#ifndef NOOKS_PCI_H
#define NOOKS_PCI_H

#include <linux/types.h>

struct pci_dev;

/* May a driver write to these bytes of its device's configuration space? Any context. */
bool nooks_pci_may_configure(const struct pci_dev *pdev, int where, int size);

#endif
