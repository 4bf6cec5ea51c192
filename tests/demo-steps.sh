# SPDX-License-Identifier: GPL-2.0
# What the two guests of `make demo` have in common: telling what comes, showing commands and what
# they print, traffic with its checksums. scripts/demo makes the TAP nicer to read.
# shellcheck shell=dash source=tests/lib.sh

. /tests/lib.sh

# tell LINE...: a paragraph for the reader
tell() {
	local line
	say ""
	for line; do
		say "$line"
	done
}

# pass_on: say what comes in
pass_on() {
	local line
	while IFS= read -r line; do
		say "    $line"
	done
}

# run COMMAND...: show it, and what it prints; its exit status
run() {
	local status
	say "    # $*"
	"$@" >/tmp/output 2>&1
	status=$?
	pass_on </tmp/output
	return $status
}

# meet_driver SHA256: what kernel and what driver this is about
meet_driver() {
	local file
	file=$(modinfo -F filename e1000)
	run uname -rv
	run sha256sum "$file"
	check "it is the packaged file" [ "$(sha256sum <"$file")" = "$1  -" ] || bail "not the stock driver"
}

# connect: have an address and a peer that answers; sets $iface
connect() {
	iface=$(iface_of_driver e1000) || bail "e1000 drives no interface"
	run ip link set "$iface" up
	check "$iface has a carrier" wait_for 30 carrier "$iface"
	check "the network gives an address" \
		run udhcpc -f -n -q -t 10 -T 1 -i "$iface" -s /tests/udhcpc || bail "no address"
	run ip -br address show "$iface"
	check "ping" run ping -c 3 "$(peer_of "$iface")"
}
