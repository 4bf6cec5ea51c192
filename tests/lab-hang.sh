#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Self-test of the lab: the guest never ends.
# shellcheck shell=dash source=tests/lib.sh
. /tests/lib.sh

plan 1
diag "hanging"
wait_for 86400 false
ok "a day is over"
