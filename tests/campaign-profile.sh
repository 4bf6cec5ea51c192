#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Which functions of a driver does the fault campaign's workload call? A line "# function NAME" for each.
# usage: campaign-profile.sh MODULE[,BUS-MODULE]
# shellcheck shell=dash source=tests/lib-campaign.sh
. /tests/lib-campaign.sh

module=${1%,*}
bus=${1#*,}
tracing=/sys/kernel/tracing
# shellcheck disable=SC2034 # of the library
patience=20

plan 3
[ "$bus" = "$1" ] || load_native "$bus"
prepare_payload
check "$module loads" load_native "$module"
iface=$(iface_of_driver "$module") || bail "$module drives no interface"
address "$iface" 2
wait_for 20 answers "$iface" || bail "it does not work"
ask >/tmp/answers.before 2>&1
echo 20000 >$tracing/buffer_size_kb
echo ":mod:$module" >$tracing/set_ftrace_filter
# shellcheck disable=SC2034
seed=1
dead=
wrong=
echo function >$tracing/current_tracer
workload
echo 0 >$tracing/tracing_on
check "all steps go well:$dead$wrong" [ -z "$dead$wrong" ]
sed -n 's/.*: \([[:alnum:]_.]*\)\( \[[^]]*\]\)* <-.*/\1/p' $tracing/trace | sort -u >/tmp/functions
check "there are functions" [ -s /tmp/functions ]
while read -r name; do
	diag "function $name"
done </tmp/functions
