#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# A file system's driver fails while it is mounted, and is not restarted: the machine lives, operations get errors, umount
# works, and then the driver can be started again. What was synced is on the disk, and what the driver had not committed is not.
# usage: vfat-crash.sh KIND[,CONTEXT[,FUNCTION]]... (see nooksctl inject)
# shellcheck shell=dash source=tests/lib.sh
. /tests/lib.sh
# shellcheck source=tests/lib-fs.sh
. /tests/lib-fs.sh

dir=/sys/class/nooks/vfat

# Others are in the driver at the same time, until they get an error.
crowd() {
	local i
	for i in 1 2 3; do
		while cp /bin/busybox "/mnt/crowd.$i" && sync && rm "/mnt/crowd.$i"; do
			:
		done 2>/dev/null &
	done
}

# When nothing is mounted any more it lets go of what it has.
start_again() {
	wait_for 30 nooksctl restart vfat && restarted_after "$restarts"
}

fs_modules
make_image 32 -F 32
plan $((4 + 9 * $#))
check "nooks loads" load_nooks
check "vfat loads in a domain" load_isolated vfat || bail "no use without it"
echo stop >$dir/recovery

for fault; do
	IFS=, read -r kind context function <<-EOT
		$fault
	EOT
	context=${context:-any}
	failures=$(counter failures)
	restarts=$(counter restarts)
	cp "$image" /tmp/test.img
	mount_image /tmp/test.img "$options" || bail "it does not mount"
	cp /bin/busybox /mnt/confirmed
	sync
	exec 5>/mnt/open
	crowd
	echo "$kind $context $function" >$dir/inject
	check "$kind in $context context${function:+, in $function()} is detected" failed_after "$failures"
	check "it is reported" kernel_said "BUG: NOOKS: .* in "
	refuse "a file can't be made" touch /mnt/after
	refuse "a directory can't be read" ls /mnt
	exec 5>&-
	wait
	check "it is unmounted" umount_image
	check "vfat is started again" start_again
	check "what fsck finds is no damage" sound /tmp/test.img
	mount_image /tmp/test.img "$options"
	check "what was synced is there" cmp /bin/busybox /mnt/confirmed
	check "it works again" work again
	umount_image
done
check "vfat unloads" unload vfat
check "nooks unloads" unload nooks
