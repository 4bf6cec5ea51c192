#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# For how long does nobody answer when a driver fails and is restarted in its domain, and when it is reloaded natively, as
# administrators do? Lines "# pause NUMBER ms"; also those of an interface that nothing happens to.
# usage: pause.sh native|isolated ROUNDS MODULE[,BUS-MODULE]
# shellcheck shell=dash source=tests/lib.sh
. /tests/lib.sh

mode=$1
rounds=$2
module=${3%,*}
[ "$module" = "$3" ] || load_native "${3#*,}"
dir=/sys/class/nooks/$module
address=10.0.2.15/24
peer=10.0.2.2

come_up() {
	iface=$(iface_of_driver "$module") && ip link set "$iface" up && ip address replace $address dev "$iface"
}

reload() {
	modprobe -r "$module" && modprobe "$module" && wait_for 10 come_up
}

# The next packet meets the fault. Packets go on coming, and keep no driver from finding its link again.
crash() {
	local restarts changes
	restarts=$(counter restarts)
	changes=$(carrier_changes)
	echo "null any" >"$dir/inject" && wait_for 30 restarted_after "$restarts" && wait_for 30 answers &&
		[ "$(carrier_changes)" = "$changes" ]
}

carrier_changes() {
	cat "/sys/class/net/$iface/carrier_changes"
}

nothing() {
	wait_for 3 false
	true
}

answers() {
	ping -q -c 1 -w 1 -I "$iface" $peer >/dev/null 2>&1
}

# pause WHAT COMMAND: into $pause, what it does to others
pause() {
	rm -f /tmp/ready /tmp/until
	mkfifo /tmp/until
	/tests/gap $peer "$LAB_PEER" /tmp/ready </tmp/until >/tmp/gap &
	exec 7>/tmp/until
	wait_for 20 [ -e /tmp/ready ] && $2 && wait_for 30 answers
	status=$?
	# So that the answer comes to that program, too
	wait_for 1 false
	exec 7>&-
	wait $! && [ $status = 0 ] && pause=$(cat /tmp/gap) && diag "$1 $pause ms"
}

load() {
	if [ "$mode" = native ]; then
		load_native "$module"
	else
		# shellcheck disable=SC2119 # no parameters
		load_nooks && load_isolated "$module" && echo 0 >"$dir/max_failures"
	fi
}

plan $((3 + rounds))
check "it loads" load || bail "no use without it"
check "it comes up" come_up
wait_for 20 answers
check "nothing happens" pause quiet nothing
for i in $(seq "$rounds"); do
	if [ "$mode" = native ]; then
		check "round $i: it is reloaded" pause pause reload
	else
		check "round $i: it fails, and is restarted" pause pause crash
	fi
done
