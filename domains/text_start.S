/* SPDX-License-Identifier: GPL-2.0 */
/* The first object of nooks.ko: where the text that domains execute begins, on a page of its own. */
#include <linux/linkage.h>
#include <linux/objtool.h>

	.section .text.nooks_domain, "ax"
	.align	4096, 0xcc
SYM_DATA(nooks_domain_text_start, )
	ANNOTATE_NOENDBR
	int3			/* which is what that is about */
