/* SPDX-License-Identifier: GPL-2.0 */
#ifndef NOOKS_LIBRARY_H
#define NOOKS_LIBRARY_H

/* Call @reader back with the number of the visit; the first one since init is 101. */
int library_visit(int (*reader)(int visit));

#endif
