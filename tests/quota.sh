#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Coherent DMA memory is limited: a driver that wants more is told so, and goes on as before. The
# control: with the limit as it is by default, it gets it.
# usage: quota.sh MODULE	whose rings can be resized, to 64 KiB
# shellcheck shell=dash source=tests/lib.sh
. /tests/lib.sh

module=$1
dir=/sys/class/nooks/$module
limit=65536

# starts: the driver is in a domain, and its interface works
starts() {
	load_isolated "$module" && iface=$(iface_of_driver "$module") && dhcp "$iface"
}

enlarge() {
	ethtool -G "$iface" rx 4096
}

# still_works: what is sent while the link that such an attempt took down is negotiated is lost, as
# it is natively
still_works() {
	wait_for 30 carrier "$iface" && ping_peer "$iface"
}

plan 16
check "nooks loads, with a limit" load_nooks max_dma=$limit
check "$module starts" starts
before=$(counter dma_memory)
check "it has DMA memory" [ "$before" -gt 0 ]
check "but not as much as it may" [ "$before" -lt $limit ]
refuse "its ring gets no larger than that" enlarge
check "what it has not got was counted" [ "$(counter refused)" -gt 0 ]
check "it has what it had" [ "$(counter dma_memory)" = "$before" ]
check "$iface works" still_works
check "the driver has not failed" [ "$(counter failures)" = 0 ]
check "$module unloads" unload "$module"
check "nooks unloads" unload nooks
check "nooks loads, with its own limit" load_nooks
check "$module starts again" starts
check "its ring gets larger" enlarge
check "by DMA memory" [ "$(counter dma_memory)" -gt $limit ]
check "$module and nooks unload" eval "unload $module && unload nooks"
