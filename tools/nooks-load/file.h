/* SPDX-License-Identifier: GPL-2.0 */
/* Whole files in and out. */
#ifndef NOOKS_LOAD_FILE_H
#define NOOKS_LOAD_FILE_H

#include <stddef.h>

unsigned char *file_read(const char *path, size_t *size);
int file_copy(int from, const char *path);

#endif
