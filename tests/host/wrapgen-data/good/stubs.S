/* SPDX-License-Identifier: GPL-2.0 */
/* Written by wrapgen from kernel.o, good.nooks: do not edit. */

#include <linux/objtool.h>

	.macro	STUB name, index
	.balign	16, 0xcc
	.globl	nooks_stub_\name
	.hidden	nooks_stub_\name
	.type	nooks_stub_\name, @function
nooks_stub_\name:
	ANNOTATE_NOENDBR
	movl	$\index, %r11d
	jmp	nooks_leave
	.size	nooks_stub_\name, . - nooks_stub_\name
	.endm

	/* A copied function: what becomes a jump to the copy (leaf.c). */
	.macro	LEAF name
	.balign	16, 0xcc
	.globl	nooks_in_\name
	.hidden	nooks_in_\name
	.type	nooks_in_\name, @function
nooks_in_\name:
	ANNOTATE_NOENDBR
	ud2
	.fill	3, 1, 0xcc
	.size	nooks_in_\name, . - nooks_in_\name
	.endm

	/* Domain's CR3 and stack; so at nooks_leave. */
	.section .text.nooks_domain, "ax"
	STUB	asm_trap, 2
	STUB	gear_oil, 3
	STUB	gear_turn, 4
	STUB	packet_drop, 5
	STUB	packet_send, 6
	STUB	power_ops_suspend, 7
	STUB	widget_call, 8
	STUB	widget_copy, 9
	STUB	widget_find, 10
	STUB	widget_key, 11
	STUB	widget_lines, 12
	STUB	widget_name, 13
	STUB	widget_ops_lines, 14
	STUB	widget_ops_open, 15
	STUB	widget_paint, 16
	STUB	widget_print, 17
	STUB	widget_register, 18
	STUB	widget_request, 19
	STUB	widget_start, 20
	STUB	widget_stats, 21
	STUB	widget_stop, 22
	STUB	widget_sum, 23
	STUB	widget_tint, 24
	STUB	widget_turn, 25
	.balign	16, 0xcc
