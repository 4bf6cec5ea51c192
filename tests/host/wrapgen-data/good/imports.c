// SPDX-License-Identifier: GPL-2.0
/* Written by wrapgen from kernel.o, good.nooks: do not edit. */
#include <linux/kernel.h>

#include "wrapper.h"
#include "generated.h"

extern const u8 nooks_in_asm_copy[];
extern const u8 nooks_in_asm_thunk[];
extern const u8 nooks_stub_asm_trap[];
extern const u8 nooks_stub_gear_oil[];
extern void *nooks_late_gear_oil;
extern const u8 nooks_stub_gear_turn[];
extern void *nooks_late_gear_turn;
extern const u8 nooks_stub_packet_drop[];
extern const u8 nooks_stub_packet_send[];
extern const u8 nooks_stub_power_ops_suspend[];
extern const u8 nooks_stub_widget_call[];
extern const u8 nooks_stub_widget_copy[];
extern const u8 nooks_stub_widget_find[];
extern const u8 nooks_stub_widget_key[];
extern const u8 nooks_stub_widget_lines[];
extern const u8 nooks_stub_widget_name[];
extern const u8 nooks_stub_widget_ops_lines[];
extern const u8 nooks_stub_widget_ops_open[];
extern const u8 nooks_stub_widget_paint[];
extern const u8 nooks_stub_widget_print[];
extern const u8 nooks_stub_widget_register[];
extern const u8 nooks_stub_widget_request[];
extern const u8 nooks_stub_widget_start[];
extern const u8 nooks_stub_widget_stats[];
extern const u8 nooks_stub_widget_stop[];
extern const u8 nooks_stub_widget_sum[];
extern const u8 nooks_stub_widget_tint[];
extern const u8 nooks_stub_widget_turn[];

const struct nooks_import nooks_imports[] = {
	{ .name = "asm_copy", .kind = NOOKS_IMPORT_INSIDE, .stub = nooks_in_asm_copy },
	{ .name = "asm_thunk", .kind = NOOKS_IMPORT_INSIDE, .stub = nooks_in_asm_thunk },
	{ .name = "asm_trap", .kind = NOOKS_IMPORT_MANUAL,
	  .wrapper = nooks_w_asm_trap, .stub = nooks_stub_asm_trap },
	{ .name = "gear_oil", .kind = NOOKS_IMPORT_MANUAL,
	  .wrapper = nooks_w_gear_oil, .stub = nooks_stub_gear_oil,
	  .late = &nooks_late_gear_oil },
	{ .name = "gear_turn", .kind = NOOKS_IMPORT_GENERATED,
	  .wrapper = nooks_w_gear_turn, .stub = nooks_stub_gear_turn,
	  .late = &nooks_late_gear_turn },
	{ .name = "packet_drop", .kind = NOOKS_IMPORT_GENERATED,
	  .wrapper = nooks_w_packet_drop, .stub = nooks_stub_packet_drop },
	{ .name = "packet_send", .kind = NOOKS_IMPORT_GENERATED,
	  .wrapper = nooks_w_packet_send, .stub = nooks_stub_packet_send },
	{ .name = "power_ops.suspend", .kind = NOOKS_IMPORT_DENIED,
	  .wrapper = nooks_w_power_ops_suspend, .stub = nooks_stub_power_ops_suspend,
	  .reason = "for the core" },
	{ .name = "widget_call", .kind = NOOKS_IMPORT_GENERATED,
	  .wrapper = nooks_w_widget_call, .stub = nooks_stub_widget_call },
	{ .name = "widget_copy", .kind = NOOKS_IMPORT_GENERATED,
	  .wrapper = nooks_w_widget_copy, .stub = nooks_stub_widget_copy },
	{ .name = "widget_find", .kind = NOOKS_IMPORT_MANUAL,
	  .wrapper = nooks_w_widget_find, .stub = nooks_stub_widget_find },
	{ .name = "widget_key", .kind = NOOKS_IMPORT_DENIED,
	  .wrapper = nooks_w_widget_key, .stub = nooks_stub_widget_key,
	  .reason = "returns a struct" },
	{ .name = "widget_lines", .kind = NOOKS_IMPORT_GENERATED,
	  .wrapper = nooks_w_widget_lines, .stub = nooks_stub_widget_lines },
	{ .name = "widget_name", .kind = NOOKS_IMPORT_GENERATED,
	  .wrapper = nooks_w_widget_name, .stub = nooks_stub_widget_name },
	{ .name = "widget_ops.lines", .kind = NOOKS_IMPORT_MANUAL,
	  .wrapper = nooks_w_widget_ops_lines, .stub = nooks_stub_widget_ops_lines },
	{ .name = "widget_ops.open", .kind = NOOKS_IMPORT_GENERATED,
	  .wrapper = nooks_w_widget_ops_open, .stub = nooks_stub_widget_ops_open },
	{ .name = "widget_paint", .kind = NOOKS_IMPORT_MANUAL,
	  .wrapper = nooks_w_widget_draw, .stub = nooks_stub_widget_paint },
	{ .name = "widget_print", .kind = NOOKS_IMPORT_MANUAL,
	  .wrapper = nooks_w_widget_print, .stub = nooks_stub_widget_print },
	{ .name = "widget_register", .kind = NOOKS_IMPORT_GENERATED,
	  .wrapper = nooks_w_widget_register, .stub = nooks_stub_widget_register },
	{ .name = "widget_request", .kind = NOOKS_IMPORT_GENERATED,
	  .wrapper = nooks_w_widget_request, .stub = nooks_stub_widget_request },
	{ .name = "widget_start", .kind = NOOKS_IMPORT_GENERATED,
	  .wrapper = nooks_w_widget_start, .stub = nooks_stub_widget_start },
	{ .name = "widget_stats", .kind = NOOKS_IMPORT_GENERATED,
	  .wrapper = nooks_w_widget_stats, .stub = nooks_stub_widget_stats },
	{ .name = "widget_stop", .kind = NOOKS_IMPORT_GENERATED,
	  .wrapper = nooks_w_widget_stop, .stub = nooks_stub_widget_stop },
	{ .name = "widget_sum", .kind = NOOKS_IMPORT_GENERATED,
	  .wrapper = nooks_w_widget_sum, .stub = nooks_stub_widget_sum },
	{ .name = "widget_tint", .kind = NOOKS_IMPORT_GENERATED,
	  .wrapper = nooks_w_widget_tint, .stub = nooks_stub_widget_tint },
	{ .name = "widget_turn", .kind = NOOKS_IMPORT_GENERATED,
	  .wrapper = nooks_w_widget_turn, .stub = nooks_stub_widget_turn },
};

const unsigned int nooks_nr_imports = ARRAY_SIZE(nooks_imports);
