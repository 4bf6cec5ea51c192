/* SPDX-License-Identifier: GPL-2.0 */
/* JSON, written to stdout as it comes. */
#ifndef NOOKSCTL_JSON_H
#define NOOKSCTL_JSON_H

#include <stdbool.h>

void json_setup(bool pretty);

/* In an object each has a key; elsewhere it is NULL. */
void json_begin(const char *key, char bracket);
void json_end(char bracket);
void json_string(const char *key, const char *value);
void json_number(const char *key, const char *digits);

#endif
