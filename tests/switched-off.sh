#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# nooks.enable=0 on the kernel command line: nooks.ko does nothing, and drivers are loaded natively.
# usage: switched-off.sh MODULE
# shellcheck shell=dash source=tests/lib.sh
. /tests/lib.sh

module=$1

state() {
	load_native state && unload state && dmesg | grep 'state: cpu ' | tail -n "$(nproc)" |
		sed 's/.*state: //'
}

loads() {
	nooks-load "$module" 2>/tmp/said
}

untouched() {
	[ "$(state)" = "$before" ] && [ -z "$(cat /sys/kernel/tracing/enabled_functions)" ]
}

plan 12
before=$(state)
check "nooks loads" load_nooks
check "it says that it is off" kernel_said "nooks: switched off by nooks.enable=0"
check "and changes nothing in the machine" untouched
check "there is no control device" [ ! -e /dev/nooks ]
check "and no class" [ ! -e /sys/class/nooks ]
check "nooks-load loads $module" loads
check "and says that it does so natively" grep -q natively /tmp/said
iface=$(iface_of_driver "$module") || bail "$module drives no interface"
check "$iface gets an address by DHCP" dhcp "$iface"
check "ping over $iface" ping_peer "$iface"
refuse "nooksctl says that there is no nooks" nooksctl status
check "nooks-load -r unloads it" nooks-load -r "$module"
check "nooks unloads" unload nooks
