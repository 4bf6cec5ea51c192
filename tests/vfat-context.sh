#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Mounts and remounts in steps (fsopen, fsconfig, fsmount, move_mount, fspick) and at once, between which the driver fails
# and comes back: what was set up for one that is gone ends in an error, and what is mounted stays what it was made.
# usage: vfat-context.sh legacy|context	whether the driver sets contexts up itself
# shellcheck shell=dash source=tests/lib.sh
. /tests/lib.sh
# shellcheck source=tests/lib-fs.sh
. /tests/lib-fs.sh

dir=/sys/class/nooks/vfat

# The driver fails in what is done on the mount at /mnt, which must then work again. Also run by steps.
crash() {
	arm vfat_create
	touch /mnt/file 2>/dev/null
	wait_for 30 has_failed && wait_for 30 restarted_after "$restarts" && touch /mnt/file && rm /mnt/file
}

# A step of the program's: no test of its own
if [ "$1" = crash ]; then
	trap - EXIT
	crash >/dev/null 2>&1
	exit
fi

# steps: of the standard input, those with an outcome other than 0 are in $said
steps() {
	said=$(/tests/fscontext | grep -v ' 0$' | tr '\n' ' ')
	diag "other than 0: ${said:-nothing}"
}

# A context that the driver has set up is of no use to its successor; one of the VFS's own is.
stale=
stale_pick=
if [ "$1" = context ]; then
	stale="4 create EIO "
	stale_pick="4 reconfigure EIO "
fi

fs_modules
make_image 32 -F 32
plan 25
check "nooks loads" load_nooks
check "vfat loads in a domain" load_isolated vfat || bail "no use without it"
echo 0 >$dir/max_failures
cp "$image" /tmp/one.img
cp "$image" /tmp/two.img
mount_image /tmp/one.img "$options" || bail "it does not mount"
if ! second=$(losetup -f) || ! losetup "$second" /tmp/two.img || ! mkdir /second; then
	bail "no second device"
fi

steps <<EOT
open vfat
set source $second
set uid 1000
flag quiet
create
mount
move /second
close
EOT
check "a mount in steps" [ -z "$said" ]
check "its options count" [ "$(stat -c %u /second)" = 1000 ]
check "it can be used" sh -c "echo kept >/second/kept && sync"
check "the driver fails and comes back" crash
check "its options still count" [ "$(stat -c %u /second)" = 1000 ]
check "and what was written is there" grep -q kept /second/kept

steps <<EOT
pick /second
flag ro
reconfigure
close
EOT
check "a remount in steps" [ -z "$said" ]
refuse "it is read-only" touch /second/file
check "the driver fails and comes back" crash
refuse "it still is" touch /second/file
check "and can be read" grep -q kept /second/kept
steps <<EOT
pick /second
flag rw
run /tests/vfat-context.sh crash
reconfigure
close
EOT
check "a remount that was begun before a failure is refused, or is that of the mount" [ "$said" = "$stale_pick" ]
check "a remount at once" mount -o remount,rw /second
check "lets it be written to" touch /second/file
check "the driver fails and comes back" crash
check "it still can be" touch /second/other
check "it goes" umount /second

steps <<EOT
open vfat
set source $second
run /tests/vfat-context.sh crash
create
close
EOT
check "a mount that was begun before a failure is refused, or is a new one's" [ "$said" = "$stale" ]
steps <<EOT
open vfat
set source $second
create
mount
run /tests/vfat-context.sh crash
move /second
close
EOT
check "a mount that is nowhere yet outlives a failure" [ -z "$said" ]
check "with what was in it" grep -q kept /second/kept
check "all can be unmounted" eval "umount /second && losetup -d $second && umount_image"
check "the file systems are sound" eval "sound /tmp/one.img && sound /tmp/two.img"
check "it unloads" unload vfat
