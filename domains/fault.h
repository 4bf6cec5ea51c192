/* SPDX-License-Identifier: GPL-2.0 */
/* Fault entry of domains. */
#ifndef NOOKS_FAULT_H
#define NOOKS_FAULT_H

struct nooks_crossing;
struct nooks_fault_ops;
struct pt_regs;

void nooks_fault_init(const struct nooks_fault_ops *ops);
int nooks_fault(struct pt_regs *frame, struct nooks_crossing *x, int vector);

#endif
