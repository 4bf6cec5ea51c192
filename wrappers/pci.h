/* SPDX-License-Identifier: GPL-2.0 */
/* PCI devices of drivers: what annotations ask. */
#ifndef NOOKS_PCI_H
#define NOOKS_PCI_H

#include <linux/mod_devicetable.h>
#include <linux/types.h>

struct device;
struct pci_dev;

/* Generated from "device" annotations: those of which nooks_pci_needs_stop() is true. */
extern const struct pci_device_id nooks_pci_to_stop[];

/* May a driver write to these bytes of its device's configuration space? Any context. */
bool nooks_pci_may_configure(const struct pci_dev *pdev, int where, int size);

/*
 * Does a device take no new orders as long as it follows old ones, and only its driver's own stop function
 * ends that? Then a driver that has failed leaves it unusable to the next one until that has stopped it.
 */
bool nooks_pci_needs_stop(const struct device *dev);

#endif
