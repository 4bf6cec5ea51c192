// SPDX-License-Identifier: GPL-2.0
/* The attributes that a driver has in sysfs. */
#include "attribute.h"

const struct attribute_info attributes[NR_ATTRIBUTES] = {
	[ATTRIBUTE_STATE] = { "state", ATTRIBUTE_TEXT },
	[ATTRIBUTE_RECOVERY] = { "recovery", ATTRIBUTE_TEXT },
	[ATTRIBUTE_MAX_FAILURES] = { "max_failures", ATTRIBUTE_NUMBER },
	[ATTRIBUTE_WINDOW] = { "window", ATTRIBUTE_NUMBER },
	[ATTRIBUTE_LAST_FAILURE] = { "last_failure", ATTRIBUTE_TEXT },
	[ATTRIBUTE_LEARN] = { "learn", ATTRIBUTE_NUMBER },
	[ATTRIBUTE_FAILURES] = { "failures", ATTRIBUTE_NUMBER },
	[ATTRIBUTE_RESTARTS] = { "restarts", ATTRIBUTE_NUMBER },
	[ATTRIBUTE_ENTRIES] = { "entries", ATTRIBUTE_NUMBER },
	[ATTRIBUTE_UNWINDINGS] = { "unwindings", ATTRIBUTE_NUMBER },
	[ATTRIBUTE_CHECKED_STORES] = { "checked_stores", ATTRIBUTE_NUMBER },
	[ATTRIBUTE_MISSED_CALLS] = { "missed_calls", ATTRIBUTE_NUMBER },
	[ATTRIBUTE_MISSED_ENTRIES] = { "missed_entries", ATTRIBUTE_NUMBER },
	[ATTRIBUTE_FAULTS] = { "faults", ATTRIBUTE_NUMBER },
	[ATTRIBUTE_REFILLS] = { "refills", ATTRIBUTE_NUMBER },
	[ATTRIBUTE_OBJECTS] = { "objects", ATTRIBUTE_NUMBER },
	[ATTRIBUTE_TIMERS] = { "timers", ATTRIBUTE_NUMBER },
	[ATTRIBUTE_PACKETS] = { "packets", ATTRIBUTE_NUMBER },
	[ATTRIBUTE_PACKET_MEMORY] = { "packet_memory", ATTRIBUTE_BYTES },
	[ATTRIBUTE_MEMORY] = { "memory", ATTRIBUTE_BYTES },
	[ATTRIBUTE_DMA_MEMORY] = { "dma_memory", ATTRIBUTE_BYTES },
	[ATTRIBUTE_REFUSED] = { "refused", ATTRIBUTE_NUMBER },
	[ATTRIBUTE_LINES_DROPPED] = { "lines_dropped", ATTRIBUTE_NUMBER },
};
