#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Without nooks: the kernel patches jump labels that other CPUs run through all the time. A machine that keeps its instructions
# coherent survives that (docs/testing.md, "What QEMU gets wrong").
# usage: jump-labels.sh ROUNDS
# shellcheck shell=dash source=tests/lib.sh
. /tests/lib.sh

events=/sys/kernel/tracing/events

# busy: system calls, memory, locks and switches
busy() {
	while :; do
		dd if=/dev/zero of=/tmp/busy bs=512 count=2000 2>/dev/null
	done
}

# toggle EVENTS ROUNDS
toggle() {
	local i=0
	while [ $i -lt "$2" ]; do
		echo 1 >"$events/$1/enable" && echo 0 >"$events/$1/enable" || return
		i=$((i + 1))
	done
}

plan 3
busy &
worker=$!
for group in kmem sched writeback; do
	check "$1 times on and off: $group" toggle $group "$1"
done
kill $worker
