// SPDX-License-Identifier: GPL-2.0
/*
 * Checked stores: a driver stores to kernel memory, which traps. If it holds the object, and may write
 * the field, the store is performed for it in the kernel's view.
 */
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/uaccess.h>
#include <asm/insn.h>
#include <asm/preempt.h>
#include "../domains/emulate.h"
#include "../nooks/compat.h"
#include "../nooks/driver.h"
#include "../nooks/image.h"
#include "../nooks/learn.h"
#include "../nooks/symbols.h"
#include "../nooks/tracepoints.h"
#include "../wrappers/args.h"
#include "../wrappers/buffer.h"
#include "../wrappers/net.h"
#include "../wrappers/netpark.h"
#include "count.h"
#include "generated.h"
#include "site.h"
#include "store.h"

#define MAX_FOLLOWING	8	/* stores that are performed in one trap, beside the one that trapped */

/* What a store goes to, for policy and reports. */
struct target {
	unsigned int type;
	unsigned long offset;
	bool any;			/* plain memory that is lent for writing */
	struct nooks_shadow *packet;	/* of the driver's, or NULL */
};

/* Kernel memory that the arguments of the current call lend. */
static bool find_argument(struct nooks_crossing *x, unsigned long addr, unsigned int width,
			  struct target *target)
{
	unsigned int i;

	for (i = 0; i < x->nr_arguments; i++) {
		const struct nooks_argument *arg = &x->arguments[i];

		if (addr - arg->start >= arg->size || width > arg->size - (addr - arg->start))
			continue;
		target->type = arg->type;
		target->offset = addr - arg->start;
		target->any = !arg->type;
		return true;
	}
	return false;
}

static bool find_object(struct nooks_crossing *x, unsigned long addr, struct target *target)
{
	struct nooks_object object;

	if (!nooks_object_containing(nooks_driver_of(x), addr, &object))
		return false;
	target->type = object.type;
	target->offset = addr - object.start;
	target->any = false;
	return true;
}

/* The data of a packet that the driver holds, and what lies behind them. */
static bool find_packet(struct nooks_crossing *x, unsigned long addr, unsigned int size,
			struct target *target)
{
	unsigned long info;

	target->packet = nooks_skb_at(nooks_driver_of(x), addr, size, &info);
	if (!target->packet)
		return false;
	target->any = !info;
	target->type = info ? NOOKS_TYPE_skb_shared_info : NOOKS_TYPE_none;
	target->offset = info ? addr - info : 0;
	return true;
}

/* struct page of memory that the domain may write: references are counted inline. */
static bool find_page(struct nooks_crossing *x, unsigned long addr, struct target *target)
{
	struct page *page;

	if (addr < VMEMMAP_START || addr >= VMEMMAP_START + (1UL << MAX_PHYSMEM_BITS) / PAGE_SIZE *
					   sizeof(struct page))
		return false;
	page = (struct page *)(addr - (addr - VMEMMAP_START) % sizeof(struct page));
	if (!pfn_valid(page_to_pfn(page)) ||
	    !nooks_may_write(x->domain, page_address(page), PAGE_SIZE))
		return false;
	target->type = NOOKS_TYPE_page;
	target->offset = addr - (unsigned long)page;
	target->any = false;
	return true;
}

/* The thread's own state that inline functions of the kernel headers change. */
static bool find_own(unsigned long addr, unsigned int width, struct target *target)
{
	/* set_current_state() */
	if (addr - (unsigned long)&current->__state < sizeof(current->__state)) {
		target->type = NOOKS_TYPE_task_struct;
		target->offset = addr - (unsigned long)current;
		target->any = false;
		return true;
	}
	target->any = width <= sizeof(int) &&
		      (addr == (unsigned long)nooks_preempt_count_ptr() ||
		       addr == (unsigned long)&current->pagefault_disabled);
	target->type = NOOKS_TYPE_none;
	target->offset = 0;
	return target->any;
}

/*
 * Is a field the better one of two that lie in the same place? The annotations allow one of them; learn
 * mode takes that which says more of the value.
 */
static bool better(const struct nooks_field *field, const struct nooks_field *than)
{
	if (than->policy != NOOKS_FIELD_DENIED || field->policy != NOOKS_FIELD_DENIED)
		return than->policy == NOOKS_FIELD_DENIED;
	return than->learn != NOOKS_FIELD_DENIED &&
	       (field->learn == NOOKS_FIELD_DENIED || field->learn > than->learn);
}

/* The most permissive field that covers all of [offset, offset + size), or NULL. */
static const struct nooks_field *find_field(const struct nooks_type *type, unsigned long offset,
					    unsigned int size)
{
	const struct nooks_field *best = NULL;
	unsigned int i;

	for (i = 0; i < type->nr_fields && type->fields[i].offset <= offset; i++) {
		const struct nooks_field *field = &type->fields[i];

		if (offset + size > field->offset + field->size)
			continue;
		if (!best || better(field, best))
			best = field;
	}
	return best;
}

/** nooks_store_denied_field - offset of a pointer that no driver may write, for tests; -1: there is none */
long nooks_store_denied_field(unsigned int type)
{
	unsigned int i;

	for (i = 0; i < nooks_types[type].nr_fields; i++) {
		const struct nooks_field *field = &nooks_types[type].fields[i];
		const struct nooks_field *best = find_field(&nooks_types[type], field->offset, 8);

		if (field->size == 8 && best && best->policy == NOOKS_FIELD_DENIED)
			return field->offset;
	}
	return -1;
}

/** nooks_store_field_denied - is there no field of a type that allows stores to all of [offset, offset + size)? */
bool nooks_store_field_denied(unsigned int type, unsigned long offset, unsigned int size)
{
	const struct nooks_field *field = find_field(&nooks_types[type], offset, size);

	return !field || field->policy == NOOKS_FIELD_DENIED;
}

/** nooks_store_field_name - the field of a type at an offset, for reports; NULL: there is none */
const char *nooks_store_field_name(unsigned int type, unsigned long offset)
{
	const struct nooks_field *field = find_field(&nooks_types[type], offset, 1);

	return field ? field->name : NULL;
}

/* find_field(), of which the site knows the last answer. */
static const struct nooks_field *site_field(struct nooks_site *site, const struct target *target,
					    unsigned int size)
{
	if (!site->field || site->type != target->type || site->offset != target->offset ||
	    site->size != size) {
		site->field = find_field(&nooks_types[target->type], target->offset, size);
		site->type = target->type;
		site->offset = target->offset;
		site->size = size;
	}
	return site->field;
}

/*
 * May all bytes of [offset, offset + size) be written? Compilers merge stores to fields that lie side by
 * side (min_mtu and max_mtu in one 8-byte store), so each byte's own field decides. The field
 * that it fails on goes to @field, and so does one whose value must be looked at.
 */
static bool fields_allow(struct nooks_driver *driver, struct nooks_site *site,
			 const struct target *target, unsigned int size,
			 const struct nooks_field **field)
{
	const struct nooks_type *type = &nooks_types[target->type];
	unsigned long offset = target->offset;
	unsigned int i;

	*field = site_field(site, target, size);
	if (*field)
		return nooks_learn_policy(driver, *field) != NOOKS_FIELD_DENIED;
	for (i = 0; i < size; i++) {
		*field = find_field(type, offset + i, 1);
		if (!*field || nooks_learn_policy(driver, *field) != NOOKS_FIELD_ANY || (*field)->check)
			return false;
	}
	*field = NULL;
	return true;
}

/* A store that fields_allow() has let through was performed: note what only learn mode allowed. */
static void learn_fields(struct nooks_driver *driver, const struct target *target,
			 unsigned int size, unsigned long site)
{
	const struct nooks_type *type = &nooks_types[target->type];
	const struct nooks_field *field = find_field(type, target->offset, size), *last = NULL;
	unsigned int i;

	if (field)
		nooks_learn_field(driver, target->type, field, site, NULL);
	for (i = 0; !field && i < size; i++) {
		const struct nooks_field *part = find_field(type, target->offset + i, 1);

		if (part && part != last)
			nooks_learn_field(driver, target->type, part, site, NULL);
		last = part;
	}
}

/** nooks_store_allowed - may the kernel write to [@addr, @addr + @size) for the driver? See store.h */
bool nooks_store_allowed(struct nooks_crossing *x, unsigned long addr, size_t size)
{
	const struct nooks_field *field;
	struct target target;
	size_t i;

	if (!find_object(x, addr, &target))
		return false;
	for (i = 0; i < size; i++) {
		field = find_field(&nooks_types[target.type], target.offset + i, 1);
		if (!field || field->policy != NOOKS_FIELD_ANY ||
		    (field->check && field->check(x, addr - target.offset + field->offset, 0, 0, false)))
			return false;
	}
	return target.type != NOOKS_TYPE_net_device ||
	       nooks_netpark_fix((struct net_device *)(addr - target.offset));
}

/**
 * nooks_value_wrong - is what a field gets nothing that the kernel may follow?
 * @x: the crossing
 * @field: the field, which may be stored to
 * @value: what it gets
 *
 * Any context but NMI. Return: NULL, or what is wrong.
 */
const char *nooks_value_wrong(struct nooks_crossing *x, const struct nooks_field *field,
			      unsigned long value)
{
	struct nooks_driver *driver = nooks_driver_of(x);
	void *p = (void *)value;

	if (!p)
		return NULL;
	switch (nooks_learn_policy(driver, field)) {
	case NOOKS_FIELD_ANY:
	case NOOKS_FIELD_IGNORED:
		return NULL;
	case NOOKS_FIELD_CALLBACKS:
		return nooks_ops_bind(driver, p, field->ops);
	case NOOKS_FIELD_OBJECT:
		return nooks_object_find_type(driver, field->type, p) ? NULL :
		       "no object that the driver holds";
	case NOOKS_FIELD_OWN:
		return nooks_may_write(x->domain, p, 1) || nooks_image_section(driver, value) ?
		       NULL : "no memory of the driver's";
	case NOOKS_FIELD_FUNCTION:
		return nooks_stub_find(driver, p) || nooks_kernel_text(value) ? NULL :
		       "no function of the driver's or the kernel's";
	default:
		return "denied";
	}
}

/* What a hand-written check says of a store to all or some of a field's bytes. */
static const char *checked(struct nooks_crossing *x, const struct nooks_field *field,
			   const struct nooks_effect *effect, const struct target *target,
			   const struct nooks_store *store, bool done)
{
	unsigned int skip = target->offset - field->offset;
	u64 mask = store->width < 8 ? (1ULL << (store->width * 8)) - 1 : ~0ULL;
	/* Larger fields may get any value. */
	u64 old = skip < 8 ? (effect->old & mask) << (skip * 8) : 0;
	u64 new = skip < 8 ? (effect->new & mask) << (skip * 8) : 0;

	return field->check(x, store->addr - skip, old, new, done);
}

/* The same of a store, which may also count. */
static const char *value_wrong(struct nooks_crossing *x, const struct nooks_field *field,
			       const struct nooks_effect *effect, const struct target *target,
			       const struct nooks_store *store)
{
	const char *why;

	if (field && field->check) {
		why = checked(x, field, effect, target, store, false);
		if (why || field->policy == NOOKS_FIELD_CHECKED)
			return why;
	}
	if (field && field->policy == NOOKS_FIELD_COUNTED)
		return (u32)(effect->new - effect->old + 1) <= 2 ? NULL : "not by one";
	return field ? nooks_value_wrong(x, field, effect->new) : NULL;
}

static struct nooks_decoder decoder(void)
{
	return (struct nooks_decoder) {
		.decode = nooks_sym.insn_decode,
		.read = copy_from_kernel_nofault,
	};
}

static bool target_of(struct nooks_crossing *x, unsigned long addr, unsigned int width,
		      unsigned int size, struct target *target)
{
	target->packet = NULL;
	return find_argument(x, addr, width, target) || find_object(x, addr, target) ||
	       find_own(addr, width, target) || find_page(x, addr, target) ||
	       find_packet(x, addr, size, target);
}

/**
 * struct attempt - a store that is to be performed
 * @site: the instruction
 * @ip: its address
 * @store: what it stores
 * @size: bytes, in all
 * @target: what it goes to
 * @found: there is such a target
 * @field: of that, or NULL
 * @effect: what it does
 * @computed: is that there?
 */
struct attempt {
	struct nooks_site *site;
	unsigned long ip;
	struct nooks_store store;
	unsigned long size;
	struct target target;
	bool found;
	const struct nooks_field *field;
	struct nooks_effect effect;
	bool computed;
};

static bool is_counted(const struct attempt *a)
{
	return a->field && a->field->policy == NOOKS_FIELD_COUNTED;
}

/* Perform the store; NULL, or what is wrong with it, and then nothing is stored. */
static const char *perform(struct nooks_crossing *x, struct attempt *a, struct pt_regs *regs)
{
	struct nooks_driver *driver = nooks_driver_of(x);
	struct nooks_shadow *packet = a->target.packet;
	void *where = (void *)a->store.addr;
	const char *why;
	u64 nowhere = 0;

	if (a->field && a->field->policy == NOOKS_FIELD_IGNORED)
		where = &nowhere;
	why = packet ? nooks_skb_hold(driver, packet, a->store.addr, a->size) : NULL;
	if (why)
		return why;
	do {
		a->computed = !nooks_store_compute(&a->store, regs, where, &a->effect);
		why = a->computed ? value_wrong(x, a->field, &a->effect, &a->target, &a->store) :
				    "its source can't be read";
	} while (!why && nooks_store_commit(&a->store, &a->effect, regs, where));
	if (packet)
		nooks_skb_release(driver);
	return why;
}

/* Is a part of a field stored to of which only the whole makes sense? Half a pointer is none, even if the half is 0. */
static bool is_part(struct nooks_driver *driver, const struct attempt *a)
{
	const struct nooks_field *field = a->field;

	if (!field || nooks_learn_policy(driver, field) == NOOKS_FIELD_ANY)
		return false;
	return field->policy == NOOKS_FIELD_CHECKED ? field->size > 8 || a->store.count != 1 :
	       field->offset != a->target.offset || field->size != a->store.width;
}

static const char *try_store(struct nooks_crossing *x, struct attempt *a, struct pt_regs *regs)
{
	struct nooks_driver *driver = nooks_driver_of(x);
	const char *why;

	a->size = (unsigned long)a->store.width * a->store.count;
	a->found = target_of(x, a->store.addr, a->store.width, a->size, &a->target);
	if (!a->found)
		return "to no object that the driver holds";
	if (!a->target.any && !fields_allow(driver, a->site, &a->target, a->size, &a->field))
		return "not its to write";
	if (is_part(driver, a))
		return "a part of it";
	if (is_counted(a) &&
	    (!a->store.reads || !nooks_count(driver, (void *)a->store.addr, 0)))
		return "set, not counted, or no memory";
	why = perform(x, a, regs);
	if (why)
		return why;
	if (a->field && a->field->check)
		checked(x, a->field, &a->effect, &a->target, &a->store, true);
	if (is_counted(a))
		nooks_count(driver, (void *)a->store.addr, (int)(a->effect.new - a->effect.old));
	if (unlikely(driver->learned) && !a->target.any)
		learn_fields(driver, &a->target, a->size, a->ip);
	atomic_long_inc(&driver->nr_stores);
	if (trace_nooks_checked_store_enabled())
		trace_nooks_checked_store(driver->name,
					  a->target.any ? "" : nooks_types[a->target.type].name,
					  a->field ? a->field->name : "", a->store.addr,
					  a->effect.new, a->ip);
	return NULL;
}

static void fail(struct nooks_crossing *x, const struct attempt *a, const struct pt_regs *regs,
		 const char *why)
{
	const char *type = nooks_types[a->target.type].name, *field = a->field ? a->field->name : "?";

	if (!a->found)
		nooks_fail_trap(x, NOOKS_WILD_WRITE, a->store.addr, regs, "%lu bytes, %s", a->size, why);
	else if (a->computed)
		nooks_fail_trap(x, NOOKS_DENIED_STORE, a->store.addr, regs, "%s.%s = %llx: %s", type,
				field, a->effect.new, why);
	else
		nooks_fail_trap(x, NOOKS_DENIED_STORE, a->store.addr, regs,
				"%s.%s (offset %lu, %lu bytes): %s", type, field, a->target.offset,
				a->size, why);
}

/*
 * Where the driver goes on, does it store to the same page once more, by an instruction that is known to trap? Then that is
 * performed, too, and does not trap. If anything is wrong with it, it does, and is judged then.
 */
static bool follow(struct nooks_crossing *x, const struct nooks_decoder *dec, struct attempt *a,
		   struct pt_regs *regs)
{
	unsigned long page = a->store.addr & PAGE_MASK;

	if (regs->ip == a->ip)
		return false;			/* a string: elements are left */
	a->ip = regs->ip;
	a->field = NULL;
	a->site = nooks_site_known(a->ip);
	return a->site && !a->site->form.rep &&
	       !nooks_form_apply(&a->site->form, dec, regs, this_cpu_read(this_cpu_off), &a->store) &&
	       (a->store.addr & PAGE_MASK) == page &&
	       ((a->store.addr + a->store.width - 1) & PAGE_MASK) == page &&
	       !try_store(x, a, regs);
}

/**
 * nooks_store_check - a driver's store has trapped
 * @x: the crossing
 * @regs: of the domain; advanced past the instruction if it was performed, and past stores that follow it directly
 * @addr: that faulted
 * @error: the fault's error code
 *
 * Context: fault handler, interrupts off.
 */
enum nooks_verdict nooks_store_check(struct nooks_crossing *x, struct pt_regs *regs,
				     unsigned long addr, unsigned long error)
{
	const struct nooks_decoder dec = decoder();
	struct attempt a = { .ip = regs->ip };
	unsigned int i;
	const char *why;
	int err = 0;

	if (nooks_buffer_touch(x, addr))
		return nooks_crossing_stale(x) ? NOOKS_UNWIND : NOOKS_RESUME;
	a.site = nooks_site_get(&dec, regs->ip, &err);
	if (a.site)
		err = nooks_form_apply(&a.site->form, &dec, regs, this_cpu_read(this_cpu_off),
				       &a.store);
	if (err) {
		nooks_fail_trap(x, NOOKS_WILD_WRITE, addr, regs,
				"an instruction that is not known to store (%d)", err);
		return NOOKS_UNWIND;
	}
	why = try_store(x, &a, regs);
	if (why) {
		fail(x, &a, regs, why);
		return NOOKS_UNWIND;
	}
	for (i = 0; i < MAX_FOLLOWING && follow(x, &dec, &a, regs); i++)
		;
	return NOOKS_RESUME;
}
