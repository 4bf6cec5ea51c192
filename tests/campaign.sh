#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Trials of a fault campaign: faults in a driver's code while it works. For each seed the driver is loaded, is
# seen to work, gets its faults, works for some seconds, and is judged; so is the kernel. Each trial
# leaves a line "# result", JSON; scripts/campaign gathers them. A check passes if the kernel is well.
# usage: campaign.sh native|isolated WORK DRIVER OTHER[,BUS-MODULE] FAULTS SEED:KIND,...
#	 campaign.sh native|isolated WORK DRIVER OTHER[,BUS-MODULE] served
#	WORK	what it does: net or fs (tests/lib-campaign-WORK.sh)
#	DRIVER	MODULE[,CODE[,BUS-MODULE]]; faults go to the code of the module CODE, by default MODULE, which in a
#		domain is a part of MODULE
#	OTHER	native driver of another adapter, which has to work all the time
#	KIND	as nooks-mutate takes it
#	served	the machine has files "trials" and "plan.SEED.KIND", made by nooks-mutate; its state may be saved
#		when all is ready for the first of them
# Natively it ends with the first trial that has done something.
# shellcheck shell=dash source=tests/lib-campaign.sh
. /tests/lib-campaign.sh
# shellcheck source=tests/health.sh
. /tests/health.sh

mode=$1
work=$2
IFS=, read -r module code bus <<EOF
$3
EOF
code=${code:-$module}
other=${4%,*}
other_bus=${4#*,}
faults=$5
dir=/sys/class/nooks/$module
engine=/sys/kernel/debug/nooks_mutate/plan
functions=/tests/functions/$code
file=$(modinfo -n "$code")
patience=$((6 * ${LAB_PATIENCE:-1}))
# Longer than QEMU's network takes to repeat an answer that a failing driver has lost.
silence=8
# shellcheck source=tests/lib-campaign-net.sh
. "/tests/lib-campaign-$work.sh"

isolated() {
	[ "$mode" = isolated ]
}

served() {
	[ "$faults" = served ]
}

# What breaks no rule is a failure, too.
set_policies() {
	local policy
	echo 0 >"$dir/max_failures" || return
	for policy in silent_seconds stuck_seconds starved_seconds; do
		echo $silence >"$dir/$policy" || return
	done
	echo 1 >"$dir/max_failed_calls"
}

load() {
	if isolated; then
		load_isolated "$module" && set_policies
	else
		load_native "$module"
	fi >/tmp/load 2>&1
}

# Loaded, and at work, unless it is already.
ready() {
	[ -n "$is_ready" ] || { load && start_work; } || return
	is_ready=
}

make_plan() {
	if served; then
		get_file "plan.$seed.$kind" /tmp/plan
	else
		nooks-mutate -s "$seed" -n "$faults" -k "$kind" ${profile:+-f "$profile"} "$file" >/tmp/plan
	fi
}

# find_base FUNCTION DISTANCE: into $base, where the section is that the plan means. In a domain a module is a part of
# another one, and of its section: the first function that the plan names tells where.
find_base() {
	local address
	if [ -e "/sys/module/$code/sections/$section" ]; then
		base=$(cat "/sys/module/$code/sections/$section")
	elif [ -z "$base" ]; then
		# A function that one part exports and another imports is listed twice.
		address=$(sed -n "/^\([0-9a-f]*\) . $1\t\[$module\]$/{s/ .*//p;q}" /proc/kallsyms)
		# Shells count with 63 bits and a sign; modules are in the last 2 GiB.
		base=$(printf '0xffffffff%08x' $((0x${address#ffffffff} + $2 - offset)))
	fi
}

# Have the faults in the code that runs.
put_faults() {
	local tab line number name section offset old new fixes flags where
	privileged=0
	base=
	tab=$(printf '\t')
	while IFS=$tab read -r number name section offset old new fixes flags where line; do
		diag "fault $seed $number $name $section+$offset $flags $where: $line"
		[ "$flags" = - ] || privileged=$((privileged + 1))
		if [ "$section" = device ]; then
			echo "device $code $offset"
			continue
		fi
		find_base "${where%+*}" "${where#*+}"
		echo "$base $offset $old $new $fixes"
	done </tmp/plan >/tmp/changes
	dd if=/tmp/changes of=$engine bs=256k 2>/dev/null
}

take_faults_back() {
	echo revert >$engine
}

# How many changes are there, as the running code shows?
changed() {
	grep -vc ' old$' $engine
}

settled() {
	[ "$(counter state)" = running ] || [ "$(counter state)" = failed ]
}

# what the driver has failed by, as a list in JSON
failures() {
	dmesg | sed -n 's/.*BUG: NOOKS: \(.*\) in \([^ ]*\).*/"\1 in \2"/p' | tr '\n' , | sed 's/,$//'
}

# It has failed, or it works.
noticed() {
	[ "$(counter failures)" != 0 ] || knock
}

# How does it come to work again: by itself, by hand, not at all?
recover() {
	recovery=none
	[ -z "$dead" ] || wait_for $((3 * silence)) noticed
	if [ "$(counter failures)" != 0 ]; then
		wait_for 25 settled
		if [ "$(counter state)" = running ] && works; then
			recovery=automatic
		fi
	elif [ "$outcome" = "no effect" ]; then
		take_faults_back
		recovery=-
	else
		# Nobody has noticed anything: a restart has to put the code right all the same.
		nooksctl restart "$module" >/dev/null 2>&1 && wait_for 10 works && recovery=restarted
	fi
	if [ $recovery = none ]; then
		nooksctl restart "$module" >/dev/null 2>&1 && wait_for 10 works && recovery=by-hand
	fi
}

# Is the kernel as it should be after a trial? Prints what is wrong.
unwell() {
	answers "$other_iface" || wait_for 5 answers "$other_iface" || echo "the other adapter is dead"
	wait_for 5 no_task_stuck || echo "a task is stuck"
	kernel_complains
}

json() {
	printf %s "$1" | sed 's/["\\]//g' | tr '\n\t' '  ' | sed 's/ *$//'
}

# trial SEED:KIND: 0 if the kernel is well
trial() {
	local well begin restart_ms failed
	seed=${1%:*}
	kind=${1#*:}
	dead=
	wrong=
	recovery=-
	answers=same
	failed=
	restart_ms=
	begin=$(now)
	diag "trial $seed $kind"
	dmesg -c >/dev/null
	if ! ready; then
		diag "failed: $(cat /tmp/load)"
		diag "result {\"seed\":$seed,\"kind\":\"$kind\",\"mode\":\"$mode\",\"outcome\":\"no start\",\"well\":false,\"unwell\":\"the driver does not start\"}"
		return 1
	fi
	make_plan || bail "no plan for seed $seed"
	begin_work
	if ! put_faults; then
		diag "$(dmesg | tail -n 3)"
		bail "the faults of seed $seed can't be put there"
	fi
	workload
	if [ -n "$wrong" ]; then
		outcome="wrong output"
	elif [ -n "$dead" ]; then
		outcome="driver dead"
	else
		outcome="no effect"
	fi
	diag "seed $seed: $outcome; dead:$dead; wrong:$wrong"
	left=$(changed)
	if isolated; then
		recover
		failed=$(counter failures)
		restart_ms=$(dmesg | sed -n 's/.*restarted in \([0-9]*\) ms.*/\1/p' | tail -n 1)
		[ "$recovery" = none ] || left=$(changed)
		[ "$recovery" != automatic ] || same_answers || answers=other
	else
		take_faults_back
	fi
	if isolated || [ -z "$dead" ]; then
		end_work 15
	else
		end_work 0
	fi
	well=$(unwell)
	if isolated || [ "$outcome" = "no effect" ]; then
		timeout 30 rmmod "$module" || well="$well it does not unload"
		! isolated || [ ! -e "$dir" ] || well="$well its domain stays"
	fi
	diag "result {\"seed\":$seed,\"kind\":\"$kind\",\"mode\":\"$mode\",\"outcome\":\"$outcome\",\"dead\":\"$(json "$dead")\",\"wrong\":\"$(json "$wrong")\",\"privileged\":$privileged,\"failures\":${failed:-0},\"failed_by\":[$(failures)],\"recovery\":\"$recovery\",\"restart_ms\":${restart_ms:-null},\"connection\":\"$kept\",\"answers\":\"$answers\",\"changed\":$left,\"well\":$([ -z "$well" ] && echo true || echo false),\"unwell\":\"$(json "$well")\",\"seconds\":$(($(now) - begin))}"
	[ -z "$well" ]
}

# A WARN is a finding and no end; an oops is the end.
echo 0 >/proc/sys/kernel/panic_on_warn
[ -z "$bus" ] || load_native "$bus"
[ "$other_bus" = "$4" ] || load_native "$other_bus"
profile=
[ ! -e "$functions" ] || profile=$functions
prepare_work || bail "nothing to work with"
load_native "$other"
other_iface=$(iface_of_driver "$other") || bail "$other drives no interface"
address "$other_iface" "$other_net"
wait_for 20 answers "$other_iface" || bail "the second adapter does not work"
load_native nooks_mutate || bail "no engine"
! isolated || load_nooks stall_seconds=2 call_seconds=10
if served; then
	if ! load || ! start_work; then
		bail "it does not work: $(cat /tmp/load)"
	fi
	is_ready=yes
	if ! save_machine || ! get_file trials /tmp/trials; then
		bail "no trials"
	fi
	trials=$(cat /tmp/trials)
else
	is_ready=
	trials=$(echo "$6" | tr , ' ')
fi

# shellcheck disable=SC2086 # words
set -- $trials
plan $(($# + 1 + $(isolated && echo 1 || echo 0)))
before=
for name; do
	check "seed ${name%:*}: the kernel is well" trial "$name"
	# From here on, as the first trial has made what stays.
	[ -n "$before" ] || before=$(used)
	if ! isolated && [ "$outcome" != "no effect" ]; then
		diag "what natively has had an effect may have had more: a new machine for the next one"
		exit
	fi
done
after=$(used)
diag "memory {\"mode\":\"$mode\",\"trials\":$#,\"before\":$before,\"after\":$after}"
if isolated; then
	check "no memory is lost" [ "$after" -le $((before + 1024)) ]
	check "nooks unloads" unload nooks
else
	check "the engine unloads" unload nooks_mutate
fi
