/* SPDX-License-Identifier: GPL-2.0 */
/* Wrappers that only kernels built for debugging import: their prototypes are not always generated. */
#ifndef NOOKS_DEBUG_H
#define NOOKS_DEBUG_H

#include "wrapper.h"

NOOKS_WRAPPER(lockdep_init_map_type);
NOOKS_WRAPPER(__init_work);
NOOKS_WRAPPER(__this_cpu_preempt_check);
NOOKS_WRAPPER(__might_resched);
NOOKS_WRAPPER(__might_sleep);
NOOKS_WRAPPER(__might_fault);
NOOKS_WRAPPER(__local_bh_disable_ip);
NOOKS_WRAPPER(dump_page);
NOOKS_WRAPPER(__alloc_pages);
NOOKS_WRAPPER(__asan_report_load_n_noabort);
NOOKS_WRAPPER(__asan_report_store_n_noabort);

#endif
