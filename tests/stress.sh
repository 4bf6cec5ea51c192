#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# A driver in its domain under everything at once: traffic both ways, interrupts, NMIs, preemption,
# migration, and calls that sleep inside.
# usage: stress.sh MODULE SECONDS
# shellcheck shell=dash source=tests/lib.sh
. /tests/lib.sh

module=$1
seconds=$2

# while_time COMMAND...: again and again until the time is up; each time must succeed
while_time() {
	while [ "$(now)" -lt "$end" ]; do
		"$@" >"/tmp/said.$1" 2>&1 && continue
		diag "failed: $*: $(cat "/tmp/said.$1")"
		return 1
	done
}

# All CPUs print where they are, which they do in an NMI.
nmi() {
	echo l >/proc/sysrq-trigger
	usleep 200000
}

settings() {
	ethtool -S "$iface" && ethtool -d "$iface" && ethtool -i "$iface" && usleep 20000
}

# Sleeps in the driver, for it waits for the PHY. Fails on some emulated devices.
selftest() {
	ethtool -p "$iface" 1
}

plan 9
check "nooks loads" load_nooks
check "$module loads in a domain" load_isolated "$module"
iface=$(iface_of_driver "$module") || bail "$module drives no interface"
check "an address by DHCP" dhcp "$iface"
dmesg -n 4	# NMIs talk much
end=$(($(now) + seconds))
jobs=
for job in "tcp_send $iface 2" "tcp_receive $iface 2" "udp_echo $iface 8" settings selftest nmi; do
	# shellcheck disable=SC2086 # a command and its arguments
	while_time $job &
	jobs="$jobs $!"
done
failed=
for job in $jobs; do
	wait "$job" || failed="$failed $job"
done
check "all went well" [ -z "$failed" ]
check "the domain runs, and has not failed" [ "$(cat "/sys/class/nooks/$module/failures")" = 0 ]
check "interrupts were taken inside" [ "$(cat /sys/class/nooks/interrupts)" -gt 100 ]
check "NMIs too" [ "$(awk '$1 == "NMI:" { print $2 }' /proc/interrupts)" -gt 10 ]
diag "$(cat /sys/class/nooks/interrupts) interrupts, $(cat /sys/class/nooks/crossings) crossings, $(awk '$1 == "NMI:" { print $2, $3, $4, $5 }' /proc/interrupts) NMIs"
check "the interface works" ping_peer "$iface"
check "$module unloads" unload "$module"
