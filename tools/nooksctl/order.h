/* SPDX-License-Identifier: GPL-2.0 */
/* Orders to nooks.ko about a driver. */
#ifndef NOOKSCTL_ORDER_H
#define NOOKSCTL_ORDER_H

#include "driver.h"

int order_give(const struct driver *driver, const char *verb, const char *value);

#endif
