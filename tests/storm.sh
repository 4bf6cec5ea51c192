#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# A driver whose handler leaves the interrupt of its device raised, so that its CPU comes to little else, fails after
# some seconds and is restarted. Natively that goes on until the driver is unloaded. (QEMU's interrupt controller, as
# KVM's, rests for 10 ms after 10000 interrupts in a row; else the machine would stand still.)
# One that says of all of them "not mine" loses its line: natively for good, to the kernel's "nobody cared".
# usage: storm.sh native|isolated [unhandled=1]
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

interrupts() {
	awk '/storm/ { print $2 + 0 }' /proc/interrupts
}

# more N: so many came since there were $before
more() {
	[ "$(interrupts)" -gt $((before + $1)) ]
}

what="interrupt .* without end: for .* s its handler"
[ -z "$2" ] || what="interrupt .*: nobody else is there"
if [ "$1" = native ] && [ -n "$2" ]; then
	plan 3
	check "it loads" load_native storm "$2"
	bind_again &
	check "the kernel turns its line off" wait_for 60 kernel_said "irq .*: nobody cared"
	check "it unloads" unload storm
	exit
fi
if [ "$1" = native ]; then
	plan 4
	check "it loads" load_native storm
	before=0
	bind_again &
	check "there is a storm" wait_for 30 more 50000
	before=$(interrupts)
	check "it does not end" wait_for 30 more 50000
	check "it ends with the driver" unload storm
	exit
fi
plan 7
check "nooks loads" load_nooks stall_seconds=3
check "it loads in a domain" load_isolated storm ${2:+"$2"}
bind_again &
check "the storm is found" wait_for 60 kernel_said "$what"
check "the driver is restarted" wait_for 30 restarted_after 0
check "and works" kernel_said "storm: bound for the 3. time"
wait
before=$(interrupts)
find /sys/devices -type f >/dev/null
refuse "the storm is over" more 0
check "it unloads" unload storm
