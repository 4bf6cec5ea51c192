#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# A file system's driver fails while it mounts and unmounts: the machine lives, nothing stays behind, and the driver is
# back.
# usage: vfat-crash-mount.sh
# shellcheck shell=dash source=tests/lib.sh
. /tests/lib.sh
# shellcheck source=tests/lib-fs.sh
. /tests/lib-fs.sh

dir=/sys/class/nooks/vfat

mounts() {
	mount_image /tmp/test.img "$options" && cmp /bin/busybox /mnt/confirmed && umount_image
}

fs_modules
make_image 32 -F 16
cp "$image" /tmp/test.img
plan 23
check "nooks loads" load_nooks
check "vfat loads in a domain" load_isolated vfat || bail "no use without it"
echo 0 >$dir/max_failures
mount_image /tmp/test.img "$options" && cp /bin/busybox /mnt/confirmed
check "an image is made" umount_image

for function in vfat_mount vfat_fill_super fat_alloc_inode; do
	arm $function
	refuse "it does not mount when $function() fails" mount_image /tmp/test.img "$options"
	check "that is why" has_failed
	check "vfat restarts" wait_for 30 restarted_after "$restarts"
	check "it mounts then" mounts
done
for function in fat_put_super fat_evict_inode; do
	mount_image /tmp/test.img "$options"
	arm $function
	check "it is unmounted when $function() fails" umount_image
	check "and it has" has_failed
	check "vfat restarts" wait_for 30 restarted_after "$restarts"
done
check "vfat unloads" unload vfat
check "nooks unloads" unload nooks
