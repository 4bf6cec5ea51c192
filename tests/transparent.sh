#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# A driver fails and restarts, and all that the kernel sees of it is a pause: no interface goes, no carrier, no
# address, and what is tied to the interface stays.
# usage: transparent.sh MODULE[,BUS-MODULE]
# shellcheck shell=dash source=tests/lib.sh
. /tests/lib.sh

module=${1%,*}
[ "$module" = "$1" ] || load_native "${1#*,}"
dir=/sys/class/nooks/$module
group=01:00:5e:01:02:03
settings=/proc/sys/net/ipv4/conf

# tie: to the interface, what can be tied to one
tie() {
	ip link set "$iface" mtu 1400 txqueuelen 500 &&
		ip address add 198.51.100.1/24 dev "$iface" &&
		ip route add 192.0.2.0/24 via 198.51.100.2 &&
		ip neighbour replace 198.51.100.2 lladdr 02:00:00:00:97:02 dev "$iface" nud permanent &&
		ip maddr add $group dev "$iface" &&
		echo 1 >"$settings/$iface/forwarding" && echo 5 >"$settings/$iface/medium_id" &&
		ip link add link "$iface" name vlan7 type vlan id 7 && ip link set vlan7 up &&
		ip address add 203.0.113.1/24 dev vlan7 &&
		tc qdisc replace dev "$iface" root handle 10: tbf rate 1gbit burst 1mb latency 50ms &&
		ip link set "$iface" allmulticast on
}

up_again() {
	ping_peer "$iface" 1 >/dev/null 2>&1 && carrier vlan7
}

# What there is, with all numbers that do not count anything
picture() {
	local link
	for link in "$iface" vlan7; do
		ip -d -o link show "$link"
		ip -o address show dev "$link" | sed 's/ valid_lft.*//; s/ tentative//'
		ip route show dev "$link"
		ip neighbour show dev "$link" nud permanent
		ip maddr show dev "$link"
		tc qdisc show dev "$link"
	done
	cat "$settings/$iface/forwarding" "$settings/$iface/medium_id"
	cat "/sys/class/net/$iface/ifindex" "/sys/class/net/$iface/carrier_changes"
	ethtool -k "$iface"
}

# What listeners were told to be gone, or down, since the last time
losses() {
	grep -E 'Deleted|NO-CARRIER|state DOWN|linkdown' /tmp/events
}

no_losses() {
	! losses >/tmp/losses && return
	diag "$(head -n 3 /tmp/losses)"
	return 1
}

crashed_after() {
	$inside ping -q -c 1 -w 2 "$peer" >/dev/null 2>&1
	[ "$(counter failures)" -gt "$1" ]
}

# crash KIND CONTEXT: and be back
crash() {
	local failures restarts
	failures=$(counter failures)
	restarts=$(counter restarts)
	echo "$1 $2" >"$dir/inject"
	wait_for 30 crashed_after "$failures" && wait_for 60 restarted_after "$restarts"
}

back() {
	[ "$(cat "/sys/class/net/$iface/carrier")" = 1 ]
}

away_works() {
	$inside ping -q -c 1 -w 2 "$peer" >/dev/null
}

# Addresses don't move.
move() {
	ip link del vlan7 && tc qdisc del dev "$iface" root && ip netns add away &&
		ip link set "$iface" netns away && ip -n away link set "$iface" up &&
		ip -n away address add "$address" dev "$iface"
}

inside=
plan 21
check "nooks loads" load_nooks
check "$module loads in a domain" load_isolated "$module"
echo 0 >"$dir/max_failures"
iface=$(iface_of_driver "$module") || bail "$module drives no interface"
check "$iface gets an address by DHCP" dhcp "$iface"
peer=$(peer_of "$iface")
check "much is tied to $iface" tie
# Another MTU may cost the link, which vlan7 gets to know of, too.
wait_for 30 up_again || bail "the link does not come back"
ip monitor link address route neigh >/tmp/events 2>&1 &
monitor=$!
for context in process softirq hardirq; do
	wait_for 30 ping_peer "$iface" 1
	picture >/tmp/before
	tcp_receive "$iface" 8 &
	download=$!
	wait_for 30 [ -s "/tmp/received.$iface" ] || diag "the download does not begin"
	check "it fails in $context context and restarts" crash wild-write $context
	check "the download of that time ends unharmed" wait $download
	check "the link is there again" wait_for 10 back
	check "all is as it was" same_picture
done
kill $monitor
check "nobody was told of a loss" no_losses
address=$(ip -o -4 address show dev "$iface" | awk '{ print $4; exit }')
check "it moves to another name space" move
inside="ip netns exec away"
check "and works there" wait_for 20 away_works
check "it fails there and restarts" crash null softirq
check "and works there" wait_for 20 away_works
