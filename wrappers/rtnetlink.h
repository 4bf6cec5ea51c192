/* SPDX-License-Identifier: GPL-2.0 */
/* What rtnetlink tells about a net device, kept to be told back. */
#ifndef NOOKS_RTNETLINK_H
#define NOOKS_RTNETLINK_H

#include <linux/list.h>

#define NOOKS_MAX_LINKS	64	/* a device, and what is on top of it */

/**
 * struct nooks_words - messages that make again what users had set on a device
 * @own: settings of the device itself, to be said while it is down
 * @others: devices on top of it; addresses, routes, neighbours, queueing disciplines of all
 * @links: indices of the device, and of those on top
 * @nr_links: how many
 */
struct nooks_words {
	struct list_head own;
	struct list_head others;
	int links[NOOKS_MAX_LINKS];
	unsigned int nr_links;
};

/*
 * All may sleep; without rtnl. listen asks what there is to a device of the first name space; @name is
 * for complaints. tell says it, and leaves the list as it is.
 */
void nooks_words_listen(struct nooks_words *words, int ifindex, const char *name);
void nooks_words_tell(struct list_head *messages, const char *name);
void nooks_words_free(struct nooks_words *words);

#endif
