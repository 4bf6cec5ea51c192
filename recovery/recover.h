/* SPDX-License-Identifier: GPL-2.0 */
/* What follows a failure. */
#ifndef NOOKS_RECOVER_H
#define NOOKS_RECOVER_H

#include "../nooks/driver.h"

/** enum nooks_wish - what recovery is asked to do beside the policy */
enum nooks_wish {
	NOOKS_WISH_NONE,
	NOOKS_WISH_RESTART,
	NOOKS_WISH_STOP,
};

extern const struct nooks_fault_ops nooks_detect_ops;

int nooks_recovery_setup(void);
void nooks_recovery_teardown(void);
void nooks_recovery_init(struct nooks_driver *driver);
void nooks_recovery_start(struct nooks_driver *driver);
int nooks_recovery_wish(struct nooks_driver *driver, enum nooks_wish wish);
int nooks_recovery_wait(struct nooks_driver *driver);
bool nooks_recovery_due(const struct nooks_driver *driver);
void nooks_recovery_resume(struct nooks_driver *driver);
void nooks_recovery_finish(struct nooks_driver *driver);

/* Will it be restarted, or is it just being so? Then what a closed domain says is not the last word. Any context. */
static inline bool nooks_recovery_pending(const struct nooks_driver *driver)
{
	enum nooks_state state = READ_ONCE(driver->state);

	return state == NOOKS_CRASHED || state == NOOKS_RECOVERING;
}

/* The kernel exports these, and declares them in kernel/rcu/rcu.h only. */
void rcu_expedite_gp(void);
void rcu_unexpedite_gp(void);

/* watchdog.c */
int nooks_watchdog_init(void);
void nooks_watchdog_exit(void);
int nooks_watchdog_start(void);
void nooks_watchdog_stop(void);

/* report.c */
const char *nooks_failure_name(enum nooks_failure_kind kind);
void nooks_report(struct nooks_driver *driver);

#endif
