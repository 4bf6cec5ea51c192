#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Options of mount, one after the other, natively and in a domain: what /proc/mounts tells of them, which names can be made and under
# which they are found, what stat() says of them, which entries they have on the disk, and what is on the disk when.
# usage: vfat-options.sh
# shellcheck shell=dash source=tests/lib.sh
. /tests/lib.sh
# shellcheck source=tests/lib-fs.sh
. /tests/lib-fs.sh

fstype=vfat
dir=/sys/class/nooks/vfat
many="utf8 utf8=0,iocharset=iso8859-1 codepage=850,iocharset=iso8859-1 codepage=932,iocharset=euc-jp iocharset=iso8859-1,uni_xlate \
	shortname=lower shortname=win95 shortname=winnt shortname=mixed nonumtail uid=1000,gid=100,umask=027 dmask=007,fmask=117 \
	quiet showexec sys_immutable rodir check=s check=r allow_utime=20 tz=UTC time_offset=-60 usefree errors=continue \
	errors=panic nfs=stale_rw noatime sync dirsync flush discard ro codepage=1 iocharset=none uid=nobody no_such_option"
nr=$(echo "$many" | wc -w)

# A number of two bytes in the boot sector
word() {
	od -An -tu2 -j "$1" -N 2 /tmp/options.img | tr -d ' '
}

# Of each entry of the root directory its name, attributes and case; of one for a long name, the beginning.
entries() {
	dd if=/tmp/options.img bs=512 skip=$(($(word 14) + 2 * $(word 22))) count=8 2>/dev/null |
		xxd -c 32 -p | cut -c 1-26 | grep -v '^0*$'
}

# Names of all kinds; those beyond ASCII in UTF-8, Latin 1, and EUC
make_names() {
	local name
	for name in short.txt UPPER.TXT Mixed.Txt "a long name with blanks.text" longname-1.txt longname-2.txt dot. .hidden \
		program.exe "$(printf 'gr\303\274n')" "$(printf 'gr\374n')" "$(printf '\306\374\313\334')" 'a:b' con; do
		echo "$name" >"/mnt/$name" && echo "$name: made"
	done
	mkdir /mnt/sub && chmod 0555 /mnt/sub && touch /mnt/sub/file
	chmod 0444 /mnt/short.txt && echo "chmod: ok"
	chmod 0700 /mnt/short.txt && echo "chmod: ok"
	chown 7:7 /mnt/short.txt && echo "chown: ok"
	touch -d '2020-02-02 12:34:56' /mnt/UPPER.TXT && stat -c %y /mnt/UPPER.TXT
	for name in SHORT.TXT upper.txt mixed.txt longna~1.txt "A LONG NAME WITH BLANKS.TEXT"; do
		[ ! -e "/mnt/$name" ] || echo "$name: found"
	done
}

# What is written at once, and what is given back
on_disk() {
	echo "a word that is nowhere else" >/mnt/written
	case $1 in
	sync) grep -q "a word that is nowhere else" /tmp/options.img && echo "on the disk: contents" ;;
	dirsync) grep -q "WRITTEN " /tmp/options.img && echo "on the disk: the name" ;;
	flush) wait_for 20 grep -q "a word that is nowhere else" /tmp/options.img && echo "on the disk, soon: contents" ;;
	discard)
		dd if=/dev/urandom of=/mnt/large bs=64k count=16 2>/dev/null
		sync
		before=$(du -k /tmp/options.img | cut -f 1)
		rm /mnt/large
		sync
		[ "$(du -k /tmp/options.img | cut -f 1)" -lt $((before - 900)) ] && echo "given back"
		;;
	esac
}

# facts OPTIONS: what comes of them
facts() {
	cp "$image" /tmp/options.img
	if ! mount_image /tmp/options.img "$1"; then
		echo "not mounted"
		return
	fi
	sed -n 's,^/dev/[a-z0-9]* /mnt ,,p' /proc/mounts
	make_names
	on_disk "$1"
	(cd /mnt && find . | sort && stat -c '%n %A %u %g %s' ./* sub/*)
	mount -o remount,ro /mnt && echo "remount: read-only"
	rm -f /mnt/short.txt || echo "not removed"
	mount -o remount,rw /mnt && rm -f /mnt/short.txt && echo "remount: not so"
	umount_image
	entries
	fsck.fat -n /tmp/options.img | grep -v '^fsck.fat'
} 2>&1

same() {
	facts "$1" >/tmp/isolated
	cmp -s "/tmp/native.$1" /tmp/isolated && return
	diff "/tmp/native.$1" /tmp/isolated | head -n 10 >&3
	return 1
}

fs_modules
for module in nls_cp850 nls_cp932 nls_euc-jp nls_iso8859-1; do
	load_native $module
done
make_image 12 -F 16 -s 1
plan $((7 + nr))
load_native vfat
for option in $many; do
	facts "$option" >"/tmp/native.$option"
done
modprobe -r vfat
# Of what the options are for, natively: else it says nothing that both are the same.
natively() {
	grep -q "on the disk: contents" /tmp/native.sync && grep -q "on the disk: the name" /tmp/native.dirsync &&
		grep -q "on the disk, soon" /tmp/native.flush && grep -q "given back" /tmp/native.discard &&
		grep -q "1000 100" /tmp/native.uid=1000,* && grep -q "not mounted" /tmp/native.no_such_option &&
		! cmp -s /tmp/native.shortname=lower /tmp/native.shortname=win95
}
check "natively they do what they are for" natively
check "nooks loads" load_nooks
check "vfat loads in a domain" load_isolated vfat || bail "no use without it"
for option in $many; do
	check "$option: as natively" same "$option"
done
check "it is running" [ "$(cat $dir/state)" = running ]
check "no failure" [ "$(counter failures)" = 0 ]
check "it unloads" wait_for 20 unload vfat
check "nooks unloads" unload nooks
