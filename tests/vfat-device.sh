#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# A file system on a disk (LAB_DISK), with a file over 2 GiB; then the disk vanishes while it is written to: there are errors, it can be
# unmounted, and the driver is as it was.
# usage: vfat-device.sh native|isolated
# shellcheck shell=dash source=tests/lib.sh
. /tests/lib.sh
# shellcheck source=tests/lib-fs.sh
. /tests/lib-fs.sh

who=$1
dir=/sys/class/nooks/vfat
disk=/dev/vda
gib=$((1 << 30))

writer() {
	while cp /bin/busybox "/mnt/writer.$1" && sync && rm "/mnt/writer.$1"; do
		echo >>/tmp/rounds
	done 2>/dev/null
	true
}

rounds() {
	[ "$(wc -l </tmp/rounds)" -gt "$1" ]
}

# At 2.5 GiB, and across the end of 31 bits.
reads() {
	local at
	for at in 2559 2047; do
		[ "$(dd if=/mnt/LARGE bs=1M skip=$at count=2 2>/dev/null | wc -c)" = 2097152 ] &&
			[ "$(dd if=/mnt/LARGE bs=1M skip=$at count=2 2>/dev/null | tr -d '\000' | wc -c)" = 0 ] ||
			return
	done
}

writes() {
	dd if=/bin/busybox of=/mnt/LARGE bs=4k seek=$((5 * gib / 2 / 4096)) conv=notrunc,fsync 2>/dev/null &&
		cat /bin/busybox >>/mnt/LARGE
}

# What was written is where it was written to.
written() {
	local size
	echo 3 >/proc/sys/vm/drop_caches
	size=$(stat -c %s /bin/busybox)
	dd if=/mnt/LARGE bs=4k skip=$((5 * gib / 2 / 4096)) count=$((size / 4096 + 1)) 2>/dev/null |
		head -c "$size" | cmp - /bin/busybox && tail -c "$size" /mnt/LARGE | cmp - /bin/busybox
}

fs_modules
load_native virtio_pci
load_native virtio_blk
wait_for 20 [ -b $disk ] || bail "no disk"
mkfs.fat -F 32 -s 64 $disk >/dev/null
/tests/fatdisk large $disk 3072 || bail "no large file"
if [ "$who" = native ]; then
	plan 13
	load_native vfat
else
	plan 17
	check "nooks loads" load_nooks
	check "vfat loads in a domain" load_isolated vfat || bail "no use without it"
fi
check "a disk is mounted" mount -t vfat -o "$options" $disk /mnt
check "it has a file of 3 GiB" [ "$(stat -c %s /mnt/LARGE)" = $((3 * gib)) ]
check "that is read behind 2 GiB" reads
check "it is written to, and gets longer" writes
check "what was written is there" written
check "it gets shorter" truncate -s $((2 * gib + 100)) /mnt/LARGE
check "it is unmounted" umount /mnt
check "fsck finds it clean" fsck.fat -n $disk
mount -t vfat -o "$options" $disk /mnt
: >/tmp/rounds
writer 1 &
writer 2 &
wait_for 60 rounds 3
check "the disk vanishes" sh -c "echo 1 >/sys/class/block/vda/device/../remove"
check "who uses it gets errors" wait
refuse "nothing is written there" dd if=/bin/busybox of=/mnt/file bs=64k count=4 conv=fsync
check "it is unmounted" umount /mnt
if [ "$who" = isolated ]; then
	check "the driver has not failed" [ "$(counter failures)" = 0 ]
fi
check "vfat unloads" wait_for 20 unload vfat
[ "$who" = native ] || check "nooks unloads" unload nooks
