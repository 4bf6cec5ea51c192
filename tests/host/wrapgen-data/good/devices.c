// SPDX-License-Identifier: GPL-2.0
/* Written by wrapgen from kernel.o, good.nooks: do not edit. */
#include <linux/mod_devicetable.h>
#include "pci.h"

const struct pci_device_id nooks_pci_to_stop[] = {
	{ .vendor = 0x8086, .device = 0x100e, .subvendor = PCI_ANY_ID, .subdevice = PCI_ANY_ID },	/* gizmo */
	{ .vendor = 0x15ad, .device = 0x07b0, .subvendor = PCI_ANY_ID, .subdevice = PCI_ANY_ID },	/* gizmo-two */
	{}
};
