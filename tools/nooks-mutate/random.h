/* SPDX-License-Identifier: GPL-2.0 */
/* Numbers that are the same for the same seed, on every machine. */
#ifndef NOOKS_MUTATE_RANDOM_H
#define NOOKS_MUTATE_RANDOM_H

#include <stdint.h>

/** random_next - splitmix64 */
static inline uint64_t random_next(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15ull;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ z >> 27) * 0x94d049bb133111ebull;
	return z ^ z >> 31;
}

/** random_below - 0 ... @n - 1; @n is small, so that the bias does not count */
static inline uint32_t random_below(uint64_t *state, uint32_t n)
{
	return (random_next(state) >> 16) % n;
}

#endif
