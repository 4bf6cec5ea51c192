#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# What users may ask for: stop, restart, giving up, unloading in every state.
# usage: policy.sh MODULE PROBE
#	PROBE	its function of that kind
# shellcheck shell=dash source=tests/lib.sh
. /tests/lib.sh

module=$1
probe=$2
tracing=/sys/kernel/tracing
dir=/sys/class/nooks/$module

counted() {
	[ "$(cat "$dir/$1")" -ge "$2" ]
}

# The next call of the driver does wrong, and there is one.
crash() {
	local failures
	failures=$(cat "$dir/failures")
	nooksctl inject "$module" "${1:-null}" && ip link set "$iface" promisc on
	ip link set "$iface" promisc off
	ping -q -c 1 -w 1 -I "$iface" "$(peer_of "$iface")" >/dev/null 2>&1
	wait_for 20 counted failures $((failures + 1))
}

# The kernel has reset the device of a driver that does not come back, or has said that it can't.
device_is_told_of() {
	if [ -s "/sys/bus/pci/devices/$device/reset_method" ]; then
		kernel_said "nooks: $module: device $device has been reset"
	else
		kernel_said "nooks: $module: device $device stays as the driver has left it"
	fi
}

plan 31
check "nooks loads" load_nooks
refuse "no such driver" nooksctl restart "$module"
refuse "no such module" load_isolated nonsense
check "$module loads in a domain" load_isolated "$module"
refuse "it does not load twice" load_isolated "$module"
refuse "nooks does not unload below it" rmmod nooks
iface=$(iface_of_driver "$module") || bail "$module drives no interface"
check "an address by DHCP" dhcp "$iface"
check "it restarts on request" nooksctl restart "$module"
check "and works" wait_for 20 ping_peer "$iface" 1
device=$(basename "$(readlink -f "/sys/class/net/$iface/device")")
refuse "its device is not reset for that" device_is_told_of
check "it stops on request" nooksctl stop "$module"
check "it is stopped" state_is failed
check "its device is reset, if it can be" device_is_told_of
refuse "it drives no interface then" driven "$module"
check "it starts again" nooksctl restart "$module"
check "and works again" wait_for 20 ping_peer "$iface" 1
refuse "an unknown fault" sh -c "echo nonsense >$dir/inject"
refuse "an unknown policy" sh -c "echo nonsense >$dir/recovery"

echo stop >"$dir/recovery"
check "with policy stop it fails" crash null
check "and stays down" wait_for 20 state_is failed
check "it can be started by hand" nooksctl restart "$module"

# A row of failures: restarts after the first one wait, until somebody asks.
echo restart >"$dir/recovery"
echo 5000 >"$dir/backoff_ms"
echo 1 >$tracing/events/nooks/nooks_recovery/enable
echo "null any $probe" >"$dir/inject"
refuse "a restart fails" nooksctl restart "$module"
check "the next one waits" wait_for 20 kernel_said "$module: failed again; starts in 5000 ms"
check "who asks for a restart ends that" nooksctl restart "$module"
check "and it has not waited" grep -q "nooks_recovery: driver=$module step=backoff result=-4" $tracing/trace
refuse "too long a wait" sh -c "echo 5001 >$dir/backoff_ms"
echo 0 >$tracing/events/nooks/nooks_recovery/enable
echo 50 >"$dir/backoff_ms"

echo 2 >"$dir/max_failures"
iface=$(iface_of_driver "$module") || bail "no interface after the restart"
check "a second failure" crash bad-jump
check "is one too many: it is given up" wait_for 20 state_is failed
check "a driver that was given up unloads" rmmod "$module"
check "and loads again" load_isolated "$module"
iface=$(iface_of_driver "$module") || bail "no interface"
dhcp "$iface" || bail "no address"
ping -q -i 0.01 -I "$iface" "$(peer_of "$iface")" >/dev/null 2>&1 &
check "it unloads under traffic" rmmod "$module"
kill $! 2>/dev/null || true
