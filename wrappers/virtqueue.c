// SPDX-License-Identifier: GPL-2.0
/*
 * Virtqueues. The rings are the kernel's, and so is what describes them: a driver reads struct
 * virtqueue and calls virtio_ring, which trusts its callers to take turns and to be right about what
 * they add. So each call takes a lock of the queue's here, and the lists of buffers are copied and
 * checked: a device may write only what its driver may write.
 */
#include <linux/cpumask.h>
#include <linux/mutex.h>
#include <linux/scatterlist.h>
#include <linux/slab.h>
#include <linux/virtio.h>
#include <linux/virtio_config.h>
#include "../nooks/compat.h"
#include "../nooks/driver.h"
#include "args.h"
#include "dma.h"
#include "generated.h"
#include "virtio.h"
#include "walk.h"

#define QUEUES_MAX	4096
#define NAME_MAX_LEN	48
#define ENTRIES_MAX	1024		/* of a list of buffers */
#define ENTRIES_FAST	20		/* that need no memory: a packet's, with a header */

NOOKS_LATE(virtqueue_add_inbuf);
NOOKS_LATE(virtqueue_add_inbuf_ctx);
NOOKS_LATE(virtqueue_add_outbuf);
NOOKS_LATE(virtqueue_add_sgs);
NOOKS_LATE(virtqueue_detach_unused_buf);
NOOKS_LATE(virtqueue_disable_cb);
NOOKS_LATE(virtqueue_enable_cb);
NOOKS_LATE(virtqueue_enable_cb_delayed);
NOOKS_LATE(virtqueue_enable_cb_prepare);
NOOKS_LATE(virtqueue_get_buf);
NOOKS_LATE(virtqueue_get_buf_ctx);
NOOKS_LATE(virtqueue_get_vring_size);
NOOKS_LATE(virtqueue_is_broken);
NOOKS_LATE(virtqueue_kick);
NOOKS_LATE(virtqueue_kick_prepare);
NOOKS_LATE(virtqueue_notify);
NOOKS_LATE(virtqueue_poll);
NOOKS_LATE(virtqueue_resize);

/**
 * struct nooks_virtqueue - a queue that a driver has found
 * @object: start is the kernel's virtqueue
 * @lock: held during each call of virtio_ring for this queue; interrupts off, outside the tracker's
 * @size: of its ring; under @lock
 * @contexts: buffers may have a context; the others' lists may be kept in memory of their own
 * @broken: it goes, or its device is reset: calls do nothing. Set under @lock, once
 * @receives: buffers to receive to have been added; under @lock
 * @used: entries of its ring that are in use, if it receives; written under @lock
 * @resizing: so far, calls do nothing, and it can't be deleted; under @lock
 */
struct nooks_virtqueue {
	struct nooks_object object;
	raw_spinlock_t lock;
	unsigned int size;
	bool contexts;
	bool broken;
	bool receives;
	unsigned int used;
	bool resizing;
};

/**
 * struct nooks_virtqueues - the queues of a device, which are found and deleted together
 * @object: start is the device
 * @names: of the queues, which these point to
 */
struct nooks_virtqueues {
	struct nooks_object object;
	char (*names)[NAME_MAX_LEN];
};

/* Serialises what finds, deletes and configures queues; outside nooks_virtqueue.lock. */
static DEFINE_MUTEX(queues_mutex);

static struct nooks_virtqueue *to_queue(struct nooks_object *object)
{
	return container_of(object, struct nooks_virtqueue, object);
}

static void init_queue(struct nooks_object *object)
{
	raw_spin_lock_init(&to_queue(object)->lock);
}

static const struct nooks_object_class queue_class = {
	.name = "virtqueue",
	.phase = NOOKS_PHASE_MEMORY,
	.size = sizeof(struct nooks_virtqueue),
	.init = init_queue,
};

static void release_queues(struct nooks_object *object);

static const struct nooks_object_class queues_class = {
	.name = "virtqueues of a device",
	.phase = NOOKS_PHASE_CALLS,
	.release = release_queues,
	.size = sizeof(struct nooks_virtqueues),
};

unsigned int nooks_virtio_receiving(struct nooks_driver *driver)
{
	struct nooks_object *object;
	unsigned int sum = 0;
	unsigned long flags;

	raw_spin_lock_irqsave(&driver->objects.lock, flags);
	nooks_for_each_object(object, driver, &queue_class)
		sum += READ_ONCE(to_queue(object)->used);
	raw_spin_unlock_irqrestore(&driver->objects.lock, flags);
	return sum;
}

static void break_queue(struct nooks_virtqueue *queue)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&queue->lock, flags);
	queue->broken = true;
	raw_spin_unlock_irqrestore(&queue->lock, flags);
}

void nooks_virtio_stop(struct virtio_device *vdev)
{
	if (vdev->config->get_status(vdev))
		vdev->config->reset(vdev);
}

void nooks_virtqueues_quiet(struct nooks_driver *driver, struct virtio_device *vdev)
{
	struct nooks_object *object;
	struct virtqueue *vq;

	mutex_lock(&queues_mutex);
	virtio_device_for_each_vq(vdev, vq) {
		object = nooks_object_get(driver, &queue_class, vq);
		if (!object)
			continue;
		break_queue(to_queue(object));
		nooks_object_free(object);
	}
	if (!nooks_virtio_abandoned(driver, vdev))
		nooks_virtio_stop(vdev);
	mutex_unlock(&queues_mutex);
}

/* The device's queues go; nobody is to find them any more. */
static void delete_queues(struct nooks_driver *driver, struct virtio_device *vdev)
{
	struct nooks_object *object;
	struct virtqueue *vq;

	lockdep_assert_held(&queues_mutex);
	virtio_device_for_each_vq(vdev, vq) {
		object = nooks_object_remove(driver, &queue_class, vq);
		if (!object)
			continue;
		break_queue(to_queue(object));
		nooks_object_free(object);
	}
	vdev->config->del_vqs(vdev);
}

/* The object has left the table. A late thread may have made the device ready again: see set_status. */
static void release_queues(struct nooks_object *object)
{
	struct nooks_virtqueues *queues = container_of(object, struct nooks_virtqueues, object);
	struct virtio_device *vdev = (struct virtio_device *)object->start;

	mutex_lock(&queues_mutex);
	if (!nooks_virtio_abandoned(object->driver, vdev)) {
		nooks_virtio_stop(vdev);
		delete_queues(object->driver, vdev);
	}
	mutex_unlock(&queues_mutex);
	kfree(queues->names);
}

void nooks_virtqueues_abandon(struct nooks_driver *driver, struct virtio_device *vdev)
{
	mutex_lock(&queues_mutex);
	nooks_virtio_stop(vdev);
	/* Recovery may have come to their object first, and not to them. */
	if (!list_empty(&vdev->vqs))
		delete_queues(driver, vdev);
	nooks_virtio_mark_abandoned(driver, vdev);
	mutex_unlock(&queues_mutex);
}

void nooks_virtqueues_delete(struct nooks_driver *driver, struct virtio_device *vdev)
{
	struct nooks_object *object = nooks_object_remove(driver, &queues_class, vdev);

	if (!object)
		return;
	release_queues(object);
	nooks_object_free(object);
}

/* Finding and deleting queues */

/**
 * struct finding - the kernel's copies of the arguments of find_vqs
 * @n: queues
 * @vqs: result
 * @infos: what is asked of each: the callback is an entry stub, or NULL; the name, of those that are
 *	kept, or NULL; whether its buffers have contexts
 */
struct finding {
	unsigned int n;
	struct virtqueue **vqs;
	struct virtqueue_info *infos;
};

#ifdef HAVE_virtqueue_info
/* (vdev, nvqs, vqs, struct virtqueue_info *infos, desc) */
static bool check_arrays(struct nooks_crossing *x, const unsigned long *args, unsigned int n,
			 const char *fn)
{
	return nooks_arg_readable(x, (void *)args[3], n * sizeof(struct virtqueue_info), false, fn,
				  "vqs_info") &&
	       nooks_arg_require(x, !args[4], fn, "desc is NULL");
}

static struct virtqueue_info read_info(const unsigned long *args, unsigned int i)
{
	const volatile struct virtqueue_info *info = (void *)args[3];

	return (struct virtqueue_info) {
		.name = info[i].name,
		.callback = info[i].callback,
		.ctx = *(volatile u8 *)&info[i].ctx,
	};
}

static int find_vqs(struct virtio_device *vdev, const struct finding *f)
{
	return vdev->config->find_vqs(vdev, f->n, f->vqs, f->infos, NULL);
}
#else
struct virtqueue_info {
	const char *name;
	vq_callback_t *callback;
	bool ctx;
};

/* (vdev, nvqs, vqs, callbacks, names, ctx, desc) */
static bool check_arrays(struct nooks_crossing *x, const unsigned long *args, unsigned int n,
			 const char *fn)
{
	return nooks_arg_readable(x, (void *)args[3], n * sizeof(vq_callback_t *), false, fn,
				  "callbacks") &&
	       nooks_arg_readable(x, (void *)args[4], n * sizeof(char *), false, fn, "names") &&
	       nooks_arg_readable(x, (void *)args[5], n * sizeof(bool), true, fn, "ctx") &&
	       nooks_arg_require(x, !nooks_stack_arg(x, 0), fn, "desc is NULL");
}

static struct virtqueue_info read_info(const unsigned long *args, unsigned int i)
{
	return (struct virtqueue_info) {
		.name = READ_ONCE(((const char **)args[4])[i]),
		.callback = READ_ONCE(((vq_callback_t **)args[3])[i]),
		.ctx = args[5] && ((volatile u8 *)args[5])[i],
	};
}

static int find_vqs(struct virtio_device *vdev, const struct finding *f)
{
	vq_callback_t **callbacks = kcalloc(f->n, sizeof(*callbacks), GFP_KERNEL);
	const char **names = kcalloc(f->n, sizeof(*names), GFP_KERNEL);
	bool *contexts = kcalloc(f->n, sizeof(*contexts), GFP_KERNEL);
	int ret = -ENOMEM;
	unsigned int i;

	if (callbacks && names && contexts) {
		for (i = 0; i < f->n; i++) {
			callbacks[i] = f->infos[i].callback;
			names[i] = f->infos[i].name;
			contexts[i] = f->infos[i].ctx;
		}
		ret = vdev->config->find_vqs(vdev, f->n, f->vqs, callbacks, names, contexts, NULL);
	}
	kfree(callbacks);
	kfree(names);
	kfree(contexts);
	return ret;
}
#endif

static bool copy_arguments(struct nooks_crossing *x, struct finding *f,
			   struct nooks_virtqueues *queues, const unsigned long *args, const char *fn)
{
	unsigned int i;

	for (i = 0; i < f->n; i++) {
		struct virtqueue_info *info = &f->infos[i];
		const char *name;

		*info = read_info(args, i);
		name = info->name;
		info->name = NULL;
		if (!nooks_arg_callback(x, info->callback, NOOKS_ROLE_virtqueue_callback, true, fn,
					"callbacks") ||
		    !nooks_arg_string(x, name, PAGE_SIZE, true, fn, "names"))
			return false;
		if (name && nooks_copy_string(queues->names[i], name, NAME_MAX_LEN) >= 0)
			info->name = queues->names[i];
	}
	return true;
}

/* Make the queues known. Return: false without memory. */
static bool track(struct nooks_driver *driver, const struct finding *f)
{
	unsigned int i;

	for (i = 0; i < f->n; i++) {
		struct virtqueue *vq = f->vqs[i];
		struct nooks_object *object;

		if (!vq)
			continue;
		object = nooks_object_add(driver, &queue_class, vq, sizeof(*vq),
					  NOOKS_TYPE_virtqueue, GFP_KERNEL);
		if (!object)
			return false;
		to_queue(object)->contexts = f->infos[i].ctx;
		/* Nobody has added anything yet. */
		to_queue(object)->size = vq->num_free;
	}
	return true;
}

static int find(struct nooks_crossing *x, struct virtio_device *vdev, struct finding *f,
		struct nooks_virtqueues *queues, const unsigned long *args, const char *fn)
{
	struct nooks_driver *driver = nooks_driver_of(x);
	int ret;

	f->vqs = kcalloc(f->n, sizeof(*f->vqs), GFP_KERNEL);
	f->infos = kcalloc(f->n, sizeof(*f->infos), GFP_KERNEL);
	queues->names = kcalloc(f->n, sizeof(*queues->names), GFP_KERNEL);
	if (!f->vqs || !f->infos || !queues->names)
		return -ENOMEM;
	if (!copy_arguments(x, f, queues, args, fn))
		return -EINVAL;
	mutex_lock(&queues_mutex);
	ret = find_vqs(vdev, f);
	if (!ret && !track(driver, f)) {
		delete_queues(driver, vdev);
		ret = -ENOMEM;
	}
	mutex_unlock(&queues_mutex);
	return ret;
}

/* int find_vqs(struct virtio_device *vdev, unsigned int nvqs, struct virtqueue *vqs[], ...): see check_arrays() */
NOOKS_WRAPPER(virtio_config_ops_find_vqs)
{
	static const char fn[] = "virtio_config_ops.find_vqs";
	const unsigned long args[] = { a0, a1, a2, a3, a4, a5 };
	struct nooks_driver *driver = nooks_driver_of(x);
	struct virtio_device *vdev = (struct virtio_device *)a0;
	struct finding f = { .n = a1 };
	struct nooks_object *object;
	int ret;

	if (!nooks_may_sleep(x, fn) ||
	    !nooks_arg_object(x, vdev, NOOKS_TYPE_virtio_device, false, fn, "vdev") ||
	    !nooks_arg_range(x, f.n, 1, QUEUES_MAX, fn, "nvqs") ||
	    !nooks_arg_writable(x, (void *)a2, f.n * sizeof(*f.vqs), false, fn, "vqs") ||
	    !check_arrays(x, args, f.n, fn))
		return 0;
	/* From now on recovery deletes what there is. */
	object = nooks_object_add(driver, &queues_class, vdev, 1, NOOKS_TYPE_none, GFP_KERNEL);
	if (!object)
		return nooks_object_find(driver, &queues_class, vdev) ? -EBUSY : -ENOMEM;
	ret = find(x, vdev, &f, container_of(object, struct nooks_virtqueues, object), args, fn);
	if (!ret) {
		memcpy((void *)a2, f.vqs, f.n * sizeof(*f.vqs));
	} else if (nooks_object_remove(driver, &queues_class, vdev)) {
		kfree(container_of(object, struct nooks_virtqueues, object)->names);
		nooks_object_free(object);
	}
	kfree(f.vqs);
	kfree(f.infos);
	return ret;
}

static bool any_resizing(struct nooks_driver *driver, struct virtio_device *vdev)
{
	struct nooks_object *object;
	struct virtqueue *vq;
	bool ret = false;

	mutex_lock(&queues_mutex);
	virtio_device_for_each_vq(vdev, vq) {
		object = nooks_object_get(driver, &queue_class, vq);
		if (!object)
			continue;
		ret |= READ_ONCE(to_queue(object)->resizing);
		nooks_object_free(object);
	}
	mutex_unlock(&queues_mutex);
	return ret;
}

/* void del_vqs(struct virtio_device *vdev) */
NOOKS_WRAPPER(virtio_config_ops_del_vqs)
{
	static const char fn[] = "virtio_config_ops.del_vqs";
	struct virtio_device *vdev = (struct virtio_device *)a0;

	if (!nooks_may_sleep(x, fn) ||
	    !nooks_arg_object(x, vdev, NOOKS_TYPE_virtio_device, false, fn, "vdev"))
		return 0;
	/* The device would go on to use memory that is about to be freed. */
	if (vdev->config->get_status(vdev) & VIRTIO_CONFIG_S_DRIVER_OK)
		nooks_fail(x, NOOKS_BAD_ARGUMENT, a0, "%s: the device is not reset", fn);
	else if (any_resizing(nooks_driver_of(x), vdev))
		nooks_fail(x, NOOKS_BAD_ARGUMENT, a0, "%s: a queue is being resized", fn);
	else
		nooks_virtqueues_delete(nooks_driver_of(x), vdev);
	return 0;
}

/* A reference to a queue of the driver's; NULL: it is none, and the domain has failed. */
static struct nooks_virtqueue *queue_get(struct nooks_crossing *x, unsigned long vq, const char *fn)
{
	struct nooks_object *object = nooks_object_get(nooks_driver_of(x), &queue_class,
						       (void *)vq);

	if (object)
		return to_queue(object);
	nooks_fail(x, NOOKS_BAD_ARGUMENT, vq, "%s: no virtqueue that the driver has found", fn);
	return NULL;
}

static void queue_put(struct nooks_virtqueue *queue)
{
	nooks_object_free(&queue->object);
}

/* int set_vq_affinity(struct virtqueue *vq, const struct cpumask *cpu_mask) */
NOOKS_WRAPPER(virtio_config_ops_set_vq_affinity)
{
	static const char fn[] = "virtio_config_ops.set_vq_affinity";
	struct virtqueue *vq = (struct virtqueue *)a0;
	struct nooks_virtqueue *queue;
	int ret = -ENODEV;

	if (!nooks_may_sleep(x, fn) ||
	    !nooks_arg_readable(x, (void *)a1, cpumask_size(), true, fn, "cpu_mask"))
		return 0;
	queue = queue_get(x, a0, fn);
	if (!queue)
		return 0;
	mutex_lock(&queues_mutex);	/* nobody deletes it */
	if (!queue->broken && nooks_late_bound(x, vq->vdev->config->set_vq_affinity, fn))
		ret = vq->vdev->config->set_vq_affinity(vq, (const struct cpumask *)a1);
	mutex_unlock(&queues_mutex);
	queue_put(queue);
	return ret;
}

/* Using queues */

/**
 * struct use - a call of virtio_ring
 * @vq: the kernel's queue
 * @queue: its books, with a reference and locked
 * @flags: interrupts' state before
 */
struct use {
	struct virtqueue *vq;
	struct nooks_virtqueue *queue;
	unsigned long flags;
};

/*
 * Begin a call. False: there is nothing to do for it, since the queue is broken, or the domain has
 * failed.
 */
static bool begin(struct nooks_crossing *x, struct use *use, unsigned long vq, const void *late,
		  const char *fn)
{
	if (!nooks_late_bound(x, late, fn))
		return false;
	use->queue = queue_get(x, vq, fn);
	if (!use->queue)
		return false;
	use->vq = (struct virtqueue *)vq;
	raw_spin_lock_irqsave(&use->queue->lock, use->flags);
	if (!use->queue->broken && !use->queue->resizing) {
		__release(&use->queue->lock);	/* for sparse: end() lets go of it */
		return true;
	}
	raw_spin_unlock_irqrestore(&use->queue->lock, use->flags);
	queue_put(use->queue);
	return false;
}

static void end(struct use *use)
{
	__acquire(&use->queue->lock);
	if (use->queue->receives)
		WRITE_ONCE(use->queue->used, use->queue->size - use->vq->num_free);
	raw_spin_unlock_irqrestore(&use->queue->lock, use->flags);
	queue_put(use->queue);
}

/* A call without arguments but the queue; @idle: what it returns for a broken one. */
#define SIMPLE(name, idle)								\
NOOKS_WRAPPER(name)									\
{											\
	unsigned long ret = idle;							\
	struct use use;									\
											\
	if (begin(x, &use, a0, nooks_late_##name, #name)) {				\
		ret = (unsigned long)nooks_late_##name(use.vq);				\
		end(&use);								\
	}										\
	return ret;									\
}

SIMPLE(virtqueue_kick, false)
SIMPLE(virtqueue_kick_prepare, false)
SIMPLE(virtqueue_notify, false)
SIMPLE(virtqueue_enable_cb, true)
SIMPLE(virtqueue_enable_cb_delayed, true)
SIMPLE(virtqueue_enable_cb_prepare, 0)
SIMPLE(virtqueue_is_broken, true)
SIMPLE(virtqueue_get_vring_size, 0)
SIMPLE(virtqueue_detach_unused_buf, 0)

/* void virtqueue_disable_cb(struct virtqueue *vq) */
NOOKS_WRAPPER(virtqueue_disable_cb)
{
	struct use use;

	if (begin(x, &use, a0, nooks_late_virtqueue_disable_cb, "virtqueue_disable_cb")) {
		nooks_late_virtqueue_disable_cb(use.vq);
		end(&use);
	}
	return 0;
}

/* bool virtqueue_poll(struct virtqueue *vq, unsigned int last_used_idx) */
NOOKS_WRAPPER(virtqueue_poll)
{
	bool ret = false;
	struct use use;

	if (begin(x, &use, a0, nooks_late_virtqueue_poll, "virtqueue_poll")) {
		ret = nooks_late_virtqueue_poll(use.vq, a1);
		end(&use);
	}
	return ret;
}

/* void *virtqueue_get_buf(struct virtqueue *vq, unsigned int *len) */
NOOKS_WRAPPER(virtqueue_get_buf)
{
	static const char fn[] = "virtqueue_get_buf";
	unsigned int len = 0;
	void *ret = NULL;
	struct use use;

	if (!nooks_arg_writable(x, (void *)a1, sizeof(len), false, fn, "len"))
		return 0;
	if (begin(x, &use, a0, nooks_late_virtqueue_get_buf, fn)) {
		ret = nooks_late_virtqueue_get_buf(use.vq, &len);
		end(&use);
	}
	if (ret)
		*(unsigned int *)a1 = len;
	return (unsigned long)ret;
}

/* void *virtqueue_get_buf_ctx(struct virtqueue *vq, unsigned int *len, void **ctx) */
NOOKS_WRAPPER(virtqueue_get_buf_ctx)
{
	static const char fn[] = "virtqueue_get_buf_ctx";
	void *ret = NULL, *ctx = NULL;
	unsigned int len = 0;
	struct use use;

	if (!nooks_arg_writable(x, (void *)a1, sizeof(len), false, fn, "len") ||
	    !nooks_arg_writable(x, (void *)a2, sizeof(ctx), true, fn, "ctx"))
		return 0;
	if (begin(x, &use, a0, nooks_late_virtqueue_get_buf_ctx, fn)) {
		ret = nooks_late_virtqueue_get_buf_ctx(use.vq, &len, a2 ? &ctx : NULL);
		end(&use);
	}
	if (ret) {
		*(unsigned int *)a1 = len;
		if (a2)
			*(void **)a2 = ctx;
	}
	return (unsigned long)ret;
}

#ifdef HAVE_virtqueue_resize_recycle_done
#define RECYCLE_DONE(x, a, fn) \
	nooks_arg_callback(x, (void *)(a), NOOKS_ROLE_virtqueue_resize_recycle_done, true, fn, "recycle_done")
#define late_resize(vq, num, recycle, done) \
	nooks_late_virtqueue_resize(vq, num, (void *)(recycle), (void *)(done))
#else
#define RECYCLE_DONE(x, a, fn) true
#define late_resize(vq, num, recycle, done) nooks_late_virtqueue_resize(vq, num, (void *)(recycle))
#endif

/* int virtqueue_resize(struct virtqueue *vq, u32 num, void (*recycle)(vq, void *buf)[, recycle_done]) */
NOOKS_WRAPPER(virtqueue_resize)
{
	static const char fn[] = "virtqueue_resize";
	struct use use;
	int ret;

	if (!nooks_may_sleep(x, fn) ||
	    !nooks_arg_callback(x, (void *)a2, NOOKS_ROLE_virtqueue_resize_recycle, false, fn,
				"recycle") ||
	    !RECYCLE_DONE(x, a3, fn) ||
	    !begin(x, &use, a0, nooks_late_virtqueue_resize, fn))
		return -EIO;
	use.queue->resizing = true;
	raw_spin_unlock_irqrestore(&use.queue->lock, use.flags);

	ret = late_resize(use.vq, a1, a2, a3);

	raw_spin_lock_irqsave(&use.queue->lock, use.flags);
	use.queue->resizing = false;
	if (!ret)
		use.queue->size = (u32)a1;
	end(&use);
	return ret;
}

/* Adding buffers */

/**
 * struct buffers - the kernel's copies of lists of buffers
 * @entries: all of them; each list is ended
 * @n: entries that are used
 * @max: that there is room for
 * @fast: room for a few
 */
struct buffers {
	struct scatterlist *entries;
	unsigned int n;
	unsigned int max;
	struct scatterlist fast[ENTRIES_FAST];
};

static void buffers_init(struct buffers *b)
{
	b->entries = b->fast;
	b->n = 0;
	b->max = ENTRIES_FAST;
}

static void buffers_free(struct buffers *b)
{
	if (b->entries != b->fast)
		kfree(b->entries);
}

/* Room for one more. Lists that are there already are not linked by addresses: they may move. */
static int buffers_reserve(struct buffers *b)
{
	struct scatterlist *larger;

	if (b->n < b->max)
		return 0;
	if (b->max == ENTRIES_MAX)
		return -EINVAL;
	larger = kmalloc_array(ENTRIES_MAX, sizeof(*larger), GFP_ATOMIC | __GFP_NOWARN);
	if (!larger)
		return -ENOMEM;
	memcpy(larger, b->entries, b->n * sizeof(*larger));
	b->entries = larger;
	b->max = ENTRIES_MAX;
	return 0;
}

/*
 * Copy a list of the driver's, of at most @max entries, and check each. Return: 0, -ENOMEM, or
 * -EINVAL when the domain has failed.
 */
static int buffers_add(struct nooks_crossing *x, struct buffers *b, const struct scatterlist *sg,
		       unsigned int max, enum dma_data_direction dir, const char *fn)
{
	struct nooks_driver *driver = nooks_driver_of(x);
	const unsigned int first = b->n;
	struct scatterlist given;
	unsigned int steps = 0;

	while (b->n - first < max) {
		const char *why = NULL;
		int ret;

		if (!nooks_arg_readable(x, sg, sizeof(*sg), false, fn, "sg"))
			return -EINVAL;
		given = *sg;
		if (sg_is_chain(&given)) {
			sg = sg_chain_ptr(&given);
			if (steps++ < ENTRIES_MAX)
				continue;
			why = "a list without an end";
		}
		if (!why)
			why = nooks_dma_fault(driver, sg_page(&given), given.offset, given.length,
					      dir);
		ret = why ? -EINVAL : buffers_reserve(b);
		if (ret == -EINVAL)
			nooks_fail(x, NOOKS_BAD_ARGUMENT, (unsigned long)sg, "%s: sg: %s", fn,
				   why ?: "too many entries");
		if (ret)
			return ret;
		sg_init_table(&b->entries[b->n], 1);
		sg_set_page(&b->entries[b->n], sg_page(&given), given.length, given.offset);
		sg_unmark_end(&b->entries[b->n]);
		b->n++;
		if (sg_is_last(&given))
			break;
		sg++;
	}
	if (b->n == first) {
		nooks_fail(x, NOOKS_BAD_ARGUMENT, (unsigned long)sg, "%s: no buffers", fn);
		return -EINVAL;
	}
	sg_mark_end(&b->entries[b->n - 1]);
	return 0;
}

/* What virtio_ring BUGs or warns about. */
static bool check_use(struct nooks_crossing *x, const struct use *use, const struct buffers *b,
		      const void *data, const void *ctx, const char *fn)
{
	return nooks_arg_require(x, data, fn, "data is not NULL") &&
	       nooks_arg_require(x, !ctx || use->queue->contexts, fn,
				 "ctx is for queues that were found with contexts") &&
	       nooks_arg_range(x, b->n, 1, use->queue->size, fn, "number of buffers");
}

/* A list for one direction. */
static unsigned long add_one(struct nooks_crossing *x, unsigned long vq, unsigned long sg,
			     unsigned long num, void *data, void *ctx, gfp_t gfp,
			     enum dma_data_direction dir, const void *late, const char *fn)
{
	struct buffers b;
	struct use use;
	int ret;

	if (!nooks_arg_gfp(x, gfp, fn))
		return 0;
	buffers_init(&b);
	ret = buffers_add(x, &b, (void *)sg, num, dir, fn);
	if (!ret && !begin(x, &use, vq, late, fn)) {
		ret = -EIO;
	} else if (!ret) {
		ret = -EINVAL;
		use.queue->receives |= dir == DMA_FROM_DEVICE;
		if (!check_use(x, &use, &b, data, ctx, fn))
			;
		else if (dir == DMA_TO_DEVICE)
			ret = (*nooks_late_virtqueue_add_outbuf)(use.vq, b.entries, b.n, data,
								GFP_ATOMIC);
		else if (late == nooks_late_virtqueue_add_inbuf_ctx)
			ret = (*nooks_late_virtqueue_add_inbuf_ctx)(use.vq, b.entries, b.n, data,
								    ctx, GFP_ATOMIC);
		else
			ret = (*nooks_late_virtqueue_add_inbuf)(use.vq, b.entries, b.n, data,
							       GFP_ATOMIC);
		end(&use);
	}
	buffers_free(&b);
	return ret;
}

/* int virtqueue_add_outbuf(struct virtqueue *vq, sg[], unsigned int num, void *data, gfp_t gfp) */
NOOKS_WRAPPER(virtqueue_add_outbuf)
{
	return add_one(x, a0, a1, (u32)a2, (void *)a3, NULL, (__force gfp_t)a4, DMA_TO_DEVICE,
		       nooks_late_virtqueue_add_outbuf, "virtqueue_add_outbuf");
}

/* int virtqueue_add_inbuf(struct virtqueue *vq, sg[], unsigned int num, void *data, gfp_t gfp) */
NOOKS_WRAPPER(virtqueue_add_inbuf)
{
	return add_one(x, a0, a1, (u32)a2, (void *)a3, NULL, (__force gfp_t)a4, DMA_FROM_DEVICE,
		       nooks_late_virtqueue_add_inbuf, "virtqueue_add_inbuf");
}

/* int virtqueue_add_inbuf_ctx(struct virtqueue *vq, sg[], num, void *data, void *ctx, gfp_t gfp) */
NOOKS_WRAPPER(virtqueue_add_inbuf_ctx)
{
	return add_one(x, a0, a1, (u32)a2, (void *)a3, (void *)a4, (__force gfp_t)a5,
		       DMA_FROM_DEVICE, nooks_late_virtqueue_add_inbuf_ctx, "virtqueue_add_inbuf_ctx");
}

/*
 * int virtqueue_add_sgs(struct virtqueue *vq, struct scatterlist *sgs[], unsigned int out_sgs,
 *			 unsigned int in_sgs, void *data, gfp_t gfp)
 */
NOOKS_WRAPPER(virtqueue_add_sgs)
{
	static const char fn[] = "virtqueue_add_sgs";
	struct scatterlist **given = (struct scatterlist **)a1, *lists[ENTRIES_FAST];
	unsigned int starts[ENTRIES_FAST], out = a2, n = out + (u32)a3, i;
	struct buffers b;
	struct use use;
	int ret = 0;

	if (!nooks_arg_gfp(x, (__force gfp_t)a5, fn) ||
	    !nooks_arg_range(x, (u32)a2, 0, ENTRIES_FAST, fn, "out_sgs") ||
	    !nooks_arg_range(x, (u32)a3, 0, ENTRIES_FAST - out, fn, "in_sgs") ||
	    !nooks_arg_readable(x, given, n * sizeof(*given), false, fn, "sgs"))
		return 0;
	buffers_init(&b);
	for (i = 0; i < n && !ret; i++) {
		starts[i] = b.n;
		ret = buffers_add(x, &b, READ_ONCE(given[i]), ENTRIES_MAX,
				  i < out ? DMA_TO_DEVICE : DMA_FROM_DEVICE, fn);
	}
	if (!ret && !begin(x, &use, a0, nooks_late_virtqueue_add_sgs, fn)) {
		ret = -EIO;
	} else if (!ret) {
		for (i = 0; i < n; i++)
			lists[i] = &b.entries[starts[i]];
		ret = -EINVAL;
		if (check_use(x, &use, &b, (void *)a4, NULL, fn))
			ret = nooks_late_virtqueue_add_sgs(use.vq, lists, out, n - out, (void *)a4,
							   GFP_ATOMIC);
		end(&use);
	}
	buffers_free(&b);
	return ret;
}
