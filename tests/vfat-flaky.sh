#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# A disk that gives errors for a while: when it is written to, and then for all that it is asked for. Who uses it is told, what was confirmed
# is there afterwards, and in a domain none of that is the driver's failure. Then the driver fails while the disk does so.
# The program for the disk is the host's (scripts/boot --share /usr).
# usage: vfat-flaky.sh native|isolated
# shellcheck shell=dash source=tests/lib.sh
. /tests/lib.sh
# shellcheck source=tests/lib-fs.sh
. /tests/lib-fs.sh
# shellcheck source=tests/lib-share.sh
. /tests/lib-share.sh

who=$1
dir=/sys/class/nooks/vfat
disk=/dev/mapper/flaky
sectors=81920

dm() {
	run dmsetup --noudevsync --noudevrules "$@"
}

# disk_is good|no-writes|bad: from now on
disk_is() {
	local table="0 $sectors flakey $loop 0"
	case $1 in
	good) table="$table 1 0" ;;
	no-writes) table="$table 0 1 1 error_writes" ;;
	bad) table="$table 0 1" ;;
	esac
	dm suspend --nolockfs --noflush flaky && dm load flaky --table "$table" && dm resume flaky
}

make_disk() {
	loop=$(losetup -f) && losetup "$loop" /tmp/test.img && dm create flaky --table "0 $sectors linear $loop 0"
}

write_synced() {
	dd if=$sample of="/mnt/$1" bs=4k conv=fsync 2>/dev/null
}

kept() {
	echo 3 >/proc/sys/vm/drop_caches
	cmp $sample /mnt/confirmed
}

# The file system may have made itself read-only, as natively.
afresh() {
	umount /mnt && mount -t vfat -o "$options" $disk /mnt && kept && write_synced again && cmp $sample /mnt/again
}

# The driver fails while something is to be written, and restarts, or gives the mount up.
fail_now() {
	cp $sample "/mnt/unsynced.$1"
	arm vfat_lookup
	[ ! -e "/mnt/nothing.$1" ]
	has_failed
}

fs_modules
small_sample 200000
make_image 40 -F 32 -s 8
cp "$image" /tmp/test.img
if [ "$who" = native ]; then
	plan 14
	load_native vfat
else
	plan 27
	check "nooks loads" load_nooks
	check "vfat loads in a domain" load_isolated vfat || bail "no use without it"
	echo 0 >$dir/max_failures
fi
load_native dm-flakey
check "the host's programs are there" share_host
check "a disk" make_disk || bail "no disk"
check "it is mounted" mount -t vfat -o "$options" $disk /mnt
check "something is written" write_synced confirmed
check "the disk can't be written to" disk_is no-writes
refuse "who writes is told" write_synced told
check "the disk can be written to again" disk_is good
check "what was confirmed is there, and it works when it is mounted again" afresh
check "the disk gives errors for all" disk_is bad
refuse "who reads is told" kept
check "the disk is good again" disk_is good
check "what was confirmed is there, and it works when it is mounted again" afresh
if [ "$who" = isolated ]; then
	check "the driver has not failed" [ "$(counter failures)" = 0 ]
	check "the disk can't be written to" disk_is no-writes
	check "the driver fails" fail_now 1
	check "it restarts" wait_for 60 restarted_after "$restarts"
	check "the disk is good again" disk_is good
	check "what was confirmed is there, and it works when it is mounted again" afresh
	check "the disk gives errors for all" disk_is bad
	check "the driver fails" fail_now 2
	check "it restarts" wait_for 60 restarted_after "$restarts"
	refuse "what is mounted can't be read" kept
	check "the disk is good again" disk_is good
	check "what was confirmed is there, and it works when it is mounted again" afresh
fi
check "it is unmounted" umount /mnt
dm remove flaky
losetup -d "$loop"
check "vfat unloads" wait_for 20 unload vfat
[ "$who" = native ] || check "nooks unloads" unload nooks
