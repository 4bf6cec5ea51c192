#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Each allocation of memory on the way of a driver into its domain fails once: either it comes up all the
# same, or there is nothing left of it. Needs the lab kernel's fault injection; kmemleak judges.
# usage: fail-alloc.sh MODULE FIRST GROWTH
# The first FIRST allocations of a system call in turn; then each is GROWTH per cent later than the last one.
# shellcheck shell=dash source=tests/lib.sh
. /tests/lib.sh

module=$1
first=$2
growth=$3
dir=/sys/class/nooks/$module

arm() {
	local point
	# Otherwise only atomic allocations and high orders fail.
	for point in failslab fail_page_alloc; do
		cd "/sys/kernel/debug/$point" && echo 0 >ignore-gfp-wait && echo 0 >verbose || return
	done
	echo 0 >min-order && cd /
}

settled() {
	if loaded "$module"; then
		[ "$(counter state)" = running ]
	else
		[ ! -e "$dir" ]
	fi
}

# All of it, or nothing
whole_or_nothing() {
	wait_for 30 settled || return
	! loaded "$module" || nooks-load -r "$module"
}

# each_fails CALL ROUNDS: of system calls of this kind; at least so many rounds until there are no more
each_fails() {
	local n=1 rounds=0 up=0 status=0
	while /tests/perturb fail "$1" $n nooks-load "$module" >/tmp/said 2>&1 || status=$?; [ $status = 0 ]; do
		! loaded "$module" || up=$((up + 1))
		if ! whole_or_nothing || ! grep -q . /tmp/said && ! loaded "$module" && [ $up = 0 ]; then
			diag "allocation $n: $(cat /tmp/said)"
			return 1
		fi
		rounds=$((rounds + 1))
		if [ $n -lt "$first" ]; then
			n=$((n + 1))
		else
			n=$((n + 1 + n * growth / 100))
		fi
	done
	diag "$rounds of about $n allocations failed; $up times the driver came up all the same"
	# The last round, in which nothing failed, is a load as any other.
	[ $status = 1 ] && loaded "$module" && whole_or_nothing && [ $rounds -ge "$2" ]
}

plan 5
check "nooks loads" load_nooks
check "allocations can be made to fail" arm
check "those for its domain" each_fails ioctl 5
check "those for the module and what its init does" each_fails finit_module 20
check "nooks unloads" unload nooks
