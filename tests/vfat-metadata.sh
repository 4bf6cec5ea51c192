#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# A file system's driver writes wildly to metadata that it has in its hands, all of it, and goes on. Natively that is
# on the disk with the next sync. In a domain nothing of it is, for it is not what the driver has said to be written.
# usage: vfat-metadata.sh native|isolated
# shellcheck shell=dash source=tests/lib.sh
. /tests/lib.sh
# shellcheck source=tests/lib-fs.sh
. /tests/lib-fs.sh

dir=/sys/class/nooks/vfat

# Metadata of every kind is in the driver's hands, and dirty.
prepare() {
	mkdir /mnt/directory && cp /bin/busybox /mnt/directory/file && echo one >/mnt/first
}

# The driver is called, and does wrong before it does what it should.
provoke() {
	echo two >/mnt/second
	sync
}

# Ones, a sector of them, somewhere behind the first page: no metadata look like this, and no file here
has_ones() {
	tail -c +4097 /tmp/test.img | tr '\000-\376' '\000' | tr -s '\000' | tr '\377\000' '1\n' |
		grep -q '1\{512\}'
}

fs_modules
make_image 16 -F 16
cp "$image" /tmp/test.img
case $1 in
native)
	plan 4
	load_native vfat
	check "an image is mounted" mount_image /tmp/test.img "$options"
	check "there are metadata" prepare
	check "the fault is armed" load_native native_fault kind=scribble-ones disk="$loop" function=vfat_create
	provoke
	check "what the driver wrote wildly is on the disk" has_ones
	;;
isolated)
	plan 14
	check "nooks loads" load_nooks
	check "vfat loads in a domain" load_isolated vfat || bail "no use without it"
	check "an image is mounted" mount_image /tmp/test.img "$options"
	check "there are metadata" prepare
	check "the fault is armed" sh -c "echo scribble-metadata process vfat_create >$dir/inject"
	check "the driver goes on" provoke
	check "it has written wildly" kernel_said "wild writes to [1-9][0-9]* pages of metadata"
	refuse "nothing of that is on the disk" has_ones
	check "what was there before is there" cmp /bin/busybox /mnt/directory/file
	check "and what came then" grep two /mnt/second
	check "it is unmounted" umount_image
	refuse "nothing of it is on the disk now" has_ones
	check "fsck finds it clean" fsck.fat -n /tmp/test.img
	check "no failure" [ "$(counter failures)" = 0 ]
	;;
esac
