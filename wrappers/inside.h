/* SPDX-License-Identifier: GPL-2.0 */
/* The in-domain library: kernel functions that run inside a domain, without a crossing. */
#ifndef NOOKS_INSIDE_H
#define NOOKS_INSIDE_H

#include <linux/compiler.h>
#include <linux/spinlock_types.h>
#include <linux/types.h>
#include <asm/nospec-branch.h>

/* To objtool, which wants thunks instead: the returns that the compiler makes here are meant. */
asm(".macro ret\n" ANNOTATE_RETPOLINE_SAFE ".byte 0xc3\n.endm");

/*
 * In a section that only domains may execute, so: nothing is called that lies elsewhere, and
 * nothing is added by the compiler that would call. Plain returns and jumps: the domain has its
 * own thunks.
 */
#define NOOKS_INSIDE									\
	noinline notrace __no_kcsan __no_sanitize_address				\
	__attribute__((__section__(".text.nooks_domain"), __no_stack_protector__,	\
		       __function_return__("keep"), __indirect_branch__("keep")))

/* Each has the prototype of the kernel function without the prefix. */
void *nooks_in_memcpy(void *to, const void *from, size_t n);
void *nooks_in_memmove(void *to, const void *from, size_t n);
void *nooks_in_memset(void *to, int c, size_t n);
int nooks_in_memcmp(const void *a, const void *b, size_t n);
void *nooks_in_memchr(const void *s, int c, size_t n);

size_t nooks_in_strlen(const char *s);
size_t nooks_in_strnlen(const char *s, size_t max);
char *nooks_in_strchr(const char *s, int c);
char *nooks_in_strrchr(const char *s, int c);
int nooks_in_strcmp(const char *a, const char *b);
int nooks_in_strncmp(const char *a, const char *b, size_t n);
int nooks_in_strcasecmp(const char *a, const char *b);
int nooks_in_strncasecmp(const char *a, const char *b, size_t n);
char *nooks_in_strcpy(char *to, const char *from);
char *nooks_in_strncpy(char *to, const char *from, size_t n);
ssize_t nooks_in_strscpy(char *to, const char *from, size_t size);
size_t nooks_in_strlcpy(char *to, const char *from, size_t size);

unsigned long nooks_in__find_first_bit(const unsigned long *map, unsigned long size);
unsigned long nooks_in__find_first_zero_bit(const unsigned long *map, unsigned long size);
unsigned long nooks_in__find_next_bit(const unsigned long *map, unsigned long size,
				      unsigned long start);
unsigned long nooks_in__find_next_zero_bit(const unsigned long *map, unsigned long size,
					   unsigned long start);

struct blk_plug;
void nooks_in_blk_start_plug(struct blk_plug *plug);
void nooks_in_blk_finish_plug(struct blk_plug *plug);
void nooks_in___check_object_size(const void *p, unsigned long n, bool to_user);

void nooks_in_native_io_delay(void);
void nooks_in___const_udelay(unsigned long xloops);
void nooks_in___udelay(unsigned long usecs);
void nooks_in___ndelay(unsigned long nsecs);

__wsum nooks_in_csum_partial(const void *buf, int len, __wsum sum);

struct in6_addr;
__sum16 nooks_in_csum_ipv6_magic(const struct in6_addr *saddr, const struct in6_addr *daddr,
				 __u32 len, __u8 proto, __wsum sum);

bool nooks_in_is_vmalloc_addr(const void *p);

struct scatterlist;
void nooks_in_sg_init_table(struct scatterlist *sgl, unsigned int nents);
void nooks_in_sg_init_one(struct scatterlist *sg, const void *buf, unsigned int len);

unsigned int nooks_in_ioread8(const void __iomem *addr);
unsigned int nooks_in_ioread16(const void __iomem *addr);
unsigned int nooks_in_ioread32(const void __iomem *addr);
void nooks_in_iowrite8(u8 value, void __iomem *addr);
void nooks_in_iowrite16(u16 value, void __iomem *addr);
void nooks_in_iowrite32(u32 value, void __iomem *addr);
void nooks_in_ioread8_rep(const void __iomem *addr, void *to, unsigned long count);
void nooks_in_ioread16_rep(const void __iomem *addr, void *to, unsigned long count);
void nooks_in_ioread32_rep(const void __iomem *addr, void *to, unsigned long count);
void nooks_in_iowrite8_rep(void __iomem *addr, const void *from, unsigned long count);
void nooks_in_iowrite16_rep(void __iomem *addr, const void *from, unsigned long count);
void nooks_in_iowrite32_rep(void __iomem *addr, const void *from, unsigned long count);
void nooks_in_memcpy_fromio(void *to, const volatile void __iomem *from, size_t n);
void nooks_in_memcpy_toio(volatile void __iomem *to, const void *from, size_t n);
void nooks_in_memset_io(volatile void __iomem *to, int c, size_t n);

void nooks_in__raw_spin_lock(raw_spinlock_t *lock);
void nooks_in__raw_spin_lock_bh(raw_spinlock_t *lock);
void nooks_in__raw_spin_lock_irq(raw_spinlock_t *lock);
unsigned long nooks_in__raw_spin_lock_irqsave(raw_spinlock_t *lock);
int nooks_in__raw_spin_trylock(raw_spinlock_t *lock);
int nooks_in__raw_spin_trylock_bh(raw_spinlock_t *lock);
void nooks_in__raw_spin_unlock(raw_spinlock_t *lock);
void nooks_in__raw_spin_unlock_bh(raw_spinlock_t *lock);
void nooks_in__raw_spin_unlock_irq(raw_spinlock_t *lock);
void nooks_in__raw_spin_unlock_irqrestore(raw_spinlock_t *lock, unsigned long flags);

struct block_device;
struct buffer_head;
struct buffer_head *nooks_in___bread_gfp(struct block_device *bdev, sector_t block, unsigned int size,
					 gfp_t gfp);
struct buffer_head *nooks_in___getblk_gfp(struct block_device *bdev, sector_t block, unsigned int size,
					  gfp_t gfp);
struct buffer_head *nooks_in___find_get_block(struct block_device *bdev, sector_t block,
					      unsigned int size);
void nooks_in___brelse(struct buffer_head *bh);

/* Names that only some kernels import: their prototypes are not generated. */
void *nooks_in___memcpy(void *to, const void *from, size_t n);
void *nooks_in___memmove(void *to, const void *from, size_t n);
void *nooks_in___memset(void *to, int c, size_t n);
void nooks_in__raw_spin_lock_nested(raw_spinlock_t *lock);
unsigned long nooks_in__raw_spin_lock_irqsave_nested(raw_spinlock_t *lock);

#endif
