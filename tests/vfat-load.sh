#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Several processes on two file systems of a driver in its domain, while memory runs short, and all that users do with
# mounts.
# usage: vfat-load.sh [WORKERS [ROUNDS]]
# shellcheck shell=dash source=tests/lib.sh
. /tests/lib.sh
# shellcheck source=tests/lib-fs.sh
. /tests/lib-fs.sh

workers=${1:-4}
rounds=${2:-5}
first=/tmp/a
second=/tmp/b

mount_at() {
	losetup "$1" "$2" && mount -t vfat -o "$4" "$1" "$3"
}

# Make, copy, compare, rename and remove: what is there in the end is known.
worker() {
	local top=$1/$2 round=0 file
	mkdir "$top" || return
	while [ $round -lt "$rounds" ]; do
		mkdir "$top/round" || return
		mkdir "$top/round/A long name of a directory" || return
		cp /tests/*.sh "$top/round/A long name of a directory" || return
		for file in /tests/*.sh; do
			cmp "$file" "$top/round/A long name of a directory/${file##*/}" || return
		done
		dd if=/bin/busybox of="$top/round/direct" bs=64k oflag=direct conv=fsync 2>/dev/null ||
			return
		mv "$top/round" "$top/moved" || return
		find "$top" | wc -l >/dev/null
		cat /bin/busybox "$top/moved/direct" >"$top/twice" || return
		truncate -s 100000 "$top/twice" || return
		rm -r "$top/moved" || return
		round=$((round + 1))
	done
	cp /bin/busybox "$top/kept"
}

pressure() {
	while [ ! -e /tmp/done ]; do
		echo 3 >/proc/sys/vm/drop_caches
		sync
		usleep 500000
	done
}

load() {
	local pids='' i=0 pid
	while [ $i -lt "$workers" ]; do
		worker $first $i &
		pids="$pids $!"
		worker $second $i &
		pids="$pids $!"
		i=$((i + 1))
	done
	for pid in $pids; do
		wait "$pid" || return
	done
}

kept() {
	local i=0
	while [ $i -lt "$workers" ]; do
		cmp /bin/busybox "$1/$i/kept" && head -c 100000 /bin/busybox | cmp - "$1/$i/twice" ||
			return
		i=$((i + 1))
	done
}

fs_modules
make_image 96 -F 32
plan 24
check "nooks loads" load_nooks
check "vfat loads in a domain" load_isolated vfat || bail "no use without it"
mkdir $first $second
cp "$image" /tmp/a.img
cp "$image" /tmp/b.img
check "one is mounted" mount_at /dev/loop0 /tmp/a.img $first utf8
check "and another one" mount_at /dev/loop1 /tmp/b.img $second utf8,flush,discard
pressure &
check "$((2 * workers)) processes work on them" load
touch /tmp/done
wait
check "what they have left is there" kept $first
check "on the other one, too" kept $second
check "fstrim" fstrim $first
check "remount read-only" mount -o remount,ro $first
refuse "nothing can be written then" touch $first/file
check "what is there can be read" kept $first
check "remount for writing" mount -o remount,rw,sync $first
check "something is written, at once" cp /bin/busybox $first/synced
check "a file that was removed while it is open is there" \
	sh -c "exec 5<$first/synced; rm $first/synced; cmp /bin/busybox - <&5"
[ ! -e $second/0/kept ] || exec 5<$second/0/kept
check "one is unmounted lazily" umount -l $second
check "what is open can be read" sh -c "cmp /bin/busybox - <&5"
exec 5<&-
check "it goes then" wait_for 20 losetup -d /dev/loop1
check "the first one is unmounted" umount $first
losetup -d /dev/loop0
check "fsck finds it clean" fsck.fat -n /tmp/a.img
check "fsck finds the other one clean" wait_for 20 fsck.fat -n /tmp/b.img
check "it is running" [ "$(cat /sys/class/nooks/vfat/state)" = running ]
check "no failure" [ "$(cat /sys/class/nooks/vfat/failures)" = 0 ]
check "it unloads" wait_for 20 unload vfat
check "nooks unloads" unload nooks
