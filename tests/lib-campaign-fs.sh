# SPDX-License-Identifier: GPL-2.0
# What the fault campaign does with a file system: names and data by several processes, whose results are known
# natively, a mount and an unmount. tests/lib-campaign.sh says what such a library has.
# shellcheck shell=dash source=tests/lib-campaign.sh disable=SC2154
# shellcheck source=tests/lib-fs.sh
. /tests/lib-fs.sh

operations=60
# shellcheck disable=SC2034 # for lib-fs.sh and campaign.sh
fstype=$module other_net=2

# What the operations have to say, natively, without a fault.
prepare_work() {
	fs_modules && make_image 34 -F 32 && load_native "$module" && start_work || return
	operate >/tmp/expected
	umount_image && rmmod "$module" && { ! loaded fat || rmmod fat; }
}

operate() {
	mkdir /mnt/operations && timeout $((patience * 3)) /tests/fileops run /mnt/operations 1 $operations
}

start_work() {
	mkdir -p /mnt && cp "$image" /tmp/test.img && mount_image /tmp/test.img "$options" &&
		cp /bin/busybox /mnt/confirmed && sync && cmp /bin/busybox /mnt/confirmed
}

picture_of_mount() {
	grep ' /mnt ' /proc/mounts
	stat -f -c '%t %s %b %l' /mnt
	stat -c '%n %s %a %u' /mnt/confirmed
}

# A file that stays open.
# What is mounted says of itself.
ask() {
	picture_of_mount
}

begin_work() {
	# "command": else the shell ends if it cannot be opened.
	command exec 5</mnt/confirmed
	note_answers
}

# --- steps. Each returns 0: right, 1: an error or no end, 2: something wrong.

# equal FILE: with what it was made of
equal() {
	timeout $((patience * 2)) cat "$1" >/tmp/read 2>/dev/null || return 1
	cmp -s /bin/busybox /tmp/read || return 2
}

names() {
	operate >/tmp/operated || return 1
	cmp -s /tmp/operated /tmp/expected && return
	diag "$(diff /tmp/expected /tmp/operated | head -n 4 | tr '\n' ' ')"
	! grep -q 'Input/output error' /tmp/operated && return 2
	return 1
}

# Two processes, for two seconds; they say what is not as it should be, and how many errors they had.
data() {
	rm -rf /mnt/data /tmp/notes.*
	mkdir /mnt/data || return 1
	timeout 2 /tests/fsload run /mnt/data /tmp/notes "$seed" 2 >/tmp/data 2>&1 || return 2
	! grep -qE ' [1-9][0-9]* errors' /tmp/data
}

read_again() {
	echo 3 >/proc/sys/vm/drop_caches
	equal /mnt/confirmed
}

mounted_again() {
	exec 5<&-
	# Who watches over a command by "timeout" has the file open, too, for a second.
	wait_for 5 umount /mnt || return 1
	losetup -d "$loop"
	mount_image /tmp/test.img "$options" || return 1
	command exec 5</mnt/confirmed || return 1
	equal /mnt/confirmed || return
	[ ! -e /mnt/data ] || /tests/fsload check /mnt/data /tmp/notes >/tmp/data && return
	diag "$(head -n 2 /tmp/data | tr '\n' ' ')"
	return 2
}

workload() {
	step names
	step data
	step same_answers
	step read_again
	step mounted_again
	[ -n "$dead" ] || step data
}

works() {
	grep -q ' /mnt ' /proc/mounts || mount_image /tmp/test.img "$options" || return
	for what in writable "equal /mnt/confirmed"; do
		$what && continue
		diag "seed $seed: afterwards, not: $what"
		return 1
	done
} >/dev/null 2>&1

knock() {
	writable
}

writable() {
	echo yes >/mnt/writable && timeout $((patience * 2)) sync && grep -q yes /mnt/writable && rm /mnt/writable
}

# end_work SECONDS
# shellcheck disable=SC2034 # kept is for campaign.sh
end_work() {
	kept=kept
	timeout $((patience * 2)) cat <&5 >/tmp/read 2>/dev/null || kept=broken
	[ $kept = broken ] || cmp -s /tmp/read /bin/busybox || kept=wrong
	exec 5<&-
	[ "$1" != 0 ] || return
	wait_for 5 umount /mnt && losetup -d "$loop"
	sound /tmp/test.img || kept=wrong
}
