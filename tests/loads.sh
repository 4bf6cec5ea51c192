#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Stock drivers of devices that this machine does not have come into domains, wait for a device there, and go.
# usage: loads.sh MODULE...
# shellcheck shell=dash source=tests/lib.sh
. /tests/lib.sh

registered() {
	[ "$(cat "/sys/class/nooks/$1/state")" = running ] && [ -d "/sys/bus/pci/drivers/$1" ]
}

plan $((2 + 3 * $#))
check "nooks loads" load_nooks
for module; do
	check "$module loads in a domain" load_isolated "$module"
	check "it waits for a device" registered "$module"
	check "$module unloads" unload "$module"
done
check "nooks unloads" unload nooks
