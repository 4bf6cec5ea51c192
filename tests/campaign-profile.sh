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

plan 5
[ -z "$bus" ] || load_native "$bus"
prepare_work
check "$module loads" load_native "$module"
check "it works" start_work || bail "it does not work"
# shellcheck disable=SC2034
seed=1
dead=
wrong=
# The buffer does not hold all calls of a busy file system: a function whose name was seen is not traced any more.
names_of() {
	awk -v seen_once="$tracing/set_ftrace_notrace" 'match($0, /: [[:alnum:]_.]+( \[[^\]]*\])? <-/) {
		split(substr($0, RSTART + 2), word, " ")
		if (word[1] in seen)
			next
		seen[word[1]] = 1
		print word[1]
		fflush()
		print word[1] >>seen_once
		close(seen_once)
	}' <"$1"
}

drained() {
	cat $tracing/per_cpu/cpu*/stats >/tmp/stats
	! grep -q '^entries: [1-9]' /tmp/stats
}

begin_work
echo 20000 >$tracing/buffer_size_kb
# A name that begins with a digit is taken for a number.
echo ":mod:[${code%"${code#?}"}]${code#?}" >$tracing/set_ftrace_filter
echo function >$tracing/current_tracer
# Without what the work has open: it closes that itself, and then nobody else must have it.
(exec 5<&- && names_of $tracing/trace_pipe >/tmp/piped) &
reader=$!
workload
echo 0 >$tracing/tracing_on
check "all steps go well:$dead$wrong" [ -z "$dead$wrong" ]
wait_for 60 drained
kill $reader
wait
sort /tmp/piped >/tmp/functions
check "no call was lost" sh -c '! grep -q "^overrun: [1-9]" /tmp/stats'
check "there are functions" [ -s /tmp/functions ]
while read -r name; do
	diag "function $name"
done </tmp/functions
