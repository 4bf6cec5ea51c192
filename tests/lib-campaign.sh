# SPDX-License-Identifier: GPL-2.0
# What the fault campaign's guests share: steps of a workload, and the health of the machine around it. What is
# done with a driver is in tests/lib-campaign-WORK.sh, which has
#	prepare_work	before the driver is loaded
#	start_work	it is: get it to work; 0 if it does
#	begin_work	before the faults: take down how it is, have something in use
#	workload	with the faults: steps
#	ask		what it says of itself, for note_answers in begin_work, and same_answers
#	knock		give it something to do; 0 if that was done
#	works		afterwards: does it do its work again?
#	end_work SECONDS  into $kept, what became of what was in use: kept, broken or wrong; let go of it
# and $other_net, which is the number of the network of the other adapter.
# The scripts set $seed and $patience: seconds after which silence is an answer.
# shellcheck shell=dash source=tests/lib.sh disable=SC2154

. /tests/lib.sh

# step NAME COMMAND...: 0 is right, 1: nothing or not all came, 2: something wrong came; into $wrong or $dead if it does not go well
step() {
	local status=0
	diag "seed $seed: $1"
	"$@" >/dev/null 2>&1 || status=$?
	case $status in
	0) ;;
	2) wrong="$wrong $1" ;;
	*) dead="$dead $1" ;;
	esac
}

note_answers() {
	ask >/tmp/answers.before 2>&1
}

# same_answers: does it say of itself what it did before? 2 if not
same_answers() {
	ask >/tmp/answers 2>&1
	cmp -s /tmp/answers /tmp/answers.before && return
	diag "seed $seed: $(diff /tmp/answers.before /tmp/answers | grep '^[-+][^-+]' | head -n 6 | tr '\n' ' ')"
	return 2
}

# --- the other adapter

# address IFACE NET: what slirp would give it on the machine's network of that number
address() {
	ip link set "$1" up && ip address replace "10.0.$2.15/24" dev "$1" &&
		echo "10.0.$2.2" >"/run/peer.$1"
}

answers() {
	/tests/nicwork ping "$1" "$(peer_of "$1")" 2>/dev/null
}

# --- the machine

no_task_stuck() {
	! cat /proc/[0-9]*/stat 2>/dev/null | sed 's/^.*) //' | grep -q '^D '
}

# What the kernel has said that no healthy one says; not what it may say of a driver that does not work, nor a WARN in the
# driver's own code.
kernel_complains() {
	dmesg -r | complaints | grep -v -e 'NETDEV WATCHDOG' -e "WARNING: .* \[\($module\|$code\)\]$" |
		sed 's/^<[0-9]*>\[[^]]*\] *//' | grep -m 1 .
}

used() {
	echo 3 >/proc/sys/vm/drop_caches
	awk '/^(SUnreclaim|PageTables|Percpu|VmallocUsed):/ { sum += $2 } END { print sum }' /proc/meminfo
}
