#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# An adapter goes and comes back: while its driver works, fails in its remove function, or has just failed.
# usage: unplug.sh MODULE REMOVE-FUNCTION [BUS-MODULE]
# shellcheck shell=dash source=tests/lib.sh
. /tests/lib.sh

module=$1
[ -z "${3-}" ] || load_native "$3"
dir=/sys/class/nooks/$module

# The bus takes the device out, as when it is unplugged.
unplug() {
	local device
	device=$(readlink -f "/sys/class/net/$iface/device")
	# A virtio device is below its PCI function.
	[ -e "$device/remove" ] || device=${device%/*}
	[ -e "$device/remove" ] && echo 1 >"$device/remove"
}

gone() {
	[ ! -e "/sys/class/net/$iface" ]
}

comes_back() {
	echo 1 >/sys/bus/pci/rescan
	iface=$(iface_of_driver "$module") && dhcp "$iface" && tcp_receive "$iface" 1
}

fails() {
	ping -q -c 1 -w 1 -I "$iface" "$(peer_of "$iface")" >/dev/null 2>&1
	[ "$(counter failures)" -gt "$failures" ]
}

plan 16
check "nooks loads" load_nooks
check "$module loads in a domain" load_isolated "$module"
iface=$(iface_of_driver "$module") || bail "$module drives no interface"
check "$iface gets an address by DHCP" dhcp "$iface"
echo 0 >"$dir"/max_failures

check "its adapter is unplugged" unplug
check "and the interface is gone" gone
check "which is no failure" [ "$(counter failures)" = 0 ]
check "the adapter comes back, and works" comes_back

restarts=$(counter restarts)
echo "null process $2" >"$dir/inject"
check "it is unplugged, and the driver fails at that" unplug
check "which is seen" [ "$(counter failures)" = 1 ]
check "it restarts" wait_for 30 restarted_after "$restarts"
check "and has no interface" gone
check "the adapter comes back, and works" comes_back

restarts=$(counter restarts)
failures=$(counter failures)
echo "null softirq" >"$dir/inject"
wait_for 20 fails || bail "it does not fail"
check "it fails, and is unplugged at once" unplug
check "it restarts" wait_for 30 restarted_after "$restarts"
check "the adapter comes back, and works" comes_back
check "$module unloads" unload "$module"
