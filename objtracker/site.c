// SPDX-License-Identifier: GPL-2.0
/* Sites: what is remembered of instructions whose stores have trapped. site.h tells why. */
#include <linux/hash.h>
#include <linux/lockdep.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/percpu.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include "site.h"

#define SITE_BITS	6

/** struct sites - those of a CPU: each address has one place */
struct sites {
	struct nooks_site site[1 << SITE_BITS];
};

static struct sites __percpu *sites;

/** nooks_sites_init - nothing is remembered yet. Return: -ENOMEM */
int nooks_sites_init(void)
{
	sites = alloc_percpu(struct sites);
	return sites ? 0 : -ENOMEM;
}

/** nooks_sites_exit - no domain is left */
void nooks_sites_exit(void)
{
	free_percpu(sites);
}

static struct nooks_site *place_of(unsigned long ip)
{
	lockdep_assert_irqs_disabled();
	return &this_cpu_ptr(sites)->site[hash_long(ip, SITE_BITS)];
}

/*
 * What is at an address. The registers of a domain's thread come from where other threads of the driver can write: it may be
 * no text at all. False: nothing can be read there.
 */
static bool read_text(unsigned long ip, u8 *bytes, size_t *length)
{
	*length = MAX_INSN_SIZE;
	if (!copy_from_kernel_nofault(bytes, (void *)ip, MAX_INSN_SIZE))
		return ip;
	*length = min_t(size_t, PAGE_SIZE - offset_in_page(ip), MAX_INSN_SIZE);
	return *length < MAX_INSN_SIZE && !copy_from_kernel_nofault(bytes, (void *)ip, *length);
}

/* Text that is patched, and a driver that is loaded where another was: only the bytes tell. */
static bool is_at(const struct nooks_site *site, unsigned long ip, const u8 *bytes, size_t length)
{
	return site->ip == ip && site->form.length <= length && !memcmp(site->bytes, bytes, site->form.length);
}

/**
 * nooks_site_known - a site, if it is remembered; see site.h
 * @ip: the address
 */
struct nooks_site *nooks_site_known(unsigned long ip)
{
	struct nooks_site *site = place_of(ip);
	u8 bytes[MAX_INSN_SIZE];
	size_t length;

	return site->ip == ip && read_text(ip, bytes, &length) && is_at(site, ip, bytes, length) ? site : NULL;
}

/**
 * nooks_site_get - a site, decoded if it has to be; see site.h
 * @decoder: the kernel's
 * @ip: where a store has trapped
 * @err: out, if NULL is returned
 */
struct nooks_site *nooks_site_get(const struct nooks_decoder *decoder, unsigned long ip, int *err)
{
	struct nooks_site *site = place_of(ip);
	u8 bytes[MAX_INSN_SIZE];
	size_t length;

	*err = -EFAULT;
	if (!read_text(ip, bytes, &length))
		return NULL;
	if (is_at(site, ip, bytes, length))
		return site;
	site->ip = 0;
	*err = nooks_form_decode(decoder, bytes, length, &site->form);
	if (*err)
		return NULL;
	memcpy(site->bytes, bytes, length);
	site->field = NULL;
	site->ip = ip;
	return site;
}
