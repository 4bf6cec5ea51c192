# SPDX-License-Identifier: GPL-2.0
# What tests of file systems use besides tests/lib.sh: images, and devices of them.
# shellcheck shell=dash

image=/tmp/pristine.img
# What is written to files.
sample=/bin/busybox
# shellcheck disable=SC2034 # for the tests
options=utf8

# The modules that a file system needs, which stay as they are.
fs_modules() {
	local module
	for module in loop nls_cp437 nls_ascii nls_utf8; do
		load_native "$module" || return
	done
}

# small_sample BYTES: for machines that are slow
small_sample() {
	head -c "$1" /bin/busybox >/tmp/sample
	# shellcheck disable=SC2034 # for those who source this
	sample=/tmp/sample
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

# uncached: nothing is dirty, and what is read comes from the image
uncached() {
	sync && echo 3 >/proc/sys/vm/drop_caches
}

umount_image() {
	umount /mnt && losetup -d "$loop" && wait_for 20 unbound
}

# The loop device has let go of its image: as long as somebody has it open it does so only afterwards.
unbound() {
	[ ! -e "/sys/block/${loop#/dev/}/loop" ]
}

# Lost clusters, those behind the end of a file that was being written, a second FAT that is older, the dirty flag (byte 65, not so in the backup) and
# free counts, as after a power cut: whatever else fsck finds is damage.
sound() {
	fsck.fat -n "$1" >/tmp/fsck 2>/tmp/fsck.errors
	# It has come to its end.
	grep -q ' files, .* clusters' /tmp/fsck || {
		cat /tmp/fsck /tmp/fsck.errors >&3
		return 1
	}
	! grep -v -e '^fsck.fat' -e 'Dirty bit' -e 'not properly unmounted' -e 'Automatically removing' \
		-e 'unused cluster' -e '[Rr]eclaim' -e '[Ff]ree cluster' -e 'Auto-correcting' \
		-e '^/crowd\.[123]$' -e 'cluster chain length is > [0-9]* bytes' -e 'Truncating file to' \
		-e 'FATs differ but appear to be intact' -e 'Using first FAT' -e 'differences between boot sector' -e 'mostly harmless' -e '^  65:01/00$' \
		-e 'Not automatically fixing' -e 'Leaving filesystem unchanged' -e ' files, ' -e '^$' /tmp/fsck >&3
}

# work NAME: something for the driver to do in every context, on what is mounted, with a file that has been confirmed; fails
# if the driver does.
work() {
	echo more >"/mnt/work.$1" && mkdir "/mnt/dir.$1" && mv "/mnt/work.$1" "/mnt/dir.$1" &&
		cat "/mnt/dir.$1/work.$1" >/dev/null && ls /mnt >/dev/null && df /mnt >/dev/null &&
		echo 1 >/proc/sys/vm/drop_caches && cat /mnt/confirmed >/dev/null &&
		sync && rm -r "/mnt/dir.$1" && echo 2 >/proc/sys/vm/drop_caches
}

# failed_after FAILURES: it has failed since there were so many, from some work at the latest
failed_after() {
	local i=0
	while [ "$(counter failures)" -le "$1" ] && [ $i -lt 50 ]; do
		work $i 2>/dev/null
		i=$((i + 1))
	done
	[ "$(counter failures)" -gt "$1" ]
}

# arm FUNCTION: its next call fails; $dir is its directory in sysfs
# shellcheck disable=SC2154
arm() {
	failures=$(counter failures)
	# shellcheck disable=SC2034 # for those who wait for the restart
	restarts=$(counter restarts)
	echo "null any $1" >"$dir/inject"
}

has_failed() {
	[ "$(counter failures)" -gt "$failures" ]
}

# start PROGRAM ARGUMENT...: of tests/guest/mapped.c, which goes on when told by finish()
start() {
	[ -p /tmp/until ] || mkfifo /tmp/until
	/tests/mapped "$@" </tmp/until >/tmp/said &
	program=$!
	exec 7>/tmp/until
	wait_for 60 grep -q ready /tmp/said
}

# finish: it must end well
finish() {
	local status
	exec 7>&-
	wait "$program"
	status=$?
	while IFS= read -r line; do diag "$line"; done </tmp/said
	return $status
}

# finish_by SIGNAL: ditto, as soon as it gets that
finish_by() {
	kill "-$1" "$program"
	finish
}
