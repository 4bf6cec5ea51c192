#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# The control of vfat-crash.sh: the same wrong, natively, takes the machine down.
# usage: vfat-native-fault.sh KIND FUNCTION
# shellcheck shell=dash source=tests/lib.sh
. /tests/lib.sh
# shellcheck source=tests/lib-fs.sh
. /tests/lib-fs.sh

fs_modules
load_native vfat
make_image 32 -F 32
plan 4
check "an image is mounted" mount_image "$image" "$options"
# Nobody asks for a panic at an oops: the kernel would live on if it could.
echo 0 >/proc/sys/kernel/panic_on_oops
check "the fault is armed" load_native native_fault kind="$1" function="$2"
refuse "a file is made" touch /mnt/file

works() {
	[ -e /tmp/works ]
}

{ mkdir /mnt/directory && echo yes >/tmp/works; } &
refuse "the file system works on" wait_for 10 works
