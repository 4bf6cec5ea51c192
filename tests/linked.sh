#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# A module that a driver needs is in its domain as a private copy, which starts and stops with it.
# usage: linked.sh
# shellcheck shell=dash source=tests/lib.sh
. /tests/lib.sh

# What the two have said since the last call, in one line.
story() {
	dmesg | sed -n 's/.*\] \(\(library\|reader\): .*\)/\1/p' >/tmp/said
	tail -n "+$((told + 1))" /tmp/said | tr '\n' ';'
}

# tells STORY: exactly that, and no more
told=0
tells() {
	local new
	new=$(story)
	told=$(wc -l </tmp/said)
	[ "$new" = "$1" ] || {
		diag "they say: $new"
		return 1
	}
}

not_loaded() {
	! loaded "$1"
}

gone() {
	not_loaded reader && [ ! -e /sys/class/nooks/reader ]
}

start='library: init;reader: init;reader: visit 101;'

plan 21
check "nooks loads" load_nooks
check "a driver loads with its library" load_isolated reader
check "the library starts first, and they work together" tells "$start"
check "the library is not loaded natively" not_loaded library
check "its parameters are the driver's, under its name" \
	[ "$(cat /sys/module/reader/parameters/library.fail)" = N ]
check "it can be loaded natively, too" load_native library
check "which starts it for itself" tells 'library: init;'
check "and nobody holds it" unload library
check "nor has used it" tells 'library: exit after 0 visits;'
check "a restart" nooksctl restart reader
check "starts both anew" tells "$start"
check "the driver unloads" unload reader
check "and the library after it" tells 'reader: visit 102;reader: exit;library: exit after 2 visits;'
refuse "a driver whose library does not start" load_isolated reader library.fail=1
check "the driver does not start either" tells 'library: init;'
check "and the log says why" kernel_said 'reader: its library library does not start \(-33\)'
check "nothing stays" gone
refuse "a driver that does not start" load_isolated reader fail=1
check "its library is stopped" tells "${start}library: exit after 1 visits;"
check "nothing stays" gone
check "nooks unloads" unload nooks
