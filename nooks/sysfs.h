/* SPDX-License-Identifier: GPL-2.0 */
/* /sys/class/nooks. */
#ifndef NOOKS_SYSFS_H
#define NOOKS_SYSFS_H

struct nooks_driver;

int nooks_sysfs_init(void);
void nooks_sysfs_exit(void);
int nooks_sysfs_add(struct nooks_driver *driver);
void nooks_sysfs_remove(struct nooks_driver *driver);
void nooks_sysfs_state_changed(struct nooks_driver *driver);
void nooks_sysfs_event(struct nooks_driver *driver, const char *event);

#endif
