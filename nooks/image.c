// SPDX-License-Identifier: GPL-2.0
/*
 * The image of a driver: checks what the loader has made of it, gives the domain its view of each
 * section, and keeps a pristine copy of its code and of what it may write for a restart.
 */
#define pr_fmt(fmt) "nooks: " fmt
#include <linux/jump_label.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>
#include <asm/text-patching.h>
#include "../domains/gates.h"
#include "compat.h"
#include "driver.h"
#include "generated.h"
#include "image.h"
#include "symbols.h"

static bool in_block(unsigned long base, unsigned long bytes, unsigned long addr, unsigned long size)
{
	return addr >= base && size <= bytes && addr - base <= bytes - size;
}

/* Is all of it in what stays of a module, and in one block of that? */
static bool in_module(const struct module *mod, unsigned long addr, unsigned long size)
{
#ifdef HAVE_module_core_layout
	return in_block((unsigned long)mod->core_layout.base, mod->core_layout.size, addr, size);
#else
	for_class_mod_mem_type(type, core) {
		if (in_block((unsigned long)mod->mem[type].base, mod->mem[type].size, addr, size))
			return true;
	}
	return false;
#endif
}

static bool writable(const struct nooks_section *section)
{
	return section->kind == NOOKS_SECTION_DATA || section->kind == NOOKS_SECTION_INIT_RO;
}

/* Does a section of another kind lie on one of this one's pages? */
static bool shares_page(const struct nooks_image *image, const struct nooks_section *a)
{
	const struct nooks_section *b = (void *)image->sections;
	unsigned long start = a->addr & PAGE_MASK, end = PAGE_ALIGN(a->addr + a->size);
	unsigned int i;

	for (i = 0; i < image->nr_sections; i++, b++)
		if (b->kind != a->kind && b->addr < end && b->addr + b->size > start)
			return true;
	return false;
}

/* Is it 0, or one of the image's entry stubs? */
static bool is_stub(const struct nooks_image *image, u64 addr)
{
	const struct nooks_stub *stubs = (void *)image->stubs;
	u64 offset = image->nr_stubs ? addr - stubs[0].stub : ~0ULL;

	return !addr || (offset % NOOKS_STUB_SIZE == 0 &&
			 offset / NOOKS_STUB_SIZE < image->nr_stubs);
}

/* Sections and stubs have been checked. */
static int check_libraries(const struct nooks_driver *driver, const struct module *mod,
			   const struct nooks_image *image)
{
	const struct nooks_library *library = (void *)image->libraries;
	unsigned int i;

	if (!image->nr_libraries)
		return 0;
	if (image->nr_libraries > 256 ||
	    !in_module(mod, image->libraries, image->nr_libraries * sizeof(*library)))
		return -ENOEXEC;
	for (i = 0; i < image->nr_libraries; i++, library++)
		if (!in_module(mod, library->name, 1) || !is_stub(image, library->init) ||
		    !is_stub(image, library->exit))
			return -ENOEXEC;
	if (!mod->init) {
		pr_err("%s: has no init, with which those of its libraries would be run\n",
		       driver->name);
		return -ENOEXEC;
	}
	return 0;
}

static int check(const struct nooks_driver *driver, const struct module *mod,
		 const struct nooks_image *image)
{
	const struct nooks_section *section;
	const struct nooks_stub *stubs;
	unsigned int i;

	if (!in_module(mod, (unsigned long)image, sizeof(*image)) ||
	    image->magic != NOOKS_IMAGE_MAGIC || image->abi != NOOKS_ABI_VERSION ||
	    image->domain != driver->domain->id ||
	    image->nr_sections > 4096 || image->nr_stubs > 65536 ||
	    !in_module(mod, image->sections, image->nr_sections * sizeof(*section)) ||
	    !in_module(mod, image->stubs, image->nr_stubs * sizeof(*stubs)))
		return -ENOEXEC;

	section = (void *)image->sections;
	for (i = 0; i < image->nr_sections; i++, section++) {
		if (!in_module(mod, section->addr, section->size) ||
		    section->kind > NOOKS_SECTION_ENTRY)
			return -ENOEXEC;
		if ((writable(section) || section->kind == NOOKS_SECTION_TEXT ||
		     section->kind == NOOKS_SECTION_ENTRY) && shares_page(image, section)) {
			pr_err("%s: section %s shares a page with one of another kind\n",
			       driver->name, (const char *)section->name);
			return -ENOEXEC;
		}
	}
	stubs = (void *)image->stubs;
	for (i = 0; i < image->nr_stubs; i++)
		if (!in_module(mod, stubs[i].fn, 1) ||
		    !in_module(mod, stubs[i].stub, NOOKS_STUB_SIZE) ||
		    stubs[i].stub != stubs[0].stub + i * NOOKS_STUB_SIZE)
			return -ENOEXEC;
	return check_libraries(driver, mod, image);
}

static int set_view(struct nooks_driver *driver, const struct nooks_section *section)
{
	unsigned long start = section->addr & PAGE_MASK;
	int pages = (PAGE_ALIGN(section->addr + section->size) - start) >> PAGE_SHIFT;

	switch (section->kind) {
	case NOOKS_SECTION_TEXT:
		/* Driver code never runs in the kernel's view. */
		return nooks_sym.set_memory_nx(start, pages) ?:
		       nooks_grant_exec(driver->domain, (void *)section->addr, section->size,
					GFP_KERNEL);
	case NOOKS_SECTION_DATA:
	case NOOKS_SECTION_INIT_RO:
		return nooks_grant_write(driver->domain, (void *)section->addr, section->size,
					 GFP_KERNEL);
	default:
		return 0;
	}
}

/* The kernel calls the driver's own init and exit; nooks_image_init() the libraries'. */
static int bind_inits(struct nooks_driver *driver, const struct module *mod)
{
	const struct nooks_library *library = driver->libraries;
	unsigned int i;

	driver->init = nooks_stub_find(driver, mod->init);
	if ((mod->init && !nooks_stub_bind(driver, mod->init, NOOKS_ROLE_module_init)) ||
	    (mod->exit && !nooks_stub_bind(driver, mod->exit, NOOKS_ROLE_module_exit)))
		return -ENOEXEC;
	for (i = 0; i < driver->image->nr_libraries; i++, library++)
		if ((library->init &&
		     !nooks_stub_bind(driver, (void *)library->init, NOOKS_ROLE_initcall_t)) ||
		    (library->exit &&
		     !nooks_stub_bind(driver, (void *)library->exit, NOOKS_ROLE_exitcall_t)))
			return -ENOEXEC;
	return 0;
}

/** nooks_image_of - the head of a module's image, NULL if nooks-load has not made it. May sleep. */
struct nooks_image *nooks_image_of(const struct module *mod)
{
	char symbol[MODULE_NAME_LEN + sizeof(":" NOOKS_IMAGE_SYMBOL)];

	snprintf(symbol, sizeof(symbol), "%s:" NOOKS_IMAGE_SYMBOL, mod->name);
	return (void *)nooks_sym.module_kallsyms_lookup_name(symbol);
}

/**
 * nooks_image_adopt - a module with our image has come to state COMING
 * @driver: whose image it is, without one yet
 * @mod: the module
 *
 * Context: module notifier, may sleep. Return: 0 or a negative errno, logged; call
 * nooks_image_drop() in either case when the module goes.
 */
int nooks_image_adopt(struct nooks_driver *driver, struct module *mod)
{
	struct nooks_image *image = nooks_image_of(mod);
	unsigned int i;
	int ret;

	ret = image ? check(driver, mod, image) : -ENOEXEC;
	if (ret) {
		pr_err("%s: not an image of this version's nooks-load\n", mod->name);
		return ret;
	}
	driver->module = mod;
	driver->sections = (void *)image->sections;
	driver->stubs = (void *)image->stubs;
	driver->libraries = (void *)image->libraries;
	for (i = 0; i < image->nr_stubs; i++) {
		driver->stubs[i].domain = (unsigned long)driver;
		driver->stubs[i].role = NOOKS_ROLE_none;
	}
	if (image->nr_stubs) {
		driver->domain->stubs_start = driver->stubs[0].stub;
		driver->domain->stubs_end = driver->stubs[0].stub +
					    image->nr_stubs * NOOKS_STUB_SIZE;
	}
	WRITE_ONCE(driver->image, image);
	for (i = 0; i < image->nr_sections && !ret; i++)
		ret = set_view(driver, &driver->sections[i]);
	if (!ret)
		ret = bind_inits(driver, mod);
	if (ret)
		pr_err("%s: can't set up its sections (%d)\n", mod->name, ret);
	return ret;
}

/**
 * nooks_image_save - copy the driver's code and what it may write
 * @driver: about to run its init for the first time: parameters are set, nothing else is
 *
 * Context: may sleep. Return: 0 or -ENOMEM.
 */
int nooks_image_save(struct nooks_driver *driver)
{
	const struct nooks_section *section = driver->sections;
	unsigned int i, n = driver->image->nr_sections;

	driver->pristine = kcalloc(n, sizeof(*driver->pristine), GFP_KERNEL);
	if (!driver->pristine)
		return -ENOMEM;
	for (i = 0; i < n; i++, section++) {
		if (!(writable(section) || section->kind == NOOKS_SECTION_TEXT) || !section->size)
			continue;
		driver->pristine[i] = kvmalloc(section->size, GFP_KERNEL);
		if (!driver->pristine[i])
			return -ENOMEM;
		memcpy(driver->pristine[i], (void *)section->addr, section->size);
	}
	return 0;
}

/*
 * Is it of an instruction that the kernel changes, as a static key says, or when a second CPU comes (a lock
 * prefix)? Then it knows better.
 */
static bool is_switched(const struct module *mod, const struct nooks_section *section,
			const u8 *pristine, unsigned long addr)
{
	u8 was = pristine[addr - section->addr], is = *(u8 *)addr;
#ifdef CONFIG_JUMP_LABEL
	unsigned int i;

	for (i = 0; i < mod->num_jump_entries; i++) {
		unsigned long code = jump_entry_code(&mod->jump_entries[i]);
		u8 first;

		if (addr < code || addr - code >= JMP32_INSN_SIZE || code < section->addr)
			continue;
		/* A short jump or nop, or a long one. */
		first = pristine[code - section->addr];
		if (addr - code < (first == 0x66 || first == JMP8_INSN_OPCODE ? JMP8_INSN_SIZE :
										JMP32_INSN_SIZE))
			return true;
	}
#endif
	return (was == 0xf0 && is == 0x3e) || (was == 0x3e && is == 0xf0);
}

/*
 * No driver can write its code; something else may have, such as a device, or a fault of the memory. Nobody
 * runs it, and who runs it next has loaded CR3 before.
 */
static int restore_text(const struct nooks_driver *driver, const struct nooks_section *section,
			const u8 *pristine)
{
	const u8 *code = (void *)section->addr;
	u8 *alias = NULL;
	void *base;
	unsigned long i, n = 0;

	if (!memcmp(code, pristine, section->size))
		return 0;
	for (i = 0; i < section->size; i++) {
		if (code[i] == pristine[i] ||
		    is_switched(driver->module, section, pristine, section->addr + i))
			continue;
		if (!alias)
			alias = nooks_map_alias(code, section->size, &base);
		if (!alias)
			return -ENOMEM;
		alias[i] = pristine[i];
		n++;
	}
	if (alias)
		vunmap(base);
	if (n)
		pr_warn("%s: %lu bytes of its code had been changed; they are as they were loaded\n",
			driver->name, n);
	return 0;
}

/**
 * nooks_image_restore - make the image as it was before its init
 * @driver: closed and idle
 *
 * Through an alias, since the kernel has made some sections read-only for itself, too. Context: may
 * sleep. Return: 0 or -ENOMEM.
 */
int nooks_image_restore(struct nooks_driver *driver)
{
	const struct nooks_section *section = driver->sections;
	unsigned int i;
	int ret = 0;

	for (i = 0; i < driver->image->nr_sections && !ret; i++, section++) {
		void *base, *alias;

		if (!driver->pristine[i])
			continue;
		if (section->kind == NOOKS_SECTION_TEXT) {
			ret = restore_text(driver, section, driver->pristine[i]);
			continue;
		}
		alias = nooks_map_alias((void *)section->addr, section->size, &base);
		if (!alias)
			return -ENOMEM;
		memcpy(alias, driver->pristine[i], section->size);
		vunmap(base);
		if (section->kind == NOOKS_SECTION_INIT_RO)
			ret = nooks_grant_write(driver->domain, (void *)section->addr,
						section->size, GFP_KERNEL);
	}
	return ret;
}

/* Exits of the first @n libraries, the last one first. */
static void exit_libraries(struct nooks_driver *driver, unsigned int n)
{
	unsigned long args[6] = {};

	while (n--) {
		const struct nooks_library *library = &driver->libraries[n];

		if (library->exit)
			nooks_call_role(nooks_stub_find(driver, (void *)library->exit),
					&nooks_roles[NOOKS_ROLE_exitcall_t], args);
	}
}

/**
 * nooks_image_init - run the inits of an image: those of its libraries, then the driver's own
 * @driver: open; its image is pristine
 *
 * If one fails, the exits of those libraries run whose init has not. Context: may sleep. Return: what
 * the one that has failed returned, or 0.
 */
int nooks_image_init(struct nooks_driver *driver)
{
	const struct nooks_library *library = driver->libraries;
	unsigned long args[6] = {};
	unsigned int i;
	int ret;

	for (i = 0; i < driver->image->nr_libraries; i++, library++) {
		if (!library->init)
			continue;
		ret = nooks_call_role(nooks_stub_find(driver, (void *)library->init),
				      &nooks_roles[NOOKS_ROLE_initcall_t], args);
		if (ret) {
			pr_err("%s: its library %s does not start (%d)\n", driver->name,
			       (const char *)library->name, ret);
			goto undo;
		}
	}
	ret = nooks_call_role(driver->init, &nooks_roles[NOOKS_ROLE_module_init], args);
	if (!ret)
		return 0;
undo:
	exit_libraries(driver, i);
	return ret;
}

/**
 * nooks_image_exit - run the exits of an image: the driver's own, then those of its libraries
 * @driver: its module goes
 * @exit: stub of the driver's own
 *
 * Nothing of it runs in a domain that is closed. Context: may sleep.
 */
void nooks_image_exit(struct nooks_driver *driver, struct nooks_stub *exit)
{
	unsigned long args[6] = {};

	nooks_call_role(exit, &nooks_roles[NOOKS_ROLE_module_exit], args);
	exit_libraries(driver, driver->image->nr_libraries);
}

/** nooks_image_seal - init has returned: what is read-only after it is so in the domain, too */
void nooks_image_seal(struct nooks_driver *driver)
{
	const struct nooks_section *section = driver->sections;
	unsigned int i;

	for (i = 0; i < driver->image->nr_sections; i++, section++)
		if (section->kind == NOOKS_SECTION_INIT_RO)
			nooks_revoke(driver->domain, (void *)section->addr, section->size);
	nooks_revoke_flush(driver->domain);
}

/** nooks_image_drop - the module goes: take its pages back. The driver is closed and idle. */
void nooks_image_drop(struct nooks_driver *driver)
{
	const struct nooks_image *image = driver->image;
	unsigned int i;

	if (!image)
		return;
	for (i = 0; i < image->nr_sections; i++) {
		nooks_revoke(driver->domain, (void *)driver->sections[i].addr,
			     driver->sections[i].size);
		if (driver->pristine)
			kvfree(driver->pristine[i]);
	}
	nooks_revoke_flush(driver->domain);
	kfree(driver->pristine);
	driver->pristine = NULL;
	WRITE_ONCE(driver->image, NULL);
	/* nooks_route_entry() looks at the stubs with interrupts off. */
	synchronize_rcu();
	driver->module = NULL;
}

/** nooks_image_section - the section that holds an address, or NULL. Any context. */
const struct nooks_section *nooks_image_section(struct nooks_driver *driver, unsigned long addr)
{
	unsigned int i;

	for (i = 0; driver->image && i < driver->image->nr_sections; i++)
		if (addr - driver->sections[i].addr < driver->sections[i].size)
			return &driver->sections[i];
	return NULL;
}

/** nooks_image_readonly - does all of a range lie in one section that nobody can write? */
bool nooks_image_readonly(struct nooks_driver *driver, const void *p, size_t size)
{
	const struct nooks_section *section = nooks_image_section(driver, (unsigned long)p);

	return section && section->kind == NOOKS_SECTION_RODATA &&
	       size <= section->addr + section->size - (unsigned long)p;
}
