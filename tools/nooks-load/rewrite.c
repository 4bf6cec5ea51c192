// SPDX-License-Identifier: GPL-2.0
/* The steps that make a stock module's image one for a domain, in their order. */
#include <string.h>

#include "report.h"
#include "rewrite.h"
#include "sections.h"
#include "sites.h"
#include "table.h"

/**
 * rewrite_check - is it a module that can be in a domain?
 * @img: the image as it was read
 *
 * Return: 0, or -1 after a message.
 */
int rewrite_check(const struct image *img)
{
	const struct section *this_module = image_find_section(img, ".gnu.linkonce.this_module");

	if (!this_module || !this_module->data)
		return report_error("not a kernel module: it has no struct module");
	if (image_find_section(img, NOOKS_SECTION_TABLE) ||
	    image_find_section(img, NOOKS_SECTION_STUBS) ||
	    image_find_section(img, NOOKS_SECTION_STRINGS) ||
	    image_find_section(img, NOOKS_SECTION_LIBRARIES))
		return report_error("rewritten already: name the original");
	if (image_find_section(img, ".ctors") || image_find_section(img, ".init_array"))
		return report_error("has constructors, which the kernel would run outside of the domain");
	if (image_modinfo(img, "livepatch"))
		return report_error("a live patch changes the kernel itself and can't be isolated");
	return 0;
}

/**
 * rewrite_prepare - do all that does not depend on addresses
 * @rw: holds an image that was checked, and all libraries that belong to it
 */
void rewrite_prepare(struct rewrite *rw)
{
	rw->nr_dropped = sections_drop(&rw->img);
	sections_keep_init(&rw->img);
	sections_separate(&rw->img);
	sites_patch(&rw->img);
	imports_find(&rw->imports, &rw->img);
	stubs_find(&rw->stubs, &rw->img);
}

/**
 * rewrite_finish - bind the image to its domain
 * @rw: prepared, with all imports resolved
 * @domain: the domain
 */
void rewrite_finish(struct rewrite *rw, const struct nooks_create *domain)
{
	imports_bind(&rw->imports, &rw->img);
	stubs_redirect(&rw->stubs, &rw->img);
	table_emit(&rw->img, &rw->stubs, rw->nr_libraries, domain);
}

/**
 * rewrite_free - give back the image and all that belongs to it
 * @rw: in any state
 */
void rewrite_free(struct rewrite *rw)
{
	imports_free(&rw->imports);
	stubs_free(&rw->stubs);
	image_free(&rw->img);
}
