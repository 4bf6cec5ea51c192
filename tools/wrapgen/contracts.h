/* SPDX-License-Identifier: GPL-2.0 */
/* The annotations in words, as pages of documentation. */
#ifndef WRAPGEN_CONTRACTS_H
#define WRAPGEN_CONTRACTS_H

/* Write a page for each of the annotation files to @dir. */
void contracts_write(const char *dir, const char **files, unsigned int nr_files);

#endif
