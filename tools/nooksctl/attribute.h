/* SPDX-License-Identifier: GPL-2.0 */
/* What sysfs says of a driver, attribute by attribute: docs/abi/sysfs-class-nooks. */
#ifndef NOOKSCTL_ATTRIBUTE_H
#define NOOKSCTL_ATTRIBUTE_H

/* The order in which they are shown. */
enum attribute {
	ATTRIBUTE_STATE,
	ATTRIBUTE_RECOVERY,
	ATTRIBUTE_MAX_FAILURES,
	ATTRIBUTE_WINDOW,
	ATTRIBUTE_READONLY_FAILURE,
	ATTRIBUTE_INODE_CHECK,
	ATTRIBUTE_SILENT_SECONDS,
	ATTRIBUTE_MAX_WARNINGS,
	ATTRIBUTE_LAST_FAILURE,
	ATTRIBUTE_LEARN,
	ATTRIBUTE_FAILURES,
	ATTRIBUTE_SILENCES,
	ATTRIBUTE_WARNINGS,
	ATTRIBUTE_RESTARTS,
	ATTRIBUTE_ENTRIES,
	ATTRIBUTE_UNWINDINGS,
	ATTRIBUTE_CHECKED_STORES,
	ATTRIBUTE_MISSED_CALLS,
	ATTRIBUTE_MISSED_ENTRIES,
	ATTRIBUTE_FAULTS,
	ATTRIBUTE_REFILLS,
	ATTRIBUTE_OBJECTS,
	ATTRIBUTE_TIMERS,
	ATTRIBUTE_PACKETS,
	ATTRIBUTE_PACKET_MEMORY,
	ATTRIBUTE_MEMORY,
	ATTRIBUTE_DMA_MEMORY,
	ATTRIBUTE_REFUSED,
	ATTRIBUTE_LINES_DROPPED,
	NR_ATTRIBUTES,
};

/** enum attribute_kind - how a value is written */
enum attribute_kind {
	ATTRIBUTE_TEXT,
	ATTRIBUTE_NUMBER,
	ATTRIBUTE_BYTES,	/* a number, too */
};

/** struct attribute_info - @name: of the file and in JSON; @kind: see above */
struct attribute_info {
	const char *name;
	enum attribute_kind kind;
};

extern const struct attribute_info attributes[NR_ATTRIBUTES];

#endif
