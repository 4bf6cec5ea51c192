#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Many rounds of load and unload, and of crash and restart under traffic, leave nothing behind.
# usage: soak.sh MODULE LOADS CRASHES
# shellcheck shell=dash source=tests/lib.sh
. /tests/lib.sh

module=$1
loads=$2
crashes=$3
dir=/sys/class/nooks/$module

# What the kernel has in use, in KiB: slab and vmalloc and page tables and free memory.
used() {
	echo 3 >/proc/sys/vm/drop_caches
	awk '/^(SUnreclaim|PageTables|Percpu|VmallocUsed):/ { sum += $2 } END { print sum }' /proc/meminfo
}

not_grown() {
	local now
	now=$(used)
	diag "$1 KiB before, $now KiB after"
	[ "$now" -le $(($1 + 1024)) ]
}

round() {
	load_isolated "$module" && unload "$module"
}

repeat() {
	local n
	n=$1
	shift
	while [ "$n" -gt 0 ]; do
		"$@" || {
			diag "$n rounds before the end"
			return 1
		}
		n=$((n - 1))
	done
}

running_again() {
	[ "$(cat "$dir/restarts")" -gt "$1" ] && [ "$(cat "$dir/state")" = running ]
}

crash() {
	local restarts
	restarts=$(cat "$dir/restarts")
	case $((restarts % 4)) in
	0) echo wild-write >"$dir"/inject ;;
	1) echo null softirq >"$dir"/inject ;;
	2) echo bad-jump hardirq >"$dir"/inject ;;
	3) echo bad-argument >"$dir"/inject ;;
	esac
	wait_for 30 running_again "$restarts"
}

plan 7
check "nooks loads" load_nooks
repeat 3 round
before=$(used)
check "$loads times load and unload" repeat "$loads" round
check "no memory is lost" not_grown "$before"

load_isolated "$module"
iface=$(iface_of_driver "$module") || bail "$module drives no interface"
dhcp "$iface" || bail "no address"
echo 0 >"$dir"/max_failures
echo 0 >"$dir"/backoff_ms
ping -q -i 0.01 -I "$iface" "$(peer_of "$iface")" >/dev/null 2>&1 &
ping=$!
repeat 3 crash
before=$(used)
check "$crashes times crash and restart under traffic" repeat "$crashes" crash
check "no memory is lost" not_grown "$before"
kill $ping
check "the interface works" wait_for 20 ping_peer "$iface" 1
check "$module unloads" unload "$module"
