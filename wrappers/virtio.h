/* SPDX-License-Identifier: GPL-2.0 */
/* Virtio devices of drivers: what the two files about them share. */
#ifndef NOOKS_VIRTIO_H
#define NOOKS_VIRTIO_H

#include <linux/types.h>

struct nooks_driver;
struct virtio_device;

/* All of these may sleep, but the last. */

/* As virtio_reset_device(), which only some drivers import. */
void nooks_virtio_stop(struct virtio_device *vdev);

/* What drivers call on a device's queues does nothing from now on; it is stopped, unless it is abandoned. */
void nooks_virtqueues_quiet(struct nooks_driver *driver, struct virtio_device *vdev);

/* Delete the queues that a driver has found, if there are any; the device is stopped. */
void nooks_virtqueues_delete(struct nooks_driver *driver, struct virtio_device *vdev);

/* The same for the bus, which takes the device back from a failed driver; threads may be inside, and recovery be under way. */
void nooks_virtqueues_abandon(struct nooks_driver *driver, struct virtio_device *vdev);

/* Has the bus taken the device back? Then what it is reached by may be gone. Said, and asked, under the lock of queues. */
void nooks_virtio_mark_abandoned(struct nooks_driver *driver, struct virtio_device *vdev);
bool nooks_virtio_abandoned(struct nooks_driver *driver, const struct virtio_device *vdev);

/* Entries of the driver's queues that are in use for buffers to receive to. Any context but NMI. */
unsigned int nooks_virtio_receiving(struct nooks_driver *driver);

#endif
