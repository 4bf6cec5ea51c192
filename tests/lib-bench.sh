# SPDX-License-Identifier: GPL-2.0
# What tests/bench.sh and tests/count.sh share: the work that is measured, and what the interface and nooks
# count meanwhile. Lines that start with "# bench" are for scripts/bench.
# shellcheck shell=bash source=tests/lib.sh
. /tests/lib.sh

module=e1000
domain=/sys/class/nooks/$module
mode=
iface=
peer=

tell_host() {
	printf '# bench %s\n' "$*" >&3
}

# note WHAT NUMBER: what needs no begin and no end
note() {
	tell_host "{\"what\": \"$1\", \"mode\": \"$mode\", \"value\": $2}"
}

# read_counters: set the array of that name, but for what does not exist now
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

# counted WHAT COMMAND...: run it, which prints a number, and set $sample to a JSON object without its end
sample=
counted() {
	local what=$1 name microseconds
	local -A before=()
	shift
	read_counters
	for name in "${!counters[@]}"; do
		before[$name]=${counters[$name]}
	done
	microseconds=$("$@") || return
	read_counters
	sample="{\"what\": \"$what\", \"mode\": \"$mode\", \"microseconds\": $microseconds"
	for name in "${!before[@]}"; do
		sample+=", \"$name\": $((counters[$name] - before[$name]))"
	done
}

# pause: a tenth of a second, without a process, because that is part of what is measured
mkfifo /tmp/never
exec {never}<>/tmp/never
pause() {
	read -rt 0.1 -u "$never" || true
}

# timed COMMAND...: run it, print the microseconds
timed() {
	local start=${EPOCHREALTIME/./}

	"$@" >&2 && echo $((${EPOCHREALTIME/./} - start))
}

# sampled WHAT MORE COMMAND...: run it, which prints microseconds, and tell the host, with MORE of JSON; $mode says where.
# The pauses are for a host that is late to look at what its CPUs have spent.
sampled() {
	local what=$1 more=$2
	shift 2
	tell_host begin
	pause
	counted "$what" "$@" || return
	tell_host end
	pause
	tell_host "$sample$more}"
}

# --- what the plugin counts; $pair is the number of the turn, $symbols_port, which the script sets, where the peer takes symbols

pair=0
symbols_port=
# count WHAT N COMMAND...: N is by how much to divide what is counted, 0 for the number of packets
count() {
	local what=$1 n=$2
	shift 2
	counted "$what" "$@" && tell_host "$sample, \"pair\": $pair, \"n\": $n}"
}

# tell_domain: which code runs in domains: the driver's (with its entry stubs, which touch no memory), and the
# part of nooks that does; else none
tell_domain() {
	local size base start=0 end=0 file address

	read -r _ size _ _ _ base _ < <(grep "^$module " /proc/modules)
	if [[ -e /sys/module/nooks ]]; then
		start=$(cat /sys/module/nooks/sections/.text.nooks_domain)
		for file in /sys/module/nooks/sections/.*; do
			address=$(cat "$file")
			((address <= start || end && address >= end)) || end=$address
		done
		/tests/work domain "$base" $((base + size)) "$start" "$end"
	else
		/tests/work domain 0 0 0 0
	fi
}

# send_symbols MODE: where modules are now; in the first pair, all there is, which takes some seconds
send_symbols() {
	local file=/proc/modules

	((pair > 1)) || file="/proc/modules /proc/kallsyms"
	# shellcheck disable=SC2086 # one or two
	{ echo "$pair-$1"; cat $file; } >"/dev/tcp/$peer/$symbols_port"
}

# use_interface: an address for the driver's, and the machine at the other end; the first packets go by unmeasured,
# as buffers, windows and neighbours are not yet what they will be
# shellcheck disable=SC2034 # for plans
use_interface_checks=3
use_interface() {
	iface=$(iface_of_driver $module) || bail "$module drives no interface"
	check "$mode: an address" dhcp "$iface" || bail "no use without an address"
	peer=$(peer_of "$iface")
	check "$mode: warm by sending" /tests/work unmarked tcp-send "$peer" "$LAB_PEER" $((1 << 20))
	check "$mode: warm by receiving" /tests/work unmarked tcp-receive "$peer" "$LAB_PEER" $((1 << 20))
}

# --- a call that does nothing (drivers-under-test/tlb.c)

# tlb_do STEP: a thousand such calls; prints the ticks of one
tlb_do() {
	echo "$1" >/sys/module/tlb_kernel/parameters/do && cat /sys/module/tlb_kernel/parameters/result
}

# shellcheck disable=SC2034 # for plans
load_tlb_checks=2
load_tlb() {
	check "$mode: tlb_kernel loads" load_native tlb_kernel || bail "no driver to call"
	check "$mode: tlb loads" load_isolated tlb || bail "no driver to call"
	echo "0x$(awk '$3 == "tlb_driver" && $4 == "[tlb]" { print $1 }' /proc/kallsyms)" \
		>/sys/module/tlb_kernel/parameters/driver
}

# shellcheck disable=SC2034 # for plans
unload_tlb_checks=2
unload_tlb() {
	check "$mode: tlb unloads" unload tlb
	check "$mode: tlb_kernel unloads" unload tlb_kernel
}
