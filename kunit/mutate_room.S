/* SPDX-License-Identifier: GPL-2.0 */
/* Code that nobody runs, first in the module's text: nooks-mutate puts there what does not fit into a call. */
#include <linux/linkage.h>

SYM_FUNC_START(nooks_mutate_room)
	.rept 1024
	nop
	.endr
	RET
SYM_FUNC_END(nooks_mutate_room)
