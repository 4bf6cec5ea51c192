/* SPDX-License-Identifier: GPL-2.0 */
/* Numbers by seed, the same on each machine: xorshift (Marsaglia, 2003). */
#ifndef NOOKS_TESTS_SEED_H
#define NOOKS_TESTS_SEED_H

#include <stdint.h>

static uint64_t state = 88172645463325252ull;	/* not 0 */

/* The next one, less than @n */
static inline uint32_t any(uint32_t n)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (state >> 16) % n;
}

#endif
