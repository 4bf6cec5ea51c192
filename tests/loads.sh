#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Stock drivers of devices that this machine does not have come into domains, wait for a device there, and go.
# usage: loads.sh MODULE[,MODULE]...	(the kernel takes some 30 words)
# shellcheck shell=dash source=tests/lib.sh
. /tests/lib.sh

# The kernel has its registration, whatever name that has.
registered() {
	local name registration
	name=$(echo "$1" | tr - _)
	[ "$(cat "/sys/class/nooks/$name/state")" = running ] || return 1
	for registration in "/sys/module/$name/drivers"/pci:*; do
		[ -e "$registration" ] && return
	done
	return 1
}

# shellcheck disable=SC2046
set -- $(echo "$*" | tr , ' ')
plan $((2 + 3 * $#))
check "nooks loads" load_nooks
for module; do
	check "$module loads in a domain" load_isolated "$module"
	check "it waits for a device" registered "$module"
	check "$module unloads" unload "$module"
done
check "nooks unloads" unload nooks
