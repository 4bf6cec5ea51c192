# SPDX-License-Identifier: GPL-2.0
# What the fault campaign does with a network adapter: without DHCP, a short workload that tells what
# came of each step. tests/lib-campaign.sh says what such a library has.
# shellcheck shell=dash source=tests/lib-campaign.sh disable=SC2154

size=$((128 << 10))
# shellcheck disable=SC2034 # for campaign.sh
other_net=3	# of the machine's networks, the one with the other adapter

program=/tests/nicwork	# the steps, in one program; each returns 0: right, 1: nothing or not all came, 2: something wrong came
export PATIENCE=$patience

prepare_work() {
	:
}

to_peer() {
	local verb=$1
	shift
	$program "$verb" "$(peer_of "$iface")" "$LAB_PEER" "$@"
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

knock() {
	answers "$iface"
}

begin_work() {
	note_answers
	# A connection that lasts: half of its data goes before, half after.
	$program hold /tmp/held "$(peer_of "$iface")" "$LAB_PEER" 65536
}

# end_work SECONDS: into $kept what became of it: kept, broken or wrong
# shellcheck disable=SC2034 # for campaign.sh
end_work() {
	kept=$($program finish /tmp/held "$1") || kept=broken
}

# What the adapter says of itself
ask() {
	$program ask "$iface"
}

send() {
	to_peer send $size
}

receive() {
	to_peer receive $size "$seed"
}

datagrams() {
	to_peer datagrams 6
}

settings() {
	$program settings "$iface"
}

mtu() {
	$program mtu "$iface"
}

down_and_up() {
	$program down-up "$iface"
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
