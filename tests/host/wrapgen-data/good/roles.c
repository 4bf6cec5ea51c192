// SPDX-License-Identifier: GPL-2.0
/* Written by wrapgen from kernel.o, good.nooks: do not edit. */
#include "prelude.h"
#include "wrapper.h"
#include "generated.h"

const struct nooks_role nooks_roles[] = {
	[NOOKS_ROLE_none] = { .name = "none" },
	/* int(struct widget *) */
	[NOOKS_ROLE_widget_ops_open] = {
		.name = "widget_ops.open", .nr_args = 1,
		.ret = NOOKS_RETURN_ERRNO, .ret_size = 4, .fail = -ENODEV,
		.args = {
			{ .name = "arg1", .kind = NOOKS_ARG_OBJECT, .type = NOOKS_TYPE_widget },
		},
	},
	/* void(struct widget *) */
	[NOOKS_ROLE_widget_ops_close] = {
		.name = "widget_ops.close", .nr_args = 1,
		.ret = NOOKS_RETURN_VOID, .ret_size = 0, .fail = 0,
		.hook = nooks_r_close,
		.args = {
			{ .name = "arg1", .kind = NOOKS_ARG_OBJECT, .type = NOOKS_TYPE_widget },
		},
	},
	/* bool(const struct widget *, struct token, u8) */
	[NOOKS_ROLE_widget_ops_ready] = {
		.name = "widget_ops.ready", .nr_args = 3,
		.ret = NOOKS_RETURN_SCALAR, .ret_size = 1, .fail = 0,
		.args = {
			{ .name = "arg1", .kind = NOOKS_ARG_OBJECT, .type = NOOKS_TYPE_widget },
			{ .name = "arg2", .kind = NOOKS_ARG_SCALAR },
			{ .name = "arg3", .kind = NOOKS_ARG_SCALAR },
		},
	},
	/* long int(struct widget *, struct report *, void *) */
	[NOOKS_ROLE_widget_ops_report] = {
		.name = "widget_ops.report", .nr_args = 3,
		.ret = NOOKS_RETURN_RANGE, .ret_size = 8, .fail = -EIO,
		.ret_min = 0, .ret_max = 4096,
		.args = {
			{ .name = "arg1", .kind = NOOKS_ARG_OBJECT, .type = NOOKS_TYPE_widget },
			{ .name = "arg2", .kind = NOOKS_ARG_BUFFER, .size = 8 },
			{ .name = "arg3", .kind = NOOKS_ARG_BUFFER, .size = 1,
			  .len_arg = 2, .len_offset = 0, .len_size = 4 },
		},
	},
	/* void(struct widget *, const struct report *, u64 *) */
	[NOOKS_ROLE_widget_ops_lines] = {
		.name = "widget_ops.lines", .nr_args = 3,
		.ret = NOOKS_RETURN_VOID, .ret_size = 0, .fail = 0,
		.args = {
			{ .name = "arg1", .kind = NOOKS_ARG_OBJECT, .type = NOOKS_TYPE_widget },
			{ .name = "arg2", .kind = NOOKS_ARG_CONST },
			{ .name = "arg3", .kind = NOOKS_ARG_BUFFER, .size = 8,
			  .len_arg = 2, .len_offset = 4, .len_size = 4 },
		},
	},
	/* int(struct widget *, u8 *, u16) */
	[NOOKS_ROLE_widget_ops_read] = {
		.name = "widget_ops.read", .nr_args = 3,
		.ret = NOOKS_RETURN_SCALAR, .ret_size = 4, .fail = -EIO,
		.args = {
			{ .name = "arg1", .kind = NOOKS_ARG_OBJECT, .type = NOOKS_TYPE_widget },
			{ .name = "arg2", .kind = NOOKS_ARG_BUFFER, .size = 1,
			  .len_arg = 3, .len_offset = 0, .len_size = 0 },
			{ .name = "arg3", .kind = NOOKS_ARG_SCALAR },
		},
	},
	/* void(struct device *) */
	[NOOKS_ROLE_widget_ops_driver_stop] = {
		.name = "widget_ops.driver.stop", .nr_args = 1,
		.ret = NOOKS_RETURN_VOID, .ret_size = 0, .fail = 0,
		.denied = "for the core",
		.args = {
			{ .name = "arg1", .kind = NOOKS_ARG_OBJECT, .type = NOOKS_TYPE_device },
		},
	},
	/* int(struct device *) */
	[NOOKS_ROLE_power_ops_suspend] = {
		.name = "power_ops.suspend", .nr_args = 1,
		.ret = NOOKS_RETURN_SCALAR, .ret_size = 4, .fail = -EIO,
		.args = {
			{ .name = "arg1", .kind = NOOKS_ARG_OBJECT, .type = NOOKS_TYPE_device },
		},
	},
	/* void(struct packet *, int) */
	[NOOKS_ROLE_packet_fn_t] = {
		.name = "packet_fn_t", .nr_args = 2,
		.ret = NOOKS_RETURN_VOID, .ret_size = 0, .fail = 0,
		.args = {
			{ .name = "arg1", .kind = NOOKS_ARG_SHADOW, .type = NOOKS_TYPE_packet },
			{ .name = "arg2", .kind = NOOKS_ARG_SCALAR },
		},
	},
	/* int(int, void *) */
	[NOOKS_ROLE_handler_t] = {
		.name = "handler_t", .nr_args = 2,
		.ret = NOOKS_RETURN_RANGE, .ret_size = 4, .fail = (__force long)IGNORED,
		.ret_min = 0, .ret_max = (__force long)HANDLED,
		.args = {
			{ .name = "arg1", .kind = NOOKS_ARG_SCALAR },
			{ .name = "arg2", .kind = NOOKS_ARG_SCALAR },
		},
	},
	/* void(struct widget *) */
	[NOOKS_ROLE_widget_done] = {
		.name = "widget.done", .nr_args = 1,
		.ret = NOOKS_RETURN_VOID, .ret_size = 0, .fail = 0,
		.hook = nooks_r_done,
		.args = {
			{ .name = "arg1", .kind = NOOKS_ARG_OBJECT, .type = NOOKS_TYPE_widget },
		},
	},
	/* void(struct widget *, int) */
	[NOOKS_ROLE_widget_call_notify] = {
		.name = "widget_call.notify", .nr_args = 2,
		.ret = NOOKS_RETURN_VOID, .ret_size = 0, .fail = 0,
		.args = {
			{ .name = "arg1", .kind = NOOKS_ARG_OBJECT, .type = NOOKS_TYPE_widget },
			{ .name = "arg2", .kind = NOOKS_ARG_SCALAR },
		},
	},
};

const unsigned int nooks_nr_roles = ARRAY_SIZE(nooks_roles);

static_assert(sizeof(struct widget_ops) == 88);
static const struct nooks_ops_member widget_ops_members[] = {
	{ "open", offsetof(struct widget_ops, open), NOOKS_ROLE_widget_ops_open, 0 },
	{ "close", offsetof(struct widget_ops, close), NOOKS_ROLE_widget_ops_close, 0 },
	{ "ready", offsetof(struct widget_ops, ready), NOOKS_ROLE_widget_ops_ready, 0 },
	{ "report", offsetof(struct widget_ops, report), NOOKS_ROLE_widget_ops_report, 0 },
	{ "lines", offsetof(struct widget_ops, lines), NOOKS_ROLE_widget_ops_lines, 0 },
	{ "read", offsetof(struct widget_ops, read), NOOKS_ROLE_widget_ops_read, 0 },
	{ "move", offsetof(struct widget_ops, move), 0, 0 }, /* denied: too many arguments */
	{ "unlock", offsetof(struct widget_ops, unlock), 0, 0 }, /* denied: takes a large struct */
	{ "lock", offsetof(struct widget_ops, lock), 0, 0 }, /* denied: returns one */
	{ "driver.stop", offsetof(struct widget_ops, driver.stop), NOOKS_ROLE_widget_ops_driver_stop, 0 }, /* denied */
	{ "driver.pm", offsetof(struct widget_ops, driver.pm), 0, NOOKS_OPS_power_ops },
};

static_assert(sizeof(struct power_ops) == 8);
static const struct nooks_ops_member power_ops_members[] = {
	{ "suspend", offsetof(struct power_ops, suspend), NOOKS_ROLE_power_ops_suspend, 0 },
};

const struct nooks_ops_table nooks_ops_tables[] = {
	[NOOKS_OPS_none] = { .name = "none" },
	[NOOKS_OPS_widget_ops] = {
		"widget_ops", sizeof(struct widget_ops), ARRAY_SIZE(widget_ops_members), widget_ops_members,
	},
	[NOOKS_OPS_power_ops] = {
		"power_ops", sizeof(struct power_ops), ARRAY_SIZE(power_ops_members), power_ops_members,
	},
};

const unsigned int nooks_nr_ops_tables = ARRAY_SIZE(nooks_ops_tables);

const struct nooks_method nooks_methods[] = {
	{ NOOKS_METHODS_widget_ops, offsetof(struct widget_ops, lines), 14 },
	{ NOOKS_METHODS_widget_ops, offsetof(struct widget_ops, open), 15 },
	{ NOOKS_METHODS_none, 0, 0 }
};
