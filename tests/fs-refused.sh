#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# File systems that no domain takes yet: the loader says what they lack, and nothing is left of it.
# usage: fs-refused.sh
# shellcheck shell=dash source=tests/lib.sh
. /tests/lib.sh

# refused MODULE NAME...: it does not load, and each name is among those that it lacks
refused() {
	local module=$1 name
	shift
	fails_saying "imports can't be bound" nooks-load "$module" || return
	while IFS= read -r line; do diag "$line"; done </tmp/said
	for name; do
		grep -q "^  $name: " /tmp/said || {
			diag "it does not name $name"
			return 1
		}
	done
	! loaded "$module" && [ ! -e "/sys/class/nooks/$module" ]
}

plan 5
check "nooks loads" load_nooks
check "exfat is refused, with what it lacks" refused exfat __sync_dirty_buffer d_drop sync_blockdev truncate_inode_pages utf8_to_utf32
check "isofs is refused, with what it lacks" refused isofs iget5_locked __bh_read_batch init_special_inode zlib_inflate
check "natively one loads" load_native exfat
modprobe -r exfat
check "nooks unloads" unload nooks
