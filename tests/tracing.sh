#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The tracepoints tell what a driver does, and leave no trace when they are off.
# usage: tracing.sh MODULE
# shellcheck shell=dash source=tests/lib.sh
. /tests/lib.sh

module=$1
dir=/sys/class/nooks/$module
tracing=/sys/kernel/tracing
all="domain_create domain_free enter exit call return checked_store object_add object_remove fault
	failure recovery"

# tell 0|1: all of ours
tell() {
	echo "$1" >$tracing/events/nooks/enable
}

# told EVENT [REGEX]: it is in the trace
told() {
	grep -qE "nooks_$1: driver=$module ${2-}" /tmp/trace || { diag "not there: $1 ${2-}"; return 1; }
}

events_are() {
	local name
	for name in $all; do
		[ -d "$tracing/events/nooks/nooks_$name" ] || { diag "no $name"; return 1; }
	done
	[ "$(find $tracing/events/nooks -mindepth 1 -type d | wc -l)" = "$(echo "$all" | wc -w)" ]
}

# balanced A B: there are as many of one as of the other; threads that are inside just now differ
balanced() {
	local a b
	a=$(grep -c "nooks_$1: " /tmp/trace)
	b=$(grep -c "nooks_$2: " /tmp/trace)
	diag "$1: $a, $2: $b"
	[ "$a" -ge 10 ] && [ $((a - b)) -ge -4 ] && [ $((a - b)) -le 4 ]
}

traffic() {
	ping -q -c 10 -i 0.1 -w 10 -I "$iface" "$(peer_of "$iface")" >/dev/null
}

steps() {
	local step
	for step in begin quiet idle released init restarted; do
		told recovery "step=$step result=0$" || return
	done
}

top() {
	nooksctl top "$module" "$1" >/tmp/top
}

top_json() {
	nooksctl -j top "$module" >/tmp/json &&
		grep -q "^{\"name\":\"$module\",\"seconds\":.*\"calls\":[1-9]" /tmp/json
}

crashed() {
	ping -q -c 1 -w 1 -I "$iface" "$(peer_of "$iface")" >/dev/null 2>&1
	[ "$(counter failures)" -gt 0 ]
}

plan 26
check "nooks loads" load_nooks
check "there are the events that are documented, and no other" events_are
echo 20000 >$tracing/buffer_size_kb
tell 1 || bail "no events"
check "$module loads in a domain while all are on" load_isolated "$module"
iface=$(iface_of_driver "$module") || bail "$module drives no interface"
cat $tracing/trace >/tmp/trace
check "a domain is made" told domain_create 'id=[0-9]*$'
check "objects are added" told object_add 'kind="[A-Za-z /_]*" start=[0-9a-f]* size=[0-9]*$'
check "checked stores name type and field" told checked_store 'type=net_device field=[a-z_.]* addr='
check "an address by DHCP" dhcp "$iface"
echo >$tracing/trace
check "traffic" traffic
tell 0
cat $tracing/trace >/tmp/trace
check "the driver is called" told enter 'function=[a-z0-9_]* args=([0-9a-f]*,){5}[0-9a-f]*$'
check "and returns" told exit 'function=[a-z0-9_]* unwound=0 ret=[0-9a-f]* ns=[1-9][0-9]*$'
check "each call has its end" balanced enter exit
check "the kernel is called" told call 'function=[a-z0-9_]* args='
check "and each call has its end" balanced call return
echo >$tracing/trace
check "traffic while they are off" traffic
refuse "leaves nothing" grep -q nooks_ $tracing/trace

echo 1 >$tracing/events/nooks/nooks_failure/enable
echo 1 >$tracing/events/nooks/nooks_recovery/enable
echo 1 >$tracing/events/nooks/nooks_fault/enable
echo wild-write >"$dir/inject"
check "a failure" wait_for 20 crashed
check "and a restart" wait_for 30 restarted_after 0
cat $tracing/trace >/tmp/trace
check "the failure is told" told failure 'number=1 kind="wild write" function=".*" addr=[0-9a-f]*$'
check "recovery is told step by step" steps
iface=$(iface_of_driver "$module")
wait_for 20 ping_peer "$iface" 1 >/dev/null

ping -q -i 0.05 -I "$iface" "$(peer_of "$iface")" >/dev/null 2>&1 &
pinging=$!
check "nooksctl top" top 2
# Transmission and the driver's interrupt, and what they call
check "it tells what the kernel calls" grep -E '^enter +[0-9]+\.[0-9] +[0-9.]+ +[0-9.]+ +[a-z]' /tmp/top
check "and what the driver calls" grep -E '^call +[0-9]+\.[0-9] +[0-9.]+ +[0-9.]+ +[a-z]' /tmp/top
check "as JSON, too" top_json
check "it leaves nothing behind" [ -z "$(ls $tracing/instances)" ]
kill $pinging
tell 1
check "$module unloads while all are on" unload "$module"
check "and nooks" unload nooks
head -n 12 /tmp/top | sed 's/^/# /' >&3
