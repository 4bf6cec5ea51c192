#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# A driver that rewrites the headers of packets that it has given to the stack changes nothing there.
# usage: rewrite.sh [native]	natively, where the kernel is expected to die of it
# shellcheck shell=dash source=tests/lib.sh
. /tests/lib.sh

# segments: that TCP has got; merged ones are one
segments() {
	awk '$1 == "Tcp:" && $11 ~ /^[0-9]/ { print $11 }' /proc/net/snmp
}

got_it() {
	[ $(($(segments) - before)) -eq 1 ]
}

# The kernel asks for an address, by ARP, and the driver delivers its packets.
send() {
	iface=$(cd /sys/class/net && echo [!l]*) && ip addr add 10.99.0.1/24 dev "$iface" &&
		ip link set "$iface" up || return
	ping -c 1 -w 1 10.99.0.2 >/dev/null 2>&1
	true
}

if [ "${1-}" = native ]; then
	plan 2
	check "rewriter loads natively" load_native rewriter
	check "it sends" send
	exit
fi
plan 8
check "nooks loads" load_nooks
check "rewriter loads in a domain" load_isolated rewriter
before=$(segments)
check "it sends" send
check "TCP gets the segments as they were" wait_for 10 got_it
check "it goes down" ip link set "$iface" down
check "the driver has rewritten them" [ "$(dmesg | grep -c 'rewriter: rewritten')" -eq 1 ]
# shellcheck disable=SC2034 # for counter
dir=/sys/class/nooks/rewriter
check "that was no failure: the memory is its own" [ "$(counter failures)" -eq 0 ]
check "it unloads" unload rewriter
