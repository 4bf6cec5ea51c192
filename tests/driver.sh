#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The acceptance test of network drivers: in a domain a driver does all that it does natively, to the
# word of ethtool's answers, and survives its crashes. What it can't do natively is not demanded: it
# runs natively first, in the same guest, and what it does then is what is wanted of it later.
# usage: driver.sh [OPTION]... MODULE [BUS-MODULE...]
#	native			natively the second time, too: are these checks right?
#	param=NAME:VALUE	load it so the second time ...
#	shows=OPTION:REGEX	... and then "ethtool OPTION IFACE" says so
#	rounds=N		times up and down: 100
#	groups=NAME,...		look at these only: see facts_NAME below
#	without=ring		leave the sizes of rings alone: natively the kernel warns of how the
#				driver changes them, which ends the guest
#	partner=MODULE[:BUS-MODULE]	native driver of another adapter on the same net
# shellcheck shell=dash source=tests/lib.sh
. /tests/lib.sh

load=load_isolated
rounds=100
partner=
partner_bus=
parameters=
shows=
nr_shows=0
without=
groups="shows settings features mtu filters vlan carrier selftest"
while true; do
	case $1 in
	native) load=load_native ;;
	param=*:*)
		parameters="$parameters ${1#param=}"
		;;
	shows=*:*)
		shows="$shows ${1#shows=}"
		nr_shows=$((nr_shows + 1))
		;;
	rounds=*) rounds=${1#*=} ;;
	groups=*) groups=$(echo "${1#*=}" | tr , ' ') ;;
	without=*) without=${1#*=} ;;
	partner=*)
		partner=${1#*=}
		partner_bus=${partner#*:}
		[ "$partner_bus" != "$partner" ] || partner_bus=
		partner=${partner%%:*}
		;;
	*) break ;;
	esac
	shift
done
module=$1
shift
dir=/sys/class/nooks/$module

isolated() {
	[ $load = load_isolated ]
}

# A driver that is well gives no detector anything to say; but who does not answer what it has sent is the others' affair.
set_detectors() {
	local policy
	for policy in stuck_seconds starved_seconds; do
		echo 8 >"$dir/$policy" || return
	done
	for policy in max_bad_lengths max_contradictions max_warnings max_tx_timeouts; do
		echo 1 >"$dir/$policy" || return
	done
	echo 20 >"$dir/max_error_percent" && echo 1 >"$dir/max_failed_calls"
}

# --- facts: what the driver does, in words. Those of both times must be the same.

# fact NAME COMMAND...: what a command says and how it ends
fact() {
	local name=$1 status=0
	shift
	"$@" >"$facts/$name" 2>&1 || status=$?
	echo "status $status" >>"$facts/$name"
}

# as_before GROUP: gather the facts of a group; they are those of the native driver
as_before() {
	"facts_$1"
	diff -r "$native/$1" "$facts" >/tmp/diff && return
	while IFS= read -r line; do
		diag "$line"
	done </tmp/diff
	return 1
}

# --- traffic

# answers [SIZE]: to a ping
# shellcheck disable=SC2120
answers() {
	ping -q -c 1 -w 3 -W 3 -s "${1:-56}" -I "$iface" "$(peer_of "$iface")" >/dev/null
}

exchange() {
	# A stalled connection is a dead one.
	# shellcheck disable=SC2034 # of talk
	local talk_seconds=20
	# shellcheck disable=SC2119
	answers && tcp_send_bytes "$iface" 40000 &&
		tcp_receive_bytes "$iface" 40000
}

# alive [exchange]: do packets, or does all kinds of traffic, pass after a change? A word.
# shellcheck disable=SC2120 # called by fact, too
alive() {
	if wait_for 15 carrier "$iface" && wait_for 5 "${1:-answers}"; then
		echo alive
	else
		echo dead
	fi
}

statistic() {
	cat "/sys/class/net/$iface/statistics/$1"
}

by_partner() {
	ip netns exec partner "$@"
}

received_more_than() {
	[ "$(statistic rx_packets)" -ge "$1" ]
}

# Busybox's ping never ends when it has sent all and has no answer, if it sends often.
# hears ADDRESS: does the interface take in what the partner sends there? A word.
hears() {
	local before
	before=$(statistic rx_packets)
	by_partner timeout 1 ping -q -c 8 -i 0.02 -I "$partner_iface" "$1" >/dev/null 2>&1
	if wait_for 0 received_more_than $((before + 6)); then
		echo hears
	else
		echo deaf
	fi
}

# --- groups of facts, each of which leaves the interface as it was

facts_shows() {
	fact link sh -c "ethtool $iface | grep -v MDI-X"
	fact driver ethtool -i "$iface"
	fact features ethtool -k "$iface"
	fact ring ethtool -g "$iface"
	fact coalesce ethtool -c "$iface"
	fact pause ethtool -a "$iface"
	fact channels ethtool -l "$iface"
	fact flags ethtool --show-priv-flags "$iface"
	fact eee ethtool --show-eee "$iface"
	fact time ethtool -T "$iface"
	fact rules ethtool -n "$iface"
	fact address ethtool -P "$iface"
	fact statistics sh -c "ethtool -S $iface | cut -d : -f 1"
	fact registers sh -c "ethtool -d $iface raw on | wc -c"
	fact eeprom sh -c "ethtool -e $iface raw on | sha256sum"
	fact device sh -c "ip -d link show $iface | sed 's/^[0-9]*: //'"
}

# change NAME SHOW SET...: change a setting, and see what it is then and what becomes of traffic
change() {
	local name=$1 show=$2
	shift 2
	fact "$name" ethtool "$@"
	fact "$name.alive" alive "$by"
	# How the pairs are crossed is what the driver has found out some time after the link was up.
	fact "$name.is" sh -c "ethtool $show $iface | grep -v MDI-X"
}

# setting OPTION NAME: its current value
setting() {
	ethtool "$1" "$iface" | awk -v name="$2:" '/^Current/ { current = 1 }
		current && $1 == name { print $2; exit }'
}

facts_settings() {
	local rx tx by=answers
	change msglvl "" -s "$iface" msglvl 7
	change wake "" -s "$iface" wol g
	change speed "" -s "$iface" autoneg off speed 100 duplex full
	change autoneg "" -s "$iface" autoneg on
	change negotiate "" -r "$iface"
	change identify "" -p "$iface" 1
	change coalesce -c -C "$iface" rx-usecs 100
	change pause -a -A "$iface" autoneg off rx off tx off
	change repause -a -A "$iface" autoneg on
	change channels -l -L "$iface" combined 1
	change eee --show-eee --set-eee "$iface" eee off
	[ "$without" != ring ] || return 0
	rx=$(setting -g RX)
	tx=$(setting -g TX)
	change ring -g -G "$iface" rx "$((rx / 2))" tx "$((tx / 2))"
	change fullring -g -G "$iface" rx "$((rx))" tx "$((tx))"
}

facts_features() {
	local feature state other by=exchange
	ethtool -k "$iface" | sed -n 's/^\t*\([a-z][^ ]*\): \(on\|off\)$/\1 \2/p' >/tmp/features
	while read -r feature state; do
		# The stack's own, of which no driver knows
		case $feature in
		rx-gro-list | rx-udp-gro-forwarding | tx-nocache-copy | generic-*) continue ;;
		esac
		other=on
		[ "$state" = off ] || other=off
		change "$feature" -k -K "$iface" "$feature" $other
		change "$feature.$state" -k -K "$iface" "$feature" "$state"
	done </tmp/features
}

limit() {
	ip -d link show "$iface" | sed -n "s/.*$1 \([0-9]*\).*/\1/p"
}

facts_mtu() {
	local mtu max
	max=$(limit maxmtu)
	for mtu in 576 4000 "$max" $((max + 1)); do
		fact "$mtu" ip link set "$iface" mtu "$mtu"
		fact "$mtu.is" cat "/sys/class/net/$iface/mtu"
		fact "$mtu.alive" alive exchange
		[ "$mtu" -gt 9000 ] || fact "$mtu.full" wait_for 3 answers $((mtu - 28))
	done
	ip link set "$iface" mtu 1500
	fact 1500.alive alive
}

foreign=10.99.0.99	# has an Ethernet address that is nobody's
heard_group=239.1.2.3
group_address=01:00:5e:01:02:03

facts_filters() {
	local own n
	own=$(cat "/sys/class/net/$iface/address")
	[ -z "$partner" ] || {
		fact plain.foreign hears "$foreign"
		fact plain.group hears "$heard_group"
	}
	ip maddr add $group_address dev "$iface"
	fact multicast sh -c "ip maddr show dev $iface | grep $group_address"
	[ -z "$partner" ] || fact multicast.group hears "$heard_group"
	for n in 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27; do
		ip maddr add 01:00:5e:02:03:$n dev "$iface"
	done
	fact many.alive alive
	[ -z "$partner" ] || fact many.group hears "$heard_group"
	for n in 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27; do
		ip maddr del 01:00:5e:02:03:$n dev "$iface"
	done
	ip maddr del $group_address dev "$iface"
	fact nomulticast.alive alive
	[ -z "$partner" ] || fact nomulticast.group hears "$heard_group"
	fact allmulticast ip link set "$iface" allmulticast on
	[ -z "$partner" ] || fact allmulticast.group hears "$heard_group"
	fact noallmulticast ip link set "$iface" allmulticast off
	fact promisc ip link set "$iface" promisc on
	fact promisc.alive alive
	[ -z "$partner" ] || fact promisc.foreign hears "$foreign"
	fact nopromisc ip link set "$iface" promisc off
	[ -z "$partner" ] || fact nopromisc.foreign hears "$foreign"
	fact address ip link set "$iface" address 02:00:00:00:12:34
	ip link set "$iface" up
	fact address.is cat "/sys/class/net/$iface/address"
	fact address.alive alive
	ip link set "$iface" address "$own"
	fact own.alive alive
}

vlan_traffic() {
	[ -z "$partner" ] || {
		timeout 5 ping -q -c 3 -i 0.02 -s 1400 10.98.0.2 | grep -o '.* received' || echo dead
	}
	# An address that nobody has: it is asked for
	ping -q -c 1 -W 1 10.98.0.77 >/dev/null
	[ "$(cat /sys/class/net/vlan5/statistics/tx_packets)" -gt "$1" ] && echo counts
}

facts_vlan() {
	local state
	fact add ip link add link "$iface" name vlan5 type vlan id 5
	ip address add 10.98.0.1/24 dev vlan5
	fact up ip link set vlan5 up
	for state in off on; do
		fact $state ethtool -K "$iface" rxvlan $state txvlan $state
		fact $state.alive alive
		fact $state.vlan vlan_traffic "$(cat /sys/class/net/vlan5/statistics/tx_packets)"
	done
	fact del ip link del vlan5
	fact del.alive alive
}

no_carrier() {
	! carrier "$iface"
}

# A word: does it see that the cable is pulled, and what is it good for afterwards?
pulled() {
	set_carrier "$iface" off || bail "the cable can't be pulled"
	if wait_for 5 no_carrier; then echo sees; else echo blind; fi
	set_carrier "$iface" on || bail "the cable can't be plugged in"
	alive
}

facts_carrier() {
	fact pulled pulled
}

facts_selftest() {
	fact offline ethtool -t "$iface" offline
	fact offline.alive alive
}

# With a partner, the interface has a second address, in a net of the two.
meet_partner() {
	[ -n "$partner" ] || return 0
	ip address replace 10.99.0.1/24 dev "$iface"
	by_partner ping -q -c 1 -w 10 10.99.0.1 >/dev/null
}

# --- statistics

# grew NAME BEFORE LEAST MOST
grew() {
	local by
	by=$(($(statistic "$1") - $2))
	[ "$by" -ge "$3" ] && [ "$by" -le "$4" ] && return
	diag "$1 grew by $by: not $3 to $4"
	return 1
}

# Counters of errors that are not 0. Some drivers count what their devices only seem to say. And a guest
# on a busy host is late for a packet now and then, which some drivers count as an error of reception.
errors() {
	local name
	for name in tx_errors collisions rx_frame_errors rx_crc_errors; do
		[ "$(statistic $name)" -eq 0 ] || echo $name
	done
	[ "$(statistic rx_errors)" -le $(($(statistic rx_packets) / 100)) ] || echo rx_errors
}

no_more_errors() {
	local name
	for name in $(errors); do
		case " $native_errors " in
		*" $name "*) continue ;;
		esac
		diag "$name: $(statistic "$name")"
		return 1
	done
}

# Of a MiB both ways, and not much more. Devices that segment may count a segmented packet as one.
count_traffic() {
	local rx tx rx_packets tx_packets
	ethtool -K "$iface" tso off gso off
	rx=$(statistic rx_bytes)
	tx=$(statistic tx_bytes)
	rx_packets=$(statistic rx_packets)
	tx_packets=$(statistic tx_packets)
	tcp_send "$iface" 1 && tcp_receive "$iface" 1 &&
		grew rx_bytes "$rx" 1048576 1400000 && grew tx_bytes "$tx" 1048576 1400000 &&
		grew rx_packets "$rx_packets" 700 3000 && grew tx_packets "$tx_packets" 700 3000 &&
		no_more_errors
}

# --- ups and downs

ups_and_downs() {
	local n=0
	while [ $n -lt "$rounds" ]; do
		echo "link set $iface down"
		echo "link set $iface up"
		n=$((n + 1))
	done | ip -batch -
}

# Traffic both ways, until it is killed
start_traffic() {
	while true; do
		exchange >/dev/null 2>&1
	done &
	traffic=$!
	ping -q -i 0.01 -I "$iface" "$(peer_of "$iface")" >/dev/null 2>&1 &
	pings=$!
}

stop_traffic() {
	kill $traffic $pings 2>/dev/null
	wait $traffic $pings 2>/dev/null
	rm -f "/tmp/sent.$iface" "/tmp/received.$iface"
	return 0
}

# --- crashes

# Something for the driver to do in every context
provoke() {
	ping -q -c 1 -w 2 -I "$iface" "$(peer_of "$iface")" >/dev/null 2>&1
	ethtool "$iface" >/dev/null 2>&1
}

crashed_after() {
	provoke
	[ "$(counter failures)" -gt "$1" ]
}

# All that users may set
make_settings() {
	ip link set "$iface" mtu 1400 txqueuelen 500 alias "the one that crashes"
	ip address add 10.97.0.1/24 dev "$iface"
	ip route add 10.96.0.0/24 via 10.97.0.2
	ip neighbour replace 10.97.0.2 lladdr 02:00:00:00:97:02 dev "$iface" nud permanent
	ip link add link "$iface" name vlan7 mtu 1300 address 02:00:00:00:97:07 type vlan id 7 \
		reorder_hdr off egress-qos-map 1:2
	ip address add 10.95.0.1/24 dev vlan7
	ip link set vlan7 up
	ip route add 10.94.0.0/24 via 10.95.0.2
	ip link add link vlan7 name vlan7.8 type vlan id 8
	tc qdisc replace dev "$iface" root handle 10: tbf rate 1gbit burst 1mb latency 50ms
	ethtool -s "$iface" msglvl 5
	[ "$without" = ring ] || ethtool -G "$iface" rx 128 tx 128
	ethtool -C "$iface" rx-usecs 60
	ethtool -K "$iface" gro off rx off
} >/dev/null 2>&1

# What of them is in effect
picture() {
	local link
	for link in "$iface" vlan7 vlan7.8; do
		ip -d -o link show "$link" | sed 's/ state [A-Z]*//; s/NO-CARRIER,//; s/M-DOWN,//; s/,LOWER_UP//'
		ip -o address show dev "$link" | sed '/inet6 fe80/d; s/ valid_lft.*//'
		ip route show dev "$link" | sed 's/ linkdown//'
		ip neighbour show dev "$link" nud permanent
		tc qdisc show dev "$link"
	done
	ethtool -k "$iface"
	ethtool -g "$iface"
	ethtool -c "$iface"
	ethtool "$iface" | grep level
} 2>/dev/null

# crash_in CONTEXT: the driver does wrong there during a download; sets $restart
crash_in() {
	local failures restarts download
	failures=$(counter failures)
	restarts=$(counter restarts)
	picture >/tmp/before
	tcp_receive "$iface" 8 &
	download=$!
	wait_for 30 [ -s "/tmp/received.$iface" ] || diag "the download does not begin"
	echo "wild-write $1" >"$dir"/inject
	wait_for 30 crashed_after "$failures" || diag "no crash"
	wait_for 60 restarted_after "$restarts" || diag "no restart"
	wait $download
}

# --- the test

contexts="process softirq hardirq"
checks=$((2 + traffic_checks + nr_shows + 1 + $(echo "$groups" | wc -w) + 2 + 4))
! isolated || checks=$((checks + 3 + 1 + 6))
plan $checks

for bus; do
	load_native "$bus"
done
if [ -n "$partner" ]; then
	[ -z "$partner_bus" ] || load_native "$partner_bus"
	load_native "$partner"
	partner_iface=$(iface_of_driver "$partner") || bail "no partner"
	ip netns add partner
	ip link set "$partner_iface" netns partner
	by_partner sysctl -q -w net.ipv6.conf.all.disable_ipv6=1
	by_partner ip link set "$partner_iface" up
	by_partner ip address add 10.99.0.2/24 dev "$partner_iface"
	by_partner ip neighbour replace $foreign lladdr 02:00:00:00:99:99 dev "$partner_iface" \
		nud permanent
	by_partner ip link add link "$partner_iface" name vlan5 type vlan id 5
	by_partner ip address add 10.98.0.2/24 dev vlan5
	by_partner ip link set vlan5 up
fi

# What it does natively
begun=$(now)
native=/tmp/native
load_native "$module"
iface=$(iface_of_driver "$module") || bail "$module drives no interface"
dhcp "$iface" || bail "no address"
exchange
native_errors=$(errors | tr '\n' ' ')
meet_partner
for group in $groups; do
	facts=$native/$group
	mkdir -p "$facts"
	"facts_$group"
	diag "$group: $(($(now) - begun)) s"
done
check "$module works natively" exchange
diag "$(grep -lw dead $native/*/* | tr '\n' ' ')do not work natively; $(($(now) - begun)) s"
diag "${native_errors}are counted natively"
unload "$module"

# And now
if isolated; then
	check "nooks loads" load_nooks
fi
arguments=
for parameter in $parameters; do
	arguments="$arguments ${parameter%%:*}=${parameter#*:}"
done
# shellcheck disable=SC2086
check "$module loads" $load "$module" $arguments
iface=$(iface_of_driver "$module") || bail "$module drives no interface"
check_traffic "$iface" 2
for shown in $shows; do
	# shellcheck disable=SC2086
	check "its parameter is in effect: ${shown#*:}" \
		sh -c "ethtool ${shown%%:*} $iface | grep -q '${shown#*:}'"
done
check "statistics move as traffic does" count_traffic
# Its parameters, and that, may change what it says; they have done their duty.
unload "$module"
$load "$module"
iface=$(iface_of_driver "$module") || bail "$module drives no interface"
dhcp "$iface" || bail "no address"
! isolated || check "all is watched that can be" set_detectors
meet_partner
for group in $groups; do
	facts=/tmp/now/$group
	mkdir -p "$facts"
	check "$group: as natively" as_before "$group"
done
check "$rounds times down and up" ups_and_downs
check "it works then" [ "$(alive)" = alive ]

if isolated; then
	check "its domain has never failed" [ "$(counter failures)" = 0 ]
	echo 0 >"$dir"/max_failures
	make_settings
	for context in $contexts; do
		check "a crash in $context context does not break a download" crash_in "$context"
		check "what users have set is as it was" same_picture
	done
fi

start_traffic
check "it unloads under traffic" unload "$module"
stop_traffic
check "and loads again" $load "$module"
iface=$(iface_of_driver "$module") || bail "$module drives no interface"
dhcp "$iface"
check "with traffic" exchange
check "and unloads" unload "$module"
if isolated; then
	check "nooks unloads" unload nooks
fi
