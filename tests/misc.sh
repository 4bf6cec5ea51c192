#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# A character device by a driver in a domain: as natively, and when the driver fails with a file open.
# usage: misc.sh MODULE...	drivers of watchdogs, stock and without hardware
# shellcheck shell=dash source=tests/lib.sh
. /tests/lib.sh

try_native() {
	load_native "$1" && /tests/watchdog >/tmp/native && unload "$1"
}

try_isolated() {
	/tests/watchdog >/tmp/isolated && diff /tmp/native /tmp/isolated
}

# hold: a user opens the device, and is told what to do by descriptor 8
hold() {
	rm -f /tmp/orders /tmp/held
	mkfifo /tmp/orders
	/tests/watchdog hold </tmp/orders >>/tmp/held &
	holder=$!
	exec 8>/tmp/orders
	wait_for 10 grep -q '^open$' /tmp/held
}

# ordered ANSWER: the user sends two signs of life, and gets such an answer to each
ordered() {
	: >/tmp/held
	echo >&8
	wait_for 10 grep -q '^alive' /tmp/held || return
	[ "$(cut -d: -f2 /tmp/held | sort -u)" = " $1" ] || {
		diag "$(cat /tmp/held)"
		return 1
	}
}

answers() {
	: >/tmp/held
	echo >&8
	wait_for 10 grep -q '^alive: 0$' /tmp/held && grep -q '^write: 1$' /tmp/held
}

let_go() {
	exec 8>&-
	wait "$holder"
}

restarted() {
	[ "$(counter restarts)" -eq 1 ] && [ "$(counter state)" = running ]
}

plan $((2 + 14 * $#))
check "nooks loads" load_nooks
for module; do
	# shellcheck disable=SC2034 # for counter
	dir=/sys/class/nooks/$module
	check "$module works natively" try_native "$module"
	check "$module loads in a domain" load_isolated "$module"
	check "... and works the same" try_isolated
	check "a user holds the device" hold
	check "... and is answered" answers
	refuse "it does not unload meanwhile" unload "$module"
	echo wild-write >"$dir"/inject
	check "it fails, and the user gets an error" ordered EIO
	check "it is restarted" wait_for 20 restarted
	check "the user's file is dead" ordered EIO
	check "... and there has been one failure" [ "$(counter failures)" -eq 1 ]
	check "the user lets go" let_go
	check "others find what they found natively" try_isolated
	check "it unloads" unload "$module"
	check "its device is gone" [ ! -e /dev/watchdog ]
done
check "nooks unloads" unload nooks
