/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What differs between kernels. HAVE_... are probes of the kernel's BTF: wrappers/annotations/kernels.nooks. What BTF
 * does not show, as macros and headers, is asked of the preprocessor; never what version a kernel has.
 */
#ifndef NOOKS_COMPAT_H
#define NOOKS_COMPAT_H

#include <asm/unwind_hints.h>

/* In assembly: the unwinder ends here. */
#ifdef UNWIND_HINT_TYPE_END_OF_STACK
#define NOOKS_HINT_END UNWIND_HINT_END_OF_STACK
#else
#define NOOKS_HINT_END UNWIND_HINT_EMPTY
#endif

/* In assembly: a variable of this CPU's, to which an index may be added. */
#define NOOKS_PER_CPU(var) %gs:var

#include "have.h"

/* In assembly: this CPU's preemption count. */
#ifdef HAVE_pcpu_hot
#define NOOKS_PREEMPT_COUNT NOOKS_PER_CPU(pcpu_hot + 8)
#else
#define NOOKS_PREEMPT_COUNT NOOKS_PER_CPU(__preempt_count)
#endif

#ifndef __ASSEMBLY__

#include <linux/ftrace.h>
#include <asm/alternative.h>

#ifndef ftrace_regs_get_argument
/* Argument @n (0 or 1) of the function that is traced. */
static inline unsigned long nooks_ftrace_argument(struct ftrace_regs *fregs, unsigned int n)
{
	return n ? fregs->regs.si : fregs->regs.di;
}
#else
#define nooks_ftrace_argument(fregs, n) ftrace_regs_get_argument(fregs, n)
#endif

#ifndef ftrace_regs_set_instruction_pointer
#define ftrace_regs_set_instruction_pointer(fregs, ip) ftrace_instruction_pointer_set(fregs, ip)
#endif

/* Attributes of classes: what their functions take. */
#ifdef HAVE_class_owner
#define nooks_class_const
#else
#define nooks_class_const const
#endif

/* Where this CPU's preemption count stands. */
#ifdef HAVE_pcpu_hot
static_assert(offsetof(struct pcpu_hot, preempt_count) == 8);
#define nooks_preempt_count_ptr() this_cpu_ptr(&pcpu_hot.preempt_count)
#else
#define nooks_preempt_count_ptr() this_cpu_ptr(&__preempt_count)
#endif

/* Functions of a net_device that tell of its queues, which the kernel calls whether it is present or not. */
#ifdef HAVE_net_device_stat_ops
#define nooks_stat_ops(dev) ((dev)->stat_ops)
#define nooks_set_stat_ops(dev, ops) WRITE_ONCE((dev)->stat_ops, ops)
#define NOOKS_STAT_OPS offsetof(struct net_device, stat_ops)
#else
#define nooks_stat_ops(dev) NULL
#define nooks_set_stat_ops(dev, ops) do { } while (0)
#define NOOKS_STAT_OPS -1
#endif

/* Reasons that the functions that free packets are told. */
#ifdef HAVE_dev_kfree_skb_any_reason
#define NOOKS_SKB_CONSUMED SKB_CONSUMED
#define NOOKS_SKB_DROPPED SKB_DROP_REASON_NOT_SPECIFIED
#else
#define NOOKS_SKB_CONSUMED SKB_REASON_CONSUMED
#define NOOKS_SKB_DROPPED SKB_REASON_DROPPED
#endif

/*
 * What kvzalloc() calls, and its parameters but for the flags and the node. Nothing is said of a bucket where there
 * are none.
 */
#ifdef DECL_BUCKET_PARAMS
#define NOOKS_KVMALLOC_NODE __kvmalloc_node_noprof
#define NOOKS_KVMALLOC_PARAMS(size) DECL_BUCKET_PARAMS(size, bucket)
#else
#define NOOKS_KVMALLOC_NODE kvmalloc_node
#define NOOKS_KVMALLOC_PARAMS(size) size_t (size)
#endif
#if defined(DECL_BUCKET_PARAMS) && defined(CONFIG_SLAB_BUCKETS)
#define NOOKS_KMALLOC_NODE_FLAGS 2	/* the argument, from 0, that has the flags */
#else
#define NOOKS_KMALLOC_NODE_FLAGS 1
#endif

/* Of a net_device. */
#ifdef HAVE_net_device_wol_enabled
#define nooks_wol_enabled(dev) ((dev)->wol_enabled)
#else
#define nooks_wol_enabled(dev) ((dev)->ethtool->wol_enabled)
#endif

/* Bytes before it in its block. */
#ifdef HAVE_net_device_padded
#define nooks_netdev_padding(dev) ((dev)->padded)
#else
#define nooks_netdev_padding(dev) 0
#endif

/* The pages of a device. */
#ifdef HAVE_block_device_bd_mapping
#define nooks_bdev_mapping(bdev) ((bdev)->bd_mapping)
#else
#define nooks_bdev_mapping(bdev) ((bdev)->bd_inode->i_mapping)
#endif

#ifndef HAVE_bdev_getblk
#define bdev_getblk(bdev, block, size, gfp) __getblk_gfp(bdev, block, size, gfp)
#endif

/* A page fault lets go of what it holds, as it is going to be tried again. */
#ifdef CONFIG_PER_VMA_LOCK
#define nooks_release_fault_lock(vmf) release_fault_lock(vmf)
#else
#define nooks_release_fault_lock(vmf) mmap_read_unlock((vmf)->vma->vm_mm)
#endif

/* Of inodes. */
#ifdef HAVE_inode_i_mtime
#define nooks_inode_mtime(inode) ((inode)->i_mtime)
#define nooks_inode_set_mtime(inode, time) ((inode)->i_mtime = (time))
#else
#define nooks_inode_mtime(inode) inode_get_mtime(inode)
#define nooks_inode_set_mtime(inode, time) inode_set_mtime_to_ts(inode, time)
#endif

/* For functions of the VFS that ask whose ids a mount shows. */
#ifdef HAVE_mnt_idmap
#define nooks_no_idmap (&nop_mnt_idmap)
#else
#define nooks_no_idmap (&init_user_ns)
#endif

/* What write_begin() gives, and the page of it that has an index. */
#ifdef HAVE_block_write_begin_foliop
#define nooks_write_target struct folio
#define nooks_write_page(target, index) folio_file_page(target, index)
#else
#define nooks_write_target struct page
#define nooks_write_page(target, index) (target)
#endif

/* Takes a locked page of a file out of the page cache. */
#ifdef HAVE_generic_error_remove_folio
#define nooks_remove_page(mapping, page) generic_error_remove_folio(mapping, page_folio(page))
#else
#define nooks_remove_page(mapping, page) generic_error_remove_page(mapping, page)
#endif

/*
 * The function that stands in calls through pv_ops: the kernel adds the distance from it to that which pv_ops has, so a
 * driver's must be its own.
 */
#ifdef HAVE_BUG_func
#define nooks_measured_from(addr) ((addr) == (unsigned long)BUG_func)
#else
#define nooks_measured_from(addr) false
#endif

/* Have the VFS's own functions taken a super block down, which its kill_sb() is for? */
#ifdef SB_DYING
#define nooks_super_shut_down(sb) (READ_ONCE((sb)->s_flags) & SB_DYING)
#else
#define nooks_super_shut_down(sb) hlist_unhashed(&(sb)->s_instances)
#endif

/* Types of mount options, in a list: ids of users. */
#ifdef HAVE_fs_param_is_uid
#define NOOKS_FS_PARAM_IDS fs_param_is_uid, fs_param_is_gid,
#else
#define NOOKS_FS_PARAM_IDS
#endif

/* Page pools: flags that some kernels have, what drivers see of a pool, and how many parts of a page are in use. */
#ifdef PP_FLAG_PAGE_FRAG
#define NOOKS_PAGE_POOL_FLAGS PP_FLAG_PAGE_FRAG
#elif defined(PP_FLAG_ALLOW_UNREADABLE_NETMEM)
#define NOOKS_PAGE_POOL_FLAGS PP_FLAG_ALLOW_UNREADABLE_NETMEM
#else
#define NOOKS_PAGE_POOL_FLAGS 0
#endif
#ifdef HAVE_page_pool_slow
#define nooks_page_pool_show(pool, params) ((pool)->p = (params)->fast, (pool)->slow = (params)->slow)
#else
#define nooks_page_pool_show(pool, params) ((pool)->p = *(params))
#endif
#ifdef HAVE_page_pool_dma_sync_for_cpu
#define nooks_page_pool_show_sync(pool, sync) ((pool)->dma_sync_for_cpu = (sync))
#else
#define nooks_page_pool_show_sync(pool, sync) do { } while (0)
#endif
#ifdef HAVE_page_pp_ref_count
#define nooks_page_pool_parts(page) (&(page)->pp_ref_count)
#else
#define nooks_page_pool_parts(page) (&(page)->pp_frag_count)
#endif

#ifdef HAVE_address_space_private_list
#define i_private_list private_list
#endif

#endif /* __ASSEMBLY__ */
#endif
