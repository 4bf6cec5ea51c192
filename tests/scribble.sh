#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Whatever a driver writes over its own memory, the kernel lives on and the driver is restarted.
# usage: scribble.sh MODULE ROUNDS [SEED [BUS-MODULE]]
# shellcheck shell=dash source=tests/lib.sh
. /tests/lib.sh

module=$1
rounds=$2
seed=${3:-1}
bus=${4-}
dir=/sys/class/nooks/$module

# one_of WORD...: by the seed
one_of() {
	seed=$(((seed * 1103515245 + 12345) % 2147483648))
	shift $((seed / 65536 % $#))
	chosen=$1
}

# Until the end: packets in both directions, of all sizes. What is on its way when the driver
# scribbles may be lost or changed; that is nobody's fault.
traffic() {
	while :; do
		echo "source $((2 << 20)) 1" | timeout 20 nc -w 5 "$peer" "$LAB_PEER" >/dev/null
		/tests/udp-echo "$peer" "$LAB_PEER" 16
		ping -q -c 20 -i 0.01 -w 2 "$peer"
		usleep 10000
	done
} >/dev/null 2>&1

# It may have failed while it was down, and is as it was.
works() {
	iface=$(driven "$module") && ip link set "$iface" up && ping_peer "$iface" 1
} >/dev/null 2>&1

# Calls that come in process context, down to the stop and start of the device.
provoke() {
	ip link set "$iface" promisc on
	ip link set "$iface" promisc off
	ip link set "$iface" down
	ip link set "$iface" up
	ping -q -c 1 -w 1 -I "$iface" "$peer"
} >/dev/null 2>&1

failed_after() {
	[ "$(counter failures)" -gt "$1" ] || {
		provoke
		[ "$(counter failures)" -gt "$1" ]
	}
}

round() {
	local failures
	failures=$(counter failures)
	echo "scribble-$1 $2" >"$dir"/inject
	if wait_for 10 failed_after "$failures"; then
		diag "$(counter last_failure)"
	else
		diag "no failure: restarted by hand"
		survived=$((survived + 1))
		echo 1 >"$dir"/restart
	fi
	if ! wait_for 40 works; then
		diag "$(counter state): restarted by hand"
		by_hand=$((by_hand + 1))
		echo 1 >"$dir"/restart
		wait_for 40 works
	fi && [ "$(counter state)" = running ]
}

plan $((5 + rounds))
[ -z "$bus" ] || load_native "$bus"
check "nooks loads" load_nooks stall_seconds=5 call_seconds=15
check "$module loads in a domain" load_isolated "$module"
iface=$(iface_of_driver "$module") || bail "$module drives no interface"
check "$iface gets an address by DHCP" dhcp "$iface"
peer=$(peer_of "$iface")
echo 0 >"$dir"/max_failures

traffic &
traffic=$!
survived=0
by_hand=0
n=0
while [ $n -lt "$rounds" ]; do
	n=$((n + 1))
	one_of zero ones random sparse
	pattern=$chosen
	one_of any process softirq hardirq
	check "round $n: $pattern, $chosen context: $module works again" round "$pattern" "$chosen"
done
kill $traffic
diag "$(counter failures) failures, $(counter restarts) restarts, $by_hand of them by hand; $survived scribbles without a failure"
check "the driver has failed often enough" [ $((survived * 2)) -le "$rounds" ]
check "$module unloads" unload "$module"
