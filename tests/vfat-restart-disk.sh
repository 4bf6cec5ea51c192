#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# A disk (LAB_DISK) of two partitions whose driver fails: who syncs much while it is being flushed, what private mappings have, a
# failure in the last writes of what was unmounted, and in umount itself; then the disk vanishes while both are brought back.
# usage: vfat-restart-disk.sh [MIB]: so much is dirty while it is flushed
# shellcheck shell=dash source=tests/lib.sh
. /tests/lib.sh
# shellcheck source=tests/lib-fs.sh
. /tests/lib-fs.sh

dir=/sys/class/nooks/vfat
disk=/dev/vda
mib=${1:-128}

fail_now() {
	arm vfat_lookup
	[ ! -e "/mnt/nothing.$failures" ]
	wait_for 10 has_failed
}

dirty() {
	sed -n 's/^Dirty: *\([0-9]*\) kB/\1/p' /proc/meminfo
}

flushed() {
	[ "$(dirty)" -lt $((dirty - 4096)) ]
}

mount_both() {
	mount -t vfat -o "$options" ${disk}1 /mnt && mount -t vfat -o "$options" ${disk}2 /tmp/other
}


has_all() {
	cmp $sample /mnt/unsynced && cmp $sample /mnt/confirmed
}

fs_modules
load_native virtio_pci
load_native virtio_blk
wait_for 20 [ -b $disk ] || bail "no disk"
mkdir -p /tmp/other
printf 'o\nn\np\n1\n2048\n800000\nn\np\n2\n800001\n1000000\nw\n' | fdisk $disk >/dev/null 2>&1
wait_for 20 [ -b ${disk}2 ] || bail "no partitions"
mkfs.fat -F 32 -s 8 ${disk}1 >/dev/null || bail "no file system"
/tests/fatdisk large ${disk}1 "$mib" || bail "no large file"
mkfs.fat -F 32 ${disk}2 >/dev/null || bail "no second file system"
plan 28
check "nooks loads" load_nooks
check "vfat loads in a domain" load_isolated vfat || bail "no use without it"
echo 0 >$dir/max_failures

check "both are mounted" mount_both
# Nothing is written before it is time for that.
echo $((mib * 2097152)) >/proc/sys/vm/dirty_bytes
echo $((mib * 2000000)) >/proc/sys/vm/dirty_background_bytes
check "a large file gets dirty" start flush /mnt/LARGE "$mib"
dirty=$(dirty)
echo 10 >/proc/sys/vm/dirty_expire_centisecs
echo 10 >/proc/sys/vm/dirty_writeback_centisecs
echo 65536 >/proc/sys/vm/dirty_background_bytes
# Not before the inode itself is written, of which the driver tells otherwise.
wait_for 20 flushed
exec 7>&-
arm fat_writepages
check "the driver fails while it is flushed, and synced" wait_for 20 has_failed
check "who syncs is told that all is there only when it is" finish
check "vfat restarts" wait_for 200 restarted_after "$restarts"
check "both can be used" sh -c ": >/mnt/new && : >/tmp/other/new && sync"

echo 100000 >/proc/sys/vm/dirty_writeback_centisecs
echo $((mib * 2000000)) >/proc/sys/vm/dirty_background_bytes
check "a new file has a private mapping" start private /mnt/private 64
check "the driver fails" fail_now
check "vfat restarts" wait_for 60 restarted_after "$restarts"
check "what the mapping has is there, and what the file has" finish

small_sample 400000
cp $sample /mnt/confirmed
sync
cp $sample /mnt/unsynced
check "the driver fails" fail_now
# In what was unmounted meanwhile, when it has all that it had.
echo "null any fat_writepages" >$dir/inject
check "it is unmounted at once" umount /mnt
check "the driver fails once more in the last writes" wait_for 60 restarted_after $((restarts + 1))
check "that is why" [ "$(counter failures)" -ge $((failures + 2)) ]
mount -t vfat -o "$options" ${disk}1 /mnt
check "all that was written is there" has_all
for function in fat_writepages fat_write_inode; do
	cp $sample /mnt/unsynced.$function
	arm $function
	check "it is unmounted when $function() fails" umount /mnt
	check "vfat restarts" wait_for 60 restarted_after "$restarts"
	mount -t vfat -o "$options" ${disk}1 /mnt
	check "what was confirmed before is there" has_all
done

cp $sample /mnt/last
cp $sample /tmp/other/last
check "the driver fails" fail_now
umount /mnt
umount /tmp/other
echo 1 >/sys/class/block/vda/device/../remove &
removal=$!
check "vfat restarts while the disk vanishes, which both were on" wait_for 120 restarted_after "$restarts"
check "the disk goes" wait_for 60 [ ! -e /sys/class/block/vda ]
wait $removal
check "vfat unloads" wait_for 20 unload vfat
check "nooks unloads" unload nooks
