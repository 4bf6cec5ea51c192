// SPDX-License-Identifier: GPL-2.0
/*
 * Looking into packets. The dissector believes lengths, and what its description says of the room for
 * what it finds: so descriptions are the kernel's own, and lengths are checked.
 */
#include <linux/netdevice.h>
#include <linux/skbuff.h>
#include <net/flow_dissector.h>
#include "../nooks/driver.h"
#include "../objtracker/shadow.h"
#include "generated.h"
#include "skb.h"

/* Room that a dissector of the kernel's asks for; 0: it is none that drivers use. */
static size_t room_for(const struct flow_dissector *dissector)
{
	if (dissector == &flow_keys_dissector)
		return sizeof(struct flow_keys);
	return dissector == &flow_keys_basic_dissector ? sizeof(struct flow_keys_basic) : 0;
}

/*
 * bool __skb_flow_dissect(const struct net *net, const struct sk_buff *skb, struct flow_dissector *d,
 *			   void *target_container, const void *data, __be16 proto, int nhoff,
 *			   int hlen, unsigned int flags)
 */
NOOKS_WRAPPER(__skb_flow_dissect)
{
	static const char fn[] = "__skb_flow_dissect";
	struct flow_dissector *dissector = (struct flow_dissector *)a2;
	int nhoff = nooks_stack_arg(x, 0), hlen = nooks_stack_arg(x, 1);
	unsigned int flags = nooks_stack_arg(x, 2);
	struct nooks_shadow *shadow = NULL;
	const void *data = (void *)a4;
	struct net *net = &init_net;
	struct sk_buff *skb = NULL;
	struct flow_keys found;
	bool ret = false;

	if (!nooks_arg_require(x, room_for(dissector), fn, "flow_dissector is one of the kernel's") ||
	    !nooks_arg_writable(x, (void *)a3, room_for(dissector), false, fn, "target_container"))
		return 0;
	if (a1) {
		shadow = nooks_skb_borrow(x, a1, fn);
		if (!shadow)
			return 0;
		skb = shadow->object;
		if (skb->dev)
			net = dev_net(skb->dev);
	}
	if (data) {
		if (!nooks_arg_range(x, hlen, 0, NOOKS_SKB_LENGTH_MAX, fn, "hlen") ||
		    !nooks_arg_range(x, nhoff, 0, hlen, fn, "nhoff") ||
		    !nooks_arg_readable(x, data, hlen, false, fn, "data"))
			goto put;
	} else if (!nooks_arg_require(x, skb, fn, "a packet, or data") ||
		   !nooks_arg_range(x, skb_network_offset(skb), 0, skb->len, fn, "network_header")) {
		goto put;
	}
	memset(&found, 0, sizeof(found));
	memcpy(&found, (void *)a3, room_for(dissector));	/* what it does not find stays */
	ret = __skb_flow_dissect(net, skb, dissector, &found, data, (__force __be16)a5, nhoff, hlen,
				 flags);
	memcpy((void *)a3, &found, room_for(dissector));
put:
	nooks_shadow_return(shadow);
	return ret;
}

/* int skb_checksum_help(struct sk_buff *skb): the kernel warns, or BUGs, of what can't be computed */
NOOKS_WRAPPER(skb_checksum_help)
{
	static const char fn[] = "skb_checksum_help";
	struct nooks_shadow *shadow = nooks_skb_borrow_alone(x, a0, fn);
	struct sk_buff *skb;
	int ret = -EINVAL;
	long start;

	if (!shadow)
		return 0;
	skb = shadow->object;
	start = skb_checksum_start_offset(skb);
	if (skb->ip_summed == CHECKSUM_COMPLETE ||
	    (nooks_arg_require(x, !skb_is_gso(skb), fn, "not to be segmented") &&
	     nooks_arg_require(x, !skb_has_frag_list(skb), fn, "no list of packets") &&
	     nooks_arg_range(x, start, 0, (long)skb_headlen(skb) - 1, fn, "csum_start") &&
	     nooks_arg_range(x, start + skb->csum_offset, 0,
			     (long)skb_headlen(skb) - (long)sizeof(__sum16), fn, "csum_offset")))
		ret = skb_checksum_help(skb);
	nooks_shadow_return(shadow);
	return ret;
}
