#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# A nooks.ko that lacks a protection (scripts/mutant) lets the driver do what bochs-tlb.sh forbids:
# the checks there are worth something.
# usage: bochs-mutant.sh MUTANT
# shellcheck shell=dash source=tests/lib-tlb.sh
. /tests/lib-tlb.sh

case $1 in
keep-pge)
	plan $((load_tlb_checks + 2 * 5))
	load_tlb
	for place in direct vmalloc data module percpu; do
		step pick "$place"
		check "$place: the driver overwrites the word" yields $BAD attack
		refuse "$place: nobody notices" failed
	done
	;;
no-hooks)
	plan $((load_tlb_checks + 2 * 6))
	load_tlb
	for unmap in step step_elsewhere; do
		check "a page is mapped" step map
		check "the driver reads it" yields $PATTERN read
		check "the kernel unmaps it ($unmap)" $unmap unmap
		check "its flush has not reached all tags" [ "$(result)" = 0 ]
		check "the driver still reads it" yields $PATTERN read
		refuse "nobody notices" failed
	done
	;;
*)
	bail "no mutant $1"
	;;
esac
