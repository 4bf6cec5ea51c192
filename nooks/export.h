/* SPDX-License-Identifier: GPL-2.0 */
/* What the KUnit suites see of nooks.ko. Kernels without KUnit see nothing of it. */
#ifndef NOOKS_EXPORT_H
#define NOOKS_EXPORT_H

#include <linux/export.h>

#if IS_ENABLED(CONFIG_KUNIT)
#define NOOKS_EXPORT_FOR_TESTS(symbol)	EXPORT_SYMBOL_NS_GPL(symbol, NOOKS_TESTS)
#else
#define NOOKS_EXPORT_FOR_TESTS(symbol)
#endif

#endif
