#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# A driver that fails in its domain is unwound, reported and restarted, and works again.
# usage: crash.sh MODULE[,BUS-MODULE] KIND[,CONTEXT]... (see nooksctl inject)
# shellcheck shell=dash source=tests/lib.sh
. /tests/lib.sh

module=${1%,*}
[ "$module" = "$1" ] || load_native "${1#*,}"
shift
dir=/sys/class/nooks/$module

# Something for the driver to do in every context.
traffic() {
	ping -q -c 1 -w 2 -I "$iface" "$(peer_of "$iface")" >/dev/null 2>&1
	ip link set "$iface" promisc on
	ip link set "$iface" promisc off
}

crashed_after() {
	traffic
	[ "$(counter failures)" -gt "$1" ]
}

plan $((4 + 5 * $#))
check "nooks loads" load_nooks
check "$module loads in a domain" load_isolated "$module"
iface=$(iface_of_driver "$module") || bail "$module drives no interface"
check "$iface gets an address by DHCP" dhcp "$iface"
echo 0 >"$dir"/max_failures

for fault; do
	kind=${fault%,*}
	context=any
	[ "$kind" = "$fault" ] || context=${fault#*,}
	failures=$(counter failures)
	restarts=$(counter restarts)
	tcp_receive "$iface" 8 &
	download=$!
	wait_for 20 [ -s "/tmp/received.$iface" ] || bail "the download does not begin"
	echo "$kind $context" >"$dir"/inject
	check "$kind in $context context is detected" wait_for 20 crashed_after "$failures"
	check "it is reported" kernel_said "BUG: NOOKS: .* in "
	check "$module restarts" wait_for 30 restarted_after "$restarts"
	iface=$(iface_of_driver "$module") || bail "no interface after the restart"
	check "the download of that time ends unharmed" wait $download
	check "$iface works again" wait_for 20 ping_peer "$iface" 1
done
check "$module unloads" unload "$module"
