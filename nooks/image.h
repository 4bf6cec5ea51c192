/* SPDX-License-Identifier: GPL-2.0 */
/* The rewritten image of a driver. */
#ifndef NOOKS_IMAGE_H
#define NOOKS_IMAGE_H

#include <linux/types.h>

struct module;
struct nooks_driver;
struct nooks_image;
struct nooks_section;
struct nooks_stub;

struct nooks_image *nooks_image_of(const struct module *mod);
int nooks_image_adopt(struct nooks_driver *driver, struct module *mod);
int nooks_image_save(struct nooks_driver *driver);
int nooks_image_restore(struct nooks_driver *driver);
int nooks_image_init(struct nooks_driver *driver);
void nooks_image_exit(struct nooks_driver *driver, struct nooks_stub *exit);
void nooks_image_seal(struct nooks_driver *driver);
void nooks_image_drop(struct nooks_driver *driver);
const struct nooks_section *nooks_image_section(struct nooks_driver *driver, unsigned long addr);
bool nooks_image_readonly(struct nooks_driver *driver, const void *p, size_t size);

#endif
