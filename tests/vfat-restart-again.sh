#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# A file system's driver fails once more while what is mounted is brought back: then that begins anew, and all is there,
# what was written and not synced, too.
# usage: vfat-restart-again.sh FUNCTION...: that the restarted driver fails in
# shellcheck shell=dash source=tests/lib.sh
. /tests/lib.sh
# shellcheck source=tests/lib-fs.sh
. /tests/lib-fs.sh

dir=/sys/class/nooks/vfat

fs_modules
make_image 32 -F 32
plan $((4 + 11 * $#))
check "nooks loads" load_nooks
check "vfat loads in a domain" load_isolated vfat || bail "no use without it"
echo 0 >$dir/max_failures

for function; do
	cp "$image" /tmp/test.img
	mount_image /tmp/test.img "$options" || bail "it does not mount"
	mkdir -p /mnt/a/b
	cp /bin/busybox /mnt/a/synced
	cp /bin/busybox /mnt/a/b/shorter
	sync
	cd /mnt/a/b || bail "no /mnt/a/b"
	exec 5</mnt/a/synced
	cp /bin/busybox /mnt/a/b/unsynced
	truncate -s 1000 /mnt/a/b/shorter
	failures=$(counter failures)
	restarts=$(counter restarts)
	echo "null any $function" >$dir/inject
	echo 1 >$dir/restart 2>/dev/null
	check "vfat restarts, mounted" wait_for 30 restarted_after "$restarts"
	check "and has failed in $function() on the way" [ "$(counter failures)" -gt "$failures" ]
	check "what was synced is there" cmp /bin/busybox /mnt/a/synced
	check "a file that was open is read" cmp /bin/busybox - <&5
	check "what was not synced is there, by the working directory" cmp /bin/busybox unsynced
	check "a file that got shorter is" sh -c "head -c 1000 /bin/busybox | cmp - shorter"
	check "something is made" sh -c "echo new >new && sync && grep new /mnt/a/b/new"
	exec 5<&-
	cd / || bail "no /"
	check "it is unmounted" umount_image
	check "what fsck finds is no damage" sound /tmp/test.img
	mount_image /tmp/test.img "$options"
	check "all is on the disk" sh -c "cmp /bin/busybox /mnt/a/synced && cmp /bin/busybox /mnt/a/b/unsynced &&
		grep new /mnt/a/b/new && head -c 1000 /bin/busybox | cmp - /mnt/a/b/shorter"
	check "it is unmounted again" umount_image
done
check "vfat unloads" unload vfat
check "nooks unloads" unload nooks
