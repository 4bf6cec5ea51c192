/* SPDX-License-Identifier: GPL-2.0 */
/* The contents of a module's file, which may be compressed. */
#ifndef NOOKS_LOAD_UNPACK_H
#define NOOKS_LOAD_UNPACK_H

#include <stddef.h>

unsigned char *unpack(const char *path, size_t *size);

#endif
