/* SPDX-License-Identifier: GPL-2.0 */
/* The wrong that inject.c has drivers do. */
#ifndef NOOKS_FAULTS_H
#define NOOKS_FAULTS_H

#include <linux/types.h>

/** enum nooks_scribble_pattern - what to write */
enum nooks_scribble_pattern {
	NOOKS_SCRIBBLE_ZERO,
	NOOKS_SCRIBBLE_ONES,
	NOOKS_SCRIBBLE_RANDOM,
	NOOKS_SCRIBBLE_SPARSE,		/* random numbers into one word of 256 */
	NOOKS_SCRIBBLE_METADATA,	/* ones into the copies of metadata only (wrappers/buffer.c) */
	NOOKS_SCRIBBLE_INODES,		/* random numbers into one word of 8 of the driver's part of its inodes */
};

/**
 * struct nooks_range - memory
 * @start: a multiple of 8
 * @size: bytes
 */
struct nooks_range {
	unsigned long start;
	size_t size;
};

/**
 * struct nooks_scribble - the memory that a driver may write, for a function that overwrites it
 * @pattern: with what
 * @seed: of the random numbers, not 0
 * @fn: the driver's function, which is called afterwards
 * @args: its arguments
 * @nr_ranges: valid entries of @ranges
 * @max_ranges: allocated ones
 * @ranges: where, each as long as can be: a stack is one
 */
struct nooks_scribble {
	enum nooks_scribble_pattern pattern;
	u64 seed;
	unsigned long fn;
	unsigned long args[6];
	unsigned int nr_ranges;
	unsigned int max_ranges;
	struct nooks_range ranges[];
};

unsigned long nooks_fault_wild_write(unsigned long addr);
unsigned long nooks_fault_null_read(unsigned long addr);
unsigned long nooks_fault_bad_jump(unsigned long addr);
unsigned long nooks_fault_bad_instruction(unsigned long addr);
unsigned long nooks_fault_bad_argument(unsigned long addr);
unsigned long nooks_fault_bad_buffer(unsigned long addr);
unsigned long nooks_fault_loop(unsigned long addr);
unsigned long nooks_fault_loop_irqs_off(unsigned long addr);
unsigned long nooks_fault_scribble(unsigned long addr);

#endif
