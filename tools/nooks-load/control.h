/* SPDX-License-Identifier: GPL-2.0 */
/* Who says which addresses an image is bound to: nooks.ko, a test or, for now, no one. */
#ifndef NOOKS_LOAD_CONTROL_H
#define NOOKS_LOAD_CONTROL_H

#include <stdbool.h>
#include <stdint.h>

#include "abi.h"

/**
 * struct control - source of addresses
 * @fd: the control device of nooks.ko, or -1; keeps the domain alive until init has returned
 * @fake_base: without the device: address from which on to make some up, 0: do not
 * @nr_fakes: how many have been made up
 */
struct control {
	int fd;
	uint64_t fake_base;
	unsigned int nr_fakes;
};

int control_open(struct control *control, bool is_optional);
void control_close(struct control *control);
bool control_can_bind(const struct control *control);
int control_create(const struct control *control, const char *module, uint32_t flags,
		   struct nooks_create *create);
int control_peek(struct control *control, const char *symbol, bool *is_known);
int control_resolve(struct control *control, const char *symbol, struct nooks_resolve *resolve);

#endif
