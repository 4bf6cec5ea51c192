# SPDX-License-Identifier: GPL-2.0
# What the tests with drivers-under-test/tlb.c and tlb_kernel.c share; the latter explains the
# steps.
# shellcheck shell=dash source=tests/lib.sh

. /tests/lib.sh

# As in tlb_kernel.c.
# shellcheck disable=SC2034 # for the tests
{
	GOOD=$((0x600d))
	BAD=$((0xbad))
	PATTERN=$((0x7a77e2))
}
parameters=/sys/module/tlb_kernel/parameters
domain=/sys/class/nooks/tlb
failures=0

step() {
	echo "$*" >$parameters/do
}

result() {
	cat $parameters/result
}

# yields NUMBER STEP...: make a step, and see whether that is its result
yields() {
	local wanted=$1

	shift
	step "$@" && [ "$(result)" = "$wanted" ]
}

# step_elsewhere STEP...: by a process with an address space of its own
step_elsewhere() {
	busybox sh -c "echo $* >$parameters/do"
}

# load_tlb: the kernel's part, nooks, and the driver in its domain; $load_tlb_checks checks
# shellcheck disable=SC2034 # for plans
load_tlb_checks=3
load_tlb() {
	load_native tlb_kernel || bail "no tlb_kernel.ko in the image: build it first"
	diag "$(grep -m 1 'model name' /proc/cpuinfo)"
	diag "flags: $(grep -m 1 ^flags /proc/cpuinfo | xargs -n 1 |
		grep -xE 'pge|pcid|invpcid|la57' | xargs)"
	check "global translations live through a load of CR3 here" yields 1 cr3
	check "nooks loads" load_nooks
	check "the driver loads in a domain" load_isolated tlb
	echo 0 >$domain/max_failures
	echo "0x$(awk '$3 == "tlb_driver" && $4 == "[tlb]" { print $1 }' /proc/kallsyms)" \
		>$parameters/driver
	step cr3
	diag "with a domain present: $(dmesg | sed -n 's/.*tlb_kernel: cr3: //p' | tail -n 1)"
}

running() {
	[ "$(cat $domain/state)" = running ]
}

# failed: since the last time that it was asked; waits until the driver is back
failed() {
	local before=$failures

	wait_for 30 running || bail "the driver does not come back"
	failures=$(cat $domain/failures)
	[ "$failures" -gt "$before" ]
}
