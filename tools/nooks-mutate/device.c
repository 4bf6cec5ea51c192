// SPDX-License-Identifier: GPL-2.0
/*
 * Faults of the device: from some moment on it does not answer. That is done where any PCI device can be silenced, by its
 * command register: it does not take accesses to its memory or its ports any more, or makes none to memory, which is interrupts by
 * messages, too. A driver that starts anew enables its device, and so gets it back, as it would by a reset.
 */
#include "plan.h"
#include "random.h"

/* As in <linux/pci_regs.h> */
#define COMMAND_IO	1
#define COMMAND_MEMORY	2
#define COMMAND_MASTER	4

static bool device_eligible(const struct kind *kind, const struct plan *plan, const struct place *place)
{
	(void)kind, (void)place;
	for (uint32_t i = 0; i < plan->nr; i++)
		if (plan->faults[i].device)
			return false;
	return plan->pci;
}

static bool silence(const struct kind *kind, const struct plan *plan, struct fault *fault, uint64_t *seed)
{
	static const uint32_t bits[] = {
		COMMAND_IO | COMMAND_MEMORY | COMMAND_MASTER, COMMAND_IO | COMMAND_MEMORY, COMMAND_MASTER,
	};

	(void)kind, (void)plan;
	fault->device = bits[random_below(seed, sizeof(bits) / sizeof(*bits))];
	fault->nr_patches = 0;
	return true;
}

const struct kind device_kinds[] = {
	{ "silent-device", "the PCI device stops answering, or moving data, or both", device_eligible, silence, false, NULL },
};
const size_t nr_device_kinds = sizeof(device_kinds) / sizeof(*device_kinds);
