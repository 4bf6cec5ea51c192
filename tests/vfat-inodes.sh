#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Something writes wildly to what the driver has of its inodes. Before the driver is called with one of them that is noticed, and a
# failure: nothing comes of it. The control is the same where that is not looked at.
# usage: vfat-inodes.sh
# shellcheck shell=dash source=tests/lib.sh
. /tests/lib.sh
# shellcheck source=tests/lib-fs.sh
. /tests/lib-fs.sh

dir=/sys/class/nooks/vfat
files="1 2 3 4 5 6 7 8 9 10 11 12"
said="part of an inode has changed between calls"

begin() {
	cp "$image" /tmp/test.img
	mount_image /tmp/test.img "$options" || bail "it does not mount"
	mkdir /mnt/dir
	for i in $files; do
		cat $sample $sample >"/mnt/dir/$i"
	done
	sync
	failures=$(counter failures)
	restarts=$(counter restarts)
	dmesg -c >/dev/null
}

# Cut and written anew: what the driver has of the file says which clusters become free, and where its entry is.
change() {
	for i in $files; do
		cat $sample >"/mnt/dir/$i"
	done
	sync
} 2>/dev/null

# From a call on that looks at no inode itself
change_scribbled() {
	echo "scribble-inodes process vfat_hashi" >$dir/inject
	change
}

# Names are looked for, which the driver does without what it has of their inodes.
look_scribbled() {
	echo "scribble-inodes process vfat_hashi" >$dir/inject
	for i in $files; do
		[ -e "/mnt/dir/$i" ] || return
	done
}

# Each file has what was written to it, all of it or, of those that met the failure, the beginning.
kept() {
	for i in $files; do
		cat $sample $sample | head -c "$(stat -c %s "/mnt/dir/$i")" | cmp - "/mnt/dir/$i" || return
	done
}

right() {
	for i in $files; do
		cmp $sample "/mnt/dir/$i" || return
	done
}

unharmed() {
	umount_image && sound /tmp/test.img && mount_image /tmp/test.img "$options" && right
}

fs_modules
small_sample 20000
make_image 40 -F 32 -s 8
plan 23
check "nooks loads" load_nooks
check "vfat loads in a domain" load_isolated vfat || bail "no use without it"
echo 0 >$dir/max_failures
# What the driver finds itself is not what is asked.
echo 0 >$dir/readonly_failure
begin
change_scribbled
check "wild writes to inodes are a failure" has_failed
check "they are noticed before the driver is called with one of them" kernel_said "$said"
check "vfat restarts" wait_for 30 restarted_after "$restarts"
check "the files have nothing else" kept
change
check "they can be written to" right
check "it has failed once" [ "$(counter failures)" = $((failures + 1)) ]
check "all is well on the disk, too" unharmed
check "it is unmounted" umount_image

check "it is not to be looked at" sh -c "echo 0 >$dir/inode_check"
begin
check "wild writes to inodes do nothing at first" look_scribbled
check "nobody notices them then" [ "$(counter failures)" = "$failures" ]
# Before anything comes of them
check "vfat is restarted by hand" nooksctl restart vfat
check "it runs" wait_for 30 restarted_after "$restarts"
check "it is unmounted" umount_image
check "it is looked at again" sh -c "echo 1 >$dir/inode_check"
begin
look_scribbled
check "wild writes that do nothing are a failure" has_failed
check "vfat restarts" wait_for 30 restarted_after "$restarts"
check "it is unmounted" umount_image
check "no more than 1 can be asked for" sh -c "! echo 2 >$dir/inode_check"
check "vfat unloads" wait_for 20 unload vfat
check "nooks unloads" unload nooks
