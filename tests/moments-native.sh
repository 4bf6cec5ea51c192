#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The native control of moments.sh: the same fault at such a moment takes more with it than the driver, though the kernel itself
# may live on: whoever wants the lock that was held waits for ever.
# usage: moments-native.sh MODULE FUNCTION probe|up|mtu
# shellcheck shell=dash source=tests/lib.sh
. /tests/lib.sh

module=$1
function=$2
moment=$3

# done_in SECONDS COMMAND...: it comes to its end, and well
done_in() {
	local seconds=$1
	shift
	rm -f /tmp/done
	{ "$@" && echo yes >/tmp/done; } >/dev/null 2>&1 &
	wait_for "$seconds" [ -e /tmp/done ]
}

bind() {
	echo "$device" >"/sys/bus/pci/drivers/$module/bind"
}

plan 5
check "$module loads" load_native "$module"
iface=$(iface_of_driver "$module") || bail "$module drives no interface"
check "$iface gets an address by DHCP" dhcp "$iface"
# Nobody asks for a panic at an oops: the kernel would live on if it could.
echo 0 >/proc/sys/kernel/panic_on_oops
device=$(basename "$(readlink -f "/sys/class/net/$iface/device")")
[ "$moment" != probe ] || echo "$device" >"/sys/bus/pci/drivers/$module/unbind"
[ "$moment" != up ] || ip link set "$iface" down
check "the fault is armed" load_native native_fault kind=null function="$function" device=lo
case $moment in
probe)
	refuse "it is bound to its device" done_in 10 bind
	refuse "it unloads" done_in 10 rmmod "$module"
	;;
up)
	refuse "its interface comes up" done_in 10 ip link set "$iface" up
	refuse "another one can be changed" done_in 10 ip link set lo mtu 9000
	;;
mtu)
	refuse "its MTU is changed" done_in 10 ip link set "$iface" mtu 1400
	refuse "that of another one can be" done_in 10 ip link set lo mtu 9000
	;;
esac
