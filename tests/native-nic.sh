#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# A stock network driver works as everyone knows it: the base line for drivers in domains.
# usage: native-nic.sh MODULE MIB [BUS-MODULE...]
# shellcheck shell=dash source=tests/lib.sh
. /tests/lib.sh

module=$1
mib=$2
shift 2
for bus; do
	load_native "$bus"
done

plan $((2 + traffic_checks))
check "$module loads" load_native "$module"
iface=$(iface_of_driver "$module") || bail "$module drives no interface"
check_traffic "$iface" "$mib"
check "$module unloads" unload "$module"
