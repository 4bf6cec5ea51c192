#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# A kernel that is locked down takes no unsigned modules: it is said, and nothing is left. What is in its
# domain by then stays there, and comes back when it fails.
# usage: lockdown.sh MODULE	locked down by the kernel command line, or by this script half-way
# shellcheck shell=dash source=tests/lib.sh
. /tests/lib.sh

module=$1
locks=/sys/kernel/security/lockdown

locked() {
	grep -q '\[integrity\]' $locks
}

# nothing_of MODULE: the kernel has nothing of it
nothing_of() {
	! loaded "$1" && [ ! -e "/sys/class/nooks/$1" ]
}

mount -t securityfs securityfs /sys/kernel/security || bail "there is no securityfs"
signed="locked down \(integrity\).* signed modules only.* see SIGNATURES in nooks-load\(8\)"

if locked; then
	plan 5
	refuse "nooks does not load" modprobe nooks
	check "the kernel says why" kernel_said "Lockdown: .*unsigned module loading is restricted"
	check "nothing of it is left" eval '! loaded nooks && [ ! -e /sys/class/nooks ] && [ ! -e /dev/nooks ]'
	check "nooks-load says why there is no nooks" fails_saying "$signed" nooks-load "$module"
	check "and leaves nothing" nothing_of "$module"
	exit
fi

plan 10
check "nooks loads" load_nooks
check "$module loads in a domain" load_isolated "$module"
iface=$(iface_of_driver "$module") || bail "$module drives no interface"
check "$iface gets an address by DHCP" dhcp "$iface"
echo integrity >$locks
check "the kernel is locked down" locked
check "a restart of $module needs no new image" nooksctl restart "$module"
check "ping over $iface" wait_for 20 ping_peer "$iface"
check "$module unloads" nooks-load -r "$module"
check "nooks-load says why it does not come back" fails_saying "$signed" nooks-load "$module"
check "and leaves nothing" nothing_of "$module"
check "nooks unloads" unload nooks
