#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# What is told of a failure: the full report has what is needed to find the bug, and user space hears of
# it.
# usage: report.sh MODULE
# shellcheck shell=dash source=tests/lib.sh
. /tests/lib.sh

module=$1
dir=/sys/class/nooks/$module

traffic() {
	ping -q -c 1 -w 2 -I "$iface" "$(peer_of "$iface")" >/dev/null 2>&1
}

crashed_after() {
	traffic
	[ "$(counter failures)" -gt "$1" ]
}

# crash KIND CONTEXT: the driver fails, and is back
crash() {
	local failures restarts
	failures=$(counter failures)
	restarts=$(counter restarts)
	echo "$1 $2" >"$dir/inject"
	wait_for 20 crashed_after "$failures" && wait_for 30 restarted_after "$restarts"
}

# reported KIND NUMBER: the last failure's report is there, and of this one
reported() {
	nooksctl dump "$module" >/tmp/report && has "^kind: $1$" && has "^failure: $2$"
}

# has REGEX [COUNT]: so many lines of the report match
has() {
	[ "$(grep -cE "$1" /tmp/report)" -ge "${2:-1}" ] || { diag "not there: $1"; return 1; }
}

build_id() {
	hexdump -v -s 16 -e '1/1 "%02x"' "/sys/module/$module/notes/.note.gnu.build-id"
}

# With the driver and nooks gone, the second failure's is still there.
outlives() {
	unload "$module" && unload nooks && grep -qx "failure: 2" "$(core_dump)"
}

dropped() {
	echo 1 >"$(core_dump)" && wait_for 10 [ ! -e "$(core_dump)" ]
}

whole() {
	has '^nooks-report: 1$' && tail -n 1 /tmp/report | grep -qx 'end: nooks-report'
}

names_the_place() {
	has '^entry: [a-z]' && has '^context: soft interrupt$' && has '^task: ' && has '^cpu: [01]$'
}

names_the_object() {
	has '^object: [a-z]' && has '^object-type: [a-z_]*$' && has '^object-field: [a-z_.0-9]*$' &&
		has '^object-offset: [0-9]*$'
}

counts() {
	has '^thread: [0-9]* .*: soft interrupt, in ' && has '^counter: failures 1$'
}

core_dump() {
	echo /sys/class/devcoredump/devcd*/data
}

# heard REGEX: a uevent of the driver's had these variables
heard() {
	grep -qE "^change /devices/virtual/nooks/$module $1" /tmp/events
}

plan 34
check "nooks loads" load_nooks
check "$module loads in a domain" load_isolated "$module"
iface=$(iface_of_driver "$module") || bail "$module drives no interface"
check "an address by DHCP" dhcp "$iface"
# shellcheck disable=SC2016 # for the shell that uevent runs
uevent sh -c 'echo "$ACTION $DEVPATH $NOOKS_EVENT $STATE $FAILURES $RESTARTS $KIND: $FUNCTION"' \
	>/tmp/events 2>/dev/null &
listener=$!
refuse "there is no report before there is a failure" nooksctl dump "$module"
check "a failure" crash wild-write softirq
check "a report" reported "wild write" 1
check "its first line and its last tell that it is whole" whole
check "where it has failed" names_the_place
check "which build of the driver" has "^build-id: $(build_id)$"
check "the address, with its symbol" has '^address: [0-9a-f]{16} schedule\+0x0/'
check "all registers" has '^register: r[a-z0-9]* [0-9a-f]{16}$' 18
check "the instruction is marked in the code" has '^code: ([0-9a-f]{2} )*<[0-9a-f]{2}>'
check "how the kernel came to call the driver" has '^kernel-backtrace: .* net_rx_action'
check "the last calls of the driver, with arguments" has "^crossing: .*: enter .*\[$module\]\(" 1
check "and of the kernel" has '^crossing: cpu [0-9]*, [0-9]* ms ago: call [a-z_0-9]*\(([0-9a-f]*, ){5}' 3
check "threads and counters" counts
check "the stack" has '^stack: [0-9a-f]{16}:( [0-9a-f]{16}){1,4}$'
check "it is a device core dump, too" cmp "$dir/report" "$(core_dump)"
check "the log says where it is" kernel_said "nooksctl dump $module"
check "user space hears of the failure" wait_for 10 heard 'failure recovering 1 0 wild write: [a-z]'
check "and of the restart" wait_for 10 heard 'restart running 1 1 wild write: [a-z]'
echo 1 >"$(core_dump)"
check "a second failure" crash null any
check "has a report of its own" reported "NULL dereference" 2
check "with the address" has '^address: 0000000000000010 '
check "a store to a field that is not the driver's" crash denied-store any
check "has one, too" reported "denied store" 3
check "with object and field" names_the_object
check "and with who made the object" has "^object-made-by: [0-9a-f]{16} [a-z_0-9]*\+.*\[$module\]"
echo 4 >"$dir/max_failures"
echo 300 >"$dir/window"
iface=$(iface_of_driver "$module") || bail "no interface after the restart"
echo bad-jump >"$dir/inject"
check "one more is one too many" wait_for 20 crashed_after 3
check "it is given up, and user space hears of it" \
	wait_for 10 heard 'give-up failed 4 3 bad jump: [a-z]'
check "started by hand" nooksctl restart "$module"
check "... it is heard of again" wait_for 10 heard 'restart running 4 4'
kill $listener
check "a core dump stays when the driver goes, and nooks" outlives
check "... until somebody has read it" dropped
