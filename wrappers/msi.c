// SPDX-License-Identifier: GPL-2.0
/*
 * Message signalled interrupts. The vectors of a device are one tracked object: they are interrupts
 * that the driver may request, and go back to the kernel after the handlers and before the device is
 * disabled. The kernel turns INTx on again when they go; a device whose driver is dead must not use
 * it.
 */
#include <linux/interrupt.h>
#include <linux/mutex.h>
#include <linux/pci.h>
#include <linux/slab.h>
#include "../nooks/driver.h"
#include "generated.h"
#include "irq.h"
#include "msi.h"
#include "walk.h"

#define VECTORS_MAX	2048		/* the size of a table of MSI-X */

/* Makes allocating vectors, and noting them, one step. */
static DEFINE_MUTEX(vectors_mutex);

/**
 * struct nooks_vectors - the vectors of a device
 * @object: start is the device
 * @irqs: interrupt numbers
 * @nr: how many
 */
struct nooks_vectors {
	struct nooks_object object;
	unsigned int *irqs;
	unsigned int nr;
};

static struct nooks_vectors *to_vectors(struct nooks_object *object)
{
	return container_of(object, struct nooks_vectors, object);
}

/* Give the vectors back; there are those of one kind only. */
static void free_vectors(struct nooks_object *object)
{
	struct pci_dev *pdev = (struct pci_dev *)object->start;

	pci_disable_msix(pdev);
	pci_disable_msi(pdev);
	kfree(to_vectors(object)->irqs);
}

static void release_vectors(struct nooks_object *object)
{
	struct pci_dev *pdev = (struct pci_dev *)object->start;

	free_vectors(object);
	if (pdev->pin)
		pci_intx(pdev, 0);
}

static const struct nooks_object_class vectors_class = {
	.name = "MSI vectors",
	.phase = NOOKS_PHASE_MAPPINGS,
	.release = release_vectors,
	.size = sizeof(struct nooks_vectors),
};

bool nooks_msi_owns_irq(struct nooks_driver *driver, unsigned int irq)
{
	struct nooks_object *object;
	unsigned long flags;
	bool found = false;
	unsigned int i;

	raw_spin_lock_irqsave(&driver->objects.lock, flags);
	nooks_for_each_object(object, driver, &vectors_class)
		for (i = 0; i < to_vectors(object)->nr; i++)
			found |= to_vectors(object)->irqs[i] == irq;
	raw_spin_unlock_irqrestore(&driver->objects.lock, flags);
	return found;
}

void nooks_msi_unbind(struct nooks_driver *driver, struct pci_dev *pdev)
{
	struct nooks_object *object = nooks_object_remove(driver, &vectors_class, pdev);

	if (!object)
		return;
	free_vectors(object);
	nooks_object_free(object);
}

void nooks_msi_abandon(struct nooks_driver *driver, void *device)
{
	struct nooks_object *object;
	unsigned int i;

	/* After this nobody allocates vectors any more: see allowed(). */
	mutex_lock(&vectors_mutex);
	object = nooks_object_remove(driver, &vectors_class, device);
	for (i = 0; object && i < to_vectors(object)->nr; i++)
		nooks_irq_abandon(driver, to_vectors(object)->irqs[i]);
	if (object) {
		release_vectors(object);
		nooks_object_free(object);
	}
	mutex_unlock(&vectors_mutex);
}

static bool check_device(struct nooks_crossing *x, struct pci_dev *pdev, const char *fn)
{
	return nooks_may_sleep(x, fn) &&
	       nooks_arg_object(x, pdev, NOOKS_TYPE_pci_dev, false, fn, "dev");
}

/* Note the @nr vectors that the device now has. Return: @nr, or an error and they are gone. */
static int note(struct nooks_driver *driver, struct pci_dev *pdev, int nr)
{
	unsigned int *irqs = kmalloc_array(nr, sizeof(*irqs), GFP_KERNEL);
	struct nooks_object *object;
	int i;

	for (i = 0; irqs && i < nr; i++)
		irqs[i] = pci_irq_vector(pdev, i);
	object = irqs ? nooks_object_add(driver, &vectors_class, pdev, 1, NOOKS_TYPE_none,
					 GFP_KERNEL) : NULL;
	if (!object) {
		kfree(irqs);
		pci_disable_msix(pdev);
		pci_disable_msi(pdev);
		return -ENOMEM;
	}
	to_vectors(object)->irqs = irqs;
	smp_store_release(&to_vectors(object)->nr, nr);
	return nr;
}

static bool has_vectors(const struct pci_dev *pdev)
{
	return pdev->msi_enabled || pdev->msix_enabled;
}

/*
 * A device has vectors of one kind, once: the kernel warns of a second time. And none are allocated by a
 * thread that is going to be unwound: the device may have been abandoned.
 */
static bool allowed(struct nooks_crossing *x, const struct pci_dev *pdev)
{
	lockdep_assert_held(&vectors_mutex);
	return !has_vectors(pdev) && !nooks_crossing_stale(x);
}

/* int pci_enable_msi(struct pci_dev *dev) */
NOOKS_WRAPPER(pci_enable_msi)
{
	struct pci_dev *pdev = (struct pci_dev *)a0;
	int ret = -EINVAL;

	if (!check_device(x, pdev, "pci_enable_msi"))
		return 0;
	mutex_lock(&vectors_mutex);
	if (allowed(x, pdev))
		ret = pci_enable_msi(pdev);
	if (!ret)
		ret = note(nooks_driver_of(x), pdev, 1);
	mutex_unlock(&vectors_mutex);
	return min(ret, 0);
}

/* int pci_enable_msix_range(struct pci_dev *dev, struct msix_entry *entries, int min, int max) */
NOOKS_WRAPPER(pci_enable_msix_range)
{
	static const char fn[] = "pci_enable_msix_range";
	struct pci_dev *pdev = (struct pci_dev *)a0;
	struct msix_entry *entries = (struct msix_entry *)a1, *copy = NULL;
	int minvec = a2, maxvec = a3, ret = -EINVAL, i;

	if (!check_device(x, pdev, fn) ||
	    !nooks_arg_range(x, maxvec, 1, VECTORS_MAX, fn, "maxvec") ||
	    !nooks_arg_range(x, minvec, 1, VECTORS_MAX, fn, "minvec") ||
	    !nooks_arg_writable(x, entries, maxvec * sizeof(*entries), true, fn, "entries"))
		return 0;
	if (entries) {
		copy = kmemdup(entries, maxvec * sizeof(*entries), GFP_KERNEL);
		if (!copy)
			return -ENOMEM;
	}
	mutex_lock(&vectors_mutex);
	if (allowed(x, pdev))
		ret = pci_enable_msix_range(pdev, copy, minvec, maxvec);
	if (ret > 0)
		ret = note(nooks_driver_of(x), pdev, ret);
	mutex_unlock(&vectors_mutex);
	for (i = 0; copy && i < ret; i++)
		entries[i].vector = copy[i].vector;
	kfree(copy);
	return ret;
}

/*
 * int pci_alloc_irq_vectors_affinity(struct pci_dev *dev, unsigned int min_vecs,
 *				      unsigned int max_vecs, unsigned int flags,
 *				      struct irq_affinity *affd)
 */
NOOKS_WRAPPER(pci_alloc_irq_vectors_affinity)
{
	static const char fn[] = "pci_alloc_irq_vectors_affinity";
	struct pci_dev *pdev = (struct pci_dev *)a0;
	const struct irq_affinity *theirs = (void *)a4;
	struct irq_affinity affd = {};
	int ret = -EINVAL;

	if (!check_device(x, pdev, fn) ||
	    !nooks_arg_range(x, (unsigned int)a1, 1, VECTORS_MAX, fn, "min_vecs") ||
	    !nooks_arg_range(x, (unsigned int)a2, 1, VECTORS_MAX, fn, "max_vecs") ||
	    !nooks_arg_readable(x, theirs, sizeof(*theirs), true, fn, "affd"))
		return 0;
	if (theirs) {		/* sets of the driver's own making are not supported: one of all */
		affd.pre_vectors = min(theirs->pre_vectors, (unsigned int)a2);
		affd.post_vectors = min(theirs->post_vectors, (unsigned int)a2);
	}
	mutex_lock(&vectors_mutex);
	if (allowed(x, pdev))
		ret = pci_alloc_irq_vectors_affinity(pdev, a1, a2, a3, theirs ? &affd : NULL);
	if (ret > 0 && has_vectors(pdev))
		ret = note(nooks_driver_of(x), pdev, ret);
	mutex_unlock(&vectors_mutex);
	return ret;
}

/* Not while one of them is requested: the kernel would warn of it, or worse. */
static void disable(struct nooks_crossing *x, struct pci_dev *pdev, bool msi, bool msix,
		    const char *fn)
{
	struct nooks_driver *driver = nooks_driver_of(x);
	struct nooks_object *object;
	unsigned int i;

	if (!check_device(x, pdev, fn))
		return;
	mutex_lock(&vectors_mutex);
	object = (msi && pdev->msi_enabled) || (msix && pdev->msix_enabled) ?
		 nooks_object_find(driver, &vectors_class, pdev) : NULL;
	for (i = 0; object && i < to_vectors(object)->nr; i++) {
		if (!nooks_irq_requested(driver, to_vectors(object)->irqs[i]))
			continue;
		nooks_fail(x, NOOKS_BAD_ARGUMENT, to_vectors(object)->irqs[i],
			   "%s: interrupt %u is still requested", fn,
			   to_vectors(object)->irqs[i]);
		object = NULL;
	}
	if (object)
		nooks_msi_unbind(driver, pdev);
	mutex_unlock(&vectors_mutex);
}

/* void pci_disable_msi(struct pci_dev *dev) */
NOOKS_WRAPPER(pci_disable_msi)
{
	disable(x, (struct pci_dev *)a0, true, false, "pci_disable_msi");
	return 0;
}

/* void pci_disable_msix(struct pci_dev *dev) */
NOOKS_WRAPPER(pci_disable_msix)
{
	disable(x, (struct pci_dev *)a0, false, true, "pci_disable_msix");
	return 0;
}

/* void pci_free_irq_vectors(struct pci_dev *dev) */
NOOKS_WRAPPER(pci_free_irq_vectors)
{
	disable(x, (struct pci_dev *)a0, true, true, "pci_free_irq_vectors");
	return 0;
}
