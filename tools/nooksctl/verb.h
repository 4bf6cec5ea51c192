/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The verbs. Each is given the drivers that it is about, one but for status, and the arguments that
 * follow the driver's name, NULL at their end. Return: 0, or -1 after a message.
 */
#ifndef NOOKSCTL_VERB_H
#define NOOKSCTL_VERB_H

#include "driver.h"

int verb_status(const struct drivers *drivers, char **args);
int verb_show(const struct drivers *drivers, char **args);
int verb_restart(const struct drivers *drivers, char **args);
int verb_stop(const struct drivers *drivers, char **args);
int verb_learned(const struct drivers *drivers, char **args);
int verb_dump(const struct drivers *drivers, char **args);
int verb_objects(const struct drivers *drivers, char **args);
int verb_top(const struct drivers *drivers, char **args);
int verb_inject(const struct drivers *drivers, char **args);

#endif
