#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The native control of crash.sh: the same fault, without nooks. The kernel is expected to die of it.
# usage: native-fault.sh MODULE KIND FUNCTION
# shellcheck shell=dash source=tests/lib.sh
. /tests/lib.sh

module=$1
kind=$2
function=$3

plan 4
check "$module loads" load_native "$module"
iface=$(iface_of_driver "$module") || bail "$module drives no interface"
check "$iface gets an address by DHCP" dhcp "$iface"
# Nobody asks for a panic at an oops: the kernel would live on if it could.
echo 0 >/proc/sys/kernel/panic_on_oops
check "$kind awaits $function" load_native native_fault kind="$kind" function="$function" device="$iface"
refuse "$iface works on" ping_peer "$iface"
