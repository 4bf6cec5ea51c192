/* SPDX-License-Identifier: GPL-2.0 */
/* SHA-256 (FIPS 180-4) of data that comes in pieces, for guests that have no library. */
#ifndef TESTS_GUEST_SHA256_H
#define TESTS_GUEST_SHA256_H
#include <endian.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define SHA256_HEX	64

struct sha256 {
	uint32_t state[8];
	uint64_t size;
	unsigned char block[64];
};

static inline uint32_t sha256_rotate(uint32_t x, unsigned int n)
{
	return x >> n | x << (32 - n);
}

static void sha256_block(struct sha256 *sum)
{
	static const uint32_t k[64] = {
		0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
		0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
		0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
		0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
		0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
		0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
		0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
		0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
	};
	uint32_t w[64], s[8], word;
	int i;

	for (i = 0; i < 16; i++) {
		memcpy(&word, sum->block + 4 * i, sizeof(word));
		w[i] = be32toh(word);
	}
	for (; i < 64; i++)
		w[i] = w[i - 16] + w[i - 7] +
		       (sha256_rotate(w[i - 15], 7) ^ sha256_rotate(w[i - 15], 18) ^ w[i - 15] >> 3) +
		       (sha256_rotate(w[i - 2], 17) ^ sha256_rotate(w[i - 2], 19) ^ w[i - 2] >> 10);
	memcpy(s, sum->state, sizeof(s));
	for (i = 0; i < 64; i++) {
		uint32_t one = s[7] + k[i] + w[i] + ((s[4] & s[5]) ^ (~s[4] & s[6])) +
			       (sha256_rotate(s[4], 6) ^ sha256_rotate(s[4], 11) ^ sha256_rotate(s[4], 25));
		uint32_t two = ((s[0] & s[1]) ^ (s[0] & s[2]) ^ (s[1] & s[2])) +
			       (sha256_rotate(s[0], 2) ^ sha256_rotate(s[0], 13) ^ sha256_rotate(s[0], 22));

		memmove(s + 1, s, 7 * sizeof(*s));
		s[4] += one;
		s[0] = one + two;
	}
	for (i = 0; i < 8; i++)
		sum->state[i] += s[i];
}

static void sha256_begin(struct sha256 *sum)
{
	*sum = (struct sha256){ .state = { 0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
					   0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19 } };
}

static void sha256_add(struct sha256 *sum, const void *data, size_t size)
{
	const unsigned char *bytes = data;

	while (size) {
		size_t at = sum->size % 64, n = 64 - at < size ? 64 - at : size;

		memcpy(sum->block + at, bytes, n);
		sum->size += n;
		bytes += n;
		size -= n;
		if (at + n == 64)
			sha256_block(sum);
	}
}

/* sha256_end - the sum in hex, with a 0 behind it; nothing can be added any more */
static void sha256_end(struct sha256 *sum, char hex[SHA256_HEX + 1])
{
	static const unsigned char end[64] = { 0x80 };
	uint64_t bits = htobe64(sum->size * 8);
	size_t at = sum->size % 64;
	int i;

	sha256_add(sum, end, (at < 56 ? 56 : 120) - at);
	sha256_add(sum, &bits, sizeof(bits));
	for (i = 0; i < 8; i++)
		snprintf(hex + 8 * i, 9, "%08x", sum->state[i]);
}

#endif
