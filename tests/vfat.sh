#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# A file system in a domain works as it does natively.
# usage: vfat.sh [KEY=VALUE...] [OPERATIONS [SEED...]]
#	fs=MODULE	vfat
#	fat=BITS	of the image: 12, 16, 32
#	sector=BYTES	512
#	mib=MIB		64
#	options=OPTIONS	of mount: utf8
# shellcheck shell=dash source=tests/lib.sh
. /tests/lib.sh
# shellcheck source=tests/lib-fs.sh
. /tests/lib-fs.sh

fstype=vfat
fat=32
sector=512
mib=64
while [ $# -gt 0 ]; do
	case $1 in
	fs=*) fstype=${1#*=} ;;
	fat=*) fat=${1#*=} ;;
	sector=*) sector=${1#*=} ;;
	mib=*) mib=${1#*=} ;;
	options=*) options=${1#*=} ;;
	*) break ;;
	esac
	shift
done
operations=${1:-300}
[ $# -eq 0 ] || shift
[ $# -gt 0 ] || set -- 1

fs_modules
plan $((16 + 5 * $#))

# Natively first: what it says is what is expected.
load_native "$fstype" || bail "no native $fstype"
make_image "$mib" -F "$fat" -S "$sector"
for seed; do
	cp "$image" /tmp/native.img
	mount_image /tmp/native.img "$options" || bail "the native driver does not mount"
	/tests/fileops run /mnt "$seed" "$operations" >"/tmp/native.$seed"
	umount_image
	mount_image /tmp/native.img "$options"
	/tests/fileops tree /mnt >"/tmp/native-tree.$seed"
	umount_image
done
modprobe -r "$fstype" || bail "the native driver does not unload"

check "nooks loads" load_nooks
check "$fstype loads in a domain" load_isolated "$fstype" || bail "no use without it"
check "it is registered" grep -q "$fstype" /proc/filesystems
refuse "something else is not mounted" mount_image /etc/nothing
cp "$image" /tmp/isolated.img
check "an image is mounted" mount_image /tmp/isolated.img "$options" || bail "no use without it"
check "mount tells of its options" grep -q "/mnt $fstype .*codepage=437" /proc/mounts
check "a file is written" cp /bin/busybox /mnt/busybox
check "it is read back" cmp /bin/busybox /mnt/busybox
check "statfs" df /mnt
refuse "it does not unload while it is mounted" unload "$fstype"
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
check "it is running" [ "$(cat /sys/class/nooks/"$fstype"/state)" = running ]
check "no failure" [ "$(cat /sys/class/nooks/"$fstype"/failures)" = 0 ]
check "it unloads" unload "$fstype"
check "nooks unloads" unload nooks
