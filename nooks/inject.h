/* SPDX-License-Identifier: GPL-2.0 */
/* Faults on request: what nooksctl inject asks for happens in the driver's next call. */
#ifndef NOOKS_INJECT_H
#define NOOKS_INJECT_H

struct nooks_driver;
struct nooks_stub;

int nooks_inject_request(struct nooks_driver *driver, const char *request);
void nooks_inject_restart(struct nooks_driver *driver);
void nooks_inject_cancel(struct nooks_driver *driver);
bool nooks_inject_call(struct nooks_driver *driver);
unsigned long nooks_inject_entry(struct nooks_driver *driver, const struct nooks_stub *stub,
				 const unsigned long **args, unsigned long *injected);

#endif
