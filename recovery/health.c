// SPDX-License-Identifier: GPL-2.0
/*
 * Health: what a driver that breaks no rule shows when it has lost its way. Once a second a work of each driver looks at
 * what others can see of it:
 *
 * - a transmit queue that it has stopped, and that gets no packet although some wait;
 * - memory that its devices may receive to: a ring that is never refilled runs dry;
 * - the command registers of its PCI devices, which a device that does not answer, or has lost its state, has not as the kernel
 *   has set them;
 * - its statistics: errors against packets, and what can't be, whatever the net does. Only if someone wants to know, for
 *   the driver is called for that.
 *
 * Packets of impossible lengths, transmit timeouts, and calls that end by want of memory or errors of a device are counted when
 * they come. All of that is counted; what
 * is a failure is for users to say, for each has a cause, somewhere, that is no bug of the driver's: the exception is a
 * device that does not answer.
 */
#include <linux/etherdevice.h>
#include <linux/if_vlan.h>
#include <linux/netdevice.h>
#include <linux/rtnetlink.h>
#include <linux/skbuff.h>
#include <linux/slab.h>
#include <net/sch_generic.h>
#include "../nooks/driver.h"
#include "../wrappers/bus.h"
#include "../wrappers/net.h"
#include "../wrappers/virtio.h"
#include "health.h"
#include "recover.h"

#define DEVICES_MAX	16	/* interfaces of a driver that are looked at */
#define ERROR_SECONDS	10	/* over which errors are counted against packets */
#define ERROR_PACKETS	100	/* of both that there must be for that */
#define RECEIVING_LEAST	4	/* buffers that a ring has at least */
#define DRY(most)	((most) / 16)	/* so few are next to none */
#define SETTLED		5	/* seconds without a carrier, after which none of the packets before is counted any more */
#define LONGEST_PACKET	SZ_1M	/* of all that is counted as one */
#define MANY_PACKETS	100	/* whose bytes are compared with their number */

/**
 * struct nooks_vitals - what the last look has seen of an interface
 * @list: in nooks_health.devices
 * @ifindex: of the interface
 * @seen: by this look
 * @stuck: looks in a row with a queue that stood still
 * @quiet: ditto without a carrier
 * @ups: how often it has got one
 * @looks: since @base
 * @stats: its statistics, if @has_stats
 * @base: ditto at the begin of the window for errors
 * @has_stats: they are of this incarnation, and nothing has been changed since
 */
struct nooks_vitals {
	struct list_head list;
	int ifindex;
	bool seen;
	unsigned int stuck;
	unsigned int quiet;
	int ups;
	unsigned int looks;
	struct rtnl_link_stats64 stats;
	struct rtnl_link_stats64 base;
	bool has_stats;
};

/* Whoever brings an interface up or changes it may make its driver begin anew with its statistics. */
static atomic_t changes;

static int note_change(struct notifier_block *nb, unsigned long event, void *data)
{
	/* Not of others, such as those of containers, which come and go. */
	if (!netdev_notifier_info_to_dev(data)->dev.parent)
		return NOTIFY_DONE;
	switch (event) {
	case NETDEV_UP:
	case NETDEV_DOWN:
	case NETDEV_CHANGEMTU:
	case NETDEV_FEAT_CHANGE:
		atomic_inc(&changes);
	}
	return NOTIFY_DONE;
}

static struct notifier_block notifier = { .notifier_call = note_change };

/* Is it one too many, by what users have said? */
static bool too_many(unsigned int limit, unsigned long count)
{
	return limit && count >= limit;
}

/* Transmit queues */

static bool waits(struct netdev_queue *queue)
{
	struct Qdisc *qdisc;
	bool ret;

	rcu_read_lock();
	qdisc = rcu_dereference(queue->qdisc);
	ret = qdisc && qdisc_qlen_sum(qdisc);
	rcu_read_unlock();
	return ret;
}

/* The longest time for which one of the queues has stood still while packets wait, in seconds; 0: none does. */
static unsigned int standing_still(struct net_device *dev)
{
	unsigned int i, longest = 0;

	if (!netif_running(dev) || !netif_device_present(dev) || !netif_carrier_ok(dev))
		return 0;
	for (i = 0; i < dev->real_num_tx_queues; i++) {
		struct netdev_queue *queue = netdev_get_tx_queue(dev, i);
		unsigned long idle = jiffies - READ_ONCE(queue->trans_start);

		if (netif_xmit_stopped(queue) && (long)idle >= HZ && waits(queue))
			longest = max_t(unsigned int, longest, idle / HZ);
	}
	return longest;
}

static void look_at_queues(struct nooks_driver *driver, struct net_device *dev, struct nooks_vitals *v)
{
	unsigned int seconds = standing_still(dev), limit = READ_ONCE(driver->health.stuck_seconds);

	if (!seconds) {
		v->stuck = 0;
		return;
	}
	v->stuck++;
	driver->health.nr_stuck++;
	if (too_many(limit, min(v->stuck, seconds)))
		nooks_fail_driver(driver, NULL, NOOKS_STUCK, 0, "%s: a transmit queue stands still for %u s, and packets wait",
				  dev->name, v->stuck);
}

bool nooks_health_tx_timeout(struct nooks_crossing *x)
{
	struct nooks_driver *driver = nooks_driver_of(x);
	struct nooks_health *h = &driver->health;
	unsigned long nr = atomic_long_inc_return(&h->nr_tx_timeouts) - READ_ONCE(h->timeouts_before);

	if (!too_many(READ_ONCE(h->max_tx_timeouts), nr))
		return false;
	nooks_fail(x, NOOKS_STUCK, 0, "%lu transmit timeouts", nr);
	return true;
}

/* Calls */

void nooks_health_call_failed(struct nooks_driver *driver, const struct nooks_stub *stub, int error)
{
	struct nooks_health *h = &driver->health;
	unsigned long nr;

	/* Others are answers to what users ask for. */
	if (error != -ENOMEM && error != -EIO && error != -ETIMEDOUT)
		return;
	nr = atomic_long_inc_return(&h->nr_failed_calls) - READ_ONCE(h->failed_before);
	if (too_many(READ_ONCE(h->max_failed_calls), nr))
		nooks_fail_driver(driver, stub, NOOKS_ERRORS, 0, "%lu calls have failed, the last one by error %d", nr, -error);
}

/* Lengths */

/* What is longer than any frame that the device has been told to take, or too short to be one. */
static bool impossible(const struct sk_buff *skb, unsigned int length)
{
	if (length < ETH_HLEN)
		return true;
	/* Merged of several, by the device or its driver. */
	if (skb_is_gso(skb))
		return skb_shinfo(skb)->gso_size >= length;
	if (skb_has_frag_list(skb) || (skb->dev->features & (NETIF_F_LRO | NETIF_F_GRO_HW)))
		return false;
	/* Devices take frames of the standard's length, tags and checksum included, whatever their MTU is. */
	return length > max_t(unsigned int, READ_ONCE(skb->dev->mtu), ETH_DATA_LEN) + ETH_HLEN + 2 * VLAN_HLEN + ETH_FCS_LEN;
}

void nooks_health_received(struct nooks_crossing *x, const struct sk_buff *skb, const unsigned char *start)
{
	unsigned int length = skb->len + (skb->data - start);
	struct nooks_health *h = &nooks_driver_of(x)->health;
	unsigned long nr;

	if (likely(!impossible(skb, length)))
		return;
	nr = atomic_long_inc_return(&h->nr_bad_lengths) - READ_ONCE(h->lengths_before);
	if (too_many(READ_ONCE(h->max_bad_lengths), nr))
		nooks_fail(x, NOOKS_BAD_LENGTHS, 0, "%lu packets, the last one of %u bytes, segments of %u, MTU %u", nr, length,
			   skb_shinfo(skb)->gso_size, skb->dev->mtu);
}

/* Statistics */

static void contradicts(struct nooks_driver *driver, struct net_device *dev, const char *what, u64 before, u64 now)
{
	struct nooks_health *h = &driver->health;
	unsigned long nr = atomic_long_inc_return(&h->nr_contradictions) - READ_ONCE(h->contradictions_before);

	if (too_many(READ_ONCE(h->max_contradictions), nr))
		nooks_fail_driver(driver, NULL, NOOKS_CONTRADICTION, 0, "%s: %s: %llu, then %llu; %lu contradictions", dev->name,
				  what, before, now, nr);
}

/* So many bytes can't be so many packets. Drivers that do not count them say nothing of these. */
static bool bytes_wrong(u64 packets, u64 bytes, u64 all_bytes)
{
	return packets >= MANY_PACKETS && all_bytes &&
	       (bytes < packets * ETH_HLEN || bytes > packets * LONGEST_PACKET);
}

static void look_for_contradictions(struct nooks_driver *driver, struct net_device *dev, const struct nooks_vitals *v,
				    const struct rtnl_link_stats64 *now)
{
	static const struct {
		const char *name;
		size_t offset;
	} counters[] = {
		{ "rx_packets", offsetof(struct rtnl_link_stats64, rx_packets) },
		{ "tx_packets", offsetof(struct rtnl_link_stats64, tx_packets) },
		{ "rx_bytes", offsetof(struct rtnl_link_stats64, rx_bytes) },
		{ "tx_bytes", offsetof(struct rtnl_link_stats64, tx_bytes) },
		{ "rx_errors", offsetof(struct rtnl_link_stats64, rx_errors) },
		{ "tx_errors", offsetof(struct rtnl_link_stats64, tx_errors) },
	};
	const struct rtnl_link_stats64 *before = &v->stats;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(counters); i++) {
		u64 old = *(const u64 *)((const void *)before + counters[i].offset);
		u64 new = *(const u64 *)((const void *)now + counters[i].offset);

		/* Many count in 32 bits. */
		if (new < old && !(old <= U32_MAX && old - new > U32_MAX / 2)) {
			contradicts(driver, dev, counters[i].name, old, new);
			return;		/* and what follows from that */
		}
	}
	if (bytes_wrong(now->rx_packets - before->rx_packets, now->rx_bytes - before->rx_bytes, now->rx_bytes))
		contradicts(driver, dev, "packets received, and their bytes", now->rx_packets - before->rx_packets,
			    now->rx_bytes - before->rx_bytes);
	if (bytes_wrong(now->tx_packets - before->tx_packets, now->tx_bytes - before->tx_bytes, now->tx_bytes))
		contradicts(driver, dev, "packets sent, and their bytes", now->tx_packets - before->tx_packets,
			    now->tx_bytes - before->tx_bytes);
	if (v->quiet > SETTLED && now->rx_packets != before->rx_packets)
		contradicts(driver, dev, "packets received without a carrier", before->rx_packets, now->rx_packets);
}

/* Errors of the line, and of what the driver has told its device; not what was lost for want of time or memory. */
static u64 errors_of(const struct rtnl_link_stats64 *s)
{
	u64 lost = s->rx_missed_errors + s->rx_fifo_errors + s->rx_over_errors;

	return s->rx_errors - min(s->rx_errors, lost) + s->tx_errors;
}

static u64 grown(u64 before, u64 now)
{
	return now > before ? now - before : 0;
}

static void look_at_errors(struct nooks_driver *driver, struct net_device *dev, struct nooks_vitals *v,
			   const struct rtnl_link_stats64 *now)
{
	unsigned int limit = READ_ONCE(driver->health.max_error_percent);
	u64 errors, packets;

	driver->health.nr_errors += grown(errors_of(&v->stats), errors_of(now));
	if (++v->looks < ERROR_SECONDS)
		return;
	errors = grown(errors_of(&v->base), errors_of(now));
	packets = grown(v->base.rx_packets, now->rx_packets) + grown(v->base.tx_packets, now->tx_packets);
	v->base = *now;
	v->looks = 0;
	if (limit && errors + packets >= ERROR_PACKETS && errors * 100 >= limit * (errors + packets))
		nooks_fail_driver(driver, NULL, NOOKS_ERRORS, 0, "%s: %llu errors and %llu packets in %u s", dev->name, errors,
				  packets, ERROR_SECONDS);
}

static void look_at_stats(struct nooks_driver *driver, struct net_device *dev, struct nooks_vitals *v, bool changed)
{
	const struct nooks_health *h = &driver->health;
	struct rtnl_link_stats64 now;
	int ups;

	ups = atomic_read(&dev->carrier_up_count);
	v->quiet = netif_carrier_ok(dev) || ups != v->ups ? 0 : v->quiet + 1;
	v->ups = ups;
	if (!netif_running(dev) || !netif_device_present(dev) ||
	    (!READ_ONCE(h->max_error_percent) && !READ_ONCE(h->max_contradictions))) {
		v->has_stats = false;
		return;
	}
	dev_get_stats(dev, &now);
	if (!READ_ONCE(driver->domain->open))
		return;		/* by its fault these are nothing */
	if (v->has_stats && !changed) {
		look_at_errors(driver, dev, v, &now);
		look_for_contradictions(driver, dev, v, &now);
	} else {
		v->base = now;
		v->looks = 0;
	}
	v->stats = now;
	v->has_stats = true;
}

/* Interfaces */

static struct nooks_vitals *vitals_of(struct nooks_health *h, const struct net_device *dev)
{
	struct nooks_vitals *v;

	list_for_each_entry(v, &h->devices, list)
		if (v->ifindex == dev->ifindex)
			return v;
	v = kzalloc(sizeof(*v), GFP_KERNEL);
	if (!v)
		return NULL;
	v->ifindex = dev->ifindex;
	list_add(&v->list, &h->devices);
	return v;
}

static void forget_unseen(struct nooks_health *h)
{
	struct nooks_vitals *v, *next;

	list_for_each_entry_safe(v, next, &h->devices, list) {
		if (!v->seen) {
			list_del(&v->list);
			kfree(v);
		} else {
			v->seen = false;
		}
	}
}

/* Return: is one of them up, with a carrier? */
static bool look_at_interfaces(struct nooks_driver *driver)
{
	struct nooks_health *h = &driver->health;
	struct net_device *devices[DEVICES_MAX];
	unsigned int i, n, now = atomic_read(&changes);
	bool is_up = false;

	ASSERT_RTNL();
	n = nooks_netdevs(driver, devices, DEVICES_MAX);
	for (i = 0; i < n; i++) {
		struct nooks_vitals *v = vitals_of(h, devices[i]);

		if (!v)
			continue;
		v->seen = true;
		is_up |= netif_running(devices[i]) && netif_carrier_ok(devices[i]);
		look_at_queues(driver, devices[i], v);
		look_at_stats(driver, devices[i], v, now != h->changes);
	}
	/* They may have other rings now. */
	if (now != h->changes)
		h->receiving_most = 0;
	h->changes = now;
	forget_unseen(h);
	return is_up;
}

/* Memory to receive to */

static unsigned int receiving(struct nooks_driver *driver)
{
	return atomic_read(&driver->health.receiving) + nooks_virtio_receiving(driver);
}

static void look_at_memory(struct nooks_driver *driver, bool is_up)
{
	struct nooks_health *h = &driver->health;
	unsigned int now = receiving(driver);

	/* Without a carrier what there is is what there is to begin with: it may be gone a second after. */
	h->receiving_most = is_up ? max(h->receiving_most, now) : now;
	if (h->receiving_most < RECEIVING_LEAST || now > DRY(h->receiving_most)) {
		h->starved = 0;
		return;
	}
	h->starved++;
	h->nr_starved++;
	if (too_many(READ_ONCE(h->starved_seconds), h->starved))
		nooks_fail_driver(driver, NULL, NOOKS_STARVED, 0, "%u buffers to receive to for %u s, of %u", now, h->starved,
				  h->receiving_most);
}

/* Devices */

static void look_at_devices(struct nooks_driver *driver)
{
	struct nooks_health *h = &driver->health;
	char name[32];
	const char *why = nooks_bus_dead(driver, name, sizeof(name));

	if (!why) {
		h->dead = 0;
		return;
	}
	h->dead++;
	h->nr_dead++;
	if (too_many(READ_ONCE(h->dead_seconds), h->dead))
		nooks_fail_driver(driver, NULL, NOOKS_DEAD_DEVICE, 0, "%s: %s for %u s", name, why, h->dead);
}

/* It runs again: what was seen of it before says nothing. */
static void begin_anew(struct nooks_driver *driver)
{
	struct nooks_health *h = &driver->health;
	struct nooks_vitals *v;

	h->incarnation = READ_ONCE(driver->domain->incarnation);
	h->receiving_most = READ_ONCE(h->receiving_begun);
	h->changes = READ_ONCE(h->changes_begun);
	h->starved = 0;
	h->dead = 0;
	list_for_each_entry(v, &h->devices, list) {
		v->stuck = 0;
		v->quiet = 0;
		v->has_stats = false;
	}
}

static bool runs(const struct nooks_driver *driver)
{
	return READ_ONCE(driver->state) == NOOKS_RUNNING && READ_ONCE(driver->domain->open);
}

static void look(struct work_struct *work)
{
	struct nooks_driver *driver = container_of(to_delayed_work(work), struct nooks_driver, health.work);
	struct nooks_health *h = &driver->health;

	/* It has had no device. */
	if (!READ_ONCE(driver->unplug))
		goto out;
	/* Who holds it restarts the driver, or takes it away. */
	if (!mutex_trylock(&driver->lock))
		goto out;
	if (runs(driver)) {
		if (h->incarnation != READ_ONCE(driver->domain->incarnation))
			begin_anew(driver);
		look_at_devices(driver);
	}
	mutex_unlock(&driver->lock);
	/*
	 * Not with the driver's lock: it may be asked for its statistics, and wait, until recovery ends that. Who holds the other one
	 * may be in the driver, for long; there is always a next second.
	 */
	if (rtnl_trylock()) {
		bool is_up = false;

		if (runs(driver) && h->incarnation == READ_ONCE(driver->domain->incarnation))
			is_up = look_at_interfaces(driver);
		rtnl_unlock();
		if (runs(driver))
			look_at_memory(driver, is_up);
	}
out:
	nooks_health_start(driver);
}

/** nooks_health_init - of a new driver */
void nooks_health_init(struct nooks_driver *driver)
{
	driver->health.dead_seconds = NOOKS_DEAD_SECONDS;
	INIT_LIST_HEAD(&driver->health.devices);
	INIT_DELAYED_WORK(&driver->health.work, look);
}

/** nooks_health_start - begin to look at a driver, once a second. Any context. */
void nooks_health_start(struct nooks_driver *driver)
{
	queue_delayed_work(system_freezable_power_efficient_wq, &driver->health.work, HZ);
}

/** nooks_health_stop - no more, for good. May sleep; without the driver's lock, and without rtnl. */
void nooks_health_stop(struct nooks_driver *driver)
{
	cancel_delayed_work_sync(&driver->health.work);
	forget_unseen(&driver->health);		/* all, for each look leaves them so */
}

/** nooks_health_restarted - what users have said of "since it was started" begins anew. Under the driver's lock. */
void nooks_health_restarted(struct nooks_driver *driver)
{
	struct nooks_health *h = &driver->health;

	WRITE_ONCE(h->timeouts_before, atomic_long_read(&h->nr_tx_timeouts));
	WRITE_ONCE(h->lengths_before, atomic_long_read(&h->nr_bad_lengths));
	WRITE_ONCE(h->contradictions_before, atomic_long_read(&h->nr_contradictions));
	WRITE_ONCE(h->failed_before, atomic_long_read(&h->nr_failed_calls));
}

/** nooks_health_started - it has been restarted, and has its interfaces up again. May sleep; under the driver's lock. */
void nooks_health_started(struct nooks_driver *driver)
{
	struct nooks_health *h = &driver->health;

	/* The first look, up to a second later, may be too late to see what there was. */
	WRITE_ONCE(h->receiving_begun, receiving(driver));
	WRITE_ONCE(h->changes_begun, atomic_read(&changes));
}

int __init nooks_health_register(void)
{
	return register_netdevice_notifier(&notifier);
}

void nooks_health_unregister(void)
{
	unregister_netdevice_notifier(&notifier);
}
