// SPDX-License-Identifier: GPL-2.0
/* Firmware: the kernel reads it from files; the driver may read it, and has to give it back. */
#include <linux/firmware.h>
#include "../nooks/driver.h"
#include "args.h"
#include "generated.h"

#define NAME_MAX_LEN	256

static void put_firmware(struct nooks_object *object)
{
	release_firmware((struct firmware *)object->start);
}

static const struct nooks_object_class firmware_class = {
	.name = "firmware",
	.phase = NOOKS_PHASE_MEMORY,
	.release = put_firmware,
	.size = sizeof(struct nooks_object),
};

static unsigned long request(struct nooks_crossing *x, const struct firmware **out,
			     const char *name, struct device *dev,
			     int (*kernel_request)(const struct firmware **firmware,
						   const char *name, struct device *dev),
			     const char *fn)
{
	struct nooks_driver *driver = nooks_driver_of(x);
	const struct firmware *firmware = NULL;
	char copy[NAME_MAX_LEN];
	int ret;

	if (!nooks_may_sleep(x, fn) ||
	    !nooks_arg_writable(x, out, sizeof(*out), false, fn, "firmware") ||
	    !nooks_arg_string(x, name, sizeof(copy), false, fn, "name") ||
	    !nooks_arg_object(x, dev, NOOKS_TYPE_device, false, fn, "device"))
		return 0;
	if (nooks_copy_string(copy, name, sizeof(copy)) < 0)
		return -EFAULT;
	ret = kernel_request(&firmware, copy, dev);
	if (!ret && !nooks_object_add(driver, &firmware_class, firmware, sizeof(*firmware),
				      NOOKS_TYPE_none, GFP_KERNEL)) {
		release_firmware(firmware);
		firmware = NULL;
		ret = -ENOMEM;
	}
	/* It took its time: is it still there to write to? What is tracked, recovery releases. */
	if (!nooks_arg_writable(x, out, sizeof(*out), false, fn, "firmware"))
		return 0;
	*out = ret ? NULL : firmware;
	return ret;
}

/* int request_firmware(const struct firmware **firmware, const char *name, struct device *device) */
NOOKS_WRAPPER(request_firmware)
{
	return request(x, (const struct firmware **)a0, (const char *)a1, (struct device *)a2,
		       request_firmware, "request_firmware");
}

/* int request_firmware_direct(firmware, name, device) */
NOOKS_WRAPPER(request_firmware_direct)
{
	return request(x, (const struct firmware **)a0, (const char *)a1, (struct device *)a2,
		       request_firmware_direct, "request_firmware_direct");
}

/* int firmware_request_nowarn(firmware, name, device) */
NOOKS_WRAPPER(firmware_request_nowarn)
{
	return request(x, (const struct firmware **)a0, (const char *)a1, (struct device *)a2,
		       firmware_request_nowarn, "firmware_request_nowarn");
}

/* void release_firmware(const struct firmware *fw) */
NOOKS_WRAPPER(release_firmware)
{
	struct nooks_object *object;

	if (!a0 || !nooks_may_sleep(x, "release_firmware"))
		return 0;
	object = nooks_object_remove(nooks_driver_of(x), &firmware_class, (void *)a0);
	if (!object) {
		nooks_fail(x, NOOKS_BAD_ARGUMENT, a0,
			   "release_firmware: not requested by this driver, or released already");
		return 0;
	}
	put_firmware(object);
	nooks_object_free(object);
	return 0;
}
