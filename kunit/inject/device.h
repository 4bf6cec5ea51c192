/* SPDX-License-Identifier: GPL-2.0 */
/* Devices that stop answering; whose lists they are in, and when, is the caller's to protect. */
#ifndef NOOKS_MUTATE_DEVICE_H
#define NOOKS_MUTATE_DEVICE_H

struct list_head;
struct seq_file;

int device_parse(char *words, struct list_head *list);
void device_apply(struct list_head *list);
void device_revert(struct list_head *list);
void device_forget(struct list_head *list);
void device_show(struct seq_file *m, const struct list_head *list);

#endif
