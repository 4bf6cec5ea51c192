#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# A stock network driver works in a domain as it does natively.
# usage: isolated-nic.sh MODULE MIB [BUS-MODULE...]
# shellcheck shell=dash source=tests/lib.sh
. /tests/lib.sh

module=$1
mib=$2
shift 2
for bus; do
	load_native "$bus"
done

plan $((5 + traffic_checks))
check "nooks loads" load_nooks
check "$module loads in a domain" load_isolated "$module"
iface=$(iface_of_driver "$module") || bail "$module drives no interface"
check_traffic "$iface" "$mib"
check "its domain is running" [ "$(cat "/sys/class/nooks/$module/state")" = running ]
check "$module unloads" unload "$module"
check "nooks unloads" unload nooks
