/* SPDX-License-Identifier: GPL-2.0 */
/* A plan: which bytes of a module's text become which, fault by fault. */
#ifndef NOOKS_MUTATE_PLAN_H
#define NOOKS_MUTATE_PLAN_H

#include "text.h"

#define MAX_PATCH	48	/* bytes of one */
#define MAX_FIXES	3
#define MAX_PATCHES	2	/* of one fault */

/**
 * struct fix - a call in new code whose target only the running module knows
 * @at: of the displacement in the new bytes
 * @site: offset in the section of a call that has that target
 */
struct fix {
	uint32_t at;
	uint32_t site;
};

/**
 * struct patch - a change in one place
 * @offset: in the section
 * @size: bytes
 * @bytes: new ones
 * @keep: which of them stay as they are, whatever they are: what a relocation fills in
 * @any: which of the old ones may be anything: ditto
 * @fixes: of calls
 * @nr_fixes: count
 */
struct patch {
	uint32_t offset;
	uint32_t size;
	unsigned char bytes[MAX_PATCH];
	bool keep[MAX_PATCH];
	bool any[MAX_PATCH];
	struct fix fixes[MAX_FIXES];
	uint32_t nr_fixes;
};

/**
 * struct fault - a fault
 * @kind: its name
 * @place: the instruction that it is about
 * @patches: first that of @place
 * @nr_patches: count; 0 for a fault of the device
 * @device: bits of the command register that the driver's PCI devices lose
 */
struct fault {
	const char *kind;
	const struct place *place;
	struct patch patches[MAX_PATCHES];
	uint32_t nr_patches;
	uint32_t device;
};

/**
 * struct plan - faults that do not overlap
 * @text: where they are
 * @pci: it is the driver of a PCI device
 * @faults: in the order in which they were chosen
 * @nr: count
 */
struct plan {
	const struct text *text;
	bool pci;
	struct fault *faults;
	uint32_t nr;
};

/**
 * struct kind - a kind of faults
 * @name: what users call it
 * @what: what it does, for the help; NULL: another form of the kind before it
 * @eligible: may it be put at that place?
 * @mutate: fill in fault->patches. False if it did not work out: there is another place
 * @behaviour: replaces what a call does; needs functions that are not wanted, for its code
 */
struct kind {
	const char *name;
	const char *what;
	bool (*eligible)(const struct kind *kind, const struct plan *plan, const struct place *place);
	bool (*mutate)(const struct kind *kind, const struct plan *plan, struct fault *fault,
		       uint64_t *seed);
	bool behaviour;
	const void *data;
};

extern const struct kind classic_kinds[], behaviour_kinds[], device_kinds[];
extern const size_t nr_classic_kinds, nr_behaviour_kinds, nr_device_kinds;

void patch_begin(struct patch *patch, const struct text *text, uint32_t offset, uint32_t size);
bool patch_overlaps(const struct plan *plan, uint32_t offset, uint32_t size);
bool plan_add(struct plan *plan, const struct kind *kind, uint64_t *seed);
bool plan_print(const struct plan *plan);

#endif
