#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Which functions of a driver does the fault campaign's workload call? A line "# function NAME" for each.
# usage: campaign-profile.sh WORK MODULE[,CODE[,BUS-MODULE]]	of the module CODE, as for campaign.sh
# shellcheck shell=dash source=tests/lib-campaign.sh
. /tests/lib-campaign.sh

IFS=, read -r module code bus <<EOF
$2
EOF
code=${code:-$module}
tracing=/sys/kernel/tracing
# shellcheck disable=SC2034 # of the library
patience=20
# shellcheck source=tests/lib-campaign-net.sh
. "/tests/lib-campaign-$1.sh"

plan 4
[ -z "$bus" ] || load_native "$bus"
prepare_work
check "$module loads" load_native "$module"
check "it works" start_work || bail "it does not work"
# shellcheck disable=SC2034
seed=1
dead=
wrong=
begin_work
echo 20000 >$tracing/buffer_size_kb
# A name that begins with a digit is taken for a number.
echo ":mod:*$code" >$tracing/set_ftrace_filter
echo function >$tracing/current_tracer
workload
echo 0 >$tracing/tracing_on
check "all steps go well:$dead$wrong" [ -z "$dead$wrong" ]
awk 'match($0, /: [[:alnum:]_.]+( \[[^\]]*\])? <-/) { split(substr($0, RSTART + 2), word, " "); seen[word[1]] = 1 }
	END { for (name in seen) print name }' $tracing/trace | sort >/tmp/functions
check "there are functions" [ -s /tmp/functions ]
while read -r name; do
	diag "function $name"
done </tmp/functions
