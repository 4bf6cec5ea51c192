#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# A driver whose handler leaves the interrupt of its device raised, so that its CPU comes to next to nothing
# else, fails after some seconds and is restarted. Natively that is the end of the CPU.
# usage: storm.sh native|isolated
# shellcheck shell=dash source=tests/lib.sh
. /tests/lib.sh

dir=/sys/class/nooks/storm

# It raises the interrupt when it is bound once more.
bind_again() {
	local device
	cd /sys/bus/pci/drivers/storm || return
	device=$(echo 0000:*)
	echo "$device" >unbind && echo "$device" >bind
}

if [ "$1" = native ]; then
	plan 1
	check "it loads" load_native storm
	bind_again
	bail "the machine lives on"
fi
plan 6
check "nooks loads" load_nooks stall_seconds=3
check "it loads in a domain" load_isolated storm
bind_again &
check "the storm is found" wait_for 30 kernel_said "interrupt .* without end: for .* s its handler"
diag "$(grep storm /proc/interrupts)"
check "the driver is restarted" wait_for 30 restarted_after 0
check "and works" kernel_said "storm: bound for the 3. time"
wait
check "it unloads" unload storm
