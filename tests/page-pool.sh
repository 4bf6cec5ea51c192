#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# A driver that has its buffers from page pools gets what it gets natively: whole pages, parts of pages, and pages that go
# in packets. In its domain, what it may not do with a pool is its failure.
# usage: page-pool.sh native|isolated
# shellcheck shell=dash source=tests/lib.sh
. /tests/lib.sh

# shellcheck disable=SC2034 # for counter
dir=/sys/class/nooks/pooler

# good WHAT: it said that this went well
good() {
	kernel_said "pooler: $1: 0$"
}

check_pools() {
	check "a pool can be that of a receive queue" good "the pool of a receive queue"
	check "whole pages are the driver's alone, and are given again" good "whole pages"
	check "so are parts of pages" good "parts of pages"
	check "and pages that went in packets" good "pages in packets"
}

if [ "$1" = native ]; then
	plan 6
	check "it loads" load_native pooler
	check_pools
	check "it unloads" unload pooler
	exit
fi
plan 19
check "nooks loads" load_nooks max_objects=2048
check "it loads in a domain" load_isolated pooler
check_pools
check "that was no failure" [ "$(counter failures)" -eq 0 ]
check "it unloads" unload pooler

# misused KIND REGEX: it fails by this, and the kernel says so
misused() {
	load_isolated pooler misuse="$1" && return 1
	kernel_said "$2"
}

while read -r kind regex; do
	check "$kind is found" misused "$kind" "$regex"
	refuse "and ends the driver" kernel_said "pooler: $kind: went unnoticed"
done <<EOT
twice page_pool_put_page: page put too often
foreign page_pool_put_page: no page of this pool
destroyed page_pool_alloc_pages: no page pool of this driver
wild page_pool_alloc_pages: no page pool of this driver
write page_pool.p.order
EOT
check "nooks unloads" unload nooks
