# SPDX-License-Identifier: GPL-2.0
# What a guest's test script may use besides tests/tap.sh: waiting, modules, network traffic.
# Scripts never sleep to let something happen: they wait_for it.
# shellcheck shell=dash source=tests/tap.sh

. /tests/tap.sh

# Into the kernel log too, so that the console shows what the kernel said at which check.
say() {
	printf '%s\n' "$*" >&3
	printf '<6>test: %s\n' "$*" >/dev/kmsg
}

now() {
	local seconds
	IFS=. read -r seconds _ </proc/uptime
	echo "$seconds"
}

# wait_for SECONDS COMMAND...: run it until it succeeds; fail when the time is up. Slow machines get
# $LAB_PATIENCE times as much of it.
wait_for() {
	local deadline
	deadline=$(($(now) + $1 * ${LAB_PATIENCE:-1} + 1))
	shift
	until "$@"; do
		[ "$(now)" -lt $deadline ] || return 1
		usleep 50000
	done
}

# fails_saying REGEX COMMAND...: it fails with such a message, which is in /tmp/said
fails_saying() {
	local regex=$1
	shift
	if "$@" >/tmp/said 2>&1; then
		diag "it succeeded"
		return 1
	fi
	grep -qE "$regex" /tmp/said && return
	sed 's/^/# /' /tmp/said >&3
	return 1
}

# --- modules

# load_native MODULE [PARAMETER=VALUE...]: as everyone does
load_native() {
	modprobe "$@"
}

# load_nooks: the framework itself
load_nooks() {
	modinfo nooks >/dev/null 2>&1 ||
		bail "no nooks.ko for this kernel in the image: build it first"
	modprobe nooks "$@"
}

# load_isolated MODULE [PARAMETER=VALUE...]: into a domain
load_isolated() {
	nooks-load "$@"
}

unload() {
	rmmod "$1"
}

loaded() {
	[ -e "/sys/module/$1/initstate" ]
}

# kernel_said REGEX: the kernel's part of the log has a line that matches
kernel_said() {
	dmesg -r | grep -E '^<[0-7]>' | grep -qE "$1"
}

# said REGEX: how many lines of the log match
said() {
	dmesg | grep -cE "$1"
}

# --- a driver in its domain, whose directory below /sys/class/nooks is $dir

# shellcheck disable=SC2154 # the test sets dir
counter() {
	local value
	IFS= read -r value <"$dir/$1" && echo "$value"
}

# state_is STATE
state_is() {
	[ "$(counter state)" = "$1" ]
}

# restarted_after RESTARTS: it has restarted since there were so many, and runs
restarted_after() {
	[ "$(counter restarts)" -gt "$1" ] && state_is running
}

# same_picture: the test's picture() is what it was when it went to /tmp/before
same_picture() {
	picture >/tmp/after
	diff /tmp/before /tmp/after >/tmp/diff && return
	while IFS= read -r line; do
		diag "$line"
	done </tmp/diff
	return 1
}

# --- the machine, which scripts/relay speaks for, if it has network adapters

# ask_machine REQUEST: what it answers besides "ok" is in $answer; what follows that is in /tmp/got
ask_machine() {
	local port said=
	port=$(echo /sys/bus/pci/devices/*/tty/ttyS*)
	port=/dev/${port##*/}
	exec 4<>"$port" || return
	stty -F "$port" raw -echo
	echo "$1" >&4
	# Byte by byte, for what follows the line is not for this.
	read -r said <&4
	answer=${said#ok}
	answer=${answer# }
	case $1 in
	get*) [ "$said" = "$answer" ] || head -c "$answer" <&4 >/tmp/got ;;
	esac
	exec 4>&-
	case $said in
	ok*) return ;;
	esac
	diag "$1: ${said:-no answer}"
	return 1
}

# get_file NAME TO: of the directory that scripts/boot was given with --files
get_file() {
	ask_machine "get $1" && cp /tmp/got "$2"
}

# save_machine: with --save, this is where it ends, and where one with --load goes on. The peer is another one then.
save_machine() {
	ask_machine save && ask_machine peer && LAB_PEER=$answer
}

# --- network. A guest's adapter sits on a net of its own; see dhcp for who else is there.

# all_driven DRIVER: print the interfaces that it drives
all_driven() {
	local link
	for link in /sys/class/net/*/device/driver; do
		# Some have a dash in their name where the module has none.
		[ "$(basename "$(readlink "$link")" | tr - _)" = "$1" ] || continue
		link=${link%/device/driver}
		echo "${link##*/}"
	done
}

# The first of them; fails if there is none.
driven() {
	all_driven "$1" | sed -n 1p | grep .
}

# iface_of_driver DRIVER: print the first interface that the driver drives
iface_of_driver() {
	wait_for 30 driven "$1"
}

carrier() {
	local value=
	[ -e "/sys/class/net/$1/carrier" ] && read -r value 2>/dev/null <"/sys/class/net/$1/carrier" && [ "$value" = 1 ]
}

# cable IFACE: number of its adapter among those of the machine, which QEMU's network backend has, too
cable() {
	local path device number=0
	path=$(readlink -f "/sys/class/net/$1/device") || return
	for device in /sys/bus/pci/devices/*; do
		case $(cat "$device/class") in
		0x0200*) ;;
		*) continue ;;
		esac
		case $path/ in
		*/"${device##*/}"/*)
			echo $number
			return
			;;
		esac
		number=$((number + 1))
	done
	return 1
}

# set_carrier IFACE on|off: plug its cable in, or pull it out
set_carrier() {
	ask_machine "link net$(cable "$1") $2"
}

# dhcp IFACE: bring it up and get an address. No route leads out of the adapter's own net, where
# the only other machine is the peer: the host's loopback, scripts/peer at port $LAB_PEER.
dhcp() {
	ip link set "$1" up && wait_for 30 carrier "$1" &&
		udhcpc -f -n -q -t 10 -T 1 -i "$1" -s /tests/udhcpc
}

# peer_of IFACE: print the peer's address
peer_of() {
	cat "/run/peer.$1"
}

# ping_peer IFACE [COUNT]: each echo request is answered
ping_peer() {
	ping -q -c "${2:-3}" -w 30 -I "$1" "$(peer_of "$1")"
}

# talk IFACE: a TCP connection to the peer, stdin to stdout
talk_seconds=300
talk() {
	timeout $talk_seconds nc -w 30 "$(peer_of "$1")" "$LAB_PEER"
}

# tcp_send_bytes IFACE BYTES: random data arrives at the peer unharmed
tcp_send_bytes() {
	local sent arrived
	head -c "$2" /dev/urandom >"/tmp/sent.$1" || return
	sent=$(sha256sum <"/tmp/sent.$1")
	arrived=$({ echo "sink $2" && cat "/tmp/sent.$1"; } | talk "$1")
	rm "/tmp/sent.$1"
	[ "${sent%% *}" = "$arrived" ]
}

# tcp_receive_bytes IFACE BYTES: the peer's data arrives here unharmed
tcp_receive_bytes() {
	local sent arrived
	echo "source $2 $2" | talk "$1" >"/tmp/received.$1"
	read -r sent <"/tmp/received.$1" || sent="nothing"
	arrived=$(tail -c +$((${#sent} + 2)) "/tmp/received.$1" | sha256sum)
	rm "/tmp/received.$1"
	[ "${arrived%% *}" = "$sent" ]
}

# tcp_send IFACE MIB, tcp_receive IFACE MIB: the same, of so many MiB
tcp_send() {
	tcp_send_bytes "$1" $(($2 << 20))
}

tcp_receive() {
	tcp_receive_bytes "$1" $(($2 << 20))
}

# udp_echo IFACE COUNT: so many datagrams, of sizes up to a full frame, come back unharmed
udp_echo() {
	/tests/udp-echo "$(peer_of "$1")" "$LAB_PEER" "$2"
}

# check_traffic IFACE MIB: the checks every network driver has to pass, $traffic_checks of them
# shellcheck disable=SC2034 # for plans
traffic_checks=5
check_traffic() {
	check "$1 gets an address by DHCP" dhcp "$1" || bail "no use without an address"
	check "ping over $1" ping_peer "$1"
	check "$2 MiB sent by TCP arrive unharmed" tcp_send "$1" "$2"
	check "$2 MiB received by TCP are unharmed" tcp_receive "$1" "$2"
	check "UDP datagrams of all sizes come back unharmed" udp_echo "$1" 16
}
