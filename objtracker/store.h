/* SPDX-License-Identifier: GPL-2.0 */
/* Checked stores. */
#ifndef NOOKS_STORE_H
#define NOOKS_STORE_H

#include "../domains/domain.h"

enum nooks_verdict nooks_store_check(struct nooks_crossing *x, struct pt_regs *regs,
				     unsigned long addr, unsigned long error);
long nooks_store_denied_field(unsigned int type);
const char *nooks_store_field_name(unsigned int type, unsigned long offset);

#endif
