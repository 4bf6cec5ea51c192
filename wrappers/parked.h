/* SPDX-License-Identifier: GPL-2.0 */
/* Net devices that can be parked: what netpark.c and nethand.c share, and nobody else. */
#ifndef NOOKS_PARKED_H
#define NOOKS_PARKED_H

#include <linux/mm.h>
#include <linux/netdevice.h>
#include <linux/refcount.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>

/**
 * enum nooks_stage - in the life of a net device
 *
 * Changed under nooks_parked_lock, by who has claimed it: see nooks_parked_move().
 */
enum nooks_stage {
	NOOKS_STAGE_OWNED,		/* the driver's: allocated or registered */
	NOOKS_STAGE_PARKED,		/* nobody's */
	NOOKS_STAGE_ADOPTED,		/* a restarted driver's, which sees a copy of it */
	NOOKS_STAGE_REGISTERING,	/* ... and is registering it */
	NOOKS_STAGE_REGISTERED,		/* it waits for being handed over */
	NOOKS_STAGE_HANDING,		/* it is being handed over */
	NOOKS_STAGE_DROPPING,		/* it is being unregistered, for no driver has come for it */
};

struct netdev_stat_ops;

/**
 * struct nooks_parked - a net device that can be parked
 * @list: in nooks_parked_all, in the order of allocation; under nooks_parked_lock
 * @refs: one of the list, one of each who works on it
 * @driver: whose
 * @dev: the device, which does not move; there as long as this is in the list, or with a reference to it
 * @parent: its parent; compared only
 * @stage: under nooks_parked_lock
 * @private: bytes of its private area
 * @txqs: queues that it was allocated with
 * @rxqs: ditto
 * @fresh: what it was when it had been allocated
 * @made: what the driver had made of it before it was registered; NULL until then
 * @copy: what the domain sees in its place while it is adopted
 * @netdev_ops: the driver's, while they are not the device's; rtnl
 * @ethtool_ops: ditto
 * @stat_ops: ditto, of kernels that have it
 * @has_address: a user has set @address
 * @address: hardware address
 * @is_moved: the restarted driver has another address than the device: @moved
 * @moved: ditto
 * @is_changed: it has other features than before
 * @is_fixed: it can't be parked
 * @hides_carrier: what the driver says of the carrier is not passed on; under nooks_parked_lock
 * @work: hands it over, if the driver was late to register it; passes on that there is no carrier when that
 *	has been hidden for long
 */
struct nooks_parked {
	struct list_head list;
	refcount_t refs;
	struct nooks_driver *driver;
	struct net_device *dev;
	const struct device *parent;
	enum nooks_stage stage;
	size_t private;
	unsigned int txqs;
	unsigned int rxqs;
	struct net_device *fresh;
	struct net_device *made;
	struct page *copy;
	const struct net_device_ops *netdev_ops;
	const struct ethtool_ops *ethtool_ops;
	const struct netdev_stat_ops *stat_ops;
	bool has_address;
	u8 address[MAX_ADDR_LEN];
	bool is_moved;
	u8 moved[MAX_ADDR_LEN];
	bool is_changed;
	bool is_fixed;
	bool hides_carrier;
	struct delayed_work work;
};

/* Interrupts off; innermost. */
extern spinlock_t nooks_parked_lock;

/* Any context but NMI. With a reference; NULL if there is none. */
struct nooks_parked *nooks_parked_get(const struct net_device *dev);
void nooks_parked_put(struct nooks_parked *p);
/* The same with nooks_parked_lock held, without a reference. */
struct nooks_parked *nooks_parked_find(const struct net_device *dev);

/* Can it be parked, and is it in such a stage? Any context but NMI. */
bool nooks_parked_is(const struct net_device *dev, bool (*stage)(const struct nooks_parked *p));

/* Claim it: go from one stage to another. Return: false: it was not in that stage. Any context but NMI. */
bool nooks_parked_move(struct nooks_parked *p, enum nooks_stage from, enum nooks_stage to);
/*
 * Claim one of a driver's, the oldest or the newest, with references to it and to the device. NULL: there is none. Any
 * context but NMI.
 */
struct nooks_parked *nooks_parked_claim(struct nooks_driver *driver, bool newest,
					enum nooks_stage from, enum nooks_stage to);

/* Without the driver's functions. */
extern const struct net_device_ops nooks_parked_netdev_ops;
extern const struct ethtool_ops nooks_parked_ethtool_ops;

/* nethand.c: give a claimed one (HANDING) to its driver, with rtnl; body of @work; its carrier is shown again, with the lock. */
void nooks_parked_hand_over(struct nooks_parked *p);
void nooks_parked_work(struct work_struct *work);
void nooks_parked_show_carrier(struct nooks_parked *p);

static inline bool nooks_parked_adopted(const struct nooks_parked *p)
{
	return p->stage == NOOKS_STAGE_ADOPTED || p->stage == NOOKS_STAGE_REGISTERING;
}

/* Of one that has been adopted: what the domain sees in its place. */
static inline struct net_device *nooks_parked_view(const struct nooks_parked *p)
{
	return page_address(p->copy) + offset_in_page(p->dev);
}

#endif
