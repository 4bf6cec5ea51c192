/* SPDX-License-Identifier: GPL-2.0 */
/* Virtio devices of drivers: what the two files about them share. */
#ifndef NOOKS_VIRTIO_H
#define NOOKS_VIRTIO_H

struct nooks_driver;
struct virtio_device;

/* What drivers call on a device's queues does nothing from now on. Any context but NMI. */
void nooks_virtqueues_break(struct nooks_driver *driver, struct virtio_device *vdev);

/* Delete the queues that a driver has found, if there are any; the device is reset. May sleep. */
void nooks_virtqueues_delete(struct nooks_driver *driver, struct virtio_device *vdev);

#endif
