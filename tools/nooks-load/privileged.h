/* SPDX-License-Identifier: GPL-2.0 */
/* Instructions of a module's that no page table stops. */
#ifndef NOOKS_LOAD_PRIVILEGED_H
#define NOOKS_LOAD_PRIVILEGED_H

#include "image.h"

void privileged_report(const struct image *img);

#endif
