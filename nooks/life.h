/* SPDX-License-Identifier: GPL-2.0 */
/* Life cycle of drivers. */
#ifndef NOOKS_LIFE_H
#define NOOKS_LIFE_H

#include <linux/types.h>

struct nooks_driver;

struct nooks_driver *nooks_driver_create(const char *name, u32 flags);
void nooks_driver_destroy(struct nooks_driver *driver);
void nooks_driver_abandon(const char *name, pid_t loader);
int nooks_driver_use(const char *name, unsigned long addr);
int nooks_drivers_init(void);
void nooks_drivers_exit(void);

#endif
