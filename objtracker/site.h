/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Sites: instructions of drivers whose stores have trapped. The same few trap for each packet, so what does not depend on
 * registers is remembered: the decoded instruction, and the field that it went to.
 */
#ifndef NOOKS_SITE_H
#define NOOKS_SITE_H

#include "../domains/emulate.h"

struct nooks_field;

/**
 * struct nooks_site - an instruction that has trapped
 * @ip: its address; 0: there is none
 * @bytes: it itself: text changes
 * @form: what it does
 * @type: of the object that it stored to last: enum nooks_type_id
 * @offset: in that
 * @size: stored there
 * @field: that covers these bytes; NULL: not known
 *
 * One CPU's: used with interrupts off, in the fault handler.
 */
struct nooks_site {
	unsigned long ip;
	u8 bytes[MAX_INSN_SIZE];
	struct nooks_form form;
	unsigned int type;
	unsigned long offset;
	unsigned int size;
	const struct nooks_field *field;
};

/* In process context; once, before there is a domain. */
int nooks_sites_init(void);
void nooks_sites_exit(void);

/*
 * The site at an address; interrupts off. known: where the driver's thread goes on; NULL if nothing is remembered of it, or if it
 * has changed. get: where it has trapped; decoded if it has to be; NULL, and an error as of nooks_form_decode(), if it is no
 * store that is known.
 */
struct nooks_site *nooks_site_known(unsigned long ip);
struct nooks_site *nooks_site_get(const struct nooks_decoder *decoder, unsigned long ip, int *err);

#endif
