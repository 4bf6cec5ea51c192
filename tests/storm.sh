#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# A driver whose handler leaves the interrupt of its device raised, so that its CPU comes to nothing else,
# fails after some seconds and is restarted. Natively that is the end of the CPU.
# usage: storm.sh native|isolated
# shellcheck shell=dash source=tests/lib.sh
. /tests/lib.sh

dir=/sys/class/nooks/storm

plan 5
if [ "$1" = native ]; then
	load_native storm
	bail "the machine lives on"
fi
check "nooks loads" load_nooks stall_seconds=3
load_isolated storm &
check "the storm is found" wait_for 30 kernel_said "interrupt .* without end: for .* s this CPU"
check "the driver is restarted" wait_for 30 restarted_after 0
check "and works" kernel_said "storm: has had its storm"
wait
check "it unloads" unload storm
