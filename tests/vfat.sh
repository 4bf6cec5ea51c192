#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# A file system in a domain works as it does natively.
# usage: vfat.sh [OPERATIONS [SEED...]]
# shellcheck shell=dash source=tests/lib.sh
. /tests/lib.sh
. /tests/lib-fs.sh

operations=${1:-300}
[ $# -lt 2 ] || shift
[ $# -gt 0 ] && [ "$1" != "$operations" ] || set -- 1

fs_modules
plan $((16 + 5 * $#))

# Natively first: what it says is what is expected.
load_native vfat || bail "no native vfat"
make_image 64 -F 32
for seed; do
	cp "$image" /tmp/native.img
	mount_image /tmp/native.img "$options" || bail "the native driver does not mount"
	/tests/fileops run /mnt "$seed" "$operations" >"/tmp/native.$seed"
	umount_image
	mount_image /tmp/native.img "$options"
	/tests/fileops tree /mnt >"/tmp/native-tree.$seed"
	umount_image
done
modprobe -r vfat || bail "the native driver does not unload"

check "nooks loads" load_nooks
check "vfat loads in a domain" load_isolated vfat || bail "no use without it"
check "it is registered" grep -q vfat /proc/filesystems
refuse "something else is not mounted" mount_image /etc/nothing
cp "$image" /tmp/isolated.img
check "an image is mounted" mount_image /tmp/isolated.img "$options" || bail "no use without it"
check "mount tells of its options" grep -q '/mnt vfat .*codepage=437.*iocharset=ascii' /proc/mounts
check "a file is written" cp /bin/busybox /mnt/busybox
check "it is read back" cmp /bin/busybox /mnt/busybox
check "statfs" df /mnt
refuse "it does not unload while it is mounted" unload vfat
check "it is unmounted" umount_image
check "fsck finds it clean" fsck.fat -n /tmp/isolated.img

for seed; do
	cp "$image" /tmp/isolated.img
	check "it is mounted again" mount_image /tmp/isolated.img "$options"
	check "$operations operations of seed $seed" \
		sh -c "/tests/fileops run /mnt $seed $operations >/tmp/isolated.$seed"
	umount_image
	check "they do as natively" cmp "/tmp/native.$seed" "/tmp/isolated.$seed" ||
		diff "/tmp/native.$seed" "/tmp/isolated.$seed" | head -n 20 >&3
	check "fsck finds it clean" fsck.fat -n /tmp/isolated.img
	mount_image /tmp/isolated.img "$options"
	/tests/fileops tree /mnt >/tmp/tree
	umount_image
	check "the tree on the disk is the native one" cmp "/tmp/native-tree.$seed" /tmp/tree
done
check "it is running" [ "$(cat /sys/class/nooks/vfat/state)" = running ]
check "no failure" [ "$(cat /sys/class/nooks/vfat/failures)" = 0 ]
check "it unloads" unload vfat
check "nooks unloads" unload nooks
