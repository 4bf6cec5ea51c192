/* SPDX-License-Identifier: GPL-2.0 */
/* Written by wrapgen from kernel.o, good.nooks: do not edit. */
#ifndef NOOKS_HAVE_H
#define NOOKS_HAVE_H

#define HAVE_widget_stats 1
#define HAVE_widget_paint_colour 1
#define HAVE_widget_tint 1
#define HAVE_handler_t 1

#endif
