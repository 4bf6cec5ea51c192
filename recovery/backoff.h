/* SPDX-License-Identifier: GPL-2.0 */
/* A driver that fails as soon as it has been restarted is restarted later and later. */
#ifndef NOOKS_BACKOFF_H
#define NOOKS_BACKOFF_H

#include <linux/atomic.h>

struct nooks_driver;

/**
 * struct nooks_backoff - of a driver; see backoff.c. Under nooks_driver.lock, but for @backoff_ms and @hurried
 * @backoff_ms: how long its second restart in a row waits; 0: none waits
 * @row: restarts in a row, before each of which the driver has not lived for long
 * @delay: what the last one has waited for, in jiffies
 * @last: jiffies at the end of the last one, whether it has succeeded or not
 * @hurried: how many are about to stop or restart it, and want its lock: there is no waiting then
 */
struct nooks_backoff {
	unsigned int backoff_ms;
	unsigned int row;
	unsigned long delay;
	unsigned long last;
	atomic_t hurried;
};

void nooks_backoff_init(struct nooks_backoff *backoff);
unsigned long nooks_backoff_next(struct nooks_backoff *backoff, unsigned long failed);
bool nooks_backoff_wait(struct nooks_driver *driver, bool by_hand);
void nooks_backoff_hurry(struct nooks_backoff *backoff);
void nooks_backoff_calm(struct nooks_backoff *backoff);
void nooks_backoff_restarted(struct nooks_backoff *backoff);

#endif
