// SPDX-License-Identifier: GPL-2.0
/*
 * A handler of interrupts that says "handled", or with unhandled=1 "not mine", and does not quiet its device, which is
 * an 82540EM, QEMU's "e1000". When it is bound to it for the second time only: a register of the device counts, so that a driver
 * that was restarted is a good one.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt
#include <linux/interrupt.h>
#include <linux/io.h>
#include <linux/module.h>
#include <linux/pci.h>

#define ICR	0x00c0		/* what has happened; reading it quiets the device */
#define ICS	0x00c8		/* have it happen */
#define IMS	0x00d0		/* that shall interrupt */
#define IMC	0x00d8		/* that shall not */
#define RADV	0x282c		/* a delay, which nobody uses here */
#define LSC	0x0004		/* the link has changed */

static bool unhandled;
module_param(unhandled, bool, 0444);

static irqreturn_t storm_handler(int irq, void *data)
{
	return unhandled ? IRQ_NONE : IRQ_HANDLED;
}

static int storm_probe(struct pci_dev *dev, const struct pci_device_id *id)
{
	void __iomem *registers;
	u32 time;
	int ret;

	ret = pci_enable_device(dev);
	if (ret)
		return ret;
	registers = pci_ioremap_bar(dev, 0);
	if (!registers) {
		ret = -ENOMEM;
		goto disable;
	}
	pci_set_drvdata(dev, (void __force *)registers);
	writel(~0, registers + IMC);
	readl(registers + ICR);
	ret = request_irq(dev->irq, storm_handler, IRQF_SHARED, KBUILD_MODNAME, dev);
	if (ret)
		goto unmap;
	time = readl(registers + RADV);
	writel(time + 1, registers + RADV);
	if (time != 1) {
		pr_info("bound for the %u. time\n", time + 1);
		return 0;
	}
	pr_info("raises an interrupt that does not end\n");
	writel(LSC, registers + IMS);
	writel(LSC, registers + ICS);
	return 0;
unmap:
	iounmap(registers);
disable:
	pci_disable_device(dev);
	return ret;
}

static void storm_remove(struct pci_dev *dev)
{
	void __iomem *registers = (void __iomem __force *)pci_get_drvdata(dev);

	writel(~0, registers + IMC);
	free_irq(dev->irq, dev);
	iounmap(registers);
	pci_disable_device(dev);
}

static const struct pci_device_id storm_ids[] = {
	{ PCI_DEVICE(PCI_VENDOR_ID_INTEL, 0x100e) },
	{ }
};

static struct pci_driver storm_driver = {
	.name = KBUILD_MODNAME,
	.id_table = storm_ids,
	.probe = storm_probe,
	.remove = storm_remove,
};
module_pci_driver(storm_driver);

MODULE_DESCRIPTION("Does not quiet its device");
MODULE_LICENSE("GPL");
