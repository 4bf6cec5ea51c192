// SPDX-License-Identifier: GPL-2.0
/*
 * Learn mode: bring a new driver up, and find out what is to be added to the annotations. What is let
 * through is what only lacks a line of these: a store to a field of an object that the driver holds, a
 * function in a table whose role is denied. Values of pointers are checked by what their types say;
 * locks stay denied. All else is a failure as ever: a wild write is nothing to learn.
 */
#define pr_fmt(fmt) "nooks: " fmt
#include <linux/debugfs.h>
#include <linux/kallsyms.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include "generated.h"
#include "learn.h"

#define MAX_LINES	256

/**
 * struct line - an annotation that is missing
 * @subject: the field, role or entry stub that it is about
 * @count: how often it would have been needed
 * @text: the statement
 * @note: why
 */
struct line {
	const void *subject;
	unsigned long count;
	char text[96];
	char note[112];
};

/**
 * struct nooks_learned - what a driver has learned
 * @lock: for writing of the rest; interrupts off; innermost
 * @nr: lines used; these are never given back, and only their counts change
 * @nr_lost: times that there was no line left
 * @lines: the lines
 */
struct nooks_learned {
	raw_spinlock_t lock;
	unsigned int nr;
	unsigned long nr_lost;
	struct line lines[MAX_LINES];
};

/* Count a subject. Return: its line, to be filled in, if it is new. */
static struct line *count(struct nooks_learned *learned, const void *subject)
{
	unsigned int i;

	lockdep_assert_held(&learned->lock);
	for (i = 0; i < learned->nr; i++) {
		if (learned->lines[i].subject == subject) {
			learned->lines[i].count++;
			return NULL;
		}
	}
	if (learned->nr == MAX_LINES) {
		learned->nr_lost++;
		return NULL;
	}
	learned->lines[i].subject = subject;
	learned->lines[i].count = 1;
	return &learned->lines[i];
}

static __printf(4, 5)
void learn(struct nooks_driver *driver, const void *subject, const char *note, const char *fmt, ...)
{
	struct nooks_learned *learned = driver->learned;
	struct line *line;
	unsigned long flags;
	va_list args;

	raw_spin_lock_irqsave(&learned->lock, flags);
	line = count(learned, subject);
	if (line) {
		va_start(args, fmt);
		vscnprintf(line->text, sizeof(line->text), fmt, args);
		va_end(args);
		strscpy(line->note, note, sizeof(line->note));
		/* Pairs with learned_show(), which takes no lock. */
		smp_store_release(&learned->nr, learned->nr + 1);
	}
	raw_spin_unlock_irqrestore(&learned->lock, flags);
	if (line)
		pr_notice("%s: learned: %s  # %s\n", driver->name, line->text, line->note);
}

/** nooks_learn_policy - what a driver may store into a field: enum nooks_policy */
u8 nooks_learn_policy(struct nooks_driver *driver, const struct nooks_field *field)
{
	return driver->learned && field->policy == NOOKS_FIELD_DENIED ? field->learn :
								       field->policy;
}

/* The address, without what follows the offset. */
static void print_site(char *to, size_t size, const char *what, unsigned long site)
{
	char name[KSYM_SYMBOL_LEN];

	sprint_symbol(name, site);
	name[strcspn(name, "/")] = '\0';
	scnprintf(to, size, "%s %s", what, name);
}

/**
 * nooks_learn_field - a driver has stored to a field by nooks_learn_policy()
 * @driver: the driver
 * @type: enum nooks_type_id
 * @field: of that type; nothing is learned if it may be stored to anyway
 * @site: address of the instruction
 * @fn: of a shadow, whose stores nobody sees: at which function's call it was found; else NULL
 */
void nooks_learn_field(struct nooks_driver *driver, unsigned int type,
		       const struct nooks_field *field, unsigned long site, const char *fn)
{
	const char *name = nooks_types[type].name;
	char note[sizeof_field(struct line, note)];
	size_t len;

	if (!driver->learned || field->policy != NOOKS_FIELD_DENIED)
		return;
	if (fn)
		scnprintf(note, sizeof(note), "found changed by %s", fn);
	else
		print_site(note, sizeof(note), "stored by", site);
	len = strlen(note);
	switch (field->learn) {
	case NOOKS_FIELD_CALLBACKS:
		learn(driver, field, note, "field %s.%s callbacks=%s", name, field->name,
		      nooks_ops_tables[field->ops].name);
		break;
	case NOOKS_FIELD_OBJECT:
		learn(driver, field, note, "field %s.%s object=%s", name, field->name,
		      nooks_types[field->type].name);
		break;
	case NOOKS_FIELD_FUNCTION:
		scnprintf(note + len, sizeof(note) - len, "; the kernel calls it: needs a wrapper");
		learn(driver, field, note, "# field %s.%s", name, field->name);
		break;
	case NOOKS_FIELD_OWN:
		if (strstarts(field->target, "struct ")) {
			scnprintf(note + len, sizeof(note) - len, "; declare it by 'type' or 'ops'");
			learn(driver, field, note, "field %s.%s object=%s", name, field->name,
			      field->target + strlen("struct "));
			break;
		}
		scnprintf(note + len, sizeof(note) - len,
			  "; a pointer: only if the kernel never follows it");
		fallthrough;
	default:
		learn(driver, field, note, "field %s.%s any", name, field->name);
	}
}

/**
 * nooks_learn_role - a driver gives the kernel a function for a denied role
 * @driver: the driver
 * @stub: an entry stub of its
 * @role: enum nooks_role_id
 *
 * Return: whether it may, which is so in learn mode.
 */
bool nooks_learn_role(struct nooks_driver *driver, const void *stub, unsigned int role)
{
	const struct nooks_stub *s = nooks_stub_find(driver, stub);
	char note[sizeof_field(struct line, note)];

	if (!driver->learned || !s)
		return false;
	scnprintf(note, sizeof(note), "is %s; was denied: %s", (const char *)s->name,
		  nooks_roles[role].denied);
	learn(driver, &nooks_roles[role], note, "role %s", nooks_roles[role].name);
	return true;
}

/**
 * nooks_learn_call - the kernel calls a function of a driver's that has no role
 * @driver: the driver
 * @stub: the function's
 * @caller: return address
 */
void nooks_learn_call(struct nooks_driver *driver, const struct nooks_stub *stub,
		      unsigned long caller)
{
	char note[sizeof_field(struct line, note)];

	if (!driver->learned)
		return;
	print_site(note, sizeof(note), "name the member or parameter; called by", caller);
	learn(driver, stub, note, "# callback of %s", (const char *)stub->name);
}

static int learned_show(struct seq_file *m, void *unused)
{
	struct nooks_driver *driver = m->private;
	struct nooks_learned *learned = driver->learned;
	unsigned int nr = smp_load_acquire(&learned->nr), i;

	for (i = 0; i < nr; i++) {
		const struct line *line = &learned->lines[i];
		unsigned long n = READ_ONCE(line->count);

		seq_printf(m, "%-47s # %s, %lu time%s\n", line->text, line->note, n,
			   n == 1 ? "" : "s");
	}
	if (READ_ONCE(learned->nr_lost))
		seq_printf(m, "# ... and more, %lu times: add these first\n", learned->nr_lost);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(learned);

/**
 * nooks_learn_start - put a driver that has no image yet into learn mode; without debugfs what it learns
 * is only logged
 * @driver: the driver
 *
 * Context: may sleep. Return: 0 or -ENOMEM.
 */
int nooks_learn_start(struct nooks_driver *driver)
{
	struct nooks_learned *learned = kvzalloc(sizeof(*learned), GFP_KERNEL);

	if (!learned)
		return -ENOMEM;
	raw_spin_lock_init(&learned->lock);
	driver->learned = learned;
	debugfs_create_file("learned", 0400, driver->debugfs, driver, &learned_fops);
	pr_warn("%s: LEARN MODE: it may store where no annotation lets it. Protection is reduced: this is no way to run a driver.\n",
		driver->name);
	return 0;
}

/** nooks_learn_stop - forget what a driver has learned; nobody uses it, nor its file, any more. May sleep. */
void nooks_learn_stop(struct nooks_driver *driver)
{
	if (!driver->learned)
		return;
	kvfree(driver->learned);
	driver->learned = NULL;
}
