#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# How long a restart takes that has to write again what users had written: times, and what the driver is called for.
# usage: vfat-replay.sh [KIB [OPTION...]]: so much that is not synced; options of mkfs.fat
# shellcheck shell=dash source=tests/lib.sh
. /tests/lib.sh
# shellcheck source=tests/lib-fs.sh
. /tests/lib-fs.sh

dir=/sys/class/nooks/vfat
kib=${1:-6144}
[ $# -eq 0 ] || shift
events="nooks_enter nooks_call nooks_checked_store"

# by_name EVENT: count it by its function or field from now on
by_name() {
	case $1 in
	nooks_checked_store) echo "hist:keys=field" ;;
	*) echo "hist:keys=function" ;;
	esac >/sys/kernel/tracing/events/nooks/"$1"/trigger
}

counts() {
	diag "$1, of $(sed -n 's/.*hitcount: *\([0-9]*\).*/\1/p' /sys/kernel/tracing/events/nooks/"$1"/hist |
		awk '{ n += $1 } END { print n }'):"
	sed -n 's/^{ \(.*\) *} hitcount: *\([0-9]*\).*/\2 \1/p' /sys/kernel/tracing/events/nooks/"$1"/hist |
		sort -rn | head -n 16 | while IFS=' ' read -r n what; do
		diag "  $n $what"
	done
}

millis() {
	local up
	read -r up _ </proc/uptime
	echo "${up%.*}${up#*.}0"
}

# unsynced NAME: it is written, and not on the disk
unsynced() {
	local begin
	begin=$(millis)
	cat /tmp/data >"/mnt/$1"
	diag "$1: $kib KiB are written in $(($(millis) - begin)) ms"
}

# usable: names can be made; notes when that is so
usable() {
	mkdir /mnt/probe 2>/dev/null || return
	running=$(counter state)
	usable_ms=$(($(millis) - begin))
	rmdir /mnt/probe
}

begun() {
	[ "$(counter state)" != running ] || restarted_after "$restarts"
}

# restart NAME: what it took
restart() {
	local calls entries stores begin
	restarts=$(counter restarts)
	entries=$(counter entries) calls=$(cat /sys/class/nooks/crossings) stores=$(counter checked_stores)
	begin=$(millis)
	echo 1 >$dir/restart &
	wait_for 10 begun
	wait_for 120 usable || return
	wait_for 120 restarted_after "$restarts" || return
	wait
	ms=$(dmesg | sed -n 's/.*restarted in \([0-9]*\) ms.*/\1/p' | tail -n 1)
	diag "$1: can be used after $usable_ms ms, restarted in $ms ms: $(($(counter entries) - entries)) entries," \
		"$(($(cat /sys/class/nooks/crossings) - calls)) calls, $(($(counter checked_stores) - stores)) checked stores"
}

fs_modules
make_image 128 -F 32 "$@"
while [ "$(stat -c %s /tmp/data 2>/dev/null || echo 0)" -lt $((kib << 10)) ]; do
	cat /bin/busybox >>/tmp/data
done
truncate -s "${kib}K" /tmp/data
plan 12
check "nooks loads" load_nooks
check "vfat loads in a domain" load_isolated vfat || bail "no use without it"
echo 0 >$dir/max_failures
mv "$image" /tmp/test.img
echo 100000 >/proc/sys/vm/dirty_writeback_centisecs
echo 100000 >/proc/sys/vm/dirty_expire_centisecs
check "an image is mounted" mount_image /tmp/test.img "$options"
check "with nothing to write it restarts" restart empty
unsynced new
check "with a new file it restarts" restart new
check "and could be used before all of that was written ($running)" [ "$running" = recovering ]
check "which is there" cmp /tmp/data /mnt/new
sync
dd if=/tmp/data of=/mnt/new bs=64k conv=notrunc 2>/dev/null
check "with one that was on the disk it restarts" restart old
unsynced traced
for event in $events; do by_name "$event"; done
check "traced it restarts" restart traced
for event in $events; do counts "$event"; done
check "all is there" sh -c "cmp /tmp/data /mnt/new && cmp /tmp/data /mnt/traced"
check "it is unmounted" umount_image
check "fsck finds no damage" sound /tmp/test.img
