#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Long mixed load on a file system: fio, which verifies what it reads, stress-ng's stressors of file systems, several untars at a
# time, and a compile. The programs are the host's (scripts/boot --share /usr).
# usage: vfat-stress.sh native|isolated [SECONDS]: that stress-ng's stressors have together
# shellcheck shell=dash source=tests/lib.sh
. /tests/lib.sh
# shellcheck source=tests/lib-fs.sh
. /tests/lib-fs.sh
# shellcheck source=tests/lib-share.sh
. /tests/lib-share.sh

who=$1
seconds=${2:-30}
dir=/sys/class/nooks/vfat
mnt=$root/mnt

# fio NAME OPTION...: on files of its own, which stay there no longer than it runs
fio() {
	local name=$1 status
	shift
	mkdir -p "$mnt/$name"
	run fio --name="$name" --directory="/mnt/$name" --verify=crc32c --do_verify=1 --verify_fatal=1 --thread \
		--randseed=7 --output-format=terse "$@"
	status=$?
	rm -r "${mnt:?}/$name"
	return $status
}

# Not utime: FAT keeps whole days and two seconds.
stress() {
	mkdir -p $mnt/stress
	run stress-ng --temp-path /mnt/stress --timeout "${seconds}s" --verify --metrics-brief --dentry 1 --dentries 100 \
		--dir 1 --dir-dirs 64 --rename 1 --hdd 1 --hdd-bytes 1m --seek 1 --seek-size 1m --fallocate 1 --fallocate-bytes 1m \
		--open 1 --getdent 1 --sync-file 1 --sync-file-bytes 1m --io 1
}

untar_all() {
	local i=1 pids='' pid
	while [ $i -le 4 ]; do
		mkdir -p "$mnt/tar$i" && tar -xf /tmp/tests.tar -C "$mnt/tar$i" &
		pids="$pids $!"
		i=$((i + 1))
	done
	for pid in $pids; do
		wait "$pid" || return
	done
	echo 3 >/proc/sys/vm/drop_caches
	for i in 1 2 3 4; do
		diff -r /tests "$mnt/tar$i/tests" || return
	done
}

sources() {
	local i=1
	mkdir -p $mnt/build
	while [ $i -le 4 ]; do
		echo "int f$i(int n); int f$i(int n) { int s = 0; for (int i = 0; i < n; i++) s += i * $i; return s; }" \
			>"$mnt/build/f$i.c"
		i=$((i + 1))
	done
	cat >$mnt/build/main.c <<-EOT
		int f1(int), f2(int), f3(int), f4(int);
		int main(void) { return f1(10) + f2(10) + f3(10) + f4(10) == 450 ? 0 : 1; }
	EOT
	# shellcheck disable=SC2016 # make's
	printf 'prog: main.o f1.o f2.o f3.o f4.o\n\t$(CC) -o $@ $^\n' >$mnt/build/Makefile
} >/dev/null

builds() {
	sources && run make -C /mnt/build -j2 CC=gcc && run /mnt/build/prog
}

programs() {
	share_host && mkdir -p $root/mnt $root/etc && mount -t vfat -o "$options" "$loop" $mnt
}

fs_modules
make_image 128 -F 32 -s 8
tar -cf /tmp/tests.tar -C / tests
if [ "$who" = native ]; then
	plan 12
	load_native vfat
else
	plan 16
	check "nooks loads" load_nooks
	check "vfat loads in a domain" load_isolated vfat || bail "no use without it"
fi
loop=$(losetup -f)
losetup "$loop" "$image"
check "the host's programs are there, and a file system is mounted" programs
check "fio: written at random, and right" fio random --size=3m --rw=randwrite --bsrange=512-16k --numjobs=2 --ioengine=psync
check "fio: synced in between" fio synced --size=2m --rw=randwrite --bs=4k --fsync=16 --ioengine=psync
check "fio: by mappings" fio mapped --size=3m --rw=randwrite --bs=4k --ioengine=mmap
check "fio: past the page cache" fio direct --size=3m --rw=write --bs=16k --direct=1 --ioengine=psync
check "stress-ng finds nothing wrong" stress
check "four untars at a time are right" untar_all
check "a program is built, and does what it should" builds
rm -rf ${mnt:?}/stress
check "it is unmounted" umount $mnt
check "fsck finds it clean" fsck.fat -n "$image"
[ "$who" = native ] || check "the driver has not failed" [ "$(counter failures)" = 0 ]
losetup -d "$loop"
check "vfat unloads" wait_for 20 unload vfat
check "nothing was warned of" sh -c "! dmesg -r | grep -q '^<[0-4]>.*\(WARNING\|BUG\|Oops\)'"
[ "$who" = native ] || check "nooks unloads" unload nooks
