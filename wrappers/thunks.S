/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The in-domain library in assembly: what the compiler has put into drivers as calls. In a domain
 * there are no retpolines: its branches are not guarded against speculation. The design is about
 * bugs, and the kernel's own branches lie outside.
 *
 * Everything here: domain CR3, domain stack, interrupts as the driver has them.
 */
#include <linux/linkage.h>
#include <linux/objtool.h>
#include <asm/errno.h>
#include <asm/nospec-branch.h>
#include <asm/percpu.h>
#include <asm/unwind_hints.h>
#include "../domains/layout.h"
#include "../nooks/compat.h"

#define CROSSING	NOOKS_PER_CPU(nooks_cpu + C_CROSSING)
#define STUB_DESCRIPTOR	3		/* where movq $descriptor, %r11 has its operand */
#define DESCRIPTOR_FN	0		/* struct nooks_stub */

	.section .text.nooks_domain, "ax"

/*
 * A jump to the address in a register. If that is one of the image's own entry stubs, which only
 * the kernel may execute, the function that it stands for is called, without a crossing; if it is a
 * kernel function of the domain's routes, the stub that stands for that; anything else that is not the
 * domain's faults. Changes the flags only: what is in the other registers, %r11 included, is the
 * caller's business. One read of the per-CPU pointer, so the thread may migrate.
 */
	.macro THUNK reg tmp tmp2
	.align	16
SYM_CODE_START(nooks_in___x86_indirect_thunk_\reg)
	ANNOTATE_NOENDBR
	UNWIND_HINT_FUNC
	pushq	%\tmp
	movq	CROSSING, %\tmp
	movq	X_DOMAIN(%\tmp), %\tmp
	cmpq	D_STUBS_START(%\tmp), %\reg
	jb	1f
	cmpq	D_STUBS_END(%\tmp), %\reg
	jae	1f
	movslq	STUB_DESCRIPTOR(%\reg), %\tmp
	movq	DESCRIPTOR_FN(%\tmp), %\tmp
	/* As a jump: the function's address takes the place of what was pushed. */
	xchgq	%\tmp, (%rsp)
	ANNOTATE_UNRET_SAFE
	ret
	int3
1:	pushq	%\tmp2
	leaq	D_ROUTES - ROUTE_SIZE(%\tmp), %\tmp2
2:	addq	$ROUTE_SIZE, %\tmp2
	movq	(%\tmp2), %\tmp
	testq	%\tmp, %\tmp
	jz	3f			/* the end of the routes */
	cmpq	%\tmp, %\reg
	jne	2b
	movq	ROUTE_STUB(%\tmp2), %\tmp
	popq	%\tmp2
	xchgq	%\tmp, (%rsp)
	ANNOTATE_UNRET_SAFE
	ret
	int3
3:	popq	%\tmp2
	popq	%\tmp
	ANNOTATE_RETPOLINE_SAFE
	jmp	*%\reg
	int3
SYM_CODE_END(nooks_in___x86_indirect_thunk_\reg)
	.endm

	.irp	reg, rdx, rbx, rsi, rdi, rbp, r8, r9, r10, r11, r12, r13, r14, r15
	THUNK	\reg, rax, rcx
	.endr
	THUNK	rax, rcx, rdx
	THUNK	rcx, rax, rdx

	.align	16
SYM_CODE_START(nooks_in___x86_return_thunk)
	ANNOTATE_NOENDBR
	UNWIND_HINT_FUNC
	ANNOTATE_UNRET_SAFE
	ret
	int3
SYM_CODE_END(nooks_in___x86_return_thunk)

/* Room for copied leaf functions: leaf.c. */
	.balign	16, 0xcc
	ANNOTATE_NOENDBR
SYM_DATA(nooks_leaves, .fill 32768, 1, 0xcc)
SYM_DATA(nooks_leaves_end, )

/* ftrace's hook at the head of each function, where it has not been made a nop. */
SYM_CODE_START(nooks_in___fentry__)
	ANNOTATE_NOENDBR
	UNWIND_HINT_FUNC
	ANNOTATE_UNRET_SAFE
	ret
	int3
SYM_CODE_END(nooks_in___fentry__)

/*
 * preempt_enable() finds that it should reschedule, by a call that preserves all registers. The
 * next interrupt or crossing does it.
 */
SYM_CODE_START(nooks_in___SCT__preempt_schedule)
	ANNOTATE_NOENDBR
	UNWIND_HINT_FUNC
	ANNOTATE_UNRET_SAFE
	ret
	int3
SYM_CODE_END(nooks_in___SCT__preempt_schedule)

SYM_CODE_START(nooks_in___SCT__preempt_schedule_notrace)
	ANNOTATE_NOENDBR
	UNWIND_HINT_FUNC
	ANNOTATE_UNRET_SAFE
	ret
	int3
SYM_CODE_END(nooks_in___SCT__preempt_schedule_notrace)

/*
 * put_user() and get_user(): a value in %rax or for it in %rdx, the user's address in %rcx or %rax, the
 * result in %ecx or %eax. All other registers are preserved. By the wrappers of copies.
 */
	.macro	SAVE
	pushq	%rdx
	pushq	%rsi
	pushq	%rdi
	pushq	%r8
	pushq	%r9
	pushq	%r10
	pushq	%r11
	.endm

	.macro	RESTORE
	popq	%r11
	popq	%r10
	popq	%r9
	popq	%r8
	popq	%rdi
	popq	%rsi
	popq	%rdx
	.endm

	.macro	PUT_USER bytes
SYM_CODE_START(nooks_in___put_user_\bytes)
	ANNOTATE_NOENDBR
	UNWIND_HINT_FUNC
	pushq	%rax
	movq	%rsp, %rax
	SAVE
	movq	%rcx, %rdi
	movq	%rax, %rsi
	movl	$\bytes, %edx
	call	nooks_stub__copy_to_user
	xorl	%ecx, %ecx
	testq	%rax, %rax
	jz	1f
	movl	$-EFAULT, %ecx
1:	RESTORE
	popq	%rax
	ANNOTATE_UNRET_SAFE
	ret
	int3
SYM_CODE_END(nooks_in___put_user_\bytes)
	.endm

	.irp	bytes, 1, 2, 4, 8
	PUT_USER \bytes
	.endr

	.macro	GET_USER bytes
SYM_CODE_START(nooks_in___get_user_\bytes)
	ANNOTATE_NOENDBR
	UNWIND_HINT_FUNC
	pushq	%rcx
	pushq	$0			/* the value, in the place of %rdx */
	movq	%rsp, %rdx
	SAVE
	movq	%rdx, %rdi
	movq	%rax, %rsi
	movl	$\bytes, %edx
	call	nooks_stub__copy_from_user
	negq	%rax
	sbbl	%eax, %eax		/* -1 if bytes are left */
	andl	$-EFAULT, %eax
	RESTORE
	popq	%rdx
	popq	%rcx
	ANNOTATE_UNRET_SAFE
	ret
	int3
SYM_CODE_END(nooks_in___get_user_\bytes)
	.endm

	.irp	bytes, 1, 2, 4, 8
	GET_USER \bytes
	.endr
