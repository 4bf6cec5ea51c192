#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# A file system that tells the kernel what is not so: in a domain each such lie is a failure, and nothing comes of it. Natively
# the kernel believes it.
# usage: fs-lies.sh isolated
#        fs-lies.sh native LIE		with hyphens: the kernel is expected to die of it
#        fs-lies.sh native			of the others: it lives, and is not what it was
# shellcheck shell=dash source=tests/lib.sh
. /tests/lib.sh
# shellcheck source=tests/lib-fs.sh
. /tests/lib-fs.sh

dir=/sys/class/nooks/liar
fstype=liar

# lie, kind of failure that is reported, what is done then
lies='
no root			bad return value	mount_it
root an error		bad argument		mount_it
no granularity		denied store		mount_it
nothing mounted		bad return value	mount_it
flags			bad argument		mount_it
found nowhere		bad return value	look
created an error	bad return value	make_file
made an error		bad argument		make_file
dirty state		bad argument		make_file
file without pages	bad argument		make_file
block nowhere		bad return value	append
block elsewhere		bad return value	append
page to write		bad return value	write_file
more written		bad return value	write_file
more done directly	bad return value	write_directly
block of nothing	bad return value	read_directly
page read		bad return value	read_file
another type		denied store		change_mode
moved below itself	bad argument		move_file
no parent		bad return value	open_handle
inode kept		unbalanced state	make_and_leave
dentry kept		unbalanced state	make_and_leave
'

mount_it() {
	mount_image /tmp/test.img
}

look() {
	cat /mnt/nothing
}

make_file() {
	echo one >/mnt/new
}

write_file() {
	echo two >/mnt/file
}

append() {
	head -c 1000 $sample >>/mnt/file
}

write_directly() {
	dd if=/dev/zero of=/mnt/file bs=4096 count=1 oflag=direct conv=notrunc
}

read_directly() {
	dd if=/mnt/file of=/dev/null bs=4096 count=1 iflag=direct
}

read_file() {
	sync && echo 1 >/proc/sys/vm/drop_caches && timeout 5 cat /mnt/file
}

change_mode() {
	chmod 600 /mnt/file
}

# The file that is made is the fifth inode, and its data are on the disk though nobody has synced: no error.
make_and_leave() {
	! { head -c 1000 $sample >/mnt/new && umount_image &&
		tail -c +$((5 * 64 * 512 + 1)) /tmp/test.img | head -c 1000 | cmp -n 1000 - $sample; }
}

move_file() {
	mv /mnt/dir/file /mnt/moved
}

open_handle() {
	/tests/handle cat /mnt /tmp/handle
}

# Not of dentries: names are nowhere else. What is true, before: a file, a directory with one in it, and a handle.
prepare() {
	mount_it && head -c 8192 $sample >/mnt/file && cmp -n 8192 $sample /mnt/file &&
		mkdir /mnt/dir && echo one >/mnt/dir/file && /tests/handle save /mnt/dir /tmp/handle
}

tell() {
	echo "$1" >/sys/module/liar/parameters/lie
}

failed() {
	[ "$(cat $dir/state)" = failed ]
}

# As users do it; what they see of the failure is an error.
act() {
	if "$1" >/tmp/said 2>&1; then
		diag "no error"
		return 1
	fi
}

# contained LIE KIND ACTION
contained() {
	local reports status=0
	load_isolated liar || return
	echo stop >$dir/recovery
	if [ "$3" != mount_it ]; then
		prepare || return
	fi
	reports=$(said "BUG: NOOKS: $2 in ")
	tell "$1"
	act "$3" || status=1
	wait_for 10 failed || {
		diag "it is $(cat $dir/state)"
		status=1
	}
	[ "$(said "BUG: NOOKS: $2 in ")" -gt "$reports" ] || {
		diag "no report of it: $(dmesg | grep 'BUG: NOOKS:' | tail -n 1)"
		status=1
	}
	case $3 in
	mount_it | make_and_leave) ! mountpoint -q /mnt || status=1 ;;
	*) umount_image || status=1 ;;
	esac
	wait_for 20 unload liar || status=1
	return $status
}

# What may be done without a lie
honest() {
	local action
	load_isolated liar && prepare || return
	for action in write_file append make_file write_directly read_directly read_file change_mode move_file; do
		$action >/tmp/said 2>&1 && continue
		diag "$action: $(cat /tmp/said)"
		return 1
	done
	act look && act open_handle && umount_image && [ "$(counter failures)" = 0 ] && wait_for 20 unload liar
}

# What else is mounted goes on after the restart.
others_go_on() {
	local restarts second
	load_isolated liar && prepare && mkdir -p /mnt2 && second=$(losetup -f) && losetup "$second" /tmp/second.img &&
		mount -t liar "$second" /mnt2 || return
	restarts=$(counter restarts)
	tell "$1"
	make_and_leave
	wait_for 20 restarted_after "$restarts" && echo one >/mnt2/new && grep -q one /mnt2/new && umount /mnt2 &&
		losetup -d "$second" && [ "$(counter failures)" = 1 ] && wait_for 20 unload liar
}

# known LIE: into $action
known() {
	action=$(echo "$lies" | sed -n "s/^$1	.*	//p")
	[ -n "$action" ]
}

load_native loop
truncate -s 1M /tmp/test.img /tmp/second.img
case $1 in
isolated)
	plan $(($(echo "$lies" | grep -c .) + 5))
	check "nooks loads" load_nooks
	check "what is so is no failure" honest
	tab=$(printf '\t')
	while IFS=$tab read -r lie kind action; do
		check "$lie: $kind" contained "$lie" "$kind" "$action"
	done <<EOT
$(echo "$lies" | grep . | tr -s '\t')
EOT
	check "inode kept: what else is mounted goes on" others_go_on "inode kept"
	check "dentry kept: ditto" others_go_on "dentry kept"
	check "nooks unloads" unload nooks
	;;
native)
	if [ -n "$2" ]; then
		lie=$(echo "$2" | tr - ' ')
		plan 3
		check "it is known" known "$lie"
		check "liar loads" load_native liar
		[ "$action" = mount_it ] || prepare
		check "it is ready" tell "$lie"
		# At the latest when it is used, and unmounted.
		{
			"$action"
			make_file
			umount_image
		} >/dev/null 2>&1
		diag "survived"
		exit
	fi
	plan 4
	check "liar loads" load_native liar
	check "it is mounted" prepare
	tell "another type"
	change_mode
	check "a file has become a directory" [ -d /mnt/file ]
	tell "page read"
	refuse "who reads a file waits" read_file
	;;
esac
