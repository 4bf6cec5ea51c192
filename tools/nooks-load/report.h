/* SPDX-License-Identifier: GPL-2.0 */
/* What nooks-load tells its user. */
#ifndef NOOKS_LOAD_REPORT_H
#define NOOKS_LOAD_REPORT_H

#include <stdbool.h>

void report_program(const char *name);
void report_setup(const char *about, bool details);
const char *report_about(const char *about);
int report_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
int report_warning(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void report_note(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void report_detail(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
