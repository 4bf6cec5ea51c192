// SPDX-License-Identifier: GPL-2.0
/* Nooks: driver fault isolation and recovery. Module init and exit. */
#define pr_fmt(fmt) "nooks: " fmt
#include <linux/init.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include "../domains/domain.h"
#include "../objtracker/site.h"
#include "../recovery/recover.h"
#include "../wrappers/init.h"
#include "control.h"
#include "debugfs.h"
#include "imports.h"
#include "life.h"
#include "symbols.h"
#include "sysfs.h"

static bool enable = true;
module_param(enable, bool, 0444);
MODULE_PARM_DESC(enable, "0: do nothing; nooks-load then loads drivers natively");

static int __init nooks_init(void)
{
	int ret;

	if (!enable) {
		pr_info("switched off by nooks.enable=0: drivers are loaded without domains\n");
		return 0;
	}
	ret = nooks_symbols_init();
	if (ret)
		return ret;
	ret = nooks_imports_init();
	if (ret)
		return ret;
	ret = nooks_sites_init();
	if (ret)
		goto err_imports;
	ret = nooks_recovery_setup();
	if (ret)
		goto err_sites;
	ret = nooks_domains_init(&nooks_detect_ops);
	if (ret)
		goto err_recovery;
	ret = nooks_wrappers_init();
	if (ret)
		goto err_domains;
	ret = nooks_sysfs_init();
	if (ret)
		goto err_wrappers;
	nooks_debugfs_init();
	ret = nooks_drivers_init();
	if (ret)
		goto err_sysfs;
	ret = nooks_control_init();
	if (ret)
		goto err_drivers;
	pr_info("ready: %u kernel functions for drivers, up to %u domains\n", nooks_nr_imports,
		NOOKS_MAX_DOMAINS);
	return 0;

err_drivers:
	nooks_drivers_exit();
err_sysfs:
	nooks_debugfs_exit();
	nooks_sysfs_exit();
err_wrappers:
	nooks_wrappers_exit();
err_domains:
	nooks_domains_exit();
err_recovery:
	nooks_recovery_teardown();
err_sites:
	nooks_sites_exit();
err_imports:
	nooks_imports_exit();
	return ret;
}

static void __exit nooks_exit(void)
{
	if (!enable)
		return;
	nooks_control_exit();
	nooks_drivers_exit();
	nooks_debugfs_exit();
	nooks_sysfs_exit();
	nooks_wrappers_exit();
	nooks_domains_exit();
	nooks_recovery_teardown();
	nooks_sites_exit();
	nooks_imports_exit();
}

module_init(nooks_init);
module_exit(nooks_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Driver fault isolation and recovery");
MODULE_VERSION("0.1");
