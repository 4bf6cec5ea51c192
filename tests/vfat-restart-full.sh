#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# A file system that is nearly full, and was mounted without saying whose it is, is brought back: what is to be written again has its room
# before others get it, and all belongs to whom it did.
# usage: vfat-restart-full.sh ROUNDS
# shellcheck shell=dash source=tests/lib.sh
. /tests/lib.sh
# shellcheck source=tests/lib-fs.sh
. /tests/lib-fs.sh

dir=/sys/class/nooks/vfat
rounds=$1

fail_now() {
	arm vfat_lookup
	[ ! -e "/mnt/nothing.$failures" ]
	wait_for 10 has_failed
}

# leave BYTES: no more is free than that
leave() {
	# shellcheck disable=SC2046 # words
	set -- "$1" $(stat -f -c "%a %S" /mnt)
	head -c $(($2 * $3 - $1)) /dev/zero >/mnt/fill && sync
}

none_left() {
	[ "$(stat -f -c %a /mnt)" -lt 200 ]
}

# greedy: takes all that is free, as soon as that can be had
greedy() {
	until [ -e /tmp/done ]; do
		cat /dev/zero >>/mnt/greedy
	done 2>/dev/null
}

fs_modules
small_sample 400000
make_image 6 -F 16 -s 1
plan $((4 + 9 * rounds))
check "nooks loads" load_nooks
check "vfat loads in a domain" load_isolated vfat || bail "no use without it"
echo 0 >$dir/max_failures
round=0
while [ $round -lt "$rounds" ]; do
	cp "$image" /tmp/test.img
	umask 027
	mount_image /tmp/test.img "$options" || bail "it does not mount"
	umask 022
	check "it is nearly full" leave 1000000
	mode=$(stat -c %a /mnt/fill)
	cp $sample /mnt/unsynced
	check "the driver fails" fail_now
	rm -f /tmp/done
	greedy &
	greedy=$!
	check "vfat restarts" wait_for 60 restarted_after "$restarts"
	check "who wants all gets it" wait_for 30 none_left
	touch /tmp/done
	wait $greedy
	diag "mode $mode, then $(stat -c %a /mnt/fill)"
	check "files have the mode that they had" [ "$mode/$(stat -c %a /mnt/fill)" = 750/750 ]
	check "what was not synced is there" cmp $sample /mnt/unsynced
	check "it is unmounted" umount_image
	mount_image /tmp/test.img "$options" || bail "it does not mount"
	check "it is on the disk, too" cmp $sample /mnt/unsynced
	check "it is unmounted again" umount_image
	round=$((round + 1))
done
check "vfat unloads" unload vfat
check "nooks unloads" unload nooks
