#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# A driver fails at the worst moments: while it starts again, while recovery brings its interface back, while others hold rtnl for it,
# in its exit, with the driver of another adapter, and so often that it is given up. What comes of
# that natively: moments-native.sh.
# usage: moments.sh MODULE PREFIX OTHER-MODULE (PREFIX of the driver's functions)
# shellcheck shell=dash source=tests/lib.sh
. /tests/lib.sh

module=$1
prefix=$2
other=$3
dir=/sys/class/nooks/$module

works() {
	ip link set "$1" up && wait_for 30 carrier "$1" && wait_for 30 ping_peer "$1" 1 && tcp_receive_bytes "$1" 100000
}

# fails_in FUNCTION COMMAND...: which makes the kernel call that; the driver restarts, as often as it takes
fails_in() {
	local failures restarts function=$1
	shift
	failures=$(counter failures)
	restarts=$(counter restarts)
	echo "null any $prefix$function" >"$dir/inject" || return
	"$@"
	wait_for 30 more_failures "$failures" && wait_for 60 restarted_after "$restarts"
}

more_failures() {
	[ "$(counter failures)" -gt "$1" ]
}

reports() {
	dmesg | grep -c "BUG: NOOKS: NULL dereference in $prefix$1"
}

# moment WHAT FUNCTION COMMAND...
moment() {
	local what=$1 function=$2 before
	shift 2
	before=$(reports "$function")
	check "it fails $what, and restarts" fails_in "$function" "$@"
	check "that was in its function, once" [ "$(reports "$function")" = $((before + 1)) ]
	check "it works" works "$iface"
}

restart() {
	echo 1 >"$dir/restart"
	true
}

up() {
	ip link set "$iface" down
	ip link set "$iface" up
	true
}

mtu() {
	ip link set "$iface" mtu "$1"
	true
}

# Both fail at the next interrupt, or what follows it.
both_fail() {
	local one=$dir two=/sys/class/nooks/$other first second
	first=$(cat "$one"/restarts)
	second=$(cat "$two"/restarts)
	echo null softirq >"$one"/inject
	echo null softirq >"$two"/inject
	ping -q -c 3 -i 0.2 -w 2 -I "$iface" "$(peer_of "$iface")" >/dev/null 2>&1 &
	ping -q -c 3 -i 0.2 -w 2 -I "$second_iface" "$(peer_of "$second_iface")" >/dev/null 2>&1
	dir=$one
	wait_for 30 restarted_after "$first" || return
	dir=$two
	wait_for 30 restarted_after "$second" || { dir=$one; return 1; }
	dir=$one
}

gives_up() {
	echo 1 >"$dir/max_failures"
	echo "null any ${prefix}probe" >"$dir/inject"
	restart
	wait_for 30 state_is failed
}

loads_again() {
	load_isolated "$module" && iface=$(iface_of_driver "$module") && dhcp "$iface" && works "$iface"
}

fails_in_exit() {
	echo "null any ${prefix}remove" >"$dir/inject" && unload "$module" && dmesg | grep -q "BUG: NOOKS: .* in ${prefix}remove"
}

plan 29
load_native virtio_pci
check "nooks loads" load_nooks
check "$module loads in a domain" load_isolated "$module" || bail "no use without it"
check "$other loads in another" load_isolated "$other" || bail "no use without it"
iface=$(iface_of_driver "$module") || bail "$module drives no interface"
second_iface=$(iface_of_driver "$other") || bail "$other drives no interface"
# shellcheck disable=SC2016 # eval
check "they come up" eval 'dhcp "$iface" && dhcp "$second_iface"'
echo 0 >"$dir/max_failures"
echo 0 >/sys/class/nooks/"$other"/max_failures

moment "as it is opened, with rtnl held" open up
moment "as it is closed, with rtnl held" close up
moment "as its MTU is changed, with rtnl held" change_mtu mtu 1400
moment "in its restart" probe restart
moment "as recovery opens its interface" open restart
moment "as recovery has it hear what it has to" set_rx_mode restart
check "two drivers fail at once, and both restart" both_fail
check "the first one works" works "$iface"
check "so does the second" works "$second_iface"
check "what fails too often is given up" gives_up
check "it unloads then" unload "$module"
check "and loads again, as good as new" loads_again
check "it fails in its exit, and unloads" fails_in_exit
