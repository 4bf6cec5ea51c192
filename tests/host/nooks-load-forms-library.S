/* SPDX-License-Identifier: GPL-2.0 */
/* A module that never runs: a library for nooks-load-forms.S, with sections that do and do not fit. */
	.section .modinfo, "a"
	.asciz "name=forms_library", "depends=", VERMAGIC
	.section __versions, "a"
	.fill 64
	.section .BTF
	.fill 8
	.section .note.gnu.build-id, "a", @note
	.fill 16

	.section .gnu.linkonce.this_module, "aw"
	.globl __this_module
__this_module:
	.fill 312
	.quad init_module
	.fill 480
	.quad cleanup_module

	.text
	.type private, @function
private:					# at the very end of the other's code
	call __fentry__
	call both				# which the other imports, too
	cmpl $0, optional(%rip)			# and this, where it is weak
	mov __this_module(%rip), %rax
	mov $__this_module, %rdi
	mov $private, %rdi
	jmp __x86_return_thunk
	.size private, . - private

	.globl from_library, init_module, cleanup_module
	.type from_library, @function
from_library:
	call private
	lea private(%rip), %rdi
	lea from_library(%rip), %rdi
	jmp __x86_return_thunk
	.size from_library, . - from_library

	.section .init.text, "ax"
	.type init_module, @function
init_module:
	ret
	.size init_module, . - init_module

	.section .exit.text, "ax"
	.type cleanup_module, @function
cleanup_module:
	ret
	.size cleanup_module, . - cleanup_module

	.section .init.rodata, "a"		# the other's is writable
	.quad private

	.section .ref.data, "aw"
	.balign 64
	.globl library_data
library_data:
	.quad from_library, 0

	.section unheard_of, "aw"
	.balign 32
	.quad both, from_library

	.section __jump_table, "aw"
	.balign 8
	.long private - ., 1f - .
	.quad both - .

	.section __ex_table, "a"
	.balign 4
	.long private - ., from_library - ., 0

	.section .orc_unwind_ip, "a"
	.long private - ., from_library - .
	.section .orc_unwind, "a"
	.fill 12

	.section .rodata, "a"
1:	.quad private
__param_str_debug:
	.asciz "debug"

	.section __param, "a"
	.balign 8
	.quad __param_str_debug, __this_module, both, 0, library_data

	.section __ksymtab, "a"
__ksymtab_from_library:
	.long from_library - ., __kstrtab_from_library - ., 0
__ksymtab_library_data:
	.long library_data - ., __kstrtab_library_data - ., 0
	.section __ksymtab_strings, "aMS", @progbits, 1
__kstrtab_from_library:
	.asciz "from_library"
__kstrtab_library_data:
	.asciz "library_data"

	.section __mcount_loc, "a"
	.quad private

	.section .data..percpu, "aw"
	.quad private

	.bss
	.balign 128
	.fill 300

	.section .note.GNU-stack
