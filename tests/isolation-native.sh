#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The native control of isolation.sh: without a domain, the same driver does its damage.
# usage: isolation-native.sh TARGET WHEN	the kernel is expected to die of it
#        isolation-native.sh silent		it lives, but is not what it was
# shellcheck shell=dash source=tests/attacks.sh
. /tests/attacks.sh

# changes TARGET: the attack goes unnoticed, and the driver sees what it wrote
changes() {
	local value
	# shellcheck disable=SC2046
	load_native attacker $(parameters "$1") && unload attacker || return
	value=$(dmesg | sed -n 's/.*attacker: .* written, now //p' | tail -n 1)
	[ "$2" = "$value" ]
}

survives() {
	local before
	before=$(said "attacker: survived")
	# shellcheck disable=SC2046
	load_native attacker $(parameters "$1") && unload attacker &&
		[ "$(said "attacker: survived")" -gt "$before" ]
}

if [ "$1" = silent ]; then
	plan 22
	check "nooks loads" load_nooks
	check "the victim loads natively" load_native victim
	check "kernel data changes" changes kernel-data 4d
	check "as /proc sees" [ "$(cat /proc/sys/kernel/panic)" = 77 ]
	check "a page table changes" changes page-table dead0000
	check "another driver's memory changes" changes other-domain bad
	check "as it sees itself" [ "$(cat /sys/module/victim/parameters/treasure)" = $((0xbad)) ]
	check "memory of nooks changes" changes nooks-data 7000
	check "memory of a process changes" changes user-memory 6b6f6f6e
	check "memory is written after it was freed" survives use-after-free
	check "a lock is held, and memory is waited for" survives atomic-kmalloc
	check "and for that of a packet" survives atomic-packet
	check "unknown flags are believed" survives gfp-flags
	check "a return value that is none goes unnoticed" survives bad-return
	check "a device gets another name, by which nobody finds it" survives device-name
	check "a packet is handed up with a queue locked" survives packet-locked
	check "what is right is so natively, too" survives balanced
	check "there are forty thousand timers" survives timers
	check "and locks" survives locks
	check "and packets" eval "survives packets && kernel_said 'attacker: 40000 clones'"
	check "the log is flooded" survives lines
	check "with all lines" [ "$(said "attacker: line [0-9]")" = 3000 ]
	exit
fi

case $1 in
own-module)
	plan 2
	# shellcheck disable=SC2046
	check "the driver loads" load_native attacker when="$2" $(parameters "$1")
	refuse "and unloads" unload attacker
	;;
*)
	plan 1
	# Nobody asks for a panic at an oops in an interrupt.
	[ "$2" = init ] || echo 0 >/proc/sys/kernel/panic_on_oops
	# shellcheck disable=SC2046
	load_native attacker when="$2" $(parameters "$1")
	refuse "$1 from $2 is survived" wait_for 10 kernel_said "attacker: survived"
	;;
esac
