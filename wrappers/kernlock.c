// SPDX-License-Identifier: GPL-2.0
/*
 * Locks of the kernel's own that drivers take by its functions: rtnl, the set of CPUs, all transmit
 * queues of a device. What a call into a driver leaves held is a failure, and is let go of.
 */
#include <linux/cpu.h>
#include <linux/netdevice.h>
#include <linux/rtnetlink.h>
#include <linux/slab.h>
#include "../nooks/driver.h"
#include "../nooks/symbols.h"
#include "../objtracker/instance.h"
#include "args.h"
#include "deadlock.h"
#include "generated.h"
#include "hold.h"
#include "net.h"

static struct task_struct *rtnl_holder(const void *unused)
{
	/* The low bits of a mutex' owner are flags. */
	return (struct task_struct *)(atomic_long_read(&nooks_sym.rtnl_mutex->owner) & ~7L);
}

/* Does this thread hold rtnl, for whomever? */
bool nooks_rtnl_held(void)
{
	return rtnl_holder(NULL) == current;
}

struct nooks_hold *nooks_hold_new(struct nooks_crossing *x, enum hold_kind kind, gfp_t gfp,
				  const char *fn)
{
	struct nooks_hold *hold = kzalloc(sizeof(*hold), gfp);

	if (hold)
		hold->kind = kind;
	else
		nooks_fail(x, NOOKS_OUT_OF_RESOURCES, 0, "%s: no memory to hold it", fn);
	return hold;
}

static void hold_end(struct nooks_hold *hold)
{
	list_del(&hold->list);
	kfree(hold);
}

/* Take rtnl with @take; what it says goes to the driver. */
static int rtnl_take(struct nooks_crossing *x, int (*take)(struct nooks_crossing *x), const char *fn)
{
	struct nooks_hold *hold;
	int ret;

	if (!nooks_may_sleep(x, fn))
		return 0;
	if (nooks_rtnl_held()) {
		nooks_fail(x, NOOKS_BAD_ARGUMENT, 0, "%s: this thread holds rtnl already", fn);
		return 0;
	}
	hold = nooks_hold_new(x, HOLD_RTNL, GFP_KERNEL, fn);
	if (!hold)
		return 0;
	ret = take(x);
	if (!nooks_rtnl_held()) {
		kfree(hold);
		return ret;
	}
	list_add(&hold->list, &x->held);
	return ret;
}

static int take_rtnl(struct nooks_crossing *x)
{
	nooks_wait_begin(x, rtnl_holder, NULL);
	rtnl_lock();
	nooks_wait_end(x);
	return 0;
}

static int try_rtnl(struct nooks_crossing *x)
{
	return rtnl_trylock();
}

/* void rtnl_lock(void) */
NOOKS_WRAPPER(rtnl_lock)
{
	rtnl_take(x, take_rtnl, "rtnl_lock");
	return 0;
}

/* int rtnl_trylock(void) */
NOOKS_WRAPPER(rtnl_trylock)
{
	/* Where a driver asks because the caller may hold it, the answer is no. */
	return nooks_rtnl_held() ? 0 : rtnl_take(x, try_rtnl, "rtnl_trylock");
}

static struct nooks_hold *find_kind(struct nooks_crossing *x, enum hold_kind kind)
{
	struct nooks_hold *hold;

	list_for_each_entry(hold, &x->held, list)
		if (hold->kind == kind)
			return hold;
	return NULL;
}

/* What this call is about to let go of; NULL: it may not, and its domain has failed. */
static struct nooks_hold *find_held(struct nooks_crossing *x, enum hold_kind kind, const char *fn)
{
	struct nooks_hold *hold = find_kind(x, kind);

	if (!hold)
		nooks_fail(x, NOOKS_BAD_ARGUMENT, 0, "%s: this call does not hold it", fn);
	return hold && nooks_may_sleep(x, fn) ? hold : NULL;
}

static void rtnl_drop(struct nooks_hold *hold)
{
	hold_end(hold);
	rtnl_unlock();
}

/* void rtnl_unlock(void): not if the kernel holds it for the driver */
NOOKS_WRAPPER(rtnl_unlock)
{
	struct nooks_hold *hold = find_held(x, HOLD_RTNL, "rtnl_unlock");

	if (hold)
		rtnl_drop(hold);
	return 0;
}

bool nooks_cpus_held(struct nooks_crossing *x)
{
	return find_kind(x, HOLD_CPUS);
}

bool nooks_may_take_cpus(struct nooks_crossing *x, const char *fn)
{
	return nooks_may_sleep(x, fn) &&
	       nooks_arg_require(x, !nooks_cpus_held(x), fn, "this call does not hold the CPUs");
}

/* void cpus_read_lock(void): no CPU comes or goes */
NOOKS_WRAPPER(cpus_read_lock)
{
	static const char fn[] = "cpus_read_lock";
	struct nooks_hold *hold;

	if (!nooks_may_take_cpus(x, fn))
		return 0;
	hold = nooks_hold_new(x, HOLD_CPUS, GFP_KERNEL, fn);
	if (!hold)
		return 0;
	cpus_read_lock();
	list_add(&hold->list, &x->held);
	return 0;
}

static void cpus_drop(struct nooks_hold *hold)
{
	hold_end(hold);
	cpus_read_unlock();
}

/* void cpus_read_unlock(void) */
NOOKS_WRAPPER(cpus_read_unlock)
{
	struct nooks_hold *hold = find_held(x, HOLD_CPUS, "cpus_read_unlock");

	if (hold)
		cpus_drop(hold);
	return 0;
}

/*
 * All transmit queues of a device: as the kernel's netif_tx_lock(), which can't be called, for it would
 * spin for ever if the driver's other threads don't let go. Natively, too, it is one at a time who
 * holds a device's queues, and a queue that is frozen is locked for a moment only.
 */

/* __acquire() is for sparse, which does not see that these take anything. */
static bool try_global(struct net_device *dev, struct netdev_queue *unused)
{
	return _raw_spin_trylock(&dev->tx_global_lock.rlock);
}

/* As __netif_tx_trylock(). */
static bool try_queue(struct net_device *unused, struct netdev_queue *queue)
{
	if (!_raw_spin_trylock(&queue->_xmit_lock.rlock))
		return false;
	WRITE_ONCE(queue->xmit_lock_owner, smp_processor_id());
	return true;
}

/* Spin until it is taken. Not if the domain has failed, maybe only now and because of that. */
static bool spin(struct nooks_crossing *x, struct net_device *dev, struct netdev_queue *queue,
		 bool (*try)(struct net_device *dev, struct netdev_queue *queue), const char *fn)
{
	u64 start = nooks_spin_clock();

	while (!try(dev, queue)) {
		if (nooks_crossing_stale(x))
			return false;
		if (queue && READ_ONCE(queue->xmit_lock_owner) == smp_processor_id()) {
			nooks_fail(x, NOOKS_BAD_ARGUMENT, (unsigned long)dev,
				   "%s: this CPU holds a queue already", fn);
			return false;
		}
		if (nooks_spun_out(start)) {
			nooks_fail(x, NOOKS_TIMEOUT, (unsigned long)dev,
				   "%s: its holder does not let go", fn);
			return false;
		}
		cpu_relax();
	}
	return true;
}

/* With the lock of them all held: keep the kernel from each queue, or from none. */
static bool freeze_queues(struct nooks_crossing *x, struct net_device *dev, const char *fn)
{
	unsigned int i, n = dev->num_tx_queues;

	for (i = 0; i < n; i++) {
		struct netdev_queue *queue = netdev_get_tx_queue(dev, i);

		if (!spin(x, dev, queue, try_queue, fn))
			break;
		set_bit(__QUEUE_STATE_FROZEN, &queue->state);
		__acquire(&queue->_xmit_lock);
		__netif_tx_unlock(queue);
	}
	if (i == n)
		return true;
	while (i--)
		clear_bit(__QUEUE_STATE_FROZEN, &netdev_get_tx_queue(dev, i)->state);
	return false;
}

static struct nooks_hold *find_transmit(struct nooks_crossing *x, const struct net_device *dev)
{
	struct nooks_hold *hold;

	list_for_each_entry(hold, &x->held, list)
		if (hold->kind == HOLD_TRANSMIT && hold->dev == dev)
			return hold;
	return NULL;
}

/* void netif_tx_lock(struct net_device *dev) */
NOOKS_WRAPPER(netif_tx_lock)
{
	static const char fn[] = "netif_tx_lock";
	struct net_device *dev = (struct net_device *)a0;
	struct nooks_hold *hold;

	if (!nooks_arg_object(x, dev, NOOKS_TYPE_net_device, false, fn, "dev") ||
	    !nooks_arg_require(x, !in_hardirq(), fn, "not in a hard interrupt") ||
	    !nooks_arg_require(x, in_softirq() || irqs_disabled(), fn,
			       "softirqs are off, which take this lock") ||
	    !nooks_arg_require(x, rcu_access_pointer(netdev_get_tx_queue(dev, 0)->qdisc), fn,
			       "dev has been registered") ||
	    !nooks_arg_require(x, !find_transmit(x, dev), fn, "this call does not hold it"))
		return 0;
	hold = nooks_hold_new(x, HOLD_TRANSMIT, GFP_ATOMIC, fn);
	if (!hold)
		return 0;
	hold->dev = dev;
	preempt_disable();
	if (!spin(x, dev, NULL, try_global, fn)) {
		kfree(hold);
	} else if (!freeze_queues(x, dev, fn)) {
		__acquire(&dev->tx_global_lock);
		spin_unlock(&dev->tx_global_lock);
		kfree(hold);
	} else {
		list_add(&hold->list, &x->held);
	}
	preempt_enable();
	return 0;
}

void nooks_transmit_drop(struct nooks_hold *hold)
{
	struct net_device *dev = hold->dev;

	hold_end(hold);
	netif_tx_unlock(dev);
}

/* void netif_tx_unlock(struct net_device *dev) */
NOOKS_WRAPPER(netif_tx_unlock)
{
	struct nooks_hold *hold = find_transmit(x, (struct net_device *)a0);

	if (hold)
		nooks_transmit_drop(hold);
	else
		nooks_fail(x, NOOKS_BAD_ARGUMENT, a0, "netif_tx_unlock: this call does not hold it");
	return 0;
}

/**
 * nooks_rtnl_release - release rtnl, the CPUs and mounts, if a call into a driver has left them behind
 * @x: its crossing, ended or unwound, after nooks_crossing_restore()
 *
 * Not with the other locks: who releases rtnl does what has piled up meanwhile, and may sleep. Context: the
 * thread of the crossing, which was able to sleep when the driver took it.
 */
void nooks_rtnl_release(struct nooks_crossing *x)
{
	struct nooks_hold *cpus = find_kind(x, HOLD_CPUS), *rtnl = find_kind(x, HOLD_RTNL);
	struct nooks_hold *mount = find_kind(x, HOLD_MOUNT);

	if ((!cpus && !rtnl && !mount) || WARN_ON_ONCE(nooks_is_atomic()))
		return;
	for (; mount; mount = find_kind(x, HOLD_MOUNT))
		nooks_mount_drop(mount);
	if (cpus)
		cpus_drop(cpus);
	if (rtnl)
		rtnl_drop(rtnl);
}
