// SPDX-License-Identifier: GPL-2.0
/* Written by wrapgen from kernel.o, good.nooks: do not edit. */
#include "prelude.h"
#include "wrapper.h"
#include "../objtracker/words.h"
#include "generated.h"

#ifndef __CHECKER__
static_assert(sizeof(struct widget) == 88);
static_assert(offsetof(struct widget, name) == 0);
static_assert(offsetof(struct widget, ops) == 16);
static_assert(offsetof(struct widget, stats.rx) == 40);
static_assert(offsetof(struct widget, parent) == 64);
#endif
static const struct nooks_field widget_fields[] = {
	{ "name", 0, 16, NOOKS_FIELD_ANY },
	{ "ops", 16, 8, NOOKS_FIELD_CALLBACKS, .ops = NOOKS_OPS_widget_ops, .check = nooks_field_ops },
	{ "dev.driver_data", 24, 8, NOOKS_FIELD_DENIED, .learn = NOOKS_FIELD_OWN, .target = "void *" },
	{ "dev.id", 32, 4, NOOKS_FIELD_DENIED, .learn = NOOKS_FIELD_ANY },
	{ "stats.rx", 40, 8, NOOKS_FIELD_ANY },
	{ "stats.tx", 48, 8, NOOKS_FIELD_DENIED, .learn = NOOKS_FIELD_ANY },
	{ "speed", 56, 2, NOOKS_FIELD_CHECKED, .check = nooks_field_speed },
	{ "up", 56, 1, NOOKS_FIELD_ANY },
	{ "word", 60, 4, NOOKS_FIELD_DENIED, .learn = NOOKS_FIELD_ANY },
	{ "low", 60, 2, NOOKS_FIELD_DENIED, .learn = NOOKS_FIELD_ANY },
	{ "high", 62, 2, NOOKS_FIELD_DENIED, .learn = NOOKS_FIELD_ANY },
	{ "parent", 64, 8, NOOKS_FIELD_OBJECT, .type = NOOKS_TYPE_device },
	{ "done", 72, 8, NOOKS_FIELD_DENIED, .learn = NOOKS_FIELD_FUNCTION, .target = "void (*)(struct widget *)" },
	{ "secret", 80, 8, NOOKS_FIELD_DENIED, .learn = NOOKS_FIELD_OWN, .target = "struct secret" },
};

#ifndef __CHECKER__
static_assert(sizeof(struct device) == 16);
static_assert(offsetof(struct device, driver_data) == 0);
#endif
static const struct nooks_field device_fields[] = {
	{ "driver_data", 0, 8, NOOKS_FIELD_ANY },
	{ "id", 8, 4, NOOKS_FIELD_DENIED, .learn = NOOKS_FIELD_ANY },
};

#ifndef __CHECKER__
static_assert(sizeof(struct gear) == 24);
#endif
static const struct nooks_field gear_fields[] = {
	{ "teeth", 0, 8, NOOKS_FIELD_DENIED, .learn = NOOKS_FIELD_ANY },
	{ "next", 8, 8, NOOKS_FIELD_DENIED, .learn = NOOKS_FIELD_OBJECT, .type = NOOKS_TYPE_gear },
	{ "token.number", 16, 4, NOOKS_FIELD_DENIED, .learn = NOOKS_FIELD_ANY },
};

#ifndef __CHECKER__
static_assert(sizeof(struct packet) == 24);
static_assert(offsetof(struct packet, next) == 0);
static_assert(offsetof(struct packet, dev) == 8);
static_assert(offsetof(struct packet, len) == 16);
static_assert(offsetof(struct packet, hash) == 22);
#endif
static const struct nooks_field packet_fields[] = {
	{ "next", 0, 8, NOOKS_FIELD_PRIVATE },
	{ "dev", 8, 8, NOOKS_FIELD_OBJECT, .type = NOOKS_TYPE_device },
	{ "len", 16, 4, NOOKS_FIELD_ANY },
	{ "kind", 20, 1, NOOKS_FIELD_DENIED, .learn = NOOKS_FIELD_ANY },
	{ "mine", 20, 1, NOOKS_FIELD_ANY },
	{ "rest", 20, 1, NOOKS_FIELD_DENIED, .learn = NOOKS_FIELD_ANY },
	{ "flags", 21, 1, NOOKS_FIELD_DENIED, .learn = NOOKS_FIELD_ANY },
	{ "hash", 22, 2, NOOKS_FIELD_ANY },
};
static const struct nooks_shadow_masks packet_masks = {
	.nr_words = 3,
	.writable = {
		0x0, 0xffffffffffffffff, 0xffff0008ffffffff,
	},
	.private = {
		0xffffffffffffffff, 0x0, 0x0,
	},
};
NOOKS_SHADOW_FUNCTIONS(packet, packet_masks)
static const struct nooks_shadow_layout packet_shadow = {
	.class = &nooks_shadow_packet,
	.masks = &packet_masks,
	.differ = packet_differ,
	.show = packet_show,
	.objects = { 1, },
	.nr_objects = 1,
};

const struct nooks_type nooks_types[] = {
	[NOOKS_TYPE_none] = { .name = "none" },
	[NOOKS_TYPE_widget] = {
		"widget", sizeof(struct widget), ARRAY_SIZE(widget_fields), widget_fields,
	},
	[NOOKS_TYPE_device] = {
		"device", sizeof(struct device), ARRAY_SIZE(device_fields), device_fields,
	},
	[NOOKS_TYPE_gear] = {
		"gear", sizeof(struct gear), ARRAY_SIZE(gear_fields), gear_fields,
	},
	[NOOKS_TYPE_packet] = {
		"packet", sizeof(struct packet), ARRAY_SIZE(packet_fields), packet_fields,
		&packet_shadow,
	},
};

const unsigned int nooks_nr_types = ARRAY_SIZE(nooks_types);
