#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Disks that nobody should have: what is on them is spoiled by seed, natively and isolated the same, and used as if nothing
# were. The isolated driver does what the native one does; where that would die the machine lives.
# usage: vfat-disks.sh native|isolated|both FIRST COUNT [SEED...]	the last ones only in a domain: they break the native driver
# shellcheck shell=dash source=tests/lib.sh
. /tests/lib.sh
# shellcheck source=tests/lib-fs.sh
. /tests/lib-fs.sh

who=$1
seeds=$(seq "$2" $(($2 + $3 - 1)))
shift 3
dir=/sys/class/nooks/vfat

# The disks before they are spoiled, with files and directories.
make_disks() {
	local fat mib
	for fat in 12 16 32; do
		case $fat in
		12) mib=1 ;;
		16) mib=12 ;;
		32) mib=34 ;;
		esac
		make_image $mib -F $fat -s 1 || return
		mount_image "$image" "$options" || return
		mkdir "/mnt/a directory with a long name" /mnt/SHORT
		head -c 3000 /bin/busybox >"/mnt/a directory with a long name/a file"
		head -c 30000 /bin/busybox >/mnt/SHORT/file
		mkdir /mnt/SHORT/deeper
		echo text >/mnt/SHORT/deeper/text
		head -c 9000 /bin/busybox >/mnt/last
		umount_image
		mv "$image" /tmp/disk.$fat
	done
}

# try SEED: use the disk of a seed; print what comes of it
try() {
	case $(($1 % 4)) in
	0 | 1) cp /tmp/disk.12 /tmp/test.img ;;
	2) cp /tmp/disk.16 /tmp/test.img ;;
	3) cp /tmp/disk.32 /tmp/test.img ;;
	esac
	/tests/fatdisk spoil "$1" /tmp/test.img
	if mount_image /tmp/test.img "$options"; then
		timeout 60 /tests/fatdisk use /mnt
		echo "use: $?"
		umount_image || umount -l /mnt
	else
		echo "not mounted"
	fi 2>&1
	# What is there then, but for times.
	timeout 60 fsck.fat -n /tmp/test.img 2>&1 | head -n 100
}

# same SEED: it does as natively
same() {
	try "$1" >/tmp/isolated
	cmp "/tmp/native.$1" /tmp/isolated && return
	diff "/tmp/native.$1" /tmp/isolated | head -n 10 >&3
	return 1
}

# lives SEED: it does not come to an end with the machine
lives() {
	try "$1" >/tmp/isolated
	[ "$(cat $dir/state)" = running ] || wait_for 30 restarted_after "$restarts"
}

fs_modules
load_native vfat
case $who in
native)
	plan 2
	check "disks are made" make_disks || bail "no use without them"
	for seed in $seeds "$@"; do
		say "# seed $seed"
		try "$seed" >/dev/null
	done
	check "the machine lives" true
	;;
both | isolated)
	count=$(echo "$seeds" | wc -l)
	checks=$((6 + count + $#))
	[ "$who" != both ] || checks=$((checks + 1))
	plan $checks
	check "disks are made" make_disks || bail "no use without them"
	for seed in $seeds; do
		[ "$who" = isolated ] || try "$seed" >"/tmp/native.$seed"
	done
	modprobe -r vfat
	check "nooks loads" load_nooks
	check "vfat loads in a domain" load_isolated vfat || bail "no use without it"
	echo 0 >$dir/max_failures
	# A damaged disk: natively there is nobody who tries once more.
	echo 0 >$dir/readonly_failure
	for seed in $seeds; do
		restarts=$(counter restarts)
		if [ "$who" = both ]; then
			check "the disk of seed $seed: as natively" same "$seed"
		else
			check "the disk of seed $seed: the machine lives" lives "$seed"
		fi
	done
	if [ "$who" = both ]; then
		diag "mounted: $(grep -L "not mounted" /tmp/native.* | wc -l) of $count"
		check "some can be mounted" sh -c "grep -l 'syncfs: ok' /tmp/native.* && grep -l 'not mounted' /tmp/native.*"
	fi
	check "the driver has not failed" [ "$(counter failures)" = 0 ]
	for seed; do
		restarts=$(counter restarts)
		check "the disk of seed $seed, which breaks the native driver: the machine lives" lives "$seed"
	done
	check "vfat unloads" wait_for 20 unload vfat
	check "nooks unloads" unload nooks
	;;
esac
