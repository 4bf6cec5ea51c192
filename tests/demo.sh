#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# What `make demo` shows: a stock driver at work in a domain.
# shellcheck shell=dash source=tests/lib.sh
. /tests/lib.sh

# show COMMAND...: it and what it prints
show() {
	say "# $*"
	"$@" 2>&1 | while read -r line; do
		say "$line"
	done
}

plan 3
check "nooks loads into a stock kernel" load_nooks
check "nooks-load e1000" load_isolated e1000
iface=$(iface_of_driver e1000) || bail "e1000 drives no interface"
dhcp "$iface" || bail "no address"
show ping -c 3 "$(peer_of "$iface")"
show nooksctl status
check "the interface works" ping_peer "$iface"
