#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Trials by seed: a file system's driver fails at a random moment while others work, and the same mount works on. What
# was confirmed is there, byte for byte, in the mount and on the disk; nothing is there that nobody has written; fsck
# finds no damage. What came of each trial is a line of JSON, "# result {...}" (scripts/fs-trials).
# usage: vfat-trials.sh SEED TRIALS [WORKERS [FAT]]	so many, of the seeds from SEED on
#	vfat-trials.sh SEED,... - [WORKERS [FAT]]	of these seeds
# shellcheck shell=dash source=tests/lib.sh
. /tests/lib.sh
# shellcheck source=tests/lib-fs.sh
. /tests/lib-fs.sh

dir=/sys/class/nooks/vfat
case $2 in
-) seeds=$(echo "$1" | tr , ' ') ;;
*) seeds=$(seq "$1" $(($1 + $2 - 1))) ;;
esac
trials=$(echo "$seeds" | wc -w)
workers=${3:-3}
fat=${4:-32}
kinds="null wild-write bad-jump bad-instruction bad-argument bad-buffer denied-store loop scribble-random \
scribble-inodes scribble-metadata"
# What the load calls all the time.
functions="vfat_create vfat_lookup vfat_unlink fat_get_block fat_write_begin fat_write_end fat_writepages \
fat_write_inode fat_file_fsync fat_setattr fat_getattr fat_evict_inode fat_alloc_inode vfat_revalidate_ci vfat_hashi"

# any N: a number below it, by the seed
any() {
	random=$(((random * 1103515245 + 12345) & 0x7fffffff))
	set -- "$1" $((random >> 8))
	result=$(($2 % $1))
}

# pick WORD...: one of them
pick() {
	any $#
	shift $result
	result=$1
}

# What goes wrong in this trial. A third of them in the midst of something, at one of the next kernel calls.
choose() {
	any 3
	if [ $result = 0 ]; then
		kind=stop
		any 4000
		fault="stop $((result + 1))"
		return
	fi
	# shellcheck disable=SC2086 # words
	pick $kinds
	kind=$result
	# shellcheck disable=SC2086
	pick $functions
	case $kind in
	# Those that must be able to sleep, or be found in a while.
	loop | scribble*) fault="$kind process" ;;
	*) fault="$kind any $result" ;;
	esac
}

has_failed() {
	[ "$(counter failures)" -gt "$failures" ] || ! kill -0 "$load" 2>/dev/null
}

has_done() {
	[ "$(counter entries)" -gt $((entries + $1)) ] || ! kill -0 "$load" 2>/dev/null
}

writable() {
	echo yes >/mnt/writable && sync && grep -q yes /mnt/writable && rm /mnt/writable
}

# The working directory is what it was, and names in it lead to files.
same_directory() {
	[ "$(stat -c %i .)" = "$ino" ] && cmp $sample confirmed && [ "$(pwd -P)" = /mnt/dir ]
}

say_all() {
	while IFS= read -r line; do
		diag "$line"
	done <"$1"
}

# right WORD WHAT COMMAND...: a check, whose word is in the result if it fails
right() {
	local word=$1 what=$2
	shift 2
	if "$@"; then
		ok "seed $seed: $what"
	else
		not_ok "seed $seed: $what"
		wrong="$wrong${wrong:+,}\"$word\""
	fi
}

# By itself, or by hand, if nobody has noticed anything: then memory is still as the fault has left it.
restarts_mounted() {
	[ "$detected" = true ] || nooksctl restart vfat
	wait_for 30 restarted_after "$restarts" && return
	# Who waits for what.
	echo w >/proc/sysrq-trigger
	echo l >/proc/sysrq-trigger
	return 1
}

kept_names() {
	cmp $sample /mnt/dir/confirmed && /tests/fsload check /mnt /tmp/notes >&3
}

trial() {
	local begin
	begin=$(now)
	wrong=
	cp "$image" /tmp/test.img
	mount_image /tmp/test.img "$options" || bail "it does not mount"
	mkdir /mnt/dir
	cp $sample /mnt/dir/confirmed
	sync
	cd /mnt/dir || bail "no directory"
	exec 5<confirmed
	ino=$(stat -c %i .)
	rm -f /tmp/notes.*
	/tests/fsload run /mnt /tmp/notes "$seed" "$workers" >/tmp/load 2>&1 &
	load=$!
	entries=$(counter entries)
	wait_for 30 has_done $((300 + start))
	failures=$(counter failures)
	restarts=$(counter restarts)
	dmesg -c >/dev/null
	echo "$fault" >$dir/inject
	detected=true
	# What is written wildly may be found late, or not at all.
	case $kind in
	scribble*)
		wait_for 2 has_failed || detected=false
		ok "seed $seed: '$fault', detected: $detected"
		;;
	*) right detected "'$fault' is detected" wait_for 60 has_failed ;;
	esac
	right restart "vfat restarts after '$fault', mounted" restarts_mounted
	ms=$(dmesg | sed -n 's/.*restarted in \([0-9]*\) ms.*/\1/p' | tail -n 1)
	entries=$(counter entries)
	wait_for 30 has_done 500
	right writable "it can be written to" writable
	right cwd "the working directory is what it was" same_directory
	right open "a file that was open is read" cmp $sample - <&5
	kill -TERM "$load" 2>/dev/null
	right confirmed "what is confirmed is there" wait "$load"
	say_all /tmp/load
	exec 5<&-
	cd / || bail "no /"
	right umount "it is unmounted" umount_image
	right fsck "fsck finds no damage" sound /tmp/test.img
	mount_image /tmp/test.img "$options"
	right disk "what is confirmed is on the disk" kept_names
	umount_image
	diag "result {\"seed\":$seed,\"fault\":\"$fault\",\"cpus\":$(grep -c ^processor /proc/cpuinfo),\"workers\":$workers,\"fat\":$fat,\"detected\":$detected,\"failures\":$(($(counter failures) - failures)),\"restart_ms\":${ms:-null},\"wrong\":[$wrong],\"seconds\":$(($(now) - begin))}"
}

fs_modules
small_sample 200000
# Clusters of 4096 bytes, as of larger disks.
make_image 40 -F "$fat" -s 8
plan $((4 + 9 * trials))
check "nooks loads" load_nooks
check "vfat loads in a domain" load_isolated vfat || bail "no use without it"
echo 0 >$dir/max_failures
for seed in $seeds; do
	random=$((seed * 7919 + 17))
	any 2
	any 1500
	start=$result
	choose
	trial
done
check "vfat unloads" wait_for 20 unload vfat
check "nooks unloads" unload nooks
