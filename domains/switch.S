/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Switching between the kernel's view and a domain's.
 *
 * Into a domain RSP changes first, then CR3; out of it CR3 first, then RSP. So the domain's tables are
 * never in force on a kernel stack, and an exception always finds a stack that it may write. In
 * between, interrupts are off, and NMIs have a stack of their own.
 *
 * Above each label: which CR3, which stack, interrupts.
 *
 * No code that domains run, or that leads there, has ENDBR: kernels that enforce it are refused (main.c).
 */
#include <linux/linkage.h>
#include <linux/objtool.h>
#include <asm/asm.h>
#include <asm/nospec-branch.h>
#include <asm/percpu.h>
#include <asm/processor-flags.h>
#include <asm/segment.h>
#include <asm/unwind_hints.h>
#include "../nooks/compat.h"
#include "layout.h"
#include "limits.h"

#define KERNEL_CR3	NOOKS_PER_CPU(nooks_cpu + C_KERNEL_CR3)
#define CROSSING	NOOKS_PER_CPU(nooks_cpu + C_CROSSING)
#define CROSSINGS	NOOKS_PER_CPU(nooks_cpu + C_CROSSINGS)
#define INTERRUPTS	NOOKS_PER_CPU(nooks_cpu + C_INTERRUPTS)
#define TRAIL_POSITION	NOOKS_PER_CPU(nooks_trail + TRAIL_NEXT)
#define TRAIL(field, position) NOOKS_PER_CPU(nooks_trail + TRAIL_ENTRIES + field)(position)
#define SEEN(slot)	NOOKS_PER_CPU(nooks_cpu + C_SEEN)(slot)

/*
 * What nooks_switch_in leaves on the kernel stack: return address, six registers, alignment. The
 * stack pointer of the kernel side (X_KERNEL_SP) points below it, aligned to 16.
 */
#define FRAME_SIZE	64

	/* The unwinder, from the kernel side of a crossing: on to the caller of nooks_switch_in. */
	.macro HINT_KERNEL_SIDE extra=0
	.set	hint_offset, FRAME_SIZE + \extra
	UNWIND_HINT sp_reg=ORC_REG_SP sp_offset=hint_offset type=UNWIND_HINT_TYPE_CALL
	.endm

	/*
	 * %rbx = crossing; kernel CR3, crossing's kernel stack, interrupts off. Notes the state to come
	 * back to and puts the CR3 to load into %rdi. CR3 is read anew: the thread may have migrated,
	 * and the kernel changes ASIDs. Clobbers %rcx, %rsi, in the rare case all that a call may,
	 * %rax and %rdx excepted.
	 */
	.macro PREPARE_DOMAIN hint_extra=0
	movq	%rbx, CROSSING
	movq	%cr3, %rcx
	orq	nooks_noflush(%rip), %rcx
	movq	%rcx, KERNEL_CR3
	movq	X_DOMAIN(%rbx), %rcx
	movq	D_SLOT(%rcx), %rsi
	movq	D_TLB_GEN(%rcx), %rcx
	movq	X_CR3(%rbx), %rdi
	cmpq	SEEN(%rsi), %rcx
	je	.Lfresh\@
	pushq	%rax
	pushq	%rdx
	HINT_KERNEL_SIDE extra=\hint_extra+16
	movq	%rbx, %rdi
	call	nooks_tlb_stale
	movq	%rax, %rdi
	popq	%rdx
	popq	%rax
	HINT_KERNEL_SIDE extra=\hint_extra
.Lfresh\@:
	.endm

	/*
	 * Leave a note for reports: 15 instructions. %rbx = crossing, interrupts off, the six arguments
	 * in their registers; what is called in \what. Clobbers %rax and \temp.
	 */
	.macro NOTE_CROSSING what:req temp:req temp32:req
	movq	TRAIL_POSITION, %rax
	movq	X_DOMAIN(%rbx), \temp
	movq	\temp, TRAIL(T_DOMAIN, %rax)
	movl	\what, TRAIL(T_WHAT, %rax)
	movl	jiffies(%rip), \temp32
	movl	\temp32, TRAIL(T_WHEN, %rax)
	movq	%rdi, TRAIL(T_ARGS, %rax)
	movq	%rsi, TRAIL(T_ARGS + 8, %rax)
	movq	%rdx, TRAIL(T_ARGS + 16, %rax)
	movq	%rcx, TRAIL(T_ARGS + 24, %rax)
	movq	%r8, TRAIL(T_ARGS + 32, %rax)
	movq	%r9, TRAIL(T_ARGS + 40, %rax)
	addl	$T_SIZE, %eax
	andl	$(NOOKS_TRAIL_LENGTH * T_SIZE - 1), %eax
	movq	%rax, TRAIL_POSITION
	.endm

	/*
	 * Who holds spinning locks in the domain is not preempted outside: adds 1 to the preemption
	 * count, and puts what is to be subtracted into \count. %rbx = crossing; interrupts off.
	 */
	.macro SPINS count:req count32:req temp:req
	movq	X_RESERVED(%rbx), \temp
	xorl	\count32, \count32
	cmpl	$1, RESERVED_NR_SPINS(\temp)
	cmc
	adcl	$0, \count32
	addl	\count32, NOOKS_PREEMPT_COUNT
	.endm

	/* Back to the caller of nooks_switch_in. Kernel CR3, %rsp = X_KERNEL_SP, interrupts off. */
	.macro RETURN_TO_CALLER
	addq	$8, %rsp
	popq	%r15
	popq	%r14
	popq	%r13
	popq	%r12
	popq	%rbp
	popq	%rbx
	UNWIND_HINT_FUNC
	RET
	.endm

	.section .text.nooks_switch, "ax"
	.align	4096, 0xcc
SYM_DATA(nooks_switch_text_start, )

/*
 * Run a function in a domain.
 *
 * unsigned long nooks_switch_in(struct nooks_crossing *x, const unsigned long args[6],
 *				 unsigned long fn, unsigned long domain_sp);
 *
 * Kernel CR3, kernel stack. Returns with interrupts off what the function returned, its flags in
 * x->flags, or, when x->unwound has been set, nothing of use.
 */
SYM_CODE_START(nooks_switch_in)
	ANNOTATE_NOENDBR
	UNWIND_HINT_FUNC
	pushq	%rbx
	pushq	%rbp
	pushq	%r12
	pushq	%r13
	pushq	%r14
	pushq	%r15
	subq	$8, %rsp
	HINT_KERNEL_SIDE
	movq	%rdi, %rbx
	movq	%rsi, %r12
	movq	%rdx, %r14
	movq	%rcx, %r13
	pushfq
	popq	%rbp
	cli
	movq	%rsp, X_KERNEL_SP(%rbx)
	PREPARE_DOMAIN
	movq	%rdi, %r10
	movq	0(%r12), %rdi
	movq	8(%r12), %rsi
	movq	16(%r12), %rdx
	movq	24(%r12), %rcx
	movq	32(%r12), %r8
	movq	40(%r12), %r9
	NOTE_CROSSING %r14d %r12 %r12d
	movq	%r13, %rsp
	NOOKS_HINT_END
	movq	%r10, %cr3
	/* Domain CR3, domain stack. */
	testl	$X86_EFLAGS_IF, %ebp
	jz	1f
	sti
1:	xorl	%eax, %eax
	ANNOTATE_RETPOLINE_SAFE
	call	*%r14
	NOOKS_HINT_END
	pushfq
	cli
	cld
	movq	CROSSING, %rbx
	movq	KERNEL_CR3, %rcx
	movq	%rcx, %cr3
	/* Kernel CR3, domain stack. */
	popq	X_FLAGS(%rbx)
	movq	X_KERNEL_SP(%rbx), %rsp
	HINT_KERNEL_SIDE
	RETURN_TO_CALLER
SYM_CODE_END(nooks_switch_in)

/*
 * The domain has failed: drop what ran in it and return from nooks_switch_in.
 * %rbx = crossing; kernel CR3, any kernel stack of this thread, interrupts off.
 */
SYM_CODE_START(nooks_unwind)
	NOOKS_HINT_END
	movq	X_KERNEL_SP(%rbx), %rsp
	HINT_KERNEL_SIDE
	movq	$1, X_UNWOUND(%rbx)
	RETURN_TO_CALLER
SYM_CODE_END(nooks_unwind)

/*
 * A driver calls a kernel function: its stub has put the index of the import into %r11d. Arguments
 * are where the calling convention wants them; the crossing goes in as the seventh.
 * Domain CR3, domain stack with the return address on top, interrupts as the driver has them.
 */
SYM_CODE_START(nooks_leave)
	ANNOTATE_NOENDBR
	NOOKS_HINT_END
	pushq	%rbx
	pushq	%rbp
	pushfq
	cli
	cld
	movq	CROSSING, %rbx
	movq	KERNEL_CR3, %rax
	movq	%rax, %cr3
	/* Kernel CR3, domain stack. */
	popq	%rbp
	movq	%rsp, X_DOMAIN_SP(%rbx)
	movq	X_KERNEL_SP(%rbx), %rsp
	incq	CROSSINGS
	incq	X_CALLS(%rbx)
	SPINS	%r10 %r10d %rax
	pushq	%r10
	pushq	%rbx			/* seventh argument: the slot is the wrapper's to change */
	HINT_KERNEL_SIDE extra=16
	movl	nooks_nr_imports(%rip), %eax
	cmpl	%eax, %r11d
	cmovael	%eax, %r11d		/* a wild jump: the last entry fails the domain */
	movl	%r11d, X_IMPORT(%rbx)
	NOTE_CROSSING %r11d %r10 %r10d
	shlq	$3, %r11
	addq	nooks_wrapper_table(%rip), %r11
	movq	(%r11), %r11
	testl	$X86_EFLAGS_IF, %ebp
	jz	1f
	sti
	/* Kernel CR3, kernel stack: the wrapper may sleep, migrate and enter domains. */
1:	CALL_NOSPEC r11
	popq	%rcx
	popq	%rcx
	HINT_KERNEL_SIDE
	pushfq
	popq	%rbp
	cli
	subl	%ecx, NOOKS_PREEMPT_COUNT
	movq	X_DOMAIN(%rbx), %rcx
	movq	X_INCARNATION(%rbx), %rsi
	cmpq	D_INCARNATION(%rcx), %rsi
	jne	nooks_unwind
	PREPARE_DOMAIN
	incq	X_CALLS(%rbx)
	movq	X_DOMAIN_SP(%rbx), %rsp
	movq	%rdi, %cr3
	/* Domain CR3, domain stack. */
	testl	$X86_EFLAGS_IF, %ebp
	popq	%rbp
	popq	%rbx
	NOOKS_HINT_END
	jz	2f
	sti
2:	ANNOTATE_UNRET_SAFE
	ret
	int3
SYM_CODE_END(nooks_leave)

/*
 * The kernel calls a driver function: its entry stub has put the address of its descriptor into
 * %r11. Kernel CR3, kernel stack.
 */
SYM_FUNC_START(nooks_entry)
	subq	$8, %rsp
	pushq	%r9
	pushq	%r8
	pushq	%rcx
	pushq	%rdx
	pushq	%rsi
	pushq	%rdi
	UNWIND_HINT sp_reg=ORC_REG_SP sp_offset=64 type=UNWIND_HINT_TYPE_CALL
	movq	%r11, %rdi
	movq	%rsp, %rsi
	call	nooks_enter_role
	addq	$56, %rsp
	UNWIND_HINT_FUNC
	RET
SYM_FUNC_END(nooks_entry)

	/* pt_regs below what the CPU, and a gate stub for %rdi, have pushed. */
	.macro PUSH_REGS
	pushq	%rsi
	pushq	%rdx
	pushq	%rcx
	pushq	%rax
	pushq	%r8
	pushq	%r9
	pushq	%r10
	pushq	%r11
	pushq	%rbx
	pushq	%rbp
	pushq	%r12
	pushq	%r13
	pushq	%r14
	pushq	%r15
	.endm

	.macro POP_REGS
	popq	%r15
	popq	%r14
	popq	%r13
	popq	%r12
	popq	%rbp
	popq	%rbx
	popq	%r11
	popq	%r10
	popq	%r9
	popq	%r8
	popq	%rax
	popq	%rcx
	popq	%rdx
	popq	%rsi
	popq	%rdi
	.endm

#define REGS_FLAGS	144		/* pt_regs; checked in crossing.c */

/*
 * An interrupt or exception in a domain; the gate stub has pushed an error code and %rdi and has put the
 * vector into %edi. Domain CR3, the stack that the domain ran on, interrupts off.
 */
SYM_CODE_START(nooks_interrupted)
	NOOKS_HINT_END
	PUSH_REGS
	cld
	movq	%rsp, %r12
	movl	%edi, %r13d
	movq	CROSSING, %rbx
	movq	KERNEL_CR3, %rax
	movq	%rax, %cr3
	/* Kernel CR3, domain stack. */
	movq	X_KERNEL_SP(%rbx), %rsp
	HINT_KERNEL_SIDE
	cmpl	$32, %r13d
	jae	.Linterrupt
	movq	%r12, %rdi
	movq	%rbx, %rsi
	movl	%r13d, %edx
	call	nooks_fault
	testl	%eax, %eax
	jnz	nooks_unwind
	jmp	.Lresume

	/*
	 * The kernel's own handler, with a frame that returns to .Lreturned with the domain's own IF: so
	 * the kernel may preempt this thread here. It keeps all registers. The watchdog knows an
	 * interrupted domain by that frame, and finds the crossing in its %rbx, the registers in %r12.
	 */
.Linterrupt:
	incq	INTERRUPTS
	SPINS	%r14 %r14d %rax
	movq	%rsp, %rax
	pushq	$__KERNEL_DS
	pushq	%rax
	movq	REGS_FLAGS(%r12), %rcx
	andl	$X86_EFLAGS_IF, %ecx
	orl	$X86_EFLAGS_FIXED, %ecx
	pushq	%rcx
	pushq	$__KERNEL_CS
	leaq	nooks_interrupt_return(%rip), %rax
	pushq	%rax
	NOOKS_HINT_END
	leaq	nooks_native_gates(%rip), %rax
	movq	(%rax, %r13, 8), %rax
	JMP_NOSPEC rax

	/* Kernel CR3, crossing's kernel stack, interrupts as the domain had them; %rbx, %r12 as above. */
SYM_INNER_LABEL(nooks_interrupt_return, SYM_L_GLOBAL)
	ANNOTATE_NOENDBR
	HINT_KERNEL_SIDE
	cli
	subl	%r14d, NOOKS_PREEMPT_COUNT
.Lresume:
	HINT_KERNEL_SIDE
	movq	X_DOMAIN(%rbx), %rcx
	movq	X_INCARNATION(%rbx), %rsi
	cmpq	D_INCARNATION(%rcx), %rsi
	jne	nooks_unwind
	PREPARE_DOMAIN
	movq	%r12, %rsp
	NOOKS_HINT_END
	movq	%rdi, %cr3
	/* Domain CR3, domain stack. */
	POP_REGS
	addq	$8, %rsp
	iretq
SYM_CODE_END(nooks_interrupted)

/*
 * NMI, #MC or #DB in a domain. The gate stub has pushed %rax and put the vector into %eax. Domain
 * CR3; an IST stack whose hardware frame stands above %rax. Below that word lies "NMI
 * executing" (entry_64.S), which is 0 in a first NMI, and is again when the handler looks at it.
 *
 * The handler gets a frame that returns to .Lreturned_ist with interrupts off. What is needed to
 * go on is kept on the crossing's kernel stack, in words below X_KERNEL_SP:
 */
#define SAVED_RIP	-8
#define SAVED_RSP	-16
#define SAVED_FLAGS	-24
#define SAVED_RAX	-32
#define SAVED_RBX	-40
#define SAVED_RCX	-48
#define SAVED_RDX	-56
#define SAVED_SIZE	64
SYM_CODE_START(nooks_interrupted_ist)
	NOOKS_HINT_END
	pushq	%rbx
	pushq	%rcx
	pushq	%rdx
	movq	CROSSING, %rbx
	movq	KERNEL_CR3, %rcx
	movq	%rcx, %cr3
	/* Kernel CR3, IST stack: rdx, rcx, rbx, rax, rip, cs, flags, rsp, ss. */
	movq	X_KERNEL_SP(%rbx), %rcx
	leaq	.Lwindow_start(%rip), %rdx
	cmpq	%rdx, 32(%rsp)
	jb	1f
	leaq	.Lwindow_end(%rip), %rdx
	cmpq	%rdx, 32(%rsp)
	jb	2f			/* on the way back already: the saved words are due still */
1:	movq	32(%rsp), %rdx
	movq	%rdx, SAVED_RIP(%rcx)
	movq	56(%rsp), %rdx
	movq	%rdx, SAVED_RSP(%rcx)
	movq	48(%rsp), %rdx
	movq	%rdx, SAVED_FLAGS(%rcx)
	movq	24(%rsp), %rdx
	movq	%rdx, SAVED_RAX(%rcx)
	movq	16(%rsp), %rdx
	movq	%rdx, SAVED_RBX(%rcx)
	movq	8(%rsp), %rdx
	movq	%rdx, SAVED_RCX(%rcx)
	movq	0(%rsp), %rdx
	movq	%rdx, SAVED_RDX(%rcx)
2:	leaq	.Lreturned_ist(%rip), %rdx
	movq	%rdx, 32(%rsp)
	movq	$__KERNEL_CS, 40(%rsp)
	movq	$X86_EFLAGS_FIXED, 48(%rsp)
	leaq	-SAVED_SIZE(%rcx), %rdx
	movq	%rdx, 56(%rsp)
	movq	$__KERNEL_DS, 64(%rsp)
	movq	$0, 16(%rsp)		/* "NMI executing" */
	leaq	nooks_native_gates(%rip), %rcx
	movl	%eax, %eax
	movq	(%rcx, %rax, 8), %rax
	addq	$32, %rsp
	JMP_NOSPEC rax

	/* Kernel CR3, %rsp = X_KERNEL_SP - SAVED_SIZE, interrupts off; %rbx = crossing. */
.Lreturned_ist:
	HINT_KERNEL_SIDE extra=SAVED_SIZE
	movq	X_DOMAIN(%rbx), %rax
	movq	X_INCARNATION(%rbx), %rcx
	cmpq	D_INCARNATION(%rax), %rcx
	je	3f
	/*
	 * Not out of this file's own code: the CPU may have delivered an interrupt there, which must
	 * reach its handler. That code looks itself, soon.
	 */
	movq	X_KERNEL_SP(%rbx), %rcx
	movq	SAVED_RIP(%rcx), %rcx
	leaq	nooks_switch_text_start(%rip), %rax
	cmpq	%rax, %rcx
	jb	nooks_unwind
	leaq	nooks_switch_text_end(%rip), %rax
	cmpq	%rax, %rcx
	jae	nooks_unwind
3:	pushq	%rsi
	pushq	%rdi
	pushq	%r8
	pushq	%r9
	pushq	%r10
	pushq	%r11
	HINT_KERNEL_SIDE extra=SAVED_SIZE+48
	PREPARE_DOMAIN hint_extra=SAVED_SIZE+48
	movq	%rdi, %rax
	popq	%r11
	popq	%r10
	popq	%r9
	popq	%r8
	popq	%rdi
	popq	%rsi
	NOOKS_HINT_END
	/*
	 * The driver's RSP may be anything, so the frame for iretq is built in the words that are
	 * reserved at the top of the domain stack, behind the saved %rax.
	 */
	movq	X_RESERVED(%rbx), %rcx
	movq	X_KERNEL_SP(%rbx), %rbx
	movq	SAVED_RAX(%rbx), %rdx
	movq	%rdx, 0(%rcx)
	movq	SAVED_RIP(%rbx), %rdx
	movq	%rdx, 8(%rcx)
	movq	$__KERNEL_CS, 16(%rcx)
	movq	SAVED_FLAGS(%rbx), %rdx
	movq	%rdx, 24(%rcx)
	movq	SAVED_RSP(%rbx), %rdx
	movq	%rdx, 32(%rcx)
	movq	$__KERNEL_DS, 40(%rcx)
	movq	%rcx, %rsp
	movq	SAVED_RDX(%rbx), %rdx
	movq	SAVED_RCX(%rbx), %rcx
	movq	SAVED_RBX(%rbx), %rbx
	movq	%rax, %cr3
	/* Domain CR3, reserved words of the domain stack. */
.Lwindow_start:
	popq	%rax
	iretq
.Lwindow_end:
SYM_CODE_END(nooks_interrupted_ist)

/*
 * A fetch fault outside domains, at an address that may be a driver's: the gate stub for #PF leaves the
 * CPU's frame as it is. Kernel CR3, the stack of the interrupted code, interrupts off.
 */
SYM_CODE_START(nooks_missed_stub)
	ANNOTATE_NOENDBR
	UNWIND_HINT_IRET_REGS offset=8
	pushq	%rdi
	PUSH_REGS
	cld
	UNWIND_HINT_REGS
	movq	%rsp, %rdi
	call	nooks_route_entry
	testl	%eax, %eax
	POP_REGS
	UNWIND_HINT_IRET_REGS offset=8
	jz	1f
	addq	$8, %rsp
	iretq
1:	NOOKS_HINT_END
	jmp	nooks_native_page_fault
SYM_CODE_END(nooks_missed_stub)

	/*
	 * The 256 gate stubs. The displacement of the jump to the native handler is filled in by
	 * gates.c; nooks_gate_jumps says where it stands.
	 */
	.macro GATE_STUB
	.align	NOOKS_GATE_SIZE, 0xcc
	NOOKS_HINT_END
	pushq	%rax
	movq	%cr3, %rax
	subq	nooks_pgd_base(%rip), %rax
	cmpq	nooks_pgd_size(%rip), %rax
	popq	%rax
	jb	1f
	.if gate == 14
	testb	$0x10, (%rsp)		/* X86_PF_INSTR */
	jnz	3f
SYM_INNER_LABEL(nooks_native_page_fault, SYM_L_GLOBAL)
	.endif
2:	.byte	0xe9, 0, 0, 0, 0
	.pushsection .rodata.nooks_gates, "a"
	.long	2b + 1 - nooks_gate_stubs
	.popsection
1:
	.if gate == 1 || gate == 2 || gate == 18
	pushq	%rax
	movl	$gate, %eax
	jmp	nooks_interrupted_ist
	.else
	.if !(gate == 8 || (gate >= 10 && gate <= 14) || gate == 17 || gate == 21 || gate == 29 || gate == 30)
	pushq	$0			/* no hardware error code */
	.endif
	pushq	%rdi
	movl	$gate, %edi
	jmp	nooks_interrupted
	.endif
	.if gate == 14
3:	testb	$0x04, (%rsp)		/* X86_PF_USER */
	jnz	2b
	jmp	nooks_missed_stub
	.endif
	.endm

	.pushsection .rodata.nooks_gates, "a"
	.align	4
SYM_DATA(nooks_gate_jumps, )
	.popsection

	.align	4096, 0xcc
SYM_CODE_START(nooks_gate_stubs)
	ANNOTATE_NOENDBR
	.set	gate, 0
	.rept	NOOKS_NR_GATES
	GATE_STUB
	.set	gate, gate + 1
	.endr
	.align	NOOKS_GATE_SIZE, 0xcc
SYM_CODE_END(nooks_gate_stubs)

	.align	4096, 0xcc
SYM_DATA(nooks_switch_text_end, )
