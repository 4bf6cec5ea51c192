// SPDX-License-Identifier: GPL-2.0
/* Drivers in their domains, as sysfs shows them. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "driver.h"
#include "json.h"
#include "memory.h"
#include "report.h"
#include "sysfs.h"

static bool is_number(const char *s)
{
	return *s && !s[strspn(s, "0123456789")] && (*s != '0' || !s[1]);
}

static char *read_value(const char *name, enum attribute attribute)
{
	const struct attribute_info *info = &attributes[attribute];
	char value[SYSFS_VALUE_MAX];

	if (sysfs_read(name, info->name, value, sizeof(value)) || !*value)
		return NULL;
	if (info->kind != ATTRIBUTE_TEXT && !is_number(value))
		return NULL;
	return check_memory(strdup(value));
}

static void driver_free(struct driver *driver)
{
	free(driver->name);
	for (int i = 0; i < NR_ATTRIBUTES; i++)
		free(driver->values[i]);
}

/* The state comes last: with it, the driver was there while all others were read. */
static void driver_read(struct driver *driver, const char *name)
{
	driver->name = check_memory(strdup(name));
	for (int i = NR_ATTRIBUTES - 1; i >= 0; i--)
		driver->values[i] = read_value(name, i);
}

static int no_class(int err)
{
	if (err == ENOENT || err == ENOTDIR)
		return report_error("nooks.ko is not loaded: modprobe nooks");
	return report_error("can't read %s: %s", sysfs_root(), strerror(err));
}

/**
 * drivers_read - read what there is
 * @drivers: out: all drivers, by name; call drivers_free()
 *
 * Return: 0, or -1 after a message. Drivers that come or go meanwhile may be there or not.
 */
int drivers_read(struct drivers *drivers)
{
	struct dirent **entries;
	int n = scandir(sysfs_root(), &entries, NULL, alphasort);

	*drivers = (struct drivers){};
	if (n < 0)
		return no_class(errno);
	drivers->list = check_memory(calloc(n + 1, sizeof(*drivers->list)));
	for (int i = 0; i < n; i++) {
		struct driver *driver = &drivers->list[drivers->count];

		*driver = (struct driver){};
		if (*entries[i]->d_name != '.')
			driver_read(driver, entries[i]->d_name);
		/* What has no state is no driver, or no longer: the class has files of its own. */
		if (driver->values[ATTRIBUTE_STATE])
			drivers->count++;
		else
			driver_free(driver);
		free(entries[i]);
	}
	free(entries);
	return 0;
}

/** drivers_free - undo drivers_read() */
void drivers_free(struct drivers *drivers)
{
	for (size_t i = 0; i < drivers->count; i++)
		driver_free(&drivers->list[i]);
	free(drivers->list);
}

static void no_such_driver(const struct drivers *drivers, const char *name)
{
	char *names = NULL;
	size_t size = 0;
	FILE *out = check_memory(open_memstream(&names, &size));

	for (size_t i = 0; i < drivers->count; i++)
		fprintf(out, "%s%s", i ? ", " : "", drivers->list[i].name);
	fclose(out);
	if (size)
		report_error("%s is in no domain; there are: %s", name, names);
	else
		report_error("%s is in no domain, nor is any other driver: nooks-load %s", name,
			     name);
	free(names);
}

/* As the kernel names modules: '-' is the same as '_'. */
static bool same_name(const char *module, const char *given)
{
	while (*module && *module == (*given == '-' ? '_' : *given))
		module++, given++;
	return !*module && !*given;
}

/**
 * drivers_find - the driver of a name
 * @drivers: where to look
 * @name: as the user gives it
 *
 * Return: the driver, or NULL after a message.
 */
struct driver *drivers_find(const struct drivers *drivers, const char *name)
{
	for (size_t i = 0; i < drivers->count; i++)
		if (same_name(drivers->list[i].name, name))
			return &drivers->list[i];
	no_such_driver(drivers, name);
	return NULL;
}

/** driver_text - a value for people; valid until the next call */
const char *driver_text(const struct driver *driver, enum attribute attribute)
{
	static const char * const units[] = { "B", "KiB", "MiB", "GiB", "TiB" };
	const char *value = driver->values[attribute];
	static char text[32];
	unsigned int unit = 0;

	if (!value)
		return "-";
	if (attributes[attribute].kind != ATTRIBUTE_BYTES)
		return value;
	double n = strtod(value, NULL);

	for (; n >= 1024 && unit < sizeof(units) / sizeof(*units) - 1; unit++)
		n /= 1024;
	snprintf(text, sizeof(text), "%.*f %s", unit && n < 10 ? 1 : 0, n, units[unit]);
	return text;
}

/** driver_print_json - all of a driver, as an object */
void driver_print_json(const struct driver *driver)
{
	json_begin(NULL, '{');
	json_string("name", driver->name);
	for (int i = 0; i < NR_ATTRIBUTES; i++) {
		if (attributes[i].kind == ATTRIBUTE_TEXT)
			json_string(attributes[i].name, driver->values[i]);
		else
			json_number(attributes[i].name, driver->values[i]);
	}
	json_end('}');
}
