// SPDX-License-Identifier: GPL-2.0
/* Written by wrapgen from kernel.o, good.nooks: do not edit. */
#include "prelude.h"
#include "wrapper.h"
#include "generated.h"

NOOKS_LATE(gear_oil);
typeof(gear_oil) *nooks_late_gear_oil;

NOOKS_LATE(gear_turn);
typeof(gear_turn) *nooks_late_gear_turn;

static_assert(__same_type(gear_turn, int (struct gear *, u64 *)));
NOOKS_WRAPPER(gear_turn)
{
	static const char fn[] = "gear_turn";
	struct gear *gear = (void *)a0;
	u64 *turns = (void *)a1;

	if (!nooks_arg_object(x, gear, NOOKS_TYPE_gear, false, fn, "gear") ||
	    !nooks_arg_writable(x, turns, sizeof(*turns), true, fn, "turns") ||
	    !nooks_late_bound(x, nooks_late_gear_turn, fn))
		return 0;
	return (__force unsigned long)(*nooks_late_gear_turn)(gear, turns);
}

static_assert(__same_type(packet_drop, void (struct packet *, packet_fn_t)));
NOOKS_WRAPPER(packet_drop)
{
	static const char fn[] = "packet_drop";
	struct packet *packet = (void *)a0;
	packet_fn_t fn_ = (void *)a1;
	struct nooks_shadow *packet_shadow = NULL;
	unsigned long ret = 0;

	if (!nooks_arg_shadow(x, &packet, &packet_shadow, NOOKS_TYPE_packet, false, fn, "packet") ||
	    !nooks_arg_callback(x, fn_, NOOKS_ROLE_packet_fn_t, false, fn, "fn"))
		goto out;
	(packet_drop)(packet, fn_);
out:
	nooks_shadow_return(packet_shadow);
	return ret;
}

static_assert(__same_type(packet_send, int (struct packet *, const struct packet *, int)));
NOOKS_WRAPPER(packet_send)
{
	static const char fn[] = "packet_send";
	struct packet *packet = (void *)a0;
	const struct packet *like = (void *)a1;
	int n = (__force typeof(n))a2;
	struct nooks_shadow *packet_shadow = NULL;
	struct nooks_shadow *like_shadow = NULL;
	unsigned long ret = 0;

	if (!nooks_arg_shadow(x, &packet, &packet_shadow, NOOKS_TYPE_packet, false, fn, "packet") ||
	    !nooks_arg_shadow(x, &like, &like_shadow, NOOKS_TYPE_packet, true, fn, "like") ||
	    !nooks_arg_range(x, (__force long)n, 0, 4, fn, "n"))
		goto out;
	ret = (__force unsigned long)(packet_send)(packet, like, n);
out:
	nooks_shadow_return(like_shadow);
	nooks_shadow_return(packet_shadow);
	return ret;
}

NOOKS_WRAPPER(power_ops_suspend)
{
	return nooks_denied(x, "power_ops.suspend", "for the core");
}

static_assert(__same_type(widget_call, void (struct widget *, void (*)(struct widget *, int))));
NOOKS_WRAPPER(widget_call)
{
	static const char fn[] = "widget_call";
	struct widget *w = (void *)a0;
	void (*notify)(struct widget *, int) = (void *)a1;

	if (!nooks_arg_object(x, w, NOOKS_TYPE_widget, false, fn, "w") ||
	    !nooks_arg_callback(x, notify, NOOKS_ROLE_widget_call_notify, false, fn, "notify"))
		return 0;
	(widget_call)(w, notify);
	return 0;
}

static_assert(__same_type(widget_copy, u64 (struct widget *, void *, const void *, int)));
NOOKS_WRAPPER(widget_copy)
{
	static const char fn[] = "widget_copy";
	struct widget *w = (void *)a0;
	void *to = (void *)a1;
	const void *from = (void *)a2;
	int len = (__force typeof(len))a3;

	if (!nooks_arg_object(x, w, NOOKS_TYPE_widget, false, fn, "w") ||
	    !nooks_arg_writable(x, to, len, false, fn, "to") ||
	    !nooks_arg_readable(x, from, len, false, fn, "from") ||
	    !nooks_arg_range(x, (__force long)len, 0, 4096, fn, "len") ||
	    !nooks_arg_require(x, w->stats.rx > 0, fn, "w->stats.rx > 0") ||
	    !nooks_arg_require(x, len % 2 == 0, fn, "len % 2 == 0"))
		return 0;
	return (__force unsigned long)(widget_copy)(w, to, from, len);
}

NOOKS_WRAPPER(widget_key)
{
	return nooks_denied(x, "widget_key", "returns a struct");
}

static_assert(__same_type(widget_lines, int (struct widget *, u64 *, unsigned int, struct report *)));
NOOKS_WRAPPER(widget_lines)
{
	static const char fn[] = "widget_lines";
	struct widget *w = (void *)a0;
	u64 *lines = (void *)a1;
	unsigned int count = (__force typeof(count))a2;
	struct report *report = (void *)a3;

	if (!nooks_arg_object(x, w, NOOKS_TYPE_widget, false, fn, "w") ||
	    !nooks_arg_writable(x, lines, array_size(count, sizeof(*lines)), false, fn, "lines") ||
	    !nooks_arg_readable(x, report, sizeof(*report), false, fn, "report"))
		return 0;
	return (__force unsigned long)(widget_lines)(w, lines, count, report);
}

static_assert(__same_type(widget_name, int (struct device *, const char *, const char *)));
NOOKS_WRAPPER(widget_name)
{
	static const char fn[] = "widget_name";
	struct device *dev = (void *)a0;
	const char *name = (void *)a1;
	const char *alias = (void *)a2;

	if (!nooks_arg_object(x, container_of(dev, struct widget, dev), NOOKS_TYPE_widget, false, fn, "dev") ||
	    !nooks_arg_string(x, name, 4096, false, fn, "name") ||
	    !nooks_arg_string(x, alias, 16, true, fn, "alias"))
		return 0;
	return (__force unsigned long)(widget_name)(dev, name, alias);
}

static_assert(__same_type(*((struct widget_ops *)0)->open, int (struct widget *)));
NOOKS_WRAPPER(widget_ops_open)
{
	static const char fn[] = "widget_ops.open";
	struct widget *arg1 = (void *)a0;

	if (!nooks_may_sleep(x, fn) ||
	    !nooks_arg_object(x, arg1, NOOKS_TYPE_widget, false, fn, "arg1") ||
	    !nooks_late_bound(x, (arg1->ops)->open, fn))
		return 0;
	return (__force unsigned long)(arg1->ops)->open(arg1);
}

static_assert(__same_type(widget_register, int (const struct widget_ops *, struct token, int, int)));
NOOKS_WRAPPER(widget_register)
{
	static const char fn[] = "widget_register";
	const struct widget_ops *ops = (void *)a0;
	struct token token = *(typeof(token) *)&a1;
	int x_ = (__force typeof(x_))a2;
	int fn_ = (__force typeof(fn_))a3;

	if (!nooks_arg_ops(x, ops, NOOKS_OPS_widget_ops, false, fn, "ops"))
		return 0;
	return (__force unsigned long)(widget_register)(ops, token, x_, fn_);
}

static_assert(__same_type(widget_request, int (struct widget *, int, handler_t, void *)));
NOOKS_WRAPPER(widget_request)
{
	static const char fn[] = "widget_request";
	struct widget *w = (void *)a0;
	int irq = (__force typeof(irq))a1;
	handler_t handler = (void *)a2;
	void *cookie = (void *)a3;

	if (!nooks_arg_object(x, w, NOOKS_TYPE_widget, false, fn, "w") ||
	    !nooks_check_irq(x, (unsigned long)irq, fn, "irq") ||
	    !nooks_arg_callback(x, handler, NOOKS_ROLE_handler_t, false, fn, "handler"))
		return 0;
	return (__force unsigned long)(widget_request)(w, irq, handler, cookie);
}

static_assert(__same_type(widget_start, int (struct widget *)));
NOOKS_WRAPPER(widget_start)
{
	static const char fn[] = "widget_start";
	struct widget *w = (void *)a0;

	if (!nooks_may_sleep(x, fn) ||
	    !nooks_arg_object(x, w, NOOKS_TYPE_widget, false, fn, "w"))
		return 0;
	return (__force unsigned long)(widget_start)(w);
}

static_assert(__same_type(widget_stats, void (u64 *)));
NOOKS_WRAPPER(widget_stats)
{
	static const char fn[] = "widget_stats";
	u64 *rx = (void *)a0;

	if (!nooks_arg_writable(x, rx, sizeof(*rx), true, fn, "rx"))
		return 0;
	(widget_stats)(rx);
	return 0;
}

static_assert(__same_type(widget_stop, void (void)));
NOOKS_WRAPPER(widget_stop)
{
	(widget_stop)();
	return 0;
}

static_assert(__same_type(widget_sum, int (int, int, int, int, int, long int, u8, bool, char *)));
NOOKS_WRAPPER(widget_sum)
{
	static const char fn[] = "widget_sum";
	int a = (__force typeof(a))a0;
	int b = (__force typeof(b))a1;
	int c = (__force typeof(c))a2;
	int d = (__force typeof(d))a3;
	int e = (__force typeof(e))a4;
	long int f = (__force typeof(f))a5;
	u8 g = (__force typeof(g))nooks_stack_arg(x, 0);
	bool h = (u8)nooks_stack_arg(x, 1);
	char *i = (void *)nooks_stack_arg(x, 2);

	if (!nooks_arg_writable(x, i, sizeof(int), false, fn, "i"))
		return 0;
	return (__force unsigned long)(widget_sum)(a, b, c, d, e, f, g, h, i);
}

static_assert(__same_type(widget_tint, void (struct widget *)));
NOOKS_WRAPPER(widget_tint)
{
	static const char fn[] = "widget_tint";
	struct widget *w = (void *)a0;

	if (!nooks_arg_object(x, w, NOOKS_TYPE_widget, false, fn, "w"))
		return 0;
	(widget_tint)(w);
	return 0;
}

static_assert(__same_type(widget_turn, bool (struct widget *, bool, u8)));
NOOKS_WRAPPER(widget_turn)
{
	static const char fn[] = "widget_turn";
	struct widget *w = (void *)a0;
	bool on = (u8)a1;
	u8 speed = (__force typeof(speed))a2;

	if (!nooks_arg_object(x, w, NOOKS_TYPE_widget, false, fn, "w"))
		return 0;
	return (__force unsigned long)(widget_turn)(w, on, speed);
}
