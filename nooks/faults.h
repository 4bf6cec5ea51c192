/* SPDX-License-Identifier: GPL-2.0 */
/* The wrong that inject.c has drivers do. */
#ifndef NOOKS_FAULTS_H
#define NOOKS_FAULTS_H

unsigned long nooks_fault_wild_write(unsigned long addr);
unsigned long nooks_fault_null_read(unsigned long addr);
unsigned long nooks_fault_bad_jump(unsigned long addr);
unsigned long nooks_fault_bad_instruction(unsigned long addr);
unsigned long nooks_fault_bad_argument(unsigned long addr);

#endif
