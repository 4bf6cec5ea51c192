/* SPDX-License-Identifier: GPL-2.0 */
/* Enabled PCI devices: what the bus (pci.c) needs of them. */
#ifndef NOOKS_PCIENABLE_H
#define NOOKS_PCIENABLE_H

struct device;
struct device_driver;
struct nooks_driver;
struct pci_dev;

/* The driver is no longer bound to a device, which it need not have disabled. May sleep. */
void nooks_pci_disable(struct nooks_driver *driver, struct pci_dev *pdev);

/* The driver has been restarted, or will not be: what has stayed enabled for it, and it has not enabled itself, is disabled. May sleep. */
void nooks_pci_settle(struct nooks_driver *driver);

/* A device has gone, or is about to be bound to @new: for another driver it does not stay enabled. May sleep; the device is locked. */
void nooks_pci_lost(struct device *dev, const struct device_driver *new);

#endif
