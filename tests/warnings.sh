#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# A driver in a domain that warns over and over does not flood the log. The kernel takes its warnings
# for its own: the guest is sick after that, which is all that it must be.
# usage: warnings.sh
# shellcheck shell=dash source=tests/attacks.sh
. /tests/attacks.sh

dir=/sys/class/nooks/attacker

warnings() {
	said '(WARNING): .*attack_warnings'
}

plan 7
echo 0 >/proc/sys/kernel/panic_on_warn
check "nooks loads" load_nooks
check "a driver that warns a hundred times loads" load_isolated attacker attack=warnings
check "some of its warnings are in the log" [ "$(warnings)" -gt 0 ]
check "but not many" [ "$(warnings)" -le 40 ]
check "the others were counted" [ "$(($(warnings) + $(counter lines_dropped)))" -ge 100 ]
check "it has not failed" [ "$(counter failures)" = 0 ]
check "both unload" eval 'unload attacker && unload nooks'
