#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# A driver in a domain that warns over and over does not flood the log, and fails if someone has said so. The kernel takes its warnings
# for its own: the guest is sick after that, which is all that it must be.
# usage: warnings.sh
# shellcheck shell=dash source=tests/attacks.sh
. /tests/attacks.sh

dir=/sys/class/nooks/attacker

warnings() {
	said '(WARNING): .*attack_warnings'
}

# counted N: it has warned so many times
counted() {
	[ "$(counter warnings)" = "$1" ]
}

# It begins anew, and warns a hundred times when it has begun.
restarts_and_warns() {
	nooksctl restart attacker && wait_for 10 counted 200
}

plan 16
echo 0 >/proc/sys/kernel/panic_on_warn
check "nooks loads" load_nooks
check "a driver that warns a hundred times loads" load_isolated attacker attack=warnings
check "some of its warnings are in the log" [ "$(warnings)" -gt 0 ]
check "but not many" [ "$(warnings)" -le 40 ]
check "the others were counted" [ "$(($(warnings) + $(counter lines_dropped)))" -ge 100 ]
check "it has not failed" [ "$(counter failures)" = 0 ]
check "all were counted" counted 100
check "it unloads" unload attacker
check "one that warns later loads" load_isolated attacker attack=warnings when=timer
check "it warns" wait_for 10 counted 100
check "warnings are no failure by themselves" [ "$(counter max_warnings)-$(counter failures)" = 0-0 ]
echo 101 >$dir/max_warnings
check "it restarts, and warns" restarts_and_warns
check "those of before are forgotten then" [ "$(counter failures)" = 0 ]
echo 7 >$dir/max_warnings
nooksctl restart attacker
check "so many in one life are a failure" wait_for 10 kernel_said "BUG: NOOKS: warning in attack_warnings"
echo 0 >$dir/max_warnings
check "from which it comes back" wait_for 10 restarted_after 2
check "both unload" eval 'unload attacker && unload nooks'
