#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# A driver that finds damage makes its file system read-only, natively for good. In a domain it is restarted, once: the damage may be in
# its memory. Here it is on the disk, and is mended meanwhile, or not.
# usage: vfat-readonly.sh native|isolated
# shellcheck shell=dash source=tests/lib.sh
. /tests/lib.sh
# shellcheck source=tests/lib-fs.sh
. /tests/lib-fs.sh

dir=/sys/class/nooks/vfat
reserved=32

begin() {
	cp "$image" /tmp/test.img
	mount_image /tmp/test.img "$options" || bail "it does not mount"
	cp $sample /mnt/confirmed
	sync
	dd if="$loop" of=/tmp/table bs=512 skip=$reserved count=64 2>/dev/null
}

# Nothing follows a file's first cluster any more.
damage() {
	dd if=/dev/zero of="$loop" bs=16 seek=$((32 * reserved + 1)) count=1024 conv=notrunc 2>/dev/null &&
		echo 3 >/proc/sys/vm/drop_caches
}

mend() {
	dd if=/tmp/table of="$loop" bs=512 seek=$reserved conv=notrunc 2>/dev/null
}

read_only() {
	grep -q " /mnt vfat ro" /proc/mounts
}

writable() {
	echo yes >/mnt/writable && sync && rm /mnt/writable
}

fs_modules
small_sample 60000
make_image 40 -F 32 -s 1 -R $reserved
native() {
	plan 4
	load_native vfat
	begin
	check "a disk is damaged" damage
	refuse "a file that has no end can't be read" cat /mnt/confirmed
	mend
	check "the file system is read-only" read_only
	check "it is unmounted" umount_image
}

isolated() {
	plan 25
	check "nooks loads" load_nooks
	check "vfat loads in a domain" load_isolated vfat || bail "no use without it"
	echo 0 >$dir/max_failures
	begin
	failures=$(counter failures)
	restarts=$(counter restarts)
	check "a disk is damaged" damage
	refuse "a file that has no end can't be read" cat /mnt/confirmed
	mend
	check "that is a failure of the driver's" has_failed
	check "it is reported" kernel_said "it is made read-only, unasked"
	check "vfat restarts" wait_for 30 restarted_after "$restarts"
	refuse "the file system is not read-only" read_only
	check "it can be written to" writable
	check "the file can be read" cmp $sample /mnt/confirmed
	failures=$(counter failures)
	check "it is mounted read-only" mount -o remount,ro /mnt
	check "and not so" mount -o remount,rw /mnt
	check "the disk is damaged again" damage
	refuse "the file can't be read" cat /mnt/confirmed
	check "the file system is read-only" read_only
	check "the driver has not failed by either" [ "$(counter failures)" = "$failures" ]
	mend
	check "it is unmounted" umount_image

	echo 0 >$dir/readonly_failure
	begin
	check "where that is no failure, a disk is damaged" damage
	refuse "the file can't be read" cat /mnt/confirmed
	check "the file system is read-only" read_only
	check "the driver has not failed" [ "$(counter failures)" = "$failures" ]
	mend
	check "it is unmounted" umount_image
	check "no more than 1 can be asked for" sh -c "! echo 2 >$dir/readonly_failure"
	check "vfat unloads" unload vfat
	check "nooks unloads" unload nooks
}

"$1"
