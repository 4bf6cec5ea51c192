// SPDX-License-Identifier: GPL-2.0
/* The control device of nooks.ko. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "control.h"
#include "lockdown.h"
#include "report.h"

#define DEVICE	"/dev/" NOOKS_DEVICE_NAME

/**
 * control_open - open the control device
 * @control: the source
 * @is_optional: don't complain if it can't be opened
 *
 * Return: 0, or -1 after a message if it is not optional.
 */
int control_open(struct control *control, bool is_optional)
{
	control->fd = open(DEVICE, O_RDWR | O_CLOEXEC);
	if (control->fd >= 0)
		return 0;
	if (is_optional)
		return -1;
	switch (errno) {
	case ENOENT:
	case ENODEV:
	case ENXIO:
		if (lockdown_level())
			return report_error("nooks.ko is not loaded, and the kernel is locked down (%s): it loads signed modules only; see SIGNATURES in nooks-load(8)",
					    lockdown_level());
		return report_error("nooks.ko is not loaded: modprobe nooks");
	case EACCES:
	case EPERM:
		return report_error("may not open " DEVICE ": run nooks-load as root");
	default:
		return report_error("can't open " DEVICE ": %s", strerror(errno));
	}
}

/**
 * control_close - close the control device
 * @control: may not be open; a domain whose module has not been loaded goes away
 */
void control_close(struct control *control)
{
	if (control->fd >= 0)
		close(control->fd);
	control->fd = -1;
}

/**
 * control_can_bind - is there anyone who knows addresses?
 * @control: the source
 *
 * Return: true if imports can be resolved.
 */
bool control_can_bind(const struct control *control)
{
	return control->fd >= 0 || control->fake_base;
}

/**
 * control_create - make a domain
 * @control: the source; not a silent one
 * @module: name of the module for it
 * @flags: NOOKS_CREATE_...
 * @create: out: the domain
 *
 * Return: 0, or -1 after a message.
 */
int control_create(const struct control *control, const char *module, uint32_t flags,
		   struct nooks_create *create)
{
	*create = (struct nooks_create){ .abi = NOOKS_ABI_VERSION, .flags = flags };
	if (strlen(module) >= sizeof(create->name))
		return report_error("its name is too long for a domain");
	strcpy(create->name, module);
	if (control->fd < 0) {
		create->entry = control->fake_base;
		return 0;
	}
	if (!ioctl(control->fd, NOOKS_IOC_CREATE, create))
		return 0;
	switch (errno) {
	case EEXIST:
		return report_error("has a domain already: unload it first: nooks-load -r %s",
				    module);
	case EPROTO:
	case ENOTTY:
		return report_error("nooks.ko and nooks-load (ABI %u) are of different releases: install both from one",
				    NOOKS_ABI_VERSION);
	default:
		return report_error("nooks.ko makes no domain: %s; see dmesg", strerror(errno));
	}
}

static int ask(const struct control *control, const char *symbol, struct nooks_resolve *resolve)
{
	if (strlen(symbol) >= sizeof(resolve->name))
		return report_error("the name of symbol %s is too long", symbol);
	strcpy(resolve->name, symbol);
	if (control->fd >= 0 && ioctl(control->fd, NOOKS_IOC_RESOLVE, resolve))
		return report_error("nooks.ko can't look up %s: %s", symbol, strerror(errno));
	resolve->reason[sizeof(resolve->reason) - 1] = '\0';
	return 0;
}

/**
 * control_peek - ask whether there is something for calls of a function
 * @control: the source; with a domain, or made up
 * @symbol: the function, which need not be there yet
 * @is_known: out: there is; never for made-up addresses
 *
 * Return: 0, or -1 after a message.
 */
int control_peek(struct control *control, const char *symbol, bool *is_known)
{
	struct nooks_resolve resolve = { .flags = NOOKS_RESOLVE_PEEK };

	if (ask(control, symbol, &resolve))
		return -1;
	*is_known = resolve.flags & NOOKS_RESOLVE_KNOWN;
	return 0;
}

/**
 * control_resolve - ask what a symbol is bound to
 * @control: the source
 * @symbol: the symbol
 * @resolve: out: the answer; NOOKS_SYMBOL_MISSING if there is no one to ask
 *
 * Made-up addresses: the entry is at the base; each symbol takes the next 32 bytes, the first 16
 * of which are for branches.
 *
 * Return: 0, or -1 after a message.
 */
int control_resolve(struct control *control, const char *symbol, struct nooks_resolve *resolve)
{
	*resolve = (struct nooks_resolve){};
	if (ask(control, symbol, resolve))
		return -1;
	if (control->fd < 0 && control->fake_base) {
		resolve->kind = NOOKS_SYMBOL_WRAPPED;
		resolve->call = control->fake_base + 32 * ++control->nr_fakes;
		resolve->data = resolve->call + 16;
	}
	return 0;
}
