// SPDX-License-Identifier: GPL-2.0
/* nooksctl inject: have a driver do wrong at its next call. */
#include <stdio.h>
#include <string.h>

#include "json.h"
#include "order.h"
#include "report.h"
#include "verb.h"

/* As in nooks/inject.c. */
static const char * const kinds[] = {
	"wild-write", "denied-store", "null", "bad-jump", "bad-instruction", "bad-argument",
	"bad-buffer", "loop", "loop-irqs-off", "scribble-zero", "scribble-ones", "scribble-random", "scribble-sparse",
	"scribble-metadata", "scribble-inodes",
	NULL
};
static const char * const contexts[] = { "any", "process", "softirq", "hardirq", NULL };

/* Is it one of these? If not, say which there are. */
static bool known(const char *what, const char *word, const char * const *words)
{
	char all[256] = "";

	for (size_t i = 0; words[i]; i++) {
		if (!strcmp(word, words[i]))
			return true;
		strcat(strcat(all, " "), words[i]);
	}
	report_error("inject: no %s %s; there are:%s", what, word, all);
	return false;
}

/** verb_inject - inject DRIVER KIND [CONTEXT] */
int verb_inject(const struct drivers *drivers, char **args)
{
	const struct driver *driver = drivers->list;
	const char *kind = args[0], *context = args[1] ? args[1] : "any";
	char request[64];

	if (!known("fault", kind, kinds) || !known("context", context, contexts))
		return -1;
	snprintf(request, sizeof(request), "%s %s", kind, context);
	if (order_give(driver, "inject", request))
		return -1;
	if (report_is_json()) {
		json_begin(NULL, '{');
		json_string("name", driver->name);
		json_string("fault", kind);
		json_string("context", context);
		json_end('}');
	} else {
		printf("%s: its next call, in %s context, does wrong: %s; see dmesg\n",
		       driver->name, context, kind);
	}
	return 0;
}
