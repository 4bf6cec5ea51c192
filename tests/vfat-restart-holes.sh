#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# What others do just while a file system's driver fails and comes back, mounted: they sync, unmount, mount, and
# store by mappings; and what is left of a file that does not come back.
# usage: vfat-restart-holes.sh [ROUNDS [BYTES]]
# shellcheck shell=dash source=tests/lib.sh
. /tests/lib.sh
# shellcheck source=tests/lib-fs.sh
. /tests/lib-fs.sh

dir=/sys/class/nooks/vfat
rounds=${1:-3}
[ -z "$2" ] || small_sample "$2"

# fail_now: the driver fails, and does not come back at once: much is to be written again
fail_now() {
	failures=$(counter failures)
	restarts=$(counter restarts)
	echo "null process vfat_lookup" >$dir/inject
	[ ! -e "/mnt/nothing.$failures" ]
	wait_for 10 has_failed
}

has_failed() {
	[ "$(counter failures)" -gt "$failures" ]
}

unsynced() {
	cp $sample /mnt/unsynced
}

# has_all FILE: an image has what was written by unsynced()
has_all() {
	mkdir -p /tmp/copy
	losetup /dev/loop7 "$1" && mount -t vfat -o ro /dev/loop7 /tmp/copy &&
		cmp $sample /tmp/copy/unsynced
	status=$?
	umount /tmp/copy
	losetup -d /dev/loop7
	return $status
}

# synced: who has a file open says that all is on the disk; the image is copied at once
synced() {
	finish && cp /tmp/test.img /tmp/copy.img
}

begin() {
	cp "$image" /tmp/test.img
	mount_image /tmp/test.img "$options" || bail "it does not mount"
	cp $sample /mnt/confirmed
	sync
}

mount_other() {
	losetup /dev/loop6 /tmp/other.img && mkdir -p /tmp/other
	while [ ! -e /tmp/done ]; do
		# One that is under way when the driver is stopped fails.
		mount -t vfat /dev/loop6 /tmp/other || continue
		umount /tmp/other && echo >>/tmp/mounts
	done
	losetup -d /dev/loop6
}

# restart_often N: so often, into $round; less often if it does not come back
restart_often() {
	round=0
	while [ $round -lt "$1" ]; do
		restarts=$(counter restarts)
		echo 1 >$dir/restart
		wait_for 30 restarted_after "$restarts" || break
		round=$((round + 1))
	done
}

fs_modules
make_image 48 -F 32
plan $((19 + 6 * rounds))
check "nooks loads" load_nooks
check "vfat loads in a domain" load_isolated vfat || bail "no use without it"
echo 0 >$dir/max_failures

round=0
while [ $round -lt "$rounds" ]; do
	begin
	start sync /mnt/confirmed
	unsynced
	check "the driver fails" fail_now
	check "who syncs meanwhile waits, or is told of an error" synced
	diag "vfat is $(cat $dir/state)"
	check "what sync has confirmed is on the disk" has_all /tmp/copy.img
	check "vfat restarts" wait_for 30 restarted_after "$restarts"
	check "it is unmounted" umount_image
	check "what fsck finds is no damage" sound /tmp/test.img
	round=$((round + 1))
done

begin
unsynced
check "the driver fails" fail_now
check "it is unmounted at once" umount /mnt
diag "vfat is $(cat $dir/state)"
check "vfat restarts" wait_for 30 restarted_after "$restarts"
losetup -d "$loop"
check "the super block goes then" wait_for 20 unbound
check "what was not synced is there" has_all /tmp/test.img

begin
cp "$image" /tmp/other.img
mount_other &
other=$!
failures=$(counter failures)
restart_often $((5 * rounds))
touch /tmp/done
wait $other
check "another one is mounted again and again while the driver restarts" [ -s /tmp/mounts ]
diag "$(wc -l </tmp/mounts) mounts, $round restarts"
check "it has not failed by that" [ "$(counter failures)" = "$failures" ]
check "it is unmounted" umount_image

begin
/tests/mapped store /mnt/mapped 64 >/tmp/mapped &
mapped=$!
wait_for 20 grep -q ready /tmp/mapped
restart_often $((3 * rounds))
kill -TERM $mapped
check "what is stored by a mapping while the driver restarts is there" wait $mapped
while IFS= read -r line; do diag "$line"; done </tmp/mapped
check "it is unmounted" umount_image

begin
start longer /mnt/longer
failures=$(counter failures)
restarts=$(counter restarts)
echo 1 >$dir/restart
check "vfat restarts" wait_for 30 restarted_after "$restarts"
check "a file of which nobody knows what it has does not come back" finish
check "what is on the disk of it can be opened then" sh -c "cat /mnt/longer && echo new >/mnt/longer && rm /mnt/longer"
check "the driver has not failed by that" [ "$(counter failures)" = "$failures" ]
check "it is unmounted" umount_image
check "vfat unloads" unload vfat
check "nooks unloads" unload nooks
