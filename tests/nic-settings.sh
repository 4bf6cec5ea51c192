#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# In a domain, a network driver does what ethtool and ip ask of it; and its interrupts are those that were
# chosen. After a crash, too.
# usage: nic-settings.sh MODULE MTU VECTORS [PARAMETER=VALUE...]
# shellcheck shell=dash source=tests/lib.sh
. /tests/lib.sh

module=$1
mtu=$2
vectors=$3
shift 3
dir=/sys/class/nooks/$module

# How many lines of /proc/interrupts name the interface.
vectors_of() {
	grep -cE "[ ,]$1(-|$|,)" /proc/interrupts
}

has_vectors() {
	[ "$(vectors_of "$1")" -eq "$2" ]
}

set_mtu() {
	ip link set "$1" mtu "$2" && wait_for 30 carrier "$1" && [ "$(cat "/sys/class/net/$1/mtu")" = "$2" ]
}

toggle() {
	ethtool -K "$1" "$2" off && ethtool -k "$1" | grep -q "^$3: off" &&
		ethtool -K "$1" "$2" on && ethtool -k "$1" | grep -q "^$3: on"
}

ring() {
	ethtool -G "$1" rx 512 && wait_for 30 carrier "$1" &&
		ethtool -g "$1" | sed -n '/^Current/,$p' | grep -qE '^RX:[[:space:]]*512$'
}

asks() {
	ethtool -i "$1" | grep -qE "^driver: $module" && ethtool -S "$1" | grep -q rx &&
		ethtool "$1" | grep -q Speed && ethtool -c "$1" >/dev/null
}

restarted() {
	[ "$(cat "$dir/restarts")" -gt 0 ] && [ "$(cat "$dir/state")" = running ]
}

plan 14
check "nooks loads" load_nooks
check "$module loads in a domain${*:+ with $*}" load_isolated "$module" "$@"
iface=$(iface_of_driver "$module") || bail "$module drives no interface"
check "$iface gets an address by DHCP" dhcp "$iface"
check "$iface has $vectors interrupts" has_vectors "$iface" "$vectors"
check "ethtool is told about driver, counters, link, coalescing" asks "$iface"
check "offloads are switched off and on" toggle "$iface" tso tcp-segmentation-offload
check "the receive ring is set" ring "$iface"
check "the MTU is set to $mtu" set_mtu "$iface" "$mtu"
check "1 MiB received by TCP is unharmed" tcp_receive "$iface" 1
check "1 MiB sent by TCP arrives unharmed" tcp_send "$iface" 1
nooksctl inject "$module" wild-write softirq >/dev/null
ping_peer "$iface" 1 >/dev/null 2>&1
check "$module crashes and restarts" wait_for 30 restarted
iface=$(iface_of_driver "$module") || bail "no interface after the restart"
check "$iface has $vectors interrupts again" wait_for 10 has_vectors "$iface" "$vectors"
check "$iface works again" wait_for 20 ping_peer "$iface" 1
check "$module unloads" unload "$module"
