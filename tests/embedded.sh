#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# What a driver embeds in its memory works in a domain as it does natively.
# shellcheck shell=dash source=tests/lib.sh
. /tests/lib.sh

# said: what the driver has said, without the time
said() {
	dmesg | sed -nE 's/.*embedded: ((good|bad|exit): )/\1/p' | tail -n "$1"
}

plan 6
check "it works natively" load_native embedded
unload embedded
native=$(said 2)
diag "$native"
check "all that it embeds does" [ "${native%%:*}" = good ]
check "nooks loads" load_nooks
check "it loads in a domain" load_isolated embedded
check "it unloads" unload embedded
check "the results are the same" [ "$(said 4)" = "$native
$native" ]
