/* SPDX-License-Identifier: GPL-2.0 */
/* The tracepoints: docs/tracing.md says what users may rely on. */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM nooks

#if !defined(NOOKS_TRACEPOINTS_H) || defined(TRACE_HEADER_MULTI_READ)
#define NOOKS_TRACEPOINTS_H

#include <linux/tracepoint.h>

/* Kernels do not agree on what __assign_str() takes. */
#define nooks_assign_str(field, from) strcpy(__get_str(field), from)

/* Calls of wrappers go through trace.c while one of their two events is on. */
int nooks_trace_calls_on(void);
void nooks_trace_calls_off(void);

DECLARE_EVENT_CLASS(nooks_domain,
	TP_PROTO(const char *driver, unsigned int id),
	TP_ARGS(driver, id),
	TP_STRUCT__entry(
		__string(driver, driver)
		__field(unsigned int, id)
	),
	TP_fast_assign(
		nooks_assign_str(driver, driver);
		__entry->id = id;
	),
	TP_printk("driver=%s id=%u", __get_str(driver), __entry->id)
);

DEFINE_EVENT(nooks_domain, nooks_domain_create,
	TP_PROTO(const char *driver, unsigned int id),
	TP_ARGS(driver, id));

DEFINE_EVENT(nooks_domain, nooks_domain_free,
	TP_PROTO(const char *driver, unsigned int id),
	TP_ARGS(driver, id));

DECLARE_EVENT_CLASS(nooks_begin,
	TP_PROTO(const char *driver, const char *function, const unsigned long *args),
	TP_ARGS(driver, function, args),
	TP_STRUCT__entry(
		__string(driver, driver)
		__string(function, function)
		__array(unsigned long, args, 6)
	),
	TP_fast_assign(
		nooks_assign_str(driver, driver);
		nooks_assign_str(function, function);
		memcpy(__entry->args, args, sizeof(__entry->args));
	),
	TP_printk("driver=%s function=%s args=%lx,%lx,%lx,%lx,%lx,%lx", __get_str(driver),
		  __get_str(function), __entry->args[0], __entry->args[1], __entry->args[2],
		  __entry->args[3], __entry->args[4], __entry->args[5])
);

DECLARE_EVENT_CLASS(nooks_end,
	TP_PROTO(const char *driver, const char *function, bool unwound, unsigned long ret, u64 ns),
	TP_ARGS(driver, function, unwound, ret, ns),
	TP_STRUCT__entry(
		__string(driver, driver)
		__string(function, function)
		__field(bool, unwound)
		__field(unsigned long, ret)
		__field(u64, ns)
	),
	TP_fast_assign(
		nooks_assign_str(driver, driver);
		nooks_assign_str(function, function);
		__entry->unwound = unwound;
		__entry->ret = ret;
		__entry->ns = ns;
	),
	TP_printk("driver=%s function=%s unwound=%d ret=%lx ns=%llu", __get_str(driver),
		  __get_str(function), __entry->unwound, __entry->ret, __entry->ns)
);

DEFINE_EVENT(nooks_begin, nooks_enter,
	TP_PROTO(const char *driver, const char *function, const unsigned long *args),
	TP_ARGS(driver, function, args));

DEFINE_EVENT(nooks_end, nooks_exit,
	TP_PROTO(const char *driver, const char *function, bool unwound, unsigned long ret, u64 ns),
	TP_ARGS(driver, function, unwound, ret, ns));

DEFINE_EVENT_FN(nooks_begin, nooks_call,
	TP_PROTO(const char *driver, const char *function, const unsigned long *args),
	TP_ARGS(driver, function, args),
	nooks_trace_calls_on, nooks_trace_calls_off);

DEFINE_EVENT_FN(nooks_end, nooks_return,
	TP_PROTO(const char *driver, const char *function, bool unwound, unsigned long ret, u64 ns),
	TP_ARGS(driver, function, unwound, ret, ns),
	nooks_trace_calls_on, nooks_trace_calls_off);

TRACE_EVENT(nooks_checked_store,
	TP_PROTO(const char *driver, const char *type, const char *field, unsigned long addr,
		 u64 value, unsigned long site),
	TP_ARGS(driver, type, field, addr, value, site),
	TP_STRUCT__entry(
		__string(driver, driver)
		__string(type, type)
		__string(field, field)
		__field(unsigned long, addr)
		__field(u64, value)
		__field(unsigned long, site)
	),
	TP_fast_assign(
		nooks_assign_str(driver, driver);
		nooks_assign_str(type, type);
		nooks_assign_str(field, field);
		__entry->addr = addr;
		__entry->value = value;
		__entry->site = site;
	),
	TP_printk("driver=%s type=%s field=%s addr=%lx value=%llx site=%pS", __get_str(driver),
		  __get_str(type), __get_str(field), __entry->addr, __entry->value,
		  (void *)__entry->site)
);

DECLARE_EVENT_CLASS(nooks_object,
	TP_PROTO(const char *driver, const char *kind, unsigned long start, size_t size),
	TP_ARGS(driver, kind, start, size),
	TP_STRUCT__entry(
		__string(driver, driver)
		__string(kind, kind)
		__field(unsigned long, start)
		__field(size_t, size)
	),
	TP_fast_assign(
		nooks_assign_str(driver, driver);
		nooks_assign_str(kind, kind);
		__entry->start = start;
		__entry->size = size;
	),
	TP_printk("driver=%s kind=\"%s\" start=%lx size=%zu", __get_str(driver), __get_str(kind),
		  __entry->start, __entry->size)
);

DEFINE_EVENT(nooks_object, nooks_object_add,
	TP_PROTO(const char *driver, const char *kind, unsigned long start, size_t size),
	TP_ARGS(driver, kind, start, size));

DEFINE_EVENT(nooks_object, nooks_object_remove,
	TP_PROTO(const char *driver, const char *kind, unsigned long start, size_t size),
	TP_ARGS(driver, kind, start, size));

TRACE_EVENT(nooks_fault,
	TP_PROTO(const char *driver, int vector, unsigned long ip, unsigned long addr,
		 unsigned long error),
	TP_ARGS(driver, vector, ip, addr, error),
	TP_STRUCT__entry(
		__string(driver, driver)
		__field(int, vector)
		__field(unsigned long, ip)
		__field(unsigned long, addr)
		__field(unsigned long, error)
	),
	TP_fast_assign(
		nooks_assign_str(driver, driver);
		__entry->vector = vector;
		__entry->ip = ip;
		__entry->addr = addr;
		__entry->error = error;
	),
	TP_printk("driver=%s vector=%d ip=%pS addr=%lx error=%lx", __get_str(driver),
		  __entry->vector, (void *)__entry->ip, __entry->addr, __entry->error)
);

TRACE_EVENT(nooks_failure,
	TP_PROTO(const char *driver, unsigned long number, const char *kind, const char *function,
		 unsigned long addr),
	TP_ARGS(driver, number, kind, function, addr),
	TP_STRUCT__entry(
		__string(driver, driver)
		__field(unsigned long, number)
		__string(kind, kind)
		__string(function, function)
		__field(unsigned long, addr)
	),
	TP_fast_assign(
		nooks_assign_str(driver, driver);
		__entry->number = number;
		nooks_assign_str(kind, kind);
		nooks_assign_str(function, function);
		__entry->addr = addr;
	),
	TP_printk("driver=%s number=%lu kind=\"%s\" function=\"%s\" addr=%lx", __get_str(driver),
		  __entry->number, __get_str(kind), __get_str(function), __entry->addr)
);

TRACE_EVENT(nooks_recovery,
	TP_PROTO(const char *driver, const char *step, int result),
	TP_ARGS(driver, step, result),
	TP_STRUCT__entry(
		__string(driver, driver)
		__string(step, step)
		__field(int, result)
	),
	TP_fast_assign(
		nooks_assign_str(driver, driver);
		nooks_assign_str(step, step);
		__entry->result = result;
	),
	TP_printk("driver=%s step=%s result=%d", __get_str(driver), __get_str(step),
		  __entry->result)
);

#endif

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE tracepoints
#include <trace/define_trace.h>
