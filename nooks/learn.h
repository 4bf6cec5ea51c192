/* SPDX-License-Identifier: GPL-2.0 */
/* Learn mode: what a driver does that no annotation lets it, as the annotations to add. */
#ifndef NOOKS_LEARN_H
#define NOOKS_LEARN_H

#include "driver.h"

int nooks_learn_start(struct nooks_driver *driver);
void nooks_learn_stop(struct nooks_driver *driver);

/* All of these: any context but NMI; nothing is done for a driver that is not in learn mode. */
u8 nooks_learn_policy(struct nooks_driver *driver, const struct nooks_field *field);
void nooks_learn_field(struct nooks_driver *driver, unsigned int type,
		       const struct nooks_field *field, unsigned long site, const char *fn);
bool nooks_learn_role(struct nooks_driver *driver, const void *stub, unsigned int role);
void nooks_learn_call(struct nooks_driver *driver, const struct nooks_stub *stub,
		      unsigned long caller);

#endif
