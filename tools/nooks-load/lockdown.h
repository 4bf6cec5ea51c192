/* SPDX-License-Identifier: GPL-2.0 */
/* Is the kernel locked down? */
#ifndef NOOKS_LOAD_LOCKDOWN_H
#define NOOKS_LOAD_LOCKDOWN_H

const char *lockdown_level(void);

#endif
