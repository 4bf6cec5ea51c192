# SPDX-License-Identifier: GPL-2.0
# What tests of file systems use besides tests/lib.sh: images, and devices of them.
# shellcheck shell=dash

image=/tmp/pristine.img
# shellcheck disable=SC2034 # for the tests
options=utf8

# The modules that a file system needs, which stay as they are.
fs_modules() {
	local module
	for module in loop nls_cp437 nls_ascii nls_utf8; do
		load_native "$module" || return
	done
}

# make_image MIB [OPTION...]: a file system of so many MiB, with options of mkfs.fat
make_image() {
	truncate -s "$1"M "$image"
	shift
	mkfs.fat "$@" "$image" >/dev/null
}

# mount_image FILE [OPTIONS]: at /mnt, by a loop device
mount_image() {
	loop=$(losetup -f) && losetup "$loop" "$1" || return
	mount -t "${fstype:-vfat}" ${2:+-o "$2"} "$loop" /mnt && return
	losetup -d "$loop"
	return 1
}

umount_image() {
	umount /mnt && losetup -d "$loop"
}
