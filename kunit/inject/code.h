/* SPDX-License-Identifier: GPL-2.0 */
/* Changes in code that runs; whose lists they are in, and when, is the caller's to protect. */
#ifndef NOOKS_MUTATE_CODE_H
#define NOOKS_MUTATE_CODE_H

struct list_head;
struct module;
struct seq_file;

int code_parse(char *line, struct list_head *list);
int code_apply(struct list_head *list);
int code_revert(struct list_head *list);
void code_forget(struct list_head *list, const struct module *mod);
void code_show(struct seq_file *m, const struct list_head *list);

#endif
