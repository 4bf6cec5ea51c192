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
	local debug=/sys/kernel/debug
	# Otherwise only atomic allocations and high orders fail.
	echo 0 >$debug/failslab/ignore-gfp-wait &&
		echo 0 >$debug/fail_page_alloc/ignore-gfp-wait &&
		echo 0 >$debug/fail_page_alloc/min-order &&
		echo 0 >$debug/failslab/verbose && echo 0 >$debug/fail_page_alloc/verbose
}

settled() {
	if loaded "$module"; then
		[ "$(counter state)" = running ]
	else
		[ ! -e "$dir" ]
	fi
}

whole_or_nothing() {
	wait_for 30 settled || return
	! loaded "$module" || nooks-load -r "$module"
}

# each_fails CALL: of system calls of this kind
each_fails() {
	local n=1 rounds=0 up=0
	while /tests/perturb fail "$1" $n nooks-load "$module" >/tmp/said 2>&1; do
		! loaded "$module" || up=$((up + 1))
		whole_or_nothing || {
			diag "allocation $n: $(cat /tmp/said)"
			return 1
		}
		rounds=$((rounds + 1))
		if [ $n -lt "$first" ]; then
			n=$((n + 1))
		else
			n=$((n + 1 + n * growth / 100))
		fi
	done
	diag "$rounds of about $n allocations failed; $up times the driver came up all the same"
	whole_or_nothing && [ $rounds -ge 5 ]
}

plan 5
check "nooks loads" load_nooks
check "allocations can be made to fail" arm
check "those for its domain" each_fails ioctl
check "those for the module and what its init does" each_fails finit_module
check "nooks unloads" unload nooks
