#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Restart after restart under load leaves nothing behind: no memory, no tracked object, no warning; each of the failures is
# recovered from, and what was there before works on.
# usage: soak-restarts.sh DRIVER[,BUS-MODULE] RESTARTS (a network driver, or vfat)
# shellcheck shell=dash source=tests/lib.sh
. /tests/lib.sh
# shellcheck source=tests/lib-fs.sh
. /tests/lib-fs.sh

module=${1%,*}
[ "$module" = "$1" ] || load_native "${1#*,}"
rounds=$2
dir=/sys/class/nooks/$module
# Until caches, per-CPU lists and slabs have the size that they keep.
warm=10
# KiB that each of several kinds of memory may have grown by, all rounds together.
slack=1024

# What the kernel has in use that is nobody's cache: "KIND KIB" in each line. Pages that neither caches nor processes have are in "pages"; of
# these the kernel does not count those as free that are in the lists of each CPU, which may be tens of MiB.
used() {
	sync
	echo 3 >/proc/sys/vm/drop_caches
	awk '/^ *count:/ { pages -= 4 * $2 }
	     /^MemTotal:/ { pages += $2 }
	     /^(MemFree|Cached|Buffers|AnonPages|Slab|PageTables|KernelStack|Percpu|SecPageTables):/ { pages -= $2 }
	     /^(SUnreclaim|PageTables|Percpu|VmallocUsed|KernelStack):/ { sub(":", ""); print $1, $2 }
	     END { print "pages", pages }' /proc/zoneinfo /proc/meminfo
}

# KASAN keeps what was freed for a while, up to 1/32 of the memory, as objects in use: there kmemleak has the last word.
quarantines() {
	grep -q ' kasan_quarantine_put$' /proc/kallsyms && diag "what was freed is in KASAN's quarantine"
}

# not_grown: since /tmp/used.before, in any kind
not_grown() {
	quarantines && return
	used >/tmp/used.after
	awk -v slack=$slack 'NR == FNR { before[$1] = $2; next }
		{ printf "# %s: %d KiB before, %d KiB after\n", $1, before[$1], $2
		  if ($2 > before[$1] + slack) bad = 1 }
		END { exit bad }' /tmp/used.before /tmp/used.after >&3
}

# slabs_not_grown: by more than half an object for each round, in any cache but vmap_area: the kernel keeps what was unmapped, up to 32 MiB of
# addresses for each doubling of CPUs, and frees it all at once
slabs_not_grown() {
	quarantines && return
	awk '{ print $1, $2, $4 }' /proc/slabinfo >/tmp/slabs.after
	awk -v rounds="$rounds" 'NR == FNR { before[$1] = $2; next }
		FNR > 2 && $1 != "vmap_area" && $2 > before[$1] + rounds / 2 + 64 && ($2 - before[$1]) * $3 > 65536 {
			printf "# %s: %d objects before, %d after\n", $1, before[$1], $2
			bad = 1
		}
		END { exit bad }' /tmp/slabs.before /tmp/slabs.after >&3
}

# One failure after the other, of each kind and context in turn.
crash() {
	local restarts=$1
	case $((restarts % 6)) in
	0) echo wild-write >"$dir/inject" ;;
	1) echo null "${softirq:-any}" >"$dir/inject" ;;
	2) echo bad-jump "${hardirq:-any}" >"$dir/inject" ;;
	3) echo bad-argument >"$dir/inject" ;;
	4) echo null process >"$dir/inject" ;;
	5) echo 1 >"$dir/restart" ;;
	esac
	wait_for 30 restarted_after "$restarts"
}

crashes() {
	local n=0 first
	first=$(counter restarts)
	while [ $n -lt "$1" ]; do
		crash "$(counter restarts)" || {
			diag "round $n: $(counter state), $(counter last_failure)"
			return 1
		}
		n=$((n + 1))
	done
	# None came twice, and none from elsewhere.
	[ $(($(counter restarts) - first)) = "$1" ]
}

# Tracked objects are those of a driver that has just been started: what is there without load.
objects() {
	counter objects
}

quiet_objects() {
	local now
	now=$(objects)
	[ "$now" -le $(($1 + $1 / 8 + 8)) ] && diag "$1 tracked objects before, $now after"
}

no_leak_found() {
	[ -w /sys/kernel/debug/kmemleak ] || return 0
	# What is reported must be unreferenced at two scans.
	echo scan >/sys/kernel/debug/kmemleak
	echo scan >/sys/kernel/debug/kmemleak
	[ ! -s /sys/kernel/debug/kmemleak ] && return
	head -n 40 /sys/kernel/debug/kmemleak | sed 's/^/# /' >&3
	return 1
}

# --- what the driver works at, meanwhile

net_begin() {
	iface=$(iface_of_driver "$module") || bail "$module drives no interface"
	dhcp "$iface" || bail "no address"
}

net_load() {
	while :; do
		tcp_receive_bytes "$iface" 4000000
		tcp_send_bytes "$iface" 2000000
	done >/dev/null 2>&1 &
	loads=$!
	ping -q -i 0.02 -I "$iface" "$(peer_of "$iface")" >/dev/null 2>&1 &
	loads="$loads $!"
}

net_works() {
	ping_peer "$iface" 2 && tcp_receive_bytes "$iface" 100000
}

fs_begin() {
	fs_modules
	small_sample 100000
	make_image 32 -F 32
	mount_image "$image" "$options" || bail "it does not mount"
	cp $sample /mnt/confirmed
	sync
	softirq=process
	hardirq=process
}

fs_load() {
	n=0
	while :; do
		n=$(((n + 1) % 8))
		work $n
	done >/dev/null 2>&1 &
	loads=$!
}

fs_works() {
	rm -rf /mnt/dir.* /mnt/work.*
	work again && cmp $sample /mnt/confirmed
}

kind=net
[ "$module" != vfat ] || kind=fs

stop_load() {
	# shellcheck disable=SC2086 # several
	kill $loads
	# shellcheck disable=SC2086
	wait $loads
	killall nc 2>/dev/null
	true
}

plan 11
mount -t debugfs none /sys/kernel/debug 2>/dev/null
check "nooks loads" load_nooks
check "$module loads in a domain" load_isolated "$module"
echo 0 >"$dir/max_failures"
echo 0 >"$dir/backoff_ms"
${kind}_begin
check "it works" wait_for 30 ${kind}_works
${kind}_load
check "it restarts $warm times, to begin with" crashes $warm
stop_load
wait_for 30 ${kind}_works
objects=$(objects)
used >/tmp/used.before
awk '{ print $1, $2 }' /proc/slabinfo >/tmp/slabs.before
${kind}_load
begin=$(now)
check "$rounds failures and restarts under load" crashes "$rounds"
diag "$((rounds * 3600 / ($(now) - begin + 1))) restarts an hour"
stop_load
check "it works then" wait_for 30 ${kind}_works
check "no memory is lost" not_grown
check "nor objects of any cache" slabs_not_grown
check "it holds no more objects" wait_for 20 quiet_objects "$objects"
[ $kind = net ] || umount_image
check "$module unloads" unload "$module"
check "kmemleak finds nothing, where there is one" no_leak_found
