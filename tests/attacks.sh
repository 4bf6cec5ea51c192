# SPDX-License-Identifier: GPL-2.0
# What attacker.ko (drivers-under-test/attacker.c) is told to do, by the name of its target.
# shellcheck shell=dash source=tests/lib.sh

. /tests/lib.sh

# symbol NAME [MODULE]: its address
symbol() {
	awk -v name="$1" -v module="${2:+[$2]}" \
		'$3 == name && $4 == module { print "0x" $1; exit }' /proc/kallsyms
}

# entry ADDRESS N: the N-th long there. The shell's numbers are signed, so only the lower half is one.
entry() {
	local low=${1#"${1%????????}"}
	printf '%s%08x\n' "${1%????????}" $((0x$low + 8 * $2))
}

write() {
	echo "attack=write addr=$1 value=${2:-0x6b6f6f6e}"
}

# parameters TARGET: what to load attacker.ko with. Values that are silent damage, natively, are such
# that the machine lives on: of no use, or those of an entry that nobody uses.
parameters() {
	case $1 in
	kernel-text) write "$(symbol schedule)" ;;
	kernel-rodata) write "$(symbol linux_banner)" ;;
	kernel-data) write "$(symbol panic_timeout)" 77 ;;
	page-table) write "$(entry "$(symbol init_top_pgt)" 5)" 0xdead0000 ;;
	interrupt-table) write "$(symbol idt_table)" ;;
	other-domain) write "$(symbol treasure victim)" 0xbad ;;
	nooks-data) write "$(entry "$(symbol saved_gates nooks)" 255)" 0x7000 ;;
	nooks-table) write "$(entry "$(symbol nooks_domains nooks)" 63)" 0xdead0000 ;;
	user-memory) echo "attack=user-write value=0x6b6f6f6e" ;;
	user-code) echo "attack=user-jump" ;;
	own-module) echo "attack=own-module value=0xdead000000000000" ;;
	own-*) echo "attack=$1 value=0x6b6f6f6e" ;;
	non-canonical) echo "attack=read addr=0xdead000000000000" ;;
	unmapped) echo "attack=read addr=0xfffffbff00000000" ;;
	denied-function) echo "attack=jump addr=$(symbol panic)" ;;
	unknown-function) echo "attack=jump addr=$(symbol tracing_off)" ;;
	data-jump) echo "attack=jump addr=$(symbol panic_timeout)" ;;
	wild-stack) echo "attack=stack addr=$(symbol linux_banner)" ;;
	packet-queue | fragment) echo "attack=$1 addr=$(symbol linux_banner)" ;;
	foreign-free) echo "attack=free addr=$(symbol panic_timeout)" ;;
	*) echo "attack=$1" ;;
	esac
}

# value_at ADDRESS: the long there, as native code sees it
value_at() {
	insmod "/lib/modules/$(uname -r)/updates/attacker.ko" attack=read addr="$1" &&
		rmmod attacker &&
		dmesg | sed -n 's/.*attacker: .* holds //p' | tail -n 1
}
