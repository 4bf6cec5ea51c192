// SPDX-License-Identifier: GPL-2.0
/*
 * A driver that does what no driver may: one access, chosen by parameters. The same file runs in
 * a domain, where the attack must fail, and natively, where it must do its damage. The addresses
 * of the kernel's and of other drivers' memory come from /proc/kallsyms.
 */
#define pr_fmt(fmt) "attacker: " fmt
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/etherdevice.h>
#include <linux/ip.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/netdevice.h>
#include <linux/ptrace.h>
#include <linux/rcupdate.h>
#include <linux/rtnetlink.h>
#include <linux/sched/task_stack.h>
#include <linux/skbuff.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/timer.h>
#include <linux/udp.h>
#include <linux/vmalloc.h>
#include <linux/workqueue.h>
#include <net/flow_dissector.h>
#include <asm/tsc.h>

static char *attack = "none";
module_param(attack, charp, 0444);
MODULE_PARM_DESC(attack, "what to do: a name from the list in this file, or none");

static unsigned long addr;
module_param(addr, ulong, 0444);
MODULE_PARM_DESC(addr, "what to read, write, jump to, free or use as a stack");

static unsigned long value;
module_param(value, ulong, 0444);
MODULE_PARM_DESC(value, "what to write, as a long");

static char *when = "init";
module_param(when, charp, 0444);
MODULE_PARM_DESC(when, "init, timer or work");

#define DELAY	(HZ / 5)	/* of timer and work: init is to have returned */

static void on_timer(struct timer_list *unused);
static void on_work(struct work_struct *unused);
static DEFINE_TIMER(timer, on_timer);
static DECLARE_DELAYED_WORK(work, on_work);

static bool balanced = true;	/* what the attack has taken, it has given back */

static noinline void write_to(unsigned long p)
{
	*(volatile unsigned long *)p = value;
	pr_info("%lx written, now %lx\n", p, READ_ONCE(*(unsigned long *)p));
}

static noinline void jump_to(unsigned long p)
{
	((void (*)(void))p)();
}

static void attack_write(void)
{
	write_to(addr);
}

static void attack_read(void)
{
	pr_info("%lx holds %lx\n", addr, READ_ONCE(*(unsigned long *)addr));
}

static void attack_jump(void)
{
	jump_to(addr);
}

static void attack_null(void)
{
	value = *(volatile unsigned long *)16;
}

static void attack_undefined(void)
{
	asm volatile("ud2");
}

/* A list of its own that it has spoilt: the kernel's own check of that finds it. */
static void attack_list(void)
{
	static struct list_head first, second, third;
	static LIST_HEAD(list);

	list_add(&first, &list);
	WRITE_ONCE(list.next, &second);
	list_add(&third, &list);
}

static noinline int overflow(int n)
{
	volatile char frame[512];

	frame[0] = n;
	return n < 1000000 ? overflow(n + 1) + frame[0] : frame[0];
}

static void attack_overflow(void)
{
	value = overflow(0);
}

static void attack_stack(void)
{
	asm volatile("mov %0, %%rsp; push %%rax" : : "r"(addr) : "memory");
}

static void attack_use_after_free(void)
{
	void *p = kmalloc(65536, GFP_ATOMIC);

	kfree(p);
	OPTIMIZER_HIDE_VAR(p);
	mdelay(200);		/* a domain's freed pages are taken away by a work item */
	memset(p, 0xa5, 65536);
}

static void attack_double_free(void)
{
	void *p = kmalloc(64, GFP_ATOMIC), *again = p;

	OPTIMIZER_HIDE_VAR(again);
	kfree(p);
	kfree(again);
}

static void attack_free(void)
{
	kfree((void *)addr);
}

static void attack_heap_jump(void)
{
	u8 *p = kmalloc(64, GFP_ATOMIC);

	memset(p, 0xc3, 64);	/* ret */
	jump_to((unsigned long)p);
	kfree(p);
}

/* Below the red zone of the stack of the process that loads us. */
static unsigned long user_address(void)
{
	return (task_pt_regs(current)->sp & ~7UL) - 256;
}

static void attack_user_write(void)
{
	write_to(user_address());
}

static void attack_user_jump(void)
{
	jump_to(task_pt_regs(current)->ip);
}

static void attack_own_text(void)
{
	unsigned long p;

	asm("lea 0f(%%rip), %0; 0:" : "=r"(p));
	write_to(p);
}

/* In a domain, a function's address is that of its entry stub; natively this is text, too. */
static void attack_own_stub(void)
{
	write_to((unsigned long)on_timer);
}

/* The stub's descriptor, as its first instruction has it (nooks/abi.h). */
static void attack_own_table(void)
{
	unsigned long stub = (unsigned long)on_timer;

	OPTIMIZER_HIDE_VAR(stub);	/* or the address is that of an instruction in on_timer() */
	write_to(*(int *)(stub + 3));
}

static void attack_own_module(void)
{
	write_to((unsigned long)&THIS_MODULE->exit);
}

static DEFINE_SPINLOCK(spinlock);
static DEFINE_MUTEX(mutex);

static void attack_lock_left(void)
{
	spin_lock(&spinlock);
	balanced = false;
}

/* Natively that CPU is lost. */
static void attack_lock_twice(void)
{
	spin_lock(&spinlock);
	spin_lock(&spinlock);
	spin_unlock(&spinlock);
}

static bool looping;

static void loop_locked(struct work_struct *unused)
{
	unsigned long flags;

	spin_lock_irqsave(&spinlock, flags);
	WRITE_ONCE(looping, true);
	for (;;)
		cpu_relax();
}

static void wait_for_lock(struct work_struct *unused)
{
	unsigned long flags;

	while (!READ_ONCE(looping))
		cpu_relax();
	spin_lock_irqsave(&spinlock, flags);
	spin_unlock_irqrestore(&spinlock, flags);
}

static DECLARE_WORK(looper, loop_locked);
static DECLARE_WORK(waiter, wait_for_lock);

/* The first two CPUs have interrupts off from then on: one loops, the other waits for it. Natively nothing else happens any more. */
static void attack_lock_loop(void)
{
	balanced = false;
	schedule_work_on(1, &looper);
	schedule_work_on(0, &waiter);
}

/* Threads that wait for each other. Natively they do so for ever, with what they hold: here rtnl. */
static DEFINE_MUTEX(mine);
static DEFINE_MUTEX(yours);
static DECLARE_COMPLETION(begun);

static void take_rtnl(struct work_struct *unused)
{
	complete(&begun);
	rtnl_lock();
	rtnl_unlock();
}

static void take_mutexes(struct work_struct *unused)
{
	mutex_lock(&yours);
	complete(&begun);
	mutex_lock(&mine);
	mutex_unlock(&mine);
	mutex_unlock(&yours);
}

static DECLARE_WORK(rtnl_taker, take_rtnl);
static DECLARE_WORK(mutex_taker, take_mutexes);

static void attack_cancel_deadlock(void)
{
	rtnl_lock();
	schedule_work(&rtnl_taker);
	wait_for_completion(&begun);
	cancel_work_sync(&rtnl_taker);
	rtnl_unlock();
}

static void attack_flush_deadlock(void)
{
	struct workqueue_struct *queue = alloc_workqueue("attacker", 0, 0);

	rtnl_lock();
	queue_work(queue, &rtnl_taker);
	wait_for_completion(&begun);
	flush_workqueue(queue);
	rtnl_unlock();
	destroy_workqueue(queue);
}

static void attack_mutex_deadlock(void)
{
	rtnl_lock();
	mutex_lock(&mine);
	schedule_work(&mutex_taker);
	wait_for_completion(&begun);
	mutex_lock(&yours);
	mutex_unlock(&yours);
	mutex_unlock(&mine);
	rtnl_unlock();
}

/* It fails in a timer, while its init, say, sleeps until that does something. */
static void fail_soon(struct timer_list *unused)
{
	write_to(16);
	complete(&begun);
}

static DEFINE_TIMER(failer, fail_soon);

static void attack_asleep(void)
{
	mod_timer(&failer, jiffies + DELAY);
	wait_for_completion(&begun);
}

/* Each of these calls is short, and none of them gives way to others. */
static void attack_call_loop(void)
{
	for (;;)
		del_timer(&timer);
}

static void attack_lock_not_held(void)
{
	spin_unlock(&spinlock);
}

/* Where there is no memory. */
static void attack_lock_nowhere(void)
{
	spin_lock((spinlock_t *)(value & ~0xfful));
}

/* More at a time than anybody ought to. */
static void attack_locks_held(void)
{
	static spinlock_t many[32];
	int i;

	for (i = 0; i < ARRAY_SIZE(many); i++) {
		spin_lock_init(&many[i]);
		spin_lock(&many[i]);
	}
	for (i = 0; i < ARRAY_SIZE(many); i++)
		spin_unlock(&many[i]);
}

static void attack_mutex_left(void)
{
	mutex_lock(&mutex);
	balanced = false;
}

static void attack_softirqs_left(void)
{
	local_bh_disable();
	balanced = false;
}

static void attack_preemption_left(void)
{
	preempt_disable();
	balanced = false;
}

static void attack_interrupts_left(void)
{
	local_irq_disable();
	balanced = false;
}

static void attack_rcu_left(void)
{
	rcu_read_lock();
	balanced = false;
}

static void attack_rtnl_left(void)
{
	rtnl_lock();
	balanced = false;
}

static netdev_tx_t drop(struct sk_buff *skb, struct net_device *dev)
{
	dev_kfree_skb_any(skb);
	return NETDEV_TX_OK;
}

static const struct net_device_ops device_ops = {
	.ndo_start_xmit = drop,
};

/* Neither good nor an error. */
static int init_badly(struct net_device *dev)
{
	return 5;
}

static const struct net_device_ops bad_ops = {
	.ndo_init = init_badly,
	.ndo_start_xmit = drop,
};

/* A net device, registered or not. */
static struct net_device *make_device(bool registered)
{
	struct net_device *dev = alloc_etherdev(0);

	if (!dev)
		return NULL;
	dev->netdev_ops = &device_ops;
	if (!registered || !register_netdev(dev))
		return dev;
	free_netdev(dev);
	return NULL;
}

static void remove_device(struct net_device *dev)
{
	unregister_netdev(dev);
	free_netdev(dev);
}

static void attack_queues_left(void)
{
	struct net_device *dev = make_device(true);

	if (!dev)
		return;
	/* A lock in a kernel object. */
	netif_addr_lock_bh(dev);
	netif_addr_unlock_bh(dev);
	netif_tx_lock_bh(dev);
	balanced = false;
}

static void attack_queues_twice(void)
{
	struct net_device *dev = make_device(true);

	if (!dev)
		return;
	netif_tx_lock_bh(dev);
	netif_tx_lock(dev);
	netif_tx_unlock(dev);
	netif_tx_unlock_bh(dev);
	remove_device(dev);
}

static void attack_queues_early(void)
{
	struct net_device *dev = make_device(false);

	if (!dev)
		return;
	netif_tx_lock_bh(dev);
	netif_tx_unlock_bh(dev);
	free_netdev(dev);
}

static void attack_bad_return(void)
{
	struct net_device *dev = make_device(false);

	if (!dev)
		return;
	dev->netdev_ops = &bad_ops;
	if (!register_netdev(dev))
		unregister_netdev(dev);
	free_netdev(dev);
}

static void attack_wake_early(void)
{
	struct net_device *dev = make_device(false);

	if (!dev)
		return;
	netif_stop_queue(dev);
	netif_wake_queue(dev);
	free_netdev(dev);
}

/* What a net_device may not become. */
static void change_device(void (*change)(struct net_device *dev))
{
	struct net_device *dev = make_device(true);

	if (!dev)
		return;
	change(dev);
	remove_device(dev);
}

static void clear_ops(struct net_device *dev)
{
	WRITE_ONCE(dev->netdev_ops, NULL);
}

static void attack_device_ops(void)
{
	change_device(clear_ops);
}

static void become_vlan(struct net_device *dev)
{
	dev->priv_flags |= IFF_802_1Q_VLAN;
}

static void attack_device_kind(void)
{
	change_device(become_vlan);
}

static void filter_vlans(struct net_device *dev)
{
	dev->features |= NETIF_F_HW_VLAN_CTAG_FILTER;
}

static void attack_device_features(void)
{
	change_device(filter_vlans);
}

static void be_up(struct net_device *dev)
{
	dev->flags |= IFF_UP;
}

static void attack_device_up(void)
{
	change_device(be_up);
}

static void shrink(struct net_device *dev)
{
	WRITE_ONCE(dev->mtu, 1);
}

static void attack_device_mtu(void)
{
	change_device(shrink);
}

/* The kernel has it in a table by that name. */
static void take_name(struct net_device *dev)
{
	WRITE_ONCE(*(u32 *)dev->name, 0x7878);
}

static void attack_device_name(void)
{
	change_device(take_name);
}

/* A packet that a device has received; NULL without memory, or without a device. */
static struct sk_buff *make_packet(struct net_device *dev)
{
	struct sk_buff *skb = dev ? netdev_alloc_skb(dev, 64) : NULL;

	if (!skb)
		return NULL;
	skb_put_zero(skb, 64);
	skb->protocol = eth_type_trans(skb, dev);
	return skb;
}

/* A packet that says to be from the thousandth queue. */
static void attack_rx_queue(void)
{
	struct net_device *dev = make_device(true);
	struct sk_buff *skb = make_packet(dev);

	if (!skb)
		return;
	skb_record_rx_queue(skb, 1000);
	netif_rx(skb);
	remove_device(dev);
}

/* A packet that is handed up while a queue is locked, for which an answer to it would spin. */
static void attack_packet_locked(void)
{
	struct net_device *dev = make_device(true);
	struct sk_buff *skb = make_packet(dev);

	if (!skb)
		return;
	__netif_tx_lock_bh(netdev_get_tx_queue(dev, 0));
	netif_rx(skb);
	__netif_tx_unlock_bh(netdev_get_tx_queue(dev, 0));
	remove_device(dev);
}

/* A queue whose links lead elsewhere. */
static void attack_packet_queue(void)
{
	struct sk_buff *skb = alloc_skb(64, GFP_ATOMIC);
	struct sk_buff_head queue;

	if (!skb)
		return;
	skb_queue_head_init(&queue);
	queue.prev = (struct sk_buff *)addr;
	skb_queue_tail(&queue, skb);
}

/* A packet whose checksum is to be filled in where it has no data. */
static void attack_checksum(void)
{
	struct sk_buff *skb = alloc_skb(64, GFP_ATOMIC);

	if (!skb)
		return;
	skb_put_zero(skb, 20);
	skb->ip_summed = CHECKSUM_PARTIAL;
	skb->csum_start = skb_headroom(skb) + 40;
	skb->csum_offset = 6;
	skb_checksum_help(skb);
	kfree_skb(skb);
}

static void attack_packet_clone(void)
{
	struct sk_buff *skb = alloc_skb(64, GFP_ATOMIC), *clone;

	if (!skb)
		return;
	kfree_skb(skb);
	OPTIMIZER_HIDE_VAR(skb);
	clone = skb_clone(skb, GFP_ATOMIC);
	kfree_skb(clone);
}

/* A packet with a fragment in a page that is not the driver's, which loses a reference with the packet: the next one to ask gets it. */
static void attack_fragment(void)
{
	struct sk_buff *skb = alloc_skb(64, GFP_ATOMIC);
	int i;

	if (!skb)
		return;
	skb_fill_page_desc(skb, 0, virt_to_page((void *)addr), 0, 64);
	kfree_skb(skb);
	for (i = 0; i < 64; i++) {
		alloc_page(GFP_ATOMIC | __GFP_ZERO);
		alloc_page(GFP_ATOMIC | __GFP_ZERO | __GFP_MOVABLE);
	}
}

/* Fragments of a packet that has a clone, which is somebody else's by now. */
static void attack_fragment_shared(void)
{
	struct sk_buff *skb = alloc_skb(64, GFP_ATOMIC), *clone = skb ? skb_clone(skb, GFP_ATOMIC) : NULL;

	if (!clone)
		return;
	skb_shinfo(skb)->nr_frags = 3;
	kfree_skb(clone);
	kfree_skb(skb);
}

/* As many of something as there is memory for, within reason. */
#define MANY	40000

static void attack_timers(void)
{
	struct timer_list *many = vzalloc(array_size(MANY, sizeof(*many)));
	int i;

	if (!many)
		return;
	for (i = 0; i < MANY; i++) {
		timer_setup(&many[i], on_timer, 0);
		mod_timer(&many[i], jiffies + 3600 * HZ);
	}
	for (i = 0; i < MANY; i++)
		del_timer_sync(&many[i]);
	vfree(many);
}

static void attack_locks(void)
{
	rwlock_t *many = vzalloc(array_size(MANY, sizeof(*many)));
	int i;

	if (!many)
		return;
	for (i = 0; i < MANY; i++) {
		rwlock_init(&many[i]);
		write_lock(&many[i]);
		write_unlock(&many[i]);
	}
	vfree(many);
}

/* Not an attack, but too much: what is too much can be refused. */
static void attack_packets(void)
{
	struct sk_buff *first = alloc_skb(64, GFP_KERNEL), *last = first, *next;
	int n = 0;

	while (last && n < MANY) {
		next = skb_clone(first, GFP_KERNEL);
		last->next = next;
		last = next;
		n += !!next;
	}
	for (; first; first = next) {
		next = first->next;
		first->next = NULL;
		kfree_skb(first);
	}
	pr_info("%d clones\n", n);
}

static void attack_packet_copies(void)
{
	struct sk_buff *first = alloc_skb(64, GFP_KERNEL), *next;
	int n = 0;

	/* Clones hold the data of copies that are gone. */
	while (first && n < MANY) {
		struct sk_buff *copy = skb_copy_expand(first, 8000, 8000, GFP_KERNEL);

		next = copy ? skb_clone(copy, GFP_KERNEL) : NULL;
		kfree_skb(copy);
		if (!next)
			break;
		next->next = first;
		first = next;
		n++;
	}
	if (first && !pskb_expand_head(first, 60000, 0, GFP_KERNEL))
		pr_info("and more room\n");
	for (; first; first = next) {
		next = first->next;
		first->next = NULL;
		kfree_skb(first);
	}
	pr_info("%d copies\n", n);
}

static void attack_lines(void)
{
	int i;

	for (i = 0; i < 3000; i++)
		pr_info("line %d\n", i);
	msleep(6000);		/* until it may write to the log again */
}

static void attack_warnings(void)
{
	int i;

	for (i = 0; i < 100; i++)
		WARN(i >= 0, "warning %d\n", i);
}

static void attack_foreign_unlock(void)
{
	rtnl_unlock();
}

static void attack_rcu_sleep(void)
{
	rcu_read_lock();
	msleep(20);
	rcu_read_unlock();
}

static void attack_atomic_sleep(void)
{
	spin_lock(&spinlock);
	msleep(20);
	spin_unlock(&spinlock);
}

/* 49 days, and nobody can wake it. */
static void attack_long_sleep(void)
{
	pr_info("sleeps\n");
	msleep(UINT_MAX);
}

static void attack_atomic_kmalloc(void)
{
	spin_lock(&spinlock);
	kfree(kmalloc(64, GFP_KERNEL));
	spin_unlock(&spinlock);
}

static void attack_atomic_packet(void)
{
	spin_lock(&spinlock);
	kfree_skb(__netdev_alloc_skb(NULL, 64, GFP_KERNEL));
	spin_unlock(&spinlock);
}

static void attack_gfp_flags(void)
{
	kfree(kmalloc(64 + value, (__force gfp_t)(1U << 31) | GFP_ATOMIC));
}

static void use_queues(void)
{
	struct net_device *dev = make_device(true);

	if (!dev)
		return;
	netif_tx_lock_bh(dev);
	balanced = netif_xmit_frozen_or_stopped(netdev_get_tx_queue(dev, 0));
	netif_tx_unlock_bh(dev);
	netif_stop_queue(dev);
	netif_wake_queue(dev);
	remove_device(dev);
}

/* What can be done with a packet: in the end there is none left, and all said what they should. */
static void use_packets(void)
{
	struct sk_buff *skb = alloc_skb(128, GFP_KERNEL), *copy;
	struct sk_buff_head queue;

	if (!skb)
		return;
	skb_queue_head_init(&queue);
	skb_reserve(skb, 16);
	memset(skb_put(skb, 64), 0x5a, 64);
	skb_queue_tail(&queue, skb_copy(skb, GFP_KERNEL));
	skb_queue_head(&queue, skb_copy_expand(skb, 32, 32, GFP_KERNEL));
	skb_queue_tail(&queue, skb_clone(skb, GFP_KERNEL));
	skb_queue_tail(&queue, skb_realloc_headroom(skb, 64));
	skb_queue_tail(&queue, pskb_copy(skb, GFP_KERNEL));
	balanced &= skb_queue_len(&queue) == 5;
	copy = skb_dequeue(&queue);
	balanced &= copy && skb_headroom(copy) >= 32 && copy->len == 64 && copy->data[63] == 0x5a;
	*(u8 *)skb_push(copy, 4) = 1;
	skb_pull(copy, 8);
	balanced &= copy->len == 60;
	consume_skb(copy);
	copy = skb_dequeue_tail(&queue);
	balanced &= copy && copy->len == 64 && skb_shinfo(copy) != skb_shinfo(skb);
	consume_skb(copy);
	copy = skb_peek(&queue);
	skb_unlink(copy, &queue);
	consume_skb(copy);
	skb_queue_purge(&queue);
	balanced &= skb_queue_empty(&queue) && !skb_dequeue(&queue);
	consume_skb(skb);
}

/* Packets with the driver's pages, which are freed as they are, after a look at all their bytes, and after some were cut off. */
static void use_fragments(void)
{
	int i;

	for (i = 0; i < 3; i++) {
		struct sk_buff *skb = alloc_skb(256, GFP_KERNEL);
		struct page *page = alloc_page(GFP_KERNEL);

		balanced &= skb && page;
		if (!skb || !page)
			return;
		memset(page_address(page), 0x5a, 128);
		get_page(page);
		skb_fill_page_desc(skb, 0, page, 0, 64);
		skb->len = skb->data_len = 64;
		skb->truesize += 64;
		skb_add_rx_frag(skb, 1, page, 64, 64, 64);
		balanced &= skb->len == 128;
		if (i == 1)
			balanced &= pskb_may_pull(skb, 100) && skb->data[99] == 0x5a && skb_headlen(skb) == 100;
		if (i == 2)
			balanced &= !pskb_trim(skb, 10) && skb->len == 10;
		kfree_skb(skb);
	}
}

/* UDP to the echo port is recognised, and gets its checksum. */
static void look_into_packet(void)
{
	struct sk_buff *skb = alloc_skb(64, GFP_KERNEL);
	struct flow_keys keys;
	struct iphdr *ip;
	struct udphdr *udp;

	if (!skb)
		return;
	ip = skb_put_zero(skb, sizeof(*ip));
	ip->version = 4;
	ip->ihl = 5;
	ip->protocol = IPPROTO_UDP;
	udp = skb_put_zero(skb, sizeof(*udp));
	udp->dest = htons(7);
	skb->protocol = htons(ETH_P_IP);
	skb_reset_network_header(skb);
	balanced &= skb_flow_dissect_flow_keys(skb, &keys, 0) && keys.ports.dst == htons(7);
	skb->ip_summed = CHECKSUM_PARTIAL;
	skb->csum_start = skb_headroom(skb) + sizeof(*ip);
	skb->csum_offset = offsetof(struct udphdr, check);
	balanced &= !skb_checksum_help(skb) && skb->ip_summed == CHECKSUM_NONE && udp->check;
	kfree_skb(skb);
}

/* Not an attack: all that the above leave undone is done. */
static void attack_balanced(void)
{
	spin_lock_bh(&spinlock);
	spin_unlock_bh(&spinlock);
	rcu_read_lock();
	preempt_disable();
	preempt_enable();
	rcu_read_unlock();
	use_queues();
	use_packets();
	use_fragments();
	look_into_packet();
}

/* Not an attack: a driver that takes its time is interrupted, and returns. */
/* Half a second by the TSC: jiffies stand still in a timer that runs in an idle, tickless CPU. */
static void attack_spin(void)
{
	cycles_t end = get_cycles() + (cycles_t)tsc_khz * 500;

	while (get_cycles() < end)
		cpu_relax();
}

static void attack_none(void)
{
}

static const struct {
	const char *name;
	void (*fn)(void);
} attacks[] = {
	{ "write", attack_write },
	{ "read", attack_read },
	{ "jump", attack_jump },
	{ "null", attack_null },
	{ "undefined", attack_undefined },
	{ "list", attack_list },
	{ "overflow", attack_overflow },
	{ "stack", attack_stack },
	{ "use-after-free", attack_use_after_free },
	{ "double-free", attack_double_free },
	{ "free", attack_free },
	{ "heap-jump", attack_heap_jump },
	{ "user-write", attack_user_write },
	{ "user-jump", attack_user_jump },
	{ "own-text", attack_own_text },
	{ "own-stub", attack_own_stub },
	{ "own-table", attack_own_table },
	{ "own-module", attack_own_module },
	{ "lock-left", attack_lock_left },
	{ "mutex-left", attack_mutex_left },
	{ "softirqs-left", attack_softirqs_left },
	{ "preemption-left", attack_preemption_left },
	{ "interrupts-left", attack_interrupts_left },
	{ "rcu-left", attack_rcu_left },
	{ "rtnl-left", attack_rtnl_left },
	{ "queues-left", attack_queues_left },
	{ "queues-twice", attack_queues_twice },
	{ "queues-early", attack_queues_early },
	{ "wake-early", attack_wake_early },
	{ "bad-return", attack_bad_return },
	{ "device-ops", attack_device_ops },
	{ "device-kind", attack_device_kind },
	{ "device-features", attack_device_features },
	{ "device-up", attack_device_up },
	{ "device-mtu", attack_device_mtu },
	{ "device-name", attack_device_name },
	{ "rx-queue", attack_rx_queue },
	{ "packet-locked", attack_packet_locked },
	{ "packet-queue", attack_packet_queue },
	{ "packet-clone", attack_packet_clone },
	{ "fragment", attack_fragment },
	{ "fragment-shared", attack_fragment_shared },
	{ "checksum", attack_checksum },
	{ "timers", attack_timers },
	{ "locks", attack_locks },
	{ "lock-twice", attack_lock_twice },
	{ "lock-loop", attack_lock_loop },
	{ "call-loop", attack_call_loop },
	{ "cancel-deadlock", attack_cancel_deadlock },
	{ "flush-deadlock", attack_flush_deadlock },
	{ "mutex-deadlock", attack_mutex_deadlock },
	{ "asleep", attack_asleep },
	{ "lock-not-held", attack_lock_not_held },
	{ "lock-nowhere", attack_lock_nowhere },
	{ "locks-held", attack_locks_held },
	{ "packets", attack_packets },
	{ "packet-copies", attack_packet_copies },
	{ "lines", attack_lines },
	{ "warnings", attack_warnings },
	{ "foreign-unlock", attack_foreign_unlock },
	{ "rcu-sleep", attack_rcu_sleep },
	{ "atomic-sleep", attack_atomic_sleep },
	{ "long-sleep", attack_long_sleep },
	{ "atomic-kmalloc", attack_atomic_kmalloc },
	{ "atomic-packet", attack_atomic_packet },
	{ "gfp-flags", attack_gfp_flags },
	{ "balanced", attack_balanced },
	{ "spin", attack_spin },
	{ "none", attack_none },
};

static noinline void do_attack(void)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(attacks); i++) {
		if (strcmp(attack, attacks[i].name))
			continue;
		attacks[i].fn();
		/* What is left undone is only found when this call ends. */
		if (balanced)
			pr_info("survived\n");
		return;
	}
	pr_err("unknown attack %s\n", attack);
}

static void on_timer(struct timer_list *unused)
{
	do_attack();
}

static void on_work(struct work_struct *unused)
{
	do_attack();
}

static int __init attacker_init(void)
{
	if (!strcmp(when, "timer"))
		mod_timer(&timer, jiffies + DELAY);
	else if (!strcmp(when, "work"))
		schedule_delayed_work(&work, DELAY);
	else
		do_attack();
	return 0;
}

static void __exit attacker_exit(void)
{
	del_timer_sync(&timer);
	cancel_delayed_work_sync(&work);
}

module_init(attacker_init);
module_exit(attacker_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("A driver that does what no driver may");
