#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Two network adapters: of one driver, which then has both in its domain, or of two, each in its own.
# usage: pair.sh MODULE [MODULE]
# shellcheck shell=dash source=tests/lib.sh
. /tests/lib.sh

module=$1
other=${2-$module}
dir=/sys/class/nooks/$module

# start_download IFACE: and see it begin; its process is $download then
start_download() {
	tcp_receive "$1" 8 &
	download=$!
	wait_for 60 [ -s "/tmp/received.$1" ] || diag "no download over $1"
}

both_download() {
	local a b
	start_download "$first"
	a=$download
	start_download "$second"
	b=$download
	wait $a && wait $b
}

downloads_while_down() {
	start_download "$1"
	ip link set "$2" down
	wait $download
}

works() {
	wait_for 30 carrier "$1" && wait_for 30 ping_peer "$1" 1
}

counted() {
	[ "$(cat "$dir/$1")" -gt "$2" ]
}

# Something for the driver to do on its first interface
crashed_after() {
	ping -q -c 1 -w 1 -I "$first" "$(peer_of "$first")" >/dev/null 2>&1
	counted failures "$1"
}

restarted_after() {
	counted restarts "$1" && [ "$(cat "$dir/state")" = running ]
}

# sent IFACE
sent() {
	cat "/sys/class/net/$1/statistics/tx_packets"
}

both_sent() {
	[ "$(sent "$first")" -ge $(($1 + 3)) ] && [ "$(sent "$second")" -ge $(($2 + 3)) ]
}

# A bridge gives one packet to both, which map the same bytes for two devices at once.
flooded() {
	local a b
	modprobe bridge && ip link add flood type bridge && ip link set flood up &&
		ip link set "$first" master flood && ip link set "$second" master flood &&
		ip address add 198.51.100.1/24 dev flood || return
	a=$(sent "$first")
	b=$(sent "$second")
	# Who has it? Nobody, so it is asked again and again.
	ping -q -c 5 -w 15 198.51.100.2
	wait_for 20 both_sent "$a" "$b" && ip link del flood
}

# What must be the same after a crash
picture() {
	for iface in "$first" "$second"; do
		ip -o address show "$iface" | sed '/inet6 fe80/d; s/ valid_lft.*//'
		ip route show dev "$iface" | sed 's/ linkdown//'
		cat "/sys/class/net/$iface/address"
		readlink "/sys/class/net/$iface/device"
	done
}

same_picture() {
	picture >/tmp/now
	diff /tmp/before /tmp/now
}

# The module crashes while data comes in over both interfaces, which arrive complete.
crash() {
	local failures restarts a b
	failures=$(cat "$dir/failures")
	restarts=$(cat "$dir/restarts")
	picture >/tmp/before
	start_download "$first"
	a=$download
	start_download "$second"
	b=$download
	echo "$1" >"$dir/inject"
	wait_for 30 crashed_after "$failures" || diag "no crash"
	wait_for 60 restarted_after "$restarts" || diag "no restart"
	check "$module crashes ($1): the download over $first ends unharmed" wait $a
	check "and that over $second" wait $b
}

if [ "$module" = "$other" ]; then
	plan 23
else
	plan 18
fi
check "nooks loads" load_nooks
check "$module loads" load_isolated "$module"
if [ "$module" = "$other" ]; then
	wait_for 30 [ "$(all_driven "$module" | wc -l)" = 2 ]
	first=$(all_driven "$module" | head -n 1)
	second=$(all_driven "$module" | tail -n 1)
else
	check "$other loads" load_isolated "$other"
	first=$(iface_of_driver "$module")
	second=$(iface_of_driver "$other")
fi
case $first+$second in
+* | *+ | "$first+$first") bail "not two interfaces" ;;
esac
check "$first gets an address" dhcp "$first"
check "$second gets an address" dhcp "$second"
check "both carry traffic at the same time" both_download
check "$first does while $second goes down" downloads_while_down "$first" "$second"
ip link set "$second" up
check "$second works again" works "$second"
check "$second does while $first goes down" downloads_while_down "$second" "$first"
ip link set "$first" up
check "$first works again" works "$first"
changes=$(cat "/sys/class/net/$second/carrier_changes")
echo 0 >"$dir/max_failures"
if [ "$module" = "$other" ]; then
	check "a bridge sends broadcasts to both" flooded
	check "which is no failure" [ "$(counter failures)" = 0 ]
	check "both work after that" both_download
	for fault in "wild-write softirq" "null hardirq"; do
		crash "$fault"
		check "names, addresses and routes are as they were" same_picture
		check "$first works" works "$first"
		check "$second works" works "$second"
	done
else
	crash "wild-write softirq"
	check "names, addresses and routes are as they were" same_picture
	check "$first works" works "$first"
	check "$other has not failed" [ "$(cat "/sys/class/nooks/$other/failures")" = 0 ]
	check "nor has it lost its carrier" \
		[ "$(cat "/sys/class/net/$second/carrier_changes")" = "$changes" ]
	check "$other unloads" unload "$other"
fi
check "$module unloads" unload "$module"
