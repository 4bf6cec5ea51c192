// SPDX-License-Identifier: GPL-2.0
/*
 * The life of net devices.
 *
 * The kernel allocates a net_device and the driver's private area in one block. Here the block is
 * laid out so that the private area starts on a page of its own: the driver may write that, while
 * the net_device stays the kernel's, which the driver can only read.
 */
#define pr_fmt(fmt) "nooks: " fmt
#include <linux/etherdevice.h>
#include <linux/ftrace.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/rtnetlink.h>
#include <linux/sched/task_stack.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include "../nooks/compat.h"
#include "devres.h"
#include "generated.h"
#include "net.h"
#include "netpark.h"
#include "walk.h"

/* From a net_device to its private area, and what alloc_netdev_mqs() asks for in all. */
#ifdef HAVE_net_device_padded
#define NETDEV_BYTES	ALIGN(sizeof(struct net_device), NETDEV_ALIGN)
#define BLOCK_BYTES(private) \
	(((private) ? NETDEV_BYTES + (private) : sizeof(struct net_device)) + NETDEV_ALIGN - 1)
#else
#define NETDEV_BYTES	offsetof(struct net_device, priv)
#define BLOCK_BYTES(private) struct_size((struct net_device *)NULL, priv, private)
#endif
static_assert(NETDEV_BYTES <= PAGE_SIZE);

#define MAX_PRIVATE	SZ_1M
#define MAX_QUEUES	4096

static void netdev_release(struct nooks_object *object);
static void private_release(struct nooks_object *object);

/* data[1]: it is being registered, or has been. */
static const struct nooks_object_class netdev_class = {
	.name = "net_device",
	.phase = NOOKS_PHASE_DEVICES,
	.release = netdev_release,
	.size = sizeof(struct nooks_object),
};

/*
 * The block of a net_device; starts where that does. It goes later than the registration: what
 * the driver has embedded in its private area, such as timers, is released before it. data[0]:
 * bytes of the private area.
 */
static const struct nooks_object_class private_class = {
	.name = "net_device memory",
	.phase = NOOKS_PHASE_MEMORY,
	.release = private_release,
	.size = sizeof(struct nooks_object),
};

static const struct nooks_object_class queue_class = {
	.name = "netdev_queue",
	.phase = NOOKS_PHASE_MEMORY,
	.size = sizeof(struct nooks_object),
};

/**
 * struct birth - a net_device in the making, on the stack of who makes it
 * @driver: for whom
 * @task: makes it; cleared when its block has been allocated
 * @bytes: of the block, as alloc_netdev_mqs() asks for them
 * @private: bytes of the private area
 * @stub: the driver's setup function, or NULL for ether_setup()
 * @error: why the domain can't have it
 */
struct birth {
	struct nooks_driver *driver;
	struct task_struct *task;
	size_t bytes;
	size_t private;
	struct nooks_stub *stub;
	int error;
};

/* Protects @birth, from before the call of alloc_netdev_mqs() until the block is allocated. */
static DEFINE_MUTEX(birth_mutex);
static struct birth *birth;

/* Stands in for kvmalloc_node() in alloc_netdev_mqs(). */
static void *place_netdev(NOOKS_KVMALLOC_PARAMS(size), gfp_t flags, int node)
{
	/* More than the largest kmalloc cache: whole pages. */
	size_t bytes = max_t(size_t, PAGE_SIZE + ALIGN(birth->private, PAGE_SIZE),
			     KMALLOC_MAX_CACHE_SIZE + 1);
	void *block = kmalloc_node(bytes, flags | __GFP_NOWARN, node);

	return block ? block + PAGE_SIZE - NETDEV_BYTES : NULL;
}

/* kvmalloc_node() is called, by anyone. */
static void notrace interpose(unsigned long ip, unsigned long parent_ip, struct ftrace_ops *op,
			      struct ftrace_regs *fregs)
{
	struct birth *b = READ_ONCE(birth);
	struct pt_regs *regs;

	/* If it is not the current task's own, it may be gone already: compare, don't follow. */
	if (likely(!b) || (void *)b < task_stack_page(current) ||
	    (void *)b >= task_stack_page(current) + THREAD_SIZE || b->task != current)
		return;
	regs = ftrace_get_regs(fregs);
	if (!regs || regs->di != b->bytes)
		return;
	b->task = NULL;
	ftrace_regs_set_instruction_pointer(fregs, (unsigned long)place_netdev);
}

static struct ftrace_ops interpose_ops = {
	.func = interpose,
	.flags = FTRACE_OPS_FL_SAVE_REGS | FTRACE_OPS_FL_IPMODIFY | FTRACE_OPS_FL_PERMANENT,
};

/* Make a device known to its driver's domain, which may write the private area from now on. */
static int give(struct nooks_driver *driver, struct net_device *dev, size_t private)
{
	struct nooks_object *object;

	object = nooks_object_add(driver, &private_class, dev, sizeof(*dev), NOOKS_TYPE_none,
				  GFP_KERNEL);
	if (!object)
		return -ENOMEM;
	object->data[0] = private;
	if (!nooks_object_add(driver, &netdev_class, dev, sizeof(*dev), NOOKS_TYPE_net_device,
			      GFP_KERNEL))
		return -ENOMEM;
	return private ? nooks_grant_write(driver->domain, netdev_priv(dev), private, GFP_KERNEL) : 0;
}

static int give_newborn(struct birth *b, struct net_device *dev)
{
	if (!PAGE_ALIGNED(netdev_priv(dev))) {
		pr_err_once("kvmalloc_node() was not interposed: net devices can't be isolated\n");
		return -EOPNOTSUPP;
	}
#ifdef HAVE_net_device_padded
	/* The kernel frees what lies @padded bytes before the device: the block. */
	dev->padded = PAGE_SIZE - NETDEV_BYTES;
#endif
	return give(b->driver, dev, b->private);
}

/* What alloc_netdev_mqs() calls as the setup function, with birth_mutex held. */
static void setup_netdev(struct net_device *dev)
{
	unsigned long args[6] = { (unsigned long)dev }, ret;
	struct birth *b = birth;

	WRITE_ONCE(birth, NULL);
	mutex_unlock(&birth_mutex);
	b->error = give_newborn(b, dev);
	/* A driver's setup may call ether_setup() and change what that has set. */
	if (!b->error && b->stub)
		nooks_call_stub(b->stub, args, &ret);
	else
		ether_setup(dev);
}

/* The driver, or nobody any more, knows the device; what is left is memory. May sleep. */
static void forget_netdev(struct nooks_driver *driver, struct net_device *dev)
{
	unsigned int i;

	nooks_napi_forget(driver, dev);
	for (i = 0; dev->_tx && i < dev->num_tx_queues; i++)
		nooks_untrack(driver, &queue_class, &dev->_tx[i]);
}

void nooks_netdev_free(struct net_device *dev)
{
	LIST_HEAD(settings);

	nooks_settings_take(dev, &settings);
	nooks_settings_free(&settings);
	nooks_netpark_remove(dev);
	free_netdev(dev);
}

static void free_private(struct nooks_driver *driver, struct net_device *dev, size_t private)
{
	if (private) {
		nooks_revoke(driver->domain, netdev_priv(dev), private);
		nooks_revoke_flush(driver->domain);
		nooks_objects_forget(driver, netdev_priv(dev), private);
	}
	if (!nooks_netpark_parked(dev))
		nooks_netdev_free(dev);
}

static int add_queues(struct nooks_driver *driver, struct net_device *dev)
{
	unsigned int i;

	for (i = 0; i < dev->num_tx_queues; i++)
		if (!nooks_object_add(driver, &queue_class, &dev->_tx[i], sizeof(dev->_tx[i]),
				      NOOKS_TYPE_netdev_queue, GFP_KERNEL))
			return -ENOMEM;
	return 0;
}

static void destroy_netdev(struct nooks_driver *driver, struct net_device *dev)
{
	struct nooks_object *object = nooks_object_remove(driver, &private_class, dev);
	size_t private = object ? object->data[0] : 0;

	if (object)
		nooks_object_free(object);
	nooks_untrack(driver, &netdev_class, dev);
	forget_netdev(driver, dev);
	nooks_netpark_return(dev);
	free_private(driver, dev, private);
}

static struct net_device *make_netdev(struct nooks_driver *driver, struct nooks_stub *stub,
				      size_t private, const char *name, u8 assign_type,
				      unsigned int txqs, unsigned int rxqs)
{
	struct birth b = {
		.driver = driver,
		.task = current,
		.bytes = BLOCK_BYTES(private),
		.private = private,
		.stub = stub,
	};
	unsigned long ret;
	struct net_device *dev = nooks_netpark_adopt(driver, private, txqs, rxqs);

	if (dev) {
		b.error = give(driver, dev, private);
		if (!b.error && stub)
			nooks_call_stub(stub, (unsigned long [6]){ (unsigned long)dev }, &ret);
		goto made;
	}
	mutex_lock(&birth_mutex);
	WRITE_ONCE(birth, &b);
	dev = alloc_netdev_mqs(private, name, assign_type, setup_netdev, txqs, rxqs);
	if (READ_ONCE(birth) == &b) {	/* it has failed before it came to the setup */
		WRITE_ONCE(birth, NULL);
		mutex_unlock(&birth_mutex);
	}
	if (!dev)
		return NULL;
	nooks_netpark_add(driver, dev, private, txqs, rxqs);
made:
	if (b.error || add_queues(driver, dev)) {
		destroy_netdev(driver, dev);
		return NULL;
	}
	return dev;
}

static bool check_sizes(struct nooks_crossing *x, int private, unsigned int txqs, unsigned int rxqs,
			const char *fn)
{
	return nooks_may_sleep(x, fn) &&
	       nooks_arg_range(x, private, 0, MAX_PRIVATE, fn, "sizeof_priv") &&
	       nooks_arg_range(x, txqs, 0, MAX_QUEUES, fn, "txqs") &&
	       nooks_arg_range(x, rxqs, 0, MAX_QUEUES, fn, "rxqs");
}

/* alloc_etherdev_mqs(int sizeof_priv, unsigned int txqs, unsigned int rxqs) */
NOOKS_WRAPPER(alloc_etherdev_mqs)
{
	if (!check_sizes(x, a0, a1, a2, "alloc_etherdev_mqs"))
		return 0;
	return (unsigned long)make_netdev(nooks_driver_of(x), NULL, (int)a0, "eth%d", NET_NAME_ENUM,
					  a1, a2);
}

/* alloc_netdev_mqs(int sizeof_priv, name, unsigned char assign_type, setup, txqs, rxqs) */
NOOKS_WRAPPER(alloc_netdev_mqs)
{
	struct nooks_driver *driver = nooks_driver_of(x);
	struct nooks_stub *stub = NULL;
	char name[IFNAMSIZ];

	if (!check_sizes(x, a0, a4, a5, "alloc_netdev_mqs") ||
	    !nooks_arg_string(x, (char *)a1, IFNAMSIZ, false, "alloc_netdev_mqs", "name"))
		return 0;
	strscpy(name, (char *)a1, sizeof(name));
	if (a3 != (unsigned long)ether_setup) {
		stub = nooks_stub_find(driver, (void *)a3);
		if (!stub) {
			nooks_fail(x, NOOKS_BAD_ARGUMENT, a3,
				   "alloc_netdev_mqs: setup is no function of the driver");
			return 0;
		}
	}
	return (unsigned long)make_netdev(driver, stub, (int)a0, name, a2, a4, a5);
}

/* As its driver knows it: one that it has adopted it has not registered yet. */
static int registration(const struct net_device *dev)
{
	return nooks_netpark_adopted(dev) ? NETREG_UNINITIALIZED : READ_ONCE(dev->reg_state);
}

/* free_netdev(struct net_device *dev) */
NOOKS_WRAPPER(free_netdev)
{
	struct nooks_driver *driver = nooks_driver_of(x);
	struct net_device *dev = (struct net_device *)a0;

	if (!nooks_may_sleep(x, "free_netdev") ||
	    !nooks_arg_object(x, dev, NOOKS_TYPE_net_device, false, "free_netdev", "dev"))
		return 0;
	switch (registration(dev)) {
	case NETREG_UNINITIALIZED:
	case NETREG_UNREGISTERED:
	case NETREG_UNREGISTERING:	/* the kernel frees it later */
		break;
	default:
		nooks_fail(x, NOOKS_BAD_ARGUMENT, a0, "free_netdev: %.16s is registered",
			   dev->name);
		return 0;
	}
	if (!nooks_object_find(driver, &netdev_class, dev)) {
		nooks_fail(x, NOOKS_BAD_ARGUMENT, a0, "free_netdev: not allocated by this driver");
		return 0;
	}
	destroy_netdev(driver, dev);
	return 0;
}

static void undo_alloc(struct nooks_driver *driver, void *dev)
{
	if (nooks_netdev_known(driver, dev))
		destroy_netdev(driver, dev);
}

/* struct net_device *devm_alloc_etherdev_mqs(struct device *dev, int sizeof_priv, txqs, rxqs) */
NOOKS_WRAPPER(devm_alloc_etherdev_mqs)
{
	static const char fn[] = "devm_alloc_etherdev_mqs";
	struct nooks_driver *driver = nooks_driver_of(x);
	struct net_device *dev;

	if (!check_sizes(x, a1, a2, a3, fn) ||
	    !nooks_arg_object(x, (void *)a0, NOOKS_TYPE_device, false, fn, "dev"))
		return 0;
	dev = make_netdev(driver, NULL, (int)a1, "eth%d", NET_NAME_ENUM, a2, a3);
	if (!dev || nooks_devres_add(driver, (struct device *)a0, undo_alloc, dev))
		return (unsigned long)dev;
	destroy_netdev(driver, dev);
	return 0;
}

bool nooks_netdev_known(struct nooks_driver *driver, const struct net_device *dev)
{
	return dev && nooks_object_find(driver, &netdev_class, dev);
}

unsigned int nooks_netdevs(struct nooks_driver *driver, struct net_device **devices, unsigned int max)
{
	struct nooks_object *object;
	unsigned long flags;
	unsigned int n = 0;

	ASSERT_RTNL();
	/* It is in the table until it is freed, and who holds rtnl keeps it registered. */
	raw_spin_lock_irqsave(&driver->objects.lock, flags);
	nooks_for_each_object(object, driver, &netdev_class) {
		struct net_device *dev = (struct net_device *)object->start;

		if (n < max && dev->reg_state == NETREG_REGISTERED)
			devices[n++] = dev;
	}
	raw_spin_unlock_irqrestore(&driver->objects.lock, flags);
	return n;
}

bool nooks_netdev_registering(struct nooks_driver *driver, const struct net_device *dev)
{
	struct nooks_object *object = nooks_object_find(driver, &netdev_class, dev);

	return object && READ_ONCE(object->data[1]);
}

bool nooks_netdev_check(struct nooks_crossing *x, const struct net_device *seen, const char *fn)
{
	if (strnlen(seen->name, IFNAMSIZ) == IFNAMSIZ || seen->addr_len > MAX_ADDR_LEN ||
	    seen->priv_destructor) {
		nooks_fail(x, NOOKS_BAD_ARGUMENT, (unsigned long)seen,
			   "%s: bad name, addr_len or priv_destructor", fn);
		return false;
	}
	return nooks_arg_ops(x, seen->netdev_ops, NOOKS_OPS_net_device_ops, false, fn,
			     "netdev_ops") &&
	       nooks_arg_require(x, seen->netdev_ops->ndo_start_xmit, fn, "there is an ndo_start_xmit") &&
	       nooks_arg_require(x, !nooks_netdev_features_wrong(seen->netdev_ops,
								 seen->features | seen->hw_features),
				 fn, "features are offered to domains, and have their functions") &&
	       nooks_arg_ops(x, seen->ethtool_ops, NOOKS_OPS_ethtool_ops, false, fn,
			     "ethtool_ops") &&
	       nooks_arg_ops(x, seen->header_ops, NOOKS_OPS_header_ops, true, fn, "header_ops") &&
	       nooks_arg_object(x, seen->dev.parent, NOOKS_TYPE_device, true, fn, "dev.parent");
}

/* Can it be registered, as far as is known without a look into it? */
static bool check_netdev(struct nooks_crossing *x, struct net_device *dev, const char *fn)
{
	if (!nooks_may_sleep(x, fn))
		return false;
	if (!nooks_netdev_known(nooks_driver_of(x), dev)) {
		nooks_fail(x, NOOKS_BAD_ARGUMENT, (unsigned long)dev,
			   "%s: no net_device of this driver", fn);
		return false;
	}
	if (registration(dev) != NETREG_UNINITIALIZED) {
		nooks_fail(x, NOOKS_BAD_ARGUMENT, (unsigned long)dev,
			   "%s: %.16s has been registered before", fn, dev->name);
		return false;
	}
	return true;
}

/* A device that check_netdev() likes; of a restarted driver it may be registered already. */
static int do_register(struct nooks_crossing *x, struct net_device *dev,
		       int (*how)(struct net_device *dev), const char *fn)
{
	struct nooks_object *object;
	int ret = -EINVAL;

	if (nooks_netpark_adopted(dev))
		return nooks_netpark_register(x, dev, fn) ? 0 : -EINVAL;
	object = nooks_object_get(nooks_driver_of(x), &netdev_class, dev);
	if (!object)
		return -EINVAL;
	/* From the check on, for the driver is called before the device counts as registered. */
	WRITE_ONCE(object->data[1], true);
	if (nooks_netdev_check(x, dev, fn)) {
		nooks_netpark_note(dev);
		nooks_netstate_name(nooks_driver_of(x), dev);
		ret = how(dev);
	}
	if (ret)
		WRITE_ONCE(object->data[1], false);
	nooks_object_free(object);
	return ret;
}

/* The kernel would wait for a lock that the caller has, for ever. */
static bool check_no_rtnl(struct nooks_crossing *x, unsigned long dev, const char *fn)
{
	if (!nooks_rtnl_held())
		return true;
	nooks_fail(x, NOOKS_BAD_ARGUMENT, dev, "%s: this thread holds rtnl", fn);
	return false;
}

/* The caller, and not only somebody, has to hold rtnl. */
static bool check_rtnl(struct nooks_crossing *x, unsigned long dev, const char *fn)
{
	if (nooks_rtnl_held())
		return true;
	nooks_fail(x, NOOKS_BAD_ARGUMENT, dev, "%s: rtnl is not held", fn);
	return false;
}

/* register_netdev(struct net_device *dev) */
NOOKS_WRAPPER(register_netdev)
{
	struct net_device *dev = (struct net_device *)a0;

	if (!check_netdev(x, dev, "register_netdev") || !check_no_rtnl(x, a0, "register_netdev"))
		return 0;
	return do_register(x, dev, register_netdev, "register_netdev");
}

static void undo_register(struct nooks_driver *driver, void *dev)
{
	if (nooks_netdev_known(driver, dev) && registration(dev) == NETREG_REGISTERED)
		unregister_netdev(dev);
}

/* int devm_register_netdev(struct device *dev, struct net_device *ndev) */
NOOKS_WRAPPER(devm_register_netdev)
{
	static const char fn[] = "devm_register_netdev";
	struct nooks_driver *driver = nooks_driver_of(x);
	struct net_device *dev = (struct net_device *)a1;
	int ret;

	if (!nooks_arg_object(x, (void *)a0, NOOKS_TYPE_device, false, fn, "dev") ||
	    !check_netdev(x, dev, fn) || !check_no_rtnl(x, a1, fn))
		return 0;
	/* It must have been allocated by devm_alloc_etherdev(), so its note is older. */
	if (!nooks_devres_add(driver, (struct device *)a0, undo_register, dev))
		return -ENOMEM;
	ret = do_register(x, dev, register_netdev, fn);
	if (ret)
		nooks_devres_forget(driver, (struct device *)a0, undo_register, dev);
	return ret;
}

/* register_netdevice(struct net_device *dev) */
NOOKS_WRAPPER(register_netdevice)
{
	struct net_device *dev = (struct net_device *)a0;

	if (!check_netdev(x, dev, "register_netdevice") || !check_rtnl(x, a0, "register_netdevice"))
		return 0;
	return do_register(x, dev, register_netdevice, "register_netdevice");
}

static bool check_registered(struct nooks_crossing *x, struct net_device *dev, const char *fn)
{
	if (!nooks_may_sleep(x, fn))
		return false;
	if (nooks_netdev_known(nooks_driver_of(x), dev) && registration(dev) == NETREG_REGISTERED)
		return true;
	nooks_fail(x, NOOKS_BAD_ARGUMENT, (unsigned long)dev,
		   "%s: no registered net_device of this driver", fn);
	return false;
}

/* unregister_netdev(struct net_device *dev) */
NOOKS_WRAPPER(unregister_netdev)
{
	if (check_registered(x, (struct net_device *)a0, "unregister_netdev") &&
	    check_no_rtnl(x, a0, "unregister_netdev"))
		unregister_netdev((struct net_device *)a0);
	return 0;
}

/* unregister_netdevice_queue(struct net_device *dev, struct list_head *head) */
NOOKS_WRAPPER(unregister_netdevice_queue)
{
	static const char fn[] = "unregister_netdevice_queue";

	if (!check_registered(x, (struct net_device *)a0, fn) || !check_rtnl(x, a0, fn))
		return 0;
	if (a1)		/* the kernel would link the device into memory of the driver */
		nooks_fail(x, NOOKS_BAD_ARGUMENT, a1, "%s: a list of devices is not supported", fn);
	else
		unregister_netdevice_queue((struct net_device *)a0, NULL);
	return 0;
}

/* void dev_close(struct net_device *dev) */
NOOKS_WRAPPER(dev_close)
{
	if (check_registered(x, (struct net_device *)a0, "dev_close") &&
	    check_rtnl(x, a0, "dev_close"))
		dev_close((struct net_device *)a0);
	return 0;
}

/* int dev_alloc_name(struct net_device *dev, const char *name): one that came back has its name */
NOOKS_WRAPPER(dev_alloc_name)
{
	static const char fn[] = "dev_alloc_name";
	struct net_device *dev = (struct net_device *)a0;
	char name[IFNAMSIZ];

	if (!check_netdev(x, dev, fn) || !check_rtnl(x, a0, fn) ||
	    !nooks_arg_string(x, (char *)a1, sizeof(name), false, fn, "name") ||
	    nooks_netpark_adopted(dev))
		return 0;
	strscpy(name, (char *)a1, sizeof(name));
	return dev_alloc_name(dev, name);
}

/* Of a registered device, the number of queues changes under rtnl. */
static unsigned long set_queues(struct nooks_crossing *x, struct net_device *dev, unsigned int n,
				int (*set)(struct net_device *dev, unsigned int n), const char *fn)
{
	bool take;
	int ret;

	if (!nooks_may_take_cpus(x, fn) ||
	    !nooks_arg_object(x, dev, NOOKS_TYPE_net_device, false, fn, "dev") ||
	    (registration(dev) != NETREG_UNINITIALIZED && !check_rtnl(x, (unsigned long)dev, fn)))
		return 0;
	/* Who has not registered a device yet need not hold rtnl, which the kernel wants to see for a parked one. */
	take = nooks_netpark_adopted(dev) && !nooks_rtnl_held();
	if (take)
		rtnl_lock();
	ret = set(dev, n);
	if (take)
		rtnl_unlock();
	return ret;
}

/* int netif_set_real_num_tx_queues(struct net_device *dev, unsigned int txq) */
NOOKS_WRAPPER(netif_set_real_num_tx_queues)
{
	return set_queues(x, (struct net_device *)a0, a1, netif_set_real_num_tx_queues,
			  "netif_set_real_num_tx_queues");
}

/* int netif_set_real_num_rx_queues(struct net_device *dev, unsigned int rxq) */
NOOKS_WRAPPER(netif_set_real_num_rx_queues)
{
	return set_queues(x, (struct net_device *)a0, a1, netif_set_real_num_rx_queues,
			  "netif_set_real_num_rx_queues");
}

/* Recovery. NAPI instances are younger than their device: they are gone by now. */
static void netdev_release(struct nooks_object *object)
{
	struct net_device *dev = (struct net_device *)object->start;

	if (object->driver->restarting && nooks_netpark_park(dev)) {
		forget_netdev(object->driver, dev);
		return;
	}
	nooks_netstate_save(object->driver, dev);
	rtnl_lock();
	if (dev->reg_state == NETREG_REGISTERED)
		unregister_netdevice(dev);	/* closes it, too */
	rtnl_unlock();				/* waits until nobody refers to it */
	forget_netdev(object->driver, dev);
}

static void private_release(struct nooks_object *object)
{
	struct net_device *dev = (struct net_device *)object->start;

	free_private(object->driver, dev, object->data[0]);
}

/* Hook of what tells how a device's port is called: it is told, or there is nothing to tell. */
unsigned long nooks_r_get_phys_port(struct nooks_stub *stub, const struct nooks_role *role,
				    unsigned long *args)
{
	return (int)nooks_call_role(stub, role, args) ? role->fail : 0;
}

/* Hook of what is not offered in domains: the kernel is told so, and the driver is not asked. */
unsigned long nooks_r_refused(struct nooks_stub *stub, const struct nooks_role *role,
			      unsigned long *args)
{
	return role->fail;
}

/**
 * nooks_r_get_stats - the kernel asks for a device's counters and follows the pointer that it gets
 * @stub: of ndo_get_stats
 * @role: its role
 * @args: the device
 *
 * Return: what the driver has returned if it is the device's own or of the driver's memory;
 * otherwise the device's own.
 */
unsigned long nooks_r_get_stats(struct nooks_stub *stub, const struct nooks_role *role,
				unsigned long *args)
{
	struct nooks_driver *driver = (struct nooks_driver *)stub->domain;
	struct net_device *dev = (struct net_device *)args[0];
	unsigned long own = (unsigned long)&dev->stats, ret;

	if (nooks_call_stub(stub, args, &ret) != NOOKS_CALL_DONE || ret == own)
		return own;
	if (nooks_may_write(driver->domain, (void *)ret, sizeof(dev->stats)))
		return ret;
	nooks_fail_return(driver, stub, ret);
	return own;
}

/**
 * nooks_r_tx_timeout - the kernel finds that a transmit queue stands still
 * @stub: of ndo_tx_timeout
 * @role: its role
 * @args: device and queue
 *
 * Return: 0.
 */
unsigned long nooks_r_tx_timeout(struct nooks_stub *stub, const struct nooks_role *role,
				 unsigned long *args)
{
	struct nooks_crossing x;
	unsigned long ret;

	if (!nooks_call_begin(&x, stub))
		return 0;
	if (!nooks_silence_asked(&x) && !nooks_health_tx_timeout(&x))
		nooks_call_run(&x, NULL, args, &ret);
	nooks_call_end(&x);
	return 0;
}

void nooks_fail_return(struct nooks_driver *driver, const struct nooks_stub *stub, long value)
{
	nooks_fail_driver(driver, stub, NOOKS_BAD_RETURN, value, "%s may not return %ld",
			  (const char *)stub->name, value);
}

int __init nooks_net_init(void)
{
	int ret = ftrace_set_filter_ip(&interpose_ops, (unsigned long)NOOKS_KVMALLOC_NODE, 0, 0);

	if (!ret)
		ret = register_ftrace_function(&interpose_ops);
	if (ret)
		pr_err("can't hook kvmalloc_node() (%d): is kernel.ftrace_enabled 0?\n", ret);
	return ret;
}

void nooks_net_exit(void)
{
	unregister_ftrace_function(&interpose_ops);
	ftrace_free_filter(&interpose_ops);
}
