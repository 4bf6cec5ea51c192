#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# What people set on a network adapter, and CPUs that come and go, with its driver in a domain.
# usage: settings.sh MODULE[,BUS-MODULE]; two CPUs, and a ring of more than 128 buffers that can be resized
# shellcheck shell=dash source=tests/lib.sh
. /tests/lib.sh

module=${1%,*}
[ "$module" = "$1" ] || load_native "${1#*,}"
dir=/sys/class/nooks/$module
cpu=/sys/devices/system/cpu/cpu1/online

ring_is() {
	ethtool -g "$iface" | sed '1,/Current/d' | grep -qE "^RX:[[:space:]]*$1\$"
}

plan 16
check "nooks loads" load_nooks
check "$module loads in a domain" load_isolated "$module"
iface=$(iface_of_driver "$module") || bail "$module drives no interface"
check "$iface gets an address by DHCP" dhcp "$iface"
check "the driver says what it is" ethtool -i "$iface"
check "and tells its statistics" ethtool -S "$iface"
check "its receive ring is resized" eval "ethtool -G $iface rx 128 && wait_for 30 carrier $iface"
check "to what was asked for" ring_is 128
check "the hardware address is set" ip link set "$iface" address 52:54:00:12:34:99
check "promiscuous mode is set" ip link set "$iface" promisc on
check "a CPU goes" eval "echo 0 >$cpu"
check "and comes back" eval "echo 1 >$cpu"
check "$iface works" ping_peer "$iface"
check "no call has bypassed its stub" [ "$(cat "$dir/missed_calls")" = 0 ]
check "the driver has not failed" [ "$(cat "$dir/failures")" = 0 ]
check "$module unloads" unload "$module"
check "nooks unloads" unload nooks
