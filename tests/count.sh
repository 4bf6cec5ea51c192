#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The instructions of what tests/bench.sh takes the time of: the same work with a stock e1000 and with e1000
# in a domain, by turns, with the marks between which a plugin of QEMU's counts. scripts/bench starts this,
# with one CPU. Each line "# bench {...}" but for "note"s is about one section of what the plugin counts, in its order.
# usage: count.sh PAIRS MIB DATAGRAMS PORT-OF-SINK PORT-OF-SOURCE PORT-FOR-SYMBOLS
# shellcheck source=tests/lib-bench.sh
. /tests/lib-bench.sh

# shellcheck disable=SC2034 # symbols_port is for lib-bench.sh
pairs=$1 mib=$2 datagrams=$3 sink=$4 source=$5 symbols_port=$6

# lengths known beforehand: by these the counting itself is judged
known_checks=6
known() {
	mode=known
	check "a loop" count loop 1 /tests/work loop 1000000
	check "a loop twice as long" count loop 1 /tests/work loop 2000000
	check "string instructions" count strings 1 /tests/work strings 10000
	check "twice as many" count strings 1 /tests/work strings 20000
	check "a clock that counts instructions" count clock 1 /tests/work clock 20000
	check "it goes on" count clock 1 /tests/work clock 40000
}

# null: what does not concern the driver
null_checks=4
null() {
	iface=
	check "$mode: system calls" count system-call 20000 /tests/work system-call 20000
	check "$mode: page faults" count page-fault 2000 /tests/work page-fault 2000
	check "$mode: switches of processes" count switch 2000 /tests/work switch 1000
	check "$mode: timer interrupts" count sleep 1000 /tests/work sleep 1000
}

traffic_checks=4
traffic() {
	check "$mode: TCP sends" count tcp-send 0 /tests/work tcp-send "$peer" "$LAB_PEER" $((mib << 20))
	check "$mode: TCP receives" count tcp-receive 0 /tests/work tcp-receive "$peer" "$LAB_PEER" $((mib << 20))
	check "$mode: UDP sends" count udp-send 0 /tests/work udp-send "$peer" "$sink" "$datagrams"
	check "$mode: UDP receives" count udp-receive 0 /tests/work udp-receive "$peer" "$source" "$datagrams"
}

calls_checks=$((load_tlb_checks + 4 + unload_tlb_checks))
calls() {
	local iface=

	load_tlb
	check "$mode: calls inside the kernel" count null-native 1000 tlb_do native
	check "$mode: the first ones into a domain" count null-entry-first 1000 tlb_do entries
	check "$mode: calls into a domain" count null-entry 1000 tlb_do entries
	check "$mode: calls out of a domain" count null-call 1000 tlb_do calls
}

# It ends before the link is found: the interface waits for that.
restart_checks=2
restart() {
	check "isolated: $module restarts" count restart 1 /tests/work write "$domain/restart" 1
	check "isolated: a carrier" wait_for 30 carrier "$iface" || bail "no carrier after the restart"
}

plan $((known_checks + (pairs ? restart_checks : 0) + pairs * (2 * null_checks + 2 * use_interface_checks + 2 * traffic_checks + 2 + calls_checks + 8)))
known
for ((pair = 1; pair <= pairs; pair++)); do
	mode=native
	null
	check "native: $module loads" load_native $module || bail "no driver"
	use_interface
	check "native: no code in domains" tell_domain
	traffic
	check "native: symbols" send_symbols native
	check "native: $module unloads" unload $module

	mode=loaded
	check "nooks loads" load_nooks || bail "no nooks"
	null
	mode=isolated
	check "isolated: $module loads" load_isolated $module || bail "no driver"
	use_interface
	check "isolated: code in domains" tell_domain
	traffic
	calls
	((pair < pairs)) || restart
	check "isolated: symbols" send_symbols isolated
	unload_tlb
	check "isolated: $module unloads" unload $module
	check "nooks unloads" unload nooks
done
