/* SPDX-License-Identifier: GPL-2.0 */
/* A model of a CPU's TLBs, fed with the addresses that a guest uses. */
#ifndef NOOKS_TEST_TLB_H
#define NOOKS_TEST_TLB_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* Two page tables' entries are told apart by a tag, as with PCIDs. */
enum { TLB_KERNEL, TLB_DOMAIN };

void tlb_data(uint64_t address, unsigned int tag);
void tlb_code(uint64_t address, unsigned int tag);
void tlb_switched(void);
void tlb_forget(void);
void tlb_tell(FILE *out);

#endif
