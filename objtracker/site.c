// SPDX-License-Identifier: GPL-2.0
/* Sites: what is remembered of instructions whose stores have trapped. site.h tells why. */
#include <linux/hash.h>
#include <linux/lockdep.h>
#include <linux/percpu.h>
#include <linux/string.h>
#include "../nooks/image.h"
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

/* Text that is patched, and a driver that is loaded where another was: only the bytes tell. */
static bool is_at(const struct nooks_site *site, unsigned long ip)
{
	return site->ip == ip && !memcmp(site->bytes, (const void *)ip, site->form.length);
}

/**
 * nooks_site_known - a site, if it is remembered; see site.h
 * @driver: whose thread it is
 * @ip: the address; another driver's memory, which may be gone, is not looked at
 */
struct nooks_site *nooks_site_known(struct nooks_driver *driver, unsigned long ip)
{
	struct nooks_site *site = place_of(ip);

	return site->ip == ip && nooks_image_section(driver, ip) && is_at(site, ip) ? site : NULL;
}

/**
 * nooks_site_get - a site, decoded if it has to be; see site.h
 * @decoder: the kernel's
 * @ip: of an instruction that has trapped: it is there
 * @err: out, if NULL is returned
 */
struct nooks_site *nooks_site_get(const struct nooks_decoder *decoder, unsigned long ip, int *err)
{
	struct nooks_site *site = place_of(ip);

	if (is_at(site, ip))
		return site;
	site->ip = 0;
	*err = nooks_form_decode(decoder, (const void *)ip, MAX_INSN_SIZE, &site->form);
	if (*err)
		return NULL;
	memcpy(site->bytes, (const void *)ip, site->form.length);
	site->field = NULL;
	site->ip = ip;
	return site;
}
