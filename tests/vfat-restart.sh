#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# A file system's driver fails while it is mounted, and the same mount works on: paths, working directories, what is
# open and was written. What was synced is there, byte for byte.
# usage: vfat-restart.sh [bytes=BYTES] KIND[,CONTEXT[,FUNCTION]]... (see nooksctl inject)
# shellcheck shell=dash source=tests/lib.sh
. /tests/lib.sh
# shellcheck source=tests/lib-fs.sh
. /tests/lib-fs.sh

dir=/sys/class/nooks/vfat
deep=/mnt/dir/a_long_name_of_a_directory

case $1 in
bytes=*)
	small_sample "${1#*=}"
	shift
	;;
esac
fs_modules
make_image 32 -F 32
plan $((4 + 18 * $#))
check "nooks loads" load_nooks
check "vfat loads in a domain" load_isolated vfat || bail "no use without it"
echo 0 >$dir/max_failures

for fault; do
	IFS=, read -r kind context function <<-EOT
		$fault
	EOT
	context=${context:-any}
	failures=$(counter failures)
	restarts=$(counter restarts)
	cp "$image" /tmp/test.img
	mount_image /tmp/test.img "$options" || bail "it does not mount"
	mkdir -p $deep
	cp $sample /mnt/confirmed
	cp $sample $deep/confirmed
	echo "one line" >$deep/gone
	sync
	exec 5<$deep/confirmed 6<$deep/gone
	rm $deep/gone
	cd $deep || bail "no $deep"
	ino=$(stat -c %i .)
	echo "$kind $context $function" >$dir/inject
	check "$kind in $context context${function:+, in $function()} is detected" failed_after "$failures"
	check "it is reported" kernel_said "BUG: NOOKS: .* in "
	check "vfat restarts, mounted" wait_for 30 restarted_after "$restarts"
	check "it is mounted" grep -q " /mnt vfat " /proc/mounts
	check "the directory can be read" ls /mnt
	check "what was synced is there" cmp $sample /mnt/confirmed
	check "further down, too" cmp $sample $deep/confirmed
	check "the working directory is what it was" [ "$(stat -c %i .)" = "$ino" ]
	check "a path from there" cmp $sample confirmed
	check "something is made there" sh -c "echo new >new && sync && grep new $deep/new"
	check "a file that was open is read" cmp $sample - <&5
	refuse "one that was removed, not" head -n 1 <&6
	exec 5<&- 6<&-
	rm -r /mnt/dir.* /mnt/work.* 2>/dev/null
	check "it works" work again
	cd / || bail "no /"
	check "it is unmounted" umount_image
	check "what fsck finds is no damage" sound /tmp/test.img
	mount_image /tmp/test.img "$options"
	check "what was synced is there after it is mounted again" cmp $sample $deep/confirmed
	check "what was made then, too" grep new $deep/new
	check "it is unmounted again" umount_image
done
check "vfat unloads" unload vfat
check "nooks unloads" unload nooks
