/* SPDX-License-Identifier: GPL-2.0 */
/* /sys/kernel/debug/nooks/<driver>/, whose files may change: nooksctl(8) knows them. */
#ifndef NOOKS_DEBUGFS_H
#define NOOKS_DEBUGFS_H

struct nooks_driver;

void nooks_debugfs_init(void);
void nooks_debugfs_exit(void);
void nooks_debugfs_add(struct nooks_driver *driver);
void nooks_debugfs_remove(struct nooks_driver *driver);

#endif
