/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/* What nooks.ko and nooks-load agree on: the control device and the layout of a rewritten image. */
#ifndef NOOKS_ABI_H
#define NOOKS_ABI_H

#include <linux/ioctl.h>
#include <linux/types.h>

#define NOOKS_ABI_VERSION	3
#define NOOKS_DEVICE_NAME	"nooks"		/* /dev/nooks */
#define NOOKS_NAME_LEN		64		/* of a module, NUL included */
#define NOOKS_SYMBOL_LEN	128		/* of a symbol, NUL included */
#define NOOKS_REASON_LEN	128

/**
 * enum nooks_symbol_kind - what an imported symbol is to a domain
 * @NOOKS_SYMBOL_MISSING: the running kernel or nooks.ko has no such symbol or no wrapper for it
 * @NOOKS_SYMBOL_WRAPPED: a function; calls bind to its wrapper's stub
 * @NOOKS_SYMBOL_INSIDE: a function; calls bind to its copy in the in-domain library
 * @NOOKS_SYMBOL_DATA: data; all references bind to the kernel's own address (read-only)
 * @NOOKS_SYMBOL_DENIED: a function that no domain may call; nooks_resolve.reason says why. Calls bind
 *	to what fails the domain
 */
enum nooks_symbol_kind {
	NOOKS_SYMBOL_MISSING,
	NOOKS_SYMBOL_WRAPPED,
	NOOKS_SYMBOL_INSIDE,
	NOOKS_SYMBOL_DATA,
	NOOKS_SYMBOL_DENIED,
};

/*
 * nooks_create.flags: let the driver store where no annotation lets it, as far as that is known to be
 * harmless, and note what it needs. For bringing a driver up: protection is reduced.
 */
#define NOOKS_CREATE_LEARN	1u

/**
 * struct nooks_create - make a domain for a module that is about to be loaded
 * @abi: in: NOOKS_ABI_VERSION of the caller
 * @id: out: number of the domain
 * @entry: out: address that each entry stub jumps to
 * @flags: in: NOOKS_CREATE_...; unknown ones are refused with EINVAL
 * @reserved: 0
 * @name: in: the module's name as the kernel will know it ('_', not '-')
 *
 * The domain belongs to the open file until the module's init has returned; closing the
 * file earlier takes the domain away. One domain per open file.
 */
struct nooks_create {
	__u32 abi;
	__u32 id;
	__u64 entry;
	__u32 flags;
	__u32 reserved;
	char name[NOOKS_NAME_LEN];
};

#define NOOKS_RESOLVE_PEEK	1	/* in: only tell; hold no module for the domain */
#define NOOKS_RESOLVE_KNOWN	2	/* out: nooks.ko has something for calls, were the symbol there or not */

/**
 * struct nooks_resolve - bind one imported symbol
 * @kind: out: enum nooks_symbol_kind
 * @flags: NOOKS_RESOLVE_*
 * @call: out: what a branch to the symbol binds to
 * @data: out: what any other reference binds to (the kernel's own address); for MISSING, too, if
 *	  the kernel has the symbol: a function that is only handed on to it needs no wrapper
 * @name: in: the symbol
 * @reason: out: for MISSING and DENIED a sentence for the user
 */
struct nooks_resolve {
	__u32 kind;
	__u32 flags;
	__u64 call;
	__u64 data;
	char name[NOOKS_SYMBOL_LEN];
	char reason[NOOKS_REASON_LEN];
};

#define NOOKS_IOC_CREATE	_IOWR('N', 1, struct nooks_create)
#define NOOKS_IOC_RESOLVE	_IOWR('N', 2, struct nooks_resolve)

/*
 * The rewritten image. The loader appends the sections below and one global symbol,
 * NOOKS_IMAGE_SYMBOL, that names the struct nooks_image; addresses are R_X86_64_64
 * relocations, so the kernel's own module loader fills them in.
 */
#define NOOKS_IMAGE_SYMBOL	"nooks_image"
#define NOOKS_IMAGE_MAGIC	0x736b6f6f4e31ull	/* "1Nooks" */
#define NOOKS_SECTION_STUBS	".text.nooks_stubs"	/* entry stubs, page-aligned and padded */
#define NOOKS_SECTION_TABLE	".data.nooks_table"	/* nooks_image, sections, stubs; ditto */
#define NOOKS_SECTION_STRINGS	".rodata.nooks_strings"
#define NOOKS_SECTION_LIBRARIES	".rodata.nooks_libraries"	/* only with library modules */
#define NOOKS_STUB_SIZE		16

/**
 * enum nooks_section_kind - who uses a section of the image
 * @NOOKS_SECTION_TEXT: driver code: executable in the domain only
 * @NOOKS_SECTION_RODATA: read by the driver, written by no one
 * @NOOKS_SECTION_DATA: the driver's own data: writable in the domain, restored at a restart
 * @NOOKS_SECTION_INIT_RO: like DATA, but the kernel makes it read-only after init (.data..ro_after_init)
 * @NOOKS_SECTION_KERNEL: parsed or trusted by the kernel: never writable in the domain
 * @NOOKS_SECTION_ENTRY: entry stubs: executable in the kernel's view only
 *
 * Sections of the kinds DATA and KERNEL never share a page: each DATA section starts on a page
 * and is padded to whole pages, and so is each text section group whose kind changes.
 */
enum nooks_section_kind {
	NOOKS_SECTION_TEXT,
	NOOKS_SECTION_RODATA,
	NOOKS_SECTION_DATA,
	NOOKS_SECTION_INIT_RO,
	NOOKS_SECTION_KERNEL,
	NOOKS_SECTION_ENTRY,
};

/** struct nooks_section - one allocated section of the image (@name: address of its name) */
struct nooks_section {
	__u64 addr;
	__u64 size;
	__u64 name;
	__u32 kind;
	__u32 reserved;
};

/**
 * struct nooks_stub - descriptor of an entry stub, one per address-taken driver function
 * @fn: address of the driver's function
 * @stub: address of the stub that stands for it
 * @name: address of the function's name
 * @domain: 0 in the file; nooks.ko's
 * @role: 0 in the file; nooks.ko's
 * @size: of the function in bytes, 0 when not known
 *
 * The stub's code is: movq $descriptor, %r11 (sign-extended imm32); jmp nooks_create.entry;
 * int3 up to NOOKS_STUB_SIZE.
 */
struct nooks_stub {
	__u64 fn;
	__u64 stub;
	__u64 name;
	__u64 domain;
	__u64 role;
	__u64 size;
};

/**
 * struct nooks_library - a module that the driver needs, linked into its image
 * @name: address of its name
 * @init: address of the entry stub of its module init, 0 without one
 * @exit: ditto, of its exit
 */
struct nooks_library {
	__u64 name;
	__u64 init;
	__u64 exit;
};

/**
 * struct nooks_image - head of a rewritten module
 * @magic: NOOKS_IMAGE_MAGIC
 * @abi: NOOKS_ABI_VERSION
 * @domain: nooks_create.id
 * @sections: address of struct nooks_section[@nr_sections], all SHF_ALLOC sections with size
 * @stubs: address of struct nooks_stub[@nr_stubs], in the order of the stubs' addresses
 * @nr_sections: count
 * @nr_stubs: count
 * @libraries: address of struct nooks_library[@nr_libraries], in the order of their inits, each after
 *	those that it needs; the driver's own comes last
 * @nr_libraries: count
 * @reserved: 0
 */
struct nooks_image {
	__u64 magic;
	__u32 abi;
	__u32 domain;
	__u64 sections;
	__u64 stubs;
	__u32 nr_sections;
	__u32 nr_stubs;
	__u64 libraries;
	__u32 nr_libraries;
	__u32 reserved;
};

#endif
