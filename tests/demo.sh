#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The first guest of `make demo`: a stock driver works in a domain, crashes there, and comes back.
# usage: demo.sh SHA256-OF-E1000
# shellcheck shell=dash source=tests/demo-steps.sh
. /tests/demo-steps.sh

mib=64
domain=/sys/class/nooks/e1000

# same HERE THERE: the two checksums
same() {
	say "    SHA-256 here:  $1"
	say "    SHA-256 there: $2"
	[ "$1" = "$2" ]
}

upload() {
	local here there
	head -c $((mib << 20)) /dev/urandom >/tmp/sent
	here=$(sha256sum </tmp/sent)
	there=$({ echo "sink $((mib << 20))" && cat /tmp/sent; } | talk "$iface")
	rm /tmp/sent
	same "${here%% *}" "$there"
}

# A first line with the checksum, then the data
start_download() {
	echo "source $((mib << 20)) $1" | talk "$iface" >/tmp/received &
	download=$!
}

finish_download() {
	local here there
	wait $download
	read -r there </tmp/received
	here=$(tail -c +$((${#there} + 2)) /tmp/received | sha256sum)
	same "${here%% *}" "$there"
}

received_mib() {
	echo $(($(stat -c %s /tmp/received) >> 20))
}

under_way() {
	[ "$(received_mib)" -ge 8 ]
}

came_back() {
	[ "$(cat $domain/restarts)" = 1 ] && [ "$(cat $domain/state)" = running ]
}

# Index and name of the interface, its addresses and routes
identity() {
	ip -o address show "$iface"
	ip route show dev "$iface"
}

as_before() {
	carrier "$iface" && [ "$(identity)" = "$before" ]
}

kernel_log() {
	dmesg -r | sed -n 's/^<[0-7]>//p'
}

counters() {
	run nooksctl show e1000
	run grep . /sys/class/nooks/crossings /sys/class/nooks/interrupts \
		"/sys/class/net/$iface/statistics/tx_packets" \
		"/sys/class/net/$iface/statistics/rx_packets"
}

plan 14
tell "The kernel is the distribution's, and so is the driver:"
meet_driver "$1"

tell "nooks is one module. nooks-load takes the place of modprobe: it gives the driver a domain of" \
	"its own, page tables in which the whole kernel is read-only."
check "nooks loads into the running kernel" run insmod "$(modinfo -F filename nooks)" ||
	bail "no nooks"
check "e1000 runs in a domain" run nooks-load e1000 || bail "no driver"
run nooksctl status

tell "The network works:"
connect

tell "$mib MiB of random bytes go to a server on the host by TCP, and $mib others come back:"
check "upload" upload
start_download 1
check "download" finish_download

tell "What that took. Entries are calls of the driver by the kernel, crossings those of the kernel by" \
	"the driver; a checked store is one to a kernel object, judged and then done for the driver:"
counters

before=$(identity)
tell "Now the crash. In the middle of a download the driver will write to the text of the kernel's" \
	"schedule(), when the kernel calls it next in softirq context:"
start_download 2
wait_for 60 under_way || bail "the download does not begin"
run nooksctl inject e1000 wild-write softirq
check "the driver crashed and is back" wait_for 60 came_back
arrived=$(received_mib)

tell "What the kernel had to say about it:"
kernel_log | sed -n '/====/,/====/p; /restarted in/p' | pass_on

tell "The interface was there all the time, with all that it had. The driver negotiates the link anew," \
	"which takes it two seconds, as after any reset. Then the download, of which $arrived MiB had arrived," \
	"goes on over the same TCP connection:"
check "index, name, addresses and routes are what they were; packets come and go" wait_for 30 as_before
run ip -br address show "$iface"
check "the download that was interrupted" finish_download
check "ping" run ping -c 3 "$(peer_of "$iface")"
check "upload" upload
start_download 3
check "download" finish_download
run nooksctl status
