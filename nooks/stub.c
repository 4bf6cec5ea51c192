// SPDX-License-Identifier: GPL-2.0
/* Entry stubs: how the kernel's calls get into a driver, and what it gets when the driver is dead. */
#include <linux/kernel.h>
#include <linux/printk.h>
#include <linux/ptrace.h>
#include <linux/rcupdate.h>
#include <linux/sched/clock.h>
#include <linux/sched/task_stack.h>
#include <linux/sizes.h>
#include "../domains/switch.h"
#include "../objtracker/instance.h"
#include "../recovery/health.h"
#include "../wrappers/buffer.h"
#include "../wrappers/fsguard.h"
#include "../wrappers/fspark.h"
#include "driver.h"
#include "export.h"
#include "generated.h"
#include "inject.h"
#include "learn.h"
#include "tracepoints.h"

#define MIN_STACK	SZ_4K	/* of the thread's, for a call */

/**
 * nooks_stub_find - the descriptor of an entry stub
 * @driver: the driver
 * @stub: an address that it has given for a function
 *
 * Any context. Return: NULL if that is no stub of this driver's.
 */
struct nooks_stub *nooks_stub_find(struct nooks_driver *driver, const void *stub)
{
	unsigned long offset;

	if (!driver->image || !driver->image->nr_stubs)
		return NULL;
	offset = (unsigned long)stub - driver->stubs[0].stub;
	if (offset % NOOKS_STUB_SIZE || offset / NOOKS_STUB_SIZE >= driver->image->nr_stubs)
		return NULL;
	return &driver->stubs[offset / NOOKS_STUB_SIZE];
}
NOOKS_EXPORT_FOR_TESTS(nooks_stub_find);

/** nooks_roles_alike - do two roles lend the same things for the same arguments? Any context. */
bool nooks_roles_alike(const struct nooks_role *a, const struct nooks_role *b)
{
	unsigned int i;

	if (a->nr_args != b->nr_args || a->ret != b->ret || a->hook != b->hook)
		return false;
	for (i = 0; i < a->nr_args; i++)
		if (a->args[i].kind != b->args[i].kind || a->args[i].type != b->args[i].type)
			return false;
	return true;
}
NOOKS_EXPORT_FOR_TESTS(nooks_roles_alike);

/**
 * nooks_stub_bind - say from where the kernel will call a driver function
 * @driver: the driver
 * @stub: the address that it has given
 * @role: enum nooks_role_id
 *
 * A function may have several roles if they have the same shape; the first one counts. Any context.
 * Return: false if it is no stub of the driver's, or has a role of another shape.
 */
bool nooks_stub_bind(struct nooks_driver *driver, const void *stub, unsigned int role)
{
	struct nooks_stub *s = nooks_stub_find(driver, stub);

	if (!s)
		return false;
	if (cmpxchg(&s->role, 0, role) == 0)
		return true;
	return s->role == role || nooks_roles_alike(&nooks_roles[s->role], &nooks_roles[role]);
}
NOOKS_EXPORT_FOR_TESTS(nooks_stub_bind);

/* A return value as the kernel may see it; false if the role does not allow it. */
static bool check_return(const struct nooks_role *role, unsigned long *ret)
{
	long value;

	switch (role->ret) {
	case NOOKS_RETURN_VOID:
		*ret = 0;
		return true;
	case NOOKS_RETURN_POINTER:
		return true;
	default:
		break;
	}
	value = role->ret_size == 8 ? (long)*ret : role->ret_size == 4 ? (s32)*ret :
		role->ret_size == 2 ? (s16)*ret : (s8)*ret;
	if (role->ret == NOOKS_RETURN_ERRNO && (value > 0 || value < -MAX_ERRNO))
		return false;
	if (role->ret == NOOKS_RETURN_RANGE && (value < role->ret_min || value > role->ret_max))
		return false;
	*ret = value;
	return true;
}

/* The function has failed, or fails for what it leaves: put the thread right. */
static int unwound(struct nooks_crossing *x)
{
	nooks_locks_release(x);
	nooks_crossing_restore(x);
	nooks_rtnl_release(x);
	/* Others wait for them inside, and recovery for these. */
	nooks_buffers_unlock(nooks_driver_of(x));
	return NOOKS_CALL_UNWOUND;
}

static int unbalanced(struct nooks_crossing *x)
{
	nooks_fail(x, NOOKS_UNBALANCED, 0, "returned with %s",
		   !list_empty(&x->held) || READ_ONCE(nooks_spins_of(x)->nr) ? "a lock held" :
		   preempt_count() != x->preempt_count ? "preemption or softirqs off" :
		   "interrupts or RCU in another state than at entry");
	return unwound(x);
}

static int bad_return(struct nooks_crossing *x, const struct nooks_role *role, unsigned long ret)
{
	nooks_fail(x, NOOKS_BAD_RETURN, ret, "%s may not return %ld", role->name, (long)ret);
	return unwound(x);
}

/* After the function has run: put the thread right, whatever the driver has left of it. */
static int finish(struct nooks_crossing *x, int status, const struct nooks_role *role,
		  unsigned long *ret)
{
	if (status != NOOKS_CALL_DONE)
		return unwound(x);
	if (!nooks_crossing_balanced(x))
		return unbalanced(x);
	if (role && !check_return(role, ret))
		return bad_return(x, role, *ret);
	nooks_crossing_leave(x);
	if (unlikely(READ_ONCE(nooks_kept_of(x)->used)) && !nooks_buffers_settle(x))
		return unwound(x);
	if (role && role->ret == NOOKS_RETURN_ERRNO && unlikely((long)*ret < 0))
		nooks_health_call_failed(nooks_driver_of(x), x->stub, *ret);
	return NOOKS_CALL_DONE;
}

/*
 * Each call of the driver's within a call of the kernel's within a call of the driver's takes some of the kernel's stack, and
 * nothing but its end would end that.
 */
static bool stack_is_short(void)
{
	/* On another stack than the thread's it is far away. */
	return current_stack_pointer - (unsigned long)task_stack_page(current) < MIN_STACK;
}

/**
 * nooks_call_begin - get ready to call a driver function
 * @x: storage on the caller's stack; nothing is lent
 * @stub: the function's
 *
 * Any context but NMI. Return: false if the driver takes no calls.
 */
bool nooks_call_begin(struct nooks_crossing *x, struct nooks_stub *stub)
{
	struct nooks_driver *driver = (struct nooks_driver *)stub->domain;

	x->stub = stub;
	x->nr_arguments = 0;
	if (unlikely(stack_is_short())) {
		nooks_fail_driver(driver, stub, NOOKS_STACK_OVERFLOW, 0,
				  "calls of the kernel and of the driver within each other have taken the kernel's stack");
		return false;
	}
	return nooks_crossing_begin(x, driver->domain);
}

/**
 * nooks_call_run - call it
 * @x: begun in the same context; what it lends may have been added
 * @role: NULL, or how the result is checked
 * @args: the six argument registers
 * @ret: what the function has returned, if it has
 *
 * Return: NOOKS_CALL_DONE or NOOKS_CALL_UNWOUND.
 */
int nooks_call_run(struct nooks_crossing *x, const struct nooks_role *role,
		   const unsigned long *args, unsigned long *ret)
{
	struct nooks_driver *driver = nooks_driver_of(x);
	unsigned long injected[6], fn = x->stub->fn;
	u64 begin = 0;
	int status;

	if (unlikely(READ_ONCE(driver->inject)))
		fn = nooks_inject_entry(driver, x->stub, &args, injected);
	trace_nooks_enter(driver->name, (const char *)x->stub->name, args);
	if (trace_nooks_exit_enabled())
		begin = local_clock();
	status = finish(x, nooks_domain_call(x, fn, args, ret), role, ret);
	trace_nooks_exit(driver->name, (const char *)x->stub->name, status != NOOKS_CALL_DONE,
			 status == NOOKS_CALL_DONE ? *ret : 0, begin ? local_clock() - begin : 0);
	return status;
}

/** nooks_call_end - give back what nooks_call_begin() took */
void nooks_call_end(struct nooks_crossing *x)
{
	nooks_crossing_end(x);
}

/** nooks_call_stub - call a driver function with nothing lent; see driver.h */
int nooks_call_stub(struct nooks_stub *stub, const unsigned long *args, unsigned long *ret)
{
	struct nooks_crossing x;
	int status;

	if (!nooks_call_begin(&x, stub))
		return NOOKS_CALL_CLOSED;
	status = nooks_call_run(&x, NULL, args, ret);
	nooks_call_end(&x);
	return status;
}

/*
 * An argument by its number. Behind the six registers, as nooks_entry has them, are a word of padding
 * and the return address, and then what the caller has put on its stack.
 */
static unsigned long *argument(unsigned long *args, unsigned int i)
{
	return &args[i < 6 ? i : i + 2];
}

/* What a call lends that is to be looked at when it has ended. */
#define LENT_SHADOWS	BIT(0)
#define LENT_LENGTHS	BIT(1)	/* the driver may write to where the length of a buffer stands */

/* Where that is. */
static void *length_at(const struct nooks_arg *arg, unsigned long *args)
{
	return (void *)*argument(args, arg->len_arg - 1) + arg->len_offset;
}

static u64 length_of(const struct nooks_arg *arg, unsigned long *args)
{
	const void *p = length_at(arg, args);

	return arg->len_size == 4 ? *(u32 *)p : arg->len_size == 8 ? *(u64 *)p : arg->len_size == 2 ? *(u16 *)p :
	       *(u8 *)p;
}

static void set_length(const struct nooks_arg *arg, unsigned long *args, u64 length)
{
	memcpy(length_at(arg, args), &length, arg->len_size);
}

/* How often the unit of a buffer counts, by another argument; 0 if that says nothing sane. */
static u32 count_of(const struct nooks_arg *arg, unsigned long *args)
{
	u64 count = arg->len_size ? length_of(arg, args) : *argument(args, arg->len_arg - 1);

	return count > U32_MAX / arg->size ? 0 : count;
}

/*
 * Note what the arguments lend to the domain. They come from the kernel and can be trusted. Of that with the number @copied
 * the driver gets a copy, and nothing is lent. Return: LENT_SHADOWS, LENT_LENGTHS.
 */
static unsigned int lend(struct nooks_crossing *x, const struct nooks_role *role, unsigned long *args, int copied)
{
	struct nooks_argument *lent = &x->arguments[x->nr_arguments];
	const struct nooks_arg *arg = role->args;
	unsigned int what = 0;
	unsigned int i;

	for (i = 0; i < role->nr_args; i++, arg++) {
		unsigned long value;

		if (arg->kind == NOOKS_ARG_SHADOW)
			what |= LENT_SHADOWS;
		if (arg->kind != NOOKS_ARG_OBJECT && arg->kind != NOOKS_ARG_BUFFER)
			continue;
		value = *argument(args, i);
		if (!value || i == copied)
			continue;
		lent->start = value;
		lent->type = arg->kind == NOOKS_ARG_OBJECT ? arg->type : NOOKS_TYPE_none;
		lent->size = lent->type ? nooks_types[lent->type].size :
			     arg->len_arg ? arg->size * count_of(arg, args) : arg->size;
		if (unlikely(arg->len_size))
			what |= LENT_LENGTHS;
		lent++;
	}
	x->nr_arguments = lent - x->arguments;
	return what;
}

/*
 * The length of a buffer that stands in another structure which the driver may write to: the kernel goes by it afterwards. It may have got
 * smaller. Return: false: it had got larger, and is as it was.
 */
static bool keep_lengths(struct nooks_crossing *x, const struct nooks_role *role, unsigned long *args)
{
	bool ok = true;
	unsigned int i, k;

	for (i = 0; i < role->nr_args; i++) {
		const struct nooks_arg *arg = &role->args[i];
		unsigned long value = *argument(args, i);

		if (arg->kind != NOOKS_ARG_BUFFER || !arg->len_size || !value)
			continue;
		for (k = 0; k < x->nr_arguments && (x->arguments[k].start != value || x->arguments[k].type); k++)
			;
		if (k == x->nr_arguments || length_of(arg, args) <= x->arguments[k].size / arg->size)
			continue;
		set_length(arg, args, x->arguments[k].size / arg->size);
		nooks_fail(x, NOOKS_BAD_RETURN, value, "%s: %s is longer than it was", role->name, arg->name);
		ok = false;
	}
	return ok;
}

/* Shadows take the places of the arguments that have them. False without memory. */
static bool lend_shadows(struct nooks_crossing *x, const struct nooks_role *role,
			 unsigned long *args, struct nooks_shadow **shadows)
{
	unsigned int i;

	for (i = 0; i < role->nr_args; i++) {
		unsigned long *value = argument(args, i);

		if (role->args[i].kind != NOOKS_ARG_SHADOW || !*value)
			continue;
		shadows[i] = nooks_shadow_add(nooks_driver_of(x), role->args[i].type,
					      (void *)*value, true, false, 0);
		if (!shadows[i])
			return false;
		*value = (unsigned long)shadows[i]->slot;
	}
	return true;
}

/*
 * Take them back. The driver was to look at the objects: what it has written is lost, and if it may not write
 * that at all, this is false.
 */
static bool return_shadows(struct nooks_crossing *x, const struct nooks_role *role,
			   struct nooks_shadow **shadows, bool has_returned)
{
	bool ok = true;
	unsigned int i;

	for (i = 0; i < role->nr_args; i++) {
		if (!shadows[i])
			continue;
		if (has_returned)
			ok &= nooks_shadow_check(x, shadows[i], role->name, role->args[i].name);
		nooks_shadow_remove(nooks_driver_of(x), shadows[i]);
	}
	return ok;
}

/* As nooks_call_run(), if there are shadows. What a driver has done to one that it may not is UNWOUND. */
static int run_with_shadows(struct nooks_crossing *x, const struct nooks_role *role, unsigned long *args,
			    unsigned long *value)
{
	struct nooks_shadow *shadows[ARRAY_SIZE(role->args)] = {};
	int status = NOOKS_CALL_UNWOUND;

	if (lend_shadows(x, role, args, shadows))
		status = nooks_call_run(x, role, args, value);
	return return_shadows(x, role, shadows, status == NOOKS_CALL_DONE) ? status : NOOKS_CALL_UNWOUND;
}

/*
 * As nooks_call_watched(). @copied: this argument is a structure of so many bytes (@size); the driver sees @copy
 * instead, on its stack, and if it returns, @copy gets that. -1: none; and @start and @size are lent. @undo: where what it
 * commits is noted, or NULL.
 */
static unsigned long call(struct nooks_crossing *x, struct nooks_stub *stub, const struct nooks_role *role,
			  unsigned long *args, int copied, void *copy, const void *start, u32 size,
			  struct nooks_undo *undo, int *status)
{
	struct nooks_driver *driver = (struct nooks_driver *)stub->domain;
	unsigned long ret = role->fail, value;
	struct nooks_guard guard;
	unsigned int lent;

	*status = NOOKS_CALL_CLOSED;
	if (!nooks_call_begin(x, stub))
		return ret;
	/* Inside a crossing: a recovery, after which the answer would be another, waits for its end. */
	if (unlikely(READ_ONCE(driver->fs.refuses)) && nooks_fspark_refuses(driver, role, args)) {
		nooks_call_end(x);
		return ret;
	}
	x->undo = undo;
	if (!nooks_fsguard_begin(driver, stub, role, args, &guard)) {
		nooks_fsguard_end(driver, &guard);
		nooks_call_end(x);
		return ret;
	}
	*status = NOOKS_CALL_UNWOUND;
	lent = lend(x, role, args, copied);
	if (copied < 0 && size && !WARN_ON_ONCE(x->nr_arguments == NOOKS_MAX_ARGUMENTS))
		x->arguments[x->nr_arguments++] = (struct nooks_argument) {
			.start = (unsigned long)start, .size = size, .type = NOOKS_TYPE_none,
		};
	if (role->nr_args > 6) {
		x->stack_args = argument(args, 6);
		x->nr_stack_args = role->nr_args - 6;
	}
	if (copied >= 0) {
		/* Where arguments on the stack would be. */
		x->stack_args = copy;
		x->nr_stack_args = size / sizeof(long);
		args[copied] = nooks_stack_args_at(x);
	}
	if (unlikely(lent & LENT_SHADOWS))
		*status = run_with_shadows(x, role, args, &value);
	else
		*status = nooks_call_run(x, role, args, &value);
	if (unlikely(lent & LENT_LENGTHS) && !keep_lengths(x, role, args))
		*status = NOOKS_CALL_UNWOUND;
	if (*status == NOOKS_CALL_DONE) {
		ret = value;
		if (copied >= 0)
			memcpy(copy, (void *)nooks_stack_args_at(x), size);
	}
	nooks_fsguard_end(driver, &guard);
	nooks_call_end(x);
	return ret;
}

/**
 * nooks_call_watched - as nooks_call_role(), for a hook that has to know how the call ended
 * @x: storage; afterwards, of a call that was run, what it has noted is valid
 * @stub: what to call
 * @role: its role
 * @args: as nooks_enter_role() gets them; changed
 * @start: kernel memory that the driver may write during the call
 * @size: bytes, may be 0
 * @status: gets an enum nooks_call_status
 */
unsigned long nooks_call_watched(struct nooks_crossing *x, struct nooks_stub *stub,
				 const struct nooks_role *role, unsigned long *args,
				 const void *start, u32 size, int *status)
{
	return call(x, stub, role, args, -1, NULL, start, size, NULL, status);
}

/**
 * nooks_call_undoable - as nooks_call_watched(), for a hook that makes one call, or several, that are all or nothing
 * @x: storage
 * @stub: what to call
 * @role: its role
 * @args: as nooks_enter_role() gets them; changed
 * @undo: where what the driver commits is noted, see wrappers/undo.h; NULL: not at all
 * @status: gets an enum nooks_call_status
 */
unsigned long nooks_call_undoable(struct nooks_crossing *x, struct nooks_stub *stub,
				  const struct nooks_role *role, unsigned long *args,
				  struct nooks_undo *undo, int *status)
{
	return call(x, stub, role, args, -1, NULL, NULL, 0, undo, status);
}

/**
 * nooks_call_copying - as nooks_call_role(), for a hook that takes over itself what the driver has put into a structure
 * @stub: what to call
 * @role: its role, of six arguments at most
 * @args: as nooks_enter_role() gets them; changed
 * @arg: number of the argument that points to the structure, of which the driver sees a copy on its stack
 * @copy: that; as the driver has left it, if *@status is NOOKS_CALL_DONE
 * @size: of the structure, a multiple of 8, small: it is on the domain's stack
 * @status: gets an enum nooks_call_status
 */
unsigned long nooks_call_copying(struct nooks_stub *stub, const struct nooks_role *role,
				 unsigned long *args, unsigned int arg, void *copy, u32 size,
				 int *status)
{
	struct nooks_crossing x;

	*status = NOOKS_CALL_CLOSED;
	if (WARN_ON_ONCE(role->nr_args > 6 || size % sizeof(long)))
		return role->fail;
	return call(&x, stub, role, args, arg, copy, NULL, size, NULL, status);
}

/**
 * nooks_call_lending - as nooks_call_role(), lending some more memory
 * @stub: what to call
 * @role: its role
 * @args: as nooks_enter_role() gets them; changed
 * @start: kernel memory that the driver may write during the call
 * @size: bytes, may be 0
 */
unsigned long nooks_call_lending(struct nooks_stub *stub, const struct nooks_role *role,
				 unsigned long *args, const void *start, u32 size)
{
	struct nooks_crossing x;
	int status;

	return nooks_call_watched(&x, stub, role, args, start, size, &status);
}

/** nooks_call_role - call a driver function as its role says; see driver.h */
unsigned long nooks_call_role(struct nooks_stub *stub, const struct nooks_role *role,
			      unsigned long *args)
{
	struct nooks_crossing x;
	int status;

	return call(&x, stub, role, args, -1, NULL, NULL, 0, NULL, &status);
}

/**
 * nooks_enter_role - the kernel calls an entry stub
 * @stub: its descriptor
 * @args: the six argument registers, which may be changed; see argument() for what is behind them
 *
 * From nooks_entry in switch.S; the kernel's context. Return: what the kernel gets.
 */
unsigned long nooks_enter_role(struct nooks_stub *stub, unsigned long *args)
{
	const struct nooks_role *role = &nooks_roles[stub->role];

	if (unlikely(!stub->role)) {
		pr_warn_once("nooks: %s is called from a place that no annotation names\n",
			     (const char *)stub->name);
		/* Behind the registers and a word of padding is the return address. */
		nooks_learn_call((struct nooks_driver *)stub->domain, stub, args[7]);
	}
	return role->hook ? role->hook(stub, role, args) : nooks_call_role(stub, role, args);
}

/**
 * nooks_route_entry - the kernel has called a driver function past its entry stub
 * @regs: of the fetch fault
 *
 * From switch.S: interrupts off. Return: 1 if @regs now lead to the stub, 0 if the address is no
 * driver's.
 */
int nooks_route_entry(struct pt_regs *regs)
{
	unsigned int i, s;

	for (i = 0; i < NOOKS_MAX_DOMAINS; i++) {
		struct nooks_domain *domain = rcu_dereference_sched(nooks_domains[i]);
		struct nooks_driver *driver = domain ? READ_ONCE(domain->private) : NULL;
		const struct nooks_image *image = driver ? READ_ONCE(driver->image) : NULL;

		for (s = 0; image && s < image->nr_stubs; s++) {
			if (driver->stubs[s].fn != regs->ip)
				continue;
			regs->ip = driver->stubs[s].stub;
			atomic_long_inc(&driver->nr_missed_entries);
			return 1;
		}
	}
	return 0;
}
