#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# A PCI device stays enabled while its driver's restart waits; it goes, another driver takes it, or nobody does: everybody
# finds it as he would have.
# usage: pci-kept.sh MODULE PROBE OTHER
#	PROBE	the driver's function of that kind
#	OTHER	a network driver for the same device, natively
# shellcheck shell=dash source=tests/lib.sh
. /tests/lib.sh

module=$1
probe=$2
other=$3
dir=/sys/class/nooks/$module

# A restart fails, and the next one waits.
let_it_wait() {
	echo "null any $probe" >"$dir/inject" && ! nooksctl restart "$module" >/dev/null 2>&1 && state_is recovering
}

# enabled TIMES
enabled() {
	[ "$(cat "$device/enable")" = "$1" ]
}

masters() {
	[ $((0x$(dd if="$device/config" bs=2 skip=2 count=1 2>/dev/null | hexdump -e '1/2 "%04x"') & 4)) != 0 ]
}

works() {
	wait_for 30 state_is running && iface=$(iface_of_driver "$module") && dhcp "$iface" && tcp_receive "$iface" 1
}

replug() {
	echo 1 >"$device/remove" && [ ! -e "$device" ] && echo 1 >/sys/bus/pci/rescan && [ -e "$device" ]
}

# Longer than it takes to find a device dead
stays_well() {
	! wait_for 8 [ "$(counter failures)" -gt "$failures" ]
}

taken() {
	load_native "$other" && iface=$(iface_of_driver "$other") && ip link set "$iface" up
}

given_back() {
	unload "$other" && basename "$device" >"/sys/bus/pci/drivers/$module/bind" && works
}

plan 24
check "nooks loads" load_nooks
check "$module loads in a domain" load_isolated "$module" || bail "no use without it"
iface=$(iface_of_driver "$module") || bail "$module drives no interface"
device=/sys/bus/pci/devices/$(basename "$(readlink -f "/sys/class/net/$iface/device")")
echo 0 >"$dir/max_failures"
echo 5000 >"$dir/backoff_ms"
check "it works" works

check "a restart waits" let_it_wait
check "its device is enabled" enabled 1
check "it works then" works
check "and is enabled once" enabled 1

check "while another one waits" let_it_wait
check "its adapter goes, and comes" replug
check "it works then" works
failures=$(counter failures)
check "and goes on" stays_well

check "while another one waits" let_it_wait
check "$other takes its device" taken
wait_for 30 state_is running
check "and keeps it" masters
check "enabled once" enabled 1
check "until it gives it back" given_back

# shellcheck disable=SC2034 # eval
restarts=$(counter restarts)
check "while another one waits" let_it_wait
# shellcheck disable=SC2016 # eval
check "it is stopped, and not started for that" eval 'nooksctl stop "$module" && [ "$(counter restarts)" = "$restarts" ]'
check "its device is enabled no more" enabled 0
check "it can be started again" nooksctl restart "$module"
check "while another one waits" let_it_wait
check "$module unloads" unload "$module"
check "its device is enabled no more" enabled 0
# shellcheck disable=SC2016 # eval
check "the kernel has it back, natively" eval 'load_native "$module" && iface=$(iface_of_driver "$module") && dhcp "$iface"'
