#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Calls that change names, stopped at their kernel calls, one after the other: they have happened, or they have not, and whoever
# has made them is told which. Names that have changed stay so when the driver fails before it has written anything.
# usage: vfat-atomic.sh FAT STRIDE [OPERATION...]: every STRIDE-th kernel call
# shellcheck shell=dash source=tests/lib.sh
. /tests/lib.sh
# shellcheck source=tests/lib-fs.sh
. /tests/lib-fs.sh

dir=/sys/class/nooks/vfat
fat=$1
stride=$2
shift 2
operations=${*:-over into move moveover create unlink mkdir rmdir}
never=1000000
made="/mnt/new/a name that takes several entries of its directory"

begin() {
	rm -rf /mnt/old /mnt/new && mkdir /mnt/old /mnt/new /mnt/new/empty && cp /tmp/a /mnt/old/a && cp /tmp/b /mnt/old/b &&
		mkdir /mnt/old/sub && cp /tmp/a /mnt/old/sub/in && sync
}

# What "begin" has made; and more of it that each operation changes.
unchanged() {
	cmp /tmp/a /mnt/old/a && cmp /tmp/b /mnt/old/b && cmp /tmp/a /mnt/old/sub/in &&
		[ "$(find /mnt | wc -l)" = 8 ]
}

try_over() { mv -f /mnt/old/a /mnt/old/b; }
over_done() { [ ! -e /mnt/old/a ] && cmp /tmp/a /mnt/old/b && [ "$(find /mnt | wc -l)" = 7 ]; }
try_into() { mv /mnt/old/a "$made"; }
into_done() { [ ! -e /mnt/old/a ] && cmp /tmp/a "$made" && [ "$(find /mnt | wc -l)" = 8 ]; }
try_move() { mv /mnt/old/sub /mnt/new/moved; }
move_done() { [ ! -e /mnt/old/sub ] && cmp /tmp/a /mnt/new/moved/in && cmp /tmp/a /mnt/new/moved/../../old/a; }
try_moveover() { mv -T /mnt/old/sub /mnt/new/empty; }
moveover_done() { [ ! -e /mnt/old/sub ] && cmp /tmp/a /mnt/new/empty/in && [ "$(find /mnt | wc -l)" = 7 ]; }
try_create() { touch "$made"; }
create_done() { [ -f "$made" ] && [ "$(find /mnt | wc -l)" = 9 ]; }
try_unlink() { rm /mnt/old/b; }
unlink_done() { [ ! -e /mnt/old/b ] && [ "$(find /mnt | wc -l)" = 7 ]; }
try_mkdir() { mkdir "$made"; }
mkdir_done() { ls -A "$made" && [ "$(find /mnt | wc -l)" = 9 ]; }
try_rmdir() { rmdir /mnt/new/empty; }
rmdir_done() { [ ! -e /mnt/new/empty ] && [ "$(find /mnt | wc -l)" = 7 ]; }

# In the mount, on what is read from the disk, and for fsck.
as_it_was_told() {
	local status=$1 right=${2}_done
	[ "$status" = 0 ] || right=unchanged
	$right && uncached && $right && sound /tmp/test.img
} >/tmp/why 2>&1

# stopped NAME: at each kernel call
stopped() {
	local name=$1 n=1 status stops=0
	while :; do
		begin || return
		failures=$(counter failures)
		restarts=$(counter restarts)
		echo "stop $n" >$dir/inject
		"try_$name" 2>/dev/null
		status=$?
		echo "stop $never" >$dir/inject
		if ! has_failed; then
			[ $status = 0 ] && as_it_was_told 0 "$name" && [ $stops -gt 0 ] || return
			diag "$name: stopped $stops times"
			return 0
		fi
		stops=$((stops + 1))
		if ! wait_for 60 restarted_after "$restarts" || ! as_it_was_told $status "$name"; then
			diag "$name, at its kernel call $n, has ended with $status: $(head -n 3 /tmp/why | tr '\n' ' ')"
			find /mnt -exec ls -ld {} + >&3
			return 1
		fi
		n=$((n + stride))
	done
}

# done_then_failed NAME: nothing of it has been written when the driver fails
done_then_failed() {
	local name=$1
	begin && "try_$name" || return
	arm vfat_lookup
	[ ! -e "/mnt/nothing.$failures" ]
	wait_for 10 has_failed && wait_for 60 restarted_after "$restarts" && as_it_was_told 0 "$name"
}

fs_modules
case $fat in
12) make_image 4 -F 12 || bail "no image" ;;
*) make_image 40 -F "$fat" || bail "no image" ;;
esac
head -c 9000 /bin/busybox >/tmp/a
tail -c 7000 /bin/busybox >/tmp/b
# shellcheck disable=SC2086 # words
set -- $operations
plan $((4 + 2 * $#))
check "nooks loads" load_nooks
check "vfat loads in a domain" load_isolated vfat || bail "no use without it"
echo 0 >$dir/max_failures
cp $image /tmp/test.img
check "it is mounted" mount_image /tmp/test.img "$options"
# Nothing is written before somebody asks for it.
echo 0 >/proc/sys/vm/dirty_writeback_centisecs
for operation in "$@"; do
	check "$operation that has ended stays so" done_then_failed "$operation"
	check "$operation is all or nothing" stopped "$operation"
done
check "it is unmounted" umount_image
