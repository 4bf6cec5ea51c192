/* SPDX-License-Identifier: GPL-2.0 */
/* Checked stores. */
#ifndef NOOKS_STORE_H
#define NOOKS_STORE_H

#include "../domains/domain.h"

/*
 * Does all of a range lie in fields of a tracked object that the driver may give any value? Then a kernel
 * function may write there for it, too. Any context but NMI.
 */
bool nooks_store_allowed(struct nooks_crossing *x, unsigned long addr, size_t size);

enum nooks_verdict nooks_store_check(struct nooks_crossing *x, struct pt_regs *regs,
				     unsigned long addr, unsigned long error);
long nooks_store_denied_field(unsigned int type);
bool nooks_store_field_denied(unsigned int type, unsigned long offset, unsigned int size);
const char *nooks_store_field_name(unsigned int type, unsigned long offset);

struct nooks_field;
const char *nooks_value_wrong(struct nooks_crossing *x, const struct nooks_field *field,
			      unsigned long value);

#endif
