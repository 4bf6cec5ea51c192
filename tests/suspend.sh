#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The machine sleeps and wakes with a driver in its domain; also when that fails in its suspend method.
# usage: suspend.sh MODULE[,BUS-MODULE] STATE...	(see /sys/power/state)
# shellcheck shell=dash source=tests/lib.sh
. /tests/lib.sh

module=${1%,*}
[ "$module" = "$1" ] || load_native "${1#*,}"
shift
dir=/sys/class/nooks/$module
clock=/sys/class/rtc/rtc0

sleeps() {
	cat /sys/power/suspend_stats/success
}

# sleep_in STATE: for some seconds, from which the clock wakes it
sleep_in() {
	local before
	before=$(sleeps)
	echo 0 >$clock/wakealarm && echo +4 >$clock/wakealarm && echo "$1" >/sys/power/state || return
	[ "$(sleeps)" -gt "$before" ]
}


plan $((3 + 7 * $#))
check "nooks loads" load_nooks
check "$module loads in a domain" load_isolated "$module"
iface=$(iface_of_driver "$module") || bail "$module drives no interface"
echo 0 >"$dir"/max_failures
for state; do
	check "$iface gets an address by DHCP" dhcp "$iface"
	check "the machine sleeps ($state) and wakes" sleep_in "$state"
	check "$iface works again" wait_for 30 ping_peer "$iface" 1
	check "and carries data" tcp_receive "$iface" 1
	failures=$(counter failures)
	restarts=$(counter restarts)
	# Nothing else is done in process context.
	ip link set "$iface" down
	echo "wild-write process" >"$dir/inject"
	check "the driver fails when the machine goes to sleep" sleep_in "$state"
	check "which is seen" [ "$(counter failures)" -gt "$failures" ]
	check "it restarts when the machine wakes" wait_for 30 restarted_after "$restarts"
	iface=$(iface_of_driver "$module") || bail "no interface after the restart"
done
check "$module unloads" unload "$module"
