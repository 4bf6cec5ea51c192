/* SPDX-License-Identifier: GPL-2.0 */
/* The reference for emulate_test.c: store instructions, and a way to let the processor run them. */

#include <asm/ptrace-abi.h>
#include <asm/processor-flags.h>

#define STATUS_FLAGS	(X86_EFLAGS_CF | X86_EFLAGS_PF | X86_EFLAGS_AF | \
			 X86_EFLAGS_ZF | X86_EFLAGS_SF | X86_EFLAGS_OF)

	.text

/* void native_run(struct pt_regs *regs, const void *insn) */
	.globl	native_run
	.type	native_run, @function
native_run:
	push	%rbx
	push	%rbp
	push	%r12
	push	%r13
	push	%r14
	push	%r15
	push	%rdi
	push	%rsi
	mov	EFLAGS(%rdi), %rax
	and	$STATUS_FLAGS, %rax
	pushf
	andq	$~STATUS_FLAGS, (%rsp)
	or	%rax, (%rsp)
	popf
	mov	R15(%rdi), %r15
	mov	R14(%rdi), %r14
	mov	R13(%rdi), %r13
	mov	R12(%rdi), %r12
	mov	RBP(%rdi), %rbp
	mov	RBX(%rdi), %rbx
	mov	R11(%rdi), %r11
	mov	R10(%rdi), %r10
	mov	R9(%rdi), %r9
	mov	R8(%rdi), %r8
	mov	RAX(%rdi), %rax
	mov	RCX(%rdi), %rcx
	mov	RDX(%rdi), %rdx
	mov	RSI(%rdi), %rsi
	mov	RDI(%rdi), %rdi
	jmp	*(%rsp)

/* The end of each form. Stack: insn, regs, what native_run saved */
native_done:
	pushf
	push	%rdi
	mov	24(%rsp), %rdi
	mov	%r15, R15(%rdi)
	mov	%r14, R14(%rdi)
	mov	%r13, R13(%rdi)
	mov	%r12, R12(%rdi)
	mov	%rbp, RBP(%rdi)
	mov	%rbx, RBX(%rdi)
	mov	%r11, R11(%rdi)
	mov	%r10, R10(%rdi)
	mov	%r9, R9(%rdi)
	mov	%r8, R8(%rdi)
	mov	%rax, RAX(%rdi)
	mov	%rcx, RCX(%rdi)
	mov	%rdx, RDX(%rdi)
	mov	%rsi, RSI(%rdi)
	pop	RDI(%rdi)
	pop	EFLAGS(%rdi)
	add	$16, %rsp
	pop	%r15
	pop	%r14
	pop	%r13
	pop	%r12
	pop	%rbp
	pop	%rbx
	ret
	.size	native_run, . - native_run

/*
 * The forms. emulate_test.c gives the registers these values:
 *
 *	rdi, r12, r13		the address of the memory operand, M
 *	r9			M minus the base of gs
 *	rsi			an address near M, which string moves copy from
 *	r11			an index: small, signed
 *	rbx, r14d, r15w		bit numbers: signed, up to 64 bytes from M
 *	rcx			what is to be repeated, for rep
 *	all others		anything
 */
.macro form insn:vararg
	.pushsection .rodata.forms, "a"
	.quad	661f, 662f, 663f
	.popsection
	.pushsection .rodata.text, "a"
663:	.asciz	"\insn"
	.popsection
661:	\insn
662:	jmp	native_done
.endm

	.pushsection .rodata.forms, "a"
	.balign	8
	.globl	native_forms
native_forms:
	.popsection

.irp op, add, or, adc, sbb, and, sub, xor
	.irp lock, , lock
		form \lock \op\()b %al, (%rdi)
		form \lock \op\()b %dh, (%rdi)
		form \lock \op\()b %bpl, (%r12)
		form \lock \op\()b %r8b, 1(%rdi)
		form \lock \op\()b $0x7f, (%rdi)
		form \lock \op\()w %dx, (%rdi)
		form \lock \op\()w $0x1234, (%r13)
		form \lock \op\()w $-3, 2(%rdi)
		form \lock \op\()l %r8d, (%rdi, %r11, 4)
		form \lock \op\()l $0x76543210, (%rdi)
		form \lock \op\()l $-1, -4(%rdi)
		form \lock \op\()q %rbp, (%rdi)
		form \lock \op\()q $-0x12345678, (%rdi)
		form \lock \op\()q $1, 8(%r12)
	.endr
.endr

.irp op, inc, dec, not, neg
	.irp width, b, w, l, q
		form \op\width (%rdi)
		form lock \op\width 0x40(%rdi)
	.endr
.endr

.irp op, rol, ror, rcl, rcr, shl, shr, sar
	.irp width, b, w, l, q
		form \op\width (%rdi)
		form \op\width %cl, (%rdi)
		.irp count, 0, 2, 7, 8, 15, 31, 33, 63
			form \op\width $\count, (%rdi)
		.endr
	.endr
.endr

.irp op, bts, btr, btc
	.irp lock, , lock
		form \lock \op\()w %r15w, (%rdi)
		form \lock \op\()l %r14d, (%rdi)
		form \lock \op\()q %rbx, (%rdi)
		form \lock \op\()q %rbx, %gs:8(%r9)
		form \lock \op\()w $15, (%rdi)
		form \lock \op\()l $3, (%rdi)
		form \lock \op\()l $77, (%rdi)
		form \lock \op\()q $63, (%rdi)
	.endr
.endr

.irp op, xchg, xadd, cmpxchg
	.irp lock, , lock
		form \lock \op\()b %al, (%rdi)
		form \lock \op\()b %ah, (%rdi)
		form \lock \op\()b %bh, (%rdi)
		form \lock \op\()b %r10b, (%rdi)
		form \lock \op\()w %dx, (%rdi)
		form \lock \op\()w %ax, (%rdi)
		form \lock \op\()l %edx, (%rdi)
		form \lock \op\()l %eax, (%rdi)
		form \lock \op\()l %r8d, (%r13)
		form \lock \op\()q %rbp, (%rdi)
		form \lock \op\()q %rdi, (%rdi)
		form \lock \op\()q %r15, (%r12)
	.endr
.endr

form movb %al, (%rdi)
form movb %ch, (%rdi)
form movb %sil, (%rdi)
form movb $0xa5, (%rdi)
form movw %ax, (%rdi)
form movw $0x8001, (%rdi)
form movl %eax, (%rdi)
form movl $0x80000001, (%rdi)
form movq %rax, (%rdi)
form movq $-0x7fffffff, (%rdi)
form movnti %eax, (%rdi)
form movnti %r10, (%rdi)

.irp cc, o, no, b, ae, e, ne, be, a, s, ns, p, np, l, ge, le, g
	form set\cc (%rdi)
	form set\cc 5(%r12, %r11)
.endr

.irp width, b, w, l, q
	form stos\width
	form rep stos\width
	form movs\width
	form rep movs\width
	form repne movs\width
.endr

form movl %eax, (%r12)
form movl %eax, (%r13)
form movl %eax, -0x80(%rdi)
form movl %eax, 0x80(%rdi)
form movl %eax, (%rdi, %r11)
form movl %eax, (%r13, %r11, 2)
form movl %eax, 3(%r12, %r11, 4)
form movl %eax, -0x90(%rdi, %r11, 8)
form movl %eax, %ds:(%rdi)
form incl %gs:(%r9)
form lock xaddl %edx, %gs:4(%r9)
form addq %rdx, %gs:(%r9, %r11, 8)
form movw $7, %gs:-2(%r9)

	.pushsection .rodata.forms, "a"
	.globl	native_forms_end
native_forms_end:
	.popsection

	.section .note.GNU-stack, "", @progbits
