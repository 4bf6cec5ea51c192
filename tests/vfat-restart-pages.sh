#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Pages of files whose driver fails. Who reads one, or has mapped it, while it is brought back, sees all of it as it was, or is told of an
# error; what a mapping has stored, and is being written when the driver fails, is not lost.
# usage: vfat-restart-pages.sh ROUNDS [PAGES]: of the files
# shellcheck shell=dash source=tests/lib.sh
. /tests/lib.sh
# shellcheck source=tests/lib-fs.sh
. /tests/lib-fs.sh

dir=/sys/class/nooks/vfat
rounds=$1
pages=${2:-256}

# fails_at_work: it is called for a name
fails_at_work() {
	arm vfat_lookup
	[ ! -e /mnt/nothing.$round ]
	wait_for 10 has_failed
}

# fails_again: and it is back only then. It is restarted by hand, and fails while the file is written again.
fails_again() {
	arm fat_write_begin
	echo 1 >$dir/restart 2>/dev/null
	wait_for 10 has_failed
}

fs_modules
make_image 48 -F 32
plan $((6 + 11 * rounds))
check "nooks loads" load_nooks
check "vfat loads in a domain" load_isolated vfat || bail "no use without it"
echo 0 >$dir/max_failures
cp "$image" /tmp/test.img
mount_image /tmp/test.img "$options" || bail "it does not mount"

round=0
while [ $round -lt "$rounds" ]; do
	start read /mnt/read.$round "$pages"
	if [ $((round % 2)) = 0 ]; then
		check "the driver fails" fails_at_work
	else
		check "the driver fails while the file is written again" fails_again
	fi
	check "vfat restarts" wait_for 60 restarted_after "$restarts"
	check "who reads meanwhile reads all of it" finish
	check "it is on the disk then" sync
	check "and can be removed" rm /mnt/read.$round
	start msync /mnt/mapped.$round "$pages"
	arm fat_get_block
	exec 7>&-
	check "the driver fails while pages of a mapping are written" wait_for 10 has_failed
	check "vfat restarts" wait_for 60 restarted_after "$restarts"
	check "they can be written" sync
	check "memory has none of them any more" sh -c "echo 1 >/proc/sys/vm/drop_caches"
	check "what was stored is in the file" finish_by TERM
	check "and can be removed" rm /mnt/mapped.$round
	round=$((round + 1))
done
check "it is unmounted" umount_image
check "what fsck finds is no damage" sound /tmp/test.img
check "vfat unloads" unload vfat
check "nooks unloads" unload nooks
