#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# What users get wrong: each ends with a message that says what to do, changes nothing and leaves nothing.
# usage: bad-input.sh MODULE [STRIDE]	MODULE drives an adapter; every STRIDEth step of the loader
# shellcheck shell=dash source=tests/lib.sh
. /tests/lib.sh

module=$1
dir=/sys/class/nooks/$module
file=$(modinfo -n "$module")
scratch=/tmp/scratch
mkdir $scratch

# left: what there is of the module in the kernel
left() {
	loaded "$module" || [ -n "$(find /sys/class/nooks/ -type l 2>/dev/null)" ]
}

# says REGEX COMMAND...: it fails with such a message, and nothing is left
says() {
	fails_saying "$@" && ! left
}

# spoilt OFFSET BYTES: print the path of a copy of the module that has other bytes there
spoilt() {
	# shellcheck disable=SC2059 # it is a format
	cp "$file" $scratch/spoilt.ko && printf "$2" |
		dd of=$scratch/spoilt.ko bs=1 seek="$1" conv=notrunc 2>/dev/null &&
		echo $scratch/spoilt.ko
}

# where TEXT: print the offset of what follows it
where() {
	echo $(($(strings -t d "$file" | sed -n "s/^ *\([0-9]*\) $1.*/\1/p") + ${#1}))
}

# The first module that the kernel has inside.
built_in() {
	sed 's/.*\///; s/\.ko$//; q' "/lib/modules/$(uname -r)/modules.builtin"
}

# --- every attribute gets everything

# throw FILE: write what is no value for any of them; each write may fail, and none may do harm
throw() {
	local value
	for value in "" " " 0x 1x -1 99999999999999999999 18446744073709551616 "$(printf '\001\377\n')" \
		"nonsense process" "null" "null nowhere" "null process more" "../../x" "%s%n%p"; do
		printf '%s' "$value" >"$1"
	done 2>/dev/null
	head -c 4096 /dev/urandom >"$1" 2>/dev/null
	head -c 1048576 /dev/zero | tr '\0' 1 >"$1" 2>/dev/null
	head -c 100000 /dev/zero >"$1" 2>/dev/null
	cat "$1" >/dev/null 2>&1
	return 0
}

attributes() {
	find -L "$dir/" /sys/class/nooks/crossings /sys/class/nooks/interrupts \
		/sys/kernel/debug/nooks /sys/module/nooks/parameters -maxdepth 2 -type f 2>/dev/null |
		grep -v '/\(device\|subsystem\|power\)/'
}

throw_at_all() {
	local attribute n=0
	for attribute in $(attributes); do
		throw "$attribute"
		n=$((n + 1))
	done
	diag "$n files"
	[ $n -ge 20 ]
}

works() {
	iface=$(iface_of_driver "$module") && dhcp "$iface" && ping_peer "$iface" 1
}

restart() {
	echo restart >"$dir/recovery" && echo 5 >"$dir/max_failures" && echo 60 >"$dir/window" &&
		nooksctl restart "$module"
}

# --- the loader dies at each of its steps

whole_or_nothing() {
	if loaded "$module"; then
		[ "$(cat "$dir/state")" = running ] || return
		nooks-load -r "$module" || return
	fi
	! left
}

# killed HOW: at each system call that differs from the last one
killed() {
	local step status n=0
	for step in $steps; do
		status=0
		/tests/perturb "$1" "$step" nooks-load "$module" >/dev/null 2>&1 || status=$?
		[ $status -le 1 ] || return
		wait_for 10 whole_or_nothing || {
			diag "$1 $step: $(ls /sys/class/nooks)"
			return 1
		}
		# 1: it has ended before; some of the last steps are made only now and then.
		[ $status -eq 1 ] || n=$((n + 1))
	done
	diag "killed $n times"
	[ $n -ge 10 ]
}

in_use() {
	rmmod nooks 2>/tmp/said
	grep -q "in use" /tmp/said
}

plan 32
check "nooks.ko is not there" says "nooks.ko is not loaded: modprobe nooks" nooks-load "$module"
check "nor for nooksctl" says "nooks" nooksctl status
check "nooks loads" load_nooks
check "a file that is missing" says "No such file" nooks-load $scratch/none.ko
check "a directory" says "nooks-load: " nooks-load $scratch/
check "a name that does not exist" says "no such module or alias" nooks-load no-such-module
check "a script" says "ELF" nooks-load "$(echo 'echo hello' >$scratch/s.ko; echo $scratch/s.ko)"
check "an empty file" says "nooks-load: " nooks-load "$(: >$scratch/e.ko; echo $scratch/e.ko)"
check "half of a module" says "nooks-load: " \
	nooks-load "$(head -c 20000 "$file" >$scratch/half.ko; echo $scratch/half.ko)"
check "a 32-bit module" says "nooks-load: .*64" nooks-load "$(spoilt 4 '\001')"
check "another kernel's module" says "built for kernel \"9[^\"]*\", not for .*: name a module of that kernel" \
	nooks-load "$(spoilt "$(where vermagic=)" 9)"
check "what is built in" says "is built into the kernel; only modules can be isolated" \
	nooks-load "$(built_in)"
check "imports without wrapper are named" says "^  [a-z_0-9]+: .*" nooks-load virtio_blk
check "and how to add them is said" grep -qE "docs/adding-a-driver.md" /tmp/said
check "a parameter that it does not have" says "has no parameter \"nonsense\"; it has:" \
	nooks-load "$module" nonsense=1
check "a value that is none" says "did not start: Invalid argument" nooks-load "$module" debug=abc
check "who is not root" says "may not open /dev/nooks: run nooks-load as root" \
	/tests/as-nobody nooks-load "$module"
check "the control device withstands abuse" /tests/abuse

steps=$(/tests/perturb steps nooks-load "$module" 2>/dev/null | awk "(NR - 1) % ${2:-1} == 0" | tr '\n' ' ')
check "the loader's steps are known" nooks-load -r "$module"
check "killed before each step it leaves nothing, or a driver that runs" killed kill-before
check "and after each step" killed kill-after

modprobe "$module" || bail "$module does not load natively"
refuse "what is loaded natively" eval "nooks-load $module 2>/tmp/said"
check "how to unload it is said" grep -q "loaded already: unload it first: modprobe -r $module" /tmp/said
unload "$module"

check "$module loads" load_isolated "$module"
check "it works" works
check "nooks stays below it" in_use
check "everything is written to each attribute" throw_at_all
check "the driver is what it was after a restart" restart
check "and works" wait_for 20 works
check "$module unloads" nooks-load -r "$module"

# From here on the kernel wants signatures, and there is no way back.
echo 1 >/sys/module/module/parameters/sig_enforce
check "a kernel that wants signatures" says "loads signed modules only: see SIGNATURES in nooks-load\(8\)" \
	nooks-load "$module"
check "nooks unloads" unload nooks
