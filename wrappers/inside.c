// SPDX-License-Identifier: GPL-2.0
/*
 * The in-domain library in C: leaf functions that touch nothing but their arguments. A bad address
 * faults as it would in the driver itself, with the driver's rights.
 *
 * All code here lies in .text.nooks_domain and calls nothing outside of it. To be compiled with
 * -ffreestanding -fno-tree-loop-distribute-patterns, or a loop may become a call of the kernel's
 * memset(); and without objtool, which takes a plain return for a mistake. Only data may be
 * undefined in the object file.
 */
#include <linux/delay.h>
#include <linux/errno.h>
#include <linux/jiffies.h>
#include <linux/limits.h>
#include <linux/mm.h>
#include <linux/scatterlist.h>
#include <asm/param.h>
#include <asm/timex.h>
#include <asm/tsc.h>
#include "inside.h"

/* Memory. */

static __always_inline void copy(void *to, const void *from, size_t n)
{
	size_t words = n / 8;

	asm volatile("rep movsq\n\t"
		     "movq %[rest], %%rcx\n\t"
		     "rep movsb"
		     : "+D" (to), "+S" (from), "+c" (words)
		     : [rest] "r" (n % 8)
		     : "memory");
}

static __always_inline void fill(void *to, int c, size_t n)
{
	size_t words = n / 8;

	asm volatile("rep stosq\n\t"
		     "movq %[rest], %%rcx\n\t"
		     "rep stosb"
		     : "+D" (to), "+c" (words)
		     : [rest] "r" (n % 8), "a" (0x0101010101010101ul * (u8)c)
		     : "memory");
}

NOOKS_INSIDE void *nooks_in_memcpy(void *to, const void *from, size_t n)
{
	copy(to, from, n);
	return to;
}

NOOKS_INSIDE void *nooks_in_memmove(void *to, const void *from, size_t n)
{
	const char *last_from = from + n - 1;
	char *last_to = to + n - 1;

	if ((size_t)(to - from) >= n) {
		copy(to, from, n);
		return to;
	}
	asm volatile("std\n\t"
		     "rep movsb\n\t"
		     "cld"
		     : "+D" (last_to), "+S" (last_from), "+c" (n)
		     : : "memory");
	return to;
}

NOOKS_INSIDE void *nooks_in_memset(void *to, int c, size_t n)
{
	fill(to, c, n);
	return to;
}

NOOKS_INSIDE int nooks_in_memcmp(const void *a, const void *b, size_t n)
{
	const u8 *p = a, *q = b;

	for (; n; n--, p++, q++) {
		if (*p != *q)
			return *p - *q;
	}
	return 0;
}

NOOKS_INSIDE void *nooks_in_memchr(const void *s, int c, size_t n)
{
	const u8 *p = s;

	for (; n; n--, p++) {
		if (*p == (u8)c)
			return (void *)p;
	}
	return NULL;
}

/* Strings. */

NOOKS_INSIDE size_t nooks_in_strlen(const char *s)
{
	size_t n = 0;

	while (s[n]) {
		n++;
		barrier();	/* or the compiler calls strlen() */
	}
	return n;
}

NOOKS_INSIDE size_t nooks_in_strnlen(const char *s, size_t max)
{
	size_t n = 0;

	while (n < max && s[n])
		n++;
	return n;
}

NOOKS_INSIDE char *nooks_in_strchr(const char *s, int c)
{
	for (; *s != (char)c; s++) {
		if (!*s)
			return NULL;
	}
	return (char *)s;
}

NOOKS_INSIDE char *nooks_in_strrchr(const char *s, int c)
{
	const char *last = NULL;

	do {
		if (*s == (char)c)
			last = s;
	} while (*s++);
	return (char *)last;
}

static __always_inline u8 lower(u8 c, bool fold)
{
	return fold && c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c;
}

static __always_inline int compare(const char *a, const char *b, size_t n, bool fold)
{
	for (; n; n--, a++, b++) {
		u8 c = lower(*a, fold), d = lower(*b, fold);

		if (c != d)
			return c < d ? -1 : 1;
		if (!c)
			break;
	}
	return 0;
}

NOOKS_INSIDE int nooks_in_strcmp(const char *a, const char *b)
{
	return compare(a, b, SIZE_MAX, false);
}

NOOKS_INSIDE int nooks_in_strncmp(const char *a, const char *b, size_t n)
{
	return compare(a, b, n, false);
}

NOOKS_INSIDE int nooks_in_strcasecmp(const char *a, const char *b)
{
	return compare(a, b, SIZE_MAX, true);
}

NOOKS_INSIDE int nooks_in_strncasecmp(const char *a, const char *b, size_t n)
{
	return compare(a, b, n, true);
}

NOOKS_INSIDE char *nooks_in_strcpy(char *to, const char *from)
{
	char *p = to;

	while ((*p++ = *from++))
		;
	return to;
}

NOOKS_INSIDE char *nooks_in_strncpy(char *to, const char *from, size_t n)
{
	char *p = to;

	for (; n; n--, p++) {
		*p = *from;
		if (*from)
			from++;
	}
	return to;
}

NOOKS_INSIDE ssize_t nooks_in_strscpy(char *to, const char *from, size_t size)
{
	size_t n;

	if (!size || size > INT_MAX)
		return -E2BIG;
	for (n = 0; n < size; n++) {
		to[n] = from[n];
		if (!to[n])
			return n;
	}
	to[size - 1] = '\0';
	return -E2BIG;
}

NOOKS_INSIDE size_t nooks_in_strlcpy(char *to, const char *from, size_t size)
{
	size_t n = 0;

	for (; from[n]; n++) {
		if (n + 1 < size)
			to[n] = from[n];
	}
	if (size)
		to[n < size ? n : size - 1] = '\0';
	return n;
}

/* Bitmaps. */

static __always_inline unsigned long next_bit(const unsigned long *map, unsigned long size,
					      unsigned long start, unsigned long invert)
{
	unsigned long word;

	if (start >= size)
		return size;
	word = (map[start / BITS_PER_LONG] ^ invert) & (~0ul << (start % BITS_PER_LONG));
	start -= start % BITS_PER_LONG;
	while (!word) {
		start += BITS_PER_LONG;
		if (start >= size)
			return size;
		word = map[start / BITS_PER_LONG] ^ invert;
	}
	start += __builtin_ctzl(word);
	return start < size ? start : size;
}

NOOKS_INSIDE unsigned long nooks_in__find_first_bit(const unsigned long *map, unsigned long size)
{
	return next_bit(map, size, 0, 0);
}

NOOKS_INSIDE unsigned long nooks_in__find_first_zero_bit(const unsigned long *map,
							  unsigned long size)
{
	return next_bit(map, size, 0, ~0ul);
}

NOOKS_INSIDE unsigned long nooks_in__find_next_bit(const unsigned long *map, unsigned long size,
						    unsigned long start)
{
	return next_bit(map, size, start, 0);
}

NOOKS_INSIDE unsigned long nooks_in__find_next_zero_bit(const unsigned long *map,
							 unsigned long size, unsigned long start)
{
	return next_bit(map, size, start, ~0ul);
}

/* What has nothing to do in a domain. */

NOOKS_INSIDE void nooks_in_blk_start_plug(struct blk_plug *plug)
{
}

NOOKS_INSIDE void nooks_in_blk_finish_plug(struct blk_plug *plug)
{
}

NOOKS_INSIDE void nooks_in___check_object_size(const void *p, unsigned long n, bool to_user)
{
}

/* Delays. */

/*
 * For 2^-32 seconds times @xloops: by the TSC, without one by the kernel's count of a loop of two.
 */
static __always_inline void delay(unsigned long xloops)
{
	unsigned long rate = tsc_khz ? tsc_khz * 1000ul : loops_per_jiffy * HZ;
	unsigned long cycles = ((unsigned __int128)xloops * rate) >> 32;
	unsigned long start;

	if (!tsc_khz) {
		for (; cycles; cycles--)
			barrier();
		return;
	}
	start = rdtsc();
	while (rdtsc() - start <= cycles)
		asm volatile("pause");
}

NOOKS_INSIDE void nooks_in___const_udelay(unsigned long xloops)
{
	delay(xloops);
}

/* What outb_p() waits: a write to a port that nobody has, whatever io_delay= says. */
NOOKS_INSIDE void nooks_in_native_io_delay(void)
{
	asm volatile("outb %al, $0x80");
}

NOOKS_INSIDE void nooks_in___udelay(unsigned long usecs)
{
	delay(usecs * 0x10c7);		/* 2^32 / 1000000, rounded up */
}

NOOKS_INSIDE void nooks_in___ndelay(unsigned long nsecs)
{
	delay(nsecs * 5);		/* 2^32 / 1000000000, rounded up */
}

/* Checksums. */

/* One's complement sum in 64 bits. */
static __always_inline u64 csum_add64(u64 sum, u64 value)
{
	sum += value;
	return sum + (sum < value);
}

static __always_inline u32 csum_to32(u64 sum)
{
	sum = (sum & U32_MAX) + (sum >> 32);
	return (sum & U32_MAX) + (sum >> 32);
}

NOOKS_INSIDE __wsum nooks_in_csum_partial(const void *buf, int len, __wsum wsum)
{
	u64 sum = (__force u32)wsum, word;
	unsigned int shift = 0;

	for (; len >= 8; len -= 8, buf += 8)
		sum = csum_add64(sum, *(const u64 *)buf);
	for (word = 0; len > 0; len--, shift += 8)
		word |= (u64)*(const u8 *)buf++ << shift;
	return (__force __wsum)csum_to32(csum_add64(sum, word));
}

NOOKS_INSIDE __sum16 nooks_in_csum_ipv6_magic(const struct in6_addr *saddr,
					       const struct in6_addr *daddr, __u32 len,
					       __u8 proto, __wsum wsum)
{
	const u64 *s = (const u64 *)saddr, *d = (const u64 *)daddr;
	u64 sum = (__force u32)wsum;
	u32 folded;

	sum += __builtin_bswap32(len) + ((u64)proto << 8);
	sum = csum_add64(sum, s[0]);
	sum = csum_add64(sum, s[1]);
	sum = csum_add64(sum, d[0]);
	sum = csum_add64(sum, d[1]);
	folded = csum_to32(sum);
	folded = (folded & U16_MAX) + (folded >> 16);
	folded += folded >> 16;
	return (__force __sum16)~folded;
}

/* In the words of what <linux/scatterlist.h> has, which debugging kernels do not inline. */
NOOKS_INSIDE void nooks_in_sg_init_table(struct scatterlist *sgl, unsigned int nents)
{
	nooks_in_memset(sgl, 0, sizeof(*sgl) * nents);
	sgl[nents - 1].page_link |= SG_END;
}

NOOKS_INSIDE void nooks_in_sg_init_one(struct scatterlist *sg, const void *buf, unsigned int len)
{
	nooks_in_sg_init_table(sg, 1);
	sg->page_link |= (unsigned long)virt_to_page(buf);
	sg->offset = offset_in_page(buf);
	sg->length = len;
}

NOOKS_INSIDE bool nooks_in_is_vmalloc_addr(const void *p)
{
	/*
	 * VMALLOC_END asks for the depth of page tables by an alternative, which jumps out of here.
	 */
	unsigned long size = ptrs_per_p4d > 1 ? VMALLOC_SIZE_TB_L5 : VMALLOC_SIZE_TB_L4;

	return (unsigned long)p - VMALLOC_START < (size << 40) - 1;
}

/*
 * Device registers. An __iomem cookie below the first number is a port (lib/iomap.c); below the
 * offset of ports it is a mistake, which reads as all ones.
 */
#define PIO_OFFSET	0x10000ul
#define PIO_MASK	0x0fffful
#define PIO_RESERVED	0x40000ul

#define ACCESS(bits, suffix, reg)							\
NOOKS_INSIDE unsigned int nooks_in_ioread##bits(const void __iomem *addr)		\
{											\
	unsigned long port = (__force unsigned long)addr;				\
	u##bits value = ~0;								\
											\
	if (port >= PIO_RESERVED)							\
		return *(volatile u##bits __force *)addr;				\
	if (port > PIO_OFFSET)								\
		asm volatile("in" #suffix " %w1, %" #reg "0"				\
			     : "=a" (value) : "d" ((u16)(port & PIO_MASK)));		\
	return value;									\
}											\
NOOKS_INSIDE void nooks_in_iowrite##bits(u##bits value, void __iomem *addr)		\
{											\
	unsigned long port = (__force unsigned long)addr;				\
											\
	if (port >= PIO_RESERVED)							\
		*(volatile u##bits __force *)addr = value;				\
	else if (port > PIO_OFFSET)							\
		asm volatile("out" #suffix " %" #reg "0, %w1"				\
			     : : "a" (value), "d" ((u16)(port & PIO_MASK)));		\
}											\
NOOKS_INSIDE void nooks_in_ioread##bits##_rep(const void __iomem *addr, void *to,	\
					       unsigned long count)			\
{											\
	unsigned long port = (__force unsigned long)addr;				\
	u##bits *p = to;								\
											\
	if (port >= PIO_RESERVED) {							\
		while (count--)								\
			*p++ = *(volatile u##bits __force *)addr;			\
	} else if (port > PIO_OFFSET) {							\
		asm volatile("rep ins" #suffix						\
			     : "+D" (to), "+c" (count)					\
			     : "d" ((u16)(port & PIO_MASK)) : "memory");		\
	}										\
}											\
NOOKS_INSIDE void nooks_in_iowrite##bits##_rep(void __iomem *addr, const void *from,	\
						unsigned long count)			\
{											\
	unsigned long port = (__force unsigned long)addr;				\
	const u##bits *p = from;							\
											\
	if (port >= PIO_RESERVED) {							\
		while (count--)								\
			*(volatile u##bits __force *)addr = *p++;			\
	} else if (port > PIO_OFFSET) {							\
		asm volatile("rep outs" #suffix						\
			     : "+S" (from), "+c" (count)				\
			     : "d" ((u16)(port & PIO_MASK)) : "memory");		\
	}										\
}

ACCESS(8, b, b)
ACCESS(16, w, w)
ACCESS(32, l, )

/* Devices are accessed in words of four bytes, which is what they expect, the rest by bytes. */
static __always_inline void copy_device(void *to, const void *from, size_t n)
{
	size_t words = n / 4;

	asm volatile("rep movsl\n\t"
		     "movq %[rest], %%rcx\n\t"
		     "rep movsb"
		     : "+D" (to), "+S" (from), "+c" (words)
		     : [rest] "r" (n % 4)
		     : "memory");
}

NOOKS_INSIDE void nooks_in_memcpy_fromio(void *to, const volatile void __iomem *from, size_t n)
{
	copy_device(to, (const void __force *)from, n);
}

NOOKS_INSIDE void nooks_in_memcpy_toio(volatile void __iomem *to, const void *from, size_t n)
{
	copy_device((void __force *)to, from, n);
}

NOOKS_INSIDE void nooks_in_memset_io(volatile void __iomem *to, int c, size_t n)
{
	fill((void __force *)to, c, n);
}

/* The names by which kernels with KASAN call them in files without it. */
void *nooks_in___memcpy(void *to, const void *from, size_t n) __alias(nooks_in_memcpy);
void *nooks_in___memmove(void *to, const void *from, size_t n) __alias(nooks_in_memmove);
void *nooks_in___memset(void *to, int c, size_t n) __alias(nooks_in_memset);
