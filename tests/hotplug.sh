#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# CPUs go and come while a driver in a domain is busy on all of them.
# usage: hotplug.sh MODULE ROUNDS
# shellcheck shell=dash source=tests/lib.sh
. /tests/lib.sh

module=$1
rounds=$2
cpus=$(($(nproc) - 1))

online() {
	echo "$2" >"/sys/devices/system/cpu/cpu$1/online"
}

# The adapter's interrupt to a CPU: it must move when that goes.
interrupt_to() {
	local irq
	irq=$(awk -v name="$iface" '$NF == name { sub(":", "", $1); print $1 }' /proc/interrupts)
	echo "$1" >"/proc/irq/$irq/smp_affinity_list"
}

all_cycle() {
	local cpu round=0
	while [ $round -lt "$rounds" ]; do
		for cpu in $(seq 1 $cpus); do
			interrupt_to "$cpu"
			online "$cpu" 0 || return
		done
		ping_peer "$iface" 1 || return
		for cpu in $(seq 1 $cpus); do
			online "$cpu" 1 || return
		done
		ping_peer "$iface" 1 || return
		round=$((round + 1))
	done
}

started() {
	flood=
	local cpu
	for cpu in $(seq 0 $cpus); do
		# Not bound to it: a bound process would lose its CPU.
		ping -q -i 0.005 -I "$iface" "$(peer_of "$iface")" >"/tmp/ping.$cpu" 2>&1 &
		flood="$flood $!"
	done
}

plan 9
check "nooks loads" load_nooks
check "$module loads in a domain" load_isolated "$module"
iface=$(iface_of_driver "$module") || bail "$module drives no interface"
check "$iface gets an address by DHCP" dhcp "$iface"
started
check "$cpus CPUs go and come $rounds times under traffic" all_cycle
# shellcheck disable=SC2086
kill -INT $flood
check "$iface works" ping_peer "$iface"
check "1 MiB sent by TCP arrives unharmed" tcp_send "$iface" 1
check "no failure was seen" [ "$(cat "/sys/class/nooks/$module/failures")" = 0 ]
check "$module unloads" unload "$module"
check "nooks unloads" unload nooks
