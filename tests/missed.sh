#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Calls that bypass their stub are caught by the no-execute net, routed and counted, both ways.
# shellcheck shell=dash source=tests/lib.sh
. /tests/lib.sh

# address SYMBOL [MODULE]
address() {
	awk -v symbol="$1" -v module="${2:+[$2]}" \
		'$3 == symbol && $4 == module { print "0x" $1; exit }' /proc/kallsyms
}

survived() {
	[ "$(dmesg | grep -c 'attacker: survived')" -eq "$1" ]
}

plan 7
check "nooks loads" load_nooks
check "a driver calls a kernel function by its own address" \
	load_isolated attacker attack=jump addr="$(address net_ratelimit)"
check "and goes on" survived 1
check "the call is counted" [ "$(cat /sys/class/nooks/attacker/missed_calls)" -eq 1 ]
unload attacker
load_isolated attacker attack=none
# It refuses to stay loaded.
insmod "$(modinfo -n caller)" addr="$(address on_work attacker)" 2>/dev/null
check "the kernel calls a driver function by its own address" survived 3
check "the call is counted" [ "$(cat /sys/class/nooks/attacker/missed_entries)" -eq 1 ]
check "the driver unloads" unload attacker
