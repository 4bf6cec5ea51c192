// SPDX-License-Identifier: GPL-2.0
/* What machine this is: drivers know of some by tables of names. */
#include <linux/dmi.h>
#include "../nooks/driver.h"
#include "args.h"
#include "generated.h"

#define ENTRIES_MAX	256

/*
 * The machine is one of this entry (1), or not (0), or the entry asks for a string that there is not (-EINVAL). The
 * driver may be changing it, so the kernel looks at a copy.
 */
static int matches(const struct dmi_system_id *entry)
{
	struct dmi_system_id one[2] = { };
	unsigned int i;

	memcpy(&one[0], entry, sizeof(one[0]));
	one[0].callback = NULL;
	for (i = 0; i < ARRAY_SIZE(one[0].matches); i++) {
		if (one[0].matches[i].slot >= DMI_STRING_MAX && one[0].matches[i].slot != DMI_OEM_STRING)
			return -EINVAL;
		one[0].matches[i].substr[sizeof(one[0].matches[i].substr) - 1] = '\0';
	}
	return dmi_check_system(one);
}

/* int dmi_check_system(const struct dmi_system_id *list): ended by an entry that matches nothing */
NOOKS_WRAPPER(dmi_check_system)
{
	static const char fn[] = "dmi_check_system";
	const struct dmi_system_id *list = (const struct dmi_system_id *)a0;
	int count = 0, match;
	unsigned int i;

	for (i = 0; i < ENTRIES_MAX; i++) {
		if (!nooks_arg_readable(x, &list[i], sizeof(list[i]), false, fn, "list"))
			return 0;
		if (!list[i].matches[0].slot)
			return count;
		if (!nooks_arg_require(x, !READ_ONCE(list[i].callback), fn, "no callbacks"))
			return 0;
		match = matches(&list[i]);
		if (!nooks_arg_require(x, match >= 0, fn, "strings that DMI has"))
			return 0;
		count += match;
	}
	nooks_fail(x, NOOKS_BAD_ARGUMENT, a0, "%s: list: more than %u entries", fn, ENTRIES_MAX);
	return 0;
}
