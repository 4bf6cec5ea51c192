// SPDX-License-Identifier: GPL-2.0
/* The contents of a module's file, which may be compressed. */
#include <lzma.h>
#include <stdint.h>
#include <string.h>

#include "file.h"
#include "memory.h"
#include "report.h"
#include "unpack.h"

#define MAX_SIZE	(1ul << 28)

static const unsigned char xz_magic[] = { 0xfd, '7', 'z', 'X', 'Z', 0 };

static unsigned char *decompress(const char *path, const unsigned char *packed, size_t packed_size,
				 size_t *size)
{
	uint64_t limit = UINT64_MAX;
	unsigned char *bytes = NULL;
	lzma_ret ret;

	for (size_t room = 4 * packed_size; room <= MAX_SIZE; room *= 2) {
		size_t in = 0, out = 0;

		bytes = xrealloc(bytes, room, 1);
		ret = lzma_stream_buffer_decode(&limit, 0, NULL, packed, &in, packed_size, bytes,
						&out, room);
		if (ret == LZMA_OK) {
			*size = out;
			return bytes;
		}
		if (ret != LZMA_BUF_ERROR || in == packed_size)
			break;
	}
	free(bytes);
	report_error("%s: damaged: its compressed contents can't be read", path);
	return NULL;
}

/**
 * unpack - read a module's file
 * @path: of the file, compressed by xz or not
 * @size: out: number of bytes
 *
 * Return: the bytes, to be freed; NULL after a message.
 */
unsigned char *unpack(const char *path, size_t *size)
{
	unsigned char *bytes = file_read(path, size), *packed = bytes;

	if (!bytes || *size < sizeof(xz_magic) || memcmp(bytes, xz_magic, sizeof(xz_magic)))
		return bytes;
	bytes = decompress(path, packed, *size, size);
	free(packed);
	return bytes;
}
