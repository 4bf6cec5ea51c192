#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# A driver with tracepoints of its own works in a domain without them: nobody can switch them on.
# usage: own-tracepoints.sh MODULE SYSTEM	SYSTEM: what they are below in tracefs
# shellcheck shell=dash source=tests/lib.sh
. /tests/lib.sh

module=$1
events=/sys/kernel/tracing/events/$2

plan 9
check "$module loads" load_native "$module"
check "it has tracepoints" [ -e "$events/enable" ]
check "it unloads" unload "$module"
check "nooks loads" load_nooks
check "$module loads in a domain" load_isolated "$module"
refuse "it has none" [ -e "$events" ]
iface=$(iface_of_driver "$module") || bail "$module drives no interface"
check "it works" dhcp "$iface"
check "$module unloads" unload "$module"
check "nooks unloads" unload nooks
