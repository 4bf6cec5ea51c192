#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Self-test of the lab: the guest dies.
# shellcheck shell=dash source=tests/lib.sh
. /tests/lib.sh

plan 1
echo c >/proc/sysrq-trigger
not_ok "the guest dies"
