/* SPDX-License-Identifier: GPL-2.0 */
/* Written by wrapgen from kernel.o, good.nooks: do not edit. */

	.macro	STUB name, index
	.balign	16, 0xcc
	.globl	nooks_stub_\name
	.hidden	nooks_stub_\name
	.type	nooks_stub_\name, @function
nooks_stub_\name:
	movl	$\index, %r11d
	jmp	nooks_leave
	.size	nooks_stub_\name, . - nooks_stub_\name
	.endm

	/* Domain's CR3 and stack; so at nooks_leave. */
	.section .text.nooks_domain, "ax"
	STUB	asm_trap, 2
	STUB	gear_oil, 3
	STUB	gear_turn, 4
	STUB	power_ops_suspend, 5
	STUB	widget_call, 6
	STUB	widget_copy, 7
	STUB	widget_find, 8
	STUB	widget_key, 9
	STUB	widget_lines, 10
	STUB	widget_name, 11
	STUB	widget_ops_lines, 12
	STUB	widget_ops_open, 13
	STUB	widget_print, 14
	STUB	widget_register, 15
	STUB	widget_request, 16
	STUB	widget_start, 17
	STUB	widget_stats, 18
	STUB	widget_stop, 19
	STUB	widget_sum, 20
	STUB	widget_turn, 21
	.balign	16, 0xcc
