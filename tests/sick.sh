#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# A network driver that loses its way without breaking a rule: what it shows is counted, and a failure if someone has said
# so, from which it is restarted. Natively it stays as it is.
# usage: sick.sh native|isolated|timeouts
# shellcheck shell=dash source=tests/lib.sh
. /tests/lib.sh

dir=/sys/class/nooks/sick
fault=/sys/module/sick/parameters/fault

statistic() {
	cat "/sys/class/net/$iface/statistics/$1"
}

# grows COMMAND...: what it prints
grows() {
	local before
	before=$("$@")
	wait_for 8 more_than "$before" "$@"
}

more_than() {
	local before=$1
	shift
	[ "$("$@")" -gt "$before" ]
}

# Somebody who goes on to send, and is not answered
come_up() {
	iface=$(iface_of_driver sick) && ip link set "$iface" up && ip addr add 10.9.9.1/24 dev "$iface" || return
	ping -q -i 0.5 10.9.9.2 >/dev/null 2>&1 &
	ping=$!
}

set_mtu() {
	ip link set "$iface" mtu 1400
}

works() {
	grows statistic rx_packets && grows statistic tx_packets
}

command_register() {
	dd if="/sys/class/net/$iface/device/config" bs=2 skip=2 count=1 2>/dev/null | hexdump -e '1/2 "%04x"'
}

# The device loses all bits of its command register.
silence_device() {
	dd if=/dev/zero of="/sys/class/net/$iface/device/config" bs=2 seek=2 count=1 conv=notrunc 2>/dev/null &&
		[ "$(command_register)" = 0000 ]
}

address_of() {
	cat "/sys/class/net/$iface/address"
}

# spoil FAULT: a number, or "device"
spoil() {
	if [ "$1" = device ]; then
		silence_device
	else
		echo "$1" >$fault
	fi
}

# no_failure SECONDS: there is none in so many
no_failure() {
	local failures
	failures=$(counter failures)
	! wait_for "$1" more_than "$failures" counter failures
}

# What is a failure at most, and what is none.
policies="stuck_seconds starved_seconds max_bad_lengths max_error_percent max_contradictions max_failed_calls dead_seconds"

set_all() {
	local policy
	for policy in $policies; do
		echo "$1" >"$dir/$policy"
	done
}

if [ "$1" = native ]; then
	plan 14
	check "it loads" load_native sick || bail "no use without it"
	check "it comes up" come_up || bail "no use without it"
	check "it works" works
	echo 1 >$fault
	wait_for 3 false
	refuse "a queue that was stopped stays so" grows statistic tx_packets
	echo 4 >$fault
	check "nobody minds short packets" grows statistic rx_packets
	echo 7 >$fault
	check "nor statistics that run backwards" eval '! grows statistic rx_packets'
	echo 10 >$fault
	refuse "a call fails" set_mtu
	refuse "and again" set_mtu
	echo 11 >$fault
	wait_for 1 false
	check "it unloads" unload sick
	check "it loads, though its device has lost its address" load_native sick
	iface=$(iface_of_driver sick)
	check "which it has not got either" [ "$(address_of)" = 00:00:00:00:00:00 ]
	check "a device loses what the kernel has set" silence_device
	wait_for 8 false
	check "which is not set again" [ "$(command_register)" = 0000 ]
	kill "$ping"
	check "it unloads" unload sick
	exit
fi

if [ "$1" = timeouts ]; then
	plan 8
	check "nooks loads" load_nooks
	check "sick loads in a domain" load_isolated sick timeouts=1 || bail "no use without it"
	check "it comes up" come_up || bail "no use without it"
	check "it works" works
	echo 1 >$fault
	check "transmit timeouts are counted" wait_for 30 more_than 1 counter tx_timeouts
	check "and no failure by themselves" [ "$(counter failures)" = 0 ]
	echo 3 >$dir/max_tx_timeouts
	check "unless there are too many" wait_for 30 kernel_said "BUG: NOOKS: stuck queue"
	check "it restarts, and works" eval 'wait_for 20 restarted_after 0 && works'
	kill "$ping"
	exit
fi

plan $((17 + 4 * 9))
check "nooks loads" load_nooks
check "sick loads in a domain" load_isolated sick || bail "no use without it"
check "it comes up" come_up || bail "no use without it"
check "it works" works
echo 0 >$dir/max_failures
check "a device that does not answer is a failure by itself" [ "$(counter dead_seconds)" = 5 ]
set_all 1
check "a driver that is well does not fail, though all is looked for" no_failure 15

while read -r what policy limit count kind; do
	set_all 0
	# To be looked at, but for more than there will be
	case $policy in
	max_error_percent) echo 100 >"$dir/$policy" ;;
	max_contradictions) echo 1000000 >"$dir/$policy" ;;
	esac
	restarts=$(counter restarts)
	failures=$(counter failures)
	spoil "$what"
	check "$kind, fault $what: is counted" wait_for 20 more_than "$(counter "$count")" counter "$count"
	check "and no failure by itself" [ "$(counter failures)" = "$failures" ]
	echo "$limit" >"$dir/$policy"
	check "but one if $policy says so" wait_for 30 more_than "$failures" counter failures
	wait_for 20 restarted_after "$restarts"
	# shellcheck disable=SC2016 # eval
	check "it is called $kind, and cured by the restart" eval 'grep -q "^$kind in" $dir/last_failure && works'
done <<EOT
1 stuck_seconds 3 stuck_queues stuck queue
2 starved_seconds 3 starvations no buffers
3 max_bad_lengths 5 bad_lengths impossible lengths
4 max_bad_lengths 5 bad_lengths impossible lengths
5 max_bad_lengths 5 bad_lengths impossible lengths
6 max_error_percent 20 errors errors
8 max_contradictions 3 contradictions contradiction
7 max_contradictions 3 contradictions contradiction
9 max_contradictions 3 contradictions contradiction
EOT
set_all 0
spoil 10
failures=$(counter failures)
refuse "a call fails" set_mtu
check "which is counted" [ "$(counter failed_calls)" = 1 ]
check "and no failure by itself" [ "$(counter failures)" = "$failures" ]
restarts=$(counter restarts)
echo 2 >$dir/max_failed_calls
refuse "it fails again" set_mtu
check "which is one too many" wait_for 10 more_than "$failures" counter failures
# shellcheck disable=SC2016 # eval
check "and the driver does it after the restart" eval 'wait_for 20 restarted_after "$restarts" && works && set_mtu'
echo 0 >$dir/max_failed_calls
echo 5 >$dir/dead_seconds
restarts=$(counter restarts)
silence_device
check "a device that takes no accesses is found" wait_for 30 kernel_said "BUG: NOOKS: dead device"
# shellcheck disable=SC2016 # eval
check "and is back after the restart" eval 'wait_for 20 restarted_after "$restarts" && works && [ "$(command_register)" != 0000 ]'
# shellcheck disable=SC2034 # eval
address=$(address_of)
echo 2000 >$dir/backoff_ms	# so that who asks for it sees that the first one has failed
spoil 11
wait_for 1 false
restarts=$(counter restarts)
refuse "a driver that finds no address where there was one does not restart" nooksctl restart sick
check "which is a failure" kernel_said "register_netdev: not true: its hardware address is a valid one, as it was before"
# shellcheck disable=SC2016 # eval
check "and tried again, with another end" eval 'wait_for 30 restarted_after "$restarts" && works && [ "$(address_of)" = "$address" ]'
kill "$ping"
