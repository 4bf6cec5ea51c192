/* SPDX-License-Identifier: GPL-2.0 */
/* Functions that domain_test.c runs in a domain, on pages of their own. */
#include <linux/linkage.h>

	.text
	.balign	4096, 0xcc
SYM_DATA(code_start, )

/* Of all six arguments: 1 a + 2 b + 3 c + 4 d + 5 e + 6 f */
SYM_CODE_START(code_sum)
	leaq	(%rdi, %rsi, 2), %rax
	leaq	(%rdx, %rdx, 2), %rdx
	addq	%rdx, %rax
	leaq	(%rax, %rcx, 4), %rax
	leaq	(%r8, %r8, 4), %r8
	addq	%r8, %rax
	leaq	(%r9, %r9, 2), %r9
	leaq	(%rax, %r9, 2), %rax
	ret
	int3
SYM_CODE_END(code_sum)

SYM_CODE_START(code_stack_pointer)
	movq	%rsp, %rax
	ret
	int3
SYM_CODE_END(code_stack_pointer)

SYM_CODE_START(code_load)
	movq	(%rdi), %rax
	ret
	int3
SYM_CODE_END(code_load)

SYM_CODE_START(code_store)
	movq	%rsi, (%rdi)
	movl	$1, %eax
	ret
	int3
SYM_CODE_END(code_store)

/* Call the first argument with the others. */
SYM_CODE_START(code_call)
	movq	%rdi, %rax
	movq	%rsi, %rdi
	movq	%rdx, %rsi
	movq	%rcx, %rdx
	subq	$8, %rsp
	call	*%rax
	addq	$8, %rsp
	ret
	int3
SYM_CODE_END(code_call)

SYM_CODE_START(code_undefined)
	ud2
SYM_CODE_END(code_undefined)

SYM_CODE_START(code_divide)
	xorl	%edx, %edx
	divq	%rdx
	ret
	int3
SYM_CODE_END(code_divide)

SYM_CODE_START(code_overflow)
	call	code_overflow
	int3
SYM_CODE_END(code_overflow)

/* Until the word at the address is not 0 */
SYM_CODE_START(code_wait)
	pause
	movq	(%rdi), %rax
	testq	%rax, %rax
	jz	code_wait
	ret
	int3
SYM_CODE_END(code_wait)

SYM_CODE_START(code_interrupts_off)
	cli
	ret
	int3
SYM_CODE_END(code_interrupts_off)

	.balign	4096, 0xcc
SYM_DATA(code_end, )
