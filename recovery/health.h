/* SPDX-License-Identifier: GPL-2.0 */
/* What a driver that breaks no rule shows when it has lost its way: looked for once a second. */
#ifndef NOOKS_HEALTH_H
#define NOOKS_HEALTH_H

#include <linux/atomic.h>
#include <linux/list.h>
#include <linux/types.h>
#include <linux/workqueue.h>

struct nooks_crossing;
struct nooks_driver;
struct nooks_stub;
struct sk_buff;

#define NOOKS_DEAD_SECONDS	5	/* by default */

/**
 * struct nooks_health - of a driver; see health.c. What users set is a failure if it is not 0
 * @stuck_seconds: so many seconds in which a transmit queue stands still while packets wait are a failure
 * @nr_stuck: seconds in which one has stood still
 * @max_tx_timeouts: so many transmit timeouts since it was started are a failure
 * @nr_tx_timeouts: timeouts so far
 * @starved_seconds: so many seconds in which its devices have next to no memory to receive to are a failure
 * @nr_starved: seconds in which they had none
 * @max_bad_lengths: so many packets of impossible lengths since it was started are a failure
 * @nr_bad_lengths: packets so far
 * @max_error_percent: so many errors of a hundred packets are a failure
 * @nr_errors: errors that its statistics have told of while they were looked at
 * @max_contradictions: so many contradictions of its statistics since it was started are a failure
 * @nr_contradictions: contradictions so far
 * @max_failed_calls: so many calls of the driver that end for want of memory, or by an error of its device, since it was started
 *	are a failure
 * @nr_failed_calls: calls so far
 * @dead_seconds: so many seconds in which a device of its does not answer are a failure
 * @nr_dead: seconds in which one did not
 * @timeouts_before: of @nr_tx_timeouts, those before it was started; written by recovery
 * @lengths_before: ditto of @nr_bad_lengths
 * @contradictions_before: ditto of @nr_contradictions
 * @failed_before: ditto of @nr_failed_calls
 * @receiving_begun: what there was to receive to when it had been restarted, before anything came; written by recovery
 * @changes_begun: how often interfaces had been changed by then
 * @receiving: streaming DMA mappings that its devices may write to
 * @receiving_most: the most that were seen, of them and of buffers in virtqueues, since there is a carrier, or just before
 * @starved: looks in a row that have found next to none
 * @dead: looks in a row that have found a device that does not answer
 * @incarnation: of the domain, that the last look has seen
 * @changes: how often interfaces had been changed at the last look
 * @devices: struct nooks_vitals of its interfaces. This and the five before are the looks' own
 * @work: the looks
 */
struct nooks_health {
	unsigned int stuck_seconds;
	unsigned long nr_stuck;
	unsigned int max_tx_timeouts;
	atomic_long_t nr_tx_timeouts;
	unsigned int starved_seconds;
	unsigned long nr_starved;
	unsigned int max_bad_lengths;
	atomic_long_t nr_bad_lengths;
	unsigned int max_error_percent;
	unsigned long nr_errors;
	unsigned int max_contradictions;
	atomic_long_t nr_contradictions;
	unsigned int max_failed_calls;
	atomic_long_t nr_failed_calls;
	unsigned int dead_seconds;
	unsigned long nr_dead;
	unsigned long timeouts_before;
	unsigned long lengths_before;
	unsigned long contradictions_before;
	unsigned long failed_before;
	unsigned int receiving_begun;
	unsigned int changes_begun;
	atomic_t receiving;
	unsigned int receiving_most;
	unsigned int starved;
	unsigned int dead;
	unsigned long incarnation;
	unsigned int changes;
	struct list_head devices;
	struct delayed_work work;
};

void nooks_health_init(struct nooks_driver *driver);
void nooks_health_start(struct nooks_driver *driver);
void nooks_health_stop(struct nooks_driver *driver);
void nooks_health_restarted(struct nooks_driver *driver);
void nooks_health_started(struct nooks_driver *driver);

/* The kernel is about to tell a driver of a transmit timeout. Any context but NMI. Return: true if it has failed by that. */
bool nooks_health_tx_timeout(struct nooks_crossing *x);

/* Look at the length of a packet that a driver gives to the stack. Any context but NMI. */
void nooks_health_received(struct nooks_crossing *x, const struct sk_buff *skb, const unsigned char *start);

/* A call of the driver's has ended, with this error, which may be one too many. Any context but NMI. */
void nooks_health_call_failed(struct nooks_driver *driver, const struct nooks_stub *stub, int error);

int nooks_health_register(void);
void nooks_health_unregister(void);

#endif
