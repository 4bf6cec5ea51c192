#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Files by handle, as an NFS server has them: natively and in a domain, also after its driver has failed.
# usage: vfat-handles.sh native|isolated
# shellcheck shell=dash source=tests/lib.sh
. /tests/lib.sh
# shellcheck source=tests/lib-fs.sh
. /tests/lib-fs.sh

who=$1
dir=/sys/class/nooks/vfat

# Of a file, one further down, and a directory.
all_handles() {
	/tests/handle save /mnt/file /tmp/h1 && /tests/handle save /mnt/dir/sub/file /tmp/h2 && /tests/handle save /mnt/dir/sub /tmp/h3
}

all_lead_there() {
	/tests/handle cat /mnt /tmp/h1 | cmp - $sample && /tests/handle cat /mnt /tmp/h2 | cmp - $sample &&
		/tests/handle cat /mnt /tmp/h3 | grep -qx file
}

# Natively a directory is not found by a handle when nothing is cached: the numbers that it is looked for by are made up anew.
files_lead_there() {
	/tests/handle cat /mnt /tmp/h1 | cmp - $sample && /tests/handle cat /mnt /tmp/h2 | cmp - $sample
}

restarts() {
	local restarts
	restarts=$(counter restarts)
	echo "null process vfat_lookup" >$dir/inject
	[ ! -e /mnt/nothing ]
	wait_for 30 restarted_after "$restarts"
}

fs_modules
small_sample 100000
make_image 40 -F 32 -s 8
if [ "$who" = native ]; then
	plan 11
	load_native vfat
else
	plan 18
	check "nooks loads" load_nooks
	check "vfat loads in a domain" load_isolated vfat || bail "no use without it"
fi
check "an image is mounted" mount_image "$image" "$options,nfs"
mkdir -p /mnt/dir/sub
cp $sample /mnt/file
cp $sample /mnt/dir/sub/file
sync
exec 5</mnt/file 6</mnt/dir/sub/file 7</mnt/dir/sub
check "files have handles" all_handles
check "which lead to them" all_lead_there
if [ "$who" = isolated ]; then
	check "the driver fails, and restarts" restarts
	check "of files in use they do so then, too" all_lead_there
fi
exec 5<&- 6<&- 7<&-
rm /mnt/file
refuse "not to a file that was removed" /tests/handle cat /mnt /tmp/h1
cp $sample /mnt/file
check "it is unmounted" umount_image
check "it is mounted for NFS" mount_image "$image" "$options,ro,nfs=nostale_ro"
check "files have handles" all_handles
echo 3 >/proc/sys/vm/drop_caches
check "which lead to them when nothing is cached" files_lead_there
if [ "$who" = isolated ]; then
	check "the driver fails, and restarts" restarts
	echo 3 >/proc/sys/vm/drop_caches
	check "and then, too" files_lead_there
fi
check "it is unmounted" umount_image
check "fsck finds no damage" sound "$image"
check "vfat unloads" wait_for 20 unload vfat
[ "$who" = native ] || check "nooks unloads" unload nooks
