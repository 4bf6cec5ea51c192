#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# After nooks is unloaded the machine is as it was before it was loaded.
# usage: unload.sh MODULE
# shellcheck shell=dash source=tests/lib.sh
. /tests/lib.sh

module=$1

# state FILE: of the CPUs and of ftrace
state() {
	load_native state && unload state &&
		dmesg | sed -n 's/.*\(state: cpu .*\)/\1/p' | tail -n "$(nproc)" >"$1" &&
		cat /sys/kernel/tracing/enabled_functions >>"$1" &&
		[ "$(grep -c 'state: cpu ' "$1")" -eq "$(nproc)" ] && cat "$1"
}

same() {
	state /tmp/now && cmp /tmp/before /tmp/now
}

# pge_on all|any: is CR4.PGE set on all CPUs, on any of them?
pge_on() {
	state /tmp/now && sed -n 's/.* cr4 \([0-9a-f]*\) .*/\1/p' /tmp/now >/tmp/cr4 || return
	local cr4 on=0
	while read -r cr4; do
		on=$((on + (0x$cr4 >> 7 & 1)))
	done </tmp/cr4
	case $1 in
	all) [ $on -eq "$(nproc)" ] ;;
	any) [ $on -gt 0 ] ;;
	esac
}

idt_before() {
	state /tmp/now && [ "$(sed -n 's/.* idt //p' /tmp/now)" = "$(sed -n 's/.* idt //p' /tmp/before)" ]
}

plan 24
state /tmp/before || bail "no state.ko"
check "global pages are on" pge_on all
for round in 1 2; do
	check "$round: nooks loads" load_nooks
	refuse "$round: the interrupt table is another one" idt_before
	check "$round: global pages are on while there is no domain" pge_on all
	check "$round: $module loads in a domain" load_isolated "$module"
	iface=$(iface_of_driver "$module") || bail "$module drives no interface"
	check "$round: $iface gets an address by DHCP" dhcp "$iface"
	refuse "$round: global pages are off on every CPU while there is one" pge_on any
	check "$round: $module unloads" unload "$module"
	check "$round: global pages are on after it" pge_on all
	check "$round: nooks unloads" unload nooks
	check "$round: CR4, the interrupt table and ftrace are as before" same
done
check "$module loads natively" load_native "$module"
iface=$(iface_of_driver "$module") || bail "$module drives no interface"
check "$iface gets an address by DHCP" dhcp "$iface"
check "ping over $iface" ping_peer "$iface"
