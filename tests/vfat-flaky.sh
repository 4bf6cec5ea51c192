#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# A file system on a device that errs now and then (dm-flakey): what is done with it fails or does not, the machine lives, it can be
# unmounted, and what was confirmed before is there. Errors of the device are no failures of the driver.
# usage: vfat-flaky.sh native|isolated
# shellcheck shell=dash source=tests/lib.sh
. /tests/lib.sh
# shellcheck source=tests/lib-fs.sh
. /tests/lib-fs.sh

who=$1
dir=/sys/class/nooks/vfat
disk=/dev/mapper/flaky
export DM_DISABLE_UDEV=1	# there is none

# becomes TARGET [ARGUMENT...]: what the device is from now on
becomes() {
	local target=$1
	shift
	echo "0 $sectors $target $loop 0 $*" | dmsetup load flaky && dmsetup resume --noflush flaky
}

begin() {
	cp "$image" /tmp/test.img && loop=$(losetup -f) && losetup "$loop" /tmp/test.img &&
		dmsetup create flaky --table "0 $sectors linear $loop 0" && mount -t vfat -o "$options" $disk /mnt
}

end() {
	dmsetup remove flaky && losetup -d "$loop" && wait_for 20 unbound
}

# What others rely on, in a directory of its own
confirm() {
	mkdir /mnt/kept && cp $sample /mnt/kept/file && sync
}

# use SECONDS NAME: all that users do, whatever comes of it; makes a mark for each round that has failed, and for each that has not.
use() {
	local until i=0 here=/mnt/$2
	until=$(($(now) + $1))
	while [ "$(now)" -lt $until ]; do
		i=$((i + 1))
		{
			mkdir -p "$here" && cp $sample "$here/$i" && sync && mv "$here/$i" "$here/moved.$i" &&
				echo 3 >/proc/sys/vm/drop_caches && cmp $sample "$here/moved.$i" && rm -rf "$here" &&
				echo >>/tmp/done || echo >>/tmp/errors
		} 2>/dev/null
	done
}

both() {
	use "$1" one &
	use "$1" two
	wait $!
}

# errs NAME ARGUMENT...: with each second that errs, as dm-flakey takes its arguments
errs() {
	local name=$1
	shift
	: >/tmp/done
	: >/tmp/errors
	begin && confirm || return
	both 2
	refuse "$name: nobody gets errors" [ -s /tmp/errors ]
	check "$name: the device begins to err" becomes flakey 1 1 "$@"
	both 8
	diag "$(wc -l </tmp/done) rounds were done, $(wc -l </tmp/errors) were not"
	[ "$2" = drop_writes ] || check "$name: who uses it gets errors" [ -s /tmp/errors ]
	check "$name: the device gets well" becomes linear
	check "$name: it is unmounted" umount /mnt
	check "$name: it is mounted again" mount -t vfat -o "$options" $disk /mnt
	check "$name: what was confirmed is there" cmp $sample /mnt/kept/file
	check "$name: and it is unmounted" umount /mnt
	check "$name: the device is let go of" end
}

fs_modules
for module in dm_mod dm_flakey; do
	load_native $module || bail "no $module"
done
small_sample 100000
make_image 16 -F 16
sectors=$(($(stat -c %s "$image") / 512))
if [ "$who" = native ]; then
	plan $((3 * 9))
	load_native vfat
else
	plan $((3 * 9 + 5))
	check "nooks loads" load_nooks
	check "vfat loads in a domain" load_isolated vfat || bail "no use without it"
fi
errs "all requests"
errs writes 1 error_writes
if [ "$who" = isolated ]; then
	check "the driver has not failed" [ "$(counter failures)" = 0 ]
fi
# Nobody is told of an error: what is found then is damage, for which the driver may be restarted.
errs "silent writes" 1 drop_writes
if [ "$who" = isolated ]; then
	check "the driver runs" [ "$(counter state)" = running ]
fi
check "vfat unloads" wait_for 20 unload vfat
[ "$who" = native ] || check "nooks unloads" unload nooks
