/* SPDX-License-Identifier: GPL-2.0 */
/* Are the parameters that a user gives parameters of the module? */
#ifndef NOOKS_LOAD_PARAMETERS_H
#define NOOKS_LOAD_PARAMETERS_H

#include "image.h"
#include "library.h"

int parameters_check(const struct image *img, const struct libraries *libs, char **args);

#endif
