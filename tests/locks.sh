#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Spinlocks of a driver's own exclude in a domain as they do natively: on two CPUs, in softirqs and in process context.
# usage: locks.sh native|isolated [ROUNDS]
# shellcheck shell=dash source=tests/lib.sh
. /tests/lib.sh

rounds=${2:-10000}

# sums ARE HOW...: loaded so, the driver says that
sums() {
	local are=$1
	shift
	"$@" && dmesg | grep 'locker: sums' | tail -n 1 | grep "sums are $are:"
}

if [ "$1" = native ]; then
	plan 4
	check "natively the sums are right" sums right load_native locker rounds="$rounds"
	check "it unloads" unload locker
	check "without a lock they are wrong" sums wrong load_native locker rounds="$rounds" unlocked=1
	check "it unloads" unload locker
	exit
fi
plan 6
check "nooks loads" load_nooks
check "in a domain the sums are right" sums right load_isolated locker rounds="$rounds"
check "it has not failed" [ "$(cat /sys/class/nooks/locker/failures)" = 0 ]
check "it unloads" unload locker
check "without a lock they are wrong" sums wrong load_isolated locker rounds="$rounds" unlocked=1
check "it unloads" unload locker
