/* SPDX-License-Identifier: GPL-2.0 */
/* Offsets that the assembly uses; crossing.c checks each against the C structs at build time. */
#ifndef NOOKS_LAYOUT_H
#define NOOKS_LAYOUT_H

/* struct nooks_crossing */
#define X_KERNEL_SP	0
#define X_DOMAIN_SP	8
#define X_CR3		16
#define X_DOMAIN	24
#define X_INCARNATION	32
#define X_RESERVED	40
#define X_UNWOUND	48
#define X_FLAGS		56
#define X_CALLS		64
#define X_IMPORT	72

/* At X_RESERVED: struct nooks_spins */
#define RESERVED_NR_SPINS	NOOKS_STACK_FRAME

/* struct nooks_domain */
#define D_TLB_GEN	0
#define D_SLOT		8
#define D_INCARNATION	16
#define D_STUBS_START	24
#define D_STUBS_END	32
#define D_ROUTES	40

/* struct nooks_route */
#define ROUTE_STUB	8
#define ROUTE_SIZE	16

/* struct nooks_cpu */
#define C_KERNEL_CR3	0
#define C_CROSSING	8
#define C_CROSSINGS	16
#define C_INTERRUPTS	24
#define C_SEEN		32

/* struct nooks_trail */
#define TRAIL_ENTRIES	0
#define TRAIL_NEXT	(NOOKS_TRAIL_LENGTH * T_SIZE)

/* struct nooks_trail_entry */
#define T_DOMAIN	0
#define T_WHAT		8
#define T_WHEN		12
#define T_ARGS		16
#define T_SIZE		64

#endif
