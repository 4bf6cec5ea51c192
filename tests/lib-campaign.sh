# SPDX-License-Identifier: GPL-2.0
# What the fault campaign's guests share: an adapter without DHCP, a short workload that tells what
# came of each step, and the health of the machine around it.
# The scripts set $iface, $seed and $patience: seconds after which silence is an answer.
# shellcheck shell=dash source=tests/lib.sh disable=SC2154

. /tests/lib.sh

size=$((256 << 10))

# address IFACE NET: what slirp would give it on the machine's network of that number
address() {
	ip link set "$1" up && ip address replace "10.0.$2.15/24" dev "$1" &&
		echo "10.0.$2.2" >"/run/peer.$1"
}

answers() {
	ping -q -c 1 -w 2 -I "$1" "$(peer_of "$1")" >/dev/null 2>&1
}

prepare_payload() {
	head -c $size /dev/urandom >/tmp/payload
	payload_sum=$(sha256sum </tmp/payload)
	payload_sum=${payload_sum%% *}
	half_sum=$(head -c 65536 /tmp/payload | sha256sum)
	half_sum=${half_sum%% *}
}

# --- steps. Each returns 0: right, 1: nothing or not all came, 2: something wrong came.

# A stalled connection is a dead one.
converse() {
	timeout "$patience" nc -w "$patience" "$(peer_of "$iface")" "$LAB_PEER"
}

send() {
	local sum
	sum=$({ echo "sink $size" && cat /tmp/payload; } | converse)
	[ -n "$sum" ] || return 1
	[ "$sum" = "$payload_sum" ] || return 2
}

receive() {
	local sum arrived
	echo "source $size $seed" | converse >/tmp/arrived
	read -r sum </tmp/arrived || return 1
	[ "$(wc -c </tmp/arrived)" -eq $((size + 65)) ] || return 1
	arrived=$(tail -c +66 /tmp/arrived | sha256sum)
	[ "${arrived%% *}" = "$sum" ] || return 2
}

datagrams() {
	local said
	said=$(timeout "$patience" /tests/udp-echo "$(peer_of "$iface")" "$LAB_PEER" 6) && return
	case $said in
	*changed*) return 2 ;;
	*) return 1 ;;
	esac
}

# A connection that lasts: half of its data goes before, half after.
open_connection() {
	rm -f /tmp/pipe /tmp/kept
	mkfifo /tmp/pipe
	timeout 120 nc -w 60 "$(peer_of "$iface")" "$LAB_PEER" </tmp/pipe >/tmp/kept 2>&1 5>&- &
	connection=$!
	exec 5>/tmp/pipe
	{ echo "sink 65536" && head -c 32768 /tmp/payload; } >&5
}

connection_ends() {
	[ -s /tmp/kept ] || ! kill -0 "$connection" 2>/dev/null
}

# close_connection SECONDS: into $word what became of it: kept, broken or wrong
# shellcheck disable=SC2034
close_connection() {
	local sum
	tail -c +32769 /tmp/payload | head -c 32768 | timeout 10 cat >&5
	wait_for "$1" connection_ends
	exec 5>&-
	kill "$connection" 2>/dev/null
	wait "$connection" 2>/dev/null
	sum=$(cat /tmp/kept)
	case $sum in
	"$half_sum") word=kept ;;
	????????????????????????????????????????????????????????????????) word=wrong ;;
	*) word=broken ;;
	esac
}

# What the adapter says of itself: how each question ends, and some answers.
ask() {
	local option
	for option in -S -d -g -c -a -k; do
		timeout 10 ethtool $option "$iface" >/dev/null 2>&1
		echo "$option $?"
	done
	timeout 10 ethtool -i "$iface" 2>&1
	timeout 10 ethtool "$iface" 2>&1 | grep -v -e Speed -e Duplex -e Link -e MDI-X
	cat "/sys/class/net/$iface/address"
}

same_answers() {
	ask >/tmp/answers 2>&1
	cmp -s /tmp/answers /tmp/answers.before && return
	diag "seed $seed: $(diff /tmp/answers.before /tmp/answers | grep '^[-+][^-+]' | head -n 6 | tr '\n' ' ')"
	return 2
}

settings() {
	ip link set "$iface" promisc on && ip link set "$iface" promisc off &&
		ip maddress add 01:00:5e:00:00:77 dev "$iface" &&
		ip maddress delete 01:00:5e:00:00:77 dev "$iface" || return 2
}

mtu() {
	ip link set "$iface" mtu 1400 && ip link set "$iface" mtu 1500 || return 2
}

down_and_up() {
	ip link set "$iface" down && ip link set "$iface" up || return 2
	wait_for 6 carrier "$iface"
}

# step NAME COMMAND...: into $wrong or $dead if it does not go well
step() {
	local status=0
	diag "seed $seed: $1"
	"$@" >/dev/null 2>&1 || status=$?
	case $status in
	0) ;;
	2) wrong="$wrong $1" ;;
	*) dead="$dead $1" ;;
	esac
}

# All that users do. No use in waiting for three times the same silence.
workload() {
	step send
	[ -n "$dead" ] || step receive
	[ -n "$dead" ] || step datagrams
	step same_answers
	step settings
	step mtu
	step down_and_up
	[ -n "$dead" ] || step receive
	[ -n "$dead" ] || step send
}

# --- the machine

no_task_stuck() {
	! cat /proc/[0-9]*/stat 2>/dev/null | sed 's/^.*) //' | grep -q '^D '
}

# What the kernel has said that no healthy one says; not what it may say of a driver that does not work.
kernel_complains() {
	dmesg -r | complaints | grep -v 'NETDEV WATCHDOG' | sed 's/^<[0-9]*>\[[^]]*\] *//' | grep -m 1 .
}

used() {
	echo 3 >/proc/sys/vm/drop_caches
	awk '/^(SUnreclaim|PageTables|Percpu|VmallocUsed):/ { sum += $2 } END { print sum }' /proc/meminfo
}
