/* SPDX-License-Identifier: GPL-2.0 */
/* What a driver ties to its device: devm_, dmam_ and pcim_ functions. */
#ifndef NOOKS_DEVRES_H
#define NOOKS_DEVRES_H

#include <linux/types.h>

struct device;
struct nooks_driver;
struct nooks_stub;

/* Undoes something if that has not been done yet. May sleep. */
typedef void (*nooks_undo_fn)(struct nooks_driver *driver, void *what);

/* Undo @what when the driver is no longer bound to @dev. Return: false without memory. May sleep. */
bool nooks_devres_add(struct nooks_driver *driver, struct device *dev, nooks_undo_fn undo,
		      void *what);
/* Forget that: the driver undoes it itself. Return: false if it was never said. */
bool nooks_devres_forget(struct nooks_driver *driver, struct device *dev, nooks_undo_fn undo,
			 void *what);
/*
 * The driver is no longer bound to @dev, as its function behind @stub has said: undo all, the newest first. Return:
 * false if its domain has failed before or meanwhile, and the rest is recovery's. May sleep.
 */
bool nooks_devres_release(struct nooks_stub *stub, struct device *dev);

#endif
