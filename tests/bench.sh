#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# What isolation costs: the same work with a stock e1000 and with e1000 in a domain, by turns. No
# time is judged here. scripts/bench reads the lines that start with "# bench": one at the begin and
# one at the end of what is measured, then one with what the guest itself has measured, as JSON.
# usage: bench.sh PAIRS MIB DATAGRAMS PINGS UDP-PORT
# shellcheck source=tests/lib.sh
. /tests/lib.sh

pairs=$1 mib=$2 datagrams=$3 pings=$4 udp_port=$5
module=e1000
domain=/sys/class/nooks/$module
syscalls=400000
processes=100

tell_host() {
	printf '# bench %s\n' "$*" >&3
}

# counters: set the array of that name, but for what does not exist now
declare -A counters
read_counters() {
	local file

	counters=()
	for file in /sys/class/net/"$iface"/statistics/{tx,rx}_{packets,bytes} \
		/sys/class/nooks/{crossings,interrupts} \
		"$domain"/{entries,checked_stores,missed_calls,missed_entries,refills,memory}; do
		[[ ! -e $file ]] || read -r "counters[${file##*/}]" <"$file"
	done
}

# pause: a tenth of a second, without a process, because that is part of what is measured
mkfifo /tmp/never
exec {never}<>/tmp/never
pause() {
	read -rt 0.1 -u "$never" || true
}

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

# measure WHAT COMMAND...: run it, tell the host what it took; $mode says where. The pauses are for
# a host that is late to look at what its CPUs have spent.
measure() {
	local what=$1 start end name line
	local -A before=()
	shift
	read_counters
	for name in "${!counters[@]}"; do
		before[$name]=${counters[$name]}
	done
	tell_host begin
	pause
	start=${EPOCHREALTIME/./}
	"$@" || return
	end=${EPOCHREALTIME/./}
	quiet
	tell_host end
	pause
	read_counters
	line="\"what\": \"$what\", \"mode\": \"$mode\", \"microseconds\": $((end - start))"
	for name in "${!before[@]}"; do
		line+=", \"$name\": $((counters[$name] - before[$name]))"
	done
	tell_host "{$line}"
}

# note WHAT NUMBER: what needs no begin and no end
note() {
	tell_host "{\"what\": \"$1\", \"mode\": \"$mode\", \"value\": $2}"
}

memory() {
	note "memory $1" "$(<"$domain"/memory)"
}

# --- what is measured

# Hashes and a slow nc would take longer than the network, so the guest sends zeros and does not
# look at what comes; the tests look at it.
connect() {
	exec {socket}<>"/dev/tcp/$peer/$LAB_PEER"
}

send() {
	connect && echo "sink $((mib << 20))" >&"$socket" &&
		dd if=/dev/zero bs=65536 count=$((mib * 16)) status=none >&"$socket" &&
		read -r _ <&"$socket" && exec {socket}>&-
}

# The peer makes the data before it sends any of it, so the clock starts in between.
request() {
	connect && echo "source $((mib << 20)) $mib" >&"$socket" && read -r _ <&"$socket"
}

receive() {
	dd of=/dev/null bs=65536 status=none <&"$socket" && exec {socket}>&-
}

send_datagrams() {
	dd if=/dev/zero bs=64 count="$datagrams" status=none >"/dev/udp/$peer/$udp_port"
}

ping_by_turns() {
	ping -q -A -c "$pings" -I "$iface" "$peer" >/tmp/ping
}

call_kernel() {
	dd if=/dev/zero of=/dev/null bs=1 count=$((syscalls / 2)) status=none
}

start_processes() {
	dash -c "i=0; while [ \$i -lt $processes ]; do (:); i=\$((i + 1)); done"
}

# --- the turns

# null: what does not concern the driver
null_checks=2
null() {
	iface=
	check "$mode: $syscalls system calls" measure syscalls call_kernel
	check "$mode: $processes processes" measure processes start_processes
}

traffic_checks=7
traffic() {
	iface=$(iface_of_driver $module) || bail "$module drives no interface"
	check "$mode: an address" dhcp "$iface" || bail "no use without an address"
	peer=$(peer_of "$iface")
	quiet
	check "$mode: nothing" measure nothing true
	check "$mode: $mib MiB sent by TCP" measure tcp-send send
	check "$mode: $mib MiB requested" request
	check "$mode: $mib MiB received by TCP" measure tcp-receive receive
	check "$mode: $datagrams datagrams of 64 bytes sent by UDP" measure udp-send send_datagrams
	check "$mode: $pings pings" measure ping ping_by_turns
	note rtt "$(sed -n 's,.*min/avg/max = [^/]*/\([0-9.]*\)/.*,\1,p' /tmp/ping)"
}

# load COMMAND...: how long that takes
load() {
	iface=
	measure load "$@"
}

restart() {
	echo 1 >"$domain"/restart
}

restart_checks=2
restart_and_wait() {
	local start

	iface=
	start=${EPOCHREALTIME/./}
	check "isolated: $module restarts" measure restart restart
	iface=$(iface_of_driver $module) || bail "no interface after the restart"
	check "isolated: $iface has a carrier" wait_for 30 carrier "$iface"
	note carrier $((${EPOCHREALTIME/./} - start))
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
	check "peak: sent by TCP" send
	check "peak: requested" request
	check "peak: received by TCP" receive
	check "peak: sent by UDP" send_datagrams
	kill $watch
	wait $watch
	note "memory peak" "$(</tmp/peak)"
}

plan $((pairs * (2 * null_checks + 2 * traffic_checks + 6) + 3 * restart_checks + peak_checks))
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
	if ((pair == pairs)); then
		peak
		for ((i = 0; i < 3; i++)); do
			restart_and_wait
		done
	fi
	check "isolated: $module unloads" unload $module
	check "nooks unloads" unload nooks
done
