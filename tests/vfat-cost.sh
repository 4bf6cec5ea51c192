#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# What operations of a file system in a domain cost: entries, kernel calls and checked stores of each, in steady state.
# usage: vfat-cost.sh [FILES]
# shellcheck shell=dash source=tests/lib.sh
. /tests/lib.sh
# shellcheck source=tests/lib-fs.sh
. /tests/lib-fs.sh

files=${1:-200}
dir=/sys/class/nooks/vfat
names=$(seq "$files" | sed 's/^/a_name_of_several_slots_/')

# Per operation, with a decimal.
tenths() {
	local n=$((($2 - $1) * 10 / files))
	echo "$((n / 10)).$((n % 10))"
}

# measure WHAT COMMAND...: the command does WHAT to all files
measure() {
	local what=$1 entries calls stores faults
	shift
	entries=$(counter entries) calls=$(cat /sys/class/nooks/crossings) stores=$(counter checked_stores)
	faults=$(counter faults)
	"$@" || return
	diag "$what: $(tenths "$entries" "$(counter entries)") entries," \
		"$(tenths "$calls" "$(cat /sys/class/nooks/crossings)") calls," \
		"$(tenths "$stores" "$(counter checked_stores)") checked stores," \
		"$(tenths "$faults" "$(counter faults)") other faults"
}

# by_name EVENT FIELD: count it by a field from now on
by_name() {
	echo "hist:keys=$2" >/sys/kernel/tracing/events/nooks/"$1"/trigger
}

# counts EVENT: how often each was seen, for each file
counts() {
	diag "$1, per file:"
	sed -n 's/^{ \(.*\) *} hitcount: *\([0-9]*\).*/\2 \1/p' /sys/kernel/tracing/events/nooks/"$1"/hist |
		sort -rn | head -n 24 | while IFS=' ' read -r n what; do
		diag "  $((n * 10 / files / 10)).$((n * 10 / files % 10)) $what"
	done
}

create() {
	local name
	for name in $names; do
		: >"$name" || return
	done
}

fill() {
	local name
	for name in $names; do
		echo "some text for the file" >"$name" || return
	done
}

look() {
	local name
	for name in $names; do
		[ -f "$name" ] || return
	done
}

contents() {
	local name line
	for name in $names; do
		read -r line <"$name" || return
	done
	[ "$line" ]
}

forget() {
	cd / && umount_image && mount_image /tmp/test.img "$options" && cd /mnt || exit
}

fs_modules
make_image 64 -F 32
plan 13
check "nooks loads" load_nooks
check "vfat loads in a domain" load_isolated vfat || bail "no use without it"
cp "$image" /tmp/test.img
check "an image is mounted" mount_image /tmp/test.img "$options"
cd /mnt || bail "no /mnt"
check "create" measure create create
check "write" measure write fill
forget
check "look up, not cached" measure "look up, not cached" look
check "look up, cached" measure "look up, cached" look
check "read" measure read contents
# shellcheck disable=SC2086 # many words
check "unlink" measure unlink rm $names
by_name nooks_call function
by_name nooks_enter function
by_name nooks_checked_store field
check "create once more" create
counts nooks_enter
counts nooks_call
counts nooks_checked_store
# What the driver has put is still known, until there is nothing to get it from.
holds() {
	grep -c "buffer_head" /sys/kernel/debug/nooks/vfat/objects
}
check "buffers that it has put are known" test "$(holds)" -gt 0
cd /
umount_image
check "none of them is, once it is unmounted" test "$(holds)" -eq 0
check "fsck finds it clean" fsck.fat -n /tmp/test.img
