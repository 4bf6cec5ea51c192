/* SPDX-License-Identifier: GPL-2.0 */
/* What wrappers need before the first domain. */
#ifndef NOOKS_WRAPPERS_INIT_H
#define NOOKS_WRAPPERS_INIT_H

int nooks_wrappers_init(void);
void nooks_wrappers_exit(void);

int nooks_work_init(void);

#endif
