#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The instructions of what tests/bench-files.sh takes the time of, by the stock vfat natively and in a domain, as
# tests/count.sh counts those of packets. The other adapter is the way to the host.
# usage: count-files.sh FILES MIB PORT-FOR-SYMBOLS
# shellcheck source=tests/lib-bench.sh
. /tests/lib-bench.sh
# shellcheck source=tests/lib-fs.sh
. /tests/lib-fs.sh

files=$1 mib=$2
# shellcheck disable=SC2034 # for lib-bench.sh
module=vfat domain=/sys/class/nooks/vfat symbols_port=$3
blocks=200

works_checks=14
works() {
	rm -f "$image"
	check "$mode: an image" make_image 300 -F 32 -s 8
	check "$mode: it is mounted" mount_image "$image" || bail "no file system"
	check "$mode: files are created" count create "$files" /tests/fswork create /mnt "$files"
	check "$mode: looked at" count stat "$files" /tests/fswork stat /mnt "$files"
	check "$mode: from the image" uncached
	check "$mode: looked at again" count stat-uncached "$files" /tests/fswork stat /mnt "$files"
	check "$mode: removed" count unlink "$files" /tests/fswork unlink /mnt "$files"
	check "$mode: one is written" count write $((mib * 256)) /tests/fswork write /mnt/large "$mib"
	check "$mode: at random" count random-write $blocks /tests/fswork random-write /mnt/large "$mib" $blocks
	check "$mode: from the image" uncached
	check "$mode: read" count read $((mib * 256)) /tests/fswork read /mnt/large "$mib"
	check "$mode: from the image" uncached
	check "$mode: at random" count random-read $blocks /tests/fswork random-read /mnt/large "$mib" $blocks
	check "$mode: symbols" send_symbols $mode
}

plan $((3 + 2 * (works_checks + 2) + 3))
check "the modules that it needs" fs_modules
check "a way to the host" load_native e1000
# shellcheck disable=SC2034 # for lib-bench.sh
pair=1 mode=native
iface=$(iface_of_driver e1000)
check "an address" dhcp "$iface" || bail "no way to the host"
# shellcheck disable=SC2034 # for lib-bench.sh
peer=$(peer_of "$iface")
iface=
check "native: vfat loads" load_native vfat || bail "no driver"
check "native: no code in domains" tell_domain
works
umount_image && rmmod vfat fat

mode=isolated
check "nooks loads" load_nooks || bail "no nooks"
check "isolated: vfat loads" load_isolated vfat || bail "no driver"
check "isolated: code in domains" tell_domain
works
check "isolated: it is unmounted" umount_image
check "isolated: vfat unloads" rmmod vfat
