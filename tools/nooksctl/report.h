/* SPDX-License-Identifier: GPL-2.0 */
/* What nooksctl tells its user beside the data asked for. */
#ifndef NOOKSCTL_REPORT_H
#define NOOKSCTL_REPORT_H

#include <stdbool.h>

void report_setup(bool json);
bool report_is_json(void);
int report_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
