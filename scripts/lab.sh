# SPDX-License-Identifier: GPL-2.0
# What the lab's scripts share: where things are, which kernel to boot, how to complain.
# shellcheck shell=bash disable=SC2034 # used by those who source this

lab_top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
lab_build=$lab_top/build
lab_log=${LAB_LOG:-$lab_build/log}
PATH=$PATH:/usr/sbin:/sbin	# modprobe, ip: not on every user's path

# Exit status 2: the lab could not do its work, which says nothing about what was to be tested.
die() {
	echo "${0##*/}: $*" >&2
	exit 2
}

# choose_kernel KIND: the distribution's own kernel ("stock"), the same unpacked beforehand ("plain"), another of its
# series ("6.12") that scripts/stock-kernel has unpacked, or the one that scripts/lab-kernel built ("lab"). Sets
# kernel_release, kernel_image, kernel_root (lib/modules is below it) and
# kernel_build (where to keep what is made for it); returns 1, with a reason, if there is none.
choose_kernel() {
	local cache=${LAB_KERNEL_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/nooks/lab-kernel} directory

	case $1 in
	stock | plain)
		kernel_release=$("$lab_top/scripts/kver") || return 1
		kernel_image=/boot/vmlinuz-$kernel_release
		kernel_root=
		;;
	lab)
		# Asking for the key may install packages, so ask only where one has been built.
		directory=$cache/none
		if compgen -G "$cache/*/bzImage" >/dev/null; then
			directory=$cache/$("$lab_top/scripts/lab-kernel" --key) || return 1
		fi
		kernel_image=$directory/bzImage
		kernel_root=$directory/modules
		kernel_release=$(cd "$kernel_root/lib/modules" 2>/dev/null && echo *) ||
			{ echo "the lab kernel is not built: scripts/lab-kernel builds it" >&2; return 1; }
		;;
	[0-9]*)
		kernel_root=$("$lab_top/scripts/stock-kernel" --find "$1") || return 1
		kernel_release=${kernel_root##*/}
		kernel_image=$kernel_root/boot/vmlinuz-$kernel_release
		;;
	*)
		echo "no such kind of kernel: $1 (stock, plain, lab, or a series as 6.12)" >&2
		return 1
		;;
	esac
	kernel_build=$lab_build/$kernel_release
	[[ -r $kernel_image ]] || { echo "cannot read $kernel_image" >&2; return 1; }
	[[ $1 != plain ]] || unpack_kernel
}

# An emulated CPU takes three seconds to unpack the kernel. QEMU can start it unpacked, by its PVH entry; then
# it runs where it was linked, without KASLR.
unpack_kernel() {
	local plain=$kernel_build/vmlinux scratch

	if [[ ! $plain -nt $kernel_image ]]; then
		mkdir -p "$kernel_build"
		scratch=$(mktemp "$plain.XXXXXX")
		"$lab_top/scripts/extract-vmlinux" "$kernel_image" "$scratch" || return 1
		mv "$scratch" "$plain"
	fi
	kernel_image=$plain
}
