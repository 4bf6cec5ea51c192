// SPDX-License-Identifier: GPL-2.0
/* A module as the running system knows it: its file, options, needs and state, by libkmod. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "lockdown.h"
#include "memory.h"
#include "module.h"
#include "report.h"

#define MODULES_DIR	"/lib/modules"
#define DOMAINS_DIR	"/sys/class/nooks"
#define ENABLE_FILE	"/sys/module/nooks/parameters/enable"

static bool is_path(const char *name)
{
	static const char * const endings[] = { ".ko", ".ko.xz" };
	size_t len = strlen(name);

	for (unsigned int i = 0; i < 2; i++) {
		size_t n = strlen(endings[i]);

		if (len > n && !strcmp(name + len - n, endings[i]))
			return true;
	}
	return strchr(name, '/');
}

static int open_context(struct module *m, const char *root, const char *release,
			const char *config)
{
	const char * const configs[] = { config, NULL };
	static struct utsname uts;
	char *dir;

	uname(&uts);
	m->release = release ?: uts.release;
	m->is_elsewhere = root || release;
	if (asprintf(&dir, "%s" MODULES_DIR "/%s", root ?: "", m->release) < 0)
		err(EXIT_FAILURE, "out of memory");
	m->ctx = kmod_new(dir, config ? configs : NULL);
	free(dir);
	if (!m->ctx)
		return report_error("libkmod doesn't start: %s", strerror(errno));
	/* It would log what is reported here in other words. */
	kmod_set_log_priority(m->ctx, 0);
	return 0;
}

static int report_ambiguous(struct kmod_list *found)
{
	struct kmod_list *item;

	report_error("is an alias of several modules; name one of them:");
	kmod_list_foreach(item, found) {
		struct kmod_module *mod = kmod_module_get_module(item);

		fprintf(stderr, "  %s\n", kmod_module_get_name(mod));
		kmod_module_unref(mod);
	}
	return -1;
}

static int look_up(struct module *m, const char *name)
{
	struct kmod_list *found = NULL;
	int err = 0;

	if (kmod_module_new_from_lookup(m->ctx, name, &found) < 0 || !found)
		return report_error("no such module or alias for kernel %s", m->release);
	if (kmod_list_next(found, found))
		err = report_ambiguous(found);
	else
		m->mod = kmod_module_get_module(found);
	kmod_module_unref_list(found);
	if (!err && !kmod_module_get_path(m->mod))
		err = report_error("is built into the kernel; only modules can be isolated");
	return err;
}

/**
 * module_find - find a module
 * @m: zeroed; to be freed by module_free() whatever the result
 * @name: name, alias or path
 * @root: directory that has the kernels' modules in lib/modules, NULL: /
 * @release: kernel whose modules to search, NULL: the running one
 * @config: modprobe's configuration file or directory, NULL: the system's
 *
 * Return: 0, or -1 after a message.
 */
int module_find(struct module *m, const char *name, const char *root, const char *release,
		const char *config)
{
	if (open_context(m, root, release, config))
		return -1;
	if (!is_path(name))
		return look_up(m, name);
	m->path = name;
	return 0;
}

/**
 * module_path - where the module's file is
 * @m: the module
 *
 * Return: the path.
 */
const char *module_path(const struct module *m)
{
	return m->path ?: kmod_module_get_path(m->mod);
}

static bool is_loaded(const struct module *m, const struct kmod_module *mod)
{
	return !m->is_elsewhere && kmod_module_get_initstate(mod) >= 0;
}

/**
 * module_is_loaded - is a module of that name loaded or built in?
 * @m: any module
 * @name: the name
 *
 * Return: true if it is.
 */
bool module_is_loaded(const struct module *m, const char *name)
{
	struct kmod_module *mod;
	bool is;

	if (kmod_module_new_from_name(m->ctx, name, &mod) < 0)
		return false;
	is = is_loaded(m, mod);
	kmod_module_unref(mod);
	return is;
}

static void append(char **string, size_t *len, const char *part, size_t part_len)
{
	*string = xrealloc(*string, *len + part_len + 1, 1);
	memcpy(*string + *len, part, part_len);
	*len += part_len;
	(*string)[*len] = '\0';
}

static void append_parameter(char **string, size_t *len, const char *arg)
{
	const char *value = strchr(arg, '=');

	if (*len)
		append(string, len, " ", 1);
	if (value && strchr(value, ' ') && value[1] != '"') {
		/* The kernel splits at blanks outside of quotes. */
		append(string, len, arg, value + 1 - arg);
		append(string, len, "\"", 1);
		append(string, len, value + 1, strlen(value + 1));
		append(string, len, "\"", 1);
	} else {
		append(string, len, arg, strlen(arg));
	}
}

/**
 * module_parameters - the parameter string that the kernel gets
 * @m: the module
 * @name: its name in the kernel
 * @args: NULL-terminated parameters of the command line; they come last, so they win
 *
 * Return: options of modprobe.d and kernel command line, then @args; to be freed.
 */
char *module_parameters(const struct module *m, const char *name, char **args)
{
	struct kmod_module *mod = NULL;
	const char *options;
	char *string = NULL;
	size_t len = 0;

	append(&string, &len, "", 0);
	if (m->mod)
		mod = kmod_module_ref(m->mod);
	else
		kmod_module_new_from_name(m->ctx, name, &mod);
	options = mod ? kmod_module_get_options(mod) : NULL;
	if (options)
		append(&string, &len, options, strlen(options));
	kmod_module_unref(mod);
	for (; *args; args++)
		append_parameter(&string, &len, *args);
	return string;
}

/* Options of one module as those of another that it is linked into. */
static void append_options(char **string, size_t *len, const char *name, const char *options)
{
	static const char blanks[] = " \t\n";
	const char *p = options, *start;

	/* Split as the kernel does it; all of an option may be in quotes. */
	while (*(p += strspn(p, blanks))) {
		bool is_quoted = *p == '"';

		if (*len)
			append(string, len, " ", 1);
		if (is_quoted)
			append(string, len, p++, 1);
		append(string, len, name, strlen(name));
		append(string, len, ".", 1);
		for (start = p; *p && (is_quoted || !strchr(blanks, *p)); p++)
			is_quoted ^= *p == '"';
		append(string, len, start, p - start);
	}
}

/**
 * module_add_options - give a library's options to the module that it is linked into
 * @m: the module
 * @name: of the library in the kernel
 * @parameters: what there is so far; becomes invalid
 *
 * Return: the library's options of modprobe.d and kernel command line, each with the library's
 * name and a dot in front, then @parameters; to be freed.
 */
char *module_add_options(const struct module *m, const char *name, char *parameters)
{
	struct kmod_module *mod = NULL;
	const char *options;
	char *string = NULL;
	size_t len = 0;

	append(&string, &len, "", 0);
	kmod_module_new_from_name(m->ctx, name, &mod);
	options = mod ? kmod_module_get_options(mod) : NULL;
	if (options)
		append_options(&string, &len, name, options);
	kmod_module_unref(mod);
	if (len && *parameters)
		append(&string, &len, " ", 1);
	append(&string, &len, parameters, strlen(parameters));
	free(parameters);
	return string;
}

/* Takes over the reference to the module. */
static void add_needed(struct module *m, struct kmod_module *mod)
{
	size_t i;

	for (i = 0; i < m->nr_needed; i++) {
		if (m->needed[i] == mod)
			break;
	}
	if (i < m->nr_needed || is_loaded(m, mod)) {
		kmod_module_unref(mod);
		return;
	}
	m->needed = xrealloc(m->needed, m->nr_needed + 1, sizeof(*m->needed));
	m->needed[m->nr_needed++] = mod;
}

static void add_list(struct module *m, struct kmod_list *list)
{
	struct kmod_list *item;

	kmod_list_foreach(item, list)
		add_needed(m, kmod_module_get_module(item));
}

/* A module, after all that it depends on. */
static void add_with_dependencies(struct module *m, struct kmod_module *mod)
{
	struct kmod_list *list = kmod_module_get_dependencies(mod);

	add_list(m, list);
	kmod_module_unref_list(list);
	add_needed(m, kmod_module_ref(mod));
}

static struct kmod_list *look_up_dependency(const struct module *m, const char *name)
{
	struct kmod_list *found = NULL;

	if (kmod_module_new_from_lookup(m->ctx, name, &found) < 0 || !found)
		report_error("depends on %s, which is not installed for kernel %s; run depmod if it is",
			     name, m->release);
	return found;
}

/**
 * module_dependency - where the file of a module is that another one depends on
 * @m: the other one
 * @name: of the module
 *
 * Return: the path, to be freed; NULL after a message.
 */
char *module_dependency(const struct module *m, const char *name)
{
	struct kmod_list *found = look_up_dependency(m, name);
	struct kmod_module *mod;
	char *path = NULL;

	if (!found)
		return NULL;
	mod = kmod_module_get_module(found);
	if (kmod_module_get_path(mod))
		path = strdup(kmod_module_get_path(mod));
	if (!path)
		report_error("no file of %s: run depmod", name);
	kmod_module_unref(mod);
	kmod_module_unref_list(found);
	return path;
}

static int add_by_name(struct module *m, const char *name)
{
	struct kmod_list *found = look_up_dependency(m, name), *item;

	if (!found)
		return -1;
	kmod_list_foreach(item, found) {
		struct kmod_module *mod = kmod_module_get_module(item);

		add_with_dependencies(m, mod);
		kmod_module_unref(mod);
	}
	kmod_module_unref_list(found);
	return 0;
}

static void get_softdeps(const struct module *m, struct kmod_list **pre, struct kmod_list **post)
{
	*pre = *post = NULL;
	if (m->mod && kmod_module_get_softdeps(m->mod, pre, post) < 0)
		*pre = *post = NULL;
}

/**
 * module_find_needed - list the modules that have to be loaded first
 * @m: the module
 * @depends: names, with commas between them
 *
 * Return: 0, or -1 after a message.
 */
int module_find_needed(struct module *m, const char *depends)
{
	struct kmod_list *pre, *post, *item;
	char *names = strdup(depends), *next = names, *name;
	int err = 0;

	if (!names)
		return report_error("out of memory");
	get_softdeps(m, &pre, &post);
	kmod_list_foreach(item, pre) {
		struct kmod_module *mod = kmod_module_get_module(item);

		add_with_dependencies(m, mod);
		kmod_module_unref(mod);
	}
	kmod_module_unref_list(pre);
	kmod_module_unref_list(post);
	while (!err && (name = strsep(&next, ",")))
		err = *name ? add_by_name(m, name) : 0;
	free(names);
	return err;
}

/**
 * module_load_needed - load the modules on the list, natively
 * @m: the module
 *
 * Return: 0, or -1 after a message.
 */
int module_load_needed(struct module *m)
{
	for (; m->nr_loaded < m->nr_needed; m->nr_loaded++) {
		struct kmod_module *mod = m->needed[m->nr_loaded];
		int err = kmod_module_probe_insert_module(mod, 0, NULL, NULL, NULL, NULL);

		if (err)
			return report_error("can't load %s, which it needs: %s; try: modprobe %s",
					    kmod_module_get_name(mod), strerror(abs(err)),
					    kmod_module_get_name(mod));
		report_detail("load %s", kmod_module_get_name(mod));
	}
	return 0;
}

/**
 * module_unload_needed - undo module_load_needed()
 * @m: the module
 *
 * A module that has found another user since then stays.
 */
void module_unload_needed(struct module *m)
{
	while (m->nr_loaded)
		kmod_module_remove_module(m->needed[--m->nr_loaded], KMOD_REMOVE_NOLOG);
}

/**
 * module_load_companions - load what modprobe.d wants after the module ("softdep post:")
 * @m: the module, loaded
 */
void module_load_companions(const struct module *m)
{
	struct kmod_list *pre, *post, *item;

	get_softdeps(m, &pre, &post);
	kmod_list_foreach(item, post) {
		struct kmod_module *mod = kmod_module_get_module(item);

		if (kmod_module_probe_insert_module(mod, 0, NULL, NULL, NULL, NULL))
			report_warning("can't load %s, which should come along",
				       kmod_module_get_name(mod));
		kmod_module_unref(mod);
	}
	kmod_module_unref_list(pre);
	kmod_module_unref_list(post);
}

/**
 * module_insert - give an image to the kernel's module loader
 * @image: file
 * @parameters: for the module
 *
 * Return: 0, or -1 after a message.
 */
int module_insert(int image, const char *parameters)
{
	if (!syscall(SYS_finit_module, image, parameters, 0))
		return 0;
	switch (errno) {
	case EPERM:
		if (lockdown_level())
			return report_error("the kernel is locked down (%s) and loads signed modules only: see SIGNATURES in nooks-load(8)",
					    lockdown_level());
		return report_error("may not load modules: run nooks-load as root; under lockdown, see SIGNATURES in nooks-load(8)");
	case ENOKEY:
	case EKEYREJECTED:
		return report_error("this kernel loads signed modules only: see SIGNATURES in nooks-load(8)");
	case EEXIST:
		return report_error("has been loaded meanwhile");
	case ENOEXEC:
		return report_error("the kernel refuses the image; see dmesg");
	default:
		return report_error("did not start: %s; see dmesg", strerror(errno));
	}
}

static int report_in_use(struct kmod_module *mod)
{
	struct kmod_list *holders = kmod_module_get_holders(mod), *item;
	const char *comma = "";

	report_error("in use (%d references)%s", kmod_module_get_refcnt(mod),
		     holders ? "; unload these first:" : "; close, unmount or take down what uses it");
	kmod_list_foreach(item, holders) {
		struct kmod_module *holder = kmod_module_get_module(item);

		fprintf(stderr, "%s%s", *comma ? comma : "  ", kmod_module_get_name(holder));
		kmod_module_unref(holder);
		comma = ", ";
	}
	if (holders)
		fputc('\n', stderr);
	kmod_module_unref_list(holders);
	return -1;
}

static bool is_in_domain(const char *name)
{
	char *path;
	bool is;

	if (asprintf(&path, DOMAINS_DIR "/%s", name) < 0)
		err(EXIT_FAILURE, "out of memory");
	is = !access(path, F_OK);
	free(path);
	return is;
}

/** module_nooks_is_off - is nooks.ko loaded, and told to do nothing? */
bool module_nooks_is_off(void)
{
	FILE *f = fopen(ENABLE_FILE, "re");
	bool is_off = f && fgetc(f) == 'N';

	if (f)
		fclose(f);
	return is_off;
}

static int check_removable(struct kmod_module *mod)
{
	const char *name = kmod_module_get_name(mod);
	int state = kmod_module_get_initstate(mod);

	if (state == KMOD_MODULE_BUILTIN)
		return report_error("is built into the kernel");
	if (state < 0)
		return report_error("not loaded");
	if (!is_in_domain(name) && !module_nooks_is_off())
		return report_error("loaded, but not in a domain: modprobe -r %s", name);
	if (kmod_module_get_refcnt(mod) > 0)
		return report_in_use(mod);
	return 0;
}

static int remove_module(struct kmod_module *mod)
{
	int err = kmod_module_remove_module(mod, KMOD_REMOVE_NOLOG);

	switch (-err) {
	case 0:
		return 0;
	case EPERM:
		return report_error("may not unload modules: run nooks-load as root");
	case EAGAIN:
		return report_in_use(mod);
	default:
		return report_error("the kernel doesn't unload it: %s; see dmesg", strerror(-err));
	}
}

/**
 * module_load_native - load a module as modprobe does, without a domain
 * @m: the module
 * @args: parameters, NULL-terminated
 *
 * Return: 0, or -1 after a message; 0, too, if it is loaded.
 */
int module_load_native(const struct module *m, char **args)
{
	struct kmod_module *mod = NULL;
	char *parameters = NULL;
	size_t len = 0;
	int err;

	append(&parameters, &len, "", 0);
	for (; *args; args++)
		append_parameter(&parameters, &len, *args);
	if (m->mod)
		mod = kmod_module_ref(m->mod);
	else
		kmod_module_new_from_path(m->ctx, m->path, &mod);
	/* An install command of modprobe.d may well be what has called us. */
	err = mod ? kmod_module_probe_insert_module(mod, KMOD_PROBE_IGNORE_COMMAND, parameters, NULL,
						    NULL, NULL) : -ENOENT;
	kmod_module_unref(mod);
	free(parameters);
	return err ? report_error("does not load: %s; see dmesg", strerror(abs(err))) : 0;
}

/**
 * module_remove - unload a module that is in a domain
 * @m: zeroed; to be freed by module_free() whatever the result
 * @name: name of the module
 * @is_dry: only say whether it could be done
 *
 * Return: 0, or -1 after a message.
 */
int module_remove(struct module *m, const char *name, bool is_dry)
{
	struct kmod_module *mod;
	int err;

	if (open_context(m, NULL, NULL, NULL))
		return -1;
	if (kmod_module_new_from_name(m->ctx, name, &mod) < 0)
		return report_error("not a module's name");
	err = check_removable(mod);
	if (!err && is_dry)
		printf("%s: would be unloaded\n", kmod_module_get_name(mod));
	else if (!err)
		err = remove_module(mod);
	kmod_module_unref(mod);
	return err;
}

/**
 * module_free - give back what belongs to a module
 * @m: the module
 */
void module_free(struct module *m)
{
	while (m->nr_needed)
		kmod_module_unref(m->needed[--m->nr_needed]);
	free(m->needed);
	kmod_module_unref(m->mod);
	kmod_unref(m->ctx);
	*m = (struct module){};
}
