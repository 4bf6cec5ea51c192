/* SPDX-License-Identifier: GPL-2.0 */
/* Full reports of failures, which docs/report-format.md describes. */
#ifndef NOOKS_DUMP_H
#define NOOKS_DUMP_H

#include <linux/mutex.h>
#include <linux/types.h>

struct nooks_driver;

#define NOOKS_DUMP_VERSION	1
#define NOOKS_DUMP_SIZE		32768		/* more is cut off */

/**
 * struct nooks_dump - the report of a driver's last failure
 * @lock: protects the rest
 * @text: the report, from kvmalloc(); NULL: there was no failure yet
 * @size: bytes
 */
struct nooks_dump {
	struct mutex lock;
	char *text;
	size_t size;
};

void nooks_dump_init(struct nooks_dump *dump);
void nooks_dump_free(struct nooks_dump *dump);
bool nooks_dump_make(struct nooks_driver *driver);

#endif
