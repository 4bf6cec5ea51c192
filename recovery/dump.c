// SPDX-License-Identifier: GPL-2.0
/*
 * The full report of a failure: all that is needed to find the bug, as text, "key: value" on each line.
 * docs/report-format.md describes it; add keys there, and raise NOOKS_DUMP_VERSION if what is
 * there changes its meaning. Made in process context from what evidence.c has noted.
 */
#define pr_fmt(fmt) "nooks: " fmt
#include <linux/devcoredump.h>
#include <linux/elf.h>
#include <linux/kallsyms.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/utsname.h>
#include <linux/vmalloc.h>
#include "../nooks/image.h"
#include "../objtracker/store.h"
#include "dump.h"
#include "evidence.h"
#include "generated.h"
#include "recover.h"

#define LAST_LINE	"end: nooks-report\n"

/** nooks_dump_init - ready a new driver's part */
void nooks_dump_init(struct nooks_dump *dump)
{
	mutex_init(&dump->lock);
}

/** nooks_dump_free - and free it */
void nooks_dump_free(struct nooks_dump *dump)
{
	kvfree(dump->text);
	dump->text = NULL;
}

/**
 * struct text - what has been written
 * @start: where to
 * @len: so far
 * @size: that there is room for
 */
struct text {
	char *start;
	size_t len;
	size_t size;
};

/* One line. Names of tasks and what drivers say may hold anything; a line is printable ASCII. */
static __printf(3, 4)
void put(struct text *s, const char *key, const char *fmt, ...)
{
	size_t room = s->size - s->len, n;
	char *line = s->start + s->len;
	va_list args;

	n = scnprintf(line, room, "%s: ", key);
	va_start(args, fmt);
	n += vscnprintf(line + n, room - n, fmt, args);
	va_end(args);
	if (n + 1 >= room)
		return;			/* whole lines only; a shorter one may follow */
	s->len += n + 1;
	line[n] = '\n';
	while (n--)
		if (line[n] < ' ' || line[n] > '~')
			line[n] = '?';
}

static void put_address(struct text *s, const char *key, unsigned long addr)
{
	put(s, key, "%016lx %pS", addr, (void *)addr);
}

static void put_kernel(struct text *s)
{
	put(s, "kernel", "%s %s", init_utsname()->release, init_utsname()->version);
	put(s, "nooks", "%s", THIS_MODULE->version ?: "unknown");
}

/* What the linker has made of the stock module, so that its debug information can be found. */
static void put_build_id(struct text *s, struct nooks_driver *driver)
{
	const struct nooks_section *section;
	unsigned int i;

	for (i = 0; i < driver->image->nr_sections; i++) {
		const struct elf64_note *note;
		const u8 *id;

		section = &driver->sections[i];
		if (strcmp((const char *)section->name, ".note.gnu.build-id") ||
		    section->size < sizeof(*note))
			continue;
		note = (const struct elf64_note *)section->addr;
		id = (const u8 *)(note + 1) + ALIGN(note->n_namesz, 4);
		if (note->n_descsz <= 32 &&
		    id + note->n_descsz <= (const u8 *)section->addr + section->size)
			put(s, "build-id", "%*phN", (int)note->n_descsz, id);
	}
}

static void put_module(struct text *s, struct nooks_driver *driver)
{
	const struct module *mod = driver->module;
	unsigned int i;

	put(s, "driver", "%s", driver->name);
	if (!mod || !driver->image)
		return;
	if (mod->version)
		put(s, "driver-version", "%s", mod->version);
	put_build_id(s, driver);
	for (i = 0; i < driver->image->nr_sections; i++) {
		const struct nooks_section *section = &driver->sections[i];

		if (section->kind == NOOKS_SECTION_TEXT)
			put(s, "text", "%016llx %llu %s", section->addr, section->size,
			    (const char *)section->name);
	}
	for (i = 0; driver->libraries && i + 1 < driver->image->nr_libraries; i++)
		put(s, "library", "%s", (const char *)driver->libraries[i].name);
	for (i = 0; i < NOOKS_MAX_MODULES && driver->modules[i]; i++)
		put(s, "module", "%s", driver->modules[i]->name);
}

static void put_place(struct text *s, struct nooks_driver *driver)
{
	const struct nooks_evidence *e = driver->evidence;
	char name[KSYM_SYMBOL_LEN], *offset = NULL;

	/* The symbol is "name+0xoffset/0xsize [module]". */
	if (e->ip) {
		sprint_symbol(name, e->ip);
		offset = strchr(name, '+');
	}
	if (offset) {
		*offset++ = '\0';
		offset[strcspn(offset, "/")] = '\0';
	}
	put(s, "function", "%s", offset ? name : e->thread.function);
	if (offset)
		put(s, "offset", "%s", offset);
	put(s, "entry", "%s", e->thread.function);
	put(s, "context", "%s", nooks_context_name(e->thread.preempt_count));
	put(s, "cpu", "%u", e->cpu);
	put(s, "task", "%s", e->thread.comm);
	put(s, "pid", "%d", e->thread.pid);
}

static void put_object(struct text *s, const struct nooks_failure *failure,
		       const struct nooks_evidence *e)
{
	const struct nooks_object *object = &e->object;
	unsigned long offset = failure->address - object->start;
	const char *field;

	put_address(s, "address", failure->address);
	if (!e->has_object)
		return;
	put(s, "object", "%s", object->class->name);
	put(s, "object-start", "%016lx", object->start);
	put(s, "object-size", "%zu", object->size);
	put(s, "object-offset", "%lu", offset);
	if (object->type) {
		put(s, "object-type", "%s", nooks_types[object->type].name);
		field = nooks_store_field_name(object->type, offset);
		if (field)
			put(s, "object-field", "%s", field);
	}
	if (object->site)
		put_address(s, "object-made-by", object->site);
}

static void put_registers(struct text *s, const struct pt_regs *regs)
{
	put(s, "register", "rip %016lx", regs->ip);
	put(s, "register", "rsp %016lx", regs->sp);
	put(s, "register", "rflags %016lx", regs->flags);
	put(s, "register", "rax %016lx", regs->ax);
	put(s, "register", "rbx %016lx", regs->bx);
	put(s, "register", "rcx %016lx", regs->cx);
	put(s, "register", "rdx %016lx", regs->dx);
	put(s, "register", "rsi %016lx", regs->si);
	put(s, "register", "rdi %016lx", regs->di);
	put(s, "register", "rbp %016lx", regs->bp);
	put(s, "register", "r8 %016lx", regs->r8);
	put(s, "register", "r9 %016lx", regs->r9);
	put(s, "register", "r10 %016lx", regs->r10);
	put(s, "register", "r11 %016lx", regs->r11);
	put(s, "register", "r12 %016lx", regs->r12);
	put(s, "register", "r13 %016lx", regs->r13);
	put(s, "register", "r14 %016lx", regs->r14);
	put(s, "register", "r15 %016lx", regs->r15);
}

/* As in an oops, so that scripts/decodecode of the kernel's sources takes it. */
static void put_code(struct text *s, const struct nooks_failure *failure,
		     const struct nooks_evidence *e)
{
	unsigned long ip = failure->has_regs ? failure->regs.ip : e->ip;
	char text[NOOKS_EVIDENCE_CODE * 3 + 3];
	unsigned int i, len = 0;

	if (!e->nr_code)
		return;
	put_address(s, "instruction", ip);
	for (i = 0; i < e->nr_code; i++)
		len += scnprintf(text + len, sizeof(text) - len,
				 e->code_start + i == ip ? "<%02x>%s" : "%02x%s", e->code[i],
				 i + 1 == e->nr_code ? "" : " ");
	put(s, "code", "%s", text);
}

static const char *import_name(u32 import)
{
	return import < nooks_nr_imports ? nooks_imports[import].name : "?";
}

static void put_thread(struct text *s, const struct nooks_evidence_thread *thread)
{
	if (thread->in_kernel)
		put(s, "thread", "%d %s: %s, in %s, calls %s from %pS", thread->pid, thread->comm,
		    nooks_context_name(thread->preempt_count), thread->function,
		    import_name(thread->import), (void *)thread->site);
	else
		put(s, "thread", "%d %s: %s, in %s", thread->pid, thread->comm,
		    nooks_context_name(thread->preempt_count), thread->function);
}

static void put_crossing(struct text *s, const struct nooks_evidence *e,
			 const struct nooks_trail_copy *copy)
{
	const struct nooks_trail_entry *entry = &copy->entry;
	unsigned int age = jiffies_to_msecs(e->jiffies - entry->when);
	const unsigned long *a = entry->args;

	if (nooks_trail_is_entry(entry))
		put(s, "crossing", "cpu %u, %u ms ago: enter %ps(%lx, %lx, %lx, %lx, %lx, %lx)",
		    copy->cpu, age, (void *)nooks_trail_function(entry), a[0], a[1], a[2], a[3],
		    a[4], a[5]);
	else
		put(s, "crossing", "cpu %u, %u ms ago: call %s(%lx, %lx, %lx, %lx, %lx, %lx)",
		    copy->cpu, age, import_name(entry->what), a[0], a[1], a[2], a[3], a[4], a[5]);
}

static void put_counters(struct text *s, const struct nooks_driver *driver)
{
	const struct nooks_domain *domain = driver->domain;

	put(s, "counter", "entries %ld", atomic_long_read(&domain->entries));
	put(s, "counter", "unwindings %ld", atomic_long_read(&domain->unwindings));
	put(s, "counter", "checked_stores %ld", atomic_long_read(&driver->nr_stores));
	put(s, "counter", "missed_calls %ld", atomic_long_read(&driver->nr_missed_calls));
	put(s, "counter", "missed_entries %ld", atomic_long_read(&driver->nr_missed_entries));
	put(s, "counter", "faults %ld", atomic_long_read(&driver->nr_faults));
	put(s, "counter", "failures %lu", driver->nr_failures);
	put(s, "counter", "restarts %lu", driver->nr_restarts);
	put(s, "counter", "objects %u", READ_ONCE(driver->objects.count));
	put(s, "counter", "heap_bytes %lu", atomic_long_read(&driver->heap.pages) * PAGE_SIZE);
}

static void put_stack(struct text *s, const struct nooks_evidence *e)
{
	unsigned int i, words = e->nr_stack / sizeof(long);
	char text[4 * 17 + 1];

	for (i = 0; i < words; i++) {
		snprintf(text + i % 4 * 17, 18, " %016lx", e->stack[i]);
		if (i % 4 == 3 || i + 1 == words)
			put(s, "stack", "%016lx:%s",
			    ALIGN(e->sp, sizeof(long)) + i / 4 * 4 * sizeof(long), text);
	}
}

/* What matters most comes first: the end is what is cut off. */
static void write_report(struct text *s, struct nooks_driver *driver)
{
	const struct nooks_failure *failure = &driver->last;
	const struct nooks_evidence *e = driver->evidence;
	unsigned int i;

	put(s, "nooks-report", "%u", NOOKS_DUMP_VERSION);
	put(s, "title", "BUG: NOOKS: %s in %s", nooks_failure_name(failure->kind),
	    driver->last_function);
	put(s, "kind", "%s", nooks_failure_name(failure->kind));
	if (*failure->text)
		put(s, "detail", "%s", failure->text);
	put(s, "failure", "%lu", e->number);
	put(s, "uptime", "%llu.%06llu", e->when / NSEC_PER_SEC,
	    e->when % NSEC_PER_SEC / NSEC_PER_USEC);
	put(s, "date", "%lld", e->date);
	put_kernel(s);
	put_module(s, driver);
	put_place(s, driver);
	put_object(s, failure, e);
	if (failure->has_regs)
		put_registers(s, &failure->regs);
	put_code(s, failure, e);
	for (i = 0; i < e->nr_calls; i++)
		put_address(s, "backtrace", e->calls[i]);
	for (i = 0; i < e->nr_kernel_calls; i++)
		put_address(s, "kernel-backtrace", e->kernel_calls[i]);
	for (i = 0; i < e->nr_trail; i++)
		put_crossing(s, e, &e->trail[i]);
	for (i = 0; i < e->nr_threads; i++)
		put_thread(s, &e->threads[i]);
	put_counters(s, driver);
	put_stack(s, e);
}

/* A device core dump is the kernel's way to have user space collect it; it takes the memory. */
static void give_away(struct nooks_driver *driver, const char *text, size_t size)
{
	char *copy = vmalloc(size);

	if (!copy)
		return;
	memcpy(copy, text, size);
	dev_coredumpv(driver->dev, copy, size, GFP_KERNEL);
}

/**
 * nooks_dump_make - make the report of a driver's last failure, if that is not done yet
 * @driver: closed, under its lock
 *
 * Context: may sleep. Return: true if there was a failure that nobody had been told of.
 */
bool nooks_dump_make(struct nooks_driver *driver)
{
	struct nooks_dump *dump = &driver->dump;
	struct text s = { .size = NOOKS_DUMP_SIZE - strlen(LAST_LINE) };
	char *text;

	lockdep_assert_held(&driver->lock);
	if (!READ_ONCE(driver->evidence->fresh))
		return false;
	text = kvmalloc(NOOKS_DUMP_SIZE, GFP_KERNEL);
	if (!text) {
		pr_warn("%s: no memory for a full report\n", driver->name);
		WRITE_ONCE(driver->evidence->fresh, false);
		return true;
	}
	s.start = text;
	write_report(&s, driver);
	WRITE_ONCE(driver->evidence->fresh, false);
	memcpy(text + s.len, LAST_LINE, strlen(LAST_LINE));
	mutex_lock(&dump->lock);
	swap(dump->text, text);
	dump->size = s.len + strlen(LAST_LINE);
	mutex_unlock(&dump->lock);
	kvfree(text);
	/* Only who holds the driver's lock makes another one. */
	give_away(driver, dump->text, dump->size);
	pr_info("%s: the full report: nooksctl dump %s\n", driver->name, driver->name);
	return true;
}
