/* SPDX-License-Identifier: GPL-2.0 */
/* Annotations that are missing, as far as BTF can write them. */
#ifndef WRAPGEN_SUGGEST_H
#define WRAPGEN_SUGGEST_H

/* Print the skeleton of a function's statement. */
void suggest_function(const char *name);

#endif
