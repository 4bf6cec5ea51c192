#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# What isolation costs: the same work with a stock e1000 and with e1000 in a domain, by turns. No
# time is judged here. scripts/bench reads the lines that start with "# bench": one at the begin and
# one at the end of what is measured, then one with what the guest itself has measured, as JSON.
# usage: bench.sh PAIRS MIB DATAGRAMS PINGS PORT-OF-SINK PORT-OF-SOURCE
# shellcheck source=tests/lib-bench.sh
. /tests/lib-bench.sh

pairs=$1 mib=$2 datagrams=$3 pings=$4 sink=$5 source=$6

# quiet: no packet has come or gone in a pause
quiet() {
	local before

	[[ -n $iface ]] || return 0
	while
		read_counters
		before="${counters[tx_packets]} ${counters[rx_packets]}"
		pause
		read_counters
		[[ $before != "${counters[tx_packets]} ${counters[rx_packets]}" ]]
	do :; done
}

# settled COMMAND...: run it, and wait until the adapter has nothing to do
settled() {
	"$@" && quiet
}

# measure WHAT COMMAND...: until the adapter has nothing to do
measure() {
	local what=$1
	shift
	sampled "$what" '' settled "$@"
}

memory() {
	note "memory $1" "$(<"$domain"/memory)"
}

# --- the turns

# null: what does not concern the driver
null_checks=4
null() {
	iface=
	check "$mode: system calls" measure system-call /tests/work system-call 200000
	check "$mode: page faults" measure page-fault /tests/work page-fault 20000
	check "$mode: switches of processes" measure switch /tests/work switch 5000
	check "$mode: timer interrupts" measure sleep /tests/work sleep 1000
}

ping_by_turns() {
	ping -q -A -c "$pings" -I "$iface" "$peer" >/tmp/ping
}

traffic_checks=$((use_interface_checks + 6))
traffic() {
	use_interface
	quiet
	check "$mode: nothing" measure nothing timed true
	check "$mode: $mib MiB sent by TCP" measure tcp-send \
		/tests/work tcp-send "$peer" "$LAB_PEER" $((mib << 20))
	check "$mode: $mib MiB received by TCP" measure tcp-receive \
		/tests/work tcp-receive "$peer" "$LAB_PEER" $((mib << 20))
	check "$mode: $datagrams datagrams of 64 bytes sent by UDP" measure udp-send \
		/tests/work udp-send "$peer" "$sink" "$datagrams"
	check "$mode: $datagrams datagrams of 64 bytes received by UDP" measure udp-receive \
		/tests/work udp-receive "$peer" "$source" "$datagrams"
	check "$mode: $pings pings" measure ping timed ping_by_turns
	note rtt "$(sed -n 's,.*min/avg/max = [^/]*/\([0-9.]*\)/.*,\1,p' /tmp/ping)"
}

# load COMMAND...: how long that takes
load() {
	iface=
	measure load timed "$@"
}

# Ticks of the time stamp counter, a thousand calls' mean, with interrupts off.
calls_checks=$((load_tlb_checks + unload_tlb_checks))
calls() {
	load_tlb
	for _ in 1 2 3; do
		note null-native "$(tlb_do native)"
		note null-entry "$(tlb_do entries)"
		note null-call "$(tlb_do calls)"
	done
	unload_tlb
}

restart() {
	echo 1 >"$domain"/restart
}

restarts=5
restart_checks=$((1 + 2 * restarts))
measure_restarts() {
	local start i

	iface=
	for ((i = 0; i < restarts; i++)); do
		start=${EPOCHREALTIME/./}
		check "isolated: $module restarts" measure restart timed restart
		iface=$(iface_of_driver $module) || bail "no interface after the restart"
		check "isolated: $iface has a carrier" wait_for 30 carrier "$iface"
		note carrier $((${EPOCHREALTIME/./} - start))
		iface=
	done
	iface=$(iface_of_driver $module)
	check "isolated: $iface passes traffic" ping_peer "$iface"
}

watch_memory() {
	local now peak=0

	while read -r now <"$domain"/memory; do
		if ((now > peak)); then
			peak=$now
			echo "$peak" >/tmp/peak
		fi
		usleep 20000
	done
}

# peak: the most memory during the same traffic again, not measured, because watching takes time
peak_checks=4
peak() {
	local watch

	watch_memory &
	watch=$!
	check "peak: sent by TCP" /tests/work tcp-send "$peer" "$LAB_PEER" $((mib << 20))
	check "peak: received by TCP" /tests/work tcp-receive "$peer" "$LAB_PEER" $((mib << 20))
	check "peak: sent by UDP" /tests/work udp-send "$peer" "$sink" "$datagrams"
	check "peak: received by UDP" /tests/work udp-receive "$peer" "$source" "$datagrams"
	kill $watch
	wait $watch
	note "memory peak" "$(</tmp/peak)"
}

plan $((pairs * (2 * null_checks + 2 * traffic_checks + calls_checks + 6) + restart_checks + peak_checks))
mode=native
note mhz "$(dmesg | sed -n 's/.*tsc: .* \([0-9.]*\) MHz.*/\1/p' | tail -n 1)"
for ((pair = 1; pair <= pairs; pair++)); do
	mode=native
	null
	check "native: $module loads" load load_native $module || bail "no driver"
	traffic
	check "native: $module unloads" unload $module

	mode=loaded
	check "nooks loads" load load_nooks || bail "no nooks"
	null
	mode=isolated
	check "isolated: $module loads" load load_isolated $module || bail "no driver"
	memory loaded
	traffic
	quiet
	memory idle
	calls
	if ((pair == pairs)); then
		peak
		measure_restarts
	fi
	check "isolated: $module unloads" unload $module
	check "nooks unloads" unload nooks
done
