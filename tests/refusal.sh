#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Where domains can't be, nooks says why and what to do, and leaves the machine as it was.
# usage: refusal.sh WHY		a regular expression without blanks
# shellcheck shell=dash source=tests/lib.sh
. /tests/lib.sh

state() {
	load_native state && unload state &&
		dmesg | sed -n 's/.*\(state: cpu .*\)/\1/p' | tail -n "$(nproc)" >"$1" &&
		cat /sys/kernel/tracing/enabled_functions >>"$1" && cat "$1"
}

same() {
	state /tmp/now && cmp /tmp/before /tmp/now
}

plan 7
check "the machine's state is known" state /tmp/before
refuse "nooks does not load" load_nooks
check "it says why" kernel_said "nooks: not supported here: $1"
refuse "it does not stay" loaded nooks
check "no class and no device is left" eval '[ ! -e /sys/class/nooks ] && [ ! -e /dev/nooks ]'
check "the machine's state is as before" same
refuse "no driver loads in a domain" load_isolated e1000
