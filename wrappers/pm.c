// SPDX-License-Identifier: GPL-2.0
/*
 * Power management. Drivers hold and give up references that keep their devices powered: by the calls
 * here, and by inline functions, whose stores are counted (objtracker/count.c). So a dead driver's device
 * has as many as if it had never run.
 *
 * A driver's pm_qos_request lies in its own memory: the kernel links one of its own.
 */
#include <linux/pm_qos.h>
#include <linux/pm_runtime.h>
#include "../nooks/driver.h"
#include "../objtracker/count.h"
#include "../objtracker/instance.h"
#include "args.h"
#include "generated.h"

#define FLAGS_ALLOWED	(RPM_ASYNC | RPM_NOWAIT | RPM_GET_PUT | RPM_AUTO)

static bool check_runtime(struct nooks_crossing *x, struct device *dev, int flags, const char *fn)
{
	if (!nooks_arg_object(x, dev, NOOKS_TYPE_device, false, fn, "dev"))
		return false;
	if (flags & ~FLAGS_ALLOWED) {
		nooks_fail(x, NOOKS_BAD_ARGUMENT, flags, "%s: rpmflags", fn);
		return false;
	}
	return flags & RPM_ASYNC || dev->power.irq_safe || nooks_may_sleep(x, fn);
}

/* Give up a reference with the call of @put, or without one. */
static unsigned long put(struct nooks_crossing *x, struct device *dev, int flags,
			 int (*put)(struct device *dev, int flags), const char *fn)
{
	if (!check_runtime(x, dev, flags, fn))
		return 0;
	if (flags & RPM_GET_PUT) {
		if (atomic_read(&dev->power.usage_count) <= 0) {
			nooks_fail(x, NOOKS_BAD_ARGUMENT, (unsigned long)dev,
				   "%s: nobody holds a reference", fn);
			return 0;
		}
		if (!nooks_count(nooks_driver_of(x), &dev->power.usage_count, -1))
			return -ENOMEM;
	}
	return put(dev, flags);
}

/* int __pm_runtime_idle(struct device *dev, int rpmflags) */
NOOKS_WRAPPER(__pm_runtime_idle)
{
	return put(x, (struct device *)a0, a1, __pm_runtime_idle, "__pm_runtime_idle");
}

/* int __pm_runtime_suspend(struct device *dev, int rpmflags) */
NOOKS_WRAPPER(__pm_runtime_suspend)
{
	return put(x, (struct device *)a0, a1, __pm_runtime_suspend, "__pm_runtime_suspend");
}

/* int __pm_runtime_resume(struct device *dev, int rpmflags) */
NOOKS_WRAPPER(__pm_runtime_resume)
{
	static const char fn[] = "__pm_runtime_resume";
	struct device *dev = (struct device *)a0;
	int flags = a1;

	if (!nooks_arg_object(x, dev, NOOKS_TYPE_device, false, fn, "dev"))
		return 0;
	/* As natively: in atomic context, of a device that is active, or to be so some time later. */
	if (READ_ONCE(dev->power.runtime_status) == RPM_ACTIVE && !(flags & ~FLAGS_ALLOWED) &&
	    nooks_is_atomic())
		flags |= RPM_ASYNC;
	if (!check_runtime(x, dev, flags, fn))
		return 0;
	if (flags & RPM_GET_PUT && !nooks_count(nooks_driver_of(x), &dev->power.usage_count, 1))
		return -ENOMEM;
	return __pm_runtime_resume(dev, flags);
}

/**
 * struct nooks_qos - kernel instance of a pm_qos_request
 * @instance: in the driver's table; the request has a reference while it is active
 * @request: the kernel's
 */
struct nooks_qos {
	struct nooks_instance instance;
	struct pm_qos_request request;
};

NOOKS_INSTANCE(qos)

/* These functions of the kernel take a mutex: the driver's calls can't overlap with this. */
static void release_qos(struct nooks_object *object)
{
	struct nooks_qos *qos = qos_of(object);

	if (!cpu_latency_qos_request_active(&qos->request))
		return;
	cpu_latency_qos_remove_request(&qos->request);
	nooks_instance_put(&qos->instance);
}

static const struct nooks_object_class qos_class = {
	.name = "pm_qos_request",
	.phase = NOOKS_PHASE_CALLS,
	.release = release_qos,
	.size = sizeof(struct nooks_qos),
	.forget = true,
};

/* Makes looking whether a request is active, and changing that, one step. */
static DEFINE_MUTEX(qos_mutex);

/* void cpu_latency_qos_add_request(struct pm_qos_request *req, s32 value) */
NOOKS_WRAPPER(cpu_latency_qos_add_request)
{
	static const char fn[] = "cpu_latency_qos_add_request";
	struct nooks_instance *instance;
	struct nooks_qos *qos;

	if (!nooks_may_sleep(x, fn) ||
	    !nooks_arg_range(x, (s32)a1, PM_QOS_DEFAULT_VALUE, S32_MAX, fn, "value"))
		return 0;
	instance = nooks_instance_get(x, &qos_class, a0, sizeof(struct pm_qos_request), GFP_KERNEL);
	if (!instance)
		return 0;
	qos = to_qos(instance);
	mutex_lock(&qos_mutex);
	if (cpu_latency_qos_request_active(&qos->request)) {
		nooks_fail(x, NOOKS_BAD_ARGUMENT, a0, "%s: added before", fn);
	} else {
		nooks_instance_hold(instance);
		cpu_latency_qos_add_request(&qos->request, a1);
	}
	mutex_unlock(&qos_mutex);
	nooks_instance_put(instance);
	return 0;
}

/* The driver's active request, with a reference, and qos_mutex held; or neither, and it has failed. */
static struct nooks_qos *qos_get(struct nooks_crossing *x, unsigned long addr, const char *fn)
{
	struct nooks_instance *instance;

	if (!nooks_may_sleep(x, fn))
		return NULL;
	instance = nooks_instance_find(x, &qos_class, addr);
	mutex_lock(&qos_mutex);
	if (instance && cpu_latency_qos_request_active(&to_qos(instance)->request))
		return to_qos(instance);
	mutex_unlock(&qos_mutex);
	nooks_instance_put(instance);
	nooks_fail(x, NOOKS_BAD_ARGUMENT, addr, "%s: no request that was added", fn);
	return NULL;
}

/* void cpu_latency_qos_update_request(struct pm_qos_request *req, s32 new_value) */
NOOKS_WRAPPER(cpu_latency_qos_update_request)
{
	static const char fn[] = "cpu_latency_qos_update_request";
	struct nooks_qos *qos;

	if (!nooks_arg_range(x, (s32)a1, PM_QOS_DEFAULT_VALUE, S32_MAX, fn, "new_value"))
		return 0;
	qos = qos_get(x, a0, fn);
	if (qos) {
		cpu_latency_qos_update_request(&qos->request, a1);
		mutex_unlock(&qos_mutex);
		nooks_instance_put(&qos->instance);
	}
	return 0;
}

/* void cpu_latency_qos_remove_request(struct pm_qos_request *req) */
NOOKS_WRAPPER(cpu_latency_qos_remove_request)
{
	struct nooks_qos *qos = qos_get(x, a0, "cpu_latency_qos_remove_request");

	if (qos) {
		release_qos(&qos->instance.object);
		mutex_unlock(&qos_mutex);
		nooks_instance_put(&qos->instance);
	}
	return 0;
}

/* bool cpu_latency_qos_request_active(struct pm_qos_request *req) */
NOOKS_WRAPPER(cpu_latency_qos_request_active)
{
	struct nooks_instance *instance = nooks_instance_find(x, &qos_class, a0);
	bool active = instance &&
		      cpu_latency_qos_request_active(&to_qos(instance)->request);

	nooks_instance_put(instance);
	return active;
}
