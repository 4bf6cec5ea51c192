#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Self-test of the lab: nothing is wrong, although a module from outside the tree has left its
# taints, user space cries wolf, and a driver's failure was reported.
# shellcheck shell=dash source=tests/lib.sh
. /tests/lib.sh

taint() {
	echo "$1" >/proc/sys/kernel/tainted
}

cry() {
	echo "<4>$1" >/dev/kmsg
}

plan 4
check "the taints of our own modules are in order" taint $((1 << 12 | 1 << 13 | 1 << 18))
check "user space may say anything" cry "WARNING: BUG: Oops"
refuse "mount has no option BUG: NOOKS:" mount -t tmpfs -o "BUG: NOOKS:" none /mnt
check "the kernel has said so" kernel_said "BUG: NOOKS:"
