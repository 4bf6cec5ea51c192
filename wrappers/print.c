// SPDX-License-Identifier: GPL-2.0
/*
 * Variadic prints. The kernel would follow any pointer in the arguments; so the format is walked
 * first, and what is printed is a copy: format, arguments and strings.
 */
#include <linux/ctype.h>
#include <linux/device.h>
#include <linux/dynamic_debug.h>
#include <linux/err.h>
#include <linux/ethtool.h>
#include <linux/kernel.h>
#include <linux/netdevice.h>
#include <linux/slab.h>
#include "../nooks/driver.h"
#include "../nooks/image.h"
#include "args.h"
#include "generated.h"
#include "net.h"
#include "print.h"

#define MAX_SPEC	24		/* bytes of one conversion */
#define STRING_MAX	4096
#define MAX_WIDTH	4096		/* of one; the kernel warns of huge ones */
#define MAX_DEPTH	2		/* of %pV in %pV */

/* What a va_list is made of: System V ABI, AMD64, 3.5.7. */
struct va_words {
	u32 gp_offset;
	u32 fp_offset;
	unsigned long overflow;
	unsigned long regs;
};

#define REG_BYTES	48		/* of integer registers in a save area */
#ifndef __CHECKER__	/* sparse has a va_list of its own */
static_assert(sizeof(struct va_words) == sizeof(va_list));
#endif

#define NO_PAGE		1ul

/**
 * struct walk - where a format and its arguments come from
 * @x: the crossing
 * @fn: the function called, for reports
 * @out: the copy
 * @at: next byte of the format
 * @mapped: a page that is known to be, or NO_PAGE
 * @va: next argument
 * @own: @va.regs is the wrapper's own array
 */
struct walk {
	struct nooks_crossing *x;
	const char *fn;
	struct nooks_print *out;
	unsigned long at;
	unsigned long mapped;
	struct va_words va;
	bool own;
};

/**
 * struct spec - a conversion
 * @text: its characters, the closing one and an extension of %p included
 * @length: of @text
 * @width: 0 if it has none
 * @precision: -1 if it has none
 * @conversion: the closing character
 * @extension: where in @text the extension of %p begins
 */
struct spec {
	char text[MAX_SPEC];
	unsigned int length;
	int width;
	int precision;
	char conversion;
	unsigned int extension;
};

static bool bad(struct walk *w, unsigned long addr, const char *why)
{
	nooks_fail(w->x, NOOKS_BAD_ARGUMENT, addr, "%s: %s", w->fn, why);
	return false;
}

/* A byte that the driver has led to. */
static bool peek(struct walk *w, unsigned long addr, char *c)
{
	if ((addr & PAGE_MASK) != w->mapped) {
		if (!nooks_may_read((void *)addr, 1))
			return bad(w, addr, "a string that is not mapped");
		w->mapped = addr & PAGE_MASK;
	}
	*c = READ_ONCE(*(char *)addr);
	return true;
}

static bool peek_word(struct walk *w, unsigned long addr, unsigned long *value)
{
	if (!nooks_may_read((void *)addr, sizeof(*value)))
		return bad(w, addr, "an argument that is not mapped");
	*value = READ_ONCE(*(unsigned long *)addr);
	return true;
}

/* The next argument: all that is passed here takes a word. */
static bool next_argument(struct walk *w, unsigned long *value)
{
	if (w->va.gp_offset < REG_BYTES) {
		unsigned long addr = w->va.regs + w->va.gp_offset;

		w->va.gp_offset += sizeof(*value);
		if (!w->own)
			return peek_word(w, addr, value);
		*value = *(unsigned long *)addr;
		return true;
	}
	w->va.overflow += sizeof(*value);
	return peek_word(w, w->va.overflow - sizeof(*value), value);
}

static void put_value(struct nooks_print *out, unsigned long value)
{
	if (out->count < NOOKS_PRINT_VALUES)
		out->values[out->count++] = value;
	else
		out->full = true;
}

static void put_text(struct nooks_print *out, const char *text, unsigned int length)
{
	if (out->full || out->length + length >= NOOKS_PRINT_FORMAT) {
		out->full = true;
		return;
	}
	memcpy(out->format + out->length, text, length);
	out->length += length;
}

/* The kernel prints such a pointer as a word instead of following it. */
static bool is_token(unsigned long p)
{
	return p < PAGE_SIZE || IS_ERR_VALUE(p);
}

/* An argument of %s. A string that was cut short by its precision need not have an end. */
static bool put_string(struct walk *w, unsigned long p, int precision)
{
	struct nooks_print *out = w->out;
	char *copy = out->strings + out->used;
	unsigned int n = 0;
	char c;

	if (is_token(p)) {
		put_value(out, p);
		return true;
	}
	put_value(out, (unsigned long)copy);
	while (out->used + n + 1 < NOOKS_PRINT_STRINGS && n != (unsigned int)precision) {
		if (!peek(w, p + n, &c))
			return false;
		if (!c)
			break;
		copy[n++] = c;
	}
	if (out->used < NOOKS_PRINT_STRINGS) {
		copy[n] = '\0';
		out->used += n + 1;
	} else {
		out->full = true;
	}
	return true;
}

static bool walk_format(struct walk *w, unsigned int depth);

/* %pV: a format and a va_list, both the driver's. What they print takes the place of %pV. */
static bool put_nested(struct walk *w, unsigned long p, unsigned int depth)
{
	const struct va_format *vaf = (void *)p;
	const struct va_words *va;
	struct walk inner = {
		.x = w->x, .fn = w->fn, .out = w->out, .mapped = NO_PAGE,
	};
	unsigned long list, gp;

	if (depth >= MAX_DEPTH)
		return bad(w, p, "%pV within %pV");
	if (!peek_word(w, (unsigned long)&vaf->fmt, &inner.at) ||
	    !peek_word(w, (unsigned long)&vaf->va, &list))
		return false;
	va = (void *)list;
	if (!peek_word(w, (unsigned long)&va->gp_offset, &gp) ||
	    !peek_word(w, (unsigned long)&va->overflow, &inner.va.overflow) ||
	    !peek_word(w, (unsigned long)&va->regs, &inner.va.regs))
		return false;
	inner.va.gp_offset = gp;
	return walk_format(&inner, depth + 1);
}

/*
 * How many bytes the kernel reads behind a pointer with this extension; -1: it goes on from there.
 */
static int extension_reach(const struct spec *spec)
{
	const char *e = spec->text + spec->extension;
	int width = spec->width ?: 1;

	switch (e[0]) {
	case 'M': case 'm':
		return 6;
	case 'I': case 'i':
		return e[1] == '4' ? 4 : e[1] == '6' ? 16 : 28;
	case 'U':
		return 16;
	case 'E': case 'h':
		return width;
	case 'b':
		return BITS_TO_LONGS(width) * sizeof(long);
	case '4':
		return 4;
	case 'a': case 'G': case 'N':
		return 8;
	case 'R': case 'r': case 't':
		return 64;
	case 'C': case 'D': case 'O': case 'd': case 'f': case 'g':
		return -1;
	default:
		return 0;
	}
}

static bool put_pointer(struct walk *w, const struct spec *spec, unsigned long p,
			unsigned int depth)
{
	int reach = extension_reach(spec);

	if (spec->text[spec->extension] == 'V')
		return put_nested(w, p, depth);
	if (spec->text[spec->extension] == 'A')
		return bad(w, p, "%pA");
	if (!is_token(p)) {
		if (reach > 0 && !nooks_may_read((void *)p, reach))
			return bad(w, p, "a pointer to print that is not mapped");
		if (reach < 0 && !nooks_object_containing(nooks_driver_of(w->x), p, NULL))
			return bad(w, p, "a pointer to print that is no object of the driver's");
	}
	put_value(w->out, p);
	put_text(w->out, spec->text, spec->length);
	return true;
}

/* Read one character of a conversion into @spec. */
static bool spec_next(struct walk *w, struct spec *spec, char *c)
{
	if (!peek(w, w->at, c))
		return false;
	if (spec->length >= MAX_SPEC - 1)
		return bad(w, w->at, "a conversion that is too long");
	spec->text[spec->length++] = *c;
	w->at++;
	return true;
}

/*
 * A width or precision, if there is one: digits, or an argument. Leaves the character after it in
 * @c, read already. A number that is not bounded would keep the kernel busy for long.
 */
static bool spec_number(struct walk *w, struct spec *spec, char *c, int *number)
{
	unsigned long value;

	if (*c == '*') {
		if (!next_argument(w, &value))
			return false;
		*number = clamp((int)value, -MAX_WIDTH, MAX_WIDTH);
		put_value(w->out, *number);
		return spec_next(w, spec, c);
	}
	if (isdigit(*c))
		*number = 0;
	while (isdigit(*c)) {
		*number = *number * 10 + *c - '0';
		if (*number > MAX_WIDTH)
			return bad(w, w->at, "a width that is too large");
		if (!spec_next(w, spec, c))
			return false;
	}
	return true;
}

/* A conversion; its % has been read. */
static bool walk_spec(struct walk *w, unsigned int depth)
{
	struct spec spec = { .text = "%", .length = 1, .precision = -1 };
	unsigned long value;
	char c;

	do {
		if (!spec_next(w, &spec, &c))
			return false;
	} while (c && strchr("-+ #0", c));
	if (!spec_number(w, &spec, &c, &spec.width))
		return false;
	if (c == '.') {
		spec.precision = 0;
		if (!spec_next(w, &spec, &c) || !spec_number(w, &spec, &c, &spec.precision))
			return false;
	}
	while (c && strchr("hlLzt", c)) {
		if (!spec_next(w, &spec, &c))
			return false;
	}
	spec.conversion = c;
	spec.extension = spec.length;
	if (c == 'p') {
		/* The kernel takes all letters and digits that follow. */
		for (;;) {
			if (!peek(w, w->at, &c))
				return false;
			if (!isalnum(c))
				break;
			if (!spec_next(w, &spec, &c))
				return false;
		}
	}
	spec.text[spec.length] = '\0';

	switch (spec.conversion) {
	case '%':
		put_text(w->out, "%%", 2);
		return true;
	case 'c': case 'd': case 'i': case 'o': case 'u': case 'x': case 'X':
		if (!next_argument(w, &value))
			return false;
		put_value(w->out, value);
		put_text(w->out, spec.text, spec.length);
		return true;
	case 's':
		if (!next_argument(w, &value) || !put_string(w, value, spec.precision))
			return false;
		put_text(w->out, spec.text, spec.length);
		return true;
	case 'p':
		return next_argument(w, &value) && put_pointer(w, &spec, value, depth);
	default:
		return bad(w, w->at, "a conversion that the kernel does not know");
	}
}

static bool walk_format(struct walk *w, unsigned int depth)
{
	char c;

	while (!w->out->full) {
		if (!peek(w, w->at++, &c))
			return false;
		if (!c)
			break;
		if (c != '%')
			put_text(w->out, &c, 1);
		else if (!walk_spec(w, depth))
			return false;
	}
	return true;
}

/**
 * nooks_print_get - copy and check a format and its arguments
 * @x: the crossing
 * @format: the driver's address of the format
 * @regs: the six argument registers of the call
 * @fixed: how many arguments come before those of the format
 * @fn: the function called
 *
 * Context: any but NMI. Return: what to print, for kfree(), or NULL.
 */
struct nooks_print *nooks_print_get(struct nooks_crossing *x, unsigned long format,
				    const unsigned long regs[6], unsigned int fixed,
				    const char *fn)
{
	struct nooks_print *print = kmalloc(sizeof(*print), GFP_ATOMIC | __GFP_NOWARN);
	struct walk w = {
		.x = x,
		.fn = fn,
		.out = print,
		.at = format,
		.mapped = NO_PAGE,
		.va = {
			.gp_offset = fixed * sizeof(*regs),
			/* Behind two registers that nooks_leave saved, and the return address. */
			.overflow = x->domain_sp + 24,
			.regs = (unsigned long)regs,
		},
		.own = true,
	};
	struct va_words va;

	/* A message that is lost is no failure. */
	if (!print)
		return NULL;
	print->length = 0;
	print->used = 0;
	print->count = 0;
	print->full = false;
	if (!walk_format(&w, 0)) {
		kfree(print);
		return NULL;
	}
	print->format[print->length] = '\0';
	/* A list that has used up its registers: all arguments are in memory. */
	va = (struct va_words){ .gp_offset = REG_BYTES, .fp_offset = REG_BYTES,
				.overflow = (unsigned long)print->values };
	memcpy(&print->args, &va, sizeof(va));
	print->vaf.fmt = print->format;
	print->vaf.va = &print->args;
	return print;
}

NOOKS_WRAPPER(_printk)
{
	struct nooks_print *print = NOOKS_GET_LINE(a0, 1, "_printk");
	int ret = print ? _printk("%pV", &print->vaf) : 0;

	kfree(print);
	return ret;
}

NOOKS_WRAPPER(__warn_printk)
{
	struct nooks_print *print = NOOKS_GET_LINE(a0, 1, "__warn_printk");

	if (print)
		__warn_printk("%pV", &print->vaf);
	kfree(print);
	return 0;
}

static bool check_net_device(struct nooks_crossing *x, const struct net_device *dev, const char *fn)
{
	return nooks_arg_object(x, dev, NOOKS_TYPE_net_device, true, fn, "dev");
}

/* Messages may be about a net_device, too, as a device. */
static bool check_device(struct nooks_crossing *x, const struct device *dev, const char *fn)
{
	return nooks_netdev_known(nooks_driver_of(x), container_of(dev, struct net_device, dev)) ||
	       nooks_arg_object(x, dev, NOOKS_TYPE_device, true, fn, "dev");
}

/* void fn(const struct device *dev or struct net_device *dev, const char *fmt, ...) */
#define PRINT_WRAPPER(fn, type)								\
NOOKS_WRAPPER(fn)									\
{											\
	struct nooks_print *print;							\
											\
	if (!check_##type(x, (struct type *)a0, #fn))					\
		return 0;								\
	print = NOOKS_GET_LINE(a1, 2, #fn);							\
	if (print)									\
		fn((struct type *)a0, "%pV", &print->vaf);				\
	kfree(print);									\
	return 0;									\
}

PRINT_WRAPPER(_dev_emerg, device)
PRINT_WRAPPER(_dev_alert, device)
PRINT_WRAPPER(_dev_crit, device)
PRINT_WRAPPER(_dev_err, device)
PRINT_WRAPPER(_dev_warn, device)
PRINT_WRAPPER(_dev_notice, device)
PRINT_WRAPPER(_dev_info, device)
PRINT_WRAPPER(netdev_emerg, net_device)
PRINT_WRAPPER(netdev_alert, net_device)
PRINT_WRAPPER(netdev_crit, net_device)
PRINT_WRAPPER(netdev_err, net_device)
PRINT_WRAPPER(netdev_warn, net_device)
PRINT_WRAPPER(netdev_notice, net_device)
PRINT_WRAPPER(netdev_info, net_device)

/* int dev_err_probe(const struct device *dev, int err, const char *fmt, ...): for the log, and for who asks why it waits */
NOOKS_WRAPPER(dev_err_probe)
{
	static const char fn[] = "dev_err_probe";
	struct nooks_print *print;

	/* The kernel notes the reason of a device that waits, which must be one of a bus's. */
	if (!nooks_may_sleep(x, fn) ||
	    !((int)a1 == -EPROBE_DEFER ? nooks_arg_object(x, (void *)a0, NOOKS_TYPE_device, false, fn, "dev") :
	      check_device(x, (struct device *)a0, fn)))
		return 0;
	print = NOOKS_GET_LINE(a2, 3, "dev_err_probe");
	if (print)
		dev_err_probe((struct device *)a0, (int)a1, "%pV", &print->vaf);
	kfree(print);
	return a1;
}

/* void fn(const char *level, dev, const char *fmt, ...); the level is "\001" and a character */
#define PRINT_LEVEL_WRAPPER(fn, type)							\
NOOKS_WRAPPER(fn)									\
{											\
	struct nooks_print *print;							\
	char level[3] = "";								\
											\
	if (!nooks_arg_string(x, (char *)a0, sizeof(level), false, #fn, "level") ||	\
	    !check_##type(x, (struct type *)a1, #fn))					\
		return 0;								\
	memcpy(level, (char *)a0, sizeof(level) - 1);					\
	print = NOOKS_GET_LINE(a2, 3, #fn);							\
	if (print)									\
		fn(level, (struct type *)a1, "%pV", &print->vaf);			\
	kfree(print);									\
	return 0;									\
}

PRINT_LEVEL_WRAPPER(_dev_printk, device)
PRINT_LEVEL_WRAPPER(netdev_printk, net_device)

#ifdef CONFIG_DYNAMIC_DEBUG
/* A descriptor of the image: these are on pages that the domain can't write. */
static bool check_descriptor(struct nooks_crossing *x, unsigned long addr, const char *fn)
{
	const struct nooks_section *section = nooks_image_section(nooks_driver_of(x), addr);

	if (section && section->kind == NOOKS_SECTION_KERNEL &&
	    !strcmp((const char *)section->name, "__dyndbg") &&
	    !((addr - section->addr) % sizeof(struct _ddebug)))
		return true;
	nooks_fail(x, NOOKS_BAD_ARGUMENT, addr, "%s: descriptor", fn);
	return false;
}

NOOKS_WRAPPER(__dynamic_pr_debug)
{
	struct nooks_print *print;

	if (!check_descriptor(x, a0, "__dynamic_pr_debug"))
		return 0;
	print = NOOKS_GET_LINE(a1, 2, "__dynamic_pr_debug");
	if (print)
		__dynamic_pr_debug((struct _ddebug *)a0, "%pV", &print->vaf);
	kfree(print);
	return 0;
}

/* void fn(struct _ddebug *descriptor, dev, const char *fmt, ...) */
#define PRINT_DEBUG_WRAPPER(fn, type)							\
NOOKS_WRAPPER(fn)									\
{											\
	struct nooks_print *print;							\
											\
	if (!check_descriptor(x, a0, #fn) ||						\
	    !check_##type(x, (struct type *)a1, #fn))					\
		return 0;								\
	print = NOOKS_GET_LINE(a2, 3, #fn);							\
	if (print)									\
		fn((struct _ddebug *)a0, (struct type *)a1, "%pV", &print->vaf);	\
	kfree(print);									\
	return 0;									\
}

PRINT_DEBUG_WRAPPER(__dynamic_dev_dbg, device)
PRINT_DEBUG_WRAPPER(__dynamic_netdev_dbg, net_device)
#endif

/*
 * Print to @size bytes of a buffer of the driver's. Return: the length that the whole text would
 * have there, as snprintf() does.
 */
static int print_to(struct nooks_crossing *x, unsigned long buf, size_t size,
		    struct nooks_print *print, const char *fn)
{
	size_t length, copied;
	char *text;

	if (!print)
		return 0;
	length = snprintf(NULL, 0, "%pV", &print->vaf);
	copied = min(length + 1, size);
	text = kmalloc(length + 1, GFP_ATOMIC | __GFP_NOWARN);
	if (!text) {
		length = 0;
	} else if (copied && nooks_arg_writable(x, (void *)buf, copied, false, fn, "buf")) {
		snprintf(text, copied, "%pV", &print->vaf);
		memcpy((void *)buf, text, copied);
	}
	kfree(text);
	return length;
}

/* int snprintf(char *buf, size_t size, const char *fmt, ...) */
NOOKS_WRAPPER(snprintf)
{
	struct nooks_print *print;
	int length;

	if (!nooks_arg_range(x, a1, 0, INT_MAX, "snprintf", "size"))
		return 0;
	print = NOOKS_GET_PRINT(a2, 3, "snprintf");
	length = print_to(x, a0, a1, print, "snprintf");
	kfree(print);
	return length;
}

NOOKS_WRAPPER(scnprintf)
{
	struct nooks_print *print;
	int length;

	if (!nooks_arg_range(x, a1, 0, INT_MAX, "scnprintf", "size"))
		return 0;
	print = NOOKS_GET_PRINT(a2, 3, "scnprintf");
	length = print_to(x, a0, a1, print, "scnprintf");
	kfree(print);
	return min_t(int, length, a1 ? a1 - 1 : 0);
}

/* int sprintf(char *buf, const char *fmt, ...) */
NOOKS_WRAPPER(sprintf)
{
	struct nooks_print *print = NOOKS_GET_PRINT(a1, 2, "sprintf");
	int length = print_to(x, a0, INT_MAX, print, "sprintf");

	kfree(print);
	return length;
}

/* void ethtool_sprintf(u8 **data, const char *fmt, ...): one name, and on to the next */
NOOKS_WRAPPER(ethtool_sprintf)
{
	struct nooks_print *print;
	unsigned long *data = (unsigned long *)a0;

	if (!nooks_arg_writable(x, data, sizeof(*data), false, "ethtool_sprintf", "data"))
		return 0;
	print = NOOKS_GET_PRINT(a1, 2, "ethtool_sprintf");
	print_to(x, READ_ONCE(*data), ETH_GSTRING_LEN, print, "ethtool_sprintf");
	kfree(print);
	*data += ETH_GSTRING_LEN;
	return 0;
}

/* void ethtool_puts(u8 **data, const char *str): one name, and on to the next */
NOOKS_WRAPPER(ethtool_puts)
{
	static const char fn[] = "ethtool_puts";
	unsigned long *data = (unsigned long *)a0;
	char *to;

	if (!nooks_arg_writable(x, data, sizeof(*data), false, fn, "data") ||
	    !nooks_arg_string(x, (const char *)a1, STRING_MAX, false, fn, "str"))
		return 0;
	to = (char *)READ_ONCE(*data);
	if (!nooks_arg_writable(x, to, ETH_GSTRING_LEN, false, fn, "*data"))
		return 0;
	nooks_copy_string(to, (const char *)a1, ETH_GSTRING_LEN);
	*data = (unsigned long)to + ETH_GSTRING_LEN;
	return 0;
}
