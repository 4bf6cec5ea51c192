// SPDX-License-Identifier: GPL-2.0
/*
 * QEMU's adapter of Realtek is an 8139C+, which also does what an 8139 does. 8139too goes by the revision
 * and leaves it to 8139cp: while this is loaded, the revision is that of an 8139.
 */
#include <linux/module.h>
#include <linux/pci.h>

#define REVISION	0x10

static struct pci_dev *device;
static u8 revision;

static int __init plain_init(void)
{
	device = pci_get_device(PCI_VENDOR_ID_REALTEK, PCI_DEVICE_ID_REALTEK_8139, NULL);
	if (!device)
		return -ENODEV;
	revision = device->revision;
	device->revision = REVISION;
	return 0;
}
module_init(plain_init);

static void __exit plain_exit(void)
{
	device->revision = revision;
	pci_dev_put(device);
}
module_exit(plain_exit);

MODULE_DESCRIPTION("Has a PCI device look like an older one");
MODULE_LICENSE("GPL");
