#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Trials by seed: a file system's driver fails at a random moment while others work, and the same mount works on. What
# was confirmed is there, byte for byte, in the mount and on the disk; nothing is there that nobody has written; fsck
# finds no damage.
# usage: vfat-trials.sh SEED TRIALS [WORKERS [FAT]]
# shellcheck shell=dash source=tests/lib.sh
. /tests/lib.sh
# shellcheck source=tests/lib-fs.sh
. /tests/lib-fs.sh

dir=/sys/class/nooks/vfat
first=$1
trials=$2
workers=${3:-3}
fat=${4:-32}
kinds="null wild-write bad-jump bad-instruction bad-argument denied-store loop scribble-random"
# What the load calls all the time.
functions="vfat_create vfat_lookup vfat_unlink fat_get_block fat_write_begin fat_write_end fat_writepages \
fat_write_inode fat_file_fsync fat_setattr fat_getattr fat_evict_inode fat_alloc_inode vfat_revalidate_ci vfat_hashi"

# any N: a number below it, by the seed
any() {
	random=$(((random * 1103515245 + 12345) & 0x7fffffff))
	set -- "$1" $((random >> 8))
	result=$(($2 % $1))
}

# pick WORD...: one of them
pick() {
	any $#
	shift $result
	result=$1
}

# What goes wrong in this trial. Half of them in the midst of something, at one of the next kernel calls.
choose() {
	local kind
	any 2
	if [ $result = 0 ]; then
		any 4000
		fault="stop $((result + 1))"
		return
	fi
	# shellcheck disable=SC2086 # words
	pick $kinds
	kind=$result
	# shellcheck disable=SC2086
	pick $functions
	case $kind in
	# Those that must be able to sleep, or be found in a while.
	loop | scribble*) fault="$kind process" ;;
	*) fault="$kind any $result" ;;
	esac
}

has_failed() {
	[ "$(counter failures)" -gt "$failures" ] || ! kill -0 "$load" 2>/dev/null
}

has_done() {
	[ "$(counter entries)" -gt $((entries + $1)) ] || ! kill -0 "$load" 2>/dev/null
}

writable() {
	echo yes >/mnt/writable && sync && grep -q yes /mnt/writable && rm /mnt/writable
}

say_all() {
	while IFS= read -r line; do
		diag "$line"
	done <"$1"
}

trial() {
	cp "$image" /tmp/test.img
	mount_image /tmp/test.img "$options" || bail "it does not mount"
	cp /bin/busybox /mnt/confirmed
	sync
	rm -f /tmp/notes.*
	/tests/fsload run /mnt /tmp/notes "$seed" "$workers" >/tmp/load 2>&1 &
	load=$!
	entries=$(counter entries)
	wait_for 30 has_done 300
	failures=$(counter failures)
	restarts=$(counter restarts)
	echo "$fault" >$dir/inject
	check "seed $seed: '$fault' is detected" wait_for 60 has_failed
	check "seed $seed: vfat restarts, mounted" wait_for 30 restarted_after "$restarts"
	entries=$(counter entries)
	wait_for 30 has_done 500
	check "seed $seed: it can be written to" writable
	kill -TERM "$load" 2>/dev/null
	check "seed $seed: what is confirmed is there" wait "$load"
	say_all /tmp/load
	check "seed $seed: it is unmounted" umount_image
	check "seed $seed: fsck finds no damage" sound /tmp/test.img
	mount_image /tmp/test.img "$options"
	check "seed $seed: what is confirmed is on the disk" sh -c "cmp /bin/busybox /mnt/confirmed &&
		/tests/fsload check /mnt /tmp/notes >&3"
	umount_image
}

fs_modules
make_image 48 -F "$fat"
plan $((4 + 7 * trials))
check "nooks loads" load_nooks
check "vfat loads in a domain" load_isolated vfat || bail "no use without it"
echo 0 >$dir/max_failures
seed=$first
while [ "$seed" -lt $((first + trials)) ]; do
	random=$((seed * 7919 + 17))
	any 2
	choose
	trial
	seed=$((seed + 1))
done
check "vfat unloads" wait_for 20 unload vfat
check "nooks unloads" unload nooks
