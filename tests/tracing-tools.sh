#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# What perf, trace-cmd and bpftrace make of the tracepoints. The tools are the host's, from its /usr (scripts/boot
# --share): with their libraries they are too large for the guests' image.
# usage: tracing-tools.sh MODULE
# shellcheck shell=dash source=tests/lib.sh
. /tests/lib.sh
# shellcheck source=tests/lib-share.sh
. /tests/lib-share.sh

module=$1
dir=/sys/class/nooks/$module
events=/sys/kernel/tracing/events/nooks

tools() {
	# busybox, by the name of what it is to be there
	share_host && cp /bin/busybox $root/tmp/ping
}

# said REGEX: the tool has
said() {
	grep -qE "$1" /tmp/said && return
	head -n 20 /tmp/said | sed 's/^/# /' >&3
	return 1
}

# show LINES: of what it said, for those who read the log
show() {
	say "# ---"
	head -n "$1" /tmp/said | cut -c 1-160 | sed 's/^/# /' >&3
	say "# ---"
}

traffic() {
	echo "/tmp/ping -q -c 20 -i 0.1 -w 20 -I $iface $(peer_of "$iface")"
}

all_listed() {
	run perf list 'nooks:*' &&
		[ "$(grep -c 'nooks:nooks_.*Tracepoint event' /tmp/said)" = "$(find $events -mindepth 1 -type d | wc -l)" ]
}

# counted EVENT: perf stat has counted many
counted() {
	awk -v event="nooks:$1" '$2 == event { gsub(",", "", $1); nr = $1 } END { exit !(nr >= 20) }' /tmp/said
}

names() {
	said "nooks:nooks_enter: driver=$module function=[a-z0-9_]+ args=" &&
		said "nooks:nooks_return: driver=$module function=[a-z0-9_]+ unwound=0 ret=[0-9a-f]+ ns=[0-9]+"
}

# One failure, from which it comes back: what runs below perf
cat >/tmp/fail <<EOF
echo wild-write >$dir/inject
until [ "\$(cat $dir/restarts)" = 1 ] && [ "\$(cat $dir/state)" = running ]; do
	/tmp/ping -q -c 1 -w 1 \$1 >/dev/null 2>&1
done
EOF

all_off() {
	[ "$(cat $events/enable)" = 0 ] && [ -z "$(ls /sys/kernel/tracing/instances)" ]
}

plan 20
check "the host's tools are there" tools
check "nooks loads" load_nooks
check "$module loads in a domain" load_isolated "$module"
iface=$(iface_of_driver "$module") || bail "$module drives no interface"
check "an address by DHCP" dhcp "$iface"
cp /tmp/fail $root/tmp/fail

check "perf lists all events" all_listed
# shellcheck disable=SC2046 # words of a command
check "perf stat" run perf stat -a -e nooks:nooks_enter,nooks:nooks_exit,nooks:nooks_call -- $(traffic)
check "counts entries and kernel calls" eval 'counted nooks_enter && counted nooks_exit && counted nooks_call'
show 16
# shellcheck disable=SC2046
check "perf record" run perf record -q -a -o /tmp/perf.data -e nooks:nooks_enter -e nooks:nooks_return -- $(traffic)
check "perf script" run perf script -i /tmp/perf.data
check "names functions of the driver and of the kernel" names
show 8
check "perf trace" run perf trace -a -e nooks:nooks_failure,nooks:nooks_recovery -- sh /tmp/fail "$(peer_of "$iface")"
check "tells of a failure, and of the restart" eval 'said "nooks:nooks_failure" && said "nooks:nooks_recovery.*restarted"'
show 12
iface=$(iface_of_driver "$module")
wait_for 20 ping_peer "$iface" 1 >/dev/null
# shellcheck disable=SC2046
check "trace-cmd record, with a filter" run trace-cmd record -q -o /tmp/trace.dat -e nooks:nooks_exit -f 'ns > 1000' -- $(traffic)
check "trace-cmd report" run trace-cmd report -i /tmp/trace.dat
check "has what the driver did" said "nooks_exit: +driver=$module function=[a-z0-9_]+ unwound=0"
show 8
check "bpftrace" run bpftrace -c "$(traffic)" -e \
	'tracepoint:nooks:nooks_return { @ns[str(args->function)] = stats(args->ns); }'
check "counts by function" said '@ns\[[a-z0-9_]+\]: count [0-9]+, average [0-9]+'
show 12
check "all is off again" all_off
check "$module unloads" unload "$module"
check "and nooks" unload nooks
