#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# What a driver in a domain may not do, fails the domain, changes nothing, and is reported; the
# kernel and the other domains live on. isolation-native.sh is the control.
# usage: isolation.sh
# shellcheck shell=dash source=tests/attacks.sh
. /tests/attacks.sh

class=/sys/class/nooks
dir=$class/attacker

# target, kind of failure that is reported, contexts
attacks='
kernel-text	wild write	init timer work
kernel-rodata	wild write	init
kernel-data	wild write	init timer work
page-table	wild write	init timer
interrupt-table	wild write	init work
other-domain	wild write	init timer work
nooks-data	wild write	init
nooks-table	wild write	init work
user-memory	wild write	init
own-text	wild write	init
own-stub	wild write	init
own-table	wild write	init
own-module	wild write	init timer
null		NULL dereference	init timer work
non-canonical	wild read	init
unmapped	wild read	init
undefined	bad instruction	init timer
list		BUG	init timer work
unknown-function	bad jump	init work
denied-function	denied call	init timer
data-jump	bad jump	init
heap-jump	bad jump	init timer
user-code	bad jump	init
overflow	stack overflow	init timer work
wild-stack	wild write	init timer
use-after-free	wild write	work
double-free	bad argument	init timer
foreign-free	bad argument	init work
lock-left	unbalanced state	init timer work
lock-twice	bad argument	init timer work
call-loop	timeout		work
cancel-deadlock	deadlock	init work
flush-deadlock	deadlock	init work
mutex-deadlock	deadlock	init work
asleep		NULL dereference	init work
lock-not-held	bad argument	init work
lock-nowhere	bad argument	init
locks-held	out of resources	init
mutex-left	unbalanced state	init work
softirqs-left	unbalanced state	init work
preemption-left	unbalanced state	init timer
interrupts-left	unbalanced state	init timer work
rcu-left	unbalanced state	init timer work
rtnl-left	unbalanced state	init work
queues-left	unbalanced state	init work
queues-twice	bad argument	init work
queues-early	bad argument	init work
wake-early	bad argument	init
bad-return	bad return value	init work
device-ops	denied store	init work
device-kind	denied store	init
device-features	denied store	init
device-up	denied store	init
device-mtu	denied store	init
device-name	denied store	init
rx-queue	bad argument	init
packet-locked	bad argument	init
packet-queue	bad argument	init timer
packet-clone	bad argument	init timer
fragment	bad argument	init timer
fragment-shared	denied store	init timer
checksum	bad argument	init timer
timers		out of resources	init work
locks		out of resources	init
foreign-unlock	bad argument	init work
rcu-sleep	bad argument	init work
atomic-sleep	bad argument	init timer
long-sleep	bad argument	init work
atomic-kmalloc	bad argument	init timer
atomic-packet	bad argument	init timer
gfp-flags	bad argument	init
'

[ "$(nproc)" = 1 ] || attacks="$attacks
lock-loop	timeout	work
"

gone() {
	! loaded attacker && [ ! -e $dir ]
}

failed() {
	[ "$(cat $dir/state)" = failed ]
}

# The attack in init: the loader says that it failed, and nothing stays.
in_init() {
	# shellcheck disable=SC2086
	if load_isolated attacker $1 2>/tmp/said; then
		diag "it loads"
		unload attacker
		return 1
	fi
	cat /tmp/said
	grep -q '^nooks-load: attacker: did not start' /tmp/said && gone
}

# The attack in a callback: the driver loads, fails, and is stopped.
in_callback() {
	# shellcheck disable=SC2086
	load_isolated attacker $1 when="$2" || return
	echo stop >$dir/recovery
	wait_for 30 failed || {
		diag "it is $(cat $dir/state)"
		unload attacker
		return 1
	}
	unload attacker && gone
}

# contained TARGET KIND WHEN
contained() {
	local words addr before reports survivors status
	words=$(parameters "$1")
	addr=$(echo "$words" | sed -n 's/^attack=write addr=\([^ ]*\).*/\1/p')
	[ -z "$addr" ] || before=$(value_at "$addr")
	reports=$(said "BUG: NOOKS: $2 in ")
	survivors=$(said "attacker: (survived|.* written)")
	case $3 in
	init) in_init "$words" ;;
	*) in_callback "$words" "$3" ;;
	esac
	status=$?
	[ "$(said "BUG: NOOKS: $2 in ")" -gt "$reports" ] || {
		diag "no report of it: $(dmesg | grep 'BUG: NOOKS:' | tail -n 1)"
		status=1
	}
	[ "$(said "attacker: (survived|.* written)")" -eq "$survivors" ] || {
		diag "the driver went on"
		status=1
	}
	[ -z "$addr" ] || [ "$(value_at "$addr")" = "$before" ] || {
		diag "$addr has changed from $before"
		status=1
	}
	return $status
}

survived_after() {
	[ "$(said "attacker: survived")" -gt "$1" ]
}

# spins WHEN: interrupts are taken while a driver takes its time: jiffies, which it waits for, go on
spins() {
	local before failures
	before=$(said "attacker: survived")
	load_isolated attacker attack=spin when="$1" && wait_for 20 survived_after "$before" || return
	failures=$(cat $dir/failures)
	unload attacker && [ "$failures" = 0 ]
}

# does ATTACK: what is right, or can be refused, is no failure
does() {
	local before
	before=$(said "attacker: survived")
	load_isolated attacker attack="$1" && survived_after "$before" &&
		[ "$(counter failures)" = 0 ]
}

# Packets are refused from max_packets on, and there are none left.
packets_are_limited() {
	local limit
	does packets || return
	limit=$(cat /sys/module/nooks/parameters/max_packets)
	[ "$(counter refused)" -gt 0 ] && [ "$(counter packets)" = 0 ] &&
		kernel_said "attacker: $((limit - 1)) clones"
}

# And from so many bytes of copies on.
copies_are_limited() {
	local copies
	does packet-copies || return
	copies=$(dmesg | sed -n 's/.*attacker: \([0-9]*\) copies/\1/p' | tail -n 1)
	diag "$copies copies"
	[ "$(counter refused)" -ge 2 ] && [ "$(counter packet_memory)" = 0 ] &&
		[ $((copies * 16000)) -le "$(cat /sys/module/nooks/parameters/max_packet_memory)" ] &&
		[ "$copies" -ge 10 ] && ! kernel_said "attacker: and more room"
}

# Of three thousand lines some hundred are in the log.
lines_are_dropped() {
	local lines
	does lines || return
	lines=$(said "attacker: line [0-9]")
	diag "$lines lines, $(counter lines_dropped) dropped"
	[ "$lines" -ge 500 ] && [ "$lines" -le 1500 ] &&
		[ "$((lines + $(counter lines_dropped)))" -ge 3000 ]
}

# Failures that go on end in giving up.
gives_up() {
	load_isolated attacker attack=null when=timer || return
	echo 3 >$dir/max_failures
	wait_for 60 failed && [ "$(cat $dir/failures)" = 3 ] && [ "$(cat $dir/restarts)" = 2 ] &&
		kernel_said "attacker: 3 failures in .* giving up" && unload attacker && gone
}

count=$(echo "$attacks" | awk -F '\t+' 'NF { n += split($3, when, " ") } END { print n }')
plan $((count + 19))
# Locks are found page by page: so many as there may be by default would keep a busy machine for longer than RCU likes.
check "nooks loads" load_nooks max_objects=8192
check "the victim loads in a domain" load_isolated victim
tab=$(printf '\t')
while IFS=$tab read -r target kind contexts; do
	for when in $contexts; do
		check "$target from $when: $kind" contained "$target" "$kind" "$when"
	done
done <<EOT
$(echo "$attacks" | grep .)
EOT
for when in init timer work; do
	check "a driver may spin in $when" spins $when
done
check "a driver that leaves nothing undone goes on" does balanced
check "and unloads" unload attacker
check "a driver gets no more packets than it may see" packets_are_limited
check "and unloads" unload attacker
check "nor more memory for copies of them" copies_are_limited
check "and unloads" unload attacker
check "a driver does not flood the log" lines_are_dropped
unload attacker
check "the kernel says that lines are missing" kernel_said "attacker: [0-9]+ callbacks suppressed"
check "a driver that fails again and again is given up" gives_up
check "the victim runs" [ "$(cat $class/victim/state)" = running ]
check "the victim's memory is as it was" \
	[ "$(cat /sys/module/victim/parameters/treasure)" = $((0x600d)) ]
check "the victim unloads" unload victim
check "no domain is left" [ -z "$(find $class/ -type l)" ]
check "nooks unloads" unload nooks
