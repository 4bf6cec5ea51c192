#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# One fault in the code of the KUnit suite's patient, for kunit/mutate_test.c, which runs this.
# usage: mutate-plan.sh KIND SEED FUNCTION | mutate-plan.sh write LINE | mutate-plan.sh revert
# shellcheck shell=dash
set -e
PATH=/bin
# The kernel opens no files for what it starts.
exec </dev/null >/dev/kmsg 2>&1
engine=/sys/kernel/debug/nooks_mutate/plan
module=nooks_mutate_kunit

# One write is a plan.
put() {
	dd of=$engine bs=64k 2>/dev/null
}

case $1 in
revert)
	echo revert >$engine
	;;
write)
	echo "$2" | put
	;;
*)
	file=$(modinfo -n $module)
	tab=$(printf '\t')
	echo "$3" >/tmp/mutate.functions
	# Suites run before the module has its files in sysfs, which would tell where the section is.
	address=$(sed -n "s/^\([0-9a-f]*\) . $3$tab\[$module\]$/\1/p" /proc/kallsyms)
	offset=$(nooks-mutate -l "$file" | sed -n "s/^$3$tab\(0x[0-9a-f]*\)$tab.*/\1/p")
	# Shells count with 63 bits and a sign; modules are in the last 2 GiB.
	base=$(printf '0xffffffff%08x' $((0x${address#ffffffff} - offset)))
	nooks-mutate -k "$1" -s "$2" -n 1 -f /tmp/mutate.functions "$file" >/tmp/mutate.plan
	while IFS=$tab read -r _ _ _ offset old new fixes _; do
		echo "$base $offset $old $new $fixes"
	done </tmp/mutate.plan >/tmp/mutate.changes
	put </tmp/mutate.changes
	;;
esac
