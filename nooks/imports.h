/* SPDX-License-Identifier: GPL-2.0 */
/* What drivers may import. */
#ifndef NOOKS_IMPORTS_H
#define NOOKS_IMPORTS_H

#include "../wrappers/wrapper.h"
#include "abi.h"

struct module;
struct nooks_driver;

int nooks_imports_init(void);
void nooks_imports_exit(void);
void nooks_imports_trace(bool on);
const struct nooks_import *nooks_import_find(const char *name);
const struct nooks_import *nooks_import_at(unsigned long addr);
void nooks_import_resolve(struct nooks_resolve *resolve);
void nooks_import_bind(const char *name, unsigned long addr);
void nooks_methods_lend(struct nooks_driver *driver, unsigned int table, const void *start);
void nooks_imports_unbind(const struct module *mod);

#endif
