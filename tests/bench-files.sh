#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# What isolation costs a file system: the same work on the same image by the stock vfat, by vfat in a domain, and by a FAT in
# user space (fusefat), by turns. No time is judged here. scripts/bench-files reads the lines that start with "# bench", as of
# tests/bench.sh.
# usage: bench-files.sh TURNS FILES MIB
# shellcheck source=tests/lib-bench.sh
. /tests/lib-bench.sh
# shellcheck source=tests/lib-fs.sh
. /tests/lib-fs.sh

turns=$1 files=$2 mib=$3
# shellcheck disable=SC2034 # for lib-bench.sh
module=vfat domain=/sys/class/nooks/vfat
sources=50

# measure WHAT OPERATIONS COMMAND...
measure() {
	local what=$1 operations=$2
	shift 2
	sampled "$what" ", \"operations\": $operations" "$@"
}

# make_tree COUNT
make_tree() {
	mkdir /tmp/tree && /tests/fswork tree /tmp/tree "$1" && tar -C /tmp/tree -cf "/tmp/tree.$1" . &&
		rm -r /tmp/tree
}

untar() {
	mkdir /mnt/tree && tar -C /mnt/tree -xf "/tmp/tree.$1" && sync -f /mnt
}

compile() {
	local i

	for ((i = 0; i < sources; i++)); do
		tcc -nostdinc -c -o "/mnt/source_$i.o" "/mnt/source_$i.c" || return
	done
	sync -f /mnt
}

works_checks=14
works() {
	local files=$1 unpacked=$2 blocks=$3

	check "$mode: $files files are created" measure create "$files" /tests/fswork create /mnt "$files"
	check "$mode: they are looked at" measure stat "$files" /tests/fswork stat /mnt "$files"
	check "$mode: from the image" uncached
	check "$mode: looked at again" measure stat-uncached "$files" /tests/fswork stat /mnt "$files"
	check "$mode: they are removed" measure unlink "$files" /tests/fswork unlink /mnt "$files"
	check "$mode: $mib MiB are written" measure write $((mib * 256)) /tests/fswork write /mnt/large "$mib"
	check "$mode: at random" measure random-write "$blocks" /tests/fswork random-write /mnt/large "$mib" "$blocks"
	check "$mode: from the image" uncached
	check "$mode: $mib MiB are read" measure read $((mib * 256)) /tests/fswork read /mnt/large "$mib"
	check "$mode: from the image" uncached
	check "$mode: at random" measure random-read "$blocks" /tests/fswork random-read /mnt/large "$mib" "$blocks"
	check "$mode: $unpacked files are unpacked" measure untar "$unpacked" timed untar "$unpacked"
	check "$mode: sources" /tests/fswork sources /mnt $sources
	check "$mode: $sources files are compiled" measure compile $sources timed compile
}

# mount_fuse FILE: at /mnt
mount_fuse() {
	fusefat -o rw+ "$1" /mnt && wait_for 10 grep -q ' /mnt fuse' /proc/mounts
}

unmounted() {
	! pidof fusefat >/dev/null
}

umount_fuse() {
	umount /mnt && wait_for 30 unmounted
}

# turn MOUNT UMOUNT FILES UNPACKED BLOCKS: all work, on a new file system
turn() {
	rm -f "$image"
	check "$mode: an image" make_image 300 -F 32 -s 8
	check "$mode: it is mounted" "$1" "$image" || bail "no file system"
	works "$3" "$4" "$5"
	check "$mode: it is unmounted" "$2"
}

plan $((3 + turns * (3 * (works_checks + 3) + 4)))
check "the modules that it needs" fs_modules
check "files to unpack" make_tree 2000
check "and fewer" make_tree 200
for ((turn = 1; turn <= turns; turn++)); do
	mode=native
	check "native: vfat loads" load_native vfat || bail "no driver"
	turn mount_image umount_image "$files" 2000 500
	rmmod vfat fat

	mode=fuse
	# What takes a hundred times as long is done less often: what counts is one operation.
	load_native fuse
	turn mount_fuse umount_fuse $((files / 10)) 200 50

	mode=isolated
	check "nooks loads" load_nooks || bail "no nooks"
	check "isolated: vfat loads" load_isolated vfat || bail "no driver"
	turn mount_image umount_image "$files" 2000 500
	rmmod vfat
	rmmod fat 2>/dev/null
	check "nooks unloads" unload nooks
done
