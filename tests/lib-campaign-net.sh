# SPDX-License-Identifier: GPL-2.0
# What the fault campaign does with a network adapter: without DHCP, a short workload that tells what
# came of each step. tests/lib-campaign.sh says what such a library has.
# shellcheck shell=dash source=tests/lib-campaign.sh disable=SC2154

size=$((256 << 10))
# shellcheck disable=SC2034 # for campaign.sh
other_net=3	# of the machine's networks, the one with the other adapter

prepare_work() {
	head -c $size /dev/urandom >/tmp/payload
	payload_sum=$(sha256sum </tmp/payload)
	payload_sum=${payload_sum%% *}
	half_sum=$(head -c 65536 /tmp/payload | sha256sum)
	half_sum=${half_sum%% *}
}

# --- steps. Each returns 0: right, 1: nothing or not all came, 2: something wrong came.

# A stalled connection is a dead one.
converse() {
	timeout "$patience" nc -w "$patience" "$(peer_of "$iface")" "$LAB_PEER"
}

send() {
	local sum
	sum=$({ echo "sink $size" && cat /tmp/payload; } | converse)
	[ -n "$sum" ] || return 1
	[ "$sum" = "$payload_sum" ] || return 2
}

receive() {
	local sum arrived
	echo "source $size $seed" | converse >/tmp/arrived
	read -r sum </tmp/arrived || return 1
	[ "$(wc -c </tmp/arrived)" -eq $((size + 65)) ] || return 1
	arrived=$(tail -c +66 /tmp/arrived | sha256sum)
	[ "${arrived%% *}" = "$sum" ] || return 2
}

datagrams() {
	local said
	said=$(timeout "$patience" /tests/udp-echo "$(peer_of "$iface")" "$LAB_PEER" 6) && return
	case $said in
	*changed*) return 2 ;;
	*) return 1 ;;
	esac
}

# The driver is loaded: get it to work.
start_work() {
	iface=$(iface_of_driver "$module") && address "$iface" 2 &&
		wait_for 10 carrier "$iface" && wait_for 5 answers "$iface"
}

alive() {
	iface=$(driven "$module") && ip link set "$iface" up && wait_for 6 carrier "$iface" &&
		wait_for 5 answers "$iface"
}

works() {
	local what
	for what in alive receive send; do
		$what && continue
		diag "seed $seed: afterwards, not: $what; carrier $(cat "/sys/class/net/$iface/carrier");" \
			"$(ip -s link show "$iface" | tr '\n' ' '); $(ip neigh show dev "$iface" | tr '\n' ' ')" \
			"$(ethtool -S "$iface" | grep -E ' [1-9][0-9]*$' | tr '\n' ' ')"
		return 1
	done
} >/dev/null 2>&1

# A connection that lasts: half of its data goes before, half after.
open_connection() {
	rm -f /tmp/pipe /tmp/kept
	mkfifo /tmp/pipe
	timeout 120 nc -w 60 "$(peer_of "$iface")" "$LAB_PEER" </tmp/pipe >/tmp/kept 2>&1 5>&- &
	connection=$!
	exec 5>/tmp/pipe
	{ echo "sink 65536" && head -c 32768 /tmp/payload; } >&5
}

connection_ends() {
	[ -s /tmp/kept ] || ! kill -0 "$connection" 2>/dev/null
}

# close_connection SECONDS: into $kept what became of it: kept, broken or wrong
# shellcheck disable=SC2034
close_connection() {
	local sum
	tail -c +32769 /tmp/payload | head -c 32768 | timeout 10 cat >&5
	wait_for "$1" connection_ends
	exec 5>&-
	kill "$connection" 2>/dev/null
	wait "$connection" 2>/dev/null
	sum=$(cat /tmp/kept)
	case $sum in
	"$half_sum") kept=kept ;;
	????????????????????????????????????????????????????????????????) kept=wrong ;;
	*) kept=broken ;;
	esac
}

begin_work() {
	note_answers
	open_connection
}

end_work() {
	close_connection "$1"
}

# What the adapter says of itself: how each question ends, and some answers.
ask() {
	local option
	for option in -S -d -g -c -a -k; do
		timeout 10 ethtool $option "$iface" >/dev/null 2>&1
		echo "$option $?"
	done
	timeout 10 ethtool -i "$iface" 2>&1
	timeout 10 ethtool "$iface" 2>&1 | grep -v -e Speed -e Duplex -e Link -e MDI-X
	cat "/sys/class/net/$iface/address"
}

settings() {
	ip link set "$iface" promisc on && ip link set "$iface" promisc off &&
		ip maddress add 01:00:5e:00:00:77 dev "$iface" &&
		ip maddress delete 01:00:5e:00:00:77 dev "$iface" || return 2
}

mtu() {
	ip link set "$iface" mtu 1400 && ip link set "$iface" mtu 1500 || return 2
}

down_and_up() {
	ip link set "$iface" down && ip link set "$iface" up || return 2
	wait_for 6 carrier "$iface"
}

# All that users do. No use in waiting for three times the same silence.
workload() {
	step send
	[ -n "$dead" ] || step receive
	[ -n "$dead" ] || step datagrams
	step same_answers
	step settings
	step mtu
	step down_and_up
	[ -n "$dead" ] || step receive
	[ -n "$dead" ] || step send
}
