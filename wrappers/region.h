/* SPDX-License-Identifier: GPL-2.0 */
/* Regions of ports and physical memory: what other files need of them. */
#ifndef NOOKS_REGION_H
#define NOOKS_REGION_H

#include <linux/types.h>

struct nooks_driver;

bool nooks_region_owned(struct nooks_driver *driver, unsigned long type, resource_size_t start,
			resource_size_t size);

#endif
