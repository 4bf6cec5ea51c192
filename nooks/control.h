/* SPDX-License-Identifier: GPL-2.0 */
/* The loader's device. */
#ifndef NOOKS_CONTROL_H
#define NOOKS_CONTROL_H

int nooks_control_init(void);
void nooks_control_exit(void);

#endif
