#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# In learn mode a driver may do what only lacks an annotation, and each such line is told; without it
# the same driver does not start, and what is wrong by any standard is a failure in both.
# shellcheck shell=dash source=tests/lib.sh
. /tests/lib.sh

dir=/sys/class/nooks/novice

# reports REGEX: how many failures were reported that match
reports() {
	dmesg | grep -cE "BUG: NOOKS: $1"
}

# fails KIND ARGUMENT...: novice does not start, and that is why
fails() {
	local before kind=$1
	before=$(reports "$kind in (do_wrong|novice_init|use_packet)")
	shift
	if load_isolated "$@" >/tmp/said 2>&1; then
		diag "it loads"
		unload novice
		return 1
	fi
	[ "$(reports "$kind in (do_wrong|novice_init|use_packet)")" -gt "$before" ] && [ ! -e $dir ]
}

# told STATEMENT NOTE: a line of /tmp/learned
told() {
	grep -qE "^$1 +# $2\$" /tmp/learned
}

iflink() {
	[ "$(cat /sys/class/net/eth0/iflink)" = 4711 ]
}

plan 23
check "nooks loads" load_nooks
check "a driver without annotations does not start" fails "denied store" novice
check "in learn mode it does" eval "load_isolated --learn novice >/tmp/learned 2>/tmp/said"
cat /tmp/learned
check "the loader warns" grep -q "warning: learn mode: protection is reduced" /tmp/said
check "so does the log" kernel_said "novice: LEARN MODE: .*Protection is reduced"
check "and sysfs says so" [ "$(cat $dir/learn)" = 1 ]
check "a number that was stored twice" \
	told "field net_device.group any" "stored by novice_init\+0x[0-9a-f]+, 2 times"
check "a pointer that needs a declaration" told "field net_device.dcbnl_ops object=dcbnl_rtnl_ops" \
	"stored by novice_init\+0x[0-9a-f]+; declare it by 'type' or 'ops', 1 time"
check "a function that needs a wrapper" told "# field net_device.priv_destructor" \
	"stored by novice_init\+0x[0-9a-f]+; the kernel calls it: needs a wrapper, 2 times"
check "a role that was denied" told "role net_device_ops.ndo_get_iflink" \
	"is novice_get_iflink; was denied: .*, [0-9]+ times?"
check "a number in the copy of a packet's header" told "field sk_buff.secmark any" \
	"found changed by skb_partial_csum_set, 1 time"
check "nothing else" [ "$(grep -c '' /tmp/learned)" = 6 ]
check "the kernel calls the driver in its new role" iflink
# It refuses to stay loaded.
insmod "$(modinfo -n caller)" addr="$(cat /sys/module/novice/parameters/address)" 2>/dev/null
nooksctl learned novice >/tmp/learned
check "nooksctl tells of the five lines, and one" [ "$(grep -c '' /tmp/learned)" = 6 ]
check "a callback that no annotation names" told "# callback of novice_call" \
	"name the member or parameter; called by caller_init\+0x[0-9a-f]+, 1 time"
check "nooksctl shows the mode" eval "nooksctl -j show novice | grep -q '\"learn\": *1'"
check "novice unloads" unload novice
check "a pointer to the kernel's memory is a failure" fails "denied store" --learn novice wrong=pointer
check "in a packet's header, too" fails "denied store" --learn novice wrong=header
check "a part of a pointer, too" fails "denied store" --learn novice wrong=half
check "a store to a lock, too" fails "denied store" --learn novice wrong=lock
check "a wild write, too" fails "wild write" --learn novice wrong=write
check "nooks unloads" unload nooks
