/* SPDX-License-Identifier: GPL-2.0 */
/* Written by wrapgen from kernel.o, good.nooks: do not edit. */
#ifndef NOOKS_GENERATED_H
#define NOOKS_GENERATED_H

#include "wrapper.h"

enum nooks_type_id {
	NOOKS_TYPE_none,
	NOOKS_TYPE_widget,
	NOOKS_TYPE_device,
	NOOKS_TYPE_gear,
	NOOKS_TYPE_packet,
};

extern const struct nooks_shadow_class nooks_shadow_packet;

enum nooks_role_id {
	NOOKS_ROLE_none,
	NOOKS_ROLE_widget_ops_open,
	NOOKS_ROLE_widget_ops_close,
	NOOKS_ROLE_widget_ops_ready,
	NOOKS_ROLE_widget_ops_report,
	NOOKS_ROLE_widget_ops_lines,
	NOOKS_ROLE_widget_ops_read,
	NOOKS_ROLE_widget_ops_driver_stop,
	NOOKS_ROLE_power_ops_suspend,
	NOOKS_ROLE_packet_fn_t,
	NOOKS_ROLE_handler_t,
	NOOKS_ROLE_widget_done,
	NOOKS_ROLE_widget_call_notify,
};

enum nooks_ops_id {
	NOOKS_OPS_none,
	NOOKS_OPS_widget_ops,
	NOOKS_OPS_power_ops,
};

enum nooks_methods_id {
	NOOKS_METHODS_none,
	NOOKS_METHODS_power_ops,
	NOOKS_METHODS_widget_ops,
};

/* Generated wrappers. */
NOOKS_WRAPPER(gear_turn);
NOOKS_WRAPPER(packet_drop);
NOOKS_WRAPPER(packet_send);
NOOKS_WRAPPER(widget_call);
NOOKS_WRAPPER(widget_copy);
NOOKS_WRAPPER(widget_lines);
NOOKS_WRAPPER(widget_name);
NOOKS_WRAPPER(widget_ops_open);
NOOKS_WRAPPER(widget_register);
NOOKS_WRAPPER(widget_request);
NOOKS_WRAPPER(widget_start);
NOOKS_WRAPPER(widget_stats);
NOOKS_WRAPPER(widget_stop);
NOOKS_WRAPPER(widget_sum);
NOOKS_WRAPPER(widget_tint);
NOOKS_WRAPPER(widget_turn);

/* Wrappers by hand. */
NOOKS_WRAPPER(asm_trap);
NOOKS_WRAPPER(gear_oil);
NOOKS_WRAPPER(widget_find);
NOOKS_WRAPPER(widget_ops_lines);
NOOKS_WRAPPER(widget_draw);
NOOKS_WRAPPER(widget_print);

/* Calls that fail the domain. */
NOOKS_WRAPPER(power_ops_suspend);
NOOKS_WRAPPER(widget_key);

/* Roles by hand. */
unsigned long nooks_r_close(struct nooks_stub *stub,
		const struct nooks_role *role, unsigned long *args);
unsigned long nooks_r_done(struct nooks_stub *stub,
		const struct nooks_role *role, unsigned long *args);

/* Checks of single arguments by hand: like nooks_arg_object() and its kin. */
bool nooks_check_irq(struct nooks_crossing *x, unsigned long value,
		const char *fn, const char *arg);

/* Checks of single fields by hand: see nooks_field_check_fn. */
const char *nooks_field_ops(struct nooks_crossing *x, unsigned long addr,
		u64 old, u64 new, bool done);
const char *nooks_field_speed(struct nooks_crossing *x, unsigned long addr,
		u64 old, u64 new, bool done);

#endif
