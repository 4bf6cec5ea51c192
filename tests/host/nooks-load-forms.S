/* SPDX-License-Identifier: GPL-2.0 */
/* A module that never runs, with all that nooks-load minds and stock modules hardly ever have. */
	.section .modinfo, "a"
	.asciz "name=forms", "depends=forms_library", VERMAGIC
	.section __versions, "a"
	.fill 64
	.section .BTF
	.fill 24

	.section .gnu.linkonce.this_module, "aw"
	.fill 312
	.quad init_module
	.fill 480
	.quad cleanup_module

	.text
	.globl init_module, cleanup_module
	.weak optional
	.type init_module, @function
init_module:
	call __fentry__
	call both				# a symbol that is called and used as data
	mov $both, %rdi
	mov both(%rip), %eax
	.byte 0xe8				# as PC32, the form of older assemblers
	.long old_style - . - 4
	.byte 0xe9
	.long old_style - . - 4
	.byte 0x0f, 0x84
	.long old_style - . - 4
	jne __x86_return_thunk			# no room for a ret
	mov $__x86_return_thunk, %rdi
	call optional
	call from_library			# direct, in the linked image
	mov $from_library, %rdi			# its stub
	mov library_data(%rip), %eax
	cmpl $0, optional(%rip)			# the addend has to make up for the immediate, too
	cmpl $0x12345678, %gs:per_cpu(%rip)
	movabs $init_module, %rax
	mov $__SCT__local, %rdi			# to patch, not to call
	call __SCT__local
	jmp __x86_return_thunk
	.size init_module, . - init_module

	.type local, @function
local:
	call __fentry__
	nop
1:	jmp __x86_return_thunk
	.size local, . - local
	.type alias, @function
	.set alias, local

	.section .text.unlikely, "ax"
	.type cleanup_module, @function
cleanup_module:
	lea local(%rip), %rdi			# its address
	lea local+5(%rip), %rdi			# a label's
	mov local(%rip), %eax			# its code
	jne local				# itself
	mov $local, %edi
	jmp __x86_return_thunk
	.size cleanup_module, . - cleanup_module

	.section .static_call.text, "ax"
	.type __SCT__local, @function
__SCT__local:
	jmp alias
	ud1 %esp, %ecx
	.size __SCT__local, . - __SCT__local

	.section .init.text, "ax"
	.type started, @function
started:
	ret
	.size started, . - started

	.section .init.rodata, "aw"
	.quad started

	.section .rodata, "a"
	.quad local, 1b, both, __SCT__local
	.long local - ., both - .

	.section __ex_table, "a"
	.long local - ., 1b - ., 0

	.section __jump_table, "aw"
	.long local - ., 1b - .
	.quad both - .

	.section __mcount_loc, "a"
	.quad local

	.section .data..ro_after_init, "aw"
	.quad local

	.section .data..percpu, "aw"
	.quad local

	.section .ref.data, "aw"
	.quad alias

	.section unheard_of, "aw"
	.quad both, local

	.bss
	.fill 5000

	.section .note.GNU-stack
