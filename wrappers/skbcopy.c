// SPDX-License-Identifier: GPL-2.0
/*
 * Copies of packets. The driver sees a shadow of each; the data of a copy is the kernel's, which the
 * driver writes by checked stores.
 */
#include <linux/sizes.h>
#include <linux/skbuff.h>
#include "../nooks/driver.h"
#include "../objtracker/shadow.h"
#include "args.h"
#include "generated.h"
#include "skb.h"

/* A packet that is to be copied with all its data, which the kernel BUGs about if it is not there. */
static struct nooks_shadow *borrow_whole(struct nooks_crossing *x, unsigned long slot, gfp_t gfp,
					 const char *fn)
{
	struct nooks_shadow *shadow;
	const struct sk_buff *skb;

	if (!nooks_arg_gfp(x, gfp, fn))
		return NULL;
	shadow = nooks_skb_borrow_sealed(x, slot, fn);
	if (!shadow)
		return NULL;
	skb = shadow->object;
	if (nooks_arg_require(x, !skb_has_frag_list(skb) &&
			      !(skb_shinfo(skb)->gso_type & SKB_GSO_FRAGLIST), fn,
			      "no list of packets"))
		return shadow;
	nooks_shadow_return(shadow);
	return NULL;
}

static bool check_room(struct nooks_crossing *x, long room, const char *fn, const char *arg)
{
	return nooks_arg_range(x, room, 0, NOOKS_SKB_LENGTH_MAX, fn, arg);
}

/*
 * The original goes back, and its copy, if there is one, is the driver's. The data of a clone is on the
 * driver's account if that of the original is.
 */
static unsigned long finish(struct nooks_crossing *x, struct nooks_shadow *shadow,
			    struct sk_buff *copy)
{
	bool is_charged = shadow->charged || (copy && !skb_cloned(copy));

	nooks_shadow_return(shadow);
	return copy ? nooks_skb_own(nooks_driver_of(x), copy, is_charged ? copy->truesize : 0) : 0;
}

/* struct sk_buff *skb_clone(struct sk_buff *skb, gfp_t gfp_mask) */
NOOKS_WRAPPER(skb_clone)
{
	struct nooks_shadow *shadow;

	if (!nooks_arg_gfp(x, (__force gfp_t)a1, "skb_clone"))
		return 0;
	shadow = nooks_skb_borrow_sealed(x, a0, "skb_clone");
	return shadow ? finish(x, shadow, skb_clone(shadow->object, GFP_ATOMIC)) : 0;
}

/* struct sk_buff *skb_copy(const struct sk_buff *skb, gfp_t gfp_mask) */
NOOKS_WRAPPER(skb_copy)
{
	struct nooks_shadow *shadow = borrow_whole(x, a0, (__force gfp_t)a1, "skb_copy");

	return shadow ? finish(x, shadow, skb_copy(shadow->object, GFP_ATOMIC)) : 0;
}

/* struct sk_buff *skb_copy_expand(const struct sk_buff *skb, int headroom, int tailroom, gfp_t gfp) */
NOOKS_WRAPPER(skb_copy_expand)
{
	static const char fn[] = "skb_copy_expand";
	struct nooks_shadow *shadow = borrow_whole(x, a0, (__force gfp_t)a3, fn);
	struct sk_buff *copy = NULL;

	if (!shadow)
		return 0;
	if (check_room(x, (int)a1, fn, "newheadroom") && check_room(x, (int)a2, fn, "newtailroom"))
		copy = skb_copy_expand(shadow->object, (int)a1, (int)a2, GFP_ATOMIC);
	return finish(x, shadow, copy);
}

/* struct sk_buff *__pskb_copy_fclone(struct sk_buff *skb, int headroom, gfp_t gfp_mask, bool fclone) */
NOOKS_WRAPPER(__pskb_copy_fclone)
{
	static const char fn[] = "__pskb_copy_fclone";
	struct nooks_shadow *shadow = borrow_whole(x, a0, (__force gfp_t)a2, fn);
	struct sk_buff *copy = NULL;

	if (!shadow)
		return 0;
	if (check_room(x, (int)a1, fn, "headroom"))
		copy = __pskb_copy_fclone(shadow->object, (int)a1, GFP_ATOMIC, a3 & 1);
	return finish(x, shadow, copy);
}

/* struct sk_buff *skb_realloc_headroom(struct sk_buff *skb, unsigned int headroom) */
NOOKS_WRAPPER(skb_realloc_headroom)
{
	static const char fn[] = "skb_realloc_headroom";
	struct nooks_shadow *shadow = nooks_skb_borrow_sealed(x, a0, fn);
	struct sk_buff *copy = NULL;

	if (!shadow)
		return 0;
	if (check_room(x, (u32)a1, fn, "headroom"))
		copy = skb_realloc_headroom(shadow->object, a1);
	return finish(x, shadow, copy);
}

/* int skb_copy_ubufs(struct sk_buff *skb, gfp_t gfp_mask): a user process may get its pages back */
NOOKS_WRAPPER(skb_copy_ubufs)
{
	static const char fn[] = "skb_copy_ubufs";
	struct nooks_shadow *shadow = nooks_skb_borrow_alone(x, a0, fn);
	int ret = -ENOMEM;

	if (!shadow)
		return 0;
	if (nooks_arg_gfp(x, (__force gfp_t)a1, fn))
		ret = skb_copy_ubufs(shadow->object, GFP_ATOMIC);
	nooks_shadow_return(shadow);
	return ret;
}
