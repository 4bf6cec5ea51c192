// SPDX-License-Identifier: GPL-2.0
/* /dev/nooks: where nooks-load asks for a domain and for what the driver's imports bind to. */
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include "../domains/switch.h"
#include "control.h"
#include "driver.h"
#include "imports.h"
#include "life.h"

/**
 * struct session - one open file
 * @lock: protects @name
 * @name: of the driver that was made by it, or empty
 * @loader: process that made it
 */
struct session {
	struct mutex lock;
	char name[NOOKS_NAME_LEN];
	pid_t loader;
};

static int control_open(struct inode *inode, struct file *file)
{
	struct session *session;

	if (!capable(CAP_SYS_MODULE))
		return -EPERM;
	session = kzalloc(sizeof(*session), GFP_KERNEL);
	if (!session)
		return -ENOMEM;
	mutex_init(&session->lock);
	file->private_data = session;
	return 0;
}

static int control_release(struct inode *inode, struct file *file)
{
	struct session *session = file->private_data;

	if (*session->name)
		nooks_driver_abandon(session->name, session->loader);
	kfree(session);
	return 0;
}

static long create(struct session *session, void __user *arg)
{
	struct nooks_create request;
	struct nooks_driver *driver;

	if (copy_from_user(&request, arg, sizeof(request)))
		return -EFAULT;
	if (request.abi != NOOKS_ABI_VERSION)
		return -EPROTO;
	if (request.flags & ~NOOKS_CREATE_LEARN || request.reserved)
		return -EINVAL;
	if (*session->name)
		return -EBUSY;
	request.name[sizeof(request.name) - 1] = '\0';
	driver = nooks_driver_create(request.name, request.flags);
	if (IS_ERR(driver))
		return PTR_ERR(driver);
	strscpy(session->name, request.name, sizeof(session->name));
	session->loader = current->tgid;
	request.id = driver->domain->id;
	request.entry = (unsigned long)nooks_entry;
	return copy_to_user(arg, &request, sizeof(request)) ? -EFAULT : 0;
}

static long resolve(struct session *session, void __user *arg)
{
	struct nooks_resolve request;
	int ret;

	if (copy_from_user(&request, arg, sizeof(request)))
		return -EFAULT;
	request.name[sizeof(request.name) - 1] = '\0';
	request.flags &= NOOKS_RESOLVE_PEEK;
	nooks_import_resolve(&request);
	if (!(request.flags & NOOKS_RESOLVE_PEEK)) {
		ret = request.data ? nooks_driver_use(session->name, request.data) : 0;
		if (ret)
			return ret;
		nooks_import_bind(request.name, request.data);
	}
	return copy_to_user(arg, &request, sizeof(request)) ? -EFAULT : 0;
}

static long control_ioctl(struct file *file, unsigned int command, unsigned long arg)
{
	struct session *session = file->private_data;
	long ret;

	switch (command) {
	case NOOKS_IOC_CREATE:
		mutex_lock(&session->lock);
		ret = create(session, (void __user *)arg);
		mutex_unlock(&session->lock);
		return ret;
	case NOOKS_IOC_RESOLVE:
		mutex_lock(&session->lock);
		ret = resolve(session, (void __user *)arg);
		mutex_unlock(&session->lock);
		return ret;
	default:
		return -ENOTTY;
	}
}

static const struct file_operations control_fops = {
	.owner = THIS_MODULE,
	.open = control_open,
	.release = control_release,
	.unlocked_ioctl = control_ioctl,
	.llseek = noop_llseek,
};

static struct miscdevice control_device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = NOOKS_DEVICE_NAME,
	.fops = &control_fops,
	.mode = 0600,
};

int __init nooks_control_init(void)
{
	return misc_register(&control_device);
}

void nooks_control_exit(void)
{
	misc_deregister(&control_device);
}
