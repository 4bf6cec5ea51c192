#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The second guest of `make demo`: the same driver and the same fault, without nooks. The kernel is
# expected to die, so this script not to end.
# usage: demo-native.sh SHA256-OF-E1000
# shellcheck shell=dash source=tests/demo-steps.sh
. /tests/demo-steps.sh

plan 6
tell "The same kernel and the same driver, loaded as everyone loads it:"
meet_driver "$1"
check "e1000 loads" run modprobe e1000 || bail "no driver"
connect

# Nobody asks for a panic at an oops: the kernel would live on if it could.
echo 0 >/proc/sys/kernel/panic_on_oops
tell "The same crash, in softirq context too: the driver's poll function will write to the text of" \
	"schedule(). The next packet will be the last:"
check "the fault is armed" run modprobe native_fault kind=wild-write function=e1000_clean
run ping -c 3 "$(peer_of "$iface")"
