#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# A network driver that takes packets and never has one for the kernel is restarted, if someone has said after how many
# seconds. Its faults are of nooks-mutate's. Natively nothing helps but a user.
# usage: silence.sh native|isolated DRIVER SEED:KIND
# shellcheck shell=dash source=tests/lib.sh
. /tests/lib.sh

mode=$1
module=$2
seed=${3%:*}
kind=${3#*:}
dir=/sys/class/nooks/$module
engine=/sys/kernel/debug/nooks_mutate/plan

# ping_nobody SECONDS: at an address that nobody has
ping_nobody() {
	ping -q -c "$1" -w "$1" -I "$iface" 10.0.2.77 >/dev/null 2>&1
	true
}

answers() {
	/tests/nicwork ping "$iface" 10.0.2.2
}

spoil() {
	local base
	base=$(cat "/sys/module/$module/sections/.text")
	nooks-mutate -s "$seed" -n 5 -k "$kind" -f "/tests/functions/$module" "$(modinfo -n "$module")" |
		awk -F '\t' -v base="$base" '{ print base, $4, $5, $6, $7 }' >/tmp/changes
	dd if=/tmp/changes of=$engine bs=256k 2>/dev/null
}

dead() {
	! answers && ! answers && ! answers
}

come_up() {
	iface=$(iface_of_driver "$module") && dhcp "$iface" && answers
}

if [ "$mode" = native ]; then
	plan 5
	check "the engine loads" load_native nooks_mutate
	check "$module loads" load_native "$module"
	check "it works" come_up
	check "its code is spoilt" spoil
	check "it is dead, and stays so" dead
	exit
fi
plan 13
check "the engine loads" load_native nooks_mutate
check "nooks loads" load_nooks
check "$module loads in a domain" load_isolated "$module"
echo 0 >"$dir/max_failures"
check "it works" come_up
check "silence is no failure by itself" [ "$(counter silent_seconds)" = 0 ]
ping_nobody 8
check "it has not failed, although nobody has answered" [ "$(counter failures)" = 0 ]
echo 3 >"$dir/silent_seconds"
udp_echo "$iface" 16 && ping_peer "$iface" 8 >/dev/null
check "nor with answers, when silence is one" [ "$(counter failures)" = 0 ]
ping_nobody 8
check "it has failed without" kernel_said "BUG: NOOKS: silence in .*"
check "and is counted" [ "$(counter silences)" = 1 ]
check "it restarts" wait_for 20 restarted_after 0
check "it works then" wait_for 20 answers
restarts=$(counter restarts)
spoil || bail "the code can't be spoilt"
# What keeps asking is any user of the network.
ask_on() {
	answers
	restarted_after "$restarts"
}
check "a driver that has lost its way is restarted" wait_for 60 ask_on
check "and works again" wait_for 20 answers
