/* SPDX-License-Identifier: GPL-2.0 */
/* Tracked objects of one class, newest first; driver->objects.lock is held. */
#ifndef NOOKS_WALK_H
#define NOOKS_WALK_H

#include "../nooks/driver.h"

#define nooks_for_each_object(o, driver, wanted)				\
	list_for_each_entry(o, &(driver)->objects.phases[(wanted)->phase], list)	\
		if ((o)->class != (wanted)) {} else

#endif
