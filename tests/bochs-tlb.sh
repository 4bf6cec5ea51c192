#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# No translation that is left in the TLB, or in a domain's tables, lets a driver access what it may
# not. For scripts/bochs: QEMU's TCG forgets translations too easily.
# shellcheck shell=dash source=tests/lib-tlb.sh
. /tests/lib-tlb.sh

in_use() {
	cat $domain/memory
}

freed() {
	[ "$(in_use)" -lt "$1" ]
}

places="direct vmalloc data module percpu"
plan $((2 + load_tlb_checks + 2 * 5 + 2 + 2 * 6 + 4))
check "the CPU has global pages and PCIDs" grep -q ' pge .* pcid ' /proc/cpuinfo
load_tlb
step pcid
diag "the domain's PCID: $(result)"
check "the domain has a PCID that the kernel does not use" [ "$(result)" -ge 7 ]

# The kernel has just written the word on this CPU, by a translation that it may write through.
for place in $places; do
	step pick "$place"
	check "$place: the word is as the kernel left it" yields $GOOD attack
	check "$place: the driver has failed" failed
done
step pick vmalloc
step_elsewhere warm
check "written in another address space: the word is as the kernel left it" yields $GOOD write
check "the driver has failed" failed

# What the driver has read goes away, in its own thread or elsewhere.
for unmap in step step_elsewhere; do
	check "a page is mapped" step map
	check "the driver reads it" yields $PATTERN read
	check "the kernel unmaps it ($unmap)" $unmap unmap
	flushes=$(result)
	diag "all tags were flushed $flushes times"
	check "the kernel's flush has reached all tags" [ "$flushes" -gt 0 ]
	check "the driver reads nothing" yields 0 read
	check "it has failed" failed
done

# Memory of the domain's own, given back.
before=$(in_use)
check "the driver frees a block of its heap" step free
check "it goes back to the kernel" wait_for 10 freed "$before"
refuse "the driver can't write it any more" yields $BAD write
check "it has failed" failed

# Bochs' time stamp counter counts instructions. Interrupts are off, loops included.
step native
diag "instructions of a call inside the kernel: $(result)"
step entries
diag "instructions of a call into the domain and back: $(result)"
step calls
diag "instructions of a call from the domain into the kernel (kfree of NULL) and back: $(result)"
