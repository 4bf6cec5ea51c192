#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Self-test of the lab: a failed check, a taint as a WARN leaves it, and a complaint in the
# kernel's own words; each must be in the verdict.
# shellcheck shell=dash source=tests/lib.sh
. /tests/lib.sh

plan 2
echo $((1 << 9)) >/proc/sys/kernel/tainted
refuse "mount has no option Oops" mount -t tmpfs -o Oops none /mnt
not_ok "this check fails"
